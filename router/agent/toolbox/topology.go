package toolbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clanker/adapters"
	"clanker/router"
)

// How far a search goes: at most, and around a resource if nobody says.
const (
	mostHops   = 12
	aroundHops = 2
)

// topology tells how a resource hangs together with others, over all providers.
func topology(ctx context.Context, c *call) (*page, error) {
	place, err := c.where()
	if err != nil {
		return nil, err
	}
	place.Name, place.Kinds = "", nil // those say where it is: what it hangs together with may be anywhere
	c.step("relations", adapters.Query{Name: c.text("name")})
	snapshot, err := c.desk.Query(ctx, adapters.Query{Kinds: c.graphKinds(c.text("name"))})
	if err != nil {
		return nil, err
	}
	graph := adapters.NewGraph(snapshot.Resources)
	from := begins(graph, c.text("name"), place)
	if len(from) == 0 {
		place.Name = c.text("name")
		return c.nowhere(sources(snapshot), place), nil
	}
	steps := c.search(graph, from)
	p := &page{kind: "relations", heads: []string{"hops", "id", "name", "where", "status", "reason", "by", "evidence"},
		more: "ask for fewer hops, another direction, or one of these by its id"}
	p.head = append([]string{fmt.Sprintf("%s by that name, and %s found from there", adapters.Count(len(from), "resource"), adapters.Count(len(steps)-len(from), "other"))}, sources(snapshot)...)
	for _, s := range steps {
		p.rows = append(p.rows, stepRow(graph, s))
	}
	return p, nil
}

// search goes as far, and in the direction, as a call says.
func (c *call) search(g *adapters.Graph, from []string) []adapters.Step {
	direction := adapters.Direction(cmp.Or(c.text("direction"), string(adapters.Around)))
	hops := mostHops
	if direction == adapters.Around {
		hops = aroundHops
	}
	return g.Search(from, direction, c.number("hops", hops))
}

// begins are the IDs that go by a name in a place.
func begins(g *adapters.Graph, name string, place adapters.Query) []string {
	if g.Resource(name) != nil {
		return []string{name}
	}
	return slices.DeleteFunc(g.Find(name), func(id string) bool { return !place.Matches(*g.Resource(id)) })
}

// graphKinds are what to read for the graph around a name: pods and nodes only where one may be meant, for there are many.
func (c *call) graphKinds(name string) []adapters.Kind {
	kinds := router.TopologyKinds()
	parts := []adapters.Kind{adapters.KindPod, adapters.KindNode}
	if isID(name) {
		kinds = append(kinds, adapters.IDKind(name))
	}
	known := c.desk.Names().Find(name)
	if len(known) == 0 {
		kinds = append(kinds, parts...)
	}
	for _, n := range known {
		if kinds = append(kinds, n.Kind); slices.Contains(parts, n.Kind) {
			kinds = append(kinds, parts...)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// stepRow is one resource of a search, with the relation that led to it.
func stepRow(g *adapters.Graph, s adapters.Step) row {
	cells := []string{strconv.Itoa(s.Hops), s.ID, adapters.IDName(s.ID), strings.Join(adapters.IDScope(s.ID), "/"), "", "not read", "", ""}
	r := row{ids: []string{s.ID}}
	if known := g.Resource(s.ID); known != nil {
		cells[2], cells[3], cells[4], cells[5] = known.Name, router.Location(known.Scope), string(known.Health), known.Reason
		r.foreign = []string{known.Name, known.Reason}
	}
	if s.Hops > 0 {
		cells[6], cells[7] = fmt.Sprintf("%s %s %s", short(s.By.From), s.By.Type, short(s.By.To)), s.By.Evidence
		r.foreign = append(r.foreign, s.By.Evidence)
	}
	r.cells = cells
	return r
}

func short(id string) string { return string(adapters.IDKind(id)) + "/" + adapters.IDName(id) }
