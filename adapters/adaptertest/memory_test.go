package adaptertest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// memory is a driver that keeps all promises; the suite's test breaks them one at a time.
type memory struct {
	name        string
	kinds       []adapters.Kind
	resources   func() []adapters.Resource
	list        func(context.Context, adapters.Query) ([]adapters.Resource, []adapters.Source, error)
	connections []adapters.Connection
	changes     []adapters.Change
	since       bool // whether Changes looks at Since
	logs        func(adapters.Query) []adapters.LogLine
}

var (
	_ adapters.Adapter = (*memory)(nil)
	_ adapters.Changer = (*memory)(nil)
	_ adapters.Logger  = (*memory)(nil)
)

func (m *memory) Name() string                                      { return m.name }
func (m *memory) Kinds() []adapters.Kind                            { return m.kinds }
func (m *memory) Connections(context.Context) []adapters.Connection { return m.connections }

func (m *memory) List(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
	return m.list(ctx, q)
}

func (m *memory) Changes(_ context.Context, q adapters.Query) ([]adapters.Change, []adapters.Source, error) {
	found := slices.DeleteFunc(slices.Clone(m.changes), func(c adapters.Change) bool { return m.since && c.At.Before(q.Since) })
	return found, []adapters.Source{m.source(len(found), nil)}, nil
}

func (m *memory) Logs(_ context.Context, q adapters.Query) ([]adapters.LogLine, []adapters.Source, error) {
	lines := m.logs(q)
	return lines, []adapters.Source{m.source(len(lines), nil)}, nil
}

func (m *memory) source(count int, problem *adapters.SourceError) adapters.Source {
	return adapters.Source{Provider: "memory", Call: "read", Identity: "ana", At: time.Now(), Took: 1, Count: count, Error: problem}
}

// filtered is how the driver lists unless a fault or a test says otherwise.
func (m *memory) filtered(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	source := m.source(0, nil)
	found := slices.DeleteFunc(m.resources(), func(r adapters.Resource) bool { return !q.Matches(r) })
	source.Count = len(found)
	return found, []adapters.Source{source}, nil
}

// failing lists nothing but a problem.
func (m *memory) failing(problem adapters.SourceError) {
	m.list = func(context.Context, adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
		return nil, []adapters.Source{m.source(0, &problem)}, nil
	}
}

func deploymentAndPod() []adapters.Resource {
	scope := adapters.Scope{Region: "r1", Environment: "production", Cluster: "c1", Namespace: "web"}
	deployment := resource(adapters.KindDeployment, "Web", scope)
	deployment.Health, deployment.Reason = adapters.HealthDegraded, "0/1 ready"
	pod := resource(adapters.KindPod, "web-1", scope)
	pod.Relations = []adapters.Relation{{Type: adapters.RelationOwnedBy, Target: deployment.ID}}
	pod.Labels, pod.Link = map[string]string{"tier": "front"}, "https://console.example/web-1"
	return []adapters.Resource{deployment, pod, resource(adapters.KindPod, "other", adapters.Scope{Namespace: "else"})}
}

func resource(kind adapters.Kind, name string, scope adapters.Scope) adapters.Resource {
	return adapters.Resource{ID: adapters.NewID("memory", kind, scope, name), Provider: "memory", Kind: kind, Name: name, Scope: scope,
		Health: adapters.HealthHealthy, Attributes: map[string]any{"image": "web:1"},
		Metrics: map[string]float64{adapters.MetricRestarts: 0}, Observed: time.Now()}
}

const manyPods = 5

// harness is that of the memory driver with every fault there is, each opened driver edited by a test.
func harness() Harness {
	return Harness{
		Faults: []Fault{Denied, Expired, Throttled, Slow, Partial, Many, Canaries},
		Want:   []Want{{Kind: adapters.KindPod, Name: "web-1", Scope: adapters.Scope{Namespace: "web"}}},
		Logs:   adapters.Query{Name: "web"}, ManyKind: adapters.KindPod, ManyCount: manyPods,
	}
}

func open(f Fault) *memory {
	pod := deploymentAndPod()[1]
	m := &memory{name: "memory", kinds: []adapters.Kind{adapters.KindDeployment, adapters.KindPod}, resources: deploymentAndPod, since: true,
		connections: []adapters.Connection{{Provider: "memory", Identity: "ana"}, {Provider: "memory", Name: "old",
			Problem: &adapters.SourceError{Reason: adapters.ExpiredCredentials, Fix: "memory login"}}},
		changes: []adapters.Change{
			{Resource: pod.ID, Provider: "memory", Kind: pod.Kind, Name: pod.Name, Scope: pod.Scope, Field: "image", Before: "web:0", After: "web:1", At: time.Now().Add(-time.Hour)},
			{Resource: pod.ID, Provider: "memory", Kind: pod.Kind, Name: pod.Name, Scope: pod.Scope, Field: "image", After: "web:0", At: time.Now().Add(-2 * time.Hour)},
		}}
	m.list = m.filtered
	written := time.Now().Add(-time.Minute)
	m.logs = func(q adapters.Query) []adapters.LogLine { return logLines(pod.ID, written, q, "up", "Ready") }
	m.suffer(f, pod.ID, written)
	return m
}

func (m *memory) suffer(f Fault, pod string, written time.Time) {
	switch f {
	case None:
	case Denied:
		m.failing(adapters.SourceError{Reason: adapters.PermissionDenied, Permission: "list pods", Fix: "grant it"})
	case Expired:
		m.list = func(context.Context, adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			return nil, nil, &adapters.SourceError{Reason: adapters.ExpiredCredentials, Fix: "memory login"}
		}
	case Throttled:
		m.failing(adapters.SourceError{Reason: adapters.RateLimited, RetryAfter: RetryAfter})
	case Slow:
		m.list = func(ctx context.Context, _ adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			<-ctx.Done()
			return nil, nil, ctx.Err()
		}
	case Partial:
		m.list = func(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			found, sources, err := m.filtered(ctx, q)
			return found, append(sources, m.source(0, &adapters.SourceError{Reason: adapters.Unreachable, What: "cluster two"})), err
		}
	case Many:
		m.resources = func() []adapters.Resource { return pods(manyPods) }
	case Canaries:
		m.resources = func() []adapters.Resource { return []adapters.Resource{planted()} }
		m.logs = func(q adapters.Query) []adapters.LogLine { return logLines(pod, written, q, LogLines()...) }
	}
}

func pods(n int) []adapters.Resource {
	var pods []adapters.Resource
	for i := range n {
		pods = append(pods, resource(adapters.KindPod, "p"+strings.Repeat("x", i), adapters.Scope{}))
	}
	return pods
}

// planted is a pod with every secret in its attributes, labels and reason.
func planted() adapters.Resource {
	r := resource(adapters.KindPod, "careless", adapters.Scope{})
	r.Labels, r.Health = map[string]string{}, adapters.HealthUnhealthy
	for _, s := range Secrets() {
		r.Labels[s.Key], r.Attributes[strings.ToLower(s.Key)] = s.Value, s.Value
		r.Reason += s.Key + "=" + s.Value + " "
	}
	return r
}

func logLines(id string, at time.Time, q adapters.Query, texts ...string) []adapters.LogLine {
	var lines []adapters.LogLine
	for i, text := range texts {
		line := adapters.LogLine{Resource: id, Container: "app", At: at.Add(time.Duration(i) * time.Second), Text: text}
		if strings.Contains(strings.ToLower(text), strings.ToLower(q.Log.Grep)) && !line.At.Before(q.Since) &&
			(q.Log.Container == "" || q.Log.Container == line.Container) {
			lines = append(lines, line)
		}
	}
	if q.Log.Tail > 0 {
		lines = lines[max(0, len(lines)-q.Log.Tail):]
	}
	return lines
}

// edited wraps the driver's list so that its resources come out changed.
func edited(edit func(*adapters.Resource)) func(*memory) {
	return func(m *memory) {
		list := m.list
		m.list = func(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			found, sources, err := list(ctx, q)
			for i := range found {
				found[i].Attributes = maps.Clone(found[i].Attributes)
				edit(&found[i])
			}
			return found, sources, err
		}
	}
}
