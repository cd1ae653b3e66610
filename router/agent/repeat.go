package agent

import (
	"cmp"
	"regexp"

	"github.com/tmc/langchaingo/llms"
)

// What a call is told again of: a name that all providers take, and arguments that a tool would read.
const (
	longestName      = 64
	longestArguments = 16 << 10
)

var noName = regexp.MustCompile(`[^a-zA-Z0-9_-]`)

// repeatable is a call as it is told its model again: models call things that no request may name, and providers refuse a
// history with one. What was wrong with the call is in its result.
func repeatable(call llms.ToolCall) llms.ToolCall {
	function := *call.FunctionCall
	name := function.Name[:min(len(function.Name), longestName)]
	function.Name = cmp.Or(noName.ReplaceAllString(name, "_"), "unnamed")
	if len(function.Arguments) > longestArguments {
		function.Arguments = "{}"
	}
	call.FunctionCall = &function
	return call
}
