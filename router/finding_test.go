package router

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

func TestFallbackStatus(t *testing.T) {
	limit := &adapters.SourceError{Reason: adapters.LimitReached, Detail: "the day's limit is reached", Fix: "raise models.daily.cents"}
	for name, c := range map[string]struct {
		finding Finding
		reads   bool
		broken  bool
		status  Status
		summary string
	}{
		"an answer":            {Finding{Summary: "It does."}, true, false, StatusOK, "It does."},
		"prose without a read": {Finding{Summary: "It does.", Explanation: "I know it.", Unverified: []string{"7"}, Proposals: []Proposal{{Argv: []string{"rm"}}}, Doubts: []string{"rm?"}}, false, false, StatusNoData, noBearing},
		"a limit":              {Finding{Summary: "It does.", Short: "12 steps are used up"}, true, false, StatusPartial, "It does."},
		"a part":               {Finding{Summary: "It does."}, true, true, StatusPartial, "It does. Not checked: aws eu pods"},
		"no model":             {Finding{Problem: limit}, false, false, StatusError, "No intent covers this question, and the model could not look into it: the day's limit is reached; fix: raise models.daily.cents"},
		"no text":              {Finding{Problem: limit}, true, false, StatusError, "No intent covers this question, and the model could not look into it: the day's limit is reached; fix: raise models.daily.cents"},
		"half a text":          {Finding{Summary: "It", Problem: limit}, true, false, StatusPartial, "It"},
	} {
		t.Run(name, func(t *testing.T) {
			f := shop()
			if c.broken {
				f.failures = []adapters.Source{{Provider: "aws", Call: "pods", Scope: adapters.Scope{Cluster: "eu"}, At: noon, Error: &adapters.SourceError{Reason: adapters.TimedOut}}}
			}
			a := fallback(t, f, func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
				if c.reads {
					_, err := desk.Query(ctx, adapters.Query{})
					require.NoError(t, err)
				}
				c.finding.Usage = used
				return c.finding, nil
			})
			assert.Equal(t, c.status, a.Status)
			assert.Equal(t, c.summary, a.Summary)
			if a.Status == StatusNoData || c.finding.Summary == "" {
				assert.Empty(t, a.Explanation)
				assert.Empty(t, a.Unverified)
				assert.Empty(t, a.Proposals)
				assert.NotContains(t, a.Warnings, "rm?", "of what is not there")
			}
			assert.Equal(t, a.Status == StatusError, slices.ContainsFunc(a.Warnings, func(w string) bool { return strings.HasPrefix(w, "nearest intents: ") }))
			if c.finding.Problem != nil {
				assert.False(t, a.Coverage.Complete)
				require.NotEmpty(t, a.Coverage.NotChecked)
				last := a.Coverage.NotChecked[len(a.Coverage.NotChecked)-1]
				assert.Equal(t, NotChecked{Provider: "test", Target: "model", What: "the question", Reason: limit.Reason, Detail: limit.Detail, Fix: limit.Fix}, last)
			}
		})
	}
}

// What could not be read at all is the answer, not that the model found nothing in it. Where it found nothing in a part, the rest is told.
func TestFallbackWhereNothingCouldBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		reads   *fake
		status  Status
		summary string
	}{
		"nothing": {&fake{silent: true, failures: []adapters.Source{denied}}, StatusError, "Nothing could be read: kubernetes prod pods in production: permission denied; fix: " + denied.Error.Fix},
		"a part":  {&fake{failures: []adapters.Source{denied}}, StatusNoData, strings.TrimSuffix(noBearing, ".") + ". Not checked: kubernetes prod pods in production"},
	} {
		a := fallback(t, c.reads, func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
			_, err := desk.Query(ctx, adapters.Query{})
			return Finding{Summary: "It does.", Explanation: "I know it.", Usage: used}, err
		})
		assert.Equal(t, c.status, a.Status, name)
		assert.Equal(t, c.summary, a.Summary, name)
		assert.Empty(t, a.Explanation, name)
	}
}

// Of what it read, an answer tells the changes of what it names, the newest first, whoever read them.
func TestFallbackTellsWhatChanged(t *testing.T) {
	f := shop().rolledOut()
	other := f.changed[0]
	other.Resource, other.Name = id(adapters.KindDeployment, "search"), "search"
	f.changed = append(f.changed, other)
	for name, read := range map[string]func(context.Context, *Desk) error{
		"by itself": func(ctx context.Context, desk *Desk) error { _, err := desk.Changes(ctx, adapters.Query{}); return err },
		"by an intent": func(ctx context.Context, desk *Desk) error {
			_, err := desk.Ask(ctx, "change.of", intents.Slots{"service": "checkout-api"})
			return err
		},
	} {
		a := fallback(t, f, func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
			return Finding{Summary: "checkout-api changed.", Refs: []string{id(adapters.KindDeployment, "checkout-api")}, Usage: used}, read(ctx, desk)
		})
		require.GreaterOrEqual(t, len(a.Changes), 2, name)
		for i, c := range a.Changes {
			assert.Equal(t, id(adapters.KindDeployment, "checkout-api"), c.Ref, name)
			assert.False(t, i > 0 && c.At.After(a.Changes[i-1].At), name)
		}
	}
}

func TestFallbackThatIsRefusedInASentence(t *testing.T) {
	problem := &adapters.SourceError{Reason: adapters.Refused, Detail: "the model refused: I will not.", Fix: "ask in other words"}
	a := fallback(t, shop(), func(context.Context, Question, *Desk) (Finding, error) {
		return Finding{Problem: problem, Usage: used}, nil
	})
	assert.True(t, strings.HasSuffix(a.Summary, ": I will not; fix: ask in other words"), a.Summary)
}

// What the first line says is not said again, and what to do is never cut off.
func TestFallbackThatFailsIsShort(t *testing.T) {
	problem := &adapters.SourceError{Reason: adapters.LimitReached, Detail: "test answered with HTTP status 429: " + strings.Repeat("and so on, ", 30), Fix: "add credit, or raise the limit, of your account at test"}
	for _, f := range []Finding{{Problem: problem, Usage: used}, {Problem: problem, Usage: ModelUsage{Name: "test/model"}}} {
		a := fallback(t, shop(), func(context.Context, Question, *Desk) (Finding, error) { return f, nil })
		text := Text(a, TextLimits{})
		assert.True(t, strings.HasSuffix(a.Summary, "and so on…; fix: "+problem.Fix), a.Summary)
		assert.LessOrEqual(t, utf8.RuneCountInString(a.Summary), maxSummary)
		assert.Equal(t, 1, strings.Count(text, problem.Fix), text)
		assert.Equal(t, f.Usage.Steps > 0, strings.Contains(text, "\nmodel: test/model"), text)
		assert.Len(t, a.Coverage.NotChecked, 1)
	}
}

// A figure that is cut from its mark would pass for one that was read.
func TestFallbackKeepsMarksWhereItCuts(t *testing.T) {
	for n := range 400 {
		summary := strings.Repeat("it is so ", n/9) + strings.Repeat("x", n%9) + " with 4711 GB [unverified] of memory and more of it"
		for _, broken := range []bool{false, true} {
			f := shop()
			if broken {
				f.failures = []adapters.Source{{Provider: "aws", Call: "pods", Scope: adapters.Scope{Cluster: "eu"}, At: noon, Error: &adapters.SourceError{Reason: adapters.TimedOut}}}
			}
			a := fallback(t, f, func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
				_, err := desk.Query(ctx, adapters.Query{})
				return Finding{Summary: summary, Usage: used}, err
			})
			assert.LessOrEqual(t, utf8.RuneCountInString(a.Summary), maxSummary)
			if _, behind, found := strings.Cut(a.Summary, "4711"); found {
				assert.Contains(t, behind, Unverified)
			}
			if broken && !strings.Contains(a.Summary, "and more of it") {
				assert.Equal(t, summary, a.Explanation, "what is cut is not lost")
			}
		}
	}
}

func TestFallbackIsAsShortAsAnyAnswer(t *testing.T) {
	doubts := strings.Fields(strings.Repeat("4711 ", 2000))
	for name, text := range map[string]string{"escaped": strings.Repeat("&", 6000), "wide": strings.Repeat("😀", 6000), "words": strings.Repeat("so 7 [unverified] ", 350)} {
		for _, bytes := range []int{DefaultBytes, leastBytes} {
			a := ask(t, newFallback(t, shop(), func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
				_, err := desk.Query(ctx, adapters.Query{})
				return Finding{Summary: "It does.", Explanation: text, Unverified: doubts, Usage: used}, err
			}), Question{Text: twist, Bytes: bytes})
			written, err := json.Marshal(a)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(written), bytes, name)
			assert.NotEmpty(t, a.Explanation)
			assert.NotEmpty(t, a.Evidence)
		}
	}
}
