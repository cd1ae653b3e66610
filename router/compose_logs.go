package router

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// KindLog is the kind of an item that is one line of a log: its name is the pod and container, its text the field "line".
const KindLog adapters.Kind = "log"

// logs answers with what workloads wrote, oldest first; of too many lines the last ones stay.
func (r *Router) logs(ctx context.Context, d *draft) error {
	query, end := d.query, d.until()
	if !end.IsZero() {
		query.Log.Tail = manyLines
	}
	snapshot, err := r.workspace.Logs(ctx, query)
	if err != nil {
		return err
	}
	d.read(snapshot)
	if !d.found && d.nowhere() {
		return nil
	}
	lines, alike := upTo(end, snapshot.Logs, func(line adapters.LogLine) time.Time { return line.At }), []int(nil)
	if tail := d.query.Log.Tail; !end.IsZero() && tail > 0 {
		lines = lines[max(0, len(lines)-tail):]
	}
	d.data.Logs, d.data.Total = lines, len(lines)
	d.found = d.found && len(lines) > 0
	if d.query.Log.Errors { // one that repeats must not hide the others
		lines, alike = lastOfAlike(lines)
	}
	d.answer.Columns = []string{"line"}
	d.addLogs(lines, alike)
	d.answer.Counts = &Counts{Total: d.data.Total, Matched: len(lines)}
	return d.say(fmt.Sprintf("%d log lines from %s", d.data.Total, d.data.Place))
}

// addLogs adds log lines to the rows, the last first. A line that stands for several says so in the field "alike".
func (d *draft) addLogs(lines []adapters.LogLine, alike []int) {
	d.rows.logs = make([]Item, 0, min(len(lines), mostKept/itemWeight))
	for i, line := range slices.Backward(lines) {
		fields := map[string]any{"line": line.Text}
		if alike != nil && alike[i] > 1 {
			fields["alike"] = alike[i]
		}
		d.rows.addLog(Item{
			Ref: line.Resource, Kind: KindLog, Name: join("/", adapters.IDName(line.Resource), line.Container),
			Provider: providerOf(line.Resource), Since: instant(line.At), Fields: fields,
		})
	}
}

// lastOfAlike keeps the last of the lines that differ in digits alone, for replicas fail alike, and how many there were.
func lastOfAlike(lines []adapters.LogLine) (kept []adapters.LogLine, alike []int) {
	shapes := make([]string, len(lines))
	counts := make(map[string]int, len(lines))
	for i, line := range lines {
		shapes[i] = strings.Map(dropDigits, line.Text)
		counts[shapes[i]]++
	}
	seen := make(map[string]int, len(counts))
	for i, line := range lines {
		if seen[shapes[i]]++; seen[shapes[i]] == counts[shapes[i]] {
			kept, alike = append(kept, line), append(alike, counts[shapes[i]])
		}
	}
	return kept, alike
}

func dropDigits(r rune) rune {
	if '0' <= r && r <= '9' {
		return -1
	}
	return r
}
