package toolbox

import (
	"github.com/tmc/langchaingo/llms"

	"clanker/intents"
)

// IntentTool is the tool of an intent, whose schema can be compiled.
func IntentTool(in *intents.Intent) (llms.Tool, error) {
	t := intentTool(in)
	_, err := t.understand(t.example)
	return t.offered(), err
}

// Replaced lets tests see how what is only repeated is replaced.
var Replaced = replaced
