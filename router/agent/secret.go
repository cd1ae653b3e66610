package agent

import (
	"encoding/json"

	"github.com/tmc/langchaingo/llms"

	"clanker/router"
)

// longestKey is how long the key of a provider may be, in bytes: as much more of a text is looked at than is told, so that no key is
// cut before it is found.
const longestKey = 4096

// told is the beginning of a text of the model, at most so many bytes, without secrets.
func (i *inquiry) told(text string, most int) string {
	return router.Clipped(i.model.Scrub(router.Clipped(text, most+longestKey)), most)
}

// scrub takes secrets out of a finding once more: one may have been written with something between that was taken out since.
func scrub(f *router.Finding, scrub func(string) string) {
	f.Summary, f.Explanation = scrub(f.Summary), scrub(f.Explanation)
	all := [][]string{f.Unverified, f.Warnings, f.Doubts}
	for _, p := range f.Proposals {
		all = append(all, p.Argv)
	}
	for _, texts := range all {
		for n := range texts {
			texts[n] = scrub(texts[n])
		}
	}
}

// heard are the calls that get an answer, without secrets: a provider would be asked for one, and the evidence would tell it.
func (i *inquiry) heard(calls []llms.ToolCall) []llms.ToolCall {
	var all []llms.ToolCall
	for _, call := range calls[:min(len(calls), mostHeard)] {
		function := *call.FunctionCall
		function.Name = router.Clipped(function.Name, longestKey) // no tool's is as long
		if arguments, ok := i.redacted(function.Arguments); ok {
			function.Arguments = arguments
		}
		call.FunctionCall = &function
		all = append(all, call)
	}
	return all
}

// redacted are arguments without secrets, if they are an object that a tool would read. They are written anew: a secret may be one only
// when what is escaped in it no longer is.
func (i *inquiry) redacted(arguments string) (string, bool) {
	var object map[string]any
	if len(arguments) > longestArguments || json.Unmarshal([]byte(arguments), &object) != nil || object == nil {
		return "", false
	}
	written, _ := json.Marshal(object) // it was JSON just now
	text := i.model.Scrub(string(written))
	return text, json.Valid([]byte(text))
}
