package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// world is an estate that changes at random, and what somebody who reads it can know.
type world struct {
	random  *rand.Rand
	is      map[string]adapters.Resource
	known   map[string]adapters.Resource // as it was last observed
	minutes float64
}

var (
	worldScopes = []adapters.Scope{{Cluster: "prod", Namespace: "shop"}, {Cluster: "prod", Namespace: "batch"}, {Cluster: "test", Namespace: "shop"}, {Cluster: "prod"}}
	worldKinds  = []adapters.Kind{adapters.KindDeployment, adapters.KindPod, adapters.KindDatabase}
	worldHealth = []adapters.Health{"", adapters.HealthHealthy, adapters.HealthDegraded, adapters.HealthUnhealthy}
)

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// turn changes a few resources.
func (w *world) turn() {
	for range w.random.IntN(4) {
		scope, kind, name := pick(w.random, worldScopes), pick(w.random, worldKinds), fmt.Sprint("r", w.random.IntN(4))
		id := adapters.NewID("kubernetes", kind, scope, name)
		if w.random.IntN(3) == 0 {
			delete(w.is, id)
			continue
		}
		r := adapters.Resource{ID: id, Provider: "kubernetes", Kind: kind, Name: name, Scope: scope, Health: pick(w.random, worldHealth),
			Labels: map[string]string{}, Attributes: map[string]any{"restarts": w.random.Float64()}}
		for _, key := range []string{"image", "tags", "size", "public"} {
			switch value := w.random.IntN(4); {
			case value == 0:
			case key == "tags":
				r.Attributes[key] = []string{"a", fmt.Sprint(value)}[:value-1]
			case key == "size":
				r.Attributes[key] = float64(value)
			case key == "public":
				r.Attributes[key] = value > 2
			default:
				r.Attributes[key], r.Labels[key] = fmt.Sprint("v", value), fmt.Sprint(value)
			}
		}
		w.is[id] = r
	}
}

// read is what one of several questions brings while some calls fail.
func (w *world) read() adapters.Snapshot {
	q := pick(w.random, []adapters.Query{{}, {Kinds: worldKinds[:1]}, {Scope: adapters.Scope{Cluster: "prod"}}, {Scope: adapters.Scope{Namespace: "shop"}, Kinds: worldKinds[1:]}, {Name: "r1"}})
	s := adapters.Snapshot{Query: q, At: At(w.minutes)}
	for _, scope := range []adapters.Scope{{Cluster: "prod", Namespace: "shop"}, {Cluster: "prod"}, {Cluster: "test"}} {
		source := adapters.Source{Provider: "kubernetes", Scope: scope}
		if w.random.IntN(5) == 0 {
			source.Error = &adapters.SourceError{Reason: adapters.TimedOut}
		}
		s.Sources = append(s.Sources, source)
	}
	for _, id := range slices.Sorted(maps.Keys(w.is)) {
		if r := w.is[id]; q.Matches(r) && (s.Observed(r) || w.random.IntN(2) == 0) {
			s.Resources = append(s.Resources, r)
		}
	}
	return s
}

// learn is what a read tells.
func (w *world) learn(s adapters.Snapshot) {
	brought := map[string]bool{}
	for _, r := range s.Resources {
		w.known[r.ID], brought[r.ID] = r, true
	}
	maps.DeleteFunc(w.known, func(id string, r adapters.Resource) bool { return !brought[id] && s.Observed(r) })
}

// fields are what [adapters.Diff] compares of a resource.
func fields(r adapters.Resource) map[string]any {
	all := map[string]any{"health": string(r.Health)}
	maps.Copy(all, r.Attributes)
	for key, value := range r.Labels {
		all["label."+key] = value
	}
	maps.DeleteFunc(all, func(key string, value any) bool { return adapters.Noise(key) })
	return all
}

// pictured are the fields of what is known, by ID.
func pictured(known map[string]adapters.Resource) map[string]map[string]any {
	all := map[string]map[string]any{}
	for id, r := range known {
		all[id] = fields(r)
	}
	return all
}

// replayed applies changes to a picture, or takes them back. Of what came meanwhile it has the health alone, and "new".
func replayed(t *testing.T, from map[string]map[string]any, changes []adapters.Change, back bool) map[string]map[string]any {
	t.Helper()
	if back {
		slices.Reverse(changes)
	}
	for _, c := range changes {
		was, is := c.Before, c.After
		if back {
			was, is = is, was
		}
		there, ok := from[c.Resource]
		switch {
		case c.Field == "resource" && is == nil:
			require.True(t, ok, "%s goes and is not there", c.Resource)
			assert.Equal(t, there["health"], was)
			delete(from, c.Resource)
		case c.Field == "resource":
			require.False(t, ok, "%s comes and is there", c.Resource)
			from[c.Resource] = map[string]any{"health": is, "new": true}
		case !ok: // it was seen for the first time meanwhile: no change tells that
		default:
			assert.True(t, there["new"] == true || assert.ObjectsAreEqual(there[c.Field], was), "%s %s was %v, not %v", c.Resource, c.Field, there[c.Field], was)
			if there[c.Field] = is; is == nil {
				delete(there, c.Field)
			}
		}
	}
	return from
}

// compare wants the picture that the changes make of another to be the one that was taken. What was seen for the first time
// meanwhile is in no change; of what came and went, presence and health are.
func compare(t *testing.T, made, taken map[string]map[string]any, first func(id string) bool) {
	t.Helper()
	for id, is := range made {
		if first(id) {
			continue
		}
		want, ok := taken[id]
		require.True(t, ok, "%s is there, and should not be", id)
		if is["new"] == true {
			assert.Equal(t, want["health"], is["health"], id)
			continue
		}
		assert.Equal(t, want, is, id)
	}
	for id := range taken {
		assert.True(t, made[id] != nil || first(id), "%s is missing", id)
	}
}

// Applying the changes to what was known gives what is known later, and taking them back gives what was known before,
// whatever happens and fails.
func replays(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	for seed := range uint64(4) {
		world := &world{random: rand.New(rand.NewPCG(seed, 6)), is: map[string]adapters.Resource{}, known: map[string]adapters.Resource{}, minutes: float64(seed) * 1000}
		if seed > 0 { // what the one before left behind
			world.known = taken(w)
			world.is = maps.Clone(world.known)
		}
		type moment struct {
			at    adapters.Position
			known map[string]adapters.Resource
		}
		var moments []moment
		for range 30 {
			world.turn()
			world.minutes += 2
			s := world.read()
			world.learn(s)
			moments = append(moments, moment{w.record(s), maps.Clone(world.known)})
			require.Equal(t, pictured(world.known), pictured(taken(w)))
		}
		for range 30 {
			i := world.random.IntN(len(moments))
			from, to := moments[i], moments[i+world.random.IntN(len(moments)-i)]
			changes, err := w.Between(t.Context(), []adapters.Query{{}}, from.at, to.at)
			require.NoError(t, err)
			added := map[string]bool{}
			for _, c := range changes {
				added[c.Resource] = added[c.Resource] || c.Field == "resource"
			}
			unseen := func(id string) bool {
				_, then := from.known[id]
				return !then && !added[id]
			}
			compare(t, replayed(t, pictured(from.known), slices.Clone(changes), false), pictured(to.known), unseen)
			compare(t, replayed(t, pictured(to.known), slices.Clone(changes), true), pictured(from.known), unseen)
		}
	}
}

// taken is what the store knows now.
func taken(w teller) map[string]adapters.Resource {
	resources, err := w.Stood(w.Context(), adapters.Query{}, 1<<40)
	require.NoError(w, err)
	known := map[string]adapters.Resource{}
	for _, r := range resources {
		known[r.ID] = r
	}
	return known
}
