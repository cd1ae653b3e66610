package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/router"
	"clanker/router/agent/modeltest"
)

// everyone is a model of each provider, and of each wire.
var everyone = []string{"anthropic/claude-opus-4-6", "cohere/command-a-03-2025", "google/gemini-2.5-flash", "google/gemini-3-pro", "ollama/gemma4:31b", "openai/gpt-5.4"}

// each runs a test on a model of each provider, which does what the script says.
func each(t *testing.T, script modeltest.Script, run func(t *testing.T, server *modeltest.Server, model *Model, waits *[]time.Duration)) {
	for _, ref := range everyone {
		t.Run(ref, func(t *testing.T) {
			server := modeltest.Start(t, script)
			m, waits := scripted(t, server)
			model, err := m.Open(t.Context(), ref)
			require.NoError(t, err)
			run(t, server, model, waits)
		})
	}
}

func scripted(t testing.TB, server *modeltest.Server) (m *Models, waits *[]time.Duration) {
	m, waits = connect(t, server.URL)
	for name, p := range m.settings.Providers {
		p.URL = server.Base(name)
		m.settings.Providers[name] = p
	}
	return m, waits
}

func tool(name string) llms.Tool {
	return llms.Tool{Type: "function", Function: &llms.FunctionDefinition{Name: name, Description: "Reads " + name + ".",
		Parameters: map[string]any{"type": "object", "properties": map[string]any{"scope": map[string]any{"type": "string"}}}}}
}

var both = []llms.Tool{tool("pods"), tool("nodes")}

// conversation is one as the agent has it: a part in each message.
type conversation []llms.MessageContent

func (c *conversation) say(role llms.ChatMessageType, part llms.ContentPart) {
	*c = append(*c, llms.MessageContent{Role: role, Parts: []llms.ContentPart{part}})
}

// turn writes a reply and the results of its calls down.
func (c *conversation) turn(reply Reply, result func(name string) string) {
	if reply.Text != "" {
		c.say(llms.ChatMessageTypeAI, llms.TextPart(reply.Text))
	}
	for _, call := range reply.Calls {
		c.say(llms.ChatMessageTypeAI, call)
	}
	for _, call := range reply.Calls {
		name := call.FunctionCall.Name
		c.say(llms.ChatMessageTypeTool, llms.ToolCallResponse{ToolCallID: call.ID, Name: name, Content: result(name)})
	}
}

func begun() conversation {
	return conversation(hello)
}

func TestThreeTurnsWithTwoToolsAtOnce(t *testing.T) {
	script := modeltest.Script{Key: planted, Turns: []modeltest.Turn{
		{When: "Hello?", Text: "Let me look.", Calls: []modeltest.Call{{Tool: "pods", Arguments: `{"scope":"prod"}`}, {Tool: "nodes", Arguments: `{}`}},
			Expect: modeltest.Expect{Has: []string{"Be brief."}, Tools: []string{"pods", "nodes"}}, Tokens: modeltest.Tokens{In: 100, Out: 20, Cached: 40}},
		{When: "nodes are fine", Calls: []modeltest.Call{{Tool: "pods", Arguments: `{"scope":"dev"}`}, {Tool: "nodes", Arguments: `{"scope":"dev"}`}}, Expect: modeltest.Expect{Has: []string{"Let me look.", "pods are fine"}}},
		{When: "pods are fine", Text: "All is well.", Expect: modeltest.Expect{Has: []string{`"prod"`, `"dev"`, "Let me look."}}},
	}}
	each(t, script, func(t *testing.T, server *modeltest.Server, model *Model, waits *[]time.Duration) {
		c := begun()
		var replies []Reply
		for range 3 {
			reply, err := model.Ask(t.Context(), c, both, 500, nil)
			require.NoError(t, err)
			c.turn(reply, func(name string) string { return name + " are fine" })
			replies = append(replies, reply)
		}
		assert.Equal(t, []Stop{StopTools, StopTools, StopEnd}, []Stop{replies[0].Stop, replies[1].Stop, replies[2].Stop})
		assert.Equal(t, []string{"Let me look.", "", "All is well."}, []string{replies[0].Text, replies[1].Text, replies[2].Text})
		require.Len(t, replies[0].Calls, 2)
		assert.Equal(t, "pods", replies[0].Calls[0].FunctionCall.Name)
		assert.JSONEq(t, `{"scope":"prod"}`, replies[0].Calls[0].FunctionCall.Arguments)
		assert.Equal(t, "nodes", replies[0].Calls[1].FunctionCall.Name)
		assert.JSONEq(t, `{}`, replies[0].Calls[1].FunctionCall.Arguments)
		assert.NotEqual(t, replies[0].Calls[0].ID, replies[0].Calls[1].ID)
		assert.Equal(t, 100, replies[0].Tokens.In)
		assert.Equal(t, 20, replies[0].Tokens.Out)
		assert.Empty(t, *waits)
		assert.Equal(t, 3, server.Count())
		for _, r := range server.Requests() {
			assert.NotContains(t, string(r.Body), "temperature")
		}
	})
}

func TestClosingTurnIsStreamed(t *testing.T) {
	script := modeltest.Script{Turns: []modeltest.Turn{
		{Calls: []modeltest.Call{{Tool: "pods", Arguments: `{}`}}},
		{When: "Conclude now.", Text: "All three pods are well. Nothing is to be done.", Tokens: modeltest.Tokens{In: 70, Out: 12}},
	}}
	each(t, script, func(t *testing.T, server *modeltest.Server, model *Model, _ *[]time.Duration) {
		c := begun()
		reply, err := model.Ask(t.Context(), c, both, 500, nil)
		require.NoError(t, err)
		c.turn(reply, func(string) string { return "3 pods" })
		c.say(llms.ChatMessageTypeHuman, llms.TextPart("Conclude now."))
		var said []string
		reply, err = model.Ask(t.Context(), c, both, 500, func(text string) { said = append(said, text) })
		require.NoError(t, err)
		assert.Equal(t, "All three pods are well. Nothing is to be done.", reply.Text)
		assert.Equal(t, reply.Text, strings.Join(said, ""))
		assert.Greater(t, len(said), 1)
		assert.Equal(t, StopEnd, reply.Stop)
		assert.Empty(t, reply.Calls)
		want := router.Tokens{In: 70, Out: 12}
		if strings.HasPrefix(model.Name, "cohere/") { // which must not be asked for them
			want = router.Tokens{}
		}
		assert.Equal(t, want, reply.Tokens)
		assert.True(t, server.Requests()[1].Stream)
	})
}

func TestDeadlineInTheMiddleOfAStream(t *testing.T) {
	script := modeltest.Script{Turns: []modeltest.Turn{{Text: "All three pods are well. Nothing is to be done.", Hold: modeltest.HoldDuring}}}
	each(t, script, func(t *testing.T, server *modeltest.Server, model *Model, _ *[]time.Duration) {
		ctx, done := context.WithCancel(t.Context())
		defer done()
		heard := ""
		reply, err := model.Ask(ctx, begun(), nil, 500, func(text string) {
			heard += text
			if heard != "" {
				done()
			}
		})
		assert.ErrorIs(t, err, context.Canceled)
		assert.NotEmpty(t, heard)
		assert.Equal(t, heard, reply.Text)
		assert.True(t, strings.HasPrefix("All three pods are well. Nothing is to be done.", heard))

		m, _ := scripted(t, modeltest.Start(t, script))
		again, err := m.Open(t.Context(), model.Name)
		require.NoError(t, err)
		again.most = 100 * time.Millisecond // its own time, when the caller has all of it
		_, err = again.Ask(t.Context(), begun(), nil, 500, func(string) {})
		assert.Equal(t, adapters.TimedOut, reasonOf(t, err))
	})
}

func TestConnectionThatBreaks(t *testing.T) {
	script := modeltest.Script{Turns: []modeltest.Turn{{Text: "All three pods are well. Nothing is to be done.", Cut: true, Repeat: true}}}
	each(t, script, func(t *testing.T, server *modeltest.Server, model *Model, waits *[]time.Duration) {
		_, err := model.Ask(t.Context(), begun(), nil, 500, nil)
		assert.Equal(t, adapters.Unreachable, reasonOf(t, err))
		reply, err := model.Ask(t.Context(), begun(), nil, 500, func(string) {})
		assert.Equal(t, adapters.Unreachable, reasonOf(t, err))
		assert.NotEmpty(t, reply.Text)
		assert.Empty(t, *waits)
	})
}

func TestWhatVendorsSayIsWrong(t *testing.T) {
	for kind, want := range map[modeltest.Kind]adapters.Reason{
		modeltest.BadKey: adapters.ExpiredCredentials, modeltest.Forbidden: adapters.PermissionDenied, modeltest.UnknownModel: adapters.Unsupported,
		modeltest.TooLong: adapters.Unsupported, modeltest.NoCredit: adapters.LimitReached, modeltest.ContentFilter: adapters.Refused,
		modeltest.Broken: adapters.Unreachable, modeltest.BadRequest: adapters.Internal,
	} {
		t.Run(string(kind), func(t *testing.T) {
			each(t, modeltest.Script{Turns: []modeltest.Turn{{Error: &modeltest.Failure{Kind: kind}, Repeat: true}}}, func(t *testing.T, server *modeltest.Server, model *Model, waits *[]time.Duration) {
				want := want
				if strings.HasPrefix(model.Name, "google/") {
					switch kind {
					case modeltest.ContentFilter: // blocks the prompt with the status 200: see TestStops
						return
					case modeltest.NoCredit: // says the same as of too many requests
						want = adapters.RateLimited
					}
				}
				for _, stream := range []func(string){nil, func(string) {}} {
					_, err := model.Ask(t.Context(), begun(), both, 500, stream)
					assert.Equal(t, want, reasonOf(t, err), err)
					assert.NotEmpty(t, problemOf(t, err).Fix)
					assert.Equal(t, kind == modeltest.TooLong, IsOverflow(err))
					assert.Equal(t, kind == modeltest.Broken, !IsTurnedAway(err) && !IsOverflow(err), "what it may have cost")
					assert.Equal(t, want == adapters.RateLimited, len(*waits) > 0, "it would be the same again")
				}
			})
		})
	}
}

func TestModelsThatAreBusyAreAskedAgain(t *testing.T) {
	for _, kind := range []modeltest.Kind{modeltest.RateLimit, modeltest.Overloaded} {
		fail := func(retry modeltest.Retry) modeltest.Turn {
			return modeltest.Turn{Error: &modeltest.Failure{Kind: kind, Retry: retry}}
		}
		at := time.Now().Add(time.Hour)
		for name, c := range map[string]struct {
			turns []modeltest.Turn
			waits []time.Duration
			after time.Duration // if it fails
			fails bool
		}{
			"twice":    {turns: []modeltest.Turn{fail(modeltest.Retry{After: 2 * time.Second}), fail(modeltest.Retry{After: 3 * time.Second}), {Text: "Fine."}}, waits: []time.Duration{2 * time.Second, 3 * time.Second}},
			"unsaid":   {turns: []modeltest.Turn{fail(modeltest.Retry{}), fail(modeltest.Retry{}), {Text: "Fine."}}, waits: []time.Duration{time.Second, 2 * time.Second}},
			"thrice":   {turns: []modeltest.Turn{fail(modeltest.Retry{After: time.Second}), fail(modeltest.Retry{After: time.Second}), fail(modeltest.Retry{After: 5 * time.Second})}, waits: []time.Duration{time.Second, time.Second}, fails: true, after: 5 * time.Second},
			"too long": {turns: []modeltest.Turn{fail(modeltest.Retry{After: time.Minute})}, fails: true, after: time.Minute},
			"a date":   {turns: []modeltest.Turn{fail(modeltest.Retry{At: at})}, fails: true, after: at.Truncate(time.Second).Sub(noon)},
		} {
			t.Run(fmt.Sprint(kind, name), func(t *testing.T) {
				each(t, modeltest.Script{Turns: c.turns}, func(t *testing.T, server *modeltest.Server, model *Model, waits *[]time.Duration) {
					reply, err := model.Ask(t.Context(), begun(), nil, 500, nil)
					assert.Equal(t, len(c.turns), server.Count())
					if name != "unsaid" {
						assert.Equal(t, c.waits, *waits)
					}
					if !c.fails {
						require.NoError(t, err)
						assert.Equal(t, "Fine.", reply.Text)
						return
					}
					problem := problemOf(t, err)
					assert.Contains(t, []adapters.Reason{adapters.RateLimited, adapters.Unreachable}, problem.Reason)
					if name == "a date" {
						assert.InDelta(t, time.Hour, problem.RetryAfter, float64(time.Minute))
						return
					}
					assert.Equal(t, c.after, problem.RetryAfter)
				})
			})
		}
	}
}

func TestNobodyWaitsLongerThanTheCaller(t *testing.T) {
	script := modeltest.Script{Turns: []modeltest.Turn{{Error: &modeltest.Failure{Kind: modeltest.RateLimit, Retry: modeltest.Retry{After: 20 * time.Second}}}, {Text: "Fine."}}}
	each(t, script, func(t *testing.T, server *modeltest.Server, model *Model, waits *[]time.Duration) {
		ctx, done := context.WithTimeout(t.Context(), 15*time.Second)
		defer done()
		_, err := model.Ask(ctx, begun(), nil, 500, nil)
		assert.Equal(t, adapters.RateLimited, reasonOf(t, err))
		assert.Empty(t, *waits)
		model.wait = func(context.Context, time.Duration) error { done(); return sleep(ctx, time.Hour) }
		_, err = model.Ask(t.Context(), begun(), nil, 500, nil)
		assert.NoError(t, err, "the script has an answer by now")
	})
}

func TestSleepEndsWithItsContext(t *testing.T) {
	ctx, done := context.WithCancel(t.Context())
	done()
	assert.ErrorIs(t, sleep(ctx, time.Hour), context.Canceled)
	assert.NoError(t, sleep(t.Context(), time.Nanosecond))
}

func TestMalformedArguments(t *testing.T) {
	script := modeltest.Script{Turns: []modeltest.Turn{
		{Calls: []modeltest.Call{{Tool: "pods", Arguments: `{"scope":`}, {Tool: "nodes", Arguments: `"prod"`}}},
		{When: "no arguments", Text: "Sorry."},
	}}
	each(t, script, func(t *testing.T, server *modeltest.Server, model *Model, _ *[]time.Duration) {
		c := begun()
		reply, err := model.Ask(t.Context(), c, both, 500, nil)
		require.NoError(t, err)
		if model.Name == "google/gemini-3-pro" { // whose vendor keeps them to itself
			assert.Equal(t, StopEnd, reply.Stop)
			assert.Empty(t, reply.Calls)
			return
		}
		require.Len(t, reply.Calls, 2)
		c.turn(reply, func(string) string { return "those are no arguments" })
		reply, err = model.Ask(t.Context(), c, both, 500, nil)
		require.NoError(t, err)
		assert.Equal(t, "Sorry.", reply.Text)
	})
}

func TestManyQuestionsAtOnce(t *testing.T) {
	script := modeltest.Script{Turns: []modeltest.Turn{
		{When: "Hello?", Calls: []modeltest.Call{{Tool: "pods", Arguments: `{}`}}, Repeat: true},
		{When: "3 pods", Text: "Fine.", Repeat: true},
	}}
	each(t, script, func(t *testing.T, server *modeltest.Server, model *Model, _ *[]time.Duration) {
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				c := begun()
				reply, err := model.Ask(t.Context(), c, both, 500, nil)
				if !assert.NoError(t, err) {
					return
				}
				c.turn(reply, func(string) string { return "3 pods" })
				reply, err = model.Ask(t.Context(), c, both, 500, func(string) {})
				assert.NoError(t, err)
				assert.Equal(t, "Fine.", reply.Text)
			})
		}
		wait.Wait()
		assert.Equal(t, 16, server.Count())
	})
}

// other is a client that is none of ours.
type other struct {
	llms.Model
	generate func(ctx context.Context, o llms.CallOptions) (*llms.ContentResponse, error)
}

func (o other) GenerateContent(ctx context.Context, _ []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var all llms.CallOptions
	for _, option := range options {
		option(&all)
	}
	return o.generate(ctx, all)
}

func TestAnyClientCanBeAsked(t *testing.T) {
	ctx, done := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		generate func(ctx context.Context, o llms.CallOptions) (*llms.ContentResponse, error)
		want     Reply
		err      string
	}{
		"choices are joined": {generate: func(_ context.Context, o llms.CallOptions) (*llms.ContentResponse, error) {
			assert.Equal(t, 7, o.MaxTokens)
			return &llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: "a"}, nil, {Content: "b", ToolCalls: []llms.ToolCall{call("1", "x", "{}"), {ID: "2"}}}}}, nil
		}, want: Reply{Text: "a\n\nb", Calls: []llms.ToolCall{call("1", "x", "{}")}, Stop: StopTools}},
		"nothing at all": {generate: func(context.Context, llms.CallOptions) (*llms.ContentResponse, error) { return nil, nil }, want: Reply{}},
		"panic":          {generate: func(context.Context, llms.CallOptions) (*llms.ContentResponse, error) { panic("odd") }, err: "internal: the client of other/x failed over the answer: odd"},
		"error": {generate: func(context.Context, llms.CallOptions) (*llms.ContentResponse, error) {
			return nil, errors.New("token=abcdefgh12345678 was bad")
		}, err: "internal: token=[redacted] was bad"},
		"fine, but too late": {generate: func(_ context.Context, o llms.CallOptions) (*llms.ContentResponse, error) {
			done()
			return &llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: "a pa"}}}, nil
		}, want: Reply{Text: "a pa", Stop: StopEnd}, err: "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			of := t.Context()
			if name == "fine, but too late" {
				of = ctx
			}
			reply, err := Wrap("other/x", other{generate: c.generate}).Ask(of, hello, nil, 7, nil)
			assert.Equal(t, c.want, reply)
			if c.err == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, c.err)
			if name == "panic" {
				assert.Contains(t, problemOf(t, err).Fix, "report this as a bug")
			}
		})
	}
}
