package router

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"clanker/adapters"
)

// How far a graph reaches from the resource that was named: what is around it, or a whole chain, as from a cache to the
// address that people type.
const (
	aroundHops = 2
	chainHops  = 6

	dependents   = "dependents"
	dependencies = "dependencies"
)

// topologyKinds are read when the intent does not say which. Pods are left out: their controllers stand for them.
var topologyKinds = []adapters.Kind{
	adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet, adapters.KindJob, adapters.KindCronJob,
	adapters.KindService, adapters.KindIngress, adapters.KindGateway, adapters.KindVolumeClaim, adapters.KindVolume,
	adapters.KindAutoscaler, adapters.KindBudget, adapters.KindConfig, adapters.KindInstance, adapters.KindDatabase,
	adapters.KindCache, adapters.KindQueue, adapters.KindBucket, adapters.KindFunction, adapters.KindBalancer, adapters.KindDNSZone,
}

// topology answers with the graph around the named resource, with what depends on it or it on, or with all in the scope.
func (r *Router) topology(ctx context.Context, d *draft) error {
	q := d.query
	q.Name = "" // its neighbours have other names
	if len(q.Kinds) == 0 {
		q.Kinds = topologyKinds
	}
	snapshot, err := r.workspace.Query(ctx, q)
	if err != nil {
		return err
	}
	d.read(snapshot)
	m := newTopology(snapshot.Resources)
	chosen := m.around(d.query.Name, d.variant())
	d.found = len(chosen) > 0
	if !d.found && d.elsewhere() {
		return nil
	}
	relations := d.graph(m, chosen)
	err = d.say("relations in " + d.data.Place)
	d.answer.Summary += fmt.Sprintf(": %s, %s", plural(len(chosen), "resource"), plural(relations, "relation"))
	return err
}

// topologyMap is what was read, with its relations in both directions.
type topologyMap struct {
	resources []adapters.Resource // sorted by ID
	byID      map[string]*adapters.Resource
	edges     []GraphEdge
	out, in   map[string][]string // neighbours by ID
}

func newTopology(resources []adapters.Resource) *topologyMap {
	m := &topologyMap{resources: resources, byID: make(map[string]*adapters.Resource, len(resources)), out: map[string][]string{}, in: map[string][]string{}}
	for i := range resources {
		r := &resources[i]
		m.byID[r.ID] = r
		for _, rel := range r.Relations {
			m.edges = append(m.edges, GraphEdge{From: r.ID, Relation: rel.Type, To: rel.Target})
			m.out[r.ID] = append(m.out[r.ID], rel.Target)
			m.in[rel.Target] = append(m.in[rel.Target], r.ID)
		}
	}
	slices.SortFunc(m.edges, compareEdges)
	m.edges = slices.Compact(m.edges)
	return m
}

func compareEdges(a, b GraphEdge) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Relation, b.Relation), cmp.Compare(a.To, b.To))
}

// around returns the IDs that are near what goes by the name, in breadth-first order; without a name, all that was read.
// The variant says which relations to follow, to their end: dependents those that lead to the named resource,
// dependencies those that lead away from it; any other follows both, for two hops.
func (m *topologyMap) around(name, variant string) []string {
	hops := aroundHops
	if variant == dependents || variant == dependencies {
		hops = chainHops
	}
	var found []string
	seen := map[string]bool{}
	visit := func(id string) {
		if !seen[id] {
			seen[id] = true
			found = append(found, id)
		}
	}
	for i := range m.resources {
		if name == "" || (adapters.Query{Name: name}).Matches(m.resources[i]) {
			visit(m.resources[i].ID)
		}
	}
	for start, hop := 0, 0; hop < hops && start < len(found); hop++ {
		ring := found[start:]
		start = len(found)
		for _, id := range ring {
			m.neighbours(id, variant, hop, visit)
		}
	}
	return found
}

// hubs are what strangers have in common: the way on through one of these leads to what has nothing to do with the
// resource that was named.
var hubs = []adapters.Kind{adapters.KindCluster, adapters.KindNodePool, adapters.KindNode, adapters.KindConfig}

func (m *topologyMap) neighbours(id, variant string, hop int, visit func(string)) {
	through := variant == dependents || hop == 0 || !slices.Contains(hubs, adapters.IDKind(id))
	if variant != dependencies && through {
		for _, next := range m.in[id] {
			visit(next)
		}
	}
	if variant != dependents {
		for _, next := range m.out[id] {
			visit(next)
		}
	}
}

// graph adds the nodes of the chosen IDs to the rows, in their order, each followed by its edges to those before it, and
// returns how many edges there are.
func (d *draft) graph(m *topologyMap, chosen []string) (relations int) {
	place := make(map[string]int, len(chosen))
	for i, id := range chosen {
		place[id] = i
	}
	edges := make([][]GraphEdge, len(chosen)) // by the later of their ends
	for _, e := range m.edges {
		from, known := place[e.From]
		if to, ok := place[e.To]; known && ok {
			edges[max(from, to)] = append(edges[max(from, to)], e)
			relations++
		}
	}
	for i, id := range chosen {
		if r := m.byID[id]; r != nil {
			d.data.Resources = append(d.data.Resources, *r)
		}
		d.rows.addGraph(graphRow{node: m.node(id)})
		for _, e := range edges[i] {
			d.rows.addGraph(graphRow{edge: e})
		}
	}
	slices.SortFunc(d.data.Resources, func(a, b adapters.Resource) int { return cmp.Compare(a.ID, b.ID) })
	d.answer.Graph, d.data.Total = &Graph{}, len(m.resources)
	d.answer.Counts = &Counts{Total: len(m.resources), Matched: len(chosen), ByStatus: byStatus(d.data.Resources)}
	return relations
}

// node describes a resource; one that was not read is known from its ID alone.
func (m *topologyMap) node(id string) GraphNode {
	if r := m.byID[id]; r != nil {
		return GraphNode{Ref: id, Kind: r.Kind, Name: r.Name, Status: string(r.Health)}
	}
	return GraphNode{Ref: id, Kind: adapters.IDKind(id), Name: adapters.IDName(id)}
}
