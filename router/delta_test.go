package router

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
	"clanker/policies"
)

const (
	allServices = "are all services in production healthy"
	hot         = "which pods use more than 80% of their memory limit"
)

// times is a clock that a test moves.
type times struct{ now time.Time }

// looking is a router over the shop with a memory, and the clock of both.
func looking(t *testing.T) (*Router, observed, *times) {
	t.Helper()
	clock := &times{noon}
	o := observed{shop(), &notebook{}, func() time.Time { return clock.now }}
	m, err := small()
	require.NoError(t, err)
	r := New(m, o, Options{Now: func() time.Time { return clock.now }, Memory: o.notes})
	return r, o, clock
}

func (o observed) sicken(name string, health adapters.Health) {
	for i := range o.resources {
		if o.resources[i].Name == name {
			o.resources[i].Health, o.resources[i].Reason = health, string(health)+" for a test"
		}
	}
}

func ask(t *testing.T, r *Router, q Question) Answer {
	t.Helper()
	a, err := r.Route(t.Context(), q)
	require.NoError(t, err)
	validate(t, a)
	return a
}

func agent(name string) policies.Principal {
	return policies.Principal{ID: name, Kind: policies.Agent}
}

func TestTheSecondAnswerSaysWhatChanged(t *testing.T) {
	r, o, clock := looking(t)
	first := ask(t, r, Question{Text: allServices, Asker: agent("claude")})
	assert.Nil(t, first.Delta, "nobody has looked before")

	clock.now = noon.Add(30 * time.Minute)
	second := ask(t, r, Question{Text: allServices, Asker: agent("claude")})
	require.NotNil(t, second.Delta)
	assert.False(t, second.Delta.Changed)
	assert.Equal(t, first.AnswerID, second.Delta.ComparedTo)
	assert.Contains(t, Text(second, TextLimits{}), "since last check 12:00Z: no change\n")

	o.sicken("session-cache", adapters.HealthDegraded)
	third := ask(t, r, Question{Text: "are all services in production healthy?", Asker: agent("claude")})
	require.NotNil(t, third.Delta)
	require.Len(t, third.Delta.Degraded, 1)
	assert.Equal(t, "session-cache", third.Delta.Degraded[0].Name)
	assert.Contains(t, Text(third, TextLimits{}), "since last check 12:30Z: session-cache healthy -> DEGRADED\n")

	o.sicken("session-cache", adapters.HealthHealthy)
	assert.Len(t, ask(t, r, Question{Text: allServices, Asker: agent("claude")}).Delta.Recovered, 1)
}

func TestEachAskerHasAnOwnLastCheck(t *testing.T) {
	r, o, _ := looking(t)
	ask(t, r, Question{Text: allServices, Asker: agent("claude")})
	o.sicken("session-cache", adapters.HealthDegraded)
	other := ask(t, r, Question{Text: allServices, Asker: agent("hermes")})
	require.NotNil(t, other.Delta, "who has not looked hears what changed since somebody did")
	assert.Equal(t, "claude", other.Delta.By)
	assert.Contains(t, Text(other, TextLimits{}), "since \"claude\" looked 12:00Z: session-cache healthy -> DEGRADED")
	assert.True(t, ask(t, r, Question{Text: allServices, Asker: agent("claude")}).Delta.Changed, "another's look takes nothing away")
	assert.False(t, ask(t, r, Question{Text: allServices, Asker: agent("hermes")}).Delta.Changed)
	assert.False(t, ask(t, r, Question{Text: allServices, Asker: agent(policies.Unknown)}).Delta.Changed, "without a name it is the last look of all")
}

func TestSince(t *testing.T) {
	r, o, clock := looking(t)
	first := ask(t, r, Question{Text: allServices, Asker: agent("claude")})
	clock.now = noon.Add(time.Hour)
	o.sicken("session-cache", adapters.HealthDegraded)
	ask(t, r, Question{Text: allServices, Asker: agent("claude")})
	for name, c := range map[string]struct {
		since   string
		changed bool
		warning string
	}{
		"nothing":             {"", false, ""},
		"the last check":      {"last check", false, ""},
		"an answer":           {first.AnswerID, true, ""},
		"a time":              {noon.Format(time.RFC3339), true, ""},
		"a duration":          {"2h", true, "nothing was observed before 2026-11-22T12:00:00Z"},
		"in words":            {"yesterday", true, "nothing was observed before"},
		"an unknown answer":   {"01ARZ3NDEKTSV4RRFFQ69G5FAV", false, "no answer 01ARZ3NDEKTSV4RRFFQ69G5FAV is kept"},
		"before the calendar": {"0001-01-01T00:00:00Z", true, "nothing was observed before 2026-11-22T12:00:00Z"},
		"what is to come":     {"2030-01-01T00:00:00Z", false, "2030-01-01T00:00:00Z\" has not been yet"},
		"nothing one can say": {"the beginning", false, "write an answer id"},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, r, Question{Text: allServices, Asker: agent("claude"), Since: c.since})
			assert.Equal(t, c.changed, a.Delta != nil && a.Delta.Changed)
			assert.Contains(t, strings.Join(a.Warnings, "\n"), c.warning)
		})
	}
	require.Error(t, CheckSince("the beginning"))
	require.NoError(t, CheckSince("2026-11-22"))
}

// A memory that fails takes no answer away, and nobody thinks that it was kept.
func TestAMemoryThatFailsIsAWarning(t *testing.T) {
	r, o, _ := looking(t)
	ask(t, r, Question{Text: allServices})
	o.notes.broken = errors.New("disk full")
	a := ask(t, r, Question{Text: allServices})
	assert.Equal(t, StatusOK, a.Status)
	assert.Nil(t, a.Delta)
	require.Len(t, a.Warnings, 1)
	assert.Contains(t, a.Warnings[0], "nothing is kept of what was read, so later answers cannot say what changed since: disk full")
}

// What somebody types by mistake, or looks for, is not kept.
func TestALookHasNoSecrets(t *testing.T) {
	r, notes, _ := conversation(t)
	a := ask(t, r, Question{Text: `search the logs of checkout-api for "password=hunter2"`})
	require.Len(t, notes.looks, 1, a.Summary)
	assert.NotContains(t, fmt.Sprint(notes.looks), "hunter2")
}

func TestWhatOnlyMovedIsTold(t *testing.T) {
	r, o, _ := looking(t)
	assert.Len(t, ask(t, r, Question{Text: hot}).Items, 1)
	for i := range o.resources {
		if o.resources[i].Name == "checkout-api-a" {
			o.resources[i].Metrics = map[string]float64{adapters.MetricMemoryOfLimit: 0.95, adapters.MetricMemoryUsage: 1 << 30}
		}
	}
	d := ask(t, r, Question{Text: hot}).Delta
	require.NotNil(t, d)
	require.Len(t, d.Modified, 1)
	assert.Equal(t, "checkout-api-a came in", d.Modified[0].words())
}

// What cannot be read is not gone.
func TestWhatCouldNotBeReadHasNotLeft(t *testing.T) {
	r, o, _ := looking(t)
	ask(t, r, Question{Text: hot})
	o.resources = o.resources[:2]
	o.failures = []adapters.Source{{Provider: "kubernetes", Call: "list", Scope: adapters.Scope{Cluster: "prod"}, Error: &adapters.SourceError{Reason: adapters.TimedOut}}}
	a := ask(t, r, Question{Text: hot})
	require.NotNil(t, a.Delta)
	assert.False(t, a.Delta.Changed)
	o.resources, o.failures = shop().resources, nil
	assert.False(t, ask(t, r, Question{Text: hot}).Delta.Changed, "nor has it come back")
}

// Who could see nothing has not looked: what changed before is still news.
func TestABlindLookIsNone(t *testing.T) {
	r, o, _ := looking(t)
	first := ask(t, r, Question{Text: allServices})
	o.silent, o.resources = true, nil
	o.failures = []adapters.Source{{Provider: "kubernetes", Call: "list", Error: &adapters.SourceError{Reason: adapters.Unreachable}}}
	assert.Nil(t, ask(t, r, Question{Text: allServices}).Delta)
	look, ok, err := o.notes.Look(t.Context(), Which{})
	require.NoError(t, err)
	require.True(t, ok)
	assert.Equal(t, first.AnswerID, look.AnswerID)
}

func TestSinceWhenIsRemembered(t *testing.T) {
	r, o, _ := looking(t)
	o.sicken("session-cache", adapters.HealthDegraded)
	ref := o.resources[0].ID
	o.notes.sights = map[string]Sighting{ref: {Since: ago(43 * time.Minute), Flaps: 4}}
	a := ask(t, r, Question{Text: allServices})
	require.NotEmpty(t, a.Items)
	assert.Equal(t, ago(43*time.Minute), *a.Items[0].Since)
	assert.Contains(t, a.Items[0].Reason, "flapping: its health changed 4 times in an hour")
}

func TestDeltaOf(t *testing.T) {
	at := func(minute int, field string, before, after any) adapters.Change {
		return adapters.Change{Resource: "k/pod/a", Name: "a", Kind: adapters.KindPod, Field: field, Before: before, After: after, At: noon.Add(time.Duration(minute) * time.Minute)}
	}
	for name, c := range map[string]struct {
		changes []adapters.Change
		want    string
	}{
		"nothing":                 {nil, ""},
		"there and back":          {[]adapters.Change{at(1, "image", "v1", "v2"), at(2, "image", "v2", "v1")}, ""},
		"flapping":                {[]adapters.Change{at(1, "health", "healthy", "degraded"), at(2, "health", "degraded", "healthy")}, "a healthy -> healthy (changed 2 times)"},
		"worse in steps":          {[]adapters.Change{at(1, "health", "healthy", "degraded"), at(2, "health", "degraded", "unhealthy")}, "a healthy -> UNHEALTHY (changed 2 times)"},
		"better, not well":        {[]adapters.Change{at(1, "health", "unhealthy", "degraded")}, "a unhealthy -> DEGRADED"},
		"unknown":                 {[]adapters.Change{at(1, "health", "healthy", "unknown")}, "a healthy -> UNKNOWN"},
		"new":                     {[]adapters.Change{at(1, "resource", nil, "healthy"), at(2, "image", "v1", "v2")}, "new pod a"},
		"gone":                    {[]adapters.Change{at(1, "image", "v1", "v2"), at(2, "resource", "healthy", nil)}, "gone: pod a"},
		"came and went":           {[]adapters.Change{at(1, "resource", nil, "healthy"), at(2, "resource", "healthy", nil)}, ""},
		"made anew":               {[]adapters.Change{at(1, "resource", "healthy", nil), at(2, "resource", nil, "healthy")}, "a was made anew"},
		"what counts and a label": {[]adapters.Change{at(1, "label.x", "1", "2"), at(2, "image", "v1", "v2")}, "a image v1 -> v2"},
	} {
		t.Run(name, func(t *testing.T) {
			d := deltaOf(c.changes, func(field string) bool { return strings.HasPrefix(field, "label.") })
			d.close()
			assert.Equal(t, c.want, strings.Join(d.words(6), ", "))
			assert.Equal(t, c.want != "", d.Changed)
		})
	}
}

func TestADeltaIsShort(t *testing.T) {
	var changes []adapters.Change
	for i := range 100 {
		name := strings.Repeat("x", i)
		changes = append(changes, adapters.Change{Resource: name, Name: name, Field: "image", Before: "a", After: "b"})
	}
	d := deltaOf(changes, func(string) bool { return false })
	d.close()
	assert.Len(t, d.Modified, mostDelta)
	assert.Equal(t, 100-mostDelta, d.More)
	assert.Equal(t, "94 more changes", d.words(6)[6])
}

// What begins later than the earlier look, or ended, does not tell that nothing changed since that look.
func TestAListOfChangesSpeaksForItsTimeAlone(t *testing.T) {
	r, _, clock := looking(t)
	for _, question := range []string{"what changed in the last 5 minutes", "what changed around 07:00", "what changed yesterday"} {
		ask(t, r, Question{Text: question})
		clock.now = clock.now.Add(time.Hour)
		again := ask(t, r, Question{Text: question})
		assert.Equal(t, StatusNoData, again.Status, question)
		assert.Nil(t, again.Delta, question)
	}
}

func TestWhatSinceMeans(t *testing.T) {
	for text, want := range map[string]time.Time{
		"09:15": noon.Add(-165 * time.Minute), "2h": ago(2 * time.Hour), "an hour ago": ago(time.Hour), "yesterday": ago(36 * time.Hour),
		"since 09:15": noon.Add(-165 * time.Minute), "last hour": ago(time.Hour), "2026-11-22T13:00:00+02:00": ago(time.Hour),
	} {
		at, err := readSince(text, noon)
		require.NoError(t, err, text)
		assert.True(t, want.Equal(at), "%s: %s", text, at)
	}
}

// Who looked chose the name: it cannot pass for what the answer says.
func TestANameIsQuoted(t *testing.T) {
	text := Text(Answer{Delta: &Delta{By: "x: no change\nanswer 01ZZ  next: \"do\"" + strings.Repeat("y", 99), ComparedAt: noon}}, TextLimits{})
	assert.Contains(t, text, `since "x: no change answer 01ZZ  next: \"do\"y…" looked `)
}

func TestAnIntentSaysWhatIsNoise(t *testing.T) {
	d := &draft{intent: &intents.Intent{Noise: []string{"label.team*"}}}
	assert.True(t, d.noise("label.team-lead"))
	assert.True(t, d.noise("restarts"), "that is noise to everybody")
	assert.False(t, d.noise("image"))
}

// A list of changes is compared by when they were made: what an answer told before is no news.
func TestOnlyNewChangesAreNews(t *testing.T) {
	r, o, clock := looking(t)
	const question = "what changed in checkout-api"
	of := func(at time.Time, before, after string) adapters.Change {
		return adapters.Change{Resource: id(adapters.KindDeployment, "checkout-api"), Provider: "kubernetes", Kind: adapters.KindDeployment, Name: "checkout-api",
			Scope: production, Field: "image", Before: before, After: after, At: at}
	}
	o.changed = []adapters.Change{of(ago(time.Hour), "v1", "v2")}
	ask(t, r, Question{Text: question})
	again := ask(t, r, Question{Text: question})
	require.NotNil(t, again.Delta)
	assert.False(t, again.Delta.Changed)

	clock.now = noon.Add(10 * time.Minute)
	o.changed = append(o.changed, of(noon.Add(5*time.Minute), "v2", "v3"))
	news := ask(t, r, Question{Text: question}).Delta
	require.NotNil(t, news)
	require.Len(t, news.Modified, 1)
	assert.Equal(t, "v3", news.Modified[0].After)
}

// A health answer shows what is not well, and is about all that it covers.
func TestAHealthAnswerTellsWhatChangedOfWhatIsWell(t *testing.T) {
	r, o, _ := looking(t)
	first := ask(t, r, Question{Text: allServices})
	require.Empty(t, first.Items)
	for i := range o.resources {
		if o.resources[i].Kind == adapters.KindDeployment {
			o.resources[i].Attributes = map[string]any{"image": "v3"}
		}
	}
	assert.Contains(t, Text(ask(t, r, Question{Text: allServices}), TextLimits{}), "since last check 12:00Z: checkout-api image")
	assert.NotEmpty(t, o.notes.looks[0].Subject.Refs, "what was looked at is what they may be")
}

// What another process records between two reads of one look is told by the next look.
func TestEachReadIsComparedWithItself(t *testing.T) {
	ref := Look{Read: []Glance{{Query: adapters.Query{Name: "a", Since: noon}, At: 3}, {Query: adapters.Query{Name: "b"}, At: 5}}}.reference()
	assert.Equal(t, adapters.Position(3), ref.position(adapters.Query{Name: "a"}))
	assert.Equal(t, adapters.Position(5), ref.position(adapters.Query{Name: "b", Metrics: []string{"cpu.usage"}}))
	assert.Equal(t, adapters.Position(5), ref.position(adapters.Query{Name: "c"}))
}

// What is too much to tell is kept all the same.
func TestTooMuchToTellIsKept(t *testing.T) {
	r, o, _ := looking(t)
	ask(t, r, Question{Text: allServices})
	o.notes.between = ErrTooMuch
	a := ask(t, r, Question{Text: allServices})
	assert.Nil(t, a.Delta)
	require.Len(t, a.Warnings, 1)
	assert.Contains(t, a.Warnings[0], "what changed since is not known: too much has changed to tell")
	assert.Len(t, o.notes.looks, 2)
}
