package agent

import (
	"context"
	"encoding/json"
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
	"clanker/router/agent/agenttest"
	"clanker/router/agent/models"
)

const cacheCall = `{"name":"session-cache"}`

func TestAnswersFromWhatToolsRead(t *testing.T) {
	r := newRig(t, nil, calls("get_resource", cacheCall, "list_changes", cacheCall),
		says("session-cache is degraded, with failover disabled.\nIt has 37 restarts, as checkout-api does.\nCOMMAND: [\"kubectl\",\"rollout\",\"restart\",\"deployment/checkout-api\",\"--namespace=production\",\"--context=prod-cluster\"]"))
	a := r.ask(t, router.Question{})
	assert.Equal(t, router.StatusOK, a.Status, a.Summary)
	assert.Equal(t, "session-cache is degraded, with failover disabled.", strings.TrimSuffix(a.Summary, " (demo data)"))
	assert.Contains(t, a.Explanation, "37 [unverified]")
	assert.Contains(t, a.Unverified, "37")
	require.NotEmpty(t, a.Items)
	assert.Equal(t, "session-cache", a.Items[0].Name)
	assert.NotEmpty(t, a.Evidence)
	require.Len(t, a.Proposals, 1)
	assert.Equal(t, []string{"kubectl", "rollout", "restart"}, a.Proposals[0].Argv[:3])
	use := a.Usage.Model
	require.NotNil(t, use)
	assert.Equal(t, []any{priced, 2, 2, 2000, 200}, []any{use.Name, use.Steps, use.ToolCalls, use.Input, use.Output})
	assert.NotEqual(t, "unknown", use.CostUSD)
	spent, err := r.books.Spent(t.Context(), agenttest.Clock().Add(-time.Hour), agenttest.Clock().Add(time.Hour), "")
	require.NoError(t, err)
	assert.Equal(t, router.Tokens{In: 2000, Out: 200, Cached: 600}, spent.Tokens)
}

func TestHistoryHasOnePartPerMessage(t *testing.T) {
	r := newRig(t, nil, calls("get_resource", cacheCall, "nonsense", `{"a":`, "list_changes", cacheCall), says("done"))
	r.ask(t, router.Question{})
	var roles []string
	for _, message := range r.actor.seen[1] {
		require.Len(t, message.Parts, 1)
		roles = append(roles, string(message.Role))
	}
	assert.Equal(t, []string{"system", "human", "ai", "ai", "ai", "tool", "tool", "tool"}, roles)
	assert.Contains(t, r.actor.results(1)[1].Content, "no such tool")
}

func TestPromptIsSmall(t *testing.T) {
	r := newRig(t, nil, says("done"))
	r.ask(t, router.Question{})
	said := func(n int) string { return r.actor.seen[0][n].Parts[0].(llms.TextContent).Text }
	tools := asJSON(t, r.actor.tools[0])
	t.Logf("system prompt: %d tokens, question: %d tokens, %d tools: %d tokens", len(said(0))/4, len(said(1))/4, len(r.actor.tools[0]), len(tools)/4)
	assert.Less(t, (len(said(0)+said(1))+len(tools))/4, 2500, "every turn pays for it")
	assert.Contains(t, said(0), "2026-11-22T14:02:11Z")
}

func TestLimits(t *testing.T) {
	look := 0
	for name, c := range map[string]struct {
		change func(*Settings)
		script []turn
		status router.Status
		says   string
	}{
		"steps": {func(s *Settings) { s.Limits.Steps = 2 },
			[]turn{calls("get_resource", cacheCall), calls("list_changes", cacheCall), says("It is degraded.")}, router.StatusPartial, "the limit of steps for a question, 2, is reached"},
		"tokens": {func(s *Settings) { s.Limits.Tokens = 62_000 },
			[]turn{dear(calls("get_resource", cacheCall)), says("It is degraded.")}, router.StatusPartial, "the limit of a question is 62000 tokens; "},
		"tokens at once": {func(s *Settings) { s.Limits.Tokens = 1000 },
			[]turn{says("never")}, router.StatusError, "; fix: raise models.tokens, or ask for less at once"},
		"money": {func(s *Settings) { s.Limits.Cost = new(int64(1000)) },
			[]turn{says("never")}, router.StatusError, "the limit of a question is 0.001 US dollars; 0.00 are spent, and going on may cost "},
		"the rest of the money": {func(s *Settings) { s.Limits.Cost = new(int64(500_000)) },
			[]turn{dear(calls("get_resource", cacheCall)), says("It is degraded.")}, router.StatusPartial, "the limit of a question is 0.50 US dollars; 0.27 are spent, and going on may cost "},
		"a day": {func(s *Settings) { s.Limits.Daily = new(int64(1000)) },
			[]turn{says("never")}, router.StatusError, "no more today: the limit is 0.001 US dollars; 0.00 are spent since 2026-11-22, and this call may cost 0."},
		"the rest of a day": {func(s *Settings) {
			s.Limits.DailyUnpriced = 9500
			s.Models = studio{s.Models.(studio).model, "openai/of-my-own"}
		}, []turn{calls("get_resource", cacheCall), says("never")}, router.StatusError, "no more today: the limit is 9500 tokens of models whose price is unknown"},
		"a day of an unknown price": {func(s *Settings) {
			s.Limits.DailyUnpriced = 100
			s.Models = studio{s.Models.(studio).model, "openai/of-my-own"}
		}, []turn{says("never")}, router.StatusError, "100 tokens of models whose price is unknown"},
		"the model's own": {func(s *Settings) { s.Models = studio{s.Models.(studio).model, "openai/gpt-4o"}; s.Limits.Cost = nil },
			[]turn{swollen(calls("get_resource", cacheCall)), says("It is degraded.")}, router.StatusPartial, "there is more to read than the model can take"},
		"the same again": {nil, []turn{calls("get_resource", cacheCall), calls("get_resource", cacheCall), calls("get_resource", cacheCall), says("It is degraded.")},
			router.StatusPartial, "it asked for the same again and again"},
		"endless": {nil, []turn{func(_ context.Context, _ []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
			if o.StreamingFunc != nil {
				return response("It is degraded.", "stop"), nil
			}
			look++
			return response("", "tool_calls", llms.ToolCall{ID: "x", FunctionCall: &llms.FunctionCall{Name: "list_resources", Arguments: fmt.Sprintf(`{"kinds":["cache"],"limit":%d}`, look)}}), nil
		}}, router.StatusPartial, "the limit of steps for a question, 12, is reached"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.change, c.script...)
			a := r.ask(t, router.Question{})
			assert.Equal(t, c.status, a.Status, a.Summary)
			assert.Contains(t, a.Summary+strings.Join(a.Warnings, "\n"), c.says)
			if c.status == router.StatusPartial {
				assert.Contains(t, a.Summary, "It is degraded.")
				closing := r.actor.seen[len(r.actor.seen)-1]
				assert.Contains(t, fmt.Sprint(closing[len(closing)-1]), "without calling tools, and say what remains unknown")
			} else {
				assert.NotContains(t, strings.Join(a.Warnings, "\n"), "told to conclude", "there is nothing left for that")
			}
			assert.LessOrEqual(t, a.Usage.Model.Steps, 13)
		})
	}
}

func TestTimeEndsWithWhatWasSaid(t *testing.T) {
	t.Parallel()
	enough := func(s *Settings) { s.Limits.Time = 5 * time.Second } // to read something on a busy machine
	late := func(ctx context.Context, _ []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
		if o.StreamingFunc == nil {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		_ = o.StreamingFunc(ctx, []byte("session-cache is degraded"))
		<-ctx.Done()
		return nil, ctx.Err()
	}
	a := newRig(t, enough, calls("get_resource", cacheCall), late).ask(t, router.Question{})
	assert.Equal(t, router.StatusPartial, a.Status)
	assert.Contains(t, a.Summary, "session-cache is degraded")
	assert.Equal(t, "the 5s of a question are over", a.Coverage.NotChecked[len(a.Coverage.NotChecked)-1].Detail)
	assert.NotContains(t, strings.Join(a.Warnings, " "), "models.seconds", "what is not checked says it")
	assert.Equal(t, adapters.LimitReached, a.Coverage.NotChecked[len(a.Coverage.NotChecked)-1].Reason)

	short := func(s *Settings) { s.Limits.Time = 300 * time.Millisecond }
	a = newRig(t, short, hangs).ask(t, router.Question{})
	assert.Equal(t, router.StatusError, a.Status)
	assert.Contains(t, a.Summary, "the 210ms for reading, of the 300ms of a question, are over; fix: ask for less at once, choose a faster model, or raise models.seconds")
	assert.NotContains(t, strings.Join(a.Warnings, " "), "models.seconds", "what the error says is not said again")
}

// A key may be printed by a command, which may wait for somebody.
func TestTimeThatTheKeyTakes(t *testing.T) {
	t.Parallel()
	slow := func(s *Settings) { s.Models, s.Limits.Time = waiting{s.Models}, 50*time.Millisecond }
	r := newRig(t, slow, says("never"))
	a := r.ask(t, router.Question{})
	assert.Equal(t, router.StatusError, a.Status)
	assert.Contains(t, a.Summary, "its key was not found within the 50ms of a question; fix: run the command of the key by hand")
	trial, err := r.agent.Try(t.Context(), priced)
	require.NoError(t, err)
	assert.Contains(t, trial.Problem.Detail, "its key was not found within the 50ms")
	assert.Equal(t, priced, trial.Name)
}

// waiting are models whose keys nobody hands out.
type waiting struct{ Models }

func (waiting) Open(ctx context.Context, _ string) (*models.Model, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestCutOff(t *testing.T) {
	t.Parallel()
	cut := func(text string) turn {
		return func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
			return response(text, "length"), nil
		}
	}
	const why = "the model was cut off, at the 6000 tokens of a turn or the end of its context; fix: ask for less at once, or choose a model with a larger context"
	a := newRig(t, nil, calls("get_resource", cacheCall), cut("session-cache is degraded, because")).ask(t, router.Question{})
	assert.Equal(t, router.StatusPartial, a.Status)
	assert.Contains(t, a.Summary, "session-cache is degraded, because…")
	assert.Contains(t, a.Warnings, why)
	a = newRig(t, nil, calls("get_resource", cacheCall), cut("")).ask(t, router.Question{})
	assert.Equal(t, router.StatusError, a.Status)
	assert.Contains(t, a.Summary, why)
	assert.NotContains(t, a.Warnings, why, "it is said already")
}

func TestProblemsOfModels(t *testing.T) {
	limited := &adapters.SourceError{Reason: adapters.RateLimited, Detail: "slow down", RetryAfter: 30 * time.Second, Fix: "wait"}
	for name, c := range map[string]struct {
		model  string
		script turn
		want   router.NotChecked
	}{
		"no key":     {"broken", says(""), router.NotChecked{Provider: "broken", Reason: adapters.NoCredentials, Detail: "no key", Fix: "set ANTHROPIC_API_KEY"}},
		"rate limit": {"", fails(limited), router.NotChecked{Provider: "anthropic", Target: "claude-opus-4-6", Reason: adapters.RateLimited, Detail: "slow down", RetryAfter: 30, Fix: "wait"}},
		"silence":    {"", says(" \n"), router.NotChecked{Provider: "anthropic", Target: "claude-opus-4-6", Reason: adapters.Internal, Detail: "the model answered with no text", Fix: "ask again, or choose another model"}},
		"refusal": {"", func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
			return response("I must not.", "refusal"), nil
		}, router.NotChecked{Provider: "anthropic", Target: "claude-opus-4-6", Reason: adapters.Refused, Detail: "the model refused: I must not.", Fix: "ask in other words, or choose another model"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newRig(t, nil, c.script).ask(t, router.Question{Model: c.model})
			assert.Equal(t, router.StatusError, a.Status)
			c.want.What = "the question"
			assert.Equal(t, c.want, a.Coverage.NotChecked[len(a.Coverage.NotChecked)-1])
			assert.Contains(t, a.Summary, c.want.Fix)
		})
	}
}

func TestWithoutAModelItIsDeclined(t *testing.T) {
	a := newRig(t, nil, says("")).ask(t, router.Question{Model: "none"})
	assert.Equal(t, router.StatusUnsupported, a.Status)
	assert.Contains(t, a.Warnings[len(a.Warnings)-1], "set models.default")
}

func TestKeepsToWhatItsModelCosts(t *testing.T) {
	limit := errors.New("disk full")
	r := newRig(t, nil, says("never"))
	r.agent.books = brokenBooks{limit}
	a := r.ask(t, router.Question{})
	assert.Equal(t, router.StatusError, a.Status)
	assert.Contains(t, a.Summary, "what models cost cannot be kept, so none is asked: disk full")
	assert.Empty(t, r.actor.seen)
}

type brokenBooks struct{ err error }

func (b brokenBooks) Reserve(context.Context, router.Spend, router.SpendLimit) error   { return b.err }
func (b brokenBooks) Settle(context.Context, string, router.Tokens, router.Cost) error { return b.err }
func (b brokenBooks) Note(context.Context, router.Investigation) error                 { return b.err }

func TestParallelCallsRunAtOnceAndKeepTheirOrder(t *testing.T) {
	var pairs []string
	for i := range 10 {
		pairs = append(pairs, "get_logs", fmt.Sprintf(`{"name":"checkout-api","tail":%d}`, i+1))
	}
	r := newRig(t, nil, calls(pairs...), says("done"))
	r.ask(t, router.Question{})
	results := r.actor.results(1)
	require.Len(t, results, 10)
	for i, result := range results {
		assert.Equal(t, i >= mostCalls, strings.Contains(result.Content, "at most 8 tools in one turn"), i)
	}
}

func TestResearchGoesToItsModel(t *testing.T) {
	change := func(s *Settings) { s.Research = "openai/gpt-5.4" }
	for question, want := range map[string]string{
		twist: priced,
		"is session-cache the reason that carts vanish": "openai/gpt-5.4",
	} {
		r := newRig(t, change, calls("get_resource", cacheCall), says("done"))
		a := r.ask(t, router.Question{Text: question})
		require.NotNil(t, a.Usage.Model, a.Status)
		assert.Equal(t, want, a.Usage.Model.Name, question)
		assert.Equal(t, "cohere/command-a-03-2025", r.ask(t, router.Question{Text: question, Model: "cohere/command-a-03-2025"}).Usage.Model.Name, "what the asker chose goes first")
	}
}

func TestTwoQuestionsWithTwoModelsAtOnce(t *testing.T) {
	r := newRig(t, nil, func(_ context.Context, messages []llms.MessageContent, _ llms.CallOptions) (*llms.ContentResponse, error) {
		if len(messages) == 2 {
			return calls("get_resource", cacheCall)(t.Context(), messages, llms.CallOptions{})
		}
		return response("done", "stop"), nil
	})
	var both sync.WaitGroup
	for _, model := range []string{"openai/gpt-5.4", "ollama/gemma4:31b", priced, "google/gemini-3-pro"} {
		both.Go(func() {
			a := r.ask(t, router.Question{Model: model})
			assert.Equal(t, model, a.Usage.Model.Name)
			assert.Equal(t, 2, a.Usage.Model.Steps)
		})
	}
	both.Wait()
}

func TestCancelledQuestionsEnd(t *testing.T) {
	r := newRig(t, nil, hangs)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := r.router.Route(ctx, router.Question{Text: twist})
		ended <- err
	}()
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
}

func TestInvestigationsAreNoted(t *testing.T) {
	r := newRig(t, nil, calls("get_resource", `{"name":"session-cache","kind":"cache"}`), says("It is degraded."))
	noted := &notes{Books: r.books}
	r.agent.books = noted
	a := r.ask(t, router.Question{Text: twist + " with password=hunter2hunter2"})
	require.Len(t, noted.all, 1)
	i := noted.all[0]
	assert.Equal(t, a.AnswerID, i.Answer)
	assert.Equal(t, router.Tokens{In: 2000, Out: 200, Cached: 600}, i.Tokens)
	assert.NotContains(t, i.Question, "hunter2hunter2")
	require.Len(t, i.Uses, 1)
	assert.JSONEq(t, `{"name":"session-cache","kind":"cache"}`, string(i.Uses[0].Arguments))
	assert.True(t, i.Uses[0].OK)
}

type notes struct {
	Books
	all []router.Investigation
}

func (n *notes) Note(_ context.Context, i router.Investigation) error {
	n.all = append(n.all, i)
	return nil
}

func TestWordsOfCommands(t *testing.T) {
	for command, want := range map[string]string{
		`["kubectl","get","pods"]`:        `["kubectl","get","pods"]`,
		"kubectl get pods -n web":         `["kubectl","get","pods","-n","web"]`,
		"kubectl get pods; rm -rf /":      "",
		`["kubectl", 1]`:                  "",
		`kubectl annotate x "a b"`:        "",
		"kubectl logs $(cat /etc/passwd)": "",
	} {
		argv, err := words(command)
		if want == "" {
			assert.Error(t, err, command)
			continue
		}
		require.NoError(t, err)
		assert.JSONEq(t, want, asJSON(t, argv))
	}
}

func TestCommandsThatNobodyCouldRunAreLeftOut(t *testing.T) {
	a := newRig(t, nil, calls("get_resource", `{"name":"session-cache"}`), says("Roll it back.\nCOMMAND: rm -rf /\nCOMMAND: kubectl rollout undo deployment/session-cache --namespace=production")).ask(t, router.Question{})
	require.Len(t, a.Proposals, 1)
	assert.Equal(t, "for: "+twist, a.Proposals[0].Reason)
	require.Len(t, a.Warnings, 1)
	assert.Contains(t, a.Warnings[0], `a command that the model wrote is left out (rm -rf /): refused: "rm" is not a tool`)
}

// Who acts on a command must know that nobody has seen what it names. How many there are to be nobody can have read.
func TestCommandsThatNameWhatNobodyReadSaySo(t *testing.T) {
	for command, unread := range map[string]string{
		"kubectl scale deployment/session-cache --replicas=77 --namespace=production": "",
		"kubectl scale deployment session-cache --replicas=77 --namespace=production": "",
		"kubectl scale deployment/invented-thing --replicas=77 --namespace=nowhere":   "deployment/invented-thing, nowhere",
		"kubectl set image deployment/session-cache app=evil/image:1":                 "app=evil/image:1",
	} {
		a := newRig(t, nil, calls("get_resource", `{"name":"session-cache"}`), says("Do this.\nCOMMAND: "+command)).ask(t, router.Question{})
		require.Len(t, a.Proposals, 1, command)
		var want []string
		if unread != "" {
			want = []string{"the proposed command (" + command + ") names what no tool returned: " + unread}
		}
		assert.Equal(t, want, a.Warnings, command)
	}
}

// A command is the model's own text, of any length and with any character.
func TestWarningsOfCommandsAreShort(t *testing.T) {
	long := strings.Repeat("x", 2*longestNamed)
	for _, command := range []string{`["kubectl","delete","pod","\u001b[31m` + long + `"]`, "kubectl delete pod " + long} {
		warnings := newRig(t, nil, calls("get_resource", cacheCall), says("Do this.\nCOMMAND: "+command)).ask(t, router.Question{}).Warnings
		require.Len(t, warnings, 1)
		assert.Less(t, len(warnings[0]), 3*longestNamed)
		assert.Equal(t, router.Printable(warnings[0]), warnings[0])
	}
}

func TestRedactedArgumentsStayAnObject(t *testing.T) {
	i := &inquiry{model: models.Wrap("", nil)}
	for arguments, want := range map[string]bool{`{"grep":"password=hunter2hunter2"}`: true, `{}`: true, `{"a":`: false, `[]`: false, `null`: false, ``: false} {
		got, ok := i.redacted(arguments)
		assert.Equal(t, want, ok, arguments)
		assert.Equal(t, want, json.Valid([]byte(got)), arguments)
		assert.NotContains(t, got, "hunter2hunter2")
	}
}
