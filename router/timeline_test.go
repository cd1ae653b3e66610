package router

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
	"clanker/intents"
)

// altered is a change of a deployment, so long before noon.
func altered(name, field string, before, after any, long time.Duration) adapters.Change {
	return adapters.Change{Resource: id(adapters.KindDeployment, name), Provider: "kubernetes", Kind: adapters.KindDeployment, Name: name, Scope: production,
		Field: field, Before: before, After: after, At: ago(long)}
}

// spotted is the same, seen between two looks that are ten minutes apart.
func spotted(c adapters.Change) adapters.Change {
	c.Earliest = c.At.Add(-10 * time.Minute)
	return c
}

func madeBy(c adapters.Change, actor, event string) adapters.Change {
	c.Actor, c.Event = actor, event
	return c
}

func TestEachChangeIsToldOnce(t *testing.T) {
	rollout := altered("web", "image", "web:1", "web:2", 20*time.Minute)
	told := madeBy(rollout, "alice", "web revision 2")
	late := rollout
	late.At = late.At.Add(90 * time.Second)
	seen := spotted(altered("web", "image", "web:1", "web:2", 15*time.Minute))
	created, appeared := altered("web", "resource", nil, "created", time.Minute), spotted(altered("web", "resource", nil, "healthy", 0))
	back, again := altered("web", "image", "web:2", "web:1", 19*time.Minute), altered("web", "image", "web:1", "web:2", 18*time.Minute)
	other := rollout
	other.Resource = "another"
	for name, c := range map[string]struct{ changes, want []adapters.Change }{
		"nothing":               {nil, []adapters.Change{}},
		"told and seen":         {[]adapters.Change{seen, told}, []adapters.Change{told}},
		"told twice":            {[]adapters.Change{late, told}, []adapters.Change{madeBy(late, "alice", "web revision 2")}},
		"made and appeared":     {[]adapters.Change{appeared, created}, []adapters.Change{created}},
		"there and back":        {[]adapters.Change{again, back, told}, []adapters.Change{again, back, told}},
		"the same an hour ago":  {[]adapters.Change{rollout, altered("web", "image", "web:1", "web:2", 80*time.Minute)}, []adapters.Change{rollout, altered("web", "image", "web:1", "web:2", 80*time.Minute)}},
		"of two things":         {[]adapters.Change{rollout, other}, []adapters.Change{rollout, other}},
		"from something else":   {[]adapters.Change{late, altered("web", "image", "web:0", "web:2", 20*time.Minute)}, []adapters.Change{late, altered("web", "image", "web:0", "web:2", 20*time.Minute)}},
		"seen twice, one knows": {[]adapters.Change{seen, spotted(altered("web", "image", nil, "web:2", 15*time.Minute))}, []adapters.Change{seen}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, once(c.changes)) })
	}
}

func TestChangesMadeTogetherStandTogether(t *testing.T) {
	revision := func(c adapters.Change) adapters.Change { return madeBy(c, "ci", "web revision 2") }
	scaled := revision(altered("web", "replicas", 1.0, 2.0, 9*time.Minute))
	image, env := revision(altered("web", "image", "a", "b", 10*time.Minute)), revision(altered("web", "env.A", nil, adapters.SomeValue, 10*time.Minute))
	elsewhere := madeBy(altered("api", "image", "a", "b", 570*time.Second), "ci", "web revision 2") // counts its own revisions
	alone, label := altered("db", "label.x", "1", "2", 11*time.Minute), altered("db", "image", "1", "2", 11*time.Minute)
	groups := grouped([]adapters.Change{scaled, elsewhere, image, env, alone, label})
	assert.Equal(t, [][]adapters.Change{{scaled, image, env}, {elsewhere}, {alone, label}}, groups)
}

func TestTheStreamIsWhatWasAskedFor(t *testing.T) {
	pod := spotted(altered("web-1", "resource", nil, "healthy", time.Minute))
	pod.Kind = adapters.KindPod
	noisy := spotted(altered("web", "status_text", "a", "b", time.Minute))
	seen := spotted(altered("web", "image", "a", "b", 2*time.Minute))
	all := []adapters.Change{pod, noisy, seen}
	stream := func(q adapters.Query, words ...string) ([]adapters.Change, []string) {
		d := &draft{intent: &intents.Intent{Noise: []string{"status_*"}}, query: q, started: noon, data: intents.Data{Slots: intents.Slots{}}}
		if span, n := intents.ParseTimeRange(words); n > 0 {
			d.data.Slots["time"] = span
		}
		return d.timeline(all), d.answer.Warnings
	}
	changes, warnings := stream(adapters.Query{})
	assert.Equal(t, []adapters.Change{seen}, changes)
	assert.Equal(t, []string{"left out: 2 changes that were seen of pods and other things that come and go with what runs them"}, warnings)
	changes, _ = stream(adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}})
	assert.Equal(t, []adapters.Change{pod, seen}, changes, "they were asked for")
	changes, _ = stream(adapters.Query{}, "before", "11:50")
	assert.Equal(t, []adapters.Change{seen}, changes, "it may have been made before: it was seen between 11:48 and 11:58")
	changes, _ = stream(adapters.Query{}, "before", "11:48")
	assert.Empty(t, changes)
}

// What did not change is there all the same: pods are not among the names, and other times are not looked at.
func TestNothingChanged(t *testing.T) {
	f := shop()
	a := route(t, f, Question{Text: "what changed in checkout-api-7d9f8b6c5-x2x4z"})
	assert.Equal(t, StatusNoData, a.Status)
	assert.Contains(t, a.Summary, "no changes of checkout-api-7d9f8b6c5-x2x4z on record")
	assert.Nil(t, a.Needs)
	assert.Contains(t, route(t, f, Question{Text: "what changed in nosuch-7d9f8b6c5-x2x4z"}).Summary, "Nothing that could be read goes by")
	a = route(t, f, Question{Text: "what changed around 07:00"})
	assert.Equal(t, []string{"looked at what changed from 2026-11-22T06:00:00Z to 2026-11-22T07:15:00Z"}, a.Warnings)
}
