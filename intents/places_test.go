package intents

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

// two namespaces that both have web: a workload, the service before it, and its pod.
func twoPlaces() []adapters.Resource {
	at := func(kind adapters.Kind, namespace, name string, health adapters.Health, reason string) adapters.Resource {
		return adapters.Resource{Kind: kind, Name: name, Health: health, Reason: reason, Scope: adapters.Scope{Cluster: "prod", Namespace: namespace}}
	}
	return []adapters.Resource{
		at(adapters.KindPod, "staging", "web-1", adapters.HealthUnhealthy, "CrashLoopBackOff"),
		at(adapters.KindDeployment, "staging", "web", adapters.HealthUnhealthy, "0/1 ready"),
		at(adapters.KindService, "staging", "web", adapters.HealthUnhealthy, "no ready endpoints"),
		at(adapters.KindDeployment, "production", "web", adapters.HealthHealthy, ""),
		at(adapters.KindService, "production", "web", adapters.HealthHealthy, ""),
		at(adapters.KindService, "production", "orphan", adapters.HealthUnhealthy, "no ready endpoints"),
	}
}

func TestPlaces(t *testing.T) {
	rs := twoPlaces()
	assert.Len(t, distinct(rs), 4, "each web is counted once")
	assert.Equal(t, "2 workloads, 1 pod, 1 service", tally(distinct(rs)))
	assert.Equal(t, "staging/web (unhealthy), production/web", nameList([]adapters.Resource{rs[1], rs[3]}))
	assert.Equal(t, "orphan is unhealthy: no ready endpoints", standing(rs[5:], "orphan"))
	assert.Equal(t, "2 places have web: staging/web is unhealthy: 0/1 ready; production/web is healthy", standing(rs[:5], "web"))
	assert.Equal(t, "unknown", standing(nil, "web"))
	nowhere := adapters.Resource{Name: "web", Provider: "github"} // in no cluster
	assert.Equal(t, "github/web", called(nowhere, append(rs[:5:5], nowhere)))
	assert.Equal(t, "github/web", called(nowhere, []adapters.Resource{{Name: "web", Scope: adapters.Scope{Namespace: "production"}}}))
}

func TestLatest(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	change := func(resource, field string, at time.Time) adapters.Change {
		return adapters.Change{Resource: resource, Field: field, At: at}
	}
	changes := []adapters.Change{change("a", "image", noon), change("b", "image", noon), change("a", "replicas", noon), change("a", "image", noon.Add(-time.Hour))}
	assert.Equal(t, []adapters.Change{changes[0], changes[2]}, latest(changes))
	happened := []adapters.Change{change("a", "event.Unhealthy", noon.Add(time.Hour)), change("a", "health", noon.Add(time.Minute))}
	assert.Equal(t, []adapters.Change{changes[0], changes[2]}, latest(append(slices.Clone(happened), changes...)))
	assert.Equal(t, happened[:1], latest(happened))
	assert.Empty(t, latest(nil))
}

// Seconds since creation come from what the provider tells, and are nil without it.
func TestSinceCreation(t *testing.T) {
	m := newMachine(nil, time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	assert.InDelta(t, 60.0, m.sinceCreation(&adapters.Resource{Attributes: map[string]any{"created": "2026-01-01T11:59:00Z"}}), 0)
	assert.Nil(t, m.sinceCreation(&adapters.Resource{}))
}
