package router

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// list answers with the resources that the intent selects.
func (r *Router) list(ctx context.Context, d *draft) error {
	snapshot, err := r.workspace.Query(ctx, d.query)
	if err != nil {
		return err
	}
	d.read(snapshot)
	if !d.among(&snapshot) {
		return nil
	}
	selection, err := d.intent.Select(snapshot.Resources, d.data.Slots, r.now())
	if err != nil {
		return fmt.Errorf("intent %s: %w", d.intent.ID, err)
	}
	d.data.Resources, d.data.Total, d.data.Unmeasured = d.inTime(selection.Resources), selection.Total, selection.Unmeasured
	d.data.Read = snapshot.Resources
	if !d.found && d.elsewhere() {
		return nil
	}
	if d.intent.Verdict {
		d.answer.Verdict = verdict(d.data.Resources, snapshot.Resources)
		slices.SortStableFunc(d.data.Resources, d.worstFirst)
		if err := r.beyond(ctx, d, snapshot.Resources); err != nil {
			return err
		}
	}
	d.items(snapshot.Resources)
	if n := selection.Unmeasured; n > 0 {
		d.warn("%d of %d could not be judged: what the question asks about was not measured, or has no limit to measure against", n, selection.Total)
	}
	return d.say(fmt.Sprintf("%d found in %s", len(d.data.Resources), d.data.Place))
}

// beyond warns of trouble just outside a namespace or cluster that was asked about, in what is used from inside: the
// verdict on the inside stands, but nobody should act on it alone.
func (r *Router) beyond(ctx context.Context, d *draft, inside []adapters.Resource) error {
	used := targets(inside, adapters.RelationUses)
	q, ok := queryOf(used)
	if !ok || d.query.Scope.Namespace == "" && d.query.Scope.Cluster == "" {
		return nil
	}
	snapshot, err := r.workspace.Query(ctx, q)
	if err != nil {
		return err
	}
	snapshot.Sources = slices.DeleteFunc(snapshot.Sources, func(s adapters.Source) bool { return s.Error != nil }) // nobody asked there
	d.read(snapshot)
	for _, outside := range byCause(snapshot.Resources) {
		if used[outside.ID] && troubled(outside) {
			d.warn("used from %s but outside of it: %s %s is %s: %s", d.data.Place, outside.Kind, outside.Name, outside.Health, outside.Reason)
		}
	}
	return nil
}

// items fills in the rows, as the intent sorted them, and what they add up to.
func (d *draft) items(all []adapters.Resource) {
	selected := d.data.Resources
	d.answer.Columns = d.intent.Columns
	if len(d.answer.Columns) == 0 {
		d.answer.Columns = []string{"status", "reason", "since", "location"}
	}
	d.rows.items = make([]Item, 0, min(len(selected), mostKept/itemWeight))
	for i := range selected {
		d.rows.addItem(itemOf(&selected[i], d.answer.Columns, d.query.Metrics))
	}
	d.answer.Counts = &Counts{Total: d.data.Total, Matched: len(selected), ByStatus: byStatus(all)}
}

// itemOf makes the row of a resource: the fixed columns, and of the rest what the columns and metrics name.
func itemOf(r *adapters.Resource, columns, metrics []string) Item {
	item := Item{
		Ref: r.ID, Kind: r.Kind, Name: r.Name, Provider: r.Provider, Location: location(r.Scope),
		Status: string(r.Health), Reason: r.Reason, Since: instant(r.Since), Link: r.Link,
	}
	for _, column := range columns {
		if name, ok := strings.CutPrefix(column, "metric."); ok {
			item.measure(r, name)
		} else {
			item.field(r, column)
		}
	}
	for _, name := range metrics {
		item.measure(r, name)
	}
	return item
}

func (i *Item) measure(r *adapters.Resource, name string) {
	if value, ok := r.Metrics[name]; ok {
		if i.Metrics == nil {
			i.Metrics = map[string]float64{}
		}
		i.Metrics[name] = value
	}
}

func (i *Item) field(r *adapters.Resource, column string) {
	var value any
	if name, ok := strings.CutPrefix(column, "attr."); ok {
		value = r.Attributes[name]
	} else if name, ok := strings.CutPrefix(column, "label."); ok && r.Labels[name] != "" {
		value = r.Labels[name]
	}
	if value == nil {
		return
	}
	if i.Fields == nil {
		i.Fields = map[string]any{}
	}
	i.Fields[column[strings.IndexByte(column, '.')+1:]] = value
}

// location says where a resource is: cluster/namespace, or account/region.
func location(s adapters.Scope) string {
	if s.Cluster != "" {
		return join("/", s.Cluster, s.Namespace)
	}
	return join("/", s.Account, s.Region)
}

func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), separator)
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// byStatus counts what was looked at by health; a kind that has no health is not counted.
func byStatus(resources []adapters.Resource) map[string]int {
	var counts map[string]int
	for i := range resources {
		if health := resources[i].Health; health != "" {
			if counts == nil {
				counts = make(map[string]int, 4)
			}
			counts[string(health)]++
		}
	}
	return counts
}

// worstFirst keeps a cut from hiding the worst. Of what goes by a name that was asked for, the workload comes before its
// pods; other ties stay in the order of the intent's sort.
func (d *draft) worstFirst(a, b adapters.Resource) int {
	worse := cmp.Compare(severity[b.Health], severity[a.Health])
	if d.query.Name == "" {
		return worse
	}
	return cmp.Or(worse, cmp.Compare(d.distance(a), d.distance(b)))
}

// distance is how far a resource is from what a name usually means.
func (d *draft) distance(r adapters.Resource) int {
	switch {
	case !strings.EqualFold(r.Name, d.query.Name):
		return 2
	case 50 <= rank[r.Kind] && rank[r.Kind] < 55:
		return 0
	default:
		return 1
	}
}

var severity = map[adapters.Health]int{adapters.HealthUnknown: 1, adapters.HealthDegraded: 2, adapters.HealthUnhealthy: 3}

// verdict is the worst health among what was selected, or among all that was read when nothing was: a question for what is
// not healthy selects nothing when all is well. What tells no health at all is unknown.
func verdict(selected, read []adapters.Resource) Verdict {
	if len(selected) == 0 {
		selected = read
	}
	counts := byStatus(selected)
	switch {
	case counts[string(adapters.HealthUnhealthy)] > 0:
		return VerdictCritical
	case counts[string(adapters.HealthDegraded)] > 0:
		return VerdictDegraded
	case counts[string(adapters.HealthUnknown)] > 0 || len(counts) == 0:
		return VerdictUnknown
	default:
		return VerdictHealthy
	}
}
