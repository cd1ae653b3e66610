package router

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"clanker/adapters"
)

// lastDeployment answers with the newest deployment, and with how what it changed is since: as the provider says it is now,
// and as it was seen to be in between.
func (r *Router) lastDeployment(ctx context.Context, d *draft, changes []adapters.Change) error {
	last := lastDeployed(changes)
	if len(last) == 0 {
		return d.tell(nil)
	}
	made := last[len(last)-1] // scaling comes after what it is for
	resources, err := r.deployed(ctx, d, last)
	if err != nil {
		return err
	}
	consequences := slices.DeleteFunc(slices.Clone(changes), func(c adapters.Change) bool {
		return isSetting(c) || !c.At.After(made.At) || !holds(resources, c.Resource)
	})
	slices.Reverse(consequences)
	itself := slices.DeleteFunc(slices.Clone(last), func(c adapters.Change) bool { return !madeTogether(c, made) })
	told := slices.Clone(last) // in the order in which they were made, and not by who scaled it since
	slices.SortStableFunc(told, func(a, b adapters.Change) int { return a.At.Compare(b.At) })
	d.data.Lead = fmt.Sprintf("%s (%s)", madeWords(told, mostMade), join(", ", Printable(made.Event), byWords(itself), roughly(d.started.Sub(made.At))+" ago"))
	d.data.After = aftermath(resources, consequences, made.At)
	d.answer.Columns = []string{"status", "reason", "since", "location"}
	for i := range resources {
		d.rows.addItem(itemOf(&resources[i], d.answer.Columns, nil))
	}
	if err := d.tell(last); err != nil {
		return err
	}
	for _, c := range consequences {
		d.addChange(c, roughly(c.At.Sub(made.At))+" after")
	}
	return nil
}

// deployments reads the changes since the newest deployment, if not told since when. The last change of each resource says how
// far back to look, but no more than that: what was scaled since hides how it was deployed.
func (r *Router) deployments(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	snapshot, err := r.workspace.Changes(ctx, q)
	if err != nil || !q.Since.IsZero() {
		return snapshot, err
	}
	q.Since = r.now().Add(-leadTime)
	if last := lastDeployed(snapshot.Changes); len(last) > 0 && last[len(last)-1].At.Before(q.Since) {
		q.Since = last[len(last)-1].At
	}
	return r.workspace.Changes(ctx, q)
}

// lastDeployed is [lastEvent] of what was made, not of what happened.
func lastDeployed(changes []adapters.Change) []adapters.Change {
	return lastEvent(slices.DeleteFunc(slices.Clone(changes), func(c adapters.Change) bool { return !isSetting(c) }))
}

// deployed reads what the changes were made to, as it is now.
func (r *Router) deployed(ctx context.Context, d *draft, changes []adapters.Change) ([]adapters.Resource, error) {
	ids := map[string]bool{}
	for _, c := range changes {
		ids[c.Resource] = true
	}
	q, _ := queryOf(ids)
	if q.Scope = changes[0].Scope; len(ids) == 1 {
		q.Name = changes[0].Name
	} else {
		q.Scope = adapters.Scope{}
	}
	snapshot, err := r.workspace.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	d.read(snapshot)
	return slices.DeleteFunc(slices.Clone(snapshot.Resources), func(r adapters.Resource) bool { return !ids[r.ID] }), nil
}

// aftermath says how what was deployed is since: the worst of it.
func aftermath(resources []adapters.Resource, consequences []adapters.Change, at time.Time) string {
	if len(resources) == 0 {
		return "how it is since could not be read"
	}
	worst := slices.MaxFunc(resources, func(a, b adapters.Resource) int {
		return cmp.Compare(sickness(string(a.Health)), sickness(string(b.Health)))
	})
	fell := slices.IndexFunc(consequences, func(c adapters.Change) bool { return worsens(c) || warned(c) })
	switch {
	case troubled(worst):
		return string(worst.Health) + " " + sinceWords(worst.Since, consequences, fell, at) + ": " + cut(Printable(cmp.Or(worst.Reason, "no reason given")), 80)
	case worst.Health != adapters.HealthHealthy:
		return "its health is unknown"
	case fell >= 0:
		return fmt.Sprintf("%s %s after, healthy now", signOf(consequences[fell]).What, roughly(consequences[fell].At.Sub(at)))
	case !worst.Since.IsZero() && !worst.Since.After(at.Add(rollingOut)):
		return "healthy since then"
	default:
		return "healthy now"
	}
}

// rollingOut is how long a rollout may take until its workload counts as healthy since.
const rollingOut = 10 * time.Minute

// sinceWords say when the trouble began, as the provider tells, or as it was seen first.
func sinceWords(since time.Time, consequences []adapters.Change, fell int, at time.Time) string {
	switch {
	case fell >= 0 && (since.IsZero() || consequences[fell].At.Before(since)):
		since = consequences[fell].At
	case since.IsZero():
		return "now"
	}
	if since.Before(at) {
		return "since before it"
	}
	return roughly(since.Sub(at)) + " after"
}

// lastEvent returns the newest deployment: of changes that are sorted newest first, those made together in the newest event
// that is more than a scaling, and how the same thing was scaled since: people do both for one deployment. Without such an
// event the newest of any kind will do, and changes without any event come back as they are.
func lastEvent(changes []adapters.Change) []adapters.Change {
	isEvent := func(c adapters.Change) bool { return c.Event != "" }
	i := slices.IndexFunc(changes, func(c adapters.Change) bool { return isEvent(c) && c.Field != "replicas" })
	if i < 0 {
		i = slices.IndexFunc(changes, isEvent)
	}
	if i < 0 {
		return changes
	}
	var last []adapters.Change
	for _, c := range changes {
		if madeTogether(c, changes[i]) || c.Resource == changes[i].Resource && c.Field == "replicas" && c.At.After(changes[i].At) {
			last = append(last, c)
		}
	}
	return last
}

// madeTogether reports whether two changes belong to one event: see groupKeys.
func madeTogether(a, b adapters.Change) bool {
	return a.Event == b.Event && a.Provider == b.Provider && (a.Resource == b.Resource || a.At.Equal(b.At))
}
