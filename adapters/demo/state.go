package demo

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// An epoch is the estate between two events. All of them are computed when the driver is opened, and again when a command
// has added an event, so that a read is a search and a filter; nothing in them is written afterwards.
type epoch struct {
	from    time.Time
	estate  []resource
	groups  []*group
	changes []adapters.Change // newest first
}

// A group is what one provider call lists: the resources of one kind in one place.
type group struct {
	place     place
	kind      adapters.Kind
	call      string
	changes   string // the call that lists what changed in the place; empty if nothing keeps a record of it
	logs      string // the call that reads what a {workload} wrote
	resources []adapters.Resource
}

// covers reports whether a read of q makes the group's call.
func (g *group) covers(q adapters.Query) bool {
	q.Name, q.Scope.Zone = "", "" // those filter what the call brings
	return q.Matches(adapters.Resource{Provider: g.place.Provider, Kind: g.kind, Scope: g.place.Scope})
}

// timeline plays the story once: the first epoch is the estate at the start, each further one begins with an event.
func (s *story) timeline(start time.Time, events []event) []epoch {
	now := slices.Clone(s.Resources)
	began := make(map[string]time.Time, len(now)) // since when each resource's health is what it is
	for _, r := range now {
		began[r.ref()] = start.Add(r.Since)
	}
	var changes []adapters.Change
	var epochs []epoch
	snapshot := func(from time.Time) {
		epochs = append(epochs, epoch{from, slices.Clone(now), s.groups(now, began), changes})
	}
	next := 0
	for ; next < len(events) && events[next].At <= 0; next++ {
		changes = slices.Concat(s.play(now, began, events[next], start), changes)
	}
	snapshot(start)
	for ; next < len(events); next++ {
		changes = slices.Concat(s.play(now, began, events[next], start), changes)
		snapshot(start.Add(events[next].At))
	}
	return epochs
}

// play applies one event and returns the changes that a provider would have recorded.
func (s *story) play(now []resource, began map[string]time.Time, e event, start time.Time) []adapters.Change {
	at := start.Add(e.At)
	i := slices.IndexFunc(now, func(r resource) bool { return r.ref() == e.Resource })
	was := now[i]
	now[i].State = e.next(was.State)
	if now[i].health() != was.health() {
		began[e.Resource] = at
	}
	before := adapters.Snapshot{Resources: []adapters.Resource{s.compile(was, at)}}
	after := adapters.Snapshot{Resources: []adapters.Resource{s.compile(now[i], at)}, At: at}
	changes := adapters.Diff(before, after)
	r := after.Resources[0]
	for _, t := range e.Tells {
		changes = append(changes, adapters.Change{Resource: r.ID, Provider: r.Provider, Kind: r.Kind, Name: r.Name, Scope: r.Scope,
			Field: t.Field, Before: t.Before, After: t.After, At: at})
	}
	for j := range changes {
		changes[j].Actor, changes[j].Event = e.Actor, e.Event
	}
	slices.SortStableFunc(changes, func(a, b adapters.Change) int { return adapters.CompareFields(a.Field, b.Field) })
	return changes
}

// next returns the state after the event.
func (e event) next(s state) state {
	if e.do != nil {
		return e.do(s)
	}
	return s.with(e.Set)
}

// with returns the state after a change. Who becomes healthy has no reason left, and all its replicas are ready.
func (s state) with(change state) state {
	s.Health = cmp.Or(change.Health, s.Health)
	s.Reason = cmp.Or(change.Reason, s.Reason)
	if change.Health == adapters.HealthHealthy {
		s.Reason = ""
	}
	s.Image = cmp.Or(change.Image, s.Image)
	s.Replicas = cmp.Or(change.Replicas, s.Replicas)
	if s.Ready = cmp.Or(change.Ready, s.Ready); change.Health == adapters.HealthHealthy {
		s.Ready = nil
	}
	s.Waiting = cmp.Or(change.Waiting, s.Waiting)
	s.Restarts = cmp.Or(change.Restarts, s.Restarts)
	s.CPU = cmp.Or(change.CPU, s.CPU)
	s.Memory = cmp.Or(change.Memory, s.Memory)
	s.Attributes = merged(s.Attributes, change.Attributes)
	s.Metrics = merged(s.Metrics, change.Metrics)
	return s
}

// groups compiles the estate and its pods, and sorts them by the call that lists them.
func (s *story) groups(now []resource, began map[string]time.Time) []*group {
	byCall := map[string]*group{}
	add := func(in string, r adapters.Resource) {
		key := in + "/" + string(r.Kind)
		if byCall[key] == nil {
			byCall[key] = &group{place: s.Places[in], kind: r.Kind,
				call: s.call(in, string(r.Kind)), changes: cmp.Or(s.call(in, "changes"), s.call(in, "clusterChanges")), logs: s.call(in, "logs")}
		}
		byCall[key].resources = append(byCall[key].resources, r)
	}
	for _, r := range now {
		compiled := s.compile(r, began[r.ref()])
		add(r.In, compiled)
		for _, pod := range s.pods(r, compiled, now) {
			add(r.In, pod)
		}
	}
	groups := make([]*group, 0, len(byCall))
	for _, key := range slices.Sorted(maps.Keys(byCall)) {
		groups = append(groups, byCall[key])
	}
	return groups
}

// compile says a resource of the story in the vocabulary.
func (s *story) compile(r resource, since time.Time) adapters.Resource {
	where := s.Places[r.In]
	scope := where.Scope
	scope.Zone = cmp.Or(r.Zone, scope.Zone)
	out := adapters.Resource{
		ID: adapters.NewID(where.Provider, r.Kind, scope, r.Name), Provider: where.Provider, Kind: r.Kind, Name: r.Name,
		Scope: scope, Health: r.health(), Reason: r.State.reason(), Labels: r.Labels,
		Attributes: merged(r.State.Attributes, nil), Metrics: merged(r.State.Metrics, nil), Since: since, Link: r.Link,
	}
	for _, edge := range s.edges(r) {
		edge.Target = s.id(edge.Target)
		out.Relations = append(out.Relations, edge)
	}
	if !r.State.restarted.IsZero() {
		out.Attributes["restarted_at"] = r.State.restarted.Format(time.RFC3339)
	}
	if r.State.Image != "" {
		out.Attributes["image"] = r.State.Image
	}
	if r.State.Replicas != nil {
		out.Attributes["replicas"] = float64(*r.State.Replicas)
		out.Metrics[adapters.MetricReplicasDesired] = float64(*r.State.Replicas)
		out.Metrics[adapters.MetricReplicasReady] = float64(r.State.ready())
		r.State.measure(out.Metrics, float64(*r.State.Replicas), 1)
	}
	return out
}

// health is healthy unless the story says otherwise, for the kinds that have one.
func (r resource) health() adapters.Health {
	switch r.Kind {
	case adapters.KindNamespace, adapters.KindEvent, adapters.KindConfig, adapters.KindBucket,
		adapters.KindRepository, adapters.KindPullRequest, adapters.KindBudget:
		return r.State.Health
	default:
		return cmp.Or(r.State.Health, adapters.HealthHealthy)
	}
}

// edges are a resource's relations, sorted, with whole references for targets. What proves one stands in parentheses behind it.
func (s *story) edges(r resource) []adapters.Relation {
	var edges []adapters.Relation
	for _, kind := range slices.Sorted(maps.Keys(r.Relations)) {
		for _, target := range r.Relations[kind] {
			target, proof, _ := strings.Cut(strings.TrimSuffix(target, ")"), " (")
			first, _, _ := strings.Cut(target, "/")
			if _, whole := s.Places[first]; !whole {
				target = r.In + "/" + target
			}
			edge := adapters.Relation{Type: kind, Target: target}
			if proof != "" {
				edge.Evidence = adapters.Proof(proof, target[strings.LastIndexByte(target, '/')+1:])
			}
			edges = append(edges, edge)
		}
	}
	return edges
}

// id is the ID of the resource that a whole reference names. Names may hold slashes.
func (s *story) id(ref string) string {
	parts := strings.SplitN(ref, "/", 3)
	where := s.Places[parts[0]]
	return adapters.NewID(where.Provider, adapters.Kind(parts[1]), where.Scope, parts[2])
}

// ready is how many replicas are; a command may have left fewer of them than the story says.
func (s state) ready() int {
	if s.Ready != nil {
		return min(*s.Ready, *s.Replicas)
	}
	return *s.Replicas
}

// reason is the reason with the replicas in it as they are.
func (s state) reason() string {
	if s.Replicas == nil {
		return s.Reason
	}
	if s.Reason == "" && *s.Replicas == 0 {
		return "scaled to 0"
	}
	return strings.ReplaceAll(s.Reason, "{ready}", fmt.Sprintf("%d/%d", s.ready(), *s.Replicas))
}

// measure adds what count pods use, each factor of the usual, against what they may use.
func (s state) measure(metrics map[string]float64, count, factor float64) {
	of := func(name string, u *usage, unit float64) {
		if u == nil {
			return
		}
		used := round(u.Usage * factor)
		metrics[name+".usage"], metrics[name+".request"] = round(used*count*unit), round(u.Request*count*unit)
		metrics[name+".ofRequest"] = round(used / u.Request)
		if u.Limit > 0 {
			metrics[name+".limit"], metrics[name+".ofLimit"] = round(u.Limit*count*unit), round(used/u.Limit)
		}
	}
	of("cpu", s.CPU, 1)
	of("memory", s.Memory, 1<<20)
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// merged returns a map of its own with the entries of both; those of b win.
func merged[K comparable, V any](a, b map[K]V) map[K]V {
	both := make(map[K]V, len(a)+len(b))
	maps.Copy(both, a)
	maps.Copy(both, b)
	return both
}
