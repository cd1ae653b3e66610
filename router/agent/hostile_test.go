package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/router"
	"clanker/router/agent/agenttest"
)

// told is a turn whose server tells these tokens.
func told(of turn, in, out int) turn {
	return func(ctx context.Context, messages []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
		response, err := of(ctx, messages, o)
		response.Choices[0].GenerationInfo = map[string]any{"PromptTokens": in, "CompletionTokens": out}
		return response, err
	}
}

// Whatever a model calls, what is kept of it and what it is told again are bounded, and are what every provider takes.
func TestCallsThatNoToolTakes(t *testing.T) {
	const mega = 1 << 20
	var flood []string
	for i := range 5000 {
		flood = append(flood, "get_resource", fmt.Sprintf(`{"name":"a%d"}`, i))
	}
	unlimited := func(s *Settings) { s.Limits.Tokens, s.Limits.Cost, s.Limits.Daily = 0, nil, nil }
	for name, script := range map[string]turn{
		"thousands":       calls(flood...),
		"long arguments":  calls("get_resource", `{"name":"`+strings.Repeat("password=a ", mega)+`"}`),
		"deep arguments":  calls("get_resource", strings.Repeat(`{"a":`, 9000)+"1"+strings.Repeat("}", 9000)),
		"a long name":     calls(strings.Repeat("n\x1b[31m\u202e", mega), `{}`),
		"another's name":  calls("functions.get_resource<|channel|>", `{}`),
		"no name at all":  calls("", `{}`),
		"a name of bytes": calls("\xff\xfe", `{}`),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, unlimited, script, says("done"))
			noted := &notes{Books: r.books}
			r.agent.books = noted
			r.ask(t, router.Question{Step: func(text string) { assert.Equal(t, router.Printable(text), text) }})
			require.Len(t, noted.all, 1)
			assert.Less(t, len(asJSON(t, noted.all[0])), 20_000)
			assert.Less(t, len(asJSON(t, r.actor.seen[1])), 50_000)
			for _, message := range r.actor.seen[1] {
				if call, ok := message.Parts[0].(llms.ToolCall); ok {
					assert.Regexp(t, `^[a-zA-Z0-9_-]{1,64}$`, call.FunctionCall.Name)
				}
			}
		})
	}
}

// What a server does not tell is reckoned with, whatever the turn brought; what no model takes breaks no sum.
func TestTurnsAreNeverFree(t *testing.T) {
	for name, c := range map[string]struct {
		first turn
		in    int // tokens, at least
		out   int
	}{
		"calls without usage": {told(calls("list_changes", `{"name":"`+strings.Repeat("x", 9000)+`"}`), 0, 0), 1000, 3000},
		"output alone":        {told(calls("get_resource", cacheCall), 0, 700), 1000, 700},
		"input alone":         {told(calls("get_resource", cacheCall), 5000, 0), 5000, 1},
		"less than nothing":   {told(calls("get_resource", cacheCall), -5, math.MinInt), 1000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := newRig(t, nil, c.first, told(says("done"), 1, 1)).ask(t, router.Question{})
			assert.GreaterOrEqual(t, a.Usage.Model.Input, c.in+1)
			assert.GreaterOrEqual(t, a.Usage.Model.Output, c.out+1)
		})
	}
	absurd := newRig(t, func(s *Settings) { s.Limits.Cost, s.Limits.Daily = nil, nil }, told(calls("get_resource", cacheCall), math.MaxInt, math.MaxInt)).ask(t, router.Question{})
	assert.Equal(t, 1, absurd.Usage.Model.Steps, "the limit of tokens holds")
	assert.Positive(t, absurd.Usage.Model.Input)
}

// A stream that a vendor breaks off for its own reasons has been paid for as far as it came.
func TestABrokenStreamIsPaid(t *testing.T) {
	same := calls("get_resource", cacheCall)
	a := newRig(t, nil, same, same, same, func(ctx context.Context, _ []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
		_ = o.StreamingFunc(ctx, []byte("session-cache is degraded"))
		return nil, &adapters.SourceError{Reason: adapters.RateLimited, Detail: "overloaded"}
	}).ask(t, router.Question{})
	assert.Equal(t, router.StatusPartial, a.Status)
	assert.Equal(t, 300+DefaultLimits().Output, a.Usage.Model.Output)
}

// Whatever the limit, what was read before it was reached comes to an answer.
func TestALimitLeavesAnAnswer(t *testing.T) {
	for most := 18_000; most <= 60_000; most += 2000 {
		look := 0
		reads := func(ctx context.Context, messages []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
			if o.StreamingFunc != nil {
				return says("It is degraded.")(ctx, messages, o)
			}
			var pairs []string
			for range mostCalls {
				look++
				pairs = append(pairs, "list_resources", fmt.Sprintf(`{"kinds":["pod","deployment","service","node"],"limit":%d}`, 100-look%90))
			}
			return told(calls(pairs...), estimate(messages, o.Tools), 400)(ctx, messages, o)
		}
		a := newRig(t, func(s *Settings) { s.Limits.Tokens = most }, reads).ask(t, router.Question{})
		assert.Equal(t, router.StatusPartial, a.Status, "%d: %s", most, a.Summary)
		assert.LessOrEqual(t, a.Usage.Model.Input+a.Usage.Model.Output, most)
	}
}

// What looks like a secret is no more passed on from a model than from a provider.
func TestNoSecretOfAModelIsTold(t *testing.T) {
	for _, stop := range []string{"stop", "refusal"} {
		a := newRig(t, nil, calls("get_resource", cacheCall), func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
			return response("It is degraded: password=hunter2hunter2.\nI know password=hunter2hunter2.\nCOMMAND: [\"kubectl\",\"get\",\"pods\",\"--token=hunter2hunter2\"]", stop), nil
		}).ask(t, router.Question{})
		assert.Contains(t, a.Summary, "password=[redacted]")
		assert.NotContains(t, asJSON(t, a), "hunter2hunter2")
	}
}

// A secret that is one only when what cannot be seen is taken out of it, or what is escaped in it is read, is none less; nor is one that
// stands where a text is cut.
func TestNoSecretIsToldInPieces(t *testing.T) {
	const first, second = "ghp_abcdefghij", "klmnopqrstuvwxyz0123456789"
	said := func(text string) []turn { return []turn{calls("get_resource", cacheCall), says(text)} }
	for name, script := range map[string][]turn{
		"invisible":  said("It is " + first + "\u200b" + second),
		"coloured":   said("It is " + first + "\x1b[31m" + second),
		"a tag":      said("It is " + first + "<b>" + second),
		"a mark":     said("It is " + first + "[unverified]" + second),
		"cut":        said(strings.Repeat("It is degraded. ", 374) + first + second),
		"a command":  said("It is degraded.\nCOMMAND: [\"kubectl\",\"get\",\"pods\",\"\\u0067" + first[1:] + second + "\"]"),
		"a bad verb": said("It is degraded.\nCOMMAND: [\"kubectl\",\"\\u0067" + first[1:] + second + "\"]"),
		"half JSON":  said("It is degraded.\nCOMMAND: [\"kubectl\",\"\\u0067" + first[1:] + second + "\","),
		"no command": said("It is degraded.\nCOMMAND: kubectl get pods; " + first + "\u200b" + second),
		"a tool":     {calls(first+"\u200b"+second, "{}"), says("done")},
		"a name":     {calls("list_resources", `{"namespace":"\u0067`+first[1:]+second+`"}`), says("done")},
		"a key":      {calls("list_resources", `{"`+first+second+`":true}`), says("done")},
		"a refusal": {calls("get_resource", cacheCall), func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
			return response("I know "+first+"\u200b"+second, "refusal"), nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil, script...)
			noted := &notes{Books: r.books}
			r.agent.books = noted
			a := r.ask(t, router.Question{})
			require.Len(t, noted.all, 1)
			all := asJSON(t, a) + router.Text(a, router.TextLimits{}) + asJSON(t, noted.all)
			assert.NotContains(t, all, first[1:])
			assert.NotContains(t, all, second)
		})
	}
}

// A turn that failed is paid for where the model may have been at work, also when whoever asked gave up.
func TestFailedTurnsArePaid(t *testing.T) {
	failed := func(reason adapters.Reason, why error) error { return &adapters.SourceError{Reason: reason, Err: why} }
	for name, c := range map[string]struct {
		err  error
		paid bool
	}{
		"too late": {failed(adapters.TimedOut, nil), true}, "cut off": {failed(adapters.Unreachable, nil), true}, "blocked": {failed(adapters.Refused, nil), true},
		"no answer of a model": {failed(adapters.Internal, nil), true}, "nobody there": {failed(adapters.Unreachable, &net.OpError{Op: "dial"}), false},
		"too often": {failed(adapters.RateLimited, nil), false}, "no key": {failed(adapters.ExpiredCredentials, nil), false}, "given up": {context.Canceled, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r := newRig(t, nil, func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
				if errors.Is(c.err, context.Canceled) {
					cancel()
				}
				return nil, c.err
			})
			a, err := r.router.Route(ctx, router.Question{Text: twist})
			cancel()
			assert.Equal(t, errors.Is(c.err, context.Canceled), err != nil)
			spent, err := r.books.Spent(t.Context(), agenttest.Clock(), time.Time{}, "")
			require.NoError(t, err)
			assert.Equal(t, []any{1, c.paid, c.paid}, []any{spent.Calls, spent.Tokens.Out == DefaultLimits().Output, spent.Cost > 0})
			assert.Equal(t, c.paid && a.AnswerID != "", strings.Contains(strings.Join(a.Warnings, "\n"), "the most that it can have cost counts"))
		})
	}
}
