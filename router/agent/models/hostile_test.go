package models

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is small in an answer and large in memory has an end: eight MiB of empty calls were four GiB, and seventeen seconds.
func TestPartsOfAnAnswerHaveAnEnd(t *testing.T) {
	many := func(part string) string { return strings.Repeat(part+",", 50_000) + part }
	for ref, body := range map[string]string{
		"openai/gpt-5.4":            `{"choices":[{"message":{"tool_calls":[` + many(`{}`) + `]}}]}`,
		"anthropic/claude-opus-4-6": `{"content":[` + many(`{"type":"tool_use"}`) + `]}`,
		"google/gemini-3-pro":       `{"candidates":[{"finishReason":"STOP","content":{"parts":[` + many(`{"functionCall":{}}`) + `]}}]}`,
	} {
		model, _ := handled(t, ref, says(body))
		reply, err := model.Ask(t.Context(), hello, nil, 100, nil)
		require.NoError(t, err, ref)
		assert.Len(t, reply.Calls, mostParts, ref)
	}
}
