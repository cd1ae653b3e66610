// Package toolbox is what a model may do: read. Its tools are over a [router.Desk], and nothing that they reach can write.
//
// # The tools
//
// Those that read the estate are the list in tools.go; what later drivers and checks bring joins there as one line. Beside them each
// intent of the catalogue is a tool, but for those that propose a change. A catalogue of hundreds is too much to offer at once: first
// there are the few that are nearest to the question, and find_intents finds more, which are offered from then on. One that was
// never offered can be called as well. The name of an intent's tool is "intent_" and the intent's id, in letters that every provider
// takes; see [ToolName].
//
// # Arguments
//
// A tool's parameters are a JSON Schema in the few words that all providers and local models take. What models write is put right
// where there is no doubt ("" and null are nothing, "10" is 10 where a number is asked for) and then checked against that schema.
// What is wrong comes back as text with an example of what is right.
//
// # Results
//
// The first line begins with "asked: " and repeats what was asked, and what was wrong with it: it is the model's own text, and proves
// nothing. No other line repeats it. Then follow how much was found, where it was read and as whom, and what could not be read and
// why; then the rows, cut to a few thousand bytes. Rows are in a fence (see package claims), for their texts are others': names,
// reasons, labels, messages, log lines.
package toolbox
