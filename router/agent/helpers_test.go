package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/router"
	"clanker/router/agent/agenttest"
	"clanker/router/agent/cost"
	"clanker/router/agent/models"
)

// twist is a question about the demo estate that no intent covers.
const twist = "compare how session-cache and orders-postgres are set up"

// actor is a model in this process: each turn it does what the script says next; after the end it does the last again.
type actor struct {
	mu     sync.Mutex
	script []turn
	seen   [][]llms.MessageContent // what it was sent, by turn
	tools  [][]llms.Tool           // what it was offered
}

// turn is what an actor does, given what it was sent.
type turn func(ctx context.Context, messages []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error)

func (a *actor) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, option := range options {
		option(&o)
	}
	a.mu.Lock()
	next := a.script[min(len(a.seen), len(a.script)-1)]
	a.seen, a.tools = append(a.seen, messages), append(a.tools, o.Tools)
	a.mu.Unlock()
	return next(ctx, messages, o)
}

func (a *actor) Call(context.Context, string, ...llms.CallOption) (string, error) {
	return "", errors.New("nobody calls this")
}

var _ llms.Model = (*actor)(nil)

// says is a turn that answers.
func says(text string) turn {
	return func(ctx context.Context, _ []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
		if o.StreamingFunc != nil {
			if err := o.StreamingFunc(ctx, []byte(text)); err != nil {
				return nil, err
			}
		}
		return response(text, "stop"), nil
	}
}

func response(text, stop string, calls ...llms.ToolCall) *llms.ContentResponse {
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: text, StopReason: stop, ToolCalls: calls,
		GenerationInfo: map[string]any{"PromptTokens": 1000, "PromptCachedTokens": 300, "CompletionTokens": 100, "TotalTokens": 1100}}}}
}

// calls is a turn that uses tools: pairs of a name and arguments.
func calls(pairs ...string) turn {
	return func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
		var asked []llms.ToolCall
		for i := 0; i < len(pairs); i += 2 {
			asked = append(asked, llms.ToolCall{ID: fmt.Sprintf("c%d", i), Type: "function", FunctionCall: &llms.FunctionCall{Name: pairs[i], Arguments: pairs[i+1]}})
		}
		return response("", "tool_calls", asked...), nil
	}
}

// dear is a turn that took 50,000 tokens.
func dear(of turn) turn {
	return func(ctx context.Context, messages []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
		response, err := of(ctx, messages, o)
		response.Choices[0].GenerationInfo = map[string]any{"PromptTokens": 49_000, "CompletionTokens": 1000}
		return response, err
	}
}

// swollen is a turn with as many words as tools.
func swollen(of turn) turn {
	return func(ctx context.Context, messages []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
		response, err := of(ctx, messages, o)
		response.Choices[0].Content = strings.Repeat("I think. ", 45_000)
		return response, err
	}
}

func fails(err error) turn {
	return func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
		return nil, err
	}
}

// hangs is a turn that ends with its context.
func hangs(ctx context.Context, _ []llms.MessageContent, _ llms.CallOptions) (*llms.ContentResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// studio opens the one model that it has, under every name but one.
type studio struct {
	model llms.Model
	name  string
}

func (s studio) Resolve(ref string) (string, error) {
	if ref == "none" {
		return "", &adapters.SourceError{Reason: adapters.NotConfigured, Fix: "set models.default"}
	}
	if ref == "" {
		return s.name, nil
	}
	return ref, nil
}

func (s studio) Open(_ context.Context, ref string) (*models.Model, error) {
	if ref == "broken" {
		return nil, &adapters.SourceError{Reason: adapters.NoCredentials, Detail: "no key", Fix: "set ANTHROPIC_API_KEY"}
	}
	name, err := s.Resolve(ref)
	return models.Wrap(name, s.model), err
}

// rig is an agent over the demo estate, in a router.
type rig struct {
	router   *router.Router
	agent    *Agent
	actor    *actor
	books    *cost.Books
	settings Settings
}

// priced is a model with a price, in the built-in table.
const priced = "anthropic/claude-opus-4-6"

func newRig(t testing.TB, change func(*Settings), script ...turn) *rig {
	t.Helper()
	prices, err := cost.Load("")
	require.NoError(t, err)
	r := &rig{actor: &actor{script: script}, books: cost.NewBooks()}
	r.settings = Settings{Models: studio{r.actor, priced}, Prices: prices, Limits: DefaultLimits()}
	if change != nil {
		change(&r.settings)
	}
	r.agent = New(Options{Settings: r.settings, Books: r.books, Now: agenttest.Clock})
	r.over(t, agenttest.Estate(t, demo.New))
	return r
}

// over has the rig's agent look into questions over another workspace.
func (r *rig) over(t testing.TB, w router.Workspace) {
	t.Helper()
	r.router = agenttest.Router(t, w, r.agent)
}

func (r *rig) ask(t testing.TB, q router.Question) router.Answer {
	t.Helper()
	if q.Text == "" {
		q.Text = twist
	}
	a, err := r.router.Route(t.Context(), q)
	require.NoError(t, err)
	return a
}

// results are what tools returned to the model before its turn n, in order.
func (a *actor) results(n int) []llms.ToolCallResponse {
	var all []llms.ToolCallResponse
	for _, message := range a.seen[n] {
		if r, ok := message.Parts[0].(llms.ToolCallResponse); ok {
			all = append(all, r)
		}
	}
	return all
}

func asJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}
