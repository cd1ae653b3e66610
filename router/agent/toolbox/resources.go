package toolbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents/strict"
	"clanker/router"
	"clanker/router/agent/claims"
)

// notHealthy is any status but healthy.
const notHealthy adapters.Health = "notHealthy"

// isOf reports whether a resource is in a status; what has none is in no status.
func isOf(r *adapters.Resource, status adapters.Health) bool {
	return status == "" || r.Health == status || status == notHealthy && r.Health != "" && r.Health != adapters.HealthHealthy
}

// list lists resources, the worst first.
func list(ctx context.Context, c *call) (*page, error) {
	q, err := c.what()
	if err != nil {
		return nil, err
	}
	if q.Metrics, err = c.metrics(); err != nil {
		return nil, err
	}
	all, from, err := c.read(ctx, kindWords(q.Kinds), q)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(all), func(r adapters.Resource) bool { return !isOf(&r, adapters.Health(c.text("status"))) })
	slices.SortStableFunc(found, func(a, b adapters.Resource) int { return cmp.Compare(severity(a.Health), severity(b.Health)) })
	head := append(counts(len(found), all), from...)
	if len(found) == 0 {
		return c.nowhere(head, q), nil
	}
	for _, metric := range q.Metrics {
		if missing := unmeasured(found, metric); missing != "" {
			head = append(head, metric+" is not measured, which is not zero, of "+missing)
		}
	}
	return c.table(head, found, q.Metrics), nil
}

// what is the query for what a call names, by kinds or by a name alone.
func (c *call) what() (adapters.Query, error) {
	q, err := c.where()
	if err == nil && len(q.Kinds) == 0 {
		q.Kinds = c.kindsOf(q.Name)
	}
	if err == nil && len(q.Kinds) == 0 {
		err = &wrongError{what: "it needs kinds or a name"}
	}
	return q, err
}

// metrics are those that a call names.
func (c *call) metrics() ([]string, error) {
	named := c.texts("metrics")
	for i, name := range named {
		at := slices.IndexFunc(adapters.Metrics(), func(m string) bool { return strings.EqualFold(m, name) })
		if at < 0 {
			return nil, &wrongError{what: "no metric is called " + name,
				instead: cmp.Or(strict.Suggest(router.Clipped(name, mostName), "", adapters.Metrics()), "metrics are "+strings.Join(adapters.Metrics(), ", "))}
		}
		named[i] = adapters.Metrics()[at]
	}
	return named, nil
}

// kindsOf are the kinds to read for a name alone: those that are known to go by it, and their pods, whose names nobody knows.
func (c *call) kindsOf(name string) []adapters.Kind {
	if name == "" {
		return nil
	}
	kinds := []adapters.Kind{adapters.KindPod}
	for _, known := range c.desk.Names().Find(name) {
		kinds = append(kinds, known.Kind)
	}
	if len(kinds) == 1 {
		kinds = append(kinds, append(router.TopologyKinds(), adapters.KindNode, adapters.KindCluster, adapters.KindNamespace)...)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// severity orders by health, the worst first, and what has none last.
func severity(h adapters.Health) int { return slices.Index(append(adapters.Healths(), ""), h) }

// counts say how many were found of how many, and how those are.
func counts(found int, all []adapters.Resource) []string {
	healths := map[adapters.Health]int{}
	for i := range all {
		healths[all[i].Health]++
	}
	var words []string
	for _, h := range slices.SortedFunc(maps.Keys(healths), func(a, b adapters.Health) int { return cmp.Compare(severity(a), severity(b)) }) {
		words = append(words, fmt.Sprintf("%d %s", healths[h], cmp.Or(string(h), "without a status")))
	}
	line := adapters.Count(found, "resource")
	if found != len(all) {
		line += fmt.Sprintf(" of %d that were read", len(all))
	}
	if len(words) > 0 {
		line += " (" + strings.Join(words, ", ") + ")"
	}
	return []string{line}
}

// narrower says how to see the rows that did not fit.
const narrower = "narrow it by name, status, kinds or place, or raise limit"

// table has a row for each resource, with some of its metrics. Its kind and where it is are in its id.
func (c *call) table(head []string, found []adapters.Resource, metrics []string) *page {
	p := &page{head: head, kind: "resources", heads: append([]string{"id", "name", "status", "reason", "since", "message"}, metrics...), more: narrower,
		room: c.number("limit", 0)}
	for i := range found {
		r := &found[i]
		message := ""
		if r.Kind == adapters.KindEvent {
			message = router.Value(r.Attributes["message"])
		}
		cells := []string{r.ID, r.Name, string(r.Health), r.Reason, stamp(r.Since), message}
		for _, name := range metrics {
			cells = append(cells, measured(r, name))
		}
		p.rows = append(p.rows, row{cells: cells, ids: []string{r.ID}, foreign: []string{r.Name, r.Reason, message}})
	}
	return p
}

func measured(r *adapters.Resource, metric string) string {
	if value, ok := r.Metrics[metric]; ok {
		return router.Spell(metric, value)
	}
	return ""
}

// mostAlike is how many resources of one name are told in full.
const mostAlike = 3

// get tells all of one resource.
func get(ctx context.Context, c *call) (*page, error) {
	q, err := c.what()
	if err != nil {
		return nil, err
	}
	q.Metrics = slices.DeleteFunc(adapters.Metrics(), func(m string) bool { return strings.HasPrefix(m, "cost.") }) // reading those is slow
	found, from, err := c.read(ctx, "everything", q)
	if err != nil {
		return nil, err
	}
	if exact := slices.DeleteFunc(slices.Clone(found), func(r adapters.Resource) bool { return !strings.EqualFold(r.Name, q.Name) }); len(exact) > 0 {
		found = exact
	}
	head := append(counts(len(found), found), from...)
	switch {
	case len(found) == 0:
		return c.nowhere(head, q), nil
	case len(found) > mostAlike:
		return c.table(append(head, "several go by it: ask for one by its id"), found, nil), nil
	}
	p := &page{kind: "resource", head: head, more: "there is more known of it than there is room for", lines: true, tells: len(found)}
	for i := range found {
		p.rows = append(p.rows, fields(&found[i])...)
	}
	return p, nil
}

// fields are the lines of all that is known of a resource.
func fields(r *adapters.Resource) []row {
	rows := []row{{cells: []string{"id: " + r.ID}, ids: []string{r.ID}}}
	add := func(name, value string, foreign ...string) {
		if value != "" {
			rows = append(rows, row{cells: []string{router.Clipped(router.Printable(name+": "+value), 2*mostCell)}, foreign: foreign})
		}
	}
	add("kind", string(r.Kind))
	add("name", r.Name, r.Name)
	add("where", strings.Join(strings.Fields(r.Provider+" "+router.Location(r.Scope)+" "+r.Scope.Zone+" "+r.Scope.Environment), " "))
	add("status", string(r.Health))
	add("reason", r.Reason, r.Reason)
	add("since", stamp(r.Since))
	for _, name := range adapters.Metrics() {
		if value, ok := r.Metrics[name]; ok {
			add("metric "+name, router.Spell(name, value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		value := router.Value(r.Attributes[name])
		add(name, value, value)
	}
	for _, rel := range r.Relations {
		add(string(rel.Type), strings.TrimSuffix(rel.Target+" ("+rel.Evidence+")", " ()"), rel.Evidence)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		add("label "+name, r.Labels[name], r.Labels[name])
	}
	add(claims.LinkKey, r.Link)
	return rows
}

// measuredKinds are what is read for a metric where nobody says of what: those that are measured somewhere.
var measuredKinds = []adapters.Kind{
	adapters.KindPod, adapters.KindNode, adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet, adapters.KindService,
	adapters.KindCluster, adapters.KindInstance, adapters.KindDatabase, adapters.KindCache, adapters.KindQueue, adapters.KindFunction,
	adapters.KindBalancer, adapters.KindBucket, adapters.KindVolume, adapters.KindVolumeClaim,
}

// measure lists resources by one of their metrics.
func measure(ctx context.Context, c *call) (*page, error) {
	q, err := c.where()
	if err != nil {
		return nil, err
	}
	if len(q.Kinds) == 0 {
		q.Kinds = slices.Clone(measuredKinds)
	}
	metric := c.text("metric")
	q.Metrics = beside(metric)
	all, from, err := c.read(ctx, metric, q)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(all), func(r adapters.Resource) bool { _, ok := r.Metrics[metric]; return !ok })
	slices.SortStableFunc(found, func(a, b adapters.Resource) int {
		if c.text("order") == "lowest" {
			a, b = b, a
		}
		return cmp.Compare(b.Metrics[metric], a.Metrics[metric])
	})
	head := append(counts(len(found), all), from...)
	switch {
	case len(all) == 0:
		return c.nowhere(head, q), nil
	case len(found) < len(all):
		head = append(head, "it is not measured, which is not zero, of "+unmeasured(all, metric))
	}
	return c.table(head, found, q.Metrics), nil
}

// beside are a metric and those that tell what it is measured against.
func beside(metric string) []string {
	all := []string{metric}
	group, _, _ := strings.Cut(metric, ".")
	for _, m := range adapters.Metrics() {
		if m != metric && (group == "cpu" || group == "memory" || group == "replicas") && strings.HasPrefix(m, group+".") {
			all = append(all, m)
		}
	}
	return all
}

// unmeasured counts by kind what lacks a metric.
func unmeasured(all []adapters.Resource, metric string) string {
	kinds := map[adapters.Kind]int{}
	for i := range all {
		if _, ok := all[i].Metrics[metric]; !ok {
			kinds[all[i].Kind]++
		}
	}
	var words []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		words = append(words, adapters.Count(kinds[kind], string(kind)))
	}
	return strings.Join(words, ", ")
}
