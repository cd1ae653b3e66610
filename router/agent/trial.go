package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/router"
)

// Trial says whether a model can be used.
type Trial struct {
	router.ModelUsage

	Local    bool                  `json:"local"`
	Tools    bool                  `json:"tools"`    // it called the tool as it should
	Parallel bool                  `json:"parallel"` // for both at once
	Right    bool                  `json:"right"`    // its answer has what the tool returned
	Problem  *adapters.SourceError `json:"problem,omitempty"`
}

// Works reports whether questions can be looked into with the model.
func (t Trial) Works() bool { return t.Problem == nil && t.Tools && t.Right }

// What a model is asked in a trial. It was never as warm as that in either city: no model knows it, or guesses it.
const (
	trialQuestion = "What is the temperature in Oslo, and in Quito? Ask the tool for both cities at once, then answer with both numbers, in one line."
	trialTool     = "read_temperature"
	trialOslo     = "43"
	trialQuito    = "58"
	trialTurns    = 3
	trialOutput   = 2048 // tokens: some think a while before they say little
)

// Try asks a model a little question that it needs a tool for. What that costs is entered in the books, and what is wrong is in the
// trial; an error means that ctx ended.
func (a *Agent) Try(ctx context.Context, ref string) (Trial, error) {
	s := *a.settings.Load()
	s.Limits.Output = trialOutput
	trying, done := context.WithTimeoutCause(ctx, s.Limits.Time, errTime)
	defer done()
	t := Trial{ModelUsage: router.ModelUsage{Name: ref, CostUSD: router.USD(new(int64(0)))}}
	if name, err := s.Models.Resolve(ref); err == nil {
		t.Name = name
	}
	model, err := s.Models.Open(trying, ref)
	if err != nil {
		err = s.opening(trying, err)
	} else {
		t.Local = model.Local
		b := newBudget(a.books, &s, model, "test-"+rand.Text(), "clanker models test", a.now)
		if err = t.run(trying, b); err == nil && t.Works() {
			err = b.cramped()
		}
		t.ModelUsage = b.usage()
	}
	var limit *limitError
	switch {
	case ctx.Err() != nil:
		return t, ctx.Err()
	case trying.Err() != nil && model != nil:
		t.Problem = (&limitError{why: fmt.Sprintf("it did not answer within %s", s.Limits.Time), fix: "choose a faster model, or raise models.seconds"}).problem()
	case errors.As(err, &limit):
		t.Problem = limit.problem()
	case err != nil:
		t.Problem = problem(err)
	}
	return t, nil
}

func (t *Trial) run(ctx context.Context, b *budget) error {
	tools := []llms.Tool{{Type: "function", Function: &llms.FunctionDefinition{Name: trialTool, Description: "Reads the temperature in a city.",
		Parameters: map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string", "description": "name of the city"}},
			"required": []any{"city"}, "additionalProperties": false}}}}
	history := []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, trialQuestion)}
	for range trialTurns {
		reply, err := b.turn(ctx, history, tools, true, nil)
		if err != nil {
			return err
		}
		if len(reply.Calls) == 0 {
			t.Right = router.FindWord(reply.Text, trialOslo, "") >= 0 && router.FindWord(reply.Text, trialQuito, "") >= 0
			return nil
		}
		b.used.ToolCalls += len(reply.Calls)
		history = append(history, t.answered(reply.Calls)...)
	}
	return nil
}

// answered are calls of the tool, and what it returns.
func (t *Trial) answered(calls []llms.ToolCall) (said []llms.MessageContent) {
	t.Parallel = t.Parallel || len(calls) > 1
	for _, call := range calls {
		said = append(said, llms.MessageContent{Role: llms.ChatMessageTypeAI, Parts: []llms.ContentPart{call}})
	}
	for _, call := range calls {
		degrees, tool := "there is no such city", call.FunctionCall.Name
		switch arguments := call.FunctionCall.Arguments; {
		case tool != trialTool:
			degrees = "there is no such tool"
		case strings.Contains(arguments, "Oslo"):
			degrees, t.Tools = trialOslo+" °C", true
		case strings.Contains(arguments, "Quito"):
			degrees, t.Tools = trialQuito+" °C", true
		}
		said = append(said, llms.MessageContent{Role: llms.ChatMessageTypeTool,
			Parts: []llms.ContentPart{llms.ToolCallResponse{ToolCallID: call.ID, Name: tool, Content: degrees}}})
	}
	return said
}
