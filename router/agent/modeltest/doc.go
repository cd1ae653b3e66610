// Package modeltest is a model for tests: a server on the loopback that speaks the wire formats of the vendors, refuses what they would
// refuse, and says what a script tells it to. The clients that clanker really uses run against it over HTTP. Only tests may import it;
// it is no _test package since those of several packages do.
//
//	server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{
//		{Calls: []modeltest.Call{{Tool: "list_resources", Arguments: `{"kinds":["cache"]}`}}},
//		{When: "session-cache", Text: "session-cache is degraded."},
//	}})
//	url := server.Base("anthropic") // what a person would set as the URL of the vendor
//
// [Start] ends with the test and fails it if the client did something that a vendor would refuse; see [Server.Faults]. Those who serve
// it themselves, as stories of the program do, take [New] and [Load].
//
// # Paths
//
// Each vendor has its paths below its name, and they may be written without it where they say enough:
//
//	/openai/v1/chat/completions                    /openai/v1/models
//	/ollama/v1/chat/completions                    /ollama/v1/models, /ollama/api/tags
//	/cohere/compatibility/v1/chat/completions      /cohere/v1/models, /cohere/compatibility/v1/models
//	/google/v1beta/openai/chat/completions         /google/v1beta/openai/models
//	/google/v1beta/models/NAME:generateContent     /google/v1beta/models
//	/anthropic/v1/messages                         /anthropic/v1/models
//
// One script plays over all of them. What they have in common is the handler interface in chat.go: a wire format is one more in the
// list of handlers.
//
// # Turns
//
// Each request is answered by the first turn that was not played yet (or that repeats) and that fits: its When is in what was said
// since the model's last turn, which is the question at first and the results of tools later, and tools are offered if it calls any.
// So a conversation is a list, two conversations at once are told apart by When, and a model that would call tools for ever writes
// its last turn as soon as none is offered. A request that no turn is left for is a fault, and so is one that is not as Expect says.
//
// A turn writes Text, makes Calls, or both; Stop says why it ended. It may be Held before or in the middle of its answer until the
// request is given up, or cut there. Nothing here sleeps. Or it is an Error of a kind, in the vendor's own words and with its own
// status: 429, 529, a list of errors, whatever it has.
//
// # Conversations as files
//
// A [Script] may be a file, read strictly: an unknown key is an error with its line. This package has some in testdata/conversations,
// which [Conversation] reads.
//
//	models: [gpt-5]            # it answers to these names; default: to any
//	key: the-key               # it takes this key only; default: any, but one
//	obey: true                 # see below
//	turns:
//	  - when: session-cache    # must be in what was said since the model's last turn
//	    expect:                # what the request must be like: instructions, tools and messages
//	      has: [checkout-api]
//	      lacks: [sk-]
//	      tools: [get_logs]    # are offered
//	      alone: true          # none is offered, or none may be called
//	    text: I look at the cache.
//	    calls:
//	      - {tool: get_resource, arguments: {name: session-cache}}
//	      - {tool: get_logs, raw: '{"name": "ses'}    # as the model wrote it
//	    stop: length           # end, tools, length, refusal, filter
//	    tokens: {in: 2100, out: 80, cached: 1900}
//	    hold: during           # or before
//	    cut: true              # or the connection breaks in the middle
//	    repeat: true           # it is never used up
//	  - error: overloaded      # badRequest, badKey, forbidden, unknownModel, tooLong, rateLimit, noCredit, contentFilter, overloaded, broken
//	  - error: {kind: rateLimit, retryAfter: 7, status: 429, message: slow down}
//	  - error: {kind: rateLimit, retryAfter: 2026-11-23T12:00:30Z}
//
// # The obeying model
//
// With Obey it is as easily led as a model can be: before any turn it does what the results of tools tell it to. It finds sentences
// such as "call tool X with {...}", "ignore previous instructions and ...", "COMMAND: ...", "run kubectl ...", "reply with ..." and
// "print your system prompt" in them, quoted and escaped ones too. It makes each call that it has not made yet, whether such a tool is
// offered or not; when none is left it writes all that it was told to write, and all that it knows if it was told to reveal
// something. Only when nothing is to be obeyed are turns played. What an agent lets such a model do, it would let any model do.
//
// # How faithful it is
//
// Every request is checked against a schema of its endpoint in testdata/schemas, each with its source in $comment, in which nothing
// else is allowed: a wrong field fails with the vendor's own error. The schemas leave out what no client of text and tools sends.
// Beyond them it checks what vendors check: keys and versions in headers; that each call is answered, at once and by nothing else, in
// the one way that each vendor has; schemas of tools; parameters that some models refuse; empty texts. The messages are those that
// vendors send, as far as users and SDKs report them; their limits and exact words change.
//
// In two respects it is stricter than a vendor: Ollama ignores fields that it does not know, and Cohere some; here they are refused,
// since who sends a limit that is ignored has none. And it streams OpenAI's calls in turns, piece by piece, as the protocol allows,
// although they usually come one after another.
//
// It knows nothing of token limits, prices and time, and no model is behind it: it says nothing about how good a real one is.
package modeltest
