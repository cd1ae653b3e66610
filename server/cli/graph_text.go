package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clanker/adapters"
	"clanker/router"
)

// words name a node: its kind, name and place, and its health when that is not good.
func (n drawnNode) words() string {
	text := string(n.Kind) + " " + n.Name
	if n.place != "" {
		text += " [" + n.place + "]"
	}
	if n.ill() {
		text += " " + strings.ToUpper(n.Status)
	}
	return text
}

func (n drawnNode) ill() bool { return n.Status != "" && n.Status != string(adapters.HealthHealthy) }

// tree writes trees that show every relation once, and what is beneath a node where that is nearest to a root.
type tree struct {
	nodes    map[string]drawnNode
	follow   map[string][]twig
	depth    map[string]int
	expanded map[string]bool
	text     strings.Builder
}

// attending are the relations of what hangs on what it relates to, against the others.
var attending = map[adapters.RelationType]bool{adapters.RelationOwnedBy: true, adapters.RelationScales: true, adapters.RelationProtects: true}

// twig is a relation as it is followed from one of its ends.
type twig struct {
	router.GraphEdge
	forward bool
}

func (w twig) next() string {
	if w.forward {
		return w.To
	}
	return w.From
}

func (d *drawing) text() string {
	t := tree{nodes: map[string]drawnNode{}, follow: map[string][]twig{}, depth: map[string]int{}, expanded: map[string]bool{}}
	led := map[string]bool{} // to what another leads
	for _, n := range d.nodes {
		t.nodes[n.Ref] = n
	}
	follow := func(from string, w twig) {
		t.follow[from] = append(t.follow[from], w)
		led[w.next()] = true
	}
	for _, e := range d.edges {
		beneath := attending[e.Relation] == (d.direction == adapters.Dependents)
		if d.direction == adapters.Around || !beneath {
			follow(e.To, twig{e, false})
		}
		if d.direction == adapters.Around || beneath {
			follow(e.From, twig{e, true})
		}
	}
	roots := d.named
	if len(roots) == 0 {
		roots = t.roots(d.nodes, led)
	}
	t.measure(roots)
	for _, root := range roots {
		if !t.expanded[root] {
			t.text.WriteString(t.nodes[root].words() + "\n")
			t.grow(root, "", "")
		}
	}
	return t.text.String()
}

// roots are what nothing leads to, and one of every ring that no root leads to; what hangs together with nothing comes last.
func (t *tree) roots(nodes []drawnNode, led map[string]bool) []string {
	var roots, alone []string
	for _, n := range nodes {
		switch {
		case len(t.follow[n.Ref]) == 0 && !led[n.Ref]:
			alone = append(alone, n.Ref)
		case !led[n.Ref]:
			roots = append(roots, n.Ref)
		}
	}
	t.measure(roots)
	for _, n := range nodes {
		if _, known := t.depth[n.Ref]; !known && led[n.Ref] {
			roots = append(roots, n.Ref)
			t.measure(roots)
		}
	}
	return append(roots, alone...)
}

// measure finds how far everything is from the nearest root.
func (t *tree) measure(roots []string) {
	queue := slices.Clone(roots)
	clear(t.depth)
	for _, root := range roots {
		t.depth[root] = 0
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, twig := range t.follow[at] {
			if _, known := t.depth[twig.next()]; !known {
				t.depth[twig.next()] = t.depth[at] + 1
				queue = append(queue, twig.next())
			}
		}
	}
}

// grow writes what hangs on a node, but for the relation that led there.
func (t *tree) grow(id, indent, came string) {
	t.expanded[id] = true
	twigs := slices.DeleteFunc(slices.Clone(t.follow[id]), func(w twig) bool { return w.next() == came })
	for i, w := range twigs {
		branch, beneath := "├─ ", "│  "
		if i == len(twigs)-1 {
			branch, beneath = "└─ ", "   "
		}
		next := w.next()
		deeper := t.depth[next] == t.depth[id]+1 && !t.expanded[next]
		t.text.WriteString(indent + branch + w.words(t.nodes[next]))
		if !deeper && slices.ContainsFunc(t.follow[next], func(further twig) bool { return further.next() != id }) {
			t.text.WriteString(" ...") // it is elsewhere with what hangs on it
		}
		t.text.WriteByte('\n')
		if deeper {
			t.grow(next, indent+beneath, id)
		}
	}
}

func (w twig) words(next drawnNode) string {
	text := string(w.Relation) + " -> " + next.words()
	if !w.forward {
		text = "<- " + string(w.Relation) + " " + next.words()
	}
	if w.Evidence != "" {
		text += "  (" + printable(w.Evidence) + ")"
	}
	return text
}

// label is what is written on an edge: the relation, and where it is proved.
func label(e router.GraphEdge) string {
	where, _, _ := strings.Cut(e.Evidence, " = ")
	where, _, _ = strings.Cut(where, " has host ")
	if where == "" {
		return string(e.Relation)
	}
	return string(e.Relation) + ": " + printable(where)
}

// dot writes the graph in the language of Graphviz.
func (d *drawing) dot() string {
	var text strings.Builder
	fmt.Fprintf(&text, "digraph clanker {\n  label=%s; labelloc=t; rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n", quotedDOT(d.heading()))
	for _, n := range d.nodes {
		colour := ""
		if n.ill() {
			colour = ", color=red"
		}
		fmt.Fprintf(&text, "  %s [label=%s%s];\n", quotedDOT(n.Ref), quotedDOT(strings.Join(n.lines(), "\n")), colour)
	}
	for _, e := range d.edges {
		fmt.Fprintf(&text, "  %s -> %s [label=%s, tooltip=%s];\n", quotedDOT(e.From), quotedDOT(e.To), quotedDOT(label(e)), quotedDOT(e.Evidence))
	}
	text.WriteString("}\n")
	return text.String()
}

// quotedDOT quotes a text for DOT, where a backslash begins an escape in labels.
func quotedDOT(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(printable(text)) + `"`
}

// mermaid writes the graph for Mermaid, whose nodes need names of their own.
func (d *drawing) mermaid() string {
	var text strings.Builder
	text.WriteString("---\ntitle: " + strconv.Quote(d.heading()) + "\n---\nflowchart LR\n")
	names := make(map[string]string, len(d.nodes))
	for i, n := range d.nodes {
		names[n.Ref] = fmt.Sprintf("n%d", i)
		var lines []string
		for _, line := range n.lines() {
			lines = append(lines, quotedMermaid(line))
		}
		class := ""
		if n.ill() {
			class = ":::ill"
		}
		fmt.Fprintf(&text, "  n%d[\"%s\"]%s\n", i, strings.Join(lines, "<br/>"), class)
	}
	for _, e := range d.edges {
		fmt.Fprintf(&text, "  %s -->|\"%s\"| %s\n", names[e.From], quotedMermaid(label(e)), names[e.To])
	}
	text.WriteString("  classDef ill stroke:#d1242f,stroke-width:2px\n")
	return text.String()
}

// quotedMermaid escapes what means something within quotes: entities are written with # there, and backquotes begin Markdown.
func quotedMermaid(text string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "&", "#amp;", "<", "#lt;", ">", "#gt;", "`", "#96;", "\\", "#92;", "\n", " ").Replace(printable(text))
}

// heading is the title, and whether it is all invented.
func (d *drawing) heading() string {
	if d.demo {
		return d.title + " (demo data)"
	}
	return d.title
}

// lines are what is written in a node.
func (n drawnNode) lines() []string {
	lines := []string{n.Name, string(n.Kind)}
	if n.place != "" {
		lines = append(lines, n.place)
	}
	if n.ill() {
		lines = append(lines, strings.ToUpper(n.Status))
	}
	return lines
}
