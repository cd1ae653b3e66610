package adaptertest

import (
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// shapeChecks are about each resource for itself, and the driver's description of itself.
func shapeChecks() []check {
	return []check{
		{"name", None, checkName},
		{"kinds", None, checkKinds},
		{"connections", None, checkConnections},
		{"identity", None, each(checkIdentity)},
		{"observed", None, checkObserved},
		{"health", None, each(checkHealth)},
		{"attributes", None, each(checkAttributes)},
		{"metrics", None, each(checkMetrics)},
		{"relations", None, each(checkRelations)},
		{"link", None, each(checkLink)},
	}
}

// each runs a check on every resource of the driver.
func each(run func(t tb, d adapters.Adapter, r adapters.Resource)) func(tb, adapters.Adapter, Harness) {
	return func(t tb, d adapters.Adapter, _ Harness) {
		for _, r := range some(t, d, adapters.Query{}) {
			run(t, d, r)
		}
	}
}

var (
	lowerWord = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

func checkName(t tb, d adapters.Adapter, _ Harness) {
	assert.Regexp(t, lowerWord, d.Name())
	require.NotEmpty(t, providers(d))
	for _, provider := range providers(d) {
		assert.Regexp(t, lowerWord, provider)
	}
}

func checkKinds(t tb, d adapters.Adapter, _ Harness) {
	kinds := d.Kinds()
	require.NotEmpty(t, kinds)
	assert.True(t, slices.IsSorted(kinds), "Kinds is not sorted: %v", kinds)
	assert.Len(t, slices.Compact(slices.Clone(kinds)), len(kinds), "Kinds has one twice")
	for _, kind := range kinds {
		assert.Regexp(t, lowerWord, string(kind))
	}
	for _, r := range some(t, d, adapters.Query{}) {
		assert.Contains(t, kinds, r.Kind, "%s is of a kind that Kinds does not name", r.ID)
	}
}

func checkConnections(t tb, d adapters.Adapter, _ Harness) {
	connections := d.Connections(t.Context())
	require.NotEmpty(t, connections, "a driver that reaches nothing has a connection that says so")
	for _, c := range connections {
		assert.Contains(t, providers(d), c.Provider)
		if c.Problem != nil {
			checkProblem(t, c.Problem)
			continue
		}
		assert.NotEmpty(t, c.Identity, "connection %s: as whom?", c.Name)
	}
}

func checkIdentity(t tb, d adapters.Adapter, r adapters.Resource) {
	assert.NotEmpty(t, r.Name, "%s has no name", r.ID)
	assert.Contains(t, providers(d), r.Provider, "%s", r.ID)
	assert.Equal(t, adapters.NewID(r.Provider, r.Kind, r.Scope, r.Name), r.ID)
	if e := r.Scope.Environment; e != "" {
		word, known := adapters.Environment(e)
		assert.True(t, known && word == e, "%s: %q is not one of the four environments", r.ID, e)
	}
}

func checkObserved(t tb, d adapters.Adapter, h Harness) {
	before := h.now()
	resources := some(t, d, adapters.Query{})
	after := h.now()
	for _, r := range resources {
		assert.False(t, r.Observed.Before(before) || r.Observed.After(after), "%s was observed at %s, not within the call (%s to %s)", r.ID, r.Observed, before, after)
	}
}

func checkHealth(t tb, _ adapters.Adapter, r adapters.Resource) {
	switch r.Health {
	case "", adapters.HealthHealthy:
	case adapters.HealthUnknown, adapters.HealthDegraded, adapters.HealthUnhealthy:
		assert.NotEmpty(t, r.Reason, "%s is %s: why?", r.ID, r.Health)
	default:
		t.Errorf("%s: %q is not a health", r.ID, r.Health)
	}
	assert.False(t, r.Since.After(r.Observed), "%s is what it is since the future: %s", r.ID, r.Since)
}

func checkAttributes(t tb, _ adapters.Adapter, r adapters.Resource) {
	for key, value := range r.Attributes {
		assert.Regexp(t, snakeCase, key, "%s: attribute", r.ID)
		switch value.(type) {
		case string, bool, float64, []string:
		default:
			t.Errorf("%s: attribute %s is a %T, not a string, bool, float64 or []string", r.ID, key, value)
		}
	}
}

func checkMetrics(t tb, _ adapters.Adapter, r adapters.Resource) {
	for name, value := range r.Metrics {
		assert.Contains(t, adapters.Metrics(), name, "%s", r.ID)
		assert.False(t, math.IsNaN(value) || math.IsInf(value, 0), "%s: %s is %v", r.ID, name, value)
		assert.False(t, value < 0 && name != adapters.MetricStorageGrowth, "%s: %s is %v", r.ID, name, value)
		if adapters.UnitOf(name) == adapters.UnitShare {
			assert.LessOrEqual(t, value, 1.0, "%s: %s is a ratio from 0 to 1", r.ID, name)
		}
	}
}

func checkRelations(t tb, _ adapters.Adapter, r adapters.Resource) {
	known := []adapters.RelationType{adapters.RelationOwnedBy, adapters.RelationRunsOn, adapters.RelationSelects,
		adapters.RelationRoutesTo, adapters.RelationMounts, adapters.RelationUses, adapters.RelationScales, adapters.RelationProtects}
	for _, rel := range r.Relations {
		assert.Contains(t, known, rel.Type, "%s", r.ID)
		assert.True(t, wellFormed(rel.Target), "%s %s %q: not an ID made by NewID", r.ID, rel.Type, rel.Target)
	}
}

// wellFormed reports whether NewID could have made the ID: a provider, a kind and a name at least, each escaped.
func wellFormed(id string) bool {
	parts := strings.Split(id, "/")
	return len(parts) >= 3 && !slices.ContainsFunc(parts, func(part string) bool {
		plain, err := url.PathUnescape(part)
		return err != nil || part == "" || url.PathEscape(plain) != part
	})
}

func checkLink(t tb, _ adapters.Adapter, r adapters.Resource) {
	if r.Link != "" {
		link, err := url.Parse(r.Link)
		assert.True(t, err == nil && link.Scheme == "https" && link.Host != "" && link.User == nil, "%s: link %q", r.ID, r.Link)
	}
}
