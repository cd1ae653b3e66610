package toolbox

import (
	"strings"

	"clanker/adapters"
	"clanker/router"
	"clanker/router/agent/claims"
)

// How long a result is at most, in bytes: what is ours, its rows, a cell of one, and what fits into one fence.
const (
	mostAsked  = 400
	mostHead   = 1200
	mostRows   = 4800
	mostCell   = 160
	mostFenced = 3000
)

// page is what a call brought, before it is cut to the room there is.
type page struct {
	head  []string // how much, from where, what not
	kind  string   // of what others wrote, which is fenced; empty if it is ours
	heads []string // of the columns, if the rows have several
	rows  []row
	more  string // what to do when not all rows fit
	room  int    // how many rows at most; 0 is as many as fit
	lines bool   // the rows are the lines of one text
	tells int    // of how many things that text tells
}

// row is one line, or one of a table.
type row struct {
	cells   []string
	ids     []string // of the resources that it is about
	foreign []string // what others wrote in it
}

// heading is the first line of every result: the call, and what is to be said of it that repeats its arguments.
func heading(name, arguments, aside string) string {
	line := claims.Asked(router.Clipped(router.Printable(name), mostName) + " " + router.Clipped(router.Printable(arguments), mostAsked))
	if aside != "" {
		line += ": " + router.Clipped(router.Printable(aside), mostAsked)
	}
	return line + "\n"
}

// result cuts the page to the room there is.
func (p *page) result(id, asked string) Result {
	lines, shown := p.body()
	r := Result{OK: true, Text: asked + p.top() + p.fenced(id, lines), Rows: shown}
	if left := len(p.rows) - shown; left > 0 {
		r.Text += adapters.Count(left, "more row") + " not shown: " + p.more + "\n"
	}
	if p.lines {
		r.Rows = p.tells
	}
	for _, row := range p.rows[:shown] {
		for _, id := range row.ids {
			r.Resources = appendOnce(r.Resources, id)
		}
		r.Foreign = append(r.Foreign, prose(row.foreign)...)
	}
	return r
}

// top is what stands above the rows, as far as it has room.
func (p *page) top() string {
	var b strings.Builder
	for _, line := range p.head {
		if b.Len() < mostHead {
			b.WriteString(router.Clipped(router.Printable(line), mostHead/3) + "\n")
		}
	}
	return b.String()
}

// fenced are the lines of the rows, in as many fences as they need if others wrote them.
func (p *page) fenced(id string, lines []string) string {
	var b strings.Builder
	for len(lines) > 0 {
		n := fitting(lines, mostFenced)
		text := strings.Join(lines[:n], "\n")
		if p.kind != "" {
			text = claims.Fence(id, p.kind, text)
		}
		b.WriteString(text + "\n")
		lines = lines[n:]
	}
	return b.String()
}

// body is the table, without the columns that nothing is in, and how many rows of it fit.
func (p *page) body() (lines []string, shown int) {
	rows := p.rows
	if p.room > 0 {
		rows = rows[:min(len(rows), p.room)]
	}
	used := make([]bool, len(p.heads))
	for _, row := range rows {
		for i := range p.heads {
			used[i] = used[i] || row.cells[i] != ""
		}
	}
	if p.heads != nil && len(rows) > 0 {
		lines = append(lines, line(p.heads, used))
	}
	room := mostRows
	for _, row := range rows {
		text := line(row.cells, used)
		if room -= len(text) + 1; room < 0 && shown > 0 {
			break
		}
		lines, shown = append(lines, router.Clipped(text, mostFenced)), shown+1
	}
	return lines, shown
}

// line writes a row, or a line of a text as it is. No cell can begin another one, or another line.
func line(cells []string, used []bool) string {
	if len(used) == 0 { // of a text
		return strings.TrimRight(router.Printable(cells[0]), " ")
	}
	var b strings.Builder
	for i, cell := range cells {
		if !used[i] {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(router.Clipped(strings.ReplaceAll(router.Printable(cell), "|", "¦"), mostCell))
	}
	return strings.TrimRight(b.String(), " ")
}

// fitting is how many of the lines have room, one at least.
func fitting(lines []string, room int) int {
	for n, line := range lines {
		if room -= len(line) + 1; room < 0 && n > 0 {
			return n
		}
	}
	return len(lines)
}

// prose keeps the texts of more than one word, those that can say something, as the model sees them.
func prose(texts []string) []string {
	var kept []string
	for _, text := range texts {
		if text = router.Clipped(router.Printable(text), mostFenced); strings.Contains(text, " ") {
			kept = append(kept, text)
		}
	}
	return kept
}
