package router

import (
	"context"
	"fmt"

	"clanker/adapters"
)

// KindLog is the kind of an item that is one line of a log: its name is the pod and container, its text the field "line".
const KindLog adapters.Kind = "log"

// logs answers with what workloads wrote, oldest first; of too many lines the last ones stay.
func (r *Router) logs(ctx context.Context, d *draft) error {
	snapshot, err := r.workspace.Logs(ctx, d.query)
	if err != nil {
		return err
	}
	d.read(snapshot)
	if !d.found && d.nowhere() {
		return nil
	}
	d.data.Logs, d.data.Total = snapshot.Logs, len(snapshot.Logs)
	shown := snapshot.Logs[max(0, len(snapshot.Logs)-d.asked.Limit):]
	d.answer.Columns = []string{"line"}
	d.addLogs(shown)
	d.answer.Counts = &Counts{Total: len(snapshot.Logs), Matched: len(snapshot.Logs), Shown: len(shown)}
	d.truncated(len(snapshot.Logs), len(shown))
	return d.say(fmt.Sprintf("%d log lines from %s", len(snapshot.Logs), d.data.Place))
}

// addLogs appends log lines to the items and marks their text as somebody else's.
func (d *draft) addLogs(lines []adapters.LogLine) {
	for _, line := range lines {
		d.distrust("/items/%d/fields/line", len(d.answer.Items))
		d.answer.Items = append(d.answer.Items, Item{
			Ref: line.Resource, Kind: KindLog, Name: join("/", adapters.IDName(line.Resource), line.Container),
			Provider: providerOf(line.Resource), Since: instant(line.At), Fields: map[string]any{"line": line.Text},
		})
	}
}
