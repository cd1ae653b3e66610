package router

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// TestHowItIsSince tells how what was deployed half an hour ago is now.
func TestHowItIsSince(t *testing.T) {
	is := func(health adapters.Health, since time.Time, reason string) adapters.Resource {
		r := resource(adapters.KindDeployment, "web", health, reason)
		r.Since = since
		return r
	}
	fell, event := altered("web", "health", "healthy", "degraded", 20*time.Minute), altered("web", "event.BackOff", nil, "x", 25*time.Minute)
	rose := altered("web", "health", "degraded", "healthy", 10*time.Minute)
	for name, c := range map[string]struct {
		resources    []adapters.Resource
		consequences []adapters.Change
		want         string
	}{
		"nothing was read":        {nil, nil, "how it is since could not be read"},
		"healthy as before":       {[]adapters.Resource{is("healthy", ago(9*time.Hour), "")}, nil, "healthy since then"},
		"healthy when rolled out": {[]adapters.Resource{is("healthy", ago(28*time.Minute), "")}, nil, "healthy since then"},
		"healthy for a while":     {[]adapters.Resource{is("healthy", ago(time.Minute), "")}, nil, "healthy now"},
		"nobody says since when":  {[]adapters.Resource{is("healthy", time.Time{}, "")}, nil, "healthy now"},
		"it recovered":            {[]adapters.Resource{is("healthy", ago(10*time.Minute), "")}, []adapters.Change{fell, rose}, "degraded 10m after, healthy now"},
		"something happened":      {[]adapters.Resource{is("healthy", ago(9*time.Hour), "")}, []adapters.Change{event, rose}, "BackOff 5m after, healthy now"},
		"ill":                     {[]adapters.Resource{is("degraded", ago(27*time.Minute), "1 of 2 ready")}, nil, "degraded 3m after: 1 of 2 ready"},
		"ill before":              {[]adapters.Resource{is("degraded", ago(27*time.Hour), "1 of 2 ready")}, nil, "degraded since before it: 1 of 2 ready"},
		"seen to fall":            {[]adapters.Resource{is("unhealthy", time.Time{}, "")}, []adapters.Change{fell}, "unhealthy 10m after: no reason given"},
		"ill, since nobody knows": {[]adapters.Resource{is("unhealthy", time.Time{}, "")}, nil, "unhealthy now: no reason given"},
		"the worst of several":    {[]adapters.Resource{is("healthy", ago(9*time.Hour), ""), is("degraded", ago(27*time.Minute), "x")}, nil, "degraded 3m after: x"},
		"unknown":                 {[]adapters.Resource{is("unknown", time.Time{}, "")}, nil, "its health is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, aftermath(c.resources, c.consequences, ago(30*time.Minute)))
		})
	}
}

// TestWhatHappenedIsNoDeployment: nor is what followed part of it.
func TestWhatHappenedIsNoDeployment(t *testing.T) {
	f := shop().rolledOut().watched()
	f.changed = append([]adapters.Change{of(adapters.KindDeployment, altered("search", "health", "healthy", "degraded", time.Minute))}, f.changed...)
	a := route(t, f, Question{Text: "what changed in the last deployment?"})
	var fields []string
	for _, c := range a.Changes {
		fields = append(fields, c.Name+" "+c.Field)
	}
	assert.Equal(t, []string{"checkout-api image", "checkout-api replicas", "checkout-api event.BackOff"}, fields)
	assert.Equal(t, "5m after", a.Changes[2].Why)
	assert.Equal(t, []string{"/changes/2/new"}, a.Untrusted)
	require.Len(t, a.Items, 1)
	assert.Contains(t, a.Summary, "BackOff 5m after, healthy now")
}

// lastOnly is a workspace that tells, as providers do, no more than the last change of each resource unless it is asked since when.
type lastOnly struct{ *fake }

func (l lastOnly) Changes(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	s, err := l.fake.Changes(ctx, q)
	if q.Since.IsZero() {
		s.Changes = slices.CompactFunc(s.Changes, func(a, b adapters.Change) bool { return a.Resource == b.Resource && a.Event != b.Event })
	}
	return s, err
}

// TestScalingHidesNoDeployment: what was scaled since is told as the last change of it, and was deployed before all the same.
func TestScalingHidesNoDeployment(t *testing.T) {
	f := shop().rolledOut()
	scaled, older := deployed("replicas", 3.0, 5.0), of(adapters.KindDeployment, altered("search", "image", "1", "2", 70*time.Hour))
	scaled.At, scaled.Event, scaled.Actor, older.Event = ago(time.Minute), "kubectl scale", "eve", "search revision 52"
	f.changed = append(append([]adapters.Change{scaled}, f.changed...), older)
	r := New(defaultMatcher(t), lastOnly{f}, Options{Now: func() time.Time { return noon }, Entropy: zeros{}})
	a := ask(t, r, Question{Text: "what changed in the last deployment?"})
	assert.Contains(t, a.Summary, "image v1.4.1 -> v1.4.2, replicas 2 -> 3, replicas 3 -> 5 (checkout-api revision 8, by ci-bot")
	assert.Len(t, a.Changes, 3)
	a = ask(t, r, Question{Text: "has anything changed since the last deployment?"})
	assert.Contains(t, a.Warnings, "the last deployment was checkout-api revision 8 at 2026-11-22T11:46:00Z")

	ill := crashing()
	ill.changed = f.changed
	r = New(defaultMatcher(t), lastOnly{ill}, Options{Now: func() time.Time { return noon }, Entropy: zeros{}})
	assert.Contains(t, ask(t, r, Question{Text: "why is checkout-api failing?"}).Summary, "last change: checkout-api image v1.4.1 -> v1.4.2 and 1 more, 4m before it began")
}
