package router

import (
	"bytes"
	"context"
	"errors"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func TestNewNamesAreLearntOnceBeforeTheyCountAsUnknown(t *testing.T) {
	f := shop()
	nothing := adapters.NewNames(nil)
	f.known = &nothing
	a := route(t, f, Question{Text: "is checkout-api healthy"})
	assert.Equal(t, StatusOK, a.Status)
	assert.Equal(t, 1, f.fresh)

	f = shop()
	assert.Equal(t, StatusNoData, route(t, f, Question{Text: "is nosuchthing healthy"}).Status)
	assert.Equal(t, 1, f.fresh, "an unknown name is looked for once")
	f = shop()
	route(t, f, Question{Text: "is checkout-api healthy"})
	assert.Zero(t, f.fresh, "a known name costs nothing")
}

func TestMatchReadsNothing(t *testing.T) {
	f := shop()
	match := newRouter(t, counting{f, t}).Match(t.Context(), "are all services healthy")
	assert.Equal(t, Hit, match.Outcome)
}

// counting is a workspace whose providers must not be read.
type counting struct {
	*fake
	t *testing.T
}

func (c counting) Query(context.Context, adapters.Query) (adapters.Snapshot, error) {
	c.t.Error("a provider was read")
	return adapters.Snapshot{}, nil
}

func TestQuestionsThatCannotBeAnsweredReadNothing(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Status
	}{
		"empty":       {"", StatusNeedsInput},
		"blank":       {" \n\t", StatusNeedsInput},
		"control":     {"are all \x07services healthy", StatusUnsupported},
		"not utf-8":   {"\xff\xfe\xfd", StatusUnsupported},
		"too long":    {strings.Repeat("é", MaxQuestion+1), StatusUnsupported},
		"10 kB":       {strings.Repeat("are all services healthy ", 400), StatusUnsupported},
		"uncovered":   {"sing me a song", StatusUnsupported},
		"other words": {"sind alle dienste gesund", StatusUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			a := route(t, counting{shop(), t}, Question{Text: c.text})
			validate(t, a)
			assert.Equal(t, c.want, a.Status)
			assert.Empty(t, a.Verdict)
			assert.NotEmpty(t, a.Summary)
			assert.LessOrEqual(t, len(Text(a, TextLimits{})), 2400)
		})
	}
}

func TestCancelledContextIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newRouter(t, shop()).Route(ctx, Question{Text: "are all services healthy"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestBrokenEntropyIsAnError(t *testing.T) {
	m, err := small()
	require.NoError(t, err)
	r := New(m, shop(), Options{Entropy: iotestErr{}})
	_, err = r.Route(t.Context(), Question{Text: "are all services healthy"})
	require.ErrorContains(t, err, "make an answer id")
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

func TestAnswerIDsSortByTimeEvenWhenTheClockStepsBack(t *testing.T) {
	m, err := small()
	require.NoError(t, err)
	var mu sync.Mutex
	tick := 0
	r := New(m, shop(), Options{Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		tick++
		return noon.Add(time.Duration(tick%5) * -time.Second)
	}})
	var made []string
	for range 100 {
		a, err := r.Route(t.Context(), Question{Text: ""})
		require.NoError(t, err)
		made = append(made, a.AnswerID)
	}
	assert.True(t, sort.StringsAreSorted(made))
}

func TestConcurrentRoutes(t *testing.T) {
	r := newRouter(t, shop())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			_, err := r.Route(t.Context(), Question{Text: "are all services healthy"})
			assert.NoError(t, err)
		})
	}
	wait.Wait()
}

func TestContextNarrowsTheQuery(t *testing.T) {
	f := shop()
	f.connections = []adapters.Connection{{Provider: "kubernetes", Name: "prod-admin", Scope: adapters.Scope{Cluster: "prod"}}}
	a := route(t, f, Question{Text: "are all services healthy", Context: "prod-admin"})
	assert.Equal(t, 3, a.Counts.Total, "the cache is outside the cluster")
	assert.Equal(t, "asked", a.Scope[0].ChosenBy)
}

func TestAClusterIsFoundByItsOwnNameWhateverItsContextIsCalled(t *testing.T) {
	of := func(cluster, name string) []adapters.Resource {
		scope := adapters.Scope{Cluster: cluster}
		return []adapters.Resource{
			{ID: adapters.NewID("kubernetes", adapters.KindCluster, scope, name), Provider: "kubernetes", Kind: adapters.KindCluster, Name: name, Scope: scope, Health: adapters.HealthHealthy},
			{ID: adapters.NewID("kubernetes", adapters.KindDeployment, scope, "web"), Provider: "kubernetes", Kind: adapters.KindDeployment, Name: "web", Scope: scope, Health: adapters.HealthHealthy},
		}
	}
	f := &fake{resources: append(of("main", "prod-eu"), of("other", "prod-us")...)}
	for _, name := range []string{"prod-eu", "main"} {
		a := route(t, f, Question{Text: "are all services in cluster " + name + " healthy"})
		require.NotNil(t, a.Counts, a.Summary)
		assert.Equal(t, 1, a.Counts.Total, name)
	}
}

func TestWhyASilentWorkspaceIsSilent(t *testing.T) {
	f := &fake{silent: true, connections: []adapters.Connection{{Provider: "aws", Name: "acme", Problem: expired.Error}, {Provider: "github", Name: "acme"}}}
	a := route(t, f, Question{Text: "what changed in the last deployment"})
	validate(t, a)
	assert.Equal(t, StatusError, a.Status)
	require.Len(t, a.Coverage.NotChecked, 2)
	assert.Equal(t, adapters.ExpiredCredentials, a.Coverage.NotChecked[0].Reason)
	assert.Equal(t, adapters.Unsupported, a.Coverage.NotChecked[1].Reason)
}

func TestProvidersNobodyAskedAboutAreNotMentioned(t *testing.T) {
	f := shop()
	absent := adapters.Source{Provider: "hetzner", Call: "list", Error: &adapters.SourceError{Reason: adapters.NotConfigured}}
	f.failures = []adapters.Source{absent}
	a := route(t, f, Question{Text: "are all services healthy"})
	assert.Equal(t, StatusOK, a.Status)
	assert.True(t, a.Coverage.Complete)

	a = route(t, &fake{silent: true, failures: f.failures}, Question{Text: "are all services healthy"})
	assert.Equal(t, StatusError, a.Status, "when nothing else answered, it is all there is to say")
	require.Len(t, a.Coverage.NotChecked, 1)
}

// What was seen before is no provider that answered: those that cannot be read are named beside it.
func TestHistoryAloneIsNotEverything(t *testing.T) {
	f := &fake{silent: true, failures: []adapters.Source{
		{Provider: adapters.OwnRecord, Call: "clanker history"},
		{Provider: "kubernetes", Call: "list", Error: &adapters.SourceError{Reason: adapters.NotConfigured, What: "kubernetes", Fix: "write a kubeconfig"}},
	}}
	a := route(t, f, Question{Text: "what changed since yesterday"})
	assert.False(t, a.Coverage.Complete)
	require.Len(t, a.Coverage.NotChecked, 1)
	assert.Equal(t, "kubernetes", a.Coverage.NotChecked[0].Provider)
	assert.NotEqual(t, StatusNoData, a.Status)
}

func TestVerdict(t *testing.T) {
	of := func(healths ...adapters.Health) []adapters.Resource {
		var resources []adapters.Resource
		for _, health := range healths {
			resources = append(resources, adapters.Resource{Health: health})
		}
		return resources
	}
	for _, c := range []struct {
		name           string
		selected, read []adapters.Resource
		want           Verdict
	}{
		{"nothing", nil, nil, VerdictUnknown},
		{"no health", nil, of("", ""), VerdictUnknown},
		{"all well", nil, of("healthy", "", "healthy"), VerdictHealthy},
		{"one unknown", nil, of("healthy", "unknown"), VerdictUnknown},
		{"degraded over unknown", of("unknown", "degraded"), nil, VerdictDegraded},
		{"unhealthy over all", of("degraded", "unhealthy", "unknown"), nil, VerdictCritical},
		{"selected alone counts", of("healthy"), of("healthy", "unhealthy"), VerdictHealthy},
	} {
		assert.Equal(t, c.want, verdict(c.selected, c.read), c.name)
	}
}

func TestSilenceIsNeverHealth(t *testing.T) {
	for name, f := range map[string]*fake{
		"nothing there":   {},
		"nothing read":    {silent: true, failures: []adapters.Source{denied}},
		"part of it read": {resources: shop().resources, failures: []adapters.Source{expired}},
	} {
		a := route(t, f, Question{Text: "are all services healthy"})
		assert.Equal(t, VerdictUnknown, a.Verdict, name)
		assert.NotContains(t, Text(a, TextLimits{}), "HEALTHY", name)
	}
}

func TestWorstComesFirst(t *testing.T) {
	f := many(100).ill("worker-00099", adapters.HealthUnhealthy, "ReplicaFailure")
	a := route(t, f, Question{Text: "are all services healthy", Limit: 5})
	assert.Equal(t, "worker-00099", a.Items[0].Name)
	assert.Equal(t, VerdictCritical, a.Verdict)
	assert.Equal(t, &Truncation{Total: 34, Returned: 5, Reason: "limit 5", Cursor: a.AnswerID + "-5"}, a.Truncation)
}

func TestAmbiguousQuestionsAreAskedBack(t *testing.T) {
	m, err := small()
	require.NoError(t, err)
	match := Match{Outcome: Ambiguous}
	for _, id := range []string{"logs.of", "change.of"} {
		in, ok := m.catalog.Intent(id)
		require.True(t, ok)
		match.Hits = append(match.Hits, MatchHit{Intent: in})
	}
	d, err := newRouter(t, shop()).begin(Question{Text: "checkout-api?"})
	require.NoError(t, err)
	d.askWhich(match)
	a := d.finish(noon)
	validate(t, a)
	assert.Equal(t, StatusNeedsInput, a.Status)
	assert.Equal(t, []string{match.Hits[0].Intent.Description, match.Hits[1].Intent.Description}, a.Needs.Candidates)
}

func TestConnectionsThatAllFailAreStillAnAnswer(t *testing.T) {
	f := &fake{connections: []adapters.Connection{{Provider: "gcp", Name: "acme", Problem: expired.Error}}}
	a := route(t, f, Question{Text: "what providers are connected"})
	validate(t, a)
	assert.Equal(t, StatusOK, a.Status)
	assert.Contains(t, a.Summary, "0 of 1 connections work")
	a = route(t, &fake{}, Question{Text: "what providers are connected"})
	assert.Equal(t, StatusNoData, a.Status)
}

func TestSummaryIsOneLineWhateverProvidersSay(t *testing.T) {
	f := shop().ill("session-cache", adapters.HealthDegraded, "x").mutate("session-cache", func(r *adapters.Resource) { r.Name = "a\nHEALTHY\x1b[0m" })
	a := route(t, f, Question{Text: "are all services healthy"})
	assert.NotContains(t, a.Summary, "\n")
	assert.NotContains(t, a.Summary, "\x1b")
}

func TestRedactionsAndUsageAreReported(t *testing.T) {
	d := &draft{answer: Answer{Status: StatusOK}, redactions: map[string]int{"token": 2, "key": 1}, settled: true, started: noon}
	a := d.finish(noon.Add(1500 * time.Microsecond))
	assert.Equal(t, &Redactions{Count: 3, Kinds: []string{"key", "token"}}, a.Redactions)
	assert.InDelta(t, 1.5, a.Usage.ElapsedMs, 0.001)
}

func TestNearest(t *testing.T) {
	var names []adapters.Name
	for _, name := range []string{"rabbitmq", "checkout-api", "orders-postgres", "redis", "ab"} {
		names = append(names, adapters.Name{Name: name})
	}
	known := adapters.NewNames(names)
	for word, want := range map[string][]string{
		"rabbit": {"rabbitmq"}, "chekout-api": {"checkout-api"}, "postgres": {"orders-postgres"}, "xyz-unlike-anything": {}, "reds": {"redis"},
	} {
		assert.Equal(t, want, nearest("service", word, known), word)
	}
}

func TestCut(t *testing.T) {
	assert.Equal(t, "short", cut("short", 10))
	assert.Equal(t, "one two…", cut("one two three", 10))
	assert.Equal(t, "eine lange…", cut("eine lange Überschrift", 14))
	assert.Len(t, []rune(cut(strings.Repeat("é", 500), 280)), 280)
	assert.NotPanics(t, func() { cut("abc", -5) })
}

func TestSchemaIsTheSameEveryTime(t *testing.T) {
	first, err := Schema()
	require.NoError(t, err)
	second, err := Schema()
	require.NoError(t, err)
	assert.True(t, bytes.Equal(first, second))
}

// FuzzRoute asks anything: the answer always fits the schema, and its text is plain.
func FuzzRoute(f *testing.F) {
	for _, seed := range []string{"are all services healthy", "why is \u202eapi\u202c failing", "is \x1b[31m healthy", "", "what changed in a\nb", "show logs of 'x'", "\xff", "is 日本 healthy"} {
		f.Add(seed, "", 0)
	}
	f.Fuzz(func(t *testing.T, question, in string, limit int) {
		a := route(t, shop(), Question{Text: question, Context: in, Limit: limit})
		validate(t, a)
		text := Text(a, TextLimits{})
		assert.Equal(t, Printable(strings.ReplaceAll(text, "\n", "|")), strings.ReplaceAll(text, "\n", "|"))
		assert.LessOrEqual(t, len(text), mostBytes)
	})
}
