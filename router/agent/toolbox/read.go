package toolbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/intents"
	"clanker/intents/strict"
	"clanker/router"
)

// places are the parameters that say where to look.
var places = []string{"provider", "environment", "cluster", "namespace", "region"}

func isPlace(name string) bool { return slices.Contains(places, name) }

// where is the query for the place, the name and the kinds that a call gives.
func (c *call) where() (adapters.Query, error) {
	q := adapters.Query{Name: c.text("name"), Scope: adapters.Scope{Cluster: c.cluster(), Namespace: c.text("namespace"), Region: c.text("region")}}
	if err := c.kinds(&q); err != nil {
		return q, err
	}
	if kind := adapters.IDKind(q.Name); isID(q.Name) {
		q.Providers, q.Kinds, q.Name = []string{adapters.IDProvider(q.Name)}, []adapters.Kind{kind}, adapters.IDName(q.Name)
	}
	for _, slot := range []intents.SlotType{intents.SlotProvider, intents.SlotEnvironment} {
		written := c.text(slot.String())
		if written == "" {
			continue
		}
		value, err := c.desk.Catalog().Vocabulary.Value(slot, written)
		if err != nil {
			return q, &wrongError{what: err.Error()}
		}
		if slot == intents.SlotEnvironment {
			q.Scope.Environment = text(value)
		} else if q.Providers, err = c.provider(text(value)); err != nil {
			return q, err
		}
	}
	return q, nil
}

// provider is one that is connected.
func (c *call) provider(name string) ([]string, error) {
	connected, known := c.desk.Names().Providers()
	if known && !slices.Contains(connected, name) {
		return nil, &wrongError{what: "that provider is not connected", instead: "connected: " + strings.Join(connected, ", ")}
	}
	return []string{name}, nil
}

// kinds reads words for kinds; a provider's own words give the provider.
func (c *call) kinds(q *adapters.Query) error {
	several := false
	for _, word := range slices.DeleteFunc(append(c.texts("kinds"), c.text("kind")), func(word string) bool { return word == "" }) {
		vocabulary := c.desk.Catalog().Vocabulary
		kind, err := vocabulary.Value(intents.SlotKind, word)
		if err != nil {
			return &wrongError{what: err.Error(), instead: unknownKind(word, vocabulary)}
		}
		provider := vocabulary.Kinds[strings.ToLower(word)].Provider
		several = several || len(q.Kinds) > 0 && !slices.Equal(q.Providers, providers(provider))
		q.Kinds, q.Providers = append(q.Kinds, adapters.Kind(text(kind))), providers(provider)
	}
	if several {
		q.Providers = nil
	}
	slices.Sort(q.Kinds)
	q.Kinds = slices.Compact(q.Kinds)
	return nil
}

// providers is the one provider of a query, or none.
func providers(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// unknownKind says which words for kinds there are.
func unknownKind(word string, v *intents.Vocabulary) string {
	return cmp.Or(strict.Suggest(router.Clipped(word, mostName), "", slices.Sorted(maps.Keys(v.Kinds))),
		"kinds are for example pod, deployment, statefulset, service, ingress, node, event, job, instance, database, cache, queue, bucket, function")
}

// cluster is what resources call a cluster that people call by name: a kubeconfig may give its context another.
func (c *call) cluster() string {
	name := c.text("cluster")
	for _, known := range c.desk.Names().Find(name) {
		if known.Kind == adapters.KindCluster && known.Scope.Cluster != "" {
			return known.Scope.Cluster
		}
	}
	return name
}

// isID reports whether a name is the ID of a resource.
func isID(name string) bool { return strings.Count(name, "/") > 1 && adapters.IDName(name) != "" }

// only keeps the resources of an ID, if it is one.
func only(resources []adapters.Resource, id string) []adapters.Resource {
	if !isID(id) {
		return resources
	}
	return slices.DeleteFunc(slices.Clone(resources), func(r adapters.Resource) bool { return r.ID != id })
}

// span reads the time of a call: the beginning, and the end if it is before now.
func (c *call) span(without string) (from, to time.Time, err error) {
	value, err := c.desk.Catalog().Vocabulary.Value(intents.SlotTime, cmp.Or(c.text("time"), without))
	span, _ := value.(intents.TimeRange)
	if err == nil && (span.AfterLook() || span.AfterDeployment()) {
		err = errors.New("no clock tells when that was")
	}
	if err != nil {
		return from, to, &wrongError{what: err.Error(), instead: "write for example: last 24 hours, since yesterday, 2026-08-02, between 14:00 and 15:00 (all in UTC)"}
	}
	now := c.desk.Now()
	if from, to = span.Resolve(now); !to.Before(now) {
		to = time.Time{}
	}
	return from, to, nil
}

// spanWords say which time was looked at.
func spanWords(from, to, now time.Time) string {
	words := "looked from " + stamp(from)
	if !to.IsZero() {
		return words + " to " + stamp(to)
	}
	return words + ", the last " + now.Sub(from).Round(time.Second).String()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// read reads the resources of a query, those of the ID that a call may give for a name, and says where.
func (c *call) read(ctx context.Context, what string, q adapters.Query) (found []adapters.Resource, from []string, err error) {
	c.step(what, q)
	snapshot, err := c.desk.Query(ctx, q)
	return only(snapshot.Resources, c.text("name")), sources(snapshot), err
}

// step tells the asker what is being read.
func (c *call) step(what string, q adapters.Query) {
	text := "reading " + what
	if q.Name != "" {
		text += " of " + q.Name
	}
	place := slices.DeleteFunc([]string{q.Scope.Namespace, q.Scope.Environment, q.Scope.Cluster, q.Scope.Region, strings.Join(q.Providers, ", ")},
		func(s string) bool { return s == "" })
	if len(place) > 0 {
		text += " in " + strings.Join(place, ", ")
	}
	c.desk.Step(router.Clipped(router.Printable(text), mostCell))
}

func kindWords(kinds []adapters.Kind) string {
	var words []string
	for _, kind := range kinds[:min(len(kinds), 4)] {
		words = append(words, adapters.Plural(string(kind)))
	}
	return cmp.Or(strings.Join(words, ", "), "resources")
}

// sources say where a snapshot was read and as whom, and what could not be read and why.
func sources(s adapters.Snapshot) []string {
	var read, not []string
	for _, source := range s.Sources {
		if source.Error != nil {
			not = appendOnce(not, "not read: "+router.Missing(source))
			continue
		}
		place := strings.Join(strings.Fields(source.Provider+" "+cmp.Or(source.Scope.Cluster, source.Scope.Account+" "+source.Scope.Region)), " ")
		if source.Identity != "" {
			place += " as " + source.Identity
		}
		read = appendOnce(read, place)
	}
	lines := []string{"read live at " + stamp(s.At) + ": " + cmp.Or(strings.Join(read, ", "), "nothing: no provider that could tell answered")}
	if s.Demo {
		lines[0] += " (DEMO DATA: invented)"
	}
	const mostMissing = 6
	if more := len(not) - mostMissing; more > 0 {
		not = append(not[:mostMissing], fmt.Sprintf("not read: %d more", more))
	}
	return append(lines, not...)
}

func appendOnce(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// nowhere says that nothing matched, and what is known by the names that were asked for: names are others' words, too.
func (c *call) nowhere(head []string, q adapters.Query) *page {
	p := &page{head: append(head, "nothing that was read matches what was asked"), kind: "names", lines: true}
	say := func(format string, args ...any) {
		p.rows = append(p.rows, row{cells: []string{fmt.Sprintf(format, args...)}})
	}
	for _, n := range []struct{ slot, name string }{{"cluster", c.text("cluster")}, {"namespace", q.Scope.Namespace}, {"name", q.Name}} {
		known := c.desk.Names().Find(n.name)
		near := router.Nearest(n.slot, n.name, c.desk.Names())
		switch {
		case n.name == "":
		case len(known) > 0 && n.slot == "name":
			say("that name is known elsewhere: %s", seen(known))
		case len(known) == 0 && len(near) > 0:
			say("nothing known goes by that %s; near it: %s", n.slot, strings.Join(near, ", "))
		case len(known) == 0:
			say("nothing known goes by that %s", n.slot)
		}
	}
	return p
}

// seen says as what and where names were seen.
func seen(known []adapters.Name) string {
	var places []string
	for _, n := range known {
		places = appendOnce(places, strings.TrimRight(fmt.Sprintf("%s in %s %s", n.Kind, n.Provider, router.Location(n.Scope)), " "))
	}
	return strings.Join(places[:min(len(places), 5)], "; ")
}
