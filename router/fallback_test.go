package router

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

// looksInto is a fallback made of a function.
type looksInto func(ctx context.Context, q Question, desk *Desk) (Finding, error)

func (f looksInto) Answer(ctx context.Context, q Question, desk *Desk) (Finding, error) {
	return f(ctx, q, desk)
}

// twist is a question that no intent covers, though it is about the estate.
const twist = "does search lean on the same box as checkout-api by any chance"

func fallback(t *testing.T, w Workspace, f looksInto) Answer {
	t.Helper()
	return ask(t, newFallback(t, w, f), Question{Text: twist})
}

func newFallback(t *testing.T, w Workspace, f looksInto) *Router {
	t.Helper()
	m, err := small()
	require.NoError(t, err)
	return New(m, w, Options{Now: func() time.Time { return noon }, Entropy: zeros{}, Fallback: f})
}

// used is what a model costs in these tests.
var used = ModelUsage{Name: "test/model", Steps: 2, ToolCalls: 1, Input: 900, Output: 100, CostUSD: "0.01"}

func TestFallbackAnswersFromWhatItRead(t *testing.T) {
	a := fallback(t, shop(), func(ctx context.Context, q Question, desk *Desk) (Finding, error) {
		assert.Equal(t, twist, desk.Question())
		_, err := desk.Query(ctx, adapters.Query{Kinds: []adapters.Kind{adapters.KindDeployment}})
		return Finding{Summary: "Both run on node-1.", Explanation: "search is healthy.\nIt runs 7 [unverified] pods.", Unverified: []string{"7"},
			Refs: []string{id(adapters.KindDeployment, "search"), "nowhere"}, Usage: used}, err
	})
	assert.Equal(t, StatusOK, a.Status)
	assert.Equal(t, "Both run on node-1.", a.Summary)
	assert.Equal(t, &AnsweredIntent{ID: FallbackIntent, Topic: intents.TopicDiagnose, Source: "model", Alternatives: a.Intent.Alternatives}, a.Intent)
	require.Len(t, a.Items, 1, "what is named and was read")
	assert.Equal(t, "search", a.Items[0].Name)
	require.Len(t, a.Evidence, 1)
	assert.Equal(t, "list", a.Evidence[0].Source)
	assert.True(t, a.Coverage.Complete)
	assert.Equal(t, []string{"/explanation", "/summary"}, a.Untrusted)
	assert.Equal(t, &used, a.Usage.Model)
	text := Text(a, TextLimits{})
	assert.Contains(t, text, "\n> It runs 7 [unverified] pods.\n")
	assert.Contains(t, text, "\nmodel: test/model, 2 steps, 1 tool call, 1000 tokens, 0.01 USD; unverified: 7\n")
}

func TestFallbackIsNotAskedWhere(t *testing.T) {
	for name, q := range map[string]Question{
		"an intent covers it":    {Text: "are all services healthy"},
		"it is nobody's":         {Text: "what is a deployment"},
		"it is asked repeatedly": {Text: twist, Unaided: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newFallback(t, shop(), func(context.Context, Question, *Desk) (Finding, error) {
				t.Error("a model was asked")
				return Finding{}, nil
			})
			assert.Nil(t, ask(t, r, q).Usage.Model)
		})
	}
}

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
		"prose without a read": {Finding{Summary: "It does.", Explanation: "I know it."}, false, false, StatusNoData, noBearing},
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
			assert.Equal(t, a.Status == StatusNoData, a.Explanation == "" && c.finding.Explanation != "")
			if c.finding.Problem != nil {
				assert.False(t, a.Coverage.Complete)
				require.NotEmpty(t, a.Coverage.NotChecked)
				last := a.Coverage.NotChecked[len(a.Coverage.NotChecked)-1]
				assert.Equal(t, NotChecked{Provider: "test", Target: "model", What: "the question", Reason: limit.Reason, Detail: limit.Detail, Fix: limit.Fix}, last)
			}
		})
	}
}

func TestFallbackWithoutAModelDeclines(t *testing.T) {
	a := fallback(t, shop(), func(context.Context, Question, *Desk) (Finding, error) {
		return Finding{Problem: &adapters.SourceError{Reason: adapters.NotConfigured, Fix: "set models.default"}}, nil
	})
	assert.Equal(t, StatusUnsupported, a.Status)
	assert.Nil(t, a.Intent)
	assert.Nil(t, a.Usage.Model)
	assert.Equal(t, "or have a model look into such questions: set models.default", a.Warnings[len(a.Warnings)-1])
}

func TestFallbackThatFails(t *testing.T) {
	r := newFallback(t, shop(), func(context.Context, Question, *Desk) (Finding, error) { return Finding{}, errors.New("broken") })
	_, err := r.Route(t.Context(), Question{Text: twist})
	assert.ErrorContains(t, err, "broken")
}

// masking is a workspace that has masked something in each read.
type masking struct{ *fake }

func (m masking) Query(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	s, err := m.fake.Query(ctx, q)
	s.Redactions = map[string]int{"token": 1}
	return s, err
}

func TestDeskAsksIntents(t *testing.T) {
	f := shop()
	f.demo = true
	a := fallback(t, masking{f}, func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
		_, err := desk.Ask(ctx, "no.such", nil)
		require.ErrorContains(t, err, `no intent "no.such"`)
		var in string
		for _, i := range desk.Catalog().Intents {
			if i.Action == intents.ActionList && i.Verdict {
				in = i.ID
				break
			}
		}
		given, err := desk.Ask(ctx, in, intents.Slots{})
		require.NoError(t, err)
		assert.NotEmpty(t, given.Summary)
		assert.Equal(t, "model", given.Intent.Source)
		assert.NotEmpty(t, given.Evidence)
		return Finding{Summary: given.Summary, Usage: used}, nil
	})
	assert.Equal(t, StatusOK, a.Status)
	assert.NotEmpty(t, a.Evidence, "what the intent read is evidence of the answer")
	assert.True(t, a.Demo)
	assert.Equal(t, []string{"token"}, a.Redactions.Kinds)
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

func TestFallbackTellsWhatItDoes(t *testing.T) {
	var steps []string
	r := newFallback(t, shop(), func(_ context.Context, _ Question, desk *Desk) (Finding, error) {
		desk.Step("looking around")
		return Finding{Summary: "It does.", Short: "the 12 steps are used up", Warnings: []string{"mind it"}, Proposals: []Proposal{{Argv: []string{"kubectl"}}}, Usage: used}, nil
	})
	a := ask(t, r, Question{Text: twist, Step: func(text string) { steps = append(steps, text) }})
	assert.Equal(t, []string{"no intent covers this: a model looks into it", "looking around", "composing the answer"}, steps)
	assert.Subset(t, a.Warnings, []string{"mind it", "the 12 steps are used up"})
	assert.Len(t, a.Proposals, 1)
}

// Tools run at the same time, and one may still run when the model has given up.
func TestDeskIsForManyAndEnds(t *testing.T) {
	release, late := make(chan struct{}), sync.WaitGroup{}
	var kept *Desk
	a := fallback(t, shop(), func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
		kept = desk
		var both sync.WaitGroup
		for range 8 {
			both.Go(func() { _, _ = desk.Query(ctx, adapters.Query{}) })
		}
		late.Go(func() { <-release; _, _ = desk.Changes(context.Background(), adapters.Query{}) })
		both.Wait()
		return Finding{Summary: "It does.", Usage: used}, nil
	})
	close(release)
	late.Wait()
	assert.Len(t, a.Evidence, 8)
	assert.Len(t, kept.shown.resources, 8)
}

func TestFallbackIsRemembered(t *testing.T) {
	notes := &notebook{}
	m, err := small()
	require.NoError(t, err)
	r := New(m, shop(), Options{Now: func() time.Time { return noon }, Memory: notes, Fallback: looksInto(func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
		_, err := desk.Query(ctx, adapters.Query{})
		return Finding{Summary: "search does.", Refs: []string{id(adapters.KindDeployment, "search")}, Usage: used}, err
	})})
	first := ask(t, r, Question{Text: twist})
	require.Len(t, notes.looks, 1)
	look := notes.looks[0]
	assert.Equal(t, first.AnswerID, look.AnswerID)
	assert.Equal(t, []string{id(adapters.KindDeployment, "search")}, look.Subject.Refs, "what \"it\" is, next time")
	assert.True(t, look.Partial, "another time the model may name other things")
	ask(t, r, Question{Text: "does checkout-api lean on anything odd by any chance"})
	assert.NotEqual(t, look.Key, notes.looks[1].Key, "another question is another look")
}

// What an answer showed is what "it" may be, for a model too; one that found nothing out shows nothing.
func TestFallbackIsToldWhatTheAnswerBeforeShowed(t *testing.T) {
	m, err := small()
	require.NoError(t, err)
	var finding Finding
	var asked string
	var refs []string
	r := New(m, shop(), Options{Now: func() time.Time { return noon }, Memory: &notebook{}, Fallback: looksInto(func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
		asked, refs = desk.Earlier()
		_, err := desk.Query(ctx, adapters.Query{})
		return finding, err
	})})
	question := func(text string) { ask(t, r, Question{Text: text, Asker: agent("claude")}) }
	shown := []string{id(adapters.KindDeployment, "search"), id(adapters.KindDeployment, "checkout-api")}
	finding = Finding{Summary: "search does.", Refs: shown, Usage: used}
	question(twist)
	assert.Empty(t, refs)
	finding = Finding{Problem: &adapters.SourceError{Reason: adapters.Refused}, Usage: used}
	for _, text := range []string{"does it lean on anything odd by any chance", "tell my boss which of them would hurt most if they fail by any chance"} {
		question(text)
		assert.Equal(t, twist, asked)
		assert.Equal(t, shown, refs)
	}
	question("does search lean on a box of checkout-api by any chance")
	assert.Empty(t, refs, "it stands alone")
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

func TestFallbackKeepsToTheContextOfTheAsker(t *testing.T) {
	f := shop()
	f.connections = []adapters.Connection{{Provider: "kubernetes", Name: "prod", Scope: adapters.Scope{Cluster: "prod"}}}
	f.changed = []adapters.Change{deployed("replicas", 2.0, 3.0), deployed("replicas", 2.0, 3.0)}
	f.changed[1].Scope.Cluster, f.changed[1].Resource = "staging", id(adapters.KindDeployment, "elsewhere")
	r := newFallback(t, f, func(ctx context.Context, _ Question, desk *Desk) (Finding, error) {
		for _, read := range []func(context.Context, adapters.Query) (adapters.Snapshot, error){desk.Query, desk.Changes, desk.Logs} {
			s, err := read(ctx, adapters.Query{Scope: adapters.Scope{Cluster: "staging", Account: "acme", Namespace: "web"}})
			require.NoError(t, err)
			assert.Equal(t, adapters.Scope{Cluster: "prod", Namespace: "web"}, s.Query.Scope)
			assert.Equal(t, []string{"kubernetes"}, s.Query.Providers)
		}
		for _, q := range []adapters.Query{{}, {Scope: adapters.Scope{Account: "acme"}}} {
			s, err := desk.Query(ctx, q)
			require.NoError(t, err)
			assert.NotEmpty(t, s.Resources)
			for _, found := range s.Resources {
				assert.Equal(t, "prod", found.Scope.Cluster, found.ID)
			}
		}
		var in string
		for _, i := range desk.Catalog().Intents {
			if i.Action == intents.ActionList && i.Verdict {
				in = i.ID
				break
			}
		}
		changed, err := desk.Ask(ctx, "change.recent", intents.Slots{})
		require.NoError(t, err)
		assert.Len(t, changed.Changes, 1, "the other one is elsewhere")
		given, err := desk.Ask(ctx, in, intents.Slots{"cluster": "staging"})
		require.NoError(t, err)
		assert.Equal(t, StatusOK, given.Status, "%s: there is nothing in staging", given.Summary)
		return Finding{Summary: "It does.", Usage: used}, nil
	})
	assert.Equal(t, StatusOK, ask(t, r, Question{Text: twist, Context: "prod"}).Status)
	assert.Equal(t, StatusNeedsInput, ask(t, r, Question{Text: twist, Context: "nowhere"}).Status)
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

func TestFallbackIsToldNoSecret(t *testing.T) {
	var told string
	r := newFallback(t, shop(), func(_ context.Context, _ Question, desk *Desk) (Finding, error) {
		told = desk.Question()
		return Finding{Summary: "It does.", Usage: used}, nil
	})
	ask(t, r, Question{Text: twist + " with password=hunter2hunter2"})
	assert.Equal(t, twist+" with password=[redacted]", told)
}
