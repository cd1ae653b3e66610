package router

import (
	"bytes"
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// fake is a workspace in memory.
type fake struct {
	resources   []adapters.Resource
	changed     []adapters.Change
	written     []adapters.LogLine
	previous    []adapters.LogLine
	connections []adapters.Connection
	failures    []adapters.Source // added to every read
	silent      bool              // no source of its own
	demo        bool
	known       *adapters.Names // what a read that is not fresh knows; nil means all
	fresh       int             // how often the names were read anew
}

var _ Workspace = (*fake)(nil)

func (f *fake) Query(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	s := f.snapshot(q, "list")
	for _, r := range f.resources {
		if q.Matches(r) {
			s.Resources = append(s.Resources, r)
		}
	}
	return s, ctx.Err()
}

func (f *fake) Changes(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	s := f.snapshot(q, "changes")
	for _, c := range f.changed {
		if q.Matches(adapters.Resource{Name: c.Name, Kind: c.Kind, Provider: c.Provider, Scope: c.Scope}) && !c.At.Before(q.Since) {
			s.Changes = append(s.Changes, c)
		}
	}
	return s, ctx.Err()
}

func (f *fake) Logs(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	s := f.snapshot(q, "logs")
	s.Logs = f.written
	if q.Log.Previous {
		s.Logs = f.previous
	}
	return s, ctx.Err()
}

func (f *fake) Connections(context.Context) []adapters.Connection { return f.connections }

func (f *fake) Names(_ context.Context, fresh bool) adapters.Names {
	if fresh {
		f.fresh++
		f.known = nil
	}
	if f.known != nil {
		return *f.known
	}
	return adapters.NamesOf(f.resources)
}

func (f *fake) snapshot(q adapters.Query, call string) adapters.Snapshot {
	s := adapters.Snapshot{Query: q, Sources: f.failures, At: noon, Demo: f.demo}
	if !f.silent {
		own := adapters.Source{Provider: "kubernetes", Call: call, Identity: "ada", Scope: adapters.Scope{Cluster: "prod"}, At: noon, Took: 12 * time.Millisecond, Count: 3}
		s.Sources = append([]adapters.Source{own}, s.Sources...)
	}
	return s
}

var production = adapters.Scope{Cluster: "prod", Namespace: "production", Environment: "production"}

func resource(kind adapters.Kind, name string, health adapters.Health, reason string, relations ...adapters.Relation) adapters.Resource {
	r := adapters.Resource{Provider: "kubernetes", Kind: kind, Name: name, Scope: production, Health: health, Reason: reason, Relations: relations, Observed: noon}
	r.ID = adapters.NewID(r.Provider, kind, r.Scope, name)
	if reason != "" {
		r.Since = ago(10 * time.Minute)
	}
	return r
}

func id(kind adapters.Kind, name string) string {
	return adapters.NewID("kubernetes", kind, production, name)
}

func to(relation adapters.RelationType, target string) adapters.Relation {
	return adapters.Relation{Type: relation, Target: target}
}

var cacheScope = adapters.Scope{Account: "acme", Region: "us-east-1", Environment: "production"}

// shop is a small estate: checkout-api behind a service and an ingress, with a cache it uses.
func shop() *fake {
	cache := adapters.Resource{Provider: "aws", Kind: adapters.KindCache, Name: "session-cache", Scope: cacheScope, Health: adapters.HealthHealthy, Observed: noon}
	cache.ID = adapters.NewID("aws", adapters.KindCache, cacheScope, cache.Name)
	deployment := resource(adapters.KindDeployment, "checkout-api", adapters.HealthHealthy, "", to(adapters.RelationUses, cache.ID))
	resources := []adapters.Resource{cache, deployment}
	for i, name := range []string{"checkout-api-a", "checkout-api-b"} {
		pod := resource(adapters.KindPod, name, adapters.HealthHealthy, "", to(adapters.RelationOwnedBy, deployment.ID), to(adapters.RelationRunsOn, id(adapters.KindNode, "node-1")))
		pod.Metrics = map[string]float64{adapters.MetricMemoryOfLimit: 0.5 + 0.4*float64(i), adapters.MetricMemoryUsage: 512 << 20}
		resources = append(resources, pod)
	}
	node := resource(adapters.KindNode, "node-1", adapters.HealthHealthy, "")
	return &fake{resources: append(resources, node,
		resource(adapters.KindService, "checkout", adapters.HealthHealthy, "", to(adapters.RelationSelects, deployment.ID)),
		resource(adapters.KindIngress, "web", adapters.HealthHealthy, "", to(adapters.RelationRoutesTo, id(adapters.KindService, "checkout"))),
		resource(adapters.KindDeployment, "search", adapters.HealthHealthy, ""),
	)}
}

// mutate changes the resources of one name and returns the estate.
func (f *fake) mutate(name string, change func(*adapters.Resource)) *fake {
	for i := range f.resources {
		if f.resources[i].Name == name {
			change(&f.resources[i])
		}
	}
	return f
}

func (f *fake) ill(name string, health adapters.Health, reason string) *fake {
	return f.mutate(name, func(r *adapters.Resource) { r.Health, r.Reason, r.Since = health, reason, ago(10*time.Minute) })
}

// small is the matcher of the tests' own catalogue.
var small = sync.OnceValues(func() (*Matcher, error) {
	catalog, err := intents.Load(os.DirFS("testdata/intents"))
	if err != nil {
		return nil, err
	}
	return NewMatcher(catalog)
})

// newRouter returns a router with a fixed clock and fixed ids.
func newRouter(t testing.TB, w Workspace) *Router {
	t.Helper()
	m, err := small()
	require.NoError(t, err)
	return New(m, w, Options{Now: func() time.Time { return noon }, Entropy: zeros{}})
}

// zeros is an endless source of zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{0}, len(p))), nil }

func route(t testing.TB, w Workspace, q Question) Answer {
	t.Helper()
	a, err := newRouter(t, w).Route(t.Context(), q)
	require.NoError(t, err)
	return a
}
