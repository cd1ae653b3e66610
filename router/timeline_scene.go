package router

import (
	"context"
	"slices"
	"time"

	"clanker/adapters"
)

// scene is what stands around the resource that a question on changes is about, with what changed there.
type scene struct {
	named   []string // what goes by the name, and its parts; of a question without a name, what fell ill last
	graph   *adapters.Graph
	steps   []adapters.Step // from the named, nearest first
	changes []adapters.Change
	since   time.Time // how far back the changes reach
	recent  time.Time // what happened before is no sign that something is wrong now
}

// scene reads what a cause may be: all that there is and changed, since what breaks a thing may be anywhere. The scope of the
// question says where the thing itself is.
func (r *Router) scene(ctx context.Context, d *draft) (*scene, error) {
	s := &scene{since: d.started.Add(-2 * leadTime), recent: d.started.Add(-leadTime)}
	if since := d.query.Since; !since.IsZero() && since.Before(s.since) {
		s.since = since
	}
	all, parts := adapters.Query{}, d.query
	if parts.Name == "" {
		all.Scope, all.Providers = d.query.Scope, d.query.Providers
	}
	changes := all
	all.Kinds, changes.Since = append(slices.Clone(topologyKinds), adapters.KindNode, adapters.KindRelease), s.since
	parts.Kinds, parts.Since = d.diagnosable(), time.Time{}
	reads := []func() (adapters.Snapshot, error){
		func() (adapters.Snapshot, error) { return r.workspace.Query(ctx, all) },
		func() (adapters.Snapshot, error) { return r.workspace.Changes(ctx, changes) },
	}
	if parts.Name != "" {
		reads = append(reads, func() (adapters.Snapshot, error) { return r.workspace.Query(ctx, parts) })
	}
	read, err := d.together(reads...)
	if err != nil {
		return nil, err
	}
	s.changes = read[1].Changes
	if parts.Name == "" {
		s.graph = adapters.NewGraph(read[0].Resources)
		s.named = s.lastIll(read[0].Resources)
	} else {
		s.graph = adapters.NewGraph(slices.Concat(read[0].Resources, read[2].Resources))
		s.named = idsOf(read[2].Resources)
	}
	s.steps = s.graph.Search(s.named, adapters.Around, mostFar)
	return s, nil
}

// lastIll is what fell ill last and still is, if there is anything: the incident, to those who ask about one without a name.
func (s *scene) lastIll(resources []adapters.Resource) []string {
	var signs []Symptom
	for i := range resources {
		if sign, ok := s.sign(&resources[i]); ok && troubled(resources[i]) {
			signs = append(signs, sign)
		}
	}
	if len(signs) == 0 {
		return nil
	}
	return []string{best(signs, false).Ref}
}

func idsOf(resources []adapters.Resource) []string {
	ids := make([]string, 0, len(resources))
	for _, r := range resources {
		ids = append(ids, r.ID)
	}
	return ids
}

// causes answers a question on what came before a symptom with all that changed, the likeliest cause first. It reports false
// when there is no symptom to speak of: then the question is one about a time.
func (r *Router) causes(ctx context.Context, d *draft) (bool, error) {
	s, err := r.scene(ctx, d)
	if err != nil {
		return true, err
	}
	if d.found = len(s.named) > 0; !d.found && d.query.Name != "" && d.elsewhere() {
		return true, nil
	}
	symptom, err := r.symptom(ctx, d, s)
	if err != nil {
		return true, err
	}
	if len(s.named) == 0 && symptom.From == fromNow {
		return false, nil
	}
	if err := r.reachBack(ctx, d, s, symptom); err != nil {
		return true, err
	}
	return true, d.blame(s.ranking(symptom), s.changes)
}

// reachBack sees to it that the changes are those of the time before the symptom.
func (r *Router) reachBack(ctx context.Context, d *draft, s *scene, symptom Symptom) error {
	from := symptom.At.Add(-leadTime)
	if since := d.query.Since; !since.IsZero() && (since.Before(from) || d.data.Slots["time"] != nil && symptom.From != fromQuestion) {
		from = since
	}
	if from.Before(s.since) {
		q := adapters.Query{Since: from}
		if d.query.Name == "" {
			q.Scope, q.Providers = d.query.Scope, d.query.Providers
		}
		snapshot, err := r.workspace.Changes(ctx, q)
		if err != nil {
			return err
		}
		d.read(snapshot)
		s.changes = snapshot.Changes
	}
	s.changes = slices.DeleteFunc(slices.Clone(s.changes), func(c adapters.Change) bool { return c.At.Before(from) })
	return nil
}

// ranking ranks by how changes stand to the named resource, if one was named.
func (s *scene) ranking(symptom Symptom) ranking {
	k := ranking{symptom: symptom}
	if len(s.named) == 0 {
		return k
	}
	k.steps, k.beneath = make(map[string]adapters.Step, len(s.steps)), map[string]bool{}
	for _, step := range s.steps {
		k.steps[step.ID] = step
	}
	for _, step := range s.graph.Search(s.named, adapters.Dependencies, mostFar) {
		k.beneath[step.ID] = true
	}
	return k
}
