// Package server is the workspace's door for agents: the Model Context Protocol over stdio and over HTTP.
//
// # Tools, resources, prompts
//
// The tools are one explicit list, in [Server.tools]: clanker_version says whether the workspace is up and what it
// reaches, clanker_route_question answers a question, or gives the next page of an answer for a cursor. Both only read.
// Each answers with structuredContent, valid against the published output schema, and one text block that says the same in
// words; a call that cannot be carried out is a result with isError whose text names the argument and the remedy, so that
// a model can correct itself. clanker://providers, clanker://answers/{id} and clanker://watch/{question} are resources;
// [occasions] are the prompts.
//
// # Watching
//
// clanker://watch/{question}, with ?every=30m or another interval of a minute or more, is the live answer to a question. Who
// subscribes to it, with resources/subscribe in a session or with subscriptions/listen, is told when its answer changes: when
// its delta says so, or its status or verdict is another. The notification names the resource and says nothing of the
// infrastructure; the subscriber reads what changed since it last read, or subscribed. However many subscribe, the question is
// asked once each interval, by an asker of its own, and not at all when nobody is left to be told ([watches]). Subscribing
// takes as long as the first answer, and a question that is not understood is refused. A session whose streams are all closed
// for a minute has lost its subscriptions. What changes while nobody reads is told once.
//
// # Revisions
//
// Every revision from 2024-11-05 to 2026-07-28 is served on one endpoint, request by request. The official conformance
// suite runs against this package in make e2e. What differs from the letter of a revision: batches, which were part of
// 2025-03-26 alone, are refused in all of them; and an id is a string or a whole number below 2^53.
//
// mcp-go speaks the protocol. What it gets wrong is put right here, each with the reason beside it: [Server.ownNotifications] (a
// call's notifications are on its own stream, and none is lost), [sessions] (with and without a session on one endpoint),
// [Server.admit] (codes for tools, resources and capabilities that are not there), [misplaced] (refusals in plain text).
//
// # Long calls
//
// A client that gives a progress token and accepts a stream hears once a second what is being done. notifications/cancelled
// in a session, or hanging up, ends the call's context and with it the provider calls that nobody else waits for. On stdio
// a request that was cancelled is not answered.
//
// # HTTP
//
// MCP is served on / and on /mcp. A bare POST of tools/call, without initialize, without a session and whatever its
// Accept header, gets a plain application/json result; clients that initialize get a session, and may listen on a stream
// with GET and end the session with DELETE. An unknown or ended session is 404.
//
// Whoever can reach the port can ask questions, so the door is narrow, on every path, known or not. In this order:
// loopback listeners only ([Listen]), connections of the same user only ([Server.ownUser], on Linux), what a browser marks
// as cross-site, the exact Host of the listener (DNS rebinding), no Origin or the listener's own (web pages), the token if
// one is wanted ([Server.Demand]), a JSON content type, bodies of 256 KiB at most, time limits for reading and for every
// write, strict JSON, and [Limits] for each client. No CORS header is ever sent.
//
// Messages are checked before mcp-go sees them ([inspect]): it takes keys in any case and lets the last duplicate win,
// so two readers of one message could understand it differently.
//
// /healthz says which clanker this is, /readyz what people have edited and broken, /metrics counts (see package
// telemetry), /debug/pprof/ profiles if a flag says so. The first two need no token.
//
// # Stdio
//
// One JSON-RPC message per line. Standard output belongs to the protocol, logs go to the logger. When the input ends,
// what is running is finished and answered first, so that a question can be piped in.
//
// # Limits
//
// A client, over either transport, has so many requests a second and so many that run ([Limits]). One that is beyond them is
// refused with code -32010, whose data says the reason and retryAfterMs; over HTTP with status 429 and Retry-After as well.
// Notifications count for the pace only, and on stdio not even for that, so that a request can be taken back when all that
// may run does. The streams of a session are counted like its requests, but apart from them.
package server
