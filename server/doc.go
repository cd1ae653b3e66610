// Package server is the workspace's door for agents: the Model Context Protocol over stdio and over HTTP.
//
// # Tools
//
// The tools are one explicit list, in [Server.tools]: clanker_version says whether the workspace is up and what it
// reaches, clanker_route_question answers a question. Both only read. Each answers with structuredContent, valid against
// the published output schema, and one text block that says the same in words; a call that cannot be carried out is a
// result with isError whose text names the argument and the remedy, so that a model can correct itself.
//
// # HTTP
//
// MCP is served on / and on /mcp. A bare POST of tools/call, without initialize, without a session and whatever its
// Accept header, gets a plain application/json result; clients that initialize get a session, and may listen on a stream
// with GET and end the session with DELETE. An unknown or ended session is 404.
//
// Whoever can reach the port can ask questions, so the door is narrow, on every path, known or not: loopback listeners
// only ([Listen]), the exact Host of the listener (DNS rebinding), no Origin or the listener's own (web pages), a JSON
// content type, bodies of 256 KiB at most, and time limits for reading. No CORS header is ever sent.
//
// Messages are checked before mcp-go sees them ([inspect]): it takes keys in any case and lets the last duplicate win,
// so two readers of one message could understand it differently.
//
// # Stdio
//
// One JSON-RPC message per line. Standard output belongs to the protocol, logs go to the logger. When the input ends,
// what is running is finished and answered first, so that a question can be piped in.
package server
