package router

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"clanker/adapters"
)

// How far a graph reaches from the resource that was named: what is around it, or a whole chain, as from a volume to the
// address that people type.
const (
	aroundHops = 2
	chainHops  = 12
)

// The variants of intents that ask which way, as the last word of their id.
const (
	dependents   = "dependents"
	dependencies = "dependencies"
	behind       = "behind"
	path         = "path"
)

// topologyKinds are read when the intent does not say which. Pods and nodes are left out, unless one is named: controllers
// stand for their pods.
var topologyKinds = []adapters.Kind{
	adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet, adapters.KindJob, adapters.KindCronJob,
	adapters.KindService, adapters.KindIngress, adapters.KindGateway, adapters.KindVolumeClaim, adapters.KindVolume,
	adapters.KindAutoscaler, adapters.KindBudget, adapters.KindConfig, adapters.KindInstance, adapters.KindDatabase,
	adapters.KindCache, adapters.KindQueue, adapters.KindBucket, adapters.KindFunction, adapters.KindBalancer, adapters.KindDNSZone,
	adapters.KindRecord, adapters.KindDomain, adapters.KindAddress, adapters.KindApp, adapters.KindTopic, adapters.KindTable,
}

// partKinds are read, too, when one of them is named or what is behind something.
var partKinds = []adapters.Kind{adapters.KindPod, adapters.KindNode}

// topology answers with what leads to the named resource, or where it leads, or what is around it; or with all in the scope.
func (r *Router) topology(ctx context.Context, d *draft) error {
	snapshot, err := r.workspace.Query(ctx, d.wholeGraph())
	if err != nil {
		return err
	}
	d.read(snapshot)
	graph := adapters.NewGraph(snapshot.Resources)
	d.data.Total = len(snapshot.Resources)
	if d.query.Name == "" {
		return d.all(graph, snapshot.Resources)
	}
	from := d.named(graph, d.query.Name)
	if d.found = len(from) > 0; !d.found {
		if !d.elsewhere() {
			d.answer.Summary = fmt.Sprintf("nothing by the name %s in %s", Printable(d.query.Name), d.data.Place)
		}
		return nil
	}
	switch d.variant() {
	case dependents:
		return d.chain(graph, graph.Search(from, adapters.Dependents, chainHops))
	case dependencies:
		return d.chain(graph, graph.Search(from, adapters.Dependencies, chainHops))
	case behind:
		return d.wayThrough(graph, from)
	case path:
		return d.path(graph, from)
	default:
		return d.around(graph, graph.Search(from, adapters.Around, aroundHops))
	}
}

// wholeGraph is what to read. What hangs together with a named resource may be anywhere, so the place in the question only says
// where the resource itself is; a context that was given beside the question bounds the read.
func (d *draft) wholeGraph() adapters.Query {
	q := d.query
	if len(q.Kinds) == 0 {
		q.Kinds = topologyKinds
	}
	if q.Name == "" {
		return q
	}
	q.Name, q.Scope.Namespace, q.Scope.Environment = "", "", ""
	if d.asked.Context == "" {
		q.Scope, q.Providers = adapters.Scope{}, nil
	}
	kinds := slices.Clone(q.Kinds)
	named := d.names.Find(d.query.Name) // of pods no names are known
	for _, n := range named {
		kinds = append(kinds, n.Kind)
	}
	if d.variant() == behind || len(named) == 0 || slices.ContainsFunc(named, func(n adapters.Name) bool { return slices.Contains(partKinds, n.Kind) }) {
		kinds = append(kinds, partKinds...)
	}
	slices.Sort(kinds)
	q.Kinds = slices.Compact(kinds)
	return q
}

// named are the resources that go by a name, or answer to it as a host, in the place that the question gives.
func (d *draft) named(g *adapters.Graph, name string) []string {
	place := adapters.Query{Providers: d.query.Providers, Scope: d.query.Scope}
	return slices.DeleteFunc(g.Find(name), func(id string) bool { return !place.Matches(*g.Resource(id)) })
}

// all answers with everything that was read.
func (d *draft) all(g *adapters.Graph, resources []adapters.Resource) error {
	var steps []adapters.Step
	for i := range resources {
		steps = append(steps, adapters.Step{ID: resources[i].ID})
	}
	d.found = len(steps) > 0
	return d.around(g, steps)
}

// around answers with a graph alone.
func (d *draft) around(g *adapters.Graph, steps []adapters.Step) error {
	relations := d.graph(g, steps)
	d.data.Resources = resourcesOf(g, steps)
	err := d.say("relations in " + d.data.Place)
	d.answer.Summary += fmt.Sprintf(": %s, %s", adapters.Count(len(steps), "resource"), adapters.Count(relations, "relation"))
	return err
}

// graph adds the nodes of the steps to the rows, in their order, each followed by its edges to those before it, and returns how
// many edges there are.
func (d *draft) graph(g *adapters.Graph, steps []adapters.Step) (relations int) {
	place := make(map[string]int, len(steps))
	for i, s := range steps {
		place[s.ID] = i
	}
	edges := make([][]adapters.Edge, len(steps)) // by the later of their ends
	for _, e := range g.Edges() {
		from, known := place[e.From]
		if to, ok := place[e.To]; known && ok {
			edges[max(from, to)] = append(edges[max(from, to)], e)
			relations++
		}
	}
	for i, s := range steps {
		d.rows.addGraph(graphRow{node: nodeOf(g, s.ID)})
		for _, e := range edges[i] {
			d.rows.addGraph(graphRow{edge: GraphEdge{From: e.From, Relation: e.Type, To: e.To, Evidence: e.Evidence}})
		}
	}
	d.answer.Graph = &Graph{}
	d.answer.Counts = &Counts{Total: d.data.Total, Matched: len(steps), ByStatus: byStatus(resourcesOf(g, steps))}
	return relations
}

func compareEdges(a, b GraphEdge) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Relation, b.Relation), cmp.Compare(a.To, b.To))
}

// nodeOf describes a resource; one that was not read is known from its ID alone.
func nodeOf(g *adapters.Graph, id string) GraphNode {
	if r := g.Resource(id); r != nil {
		return GraphNode{Ref: id, Kind: r.Kind, Name: r.Name, Status: string(r.Health)}
	}
	return GraphNode{Ref: id, Kind: adapters.IDKind(id), Name: adapters.IDName(id)}
}

// resourcesOf are what was read of the steps, sorted by ID.
func resourcesOf(g *adapters.Graph, steps []adapters.Step) []adapters.Resource {
	var resources []adapters.Resource
	for _, s := range steps {
		if r := g.Resource(s.ID); r != nil {
			resources = append(resources, *r)
		}
	}
	slices.SortFunc(resources, func(a, b adapters.Resource) int { return cmp.Compare(a.ID, b.ID) })
	return resources
}

// TopologyKinds are the kinds whose relations are read where nobody says which: all but pods and nodes, for which their
// workloads stand.
func TopologyKinds() []adapters.Kind { return slices.Clone(topologyKinds) }
