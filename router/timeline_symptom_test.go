package router

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// TestWhoSaysWhenItBegan: of several who could, the surest; what the question says wins.
func TestWhoSaysWhenItBegan(t *testing.T) {
	web, cache := id(adapters.KindDeployment, "web"), id(adapters.KindCache, "cache")
	at := func(long time.Duration, from, ref, what string) *Symptom {
		return &Symptom{At: ago(long), From: from, Ref: ref, What: what}
	}
	well := func(f *fake) *fake {
		return f.mutate("web", func(r *adapters.Resource) { r.Health, r.Since = adapters.HealthHealthy, time.Time{} })
	}
	timeless := func(f *fake) *fake { return f.mutate("web", func(r *adapters.Resource) { r.Since = time.Time{} }) }
	fell := altered("web", "health", "healthy", "degraded", 20*time.Minute)
	event := altered("web", "event.BackOff", nil, "restarting", 30*time.Minute)
	for name, c := range map[string]struct {
		estate  func(*fake) *fake
		changes []adapters.Change
		ask     string
		want    *Symptom
	}{
		"the question":                {nil, []adapters.Change{fell}, "what changed before web broke at 11:00", at(time.Hour, fromQuestion, "", "")},
		"the provider, now":           {nil, []adapters.Change{fell, event}, "", at(10*time.Minute, fromProvider, web, "web degraded")},
		"the provider, then":          {timeless, []adapters.Change{fell, event}, "", at(20*time.Minute, fromProvider, web, "web degraded")},
		"though it has recovered":     {well, []adapters.Change{altered("web", "health", "degraded", "healthy", time.Minute), fell}, "", at(20*time.Minute, fromProvider, web, "web degraded")},
		"a look":                      {timeless, []adapters.Change{spotted(fell)}, "", &Symptom{At: ago(20 * time.Minute), Earliest: instant(ago(30 * time.Minute)), From: fromHistory, Ref: web, What: "web degraded"}},
		"an event":                    {well, []adapters.Change{event}, "", at(30*time.Minute, fromEvent, web, "web BackOff")},
		"no event that tells of none": {well, []adapters.Change{altered("web", "event.SuccessfulRescale", nil, "up", time.Minute)}, "", at(0, fromNow, "", "")},
		"nor one of the day before":   {well, []adapters.Change{altered("web", "event.BackOff", nil, "x", 30*time.Hour)}, "", at(0, fromNow, "", "")},
		"what it uses": {func(f *fake) *fake { return well(f).ill("cache", adapters.HealthUnhealthy, "gone") }, nil, "",
			at(10*time.Minute, fromProvider, cache, "cache (it uses this) unhealthy")},
		"nobody":                   {well, nil, "", at(0, fromNow, "", "")},
		"the newest, with no name": {func(f *fake) *fake { return well(f).ill("batch", adapters.HealthDegraded, "slow") }, nil, "what changed before the incident", at(10*time.Minute, fromProvider, id(adapters.KindDeployment, "batch"), "batch degraded")},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{resources: estate(), changed: c.changes}
			if c.estate != nil {
				f = c.estate(f)
			}
			if c.ask == "" {
				c.ask = "what changed before web broke"
			}
			a := route(t, f, Question{Text: c.ask})
			validate(t, a)
			assert.Equal(t, c.want, a.Symptom, a.Summary)
		})
	}
}

// TestAMemoryKnowsSinceWhen: of what is ill and does not say since when.
func TestAMemoryKnowsSinceWhen(t *testing.T) {
	f := (&fake{resources: estate()}).mutate("web", func(r *adapters.Resource) { r.Since = time.Time{} })
	web := id(adapters.KindDeployment, "web")
	r := newRouter(t, f)
	r.memory = &notebook{sights: map[string]Sighting{web: {Since: ago(40 * time.Minute)}}}
	assert.Equal(t, &Symptom{At: ago(40 * time.Minute), From: fromHistory, Ref: web, What: "web degraded"}, ask(t, r, Question{Text: "what changed before web broke"}).Symptom)
}

// TestChangesLongBeforeAreRead: those of the day before the symptom, however long ago that was.
func TestChangesLongBeforeAreRead(t *testing.T) {
	f := (&fake{resources: estate()}).mutate("web", func(r *adapters.Resource) { r.Since = ago(100 * time.Hour) })
	f.changed = []adapters.Change{altered("web", "image", "2", "3", 90*time.Hour), altered("web", "image", "1", "2", 101*time.Hour), altered("web", "image", "0", "1", 130*time.Hour)}
	a := route(t, f, Question{Text: "what changed before web broke"})
	require.Len(t, a.Changes, 2)
	assert.Equal(t, "60m before, itself, image", a.Changes[0].Why)
	assert.Equal(t, "10h after, no cause", a.Changes[1].Why)
}

func TestNothingIsBlamedWithoutARelation(t *testing.T) {
	f := &fake{resources: estate(), changed: []adapters.Change{altered("batch", "image", "1", "2", 11*time.Minute)}}
	a := route(t, f, Question{Text: "what changed before web broke"})
	assert.Equal(t, "nothing before; web degraded 10m ago", a.Summary)
	assert.Equal(t, "60s before, no known relation, image", a.Changes[0].Why)
}

func TestSinceTheLastLook(t *testing.T) {
	f := &fake{resources: estate(), changed: []adapters.Change{altered("web", "image", "2", "3", 5*time.Minute), altered("web", "image", "1", "2", 5*time.Hour), altered("web", "image", "0", "1", 50*time.Hour)}}
	book := &notebook{looks: []Look{{Asker: "agent-1", Question: "is web healthy", At: ago(time.Hour)}, {Asker: "agent-2", At: ago(time.Minute)}}}
	for name, c := range map[string]struct {
		memory  Memory
		asker   string
		changes int
		warning string
	}{
		"one's own":         {book, "agent-1", 1, "you looked last at 2026-11-22T11:00:00Z (is web healthy)"},
		"of whoever":        {book, "", 0, "who asks is not known, so this is since anybody looked last, at 2026-11-22T11:59:00Z"},
		"never":             {book, "agent-3", 2, "no look of yours is kept, so this is of the last day"},
		"nothing is kept":   {nil, "agent-1", 2, "no look of yours is kept, so this is of the last day"},
		"it cannot be read": {&notebook{broken: errors.New("disk full")}, "agent-1", 2, "when you looked last is not known, so this is of the last day: disk full"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t, f)
			r.memory = c.memory
			for _, words := range []string{"my last check", "I last looked", "the last look", "we last asked"} {
				a := ask(t, r, Question{Text: "what changed since " + words, Asker: agent(c.asker)})
				assert.Len(t, a.Changes, c.changes, words)
				assert.Contains(t, strings.Join(a.Warnings, "\n"), c.warning)
				book.looks = book.looks[:2]
			}
		})
	}
}
