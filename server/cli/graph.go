package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/router"
)

// graphFlags are what "clanker graph" draws.
type graphFlags struct {
	context, namespace string
	direction          choice
	output             choice
}

func (a *app) graphCommand() *cobra.Command {
	var f graphFlags
	cmd := &cobra.Command{
		Use:   "graph [NAME]",
		Short: "Draw how things hang together, with what proves it",
		Long: "Draw how things hang together, read live: what the providers tell, and what an address, a variable or the name of a\n" +
			"service proves. With a name only what is around it, or all that depends on it, or all that it depends on.",
		Example: `  clanker graph orders-postgres --direction dependents
  clanker graph --demo --output svg > estate.svg
  clanker graph checkout-api --output mermaid`,
		Args: atMostOne,
	}
	cmd.Flags().StringVar(&f.context, "context", "", "cluster, account or kubeconfig context to look in")
	cmd.Flags().StringVar(&f.namespace, "namespace", "", "namespace that NAME is in, or that all of it is in")
	f.direction = choiceFlag(cmd, cmd.Flags(), "direction", "", "which relations of NAME to follow",
		string(adapters.Around), string(adapters.Dependents), string(adapters.Dependencies))
	f.output = outputFlag(cmd, "text", "dot", "mermaid", "svg", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.graph(cmd.Context(), strings.Join(args, ""), f)
	}
	return cmd
}

func (a *app) graph(ctx context.Context, name string, f graphFlags) error {
	workspace, err := a.workspace()
	if err != nil {
		return err
	}
	q, err := graphQuery(ctx, workspace, name, f)
	if err != nil {
		return err
	}
	done := a.progress("reading")
	snapshot, err := workspace.Query(ctx, q)
	if name != "" && err == nil && len(adapters.NewGraph(snapshot.Resources).Find(name)) == 0 {
		q.Kinds = append(q.Kinds, adapters.KindPod, adapters.KindNode, adapters.KindNodePool, adapters.KindCluster)
		snapshot, err = workspace.Query(ctx, q)
	}
	done()
	if err != nil {
		return err
	}
	code := a.unread(snapshot.Sources)
	drawn := chosen(adapters.NewGraph(snapshot.Resources), snapshot, name, f)
	if len(drawn.nodes) == 0 && code == exitOK {
		return &failure{code: exitNoAnswer, err: fmt.Errorf("nothing was read that goes by the name %q", name), hint: "clanker graph without a name draws all there is"}
	}
	if err := drawn.write(a.stdout, f.output.String()); err != nil {
		return err
	}
	return exitWith(code)
}

// graphQuery is what to read: of a name its neighbours, too, wherever they are.
func graphQuery(ctx context.Context, w *adapters.Workspace, name string, f graphFlags) (adapters.Query, error) {
	q := adapters.Query{Kinds: router.TopologyKinds()}
	if name == "" {
		q.Scope.Namespace = f.namespace
	}
	if f.context == "" {
		return q, nil
	}
	var known []string
	for _, c := range w.Connections(ctx) {
		if strings.EqualFold(f.context, c.Name) || strings.EqualFold(f.context, c.Scope.Cluster) || strings.EqualFold(f.context, c.Scope.Account) {
			q.Scope.Cluster, q.Scope.Account, q.Providers = c.Scope.Cluster, c.Scope.Account, []string{c.Provider}
			return q, nil
		}
		known = append(known, c.Name)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	return q, usage("", "nothing connected is called %q: there are %s", f.context, cmp.Or(strings.Join(known, ", "), "no contexts"))
}

// unread says on stderr what could not be read, and returns the exit code for that.
func (a *app) unread(sources []adapters.Source) int {
	failed, read := 0, 0
	for _, s := range sources {
		switch {
		case s.Error == nil:
			read++
		case s.Error.Reason != adapters.NotConfigured:
			failed++
			a.say("not checked: %s %s: %s\n", s.Provider, cmp.Or(s.Scope.Cluster, s.Scope.Account), printable(s.Error.Error()))
			if s.Error.Fix != "" {
				a.say("  fix: %s\n", printable(s.Error.Fix))
			}
		}
	}
	switch {
	case read == 0:
		a.say("nothing could be read: clanker providers says how to connect a provider\n")
		return exitNothingRead
	case failed > 0:
		return exitPartial
	default:
		return exitOK
	}
}

// drawing is a graph as it is drawn: its nodes from what was named outwards, and every relation between them.
type drawing struct {
	title     string
	demo      bool
	direction adapters.Direction
	named     []string // where a search began
	nodes     []drawnNode
	edges     []router.GraphEdge
}

type drawnNode struct {
	router.GraphNode
	place string // cluster/namespace, or provider/account/region
}

// far is more hops than any chain of relations has.
const far = 1 << 20

// aroundHops are how far "around" reaches.
const aroundHops = 2

// chosen is the part of the graph that was asked for.
func chosen(g *adapters.Graph, s adapters.Snapshot, name string, f graphFlags) drawing {
	d := drawing{demo: s.Demo, title: "How everything that was read hangs together", direction: adapters.Dependencies}
	place := map[string]int{}
	if name == "" {
		for _, r := range s.Resources {
			d.add(g, r.ID, place)
		}
	} else {
		d.title, d.direction = fmt.Sprintf("What is around %s", name), adapters.Direction(f.direction.String())
		if d.direction != adapters.Around {
			d.title = fmt.Sprintf("The %s of %s", d.direction, name)
		}
		hops := far
		if d.direction == adapters.Around {
			hops = aroundHops
		}
		d.named = slices.DeleteFunc(g.Find(name), func(id string) bool { return f.namespace != "" && g.Resource(id).Scope.Namespace != f.namespace })
		for _, step := range g.Search(d.named, d.direction, hops) {
			d.add(g, step.ID, place)
		}
	}
	for _, e := range g.Edges() {
		_, from := place[e.From]
		if _, known := place[e.To]; from && !known && name == "" {
			d.add(g, e.To, place) // it was not read, and is known by its name
		}
		if _, to := place[e.To]; from && to {
			d.edges = append(d.edges, router.GraphEdge{From: e.From, Relation: e.Type, To: e.To, Evidence: e.Evidence})
		}
	}
	return d
}

func (d *drawing) add(g *adapters.Graph, id string, place map[string]int) {
	node := drawnNode{GraphNode: router.GraphNode{Ref: id, Kind: adapters.IDKind(id), Name: printable(adapters.IDName(id))}}
	if r := g.Resource(id); r != nil {
		node.Kind, node.Name, node.Status = r.Kind, printable(r.Name), string(r.Health)
		node.place = strings.Join(slices.DeleteFunc([]string{r.Scope.Cluster, r.Scope.Account, r.Scope.Region, r.Scope.Namespace}, func(p string) bool { return p == "" }), "/")
		if r.Scope.Cluster == "" {
			node.place = r.Provider + "/" + node.place
		}
	}
	node.place = printable(node.place)
	place[id] = len(d.nodes)
	d.nodes = append(d.nodes, node)
}

func (d *drawing) write(w io.Writer, format string) error {
	var text string
	switch format {
	case "json":
		g := router.Graph{Nodes: []router.GraphNode{}, Edges: append([]router.GraphEdge{}, d.edges...)}
		for _, n := range d.nodes {
			g.Nodes = append(g.Nodes, n.GraphNode)
		}
		slices.SortFunc(g.Nodes, func(a, b router.GraphNode) int { return cmp.Compare(a.Ref, b.Ref) })
		return writeJSON(w, g, "  ")
	case "dot":
		text = d.dot()
	case "mermaid":
		text = d.mermaid()
	case "svg":
		text = d.svg()
	default:
		text = d.text()
	}
	_, err := io.WriteString(w, text)
	return err
}
