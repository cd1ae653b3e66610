package models

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/router/agent/modeltest"
)

func TestStops(t *testing.T) {
	for _, c := range []struct {
		turn modeltest.Turn
		want Stop
	}{
		{modeltest.Turn{Text: "All three", Stop: modeltest.StopLength}, StopLength},
		{modeltest.Turn{Text: "All three", Stop: modeltest.StopLength, Calls: []modeltest.Call{{Tool: "pods", Arguments: `{}`}}}, StopLength},
		{modeltest.Turn{Text: "I will not.", Stop: modeltest.StopRefuse}, StopRefused},
		{modeltest.Turn{Stop: modeltest.StopFilter}, StopRefused},
	} {
		c.turn.Repeat = true
		t.Run(string(c.turn.Stop), func(t *testing.T) {
			each(t, modeltest.Script{Turns: []modeltest.Turn{c.turn}}, func(t *testing.T, _ *modeltest.Server, model *Model, _ *[]time.Duration) {
				reply, err := model.Ask(t.Context(), begun(), both, 500, nil)
				require.NoError(t, err)
				if c.turn.Stop == modeltest.StopRefuse && !strings.HasPrefix(model.Name, "anthropic/") && !strings.HasPrefix(model.Name, "openai/") {
					assert.Equal(t, c.turn.Text, reply.Text, "others have no other way to say it")
					return
				}
				assert.Equal(t, c.want, reply.Stop)
				assert.Empty(t, reply.Calls, "the last of them may not be whole")
				if c.turn.Calls == nil {
					reply, err = model.Ask(t.Context(), begun(), both, 500, func(string) {})
					require.NoError(t, err)
					assert.Equal(t, c.want, reply.Stop)
				}
			})
		})
	}
}

func TestSpoken(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "It is.": "It is.", "<think>\nIs it?\n</think>\n\nIt is.": "It is.", "<think>Is it?</think>": "",
		"It says </think> here.": "It says </think> here.", "<think>Is it": "<think>Is it",
	} {
		assert.Equal(t, want, replied(&llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: text}}}, 1).Text, text)
	}
}

// Vendors whose API has no word for a refusal leave it to the text. What a model did not find is none, nor is what it says at length.
func TestRefusalsInWords(t *testing.T) {
	for text, want := range map[string]Stop{
		"I'm sorry, but I can't help with that request.":                                      StopRefused,
		"I’m sorry, but I can’t help with that.":                                              StopRefused,
		"I am sorry, I cannot assist you with this. Please ask something else.":               StopRefused,
		"Sorry, but I can't assist with that.\n":                                              StopRefused,
		"I'm unable to help with that request!":                                               StopRefused,
		"I am not able to assist":                                                             StopRefused,
		"I cannot comply with this request.":                                                  StopRefused,
		"I won't do that.":                                                                    StopRefused,
		"I can't fulfill this request.":                                                       StopRefused,
		"I'm sorry, but I can't find any pods in production.":                                 StopEnd,
		"I can't help but notice that checkout-api restarts.":                                 StopEnd,
		"I'm unable to help with restarting it, but its failover is disabled since 09:17Z.":   StopEnd,
		"I can't fulfil it " + strings.Repeat("as long as it takes ", 4):                      StopEnd,
		"I can't help you find it: no cluster is connected.":                                  StopEnd,
		"I cannot do that here: a person has to approve\n\n```clanker\nkubectl get pods\n```": StopEnd,
		"I'm unable to determine the cause: the logs end at noon.":                            StopEnd,
		`checkout-api says "I'm sorry, but I can't help with that request."`:                  StopEnd,
		"I can't help with that. " + strings.Repeat("All pods of checkout-api are well. ", 4): StopEnd,
		"": StopEnd,
	} {
		assert.Equal(t, want, replied(&llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: text}}}, 1).Stop, text)
	}
	assert.Equal(t, StopTools, replied(&llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: "I can't help with that.", ToolCalls: []llms.ToolCall{call("1", "x", "{}")}}}}, 1).Stop)
}
