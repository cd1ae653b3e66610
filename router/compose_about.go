package router

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"clanker/adapters"
)

// KindConnection is the kind of an item that is one connection of the workspace.
const KindConnection adapters.Kind = "connection"

// about answers with what the workspace is connected to, as whom, and what to do about each connection that does not work.
// The connections come sorted by provider and name.
func (r *Router) about(ctx context.Context, d *draft) error {
	connections := r.workspace.Connections(ctx)
	d.answer.Columns = []string{"provider", "status", "fields.identity", "reason", "fields.detail"}
	var working []string
	for _, c := range connections {
		if !d.query.WantsProvider(c.Provider) {
			continue
		}
		d.addConnection(c)
		if c.Problem == nil {
			working = append(working, strings.TrimSpace(c.Provider+" "+c.Name))
		}
	}
	n := len(d.rows.items)
	d.found = n > 0
	d.answer.Counts = &Counts{Total: n, Matched: n}
	d.answer.Summary = connected(working, n)
	return nil
}

func (d *draft) addConnection(c adapters.Connection) {
	item := Item{Ref: join("/", c.Provider, c.Name), Kind: KindConnection, Name: cmp.Or(c.Name, c.Provider), Provider: c.Provider, Status: "connected", Fields: map[string]any{}}
	for key, value := range map[string]string{"identity": c.Identity, "detail": c.Detail} {
		if value != "" {
			item.Fields[key] = value
		}
	}
	d.answer.Demo = d.answer.Demo || c.Demo
	if p := c.Problem; p != nil {
		item.Status, item.Reason = string(p.Reason), p.Detail
		d.answer.Coverage.NotChecked = append(d.answer.Coverage.NotChecked, notChecked(adapters.Source{Provider: c.Provider, Scope: c.Scope, Call: "connect", Error: p}))
	} else {
		d.answer.Coverage.Checked = append(d.answer.Coverage.Checked, Checked{Provider: c.Provider, Target: c.Name, Identity: c.Identity, What: "connection"})
	}
	d.rows.addItem(item)
}

func connected(working []string, n int) string {
	switch {
	case n == 0:
		return "No provider is connected."
	case len(working) == 0:
		return fmt.Sprintf("0 of %d connections work", n)
	default:
		return fmt.Sprintf("%d of %d connections work: %s", len(working), n, strings.Join(working, ", "))
	}
}
