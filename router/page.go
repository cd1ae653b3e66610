package router

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"clanker/adapters"
)

// rows are all that an answer found, each list in the order in which its pages show it.
type rows struct {
	items   []Item
	logs    []Item // newest first: of too many the last stay
	changes []AnswerChange
	graph   []graphRow // nearest first
	bytes   int        // about what they hold
	lost    int        // how many were too many to keep
}

// graphRow is a node of a graph, or an edge, after both of its ends.
type graphRow struct {
	node GraphNode // without a ref: an edge
	edge GraphEdge
}

// position is a place in rows, or a number of them: one for each list.
type position [4]int

// The lists of rows in a [position].
const (
	ofItems = iota
	ofLogs
	ofChanges
	ofGraph
)

func (p position) sum() int { return p[ofItems] + p[ofLogs] + p[ofChanges] + p[ofGraph] }

func (p position) plus(q position) position {
	for i := range p {
		p[i] += q[i]
	}
	return p
}

// part is k of n parts of each number, rounded up.
func (p position) part(k, n int) position {
	for i := range p {
		p[i] = (p[i]*k + n - 1) / n
	}
	return p
}

// most are how many rows there are.
func (r *rows) most() position {
	return position{len(r.items), len(r.logs), len(r.changes), len(r.graph)}
}

// holds reports whether there are rows at a place that is not the beginning.
func (r *rows) holds(at position) bool {
	end := r.most()
	for i := range at {
		if at[i] > end[i] {
			return false
		}
	}
	return at != end && at != position{}
}

// keep reports whether there is room for one more row of so many bytes, and counts it if not. After the first that found
// no room there is none for any.
func (r *rows) keep(bytes int) bool {
	if r.lost > 0 || r.bytes+bytes > mostKept {
		r.lost++
		return false
	}
	r.bytes += bytes
	return true
}

func (r *rows) addItem(i Item) {
	if r.keep(i.weight()) {
		r.items = append(r.items, i)
	}
}

func (r *rows) addLog(i Item) {
	if r.keep(i.weight()) {
		r.logs = append(r.logs, i)
	}
}

func (r *rows) addChange(c AnswerChange) {
	if r.keep(c.weight()) {
		r.changes = append(r.changes, c)
	}
}

func (r *rows) addGraph(g graphRow) {
	if r.keep(200 + len(g.node.Ref) + len(g.node.Name) + len(g.edge.From) + len(g.edge.To)) {
		r.graph = append(r.graph, g)
	}
}

// mostGraph is how many nodes and edges a page may have, whatever their size.
const mostGraph = 600

// next is how many rows a page at that place has by the limit. Logs leave the items beside them three quarters of it.
func (r *rows) next(at position, limit int) position {
	n := r.most()
	for i := range n {
		n[i] -= at[i]
	}
	n[ofItems] = min(n[ofItems], beside(n[ofLogs], limit))
	n[ofLogs] = min(n[ofLogs], limit-n[ofItems])
	n[ofChanges] = min(n[ofChanges], limit)
	n[ofGraph] = min(n[ofGraph], mostGraph)
	return n
}

// beside is how many items a page has room for beside so many log lines.
func beside(logs, limit int) int { return max(limit-logs, (3*limit+3)/4) }

// page is the answer with the rows that begin at a place: as many as the limit and the bytes allow, but at least one, which
// is cut when it is too long by itself.
func (k *kept) page(at position, limit, bytes int) Answer {
	n := k.rows.next(at, limit)
	a := k.show(at, n, limit)
	if within(&a, bytes) {
		return a
	}
	parts := max(slices.Max(n[:]), 1)
	few := sort.Search(parts-1, func(i int) bool { // the most that is short enough
		a := k.show(at, n.part(i+1, parts), 0)
		return !within(&a, bytes)
	})
	if a = k.show(at, n.part(max(few, 1), parts), 0); few == 0 {
		a.shorten()
	}
	return a
}

// show is the answer with n rows from a place on, which the limit bounds, or, if that is zero, their size.
func (k *kept) show(at, n position, limit int) Answer {
	a, end := k.answer, at.plus(n)
	a.Items = slices.Clip(k.rows.items[at[ofItems]:end[ofItems]])
	if n[ofLogs] > 0 {
		a.Items = slices.Concat(a.Items, k.rows.logs[at[ofLogs]:end[ofLogs]])
		slices.Reverse(a.Items[n[ofItems]:])
	}
	a.Changes = slices.Clip(k.rows.changes[at[ofChanges]:end[ofChanges]])
	if a.Graph != nil {
		a.Graph = graphOf(k.rows.graph[at[ofGraph]:end[ofGraph]])
	}
	if a.Counts != nil {
		counts := *a.Counts
		if counts.Shown = len(a.Items); a.Graph != nil {
			counts.Shown = len(a.Graph.Nodes)
		}
		a.Counts = &counts
	}
	a.Untrusted = distrusted(&a)
	a.Truncation = k.truncation(at, n, limit)
	return a
}

// truncation says what a page does not show; nil when it shows all.
func (k *kept) truncation(at, n position, limit int) *Truncation {
	most := k.rows.most()
	t := Truncation{Total: most.sum() + k.rows.lost, Returned: n.sum(), Reason: "size"}
	switch end := at.plus(n); {
	case end != most:
		t.Cursor = cursor(k.answer.AnswerID, end)
		if limit > 0 && n[ofGraph] == 0 {
			t.Reason = fmt.Sprintf("limit %d", limit)
		}
	case k.rows.lost > 0:
		t.Reason = fmt.Sprintf("only the first %d rows are kept", most.sum())
	case at == position{}:
		return nil
	default:
		t.Reason = "last page"
	}
	if at != (position{}) {
		t.Page = cursor(k.answer.AnswerID, at)
	}
	return &t
}

func graphOf(rows []graphRow) *Graph {
	g := &Graph{Nodes: []GraphNode{}, Edges: []GraphEdge{}}
	for _, row := range rows {
		if row.node.Ref != "" {
			g.Nodes = append(g.Nodes, row.node)
		} else {
			g.Edges = append(g.Edges, row.edge)
		}
	}
	slices.SortFunc(g.Nodes, func(a, b GraphNode) int { return cmp.Compare(a.Ref, b.Ref) })
	slices.SortFunc(g.Edges, compareEdges)
	return g
}

// distrusted points at what others wrote: the text of events and log lines.
func distrusted(a *Answer) []string {
	var pointers []string
	add := func(i int, field string) { pointers = append(pointers, fmt.Sprintf("/items/%d/%s", i, field)) }
	for i, item := range a.Items {
		switch item.Kind {
		case adapters.KindEvent:
			add(i, "reason")
			if item.Fields["message"] != nil {
				add(i, "fields/message")
			}
		case KindLog:
			add(i, "fields/line")
		}
	}
	if a.Usage.Model != nil && (a.Status == StatusOK || a.Status == StatusPartial) { // who wrote them has read what others wrote
		pointers = append(pointers, "/explanation", "/summary")
	}
	for i := range a.Changes {
		if strings.HasPrefix(a.Changes[i].Field, adapters.EventField) {
			pointers = append(pointers, fmt.Sprintf("/changes/%d/new", i))
		}
	}
	return pointers
}

// within reports whether an answer is no longer than so many bytes as JSON. The text of a graph of the usual size has to
// fit too, for it cannot be cut.
func within(a *Answer, bytes int) bool {
	return !a.longer(bytes) && (a.Graph == nil || bytes > DefaultBytes || !newWriter(a, TextLimits{}).cutsGraph())
}

// longer reports whether an answer is longer than so many bytes as JSON. Of a small one that is plain without writing it:
// texts are up to six times as long there, and what else weighs is much shorter. An answer that cannot be written is not
// long: who writes it will say so.
func (a *Answer) longer(bytes int) bool {
	if a.weight()*5 <= bytes {
		return false
	}
	text, _ := json.Marshal(a)
	return len(text) > bytes
}
