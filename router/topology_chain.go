package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clanker/adapters"
)

// topologyColumns are of chains: how far a thing is, and by which relation, with what proves that.
var topologyColumns = []string{"status", "fields.hops", "fields.through", "fields.evidence", "location"}

// chain answers with what a search found, the nearest first, in rows and as a graph.
func (d *draft) chain(g *adapters.Graph, steps []adapters.Step) error {
	d.graph(g, steps)
	steps = reached(steps)
	d.rowsOf(g, steps)
	for _, s := range steps {
		if s.Hops == 1 {
			n := nodeOf(g, s.ID)
			d.data.Resources = append(d.data.Resources, adapters.Resource{ID: n.Ref, Kind: n.Kind, Name: n.Name, Health: adapters.Health(n.Status)})
		}
	}
	err := d.say("relations in " + d.data.Place)
	d.answer.Summary += cmp.Or(chainWords(g, steps), notRead)
	return err
}

// wayThrough answers with what handles a request behind the named, and in front of it.
func (d *draft) wayThrough(g *adapters.Graph, from []string) error {
	back, front := g.Search(from, adapters.Behind, chainHops), g.Search(from, adapters.InFront, chainHops)
	d.graph(g, slices.Concat(back, reached(front)))
	back, front = reached(back), reached(front)
	d.rowsOf(g, slices.Concat(back, front))
	d.data.Resources = resourcesOf(g, slices.Concat(back, front))
	err := d.say(d.query.Name)
	d.answer.Summary += chainWords(g, back)
	if len(front) > 0 {
		d.answer.Summary += "; in front of it" + chainWords(g, front)
	}
	return err
}

// reached are the steps less those where the search began.
func reached(steps []adapters.Step) []adapters.Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s adapters.Step) bool { return s.Hops == 0 })
}

func (d *draft) rowsOf(g *adapters.Graph, steps []adapters.Step) {
	d.answer.Columns = topologyColumns
	for _, s := range steps {
		d.rows.addItem(rowOf(g, s))
	}
}

// notRead is where relations are that nobody reads, and that an answer without any must own up to.
const notRead = "; not looked at: what config maps, secrets and code say"

// chainWords names what was found, direct before further; of what is direct with what proves it.
func chainWords(g *adapters.Graph, steps []adapters.Step) string {
	var near, far []string
	pods := 0
	for _, s := range steps {
		switch {
		case s.Hops == 1:
			near = append(near, nameOf(g, s.ID)+proofOf(s.By))
		case adapters.IDKind(s.ID) == adapters.KindPod:
			pods++
		default:
			far = append(far, nameOf(g, s.ID))
		}
	}
	if len(near) == 0 {
		return ""
	}
	text := ": " + few(near, 5, ", ")
	if pods > 0 {
		far = append(far, adapters.Count(pods, "pod"))
	}
	if len(far) > 0 {
		text += "; through them " + few(far, 5, ", ")
	}
	return text
}

// workloads need no kind before their name.
var workloads = []adapters.Kind{adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet}

func nameOf(g *adapters.Graph, id string) string {
	n := nodeOf(g, id)
	if slices.Contains(workloads, n.Kind) {
		return Printable(n.Name)
	}
	return wordsOf(g, id)
}

func wordsOf(g *adapters.Graph, id string) string {
	n := nodeOf(g, id)
	return Printable(string(n.Kind) + " " + n.Name)
}

// proofOf is what proves an edge, as short as can be: " (env DATABASE_HOST)".
func proofOf(e adapters.Edge) string {
	where, _, _ := strings.Cut(e.Evidence, " = ")
	where, _, _ = strings.Cut(where, " has host ")
	if where == "" {
		return ""
	}
	return " (" + Printable(where) + ")"
}

// rowOf is the row of what a search came to.
func rowOf(g *adapters.Graph, s adapters.Step) Item {
	node := nodeOf(g, s.ID)
	item := Item{Ref: s.ID, Kind: node.Kind, Name: node.Name, Provider: providerOf(s.ID), Status: node.Status}
	if r := g.Resource(s.ID); r != nil {
		item = itemOf(r, nil, nil)
	}
	item.Fields = map[string]any{"hops": s.Hops}
	switch by := s.By; {
	case by == (adapters.Edge{}):
	case by.From == s.ID:
		item.Fields["through"] = string(by.Type) + " -> " + wordsOf(g, by.To)
	default:
		item.Fields["through"] = "<- " + string(by.Type) + " " + wordsOf(g, by.From)
	}
	if s.By.Evidence != "" {
		item.Fields["evidence"] = s.By.Evidence
	}
	return item
}

// path answers with a shortest way between two things: where the first leads, else where the second does, else how they hang
// together at all.
func (d *draft) path(g *adapters.Graph, from []string) error {
	name, _ := d.data.Slots["target"].(string)
	to := d.named(g, name)
	if len(to) == 0 {
		d.found = false
		d.answer.Summary = fmt.Sprintf("nothing by the name %s in %s", Printable(name), d.data.Place)
		return nil
	}
	var steps []adapters.Step
	for _, way := range []adapters.Direction{adapters.Dependencies, adapters.Dependents, adapters.Around} {
		if steps = g.Path(from, to, way); len(steps) > 0 {
			break
		}
	}
	d.graph(g, steps)
	d.rowsOf(g, steps)
	d.data.Resources = resourcesOf(g, steps)
	err := d.say(d.query.Name + " and " + name)
	d.answer.Summary += pathWords(g, steps)
	return err
}

// pathWords spells a path with arrows as the relations point.
func pathWords(g *adapters.Graph, steps []adapters.Step) string {
	if len(steps) == 0 {
		return notRead
	}
	var text strings.Builder
	fmt.Fprintf(&text, " in %s: %s", adapters.Count(len(steps)-1, "step"), nameOf(g, steps[0].ID))
	for _, s := range steps[1:] {
		arrow := " -> "
		if s.By.From == s.ID {
			arrow = " <- "
		}
		text.WriteString(arrow + nameOf(g, s.ID))
	}
	return text.String()
}
