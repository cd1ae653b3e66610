package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies/approval/approvaltest"
	"clanker/router"
	"clanker/server/store"
)

// History holds a store to what it promises of what was observed and answered. Place returns an empty one.
func History(t *testing.T, place func(testing.TB) Place) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Place)
	}{
		{"first sight is no change", firstSight}, {"changes", changes}, {"unknown is not gone", unknown}, {"gone and back", goneAndBack}, {"twice", twice},
		{"flapping", flapping}, {"noise", noise}, {"much at once", much}, {"set back", setBack}, {"overlapping reads", overlapping}, {"clock set back", clockSetBack},
		{"events are not kept", events}, {"who matches", matches}, {"changes by time", byTime}, {"where it stood", stood},
		{"looks", looks}, {"replays", replays}, {"prunes", prunes}, {"shrinks", shrinks}, {"measured", measured},
		{"two at once", twoAtOnce}, {"seen at once", seenAtOnce}, {"two processes", twoProcesses}, {"killed", killed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, place(t))
		})
	}
}

// At is a time of the tests: so many minutes after noon.
func At(minutes float64) time.Time {
	return approvaltest.Noon().Add(time.Duration(minutes * float64(time.Minute)))
}

var shop = adapters.Scope{Cluster: "prod", Namespace: "shop"}

// thing is a deployment that is healthy.
func thing(name string, edits ...func(*adapters.Resource)) adapters.Resource {
	r := adapters.Resource{ID: adapters.NewID("kubernetes", adapters.KindDeployment, shop, name), Provider: "kubernetes", Kind: adapters.KindDeployment, Name: name,
		Scope: shop, Health: adapters.HealthHealthy, Labels: map[string]string{"team": "web"}, Attributes: map[string]any{"image": "v1", "replicas": 2.0, "ports": []string{"80"}}}
	for _, edit := range edits {
		edit(&r)
	}
	return r
}

func health(h adapters.Health) func(*adapters.Resource) {
	return func(r *adapters.Resource) { r.Health = h }
}

func attribute(key string, value any) func(*adapters.Resource) {
	return func(r *adapters.Resource) { r.Attributes[key] = value }
}

// all asks for everything, deployments alone for those.
var (
	all         = adapters.Query{}
	deployments = adapters.Query{Kinds: []adapters.Kind{adapters.KindDeployment}, Scope: adapters.Scope{Namespace: "shop"}}
)

// saw is what a read of q at a time brought, from a cluster that answered.
func saw(minutes float64, q adapters.Query, resources ...adapters.Resource) adapters.Snapshot {
	return adapters.Snapshot{Query: q, At: At(minutes), Resources: resources,
		Sources: []adapters.Source{{Provider: "kubernetes", Call: "kubectl get", Scope: adapters.Scope{Cluster: "prod"}, At: At(minutes)}}}
}

// failing adds a source that failed.
func failing(s adapters.Snapshot, scope adapters.Scope) adapters.Snapshot {
	s.Sources = append(s.Sources, adapters.Source{Provider: "kubernetes", Call: "kubectl get pods", Scope: scope, Error: &adapters.SourceError{Reason: adapters.TimedOut}})
	return s
}

// teller is a store that snapshots are told to.
type teller struct {
	*testing.T
	*store.Store
}

func (w teller) record(s adapters.Snapshot) adapters.Position {
	w.Helper()
	p, err := w.Record(w.Context(), s)
	require.NoError(w, err)
	return p
}

// change is one as the tests write it down.
type change struct {
	Name, Field   string
	Before, After any
	Earliest, At  time.Time
}

// since are the changes after a position, of all resources that q matches.
func (w teller) since(after adapters.Position, q adapters.Query) []change {
	w.Helper()
	found, err := w.Between(w.Context(), []adapters.Query{q}, after, 1<<40)
	require.NoError(w, err)
	return brief(found)
}

func brief(changes []adapters.Change) []change {
	var few []change
	for _, c := range changes {
		few = append(few, change{c.Name, c.Field, c.Before, c.After, c.Earliest, c.At})
	}
	return few
}

func firstSight(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	first := w.record(saw(0, deployments, thing("web")))
	assert.Positive(t, first)
	assert.Empty(t, w.since(0, all), "what is there at first did not come then")
	assert.Equal(t, first, w.record(saw(1, deployments, thing("web"))), "nothing has changed")
	other := thing("db")
	other.Kind, other.ID = adapters.KindDatabase, "kubernetes/db"
	second := w.record(saw(2, all, thing("web"), other))
	assert.Greater(t, second, first)
	assert.Empty(t, w.since(0, all), "nobody had looked for databases before")
	w.record(saw(3, deployments, thing("web"), thing("api")))
	assert.Equal(t, []change{{"api", "resource", nil, "healthy", At(2), At(3)}}, w.since(0, all), "the question for all would have shown it")
}

func changes(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	before := w.record(saw(0, all, thing("web"), thing("api")))
	w.record(saw(1, deployments, thing("web"), thing("api")))
	ill := thing("web", health(adapters.HealthDegraded), attribute("image", "v2"), attribute("ports", []string{"80", "81"}), attribute("public", true))
	delete(ill.Attributes, "replicas")
	ill.Labels = map[string]string{"team": "shop", "x\x00\xff": "y"}
	after := w.record(saw(2, all, ill, thing("api")))
	want := []change{
		{"web", "health", "healthy", "degraded", At(1), At(2)},
		{"web", "image", "v1", "v2", At(1), At(2)},
		{"web", "label.team", "web", "shop", At(1), At(2)},
		{"web", "label.x\uFFFD\uFFFD", nil, "y", At(1), At(2)},
		{"web", "ports", []string{"80"}, []string{"80", "81"}, At(1), At(2)},
		{"web", "public", nil, true, At(1), At(2)},
		{"web", "replicas", 2.0, nil, At(1), At(2)},
	}
	assert.Equal(t, want, w.since(before, all))
	found, err := w.Between(t.Context(), []adapters.Query{all}, before, after)
	require.NoError(t, err)
	assert.Equal(t, want, brief(found))
	assert.Equal(t, shop, found[0].Scope)
	assert.Equal(t, thing("web").ID, found[0].Resource)
	assert.Empty(t, w.since(after, all))
	other := teller{t, p.Open(t)}
	assert.Equal(t, want, other.since(before, all), "another process knows it, too")
}

func unknown(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	before := w.record(saw(0, all, thing("web"), thing("api")))
	w.record(failing(saw(1, all, thing("api")), shop))
	assert.Empty(t, w.since(before, all), "who cannot look knows nothing")
	w.record(failing(saw(2, all, thing("api", health(adapters.HealthUnknown))), adapters.Scope{}))
	assert.Empty(t, w.since(before, all), "nor is a health unknown that could not be found out")
	w.record(failing(saw(3, all, thing("api"), thing("new")), shop))
	w.record(saw(4, all, thing("api", health(adapters.HealthUnknown)), thing("new")))
	assert.Equal(t, []change{
		{"new", "resource", nil, "healthy", At(0), At(3)},
		{"api", "health", "healthy", "unknown", At(0), At(4)},
		{"web", "resource", "healthy", nil, At(0), At(4)},
	}, w.since(before, all), "what failed in between is between")
}

// A resource may be read twice, and what can never be read keeps nothing from being seen to change.
func twice(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	before := w.record(failing(saw(0, all, thing("web"), thing("web")), shop))
	w.record(failing(saw(1, all, thing("web", attribute("image", "v2")), thing("web", attribute("image", "v2"))), shop))
	assert.Equal(t, []change{{"web", "image", "v1", "v2", At(0), At(1)}}, w.since(before, all))
	assert.Equal(t, before+1, w.record(failing(saw(2, all, thing("web", attribute("image", "v2")), thing("web")), shop)), "the first counts")
}

func goneAndBack(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	web := thing("web").ID
	w.record(saw(0, all, thing("web")))
	w.record(saw(1, all, thing("web")))
	w.record(saw(2, deployments))
	w.record(saw(3, deployments))
	seen, err := w.Sightings(t.Context(), []string{web, "nothing"})
	require.NoError(t, err)
	assert.Equal(t, map[string]router.Sighting{web: {First: At(0), Last: At(1), Gone: At(2)}}, seen)
	w.record(saw(4, all, thing("web", attribute("image", "v2"))))
	assert.Equal(t, []change{
		{"web", "resource", "healthy", nil, At(1), At(2)},
		{"web", "resource", nil, "healthy", At(3), At(4)},
	}, w.since(0, all))
	w.record(saw(5, deployments, thing("web", attribute("image", "v2"))))
	seen, err = w.Sightings(t.Context(), []string{web})
	require.NoError(t, err)
	assert.Equal(t, map[string]router.Sighting{web: {First: At(0), Last: At(5), Since: At(4)}}, seen)
}

func flapping(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	states := []adapters.Health{adapters.HealthHealthy, adapters.HealthDegraded}
	for i := range 10 {
		w.record(saw(float64(10*i), all, thing("web", health(states[i%2]))))
	}
	w.record(saw(95, all, thing("web", health(states[1]))))
	seen, err := w.Sightings(t.Context(), []string{thing("web").ID})
	require.NoError(t, err)
	assert.Equal(t, map[string]router.Sighting{thing("web").ID: {First: At(0), Last: At(95), Since: At(90), Flaps: 6}}, seen)
	stats, err := w.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2, stats.Table("contents").Rows, "each state is kept once")
}

func noise(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	first := w.record(saw(0, all, thing("web", attribute("restarts", 1.0))))
	for i := range 3 {
		r := thing("web", attribute("restarts", float64(i)))
		r.Labels["pod-template-hash"] = At(float64(i)).String()
		r.Metrics, r.Since, r.Observed, r.Reason, r.Link = map[string]float64{"cpu": float64(i)}, At(0), At(float64(i)), At(0).String(), "https://x"
		assert.Equal(t, first, w.record(saw(float64(i), all, r)))
	}
}

// What is too much for one transaction is kept in several.
func much(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	const size = 11_000
	first := w.record(saw(0, all, estate(size)...))
	assert.EqualValues(t, size, first)
	resources, err := w.Stood(t.Context(), all, first)
	require.NoError(t, err)
	assert.Len(t, resources, size)
	gone := w.record(saw(1, all))
	assert.EqualValues(t, 2*size, gone)
	assert.Len(t, w.since(first, all), size)
	assert.Equal(t, gone, w.record(saw(2, all)))
}

// When somebody has put a backup in the place of the database, what was learnt after it is learnt again.
func setBack(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	first := w.record(saw(0, all, thing("web")))
	w.record(saw(1, all, thing("web", attribute("image", "v2"))))
	for _, statement := range []string{`DELETE FROM versions WHERE seq > 1`, `DELETE FROM changes`, `UPDATE history SET seq = 1`,
		`UPDATE resources SET seq = 1, (content, hash) = (SELECT num, hash FROM contents WHERE document LIKE '%v1%')`} {
		_, err := p.raw(t).ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	w.record(saw(2, all, thing("web", attribute("image", "v2"))))
	assert.Equal(t, []change{{"web", "image", "v1", "v2", At(1), At(2)}}, w.since(first, all))
}

// Two reads overlap, and the one that began later is kept first.
func overlapping(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	before := w.record(saw(0, all, thing("web"), thing("old")))
	newer := w.record(saw(1, all, thing("web", attribute("image", "v2")), thing("new")))
	stale := w.record(saw(0.9, deployments, thing("web"), thing("old")))
	assert.Less(t, stale, newer, "it cannot tell what the later one saw")
	want := []change{
		{"new", "resource", nil, "healthy", At(0), At(1)},
		{"old", "resource", "healthy", nil, At(0), At(1)},
		{"web", "image", "v1", "v2", At(0), At(1)},
	}
	assert.Equal(t, want, w.since(before, all), "what it says is old")
	assert.Equal(t, want, w.since(stale, all), "who read the old is told of the new the next time")
	assert.Equal(t, newer, w.record(saw(1.5, all, thing("web", attribute("image", "v2")), thing("new"))))
}

// After the clock was set back an hour, what is seen then is no old news.
func clockSetBack(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	before := w.record(saw(60, all, thing("web")))
	at := w.record(saw(0, all, thing("web", attribute("image", "v2"))))
	assert.Greater(t, at, before)
	w.record(saw(1, all, thing("web", attribute("image", "v3"))))
	w.record(saw(1000000, all, thing("web", attribute("image", "v4"))))
	w.record(saw(2, all, thing("web", attribute("image", "v5"))))
	assert.Equal(t, []change{
		{"web", "image", "v1", "v2", At(0), At(0)},
		{"web", "image", "v2", "v3", At(0), At(1)},
		{"web", "image", "v3", "v4", At(1), At(1000000)},
		{"web", "image", "v4", "v5", At(2), At(2)},
	}, w.since(before, all))
}

func events(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	e := thing("web")
	e.Kind, e.ID = adapters.KindEvent, "kubernetes/event"
	first := w.record(saw(0, all, thing("web"), e))
	assert.Equal(t, first, w.record(saw(1, all, thing("web"))))
	assert.Equal(t, first, w.record(saw(2, adapters.Query{Kinds: []adapters.Kind{adapters.KindEvent}}, e)))
	assert.Equal(t, first, w.record(adapters.Snapshot{Query: adapters.Query{NamesOnly: true}}))
	assert.Empty(t, w.since(0, all))
}

func matches(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	pod := thing("web-1")
	pod.Kind, pod.ID = adapters.KindPod, "kubernetes/pod/web-1"
	pod.Relations = []adapters.Relation{{Type: adapters.RelationOwnedBy, Target: thing("web").ID}}
	before := w.record(saw(0, all, pod, thing("web"), thing("api")))
	w.record(saw(1, all, thing("web"), thing("api", health(adapters.HealthDegraded))))
	assert.Len(t, w.since(before, all), 2)
	assert.Equal(t, []change{{"web-1", "resource", "healthy", nil, At(0), At(1)}}, w.since(before, adapters.Query{Name: "WEB"}), "also by its owner, and though it is gone")
	assert.Len(t, w.since(before, deployments), 1)
	assert.Empty(t, w.since(before, adapters.Query{Providers: []string{"aws"}}))
	several, err := w.Between(t.Context(), []adapters.Query{{Name: "api"}, {Name: "web"}, deployments}, before, 1<<40)
	require.NoError(t, err)
	assert.Len(t, several, 2, "each once")
}

func byTime(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	w.record(saw(0, all, thing("web"), thing("api")))
	for i := 1.0; i < 5; i++ {
		w.record(saw(i, all, thing("web", attribute("replicas", i+2)), thing("api", attribute("image", "v2"))))
	}
	found, err := w.Changes(t.Context(), adapters.Query{Since: At(3)})
	require.NoError(t, err)
	assert.Equal(t, []change{{"web", "replicas", 5.0, 6.0, At(3), At(4)}, {"web", "replicas", 4.0, 5.0, At(2), At(3)}}, brief(found))
	found, err = w.Changes(t.Context(), all)
	require.NoError(t, err)
	assert.Equal(t, []change{{"web", "replicas", 5.0, 6.0, At(3), At(4)}, {"api", "image", "v1", "v2", At(0), At(1)}}, brief(found), "the last of each")
	position, first, err := w.PositionAt(t.Context(), At(2.5))
	require.NoError(t, err)
	assert.Equal(t, At(0), first)
	assert.Len(t, w.since(position, all), 2)
}

func stood(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	position, first, err := w.PositionAt(t.Context(), At(0))
	require.NoError(t, err)
	assert.Zero(t, position)
	assert.Zero(t, first)
	w.record(saw(0, all))
	_, first, err = w.PositionAt(t.Context(), At(9))
	require.NoError(t, err)
	assert.Equal(t, At(0), first, "that nothing is there was observed, too")
	one := w.record(saw(1, all, thing("web")))
	two := w.record(saw(2, all, thing("web", attribute("image", "v2")), thing("api")))
	three := w.record(saw(3, all, thing("api")))
	for position, want := range map[adapters.Position][]string{0: nil, one: {"web v1"}, two: {"api v1", "web v2"}, three: {"api v1"}} {
		resources, err := w.Stood(t.Context(), all, position)
		require.NoError(t, err)
		var got []string
		for _, r := range resources {
			got = append(got, r.Name+" "+r.Attributes["image"].(string))
		}
		assert.Equal(t, want, got)
	}
}

func looks(t *testing.T, p Place) {
	w := teller{t, p.Open(t)}
	_, ok, err := w.Look(t.Context(), router.Which{})
	require.NoError(t, err)
	assert.False(t, ok)
	since := deployments
	since.Since, since.Metrics = At(-5), []string{"cpu.usage"}
	one := router.Look{AnswerID: "1", Asker: "claude", Question: "is all well?", Key: "health", At: At(0), Listed: []string{"a", "b"},
		Read:    []router.Glance{{Query: since, At: 3}, {Query: all, At: 4}},
		Subject: router.Subject{Intent: "health", Slots: map[string]any{"name": "web"}, Refs: []string{"a"}}, Partial: true}
	for i := range reflect.TypeOf(one).NumField() {
		require.False(t, reflect.ValueOf(one).Field(i).IsZero(), "%s is not tested", reflect.TypeOf(one).Field(i).Name)
	}
	two, three := one, router.Look{AnswerID: "3", Key: "cost", At: At(2)}
	two.AnswerID, two.Asker, two.At = "2", "cursor", At(1)
	for _, l := range []router.Look{one, two, three, one} {
		require.NoError(t, w.Keep(t.Context(), l))
	}
	for _, test := range []struct {
		which router.Which
		want  router.Look
	}{
		{router.Which{}, three}, {router.Which{Key: "health"}, two}, {router.Which{Asker: "claude"}, one}, {router.Which{Asker: "claude", Key: "health"}, one},
		{router.Which{AnswerID: "2"}, two}, {router.Which{Before: At(0.5)}, one}, {router.Which{Asker: "cursor", Before: At(0.5)}, router.Look{}},
		{router.Which{Key: "other"}, router.Look{}}, {router.Which{Key: "cost", Asker: "claude"}, router.Look{}},
	} {
		got, ok, err := w.Look(t.Context(), test.which)
		require.NoError(t, err)
		assert.Equal(t, test.want.AnswerID != "", ok)
		assert.Equal(t, test.want, got)
	}
}
