package router

import (
	"slices"
	"strings"

	"clanker/adapters"
)

// table is rows of cells under headings; a column without any value is left out.
type table struct {
	heads []string
	rows  [][]string
}

// lines aligns the table: the heading first, then a line for each row.
func (t table) lines() []string {
	widths := make([]int, len(t.heads))
	for _, row := range t.rows {
		for i, cell := range row {
			if cell != "" {
				widths[i] = max(widths[i], width(cell))
			}
		}
	}
	lines := make([]string, 0, len(t.rows)+1)
	var line strings.Builder
	for _, row := range append([][]string{t.heads}, t.rows...) {
		line.Reset()
		for i, cell := range row {
			if widths[i] == 0 {
				continue
			}
			column := max(widths[i], width(t.heads[i])) + 2
			line.WriteString(cell)
			for range column - width(cell) {
				line.WriteByte(' ')
			}
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// itemTable has a row for each item, with the answer's columns; the kind is a column only when there are several.
func (w *writer) itemTable(items []Item) []string {
	if len(items) == 0 {
		return nil
	}
	t := table{heads: []string{"name"}, rows: make([][]string, len(items))}
	mixed := slices.ContainsFunc(items, func(i Item) bool { return i.Kind != items[0].Kind })
	columns := slices.DeleteFunc(w.columns(), func(column string) bool { return column == "kind" })
	if mixed {
		columns = slices.Insert(columns, 0, "kind")
	} else {
		t.heads[0] = Printable(string(items[0].Kind))
	}
	for _, column := range columns {
		t.heads = append(t.heads, heading(column))
	}
	for i := range items {
		row := make([]string, 0, len(t.heads))
		row = append(row, cut(Printable(items[i].Name), w.limits.Cell))
		for _, column := range columns {
			row = append(row, w.shortened(column, w.cell(&items[i], column)))
		}
		t.rows[i] = row
	}
	return t.lines()
}

// columns are the answer's, with many metrics, of which each row has few, in one.
func (w *writer) columns() []string {
	metric := func(column string) bool { return strings.HasPrefix(column, "metric.") }
	first := slices.IndexFunc(w.a.Columns, metric)
	rest := slices.DeleteFunc(slices.Clone(w.a.Columns), metric)
	if len(w.a.Columns)-len(rest) <= 4 {
		return slices.Clone(w.a.Columns)
	}
	return slices.Insert(rest, first, measuredColumn)
}

const measuredColumn = "measured"

// measured writes all metrics of an item, in the order of the columns.
func (w *writer) measured(item *Item) string {
	var words []string
	for _, column := range w.a.Columns {
		name, ok := strings.CutPrefix(column, "metric.")
		if v, has := item.Metrics[name]; ok && has {
			words = append(words, name+" "+spell(name, v))
		}
	}
	return strings.Join(words, ", ")
}

func heading(column string) string {
	if column == "location" {
		return "where"
	}
	for _, prefix := range []string{"attr.", "metric.", "label.", "fields."} {
		column = strings.TrimPrefix(column, prefix)
	}
	return Printable(column)
}

// shortened cuts what others write; the measured values are ours.
func (w *writer) shortened(column, cell string) string {
	if column == measuredColumn {
		return cell
	}
	return cut(cell, w.limits.Cell)
}

// cell writes one column of one item.
func (w *writer) cell(item *Item, column string) string {
	prefix, name, _ := strings.Cut(column, ".")
	switch prefix {
	case "status":
		return statusWord(item.Status)
	case "reason":
		return Printable(item.Reason)
	case "since":
		if w.a.Verdict != "" && item.Status == string(adapters.HealthHealthy) {
			return "" // since when all is well is for those who ask
		}
		return w.minute(item.Since)
	case "location":
		if item.Provider == "kubernetes" {
			return Printable(item.Location) // begins with the cluster
		}
		return Printable(join("/", item.Provider, item.Location))
	case measuredColumn:
		return w.measured(item)
	case "provider":
		return Printable(item.Provider)
	case "kind":
		return Printable(string(item.Kind))
	case "metric":
		if v, ok := item.Metrics[name]; ok {
			return spell(name, v)
		}
		return ""
	default:
		return value(item.Fields[name])
	}
}

// statusWord shouts what is not well.
func statusWord(status string) string {
	switch adapters.Health(status) {
	case adapters.HealthDegraded, adapters.HealthUnhealthy:
		return strings.ToUpper(status)
	default:
		return Printable(status)
	}
}

// graphLines has a line for each node, with what it points at beneath it and what proves that. Rows say the same in another
// way, so beside rows there are none.
func (w *writer) graphLines() []string {
	g := w.a.Graph
	if g == nil || len(w.a.Items) > 0 {
		return nil
	}
	nodes := make(map[string]GraphNode, len(g.Nodes))
	for _, n := range g.Nodes {
		nodes[n.Ref] = n
	}
	word := func(ref string) string {
		if n, ok := nodes[ref]; ok {
			return nodeWords(n)
		}
		return nodeWords(GraphNode{Kind: adapters.IDKind(ref), Name: adapters.IDName(ref)}) // on another page
	}
	pointed := make(map[string]bool, len(g.Nodes))
	for _, e := range g.Edges {
		pointed[e.From], pointed[e.To] = true, true
	}
	var lines []string
	from := ""
	for _, e := range g.Edges {
		if e.From != from {
			lines = append(lines, word(e.From))
			from = e.From
		}
		line := "  " + string(e.Relation) + " -> " + word(e.To)
		if e.Evidence != "" {
			line += "  (" + cut(Printable(e.Evidence), w.limits.Cell) + ")"
		}
		lines = append(lines, line)
	}
	for _, n := range g.Nodes {
		if !pointed[n.Ref] {
			lines = append(lines, nodeWords(n))
		}
	}
	return lines
}

func nodeWords(n GraphNode) string {
	words := Printable(string(n.Kind) + " " + n.Name)
	if status := statusWord(n.Status); status != "" && status != string(adapters.HealthHealthy) {
		words += "  " + status
	}
	return words
}
