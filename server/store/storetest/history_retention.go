package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
	"clanker/server/store"
)

// ages keeps a change and a look for each of 100 minutes before noon, and resources that came and went among them.
func ages(w teller) {
	w.Helper()
	for n := range 100 {
		at := float64(n - 100)
		resources := []adapters.Resource{thing("web", attribute("replicas", float64(n))), thing("still")}
		if n%10 < 5 {
			resources = append(resources, thing(fmt.Sprint("job-", n/10)))
		}
		position := w.record(saw(at, all, resources...))
		require.NoError(w, w.Keep(w.Context(), router.Look{AnswerID: fmt.Sprint(n), Key: "k", Question: fmt.Sprint(n / 50), At: At(at), Read: []router.Glance{{Query: all, At: position}}}))
	}
}

// What is old goes, and nothing that is needed: what is known now, and how it stood at any time since, stays.
func prunes(t *testing.T, p Place) {
	w := teller{t, p.Open(t)} // at noon
	ages(w)
	cut, _, err := w.PositionAt(t.Context(), At(-30).Add(-time.Microsecond))
	require.NoError(t, err)
	newest := w.record(saw(-1, all, thing("web", attribute("replicas", 99.0)), thing("still")))
	stood := func(at adapters.Position) []adapters.Resource {
		resources, err := w.Stood(t.Context(), all, at)
		require.NoError(t, err)
		return resources
	}
	then, now, since := stood(cut), stood(newest), w.since(cut, all)
	keep := store.Retention{Age: 30 * time.Minute}
	would, err := w.Prunable(t.Context(), keep, At(0))
	require.NoError(t, err)
	assert.Equal(t, store.Pruned{Before: At(-30), Looks: 70, Changes: 69 + 13, Versions: 69 + 14}, would)
	done, err := w.Prune(t.Context(), keep)
	require.NoError(t, err)
	would.Resources, would.Contents = done.Resources, done.Contents
	assert.Equal(t, would, done)
	assert.Positive(t, done.Contents)
	assert.EqualValues(t, 7, done.Resources)
	assert.Equal(t, then, stood(cut))
	assert.Equal(t, now, stood(newest))
	assert.Equal(t, since, w.since(0, all))
	_, first, err := w.PositionAt(t.Context(), At(0))
	require.NoError(t, err)
	assert.Equal(t, At(-30), first)
	assert.Equal(t, newest, w.record(saw(0, all, thing("web", attribute("replicas", 99.0)), thing("still"))), "all is known still")
	again, err := w.Prune(t.Context(), keep)
	require.NoError(t, err)
	assert.Equal(t, store.Pruned{Before: At(-30)}, again)
	w.record(saw(1, all, thing("web", attribute("replicas", 99.0)), thing("still"), thing("job-1")))
	assert.Equal(t, change{"job-1", "resource", nil, "healthy", At(0), At(1)}, w.since(newest, all)[0], "a resource that is forgotten may come again")
}

// What is too much goes, the oldest first.
func shrinks(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	ages(w)
	before, err := w.Stats(t.Context())
	require.NoError(t, err)
	done, err := w.Prune(t.Context(), store.Retention{Bytes: before.Bytes() * 2})
	require.NoError(t, err)
	assert.Zero(t, done)
	done, err = w.Prune(t.Context(), store.Retention{Bytes: before.Bytes() / 2, Age: 99 * time.Minute})
	require.NoError(t, err)
	after, err := w.Stats(t.Context())
	require.NoError(t, err)
	assert.LessOrEqual(t, after.Bytes(), before.Bytes()/2)
	assert.Greater(t, after.Bytes(), before.Bytes()/4)
	assert.WithinRange(t, done.Before, At(-99), At(-1))
	last, ok, err := w.Look(t.Context(), router.Which{})
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, "99", last.AnswerID)
	_, err = w.Prune(t.Context(), store.Retention{Bytes: 1})
	require.NoError(t, err, "what is there now is more than that, and stays")
	resources, err := w.Stood(t.Context(), all, 1<<40)
	require.NoError(t, err)
	assert.Len(t, resources, 2)
}

// What the store says that it takes is about what the file does.
func measured(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	resources := estate(1000)
	for n := range 40 {
		for i := n % 10; i < len(resources); i += 10 {
			resources[i].Attributes["phase"] = fmt.Sprint("phase ", n%3)
		}
		w.record(saw(float64(n), all, resources...))
		for i := range 50 {
			require.NoError(t, w.Keep(t.Context(), router.Look{AnswerID: fmt.Sprintf("01M83P2B3MQ8F6SJ%06d%04d", n, i), Asker: "claude", Question: "are all services healthy?", Key: "health",
				Read: []router.Glance{{Query: all, At: adapters.Position(n)}}, Listed: []string{resources[n].ID}}))
		}
	}
	stats, err := w.Stats(t.Context())
	require.NoError(t, err)
	if p.Database == "" { // an empty one of PostgreSQL has megabytes
		assert.InEpsilon(t, p.bytes(t), stats.Bytes(), 0.2)
	}
}
