package router

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

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

func TestFallbackIsToldNoSecret(t *testing.T) {
	var told string
	r := newFallback(t, shop(), func(_ context.Context, _ Question, desk *Desk) (Finding, error) {
		told = desk.Question()
		return Finding{Summary: "It does.", Usage: used}, nil
	})
	ask(t, r, Question{Text: twist + " with password=hunter2hunter2"})
	assert.Equal(t, twist+" with password=[redacted]", told)
}
