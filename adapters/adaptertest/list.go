package adaptertest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// prompt is how soon a driver has to return when its context ends: enough for a loaded machine, too short for a timeout.
const prompt = 5 * time.Second

// listChecks are about what a read brings.
func listChecks() []check {
	return []check{
		{"wanted", None, checkWanted},
		{"unique", None, checkUnique},
		{"stable", None, checkStable},
		{"unchanged", None, checkUnchanged},
		{"filters", None, checkFilters},
		{"nothing", None, checkNothing},
		{"names only", None, checkNamesOnly},
		{"sources", None, checkSources},
		{"workspace", None, checkWorkspace},
		{"cancelled", None, checkCancelled},
		{"concurrent", None, checkConcurrent},
		{"kept", None, checkKept},
		{"paging", Many, checkPaging},
	}
}

func checkWanted(t tb, d adapters.Adapter, h Harness) {
	resources := some(t, d, adapters.Query{})
	for _, want := range h.Want {
		q := adapters.Query{Kinds: []adapters.Kind{want.Kind}, Scope: want.Scope}
		assert.True(t, slices.ContainsFunc(resources, func(r adapters.Resource) bool {
			return r.Name == want.Name && q.Matches(r)
		}), "%+v is not listed", want)
	}
}

func checkUnique(t tb, d adapters.Adapter, _ Harness) {
	found := ids(some(t, d, adapters.Query{}), adapters.Query{})
	assert.Equal(t, slices.Compact(slices.Clone(found)), found, "an ID is there twice")
}

func checkStable(t tb, d adapters.Adapter, _ Harness) {
	first, second := some(t, d, adapters.Query{}), some(t, d, adapters.Query{})
	assert.Equal(t, ids(first, adapters.Query{}), ids(second, adapters.Query{}), "IDs differ between two reads")
}

// checkUnchanged reads twice what nobody has changed: what moves by itself is a metric, or noise ([adapters.Noise]). Otherwise
// every answer would tell of changes.
func checkUnchanged(t tb, d adapters.Adapter, _ Harness) {
	w := adapters.NewWorkspace(d)
	read := func() adapters.Snapshot {
		snapshot, err := w.Query(t.Context(), adapters.Query{})
		require.NoError(t, err)
		return snapshot
	}
	before := read()
	require.NotEmpty(t, before.Resources)
	for _, c := range adapters.Diff(before, read()) {
		assert.Equal(t, adapters.KindEvent, c.Kind, "%s: %s went from %v to %v, though nobody changed it", c.Resource, c.Field, c.Before, c.After)
	}
}

// checkFilters asks for parts of the estate in every way there is: a driver may return too much but never too little.
func checkFilters(t tb, d adapters.Adapter, _ Harness) {
	all := some(t, d, adapters.Query{})
	for _, q := range queriesFor(all) {
		found, _ := list(t, d, q)
		assert.Equal(t, ids(all, q), ids(found, q), "List(%+v)", q)
	}
}

// queriesFor returns a query for each kind, place and provider in the estate, and by name for one resource of each kind,
// in capitals, since names match without regard to case.
func queriesFor(all []adapters.Resource) []adapters.Query {
	var queries []adapters.Query
	seen := map[any]bool{}
	add := func(key any, q adapters.Query) {
		if !seen[key] {
			seen[key] = true
			queries = append(queries, q)
		}
	}
	for _, r := range all {
		add(r.Kind, adapters.Query{Kinds: []adapters.Kind{r.Kind}})
		add("name of "+r.Kind, adapters.Query{Name: strings.ToUpper(r.Name)})
		add("provider "+r.Provider, adapters.Query{Providers: []string{r.Provider}})
		for _, scope := range []adapters.Scope{
			{Account: r.Scope.Account}, {Region: r.Scope.Region}, {Zone: r.Scope.Zone},
			{Environment: r.Scope.Environment}, {Cluster: r.Scope.Cluster}, {Namespace: r.Scope.Namespace},
		} {
			add(scope, adapters.Query{Scope: scope})
		}
		for _, rel := range r.Relations {
			if rel.Type == adapters.RelationOwnedBy {
				add("owner of "+r.Kind, adapters.Query{Kinds: []adapters.Kind{r.Kind}, Name: adapters.IDName(rel.Target)})
			}
		}
	}
	return queries
}

func checkNothing(t tb, d adapters.Adapter, _ Harness) {
	q := adapters.Query{Name: "no-such-thing-anywhere"}
	resources, sources := list(t, d, q)
	assert.Empty(t, ids(resources, q))
	answered := slices.ContainsFunc(sources, func(s adapters.Source) bool { return s.Error == nil })
	assert.True(t, answered, "a read that finds nothing still says where it looked: %+v", sources)
}

func checkNamesOnly(t tb, d adapters.Adapter, _ Harness) {
	all, brief := some(t, d, adapters.Query{}), some(t, d, adapters.Query{NamesOnly: true})
	assert.Equal(t, ids(all, adapters.Query{}), ids(brief, adapters.Query{}), "NamesOnly lists other resources")
}

func checkSources(t tb, d adapters.Adapter, h Harness) {
	before := h.now()
	resources, sources := list(t, d, adapters.Query{})
	after := h.now()
	require.NotEmpty(t, sources)
	count := 0
	for _, s := range sources {
		assert.Contains(t, providers(d), s.Provider)
		assert.NotEmpty(t, s.Call, "%+v", s)
		assert.NotEmpty(t, s.Identity, "%s: as whom?", s.Call)
		assert.False(t, s.At.Before(before) || s.At.After(after), "%s was made at %s, not within the read", s.Call, s.At)
		assert.False(t, s.Took < 0 || s.Took == 0 && h.Now == nil, "%s took %s", s.Call, s.Took)
		if s.Error != nil {
			checkProblem(t, s.Error)
		}
		count += s.Count
	}
	assert.GreaterOrEqual(t, count, len(resources), "the counts of the sources do not account for all resources")
}

// checkWorkspace reads as everything above drivers does.
func checkWorkspace(t tb, d adapters.Adapter, _ Harness) {
	direct := some(t, d, adapters.Query{})
	snapshot, err := adapters.NewWorkspace(d).Query(t.Context(), adapters.Query{})
	require.NoError(t, err)
	assert.Equal(t, ids(direct, adapters.Query{}), ids(snapshot.Resources, adapters.Query{}), "the workspace lists other resources than the driver")
	byID := func(a, b adapters.Resource) int { return strings.Compare(a.ID, b.ID) }
	assert.True(t, slices.IsSortedFunc(snapshot.Resources, byID), "not sorted by ID")
	fictional := slices.ContainsFunc(d.Connections(t.Context()), func(c adapters.Connection) bool { return c.Demo })
	assert.Equal(t, fictional, snapshot.Demo, "a driver has demo connections if its data is invented, and only then")
}

func checkCancelled(t tb, d adapters.Adapter, _ Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	_, sources, err := d.List(ctx, adapters.Query{})
	assert.Less(t, time.Since(start), prompt, "List goes on after its context ended")
	failed := slices.ContainsFunc(sources, func(s adapters.Source) bool { return s.Error != nil })
	assert.True(t, err != nil || failed, "a cancelled read must not look like a whole one")
}

// checkConcurrent means most when it runs under the race detector.
func checkConcurrent(t tb, d adapters.Adapter, _ Harness) {
	want := ids(some(t, d, adapters.Query{}), adapters.Query{})
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			found, _, err := d.List(t.Context(), adapters.Query{})
			assert.NoError(t, err)
			assert.Equal(t, want, ids(found, adapters.Query{}), "concurrent reads differ")
			assert.NotEmpty(t, d.Connections(t.Context()))
		})
	}
	readers.Wait()
}

// checkKept reads twice: what the first read returned must stay as it was, since others still hold it.
func checkKept(t tb, d adapters.Adapter, _ Harness) {
	first := some(t, d, adapters.Query{})
	before, err := json.Marshal(first)
	require.NoError(t, err)
	some(t, d, adapters.Query{})
	after, err := json.Marshal(first)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "a later read wrote into what an earlier one returned")
}

func checkPaging(t tb, d adapters.Adapter, h Harness) {
	require.Positive(t, h.ManyCount, "the harness does not say how many there are")
	q := adapters.Query{Kinds: []adapters.Kind{h.ManyKind}}
	found := ids(some(t, d, q), q)
	assert.Len(t, found, h.ManyCount, "%s over all pages", h.ManyKind)
	assert.Len(t, slices.Compact(found), h.ManyCount, "distinct %s over all pages", h.ManyKind)
}
