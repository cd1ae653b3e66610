package adapters

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// addressAttributes say what a resource is reached by: see [Graph].
var addressAttributes = []string{
	"address", "addresses", "aliases", "cluster_ip", "dns_name", "endpoint", "endpoints", "fqdn", "hostname", "hosts",
	"private_ip", "private_ips", "public_ip", "public_ips",
}

// holder is a resource that is reached by a host.
type holder struct {
	*Resource
	host string
	by   string // the attribute that says so
}

// stitch adds the relations that addresses prove: first what routes where, by which something may lead back to itself.
func (g *Graph) stitch(sorted []*Resource) {
	g.reached = map[string][]holder{}
	for _, r := range sorted {
		for _, h := range reachedBy(r) {
			g.reached[h.host] = append(g.reached[h.host], h)
		}
	}
	for _, r := range sorted {
		g.balance(r)
		g.refer(r, "points_to", RelationRoutesTo)
	}
	for _, r := range sorted {
		g.refer(r, "connects_to", RelationUses)
	}
}

// reachedBy lists the hosts that a resource is reached by, each once.
func reachedBy(r *Resource) []holder {
	var found []holder
	hold := func(text, by string) {
		host, ok := hostOf(text)
		if ok && !slices.ContainsFunc(found, func(h holder) bool { return h.host == host }) {
			found = append(found, holder{r, host, by})
		}
	}
	for _, attribute := range addressAttributes {
		for _, text := range textsOf(r.Attributes[attribute]) {
			hold(text, attribute)
		}
	}
	if r.Kind == KindRecord {
		hold(r.Name, "name")
	}
	return found
}

func textsOf(attribute any) []string {
	switch v := attribute.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	default:
		return nil
	}
}

// layer tells who stands nearest to the client of those that share an address: a record names a balancer, and what the
// balancer hands to tells that it is reached through it.
func layer(k Kind) int {
	switch k {
	case KindRecord:
		return 0
	case KindAddress:
		return 1
	case KindBalancer:
		return 2
	case KindGateway, KindIngress, KindService:
		return entry
	default:
		return 4
	}
}

const entry = 3 // the layer of what an address is shared by

// outermost are those of the holders that stand nearest to the client.
func outermost(holders []holder) []holder {
	var nearest []holder
	for _, h := range holders {
		if len(nearest) > 0 && layer(h.Kind) < layer(nearest[0].Kind) {
			nearest = nil
		}
		if len(nearest) == 0 || layer(h.Kind) == layer(nearest[0].Kind) {
			nearest = append(nearest, h)
		}
	}
	return nearest
}

// answering are the resources that a client of the host may reach: those that have its name, else a name with a star for it.
func (g *Graph) answering(host string) []holder {
	if found := g.reached[host]; len(found) > 0 {
		return found
	}
	_, parent, _ := strings.Cut(host, ".")
	return g.reached["*."+parent]
}

// others are those of them that a resource means: not itself, and of its own network when the host is a private one.
func (g *Graph) others(r *Resource, host string) []holder {
	return slices.DeleteFunc(slices.Clone(g.answering(host)), func(h holder) bool {
		return h.Resource == r || private(host) && !sameNetwork(r, h.Resource)
	})
}

func sameNetwork(a, b *Resource) bool {
	if a.Provider != b.Provider || a.Scope.Account != b.Scope.Account {
		return false
	}
	network, _ := a.Attributes["network"].(string)
	return a.Scope.Cluster != "" && a.Scope.Cluster == b.Scope.Cluster || network != "" && network == b.Attributes["network"]
}

// balance adds the way on from a balancer to all that tell that they are reached by its address, and from a reserved address to
// the one thing that has it.
func (g *Graph) balance(r *Resource) {
	if r.Kind != KindBalancer && r.Kind != KindAddress {
		return
	}
	for _, own := range reachedBy(r) {
		inner := outermost(slices.DeleteFunc(g.others(r, own.host), func(h holder) bool { return layer(h.Kind) <= layer(r.Kind) }))
		if len(inner) == 1 || len(inner) > 1 && r.Kind == KindBalancer && layer(inner[0].Kind) == entry {
			g.prove(r, RelationRoutesTo, "", own.host, inner)
		}
	}
}

// refer adds the relations from a resource to what the hosts in an attribute belong to.
func (g *Graph) refer(r *Resource, attribute string, t RelationType) {
	for _, text := range textsOf(r.Attributes[attribute]) {
		named, where, _ := strings.Cut(strings.TrimSuffix(text, ")"), " (")
		if host, ok := hostOf(named); ok {
			g.prove(r, t, where, host, g.meant(r, host))
		}
	}
}

// meant is what a resource means by a host. Two that are equally near prove nothing, but for the records of one name; and of
// those that share the address of a balancer a record means the ones that answer to its own name, else the balancer of the
// cluster: a service.
func (g *Graph) meant(r *Resource, host string) []holder {
	found := outermost(g.others(r, host))
	if len(found) < 2 || found[0].Kind == KindRecord {
		return found
	}
	if r.Kind != KindRecord || layer(found[0].Kind) != entry {
		return nil
	}
	keep := func(wanted func(holder) bool) []holder {
		return slices.DeleteFunc(slices.Clone(found), func(h holder) bool { return !wanted(h) })
	}
	named := func(h holder) bool {
		return slices.ContainsFunc(reachedBy(r), func(own holder) bool { return answersTo(h.Resource, own.host) })
	}
	if own := keep(named); len(own) > 0 {
		return own
	}
	if services := keep(func(h holder) bool { return h.Kind == KindService }); len(services) == 1 {
		return services
	}
	return nil
}

// answersTo reports whether a resource has a name, or one with a star for it.
func answersTo(r *Resource, name string) bool {
	_, parent, _ := strings.Cut(name, ".")
	return slices.ContainsFunc(reachedBy(r), func(h holder) bool { return h.host == name || h.host == "*."+parent })
}

// prove adds relations with their evidence, but none to what is related already, nor to what leads back: then the host is the
// resource's own.
func (g *Graph) prove(r *Resource, t RelationType, where, host string, to []holder) {
	for _, h := range to {
		related := slices.ContainsFunc(g.out[r.ID], func(e Edge) bool { return e.To == h.ID })
		back := slices.ContainsFunc(g.Search([]string{h.ID}, Behind, far), func(s Step) bool { return s.ID == r.ID })
		if related || back {
			continue
		}
		proof := Proof(cmp.Or(where, string(r.Kind)+" "+r.Name), host)
		g.add(Edge{From: r.ID, Type: t, To: h.ID, Evidence: fmt.Sprintf("%s (%s of %s %s)", proof, h.by, h.Kind, h.Name)})
	}
}
