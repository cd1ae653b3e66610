package toolbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/router"
)

// changes tells what changed, newest first.
func changes(ctx context.Context, c *call) (*page, error) {
	q, err := c.where()
	if err != nil {
		return nil, err
	}
	from, to, err := c.span("last 24 hours")
	if err != nil {
		return nil, err
	}
	q.Since = from
	c.step("changes", q)
	snapshot, err := c.desk.Changes(ctx, q)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(snapshot.Changes), func(change adapters.Change) bool { return !to.IsZero() && !change.At.Before(to) })
	head := append([]string{adapters.Count(len(found), "change"), spanWords(from, to, c.desk.Now())}, sources(snapshot)...)
	if len(found) == 0 {
		return c.nowhere(head, q), nil
	}
	p := &page{head: head, kind: "changes", heads: []string{"time", "id", "field", "old", "new", "by", "event"},
		more: "narrow it by name, kinds, place or time, or raise limit", room: c.number("limit", 0)}
	for i := range found {
		p.rows = append(p.rows, changeRow(&found[i]))
	}
	return p, nil
}

// changeRow is one change. One that was only seen was made at some time before.
func changeRow(c *adapters.Change) row {
	when := stamp(c.At)
	if !c.Earliest.IsZero() {
		when = "between " + stamp(c.Earliest) + " and " + when
	}
	before, after := router.Value(c.Before), router.Value(c.After)
	by := c.Actor
	return row{ids: []string{c.Resource}, cells: []string{when, c.Resource, c.Field, before, after, by, c.Event}, foreign: []string{c.Name, before, after, by, c.Event}}
}

// mostLines is the most lines of a log that can be asked for, and fewLines how many are read if nobody says.
const (
	mostLines = 200
	fewLines  = 60
)

// logs tells what a workload wrote, oldest first; of too many lines the last stay.
func logs(ctx context.Context, c *call) (*page, error) {
	q, err := c.where()
	if err != nil {
		return nil, err
	}
	p := &page{kind: "log lines"}
	var to time.Time
	if c.text("time") != "" {
		if q.Since, to, err = c.span(""); err != nil {
			return nil, err
		}
		p.head = append(p.head, spanWords(q.Since, to, c.desk.Now()))
	}
	most := c.number("limit", fewLines)
	q.Log = adapters.LogFilter{Tail: most, Previous: c.flag("previous"), Container: c.text("container"), Grep: c.text("grep"), Errors: c.flag("errors")}
	if !to.IsZero() {
		q.Log.Tail = farBack
	}
	c.step("logs", q)
	snapshot, err := c.desk.Logs(ctx, q)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(snapshot.Logs), func(line adapters.LogLine) bool { return !to.IsZero() && !line.At.Before(to) })
	p.logged(found, most)
	if p.head = append(p.head, sources(snapshot)...); len(found) == 0 {
		return c.nowhere(p.head, q), nil
	}
	return p, nil
}

// farBack is how many lines are read when the time asked for ends before now.
const farBack = 5000

// logged makes rows of the last lines that have room.
func (p *page) logged(found []adapters.LogLine, most int) {
	room := mostRows
	for _, line := range slices.Backward(found[max(0, len(found)-most):]) {
		r := logRow(line)
		if room -= len(r.cells[0]) + 1; room < 0 {
			break
		}
		p.rows = append(p.rows, r)
	}
	slices.Reverse(p.rows)
	words := adapters.Count(len(found), "line") + " read"
	if len(p.rows) < len(found) {
		words += fmt.Sprintf(", the last %d shown: narrow it by grep, errors, container or time", len(p.rows))
	}
	p.head = append(p.head, words)
}

func logRow(l adapters.LogLine) row {
	who := strings.TrimSuffix(adapters.IDName(l.Resource)+"/"+l.Container, "/")
	text := router.Clipped(router.Printable(strings.Join(strings.Fields(stamp(l.At)+" "+who+":"), " ")+" "+l.Text), 3*mostCell)
	return row{cells: []string{cmp.Or(text, " ")}, ids: []string{l.Resource}, foreign: []string{l.Text}}
}
