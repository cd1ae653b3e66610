package adapters

import (
	"cmp"
	"slices"
)

// Graph is how resources hang together: the relations that drivers report, and those that an address proves, over all
// providers. It is never written to after [NewGraph], and the same resources always give the same graph.
//
// An address proves a relation where one resource says that it connects to it, or points to it, and exactly one other that it
// is reached by it. Drivers say so in attributes, whose values are a text or a list of them:
//
//   - connects_to, of whatever opens connections: "host" or "host (env DATABASE_HOST)", what is in parentheses being where it
//     is named. It makes the resource use what is reached by the host.
//   - points_to, of what hands traffic on (DNS records, edges, load balancers, services): the same, and it routes to it.
//   - address, addresses, aliases, cluster_ip, dns_name, endpoint, endpoints, fqdn, hostname, hosts, private_ip, private_ips,
//     public_ip, public_ips: what a resource is reached by, as a host, an IP address, HOST:PORT or a URL. A [KindRecord] is
//     reached by its name, too.
//   - network: the VPC or private network that a resource is in. An address or a name that means something in a private
//     network only is compared within one network of one account, or within one cluster.
type Graph struct {
	resources map[string]*Resource
	edges     []Edge // sorted
	out, in   map[string][]Edge
	reached   map[string][]holder // by host
}

// Edge is one relation of a [Graph]. Its ends are IDs; that of which nothing was read is known by its ID alone.
type Edge struct {
	From     string
	Type     RelationType
	To       string
	Evidence string // what proves it, where no provider says it itself: see [Relation]
}

// NewGraph makes the graph of what was read. Resources that are told twice count once.
func NewGraph(resources []Resource) *Graph {
	g := &Graph{resources: make(map[string]*Resource, len(resources)), out: map[string][]Edge{}, in: map[string][]Edge{}}
	sorted := make([]*Resource, 0, len(resources))
	for i := range resources {
		if r := &resources[i]; g.resources[r.ID] == nil {
			g.resources[r.ID] = r
			sorted = append(sorted, r)
		}
	}
	slices.SortFunc(sorted, func(a, b *Resource) int { return cmp.Compare(a.ID, b.ID) })
	for _, r := range sorted {
		for _, rel := range r.Relations {
			g.add(Edge{From: r.ID, Type: rel.Type, To: rel.Target, Evidence: rel.Evidence})
		}
	}
	g.stitch(sorted)
	g.sort()
	return g
}

// add adds an edge. Of several that differ in their evidence alone the first that has any stays.
func (g *Graph) add(e Edge) {
	same := func(other Edge) bool { return other.Type == e.Type && other.To == e.To }
	if i := slices.IndexFunc(g.out[e.From], same); i >= 0 {
		known := &g.out[e.From][i]
		if known.Evidence == "" || e.Evidence != "" && e.Evidence < known.Evidence {
			known.Evidence = e.Evidence
		}
		return
	}
	g.out[e.From] = append(g.out[e.From], e)
}

// sort fixes the order of the edges and makes the way back.
func (g *Graph) sort() {
	for from := range g.out {
		slices.SortFunc(g.out[from], compareEdges)
		g.edges = append(g.edges, g.out[from]...)
	}
	slices.SortFunc(g.edges, compareEdges)
	for _, e := range g.edges {
		g.in[e.To] = append(g.in[e.To], e)
	}
}

func compareEdges(a, b Edge) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Type, b.Type), cmp.Compare(a.To, b.To))
}

// Edges returns all relations, sorted by From, Type and To. Nobody writes to it.
func (g *Graph) Edges() []Edge { return g.edges }

// Resource returns what was read of an ID; nil if nothing was.
func (g *Graph) Resource(id string) *Resource { return g.resources[id] }

// Find returns the sorted IDs of what goes by a name (see [Query.Matches]) or, if nothing does, of what is reached by it as a
// host: the records of that name, else what stands nearest to the client.
func (g *Graph) Find(name string) []string {
	var found []string
	for id, r := range g.resources {
		if named(*r, name) {
			found = append(found, id)
		}
	}
	if host, ok := hostOf(name); ok && len(found) == 0 {
		for _, h := range outermost(g.answering(host)) {
			found = append(found, h.ID)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Direction says which relations to follow.
type Direction string

// The directions. What something depends on is what it uses, mounts, runs on, routes to and selects, and its own parts;
// what depends on it is the same the other way, so that a node has its pods' workloads among its dependents. Autoscalers and
// disruption budgets are only around what they look after.
const (
	Around       Direction = "around"
	Dependents   Direction = "dependents"
	Dependencies Direction = "dependencies"
	Behind       Direction = "behind"  // dependencies, along the way of a request alone
	InFront      Direction = "infront" // the same the other way
)

// Step is a resource that a search came to: through By, the first of the shortest ways there.
type Step struct {
	ID   string
	Hops int
	By   Edge // zero where the search began
}

// Search follows relations from some IDs, breadth first, for at most so many hops; what is equally near is in the order of
// the edges. It begins with the IDs themselves, as they are given. Around does not go on through what strangers have in common
// (a node, a cluster, a configuration), unless that is where it began.
func (g *Graph) Search(from []string, d Direction, hops int) []Step {
	var found []Step
	seen := map[string]bool{}
	visit := func(s Step) {
		if !seen[s.ID] {
			seen[s.ID] = true
			found = append(found, s)
		}
	}
	for _, id := range from {
		visit(Step{ID: id})
	}
	for i := 0; i < len(found) && found[i].Hops < hops; i++ {
		at := found[i]
		g.follow(at, d, func(next string, by Edge) { visit(Step{ID: next, Hops: at.Hops + 1, By: by}) })
	}
	return found
}

// hubs are what strangers have in common: the way on through one of these leads to what has nothing to do with the beginning.
var hubs = []Kind{KindCluster, KindNodePool, KindNode, KindNamespace, KindConfig}

func (g *Graph) follow(at Step, d Direction, visit func(next string, by Edge)) {
	hub := d == Around && at.Hops > 0 && slices.Contains(hubs, IDKind(at.ID))
	for _, e := range g.in[at.ID] {
		if !hub && (d == Around || d.follows(e.Type, false)) {
			visit(e.From, e)
		}
	}
	for _, e := range g.out[at.ID] {
		if d == Around || d.follows(e.Type, true) {
			visit(e.To, e)
		}
	}
}

// follows reports whether a direction leads along a relation or, if not forward, against it.
func (d Direction) follows(t RelationType, forward bool) bool {
	if t == RelationOwnedBy { // a part tells whose it is: that way is against the others
		forward = !forward
	}
	switch {
	case t == RelationScales || t == RelationProtects:
		return false
	case d == Behind || d == InFront:
		return forward == (d == Behind) && (t == RelationRoutesTo || t == RelationSelects || t == RelationOwnedBy)
	default:
		return forward == (d == Dependencies)
	}
}

// far is further than any graph of relations reaches.
const far = 1 << 20

// Distances returns how many relations away from the nearest of some IDs each resource is, in either direction, the IDs
// themselves at 0. What no relation leads to is missing.
func (g *Graph) Distances(from []string) map[string]int {
	distances := map[string]int{}
	for _, s := range g.Search(from, Around, far) {
		distances[s.ID] = s.Hops
	}
	return distances
}

// Path returns a shortest way from one of some IDs to one of others, along the relations in one direction: its first step is
// where it begins. It is empty when there is none.
func (g *Graph) Path(from, to []string, d Direction) []Step {
	steps := g.Search(from, d, far)
	byID := make(map[string]Step, len(steps))
	for _, s := range steps {
		byID[s.ID] = s
	}
	end := slices.IndexFunc(steps, func(s Step) bool { return slices.Contains(to, s.ID) })
	if end < 0 {
		return nil
	}
	path := []Step{steps[end]}
	for at := steps[end]; at.Hops > 0; path = append(path, at) {
		at = byID[at.before()]
	}
	slices.Reverse(path)
	return path
}

// before is the end of By that the search came from.
func (s Step) before() string {
	if s.By.From == s.ID {
		return s.By.To
	}
	return s.By.From
}
