package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clanker/adapters"
)

// defaultTail is how many lines of each container are read when the query does not say.
const defaultTail = 100

// Logs returns what the pods of the matching workloads have written by now, by time: of each container the last lines
// that pass the filter.
func (d *Demo) Logs(ctx context.Context, q adapters.Query) ([]adapters.LogLine, []adapters.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("read the logs of the demo estate: %w", err)
	}
	now := d.now().UTC()
	q.Kinds = []adapters.Kind{adapters.KindPod} // who writes; the name of a workload matches its pods
	var found []adapters.LogLine
	var sources []adapters.Source
	covered, _ := covering(d.at(now).groups, q)
	for _, g := range covered {
		for _, pods := range g.byOwner() {
			if !slices.ContainsFunc(pods, q.Matches) {
				continue
			}
			lines := d.written(pods, q, now)
			found = append(found, lines...)
			owner := pods[0].Relations[0].Target
			call := strings.ReplaceAll(g.logs, "{workload}", string(adapters.IDKind(owner))+"/"+adapters.IDName(owner))
			sources = append(sources, source(g.place, call, now, len(lines)))
		}
	}
	slices.SortStableFunc(found, func(a, b adapters.LogLine) int { return a.At.Compare(b.At) })
	return found, orNothing(sources, q, now), nil
}

// byOwner splits pods into runs of the same workload, whose pods are neighbours.
func (g group) byOwner() [][]adapters.Resource {
	var runs [][]adapters.Resource
	for i, pod := range g.resources {
		if i > 0 && pod.Relations[0].Target == g.resources[i-1].Relations[0].Target {
			last := len(runs) - 1
			runs[last] = append(runs[last], pod)
			continue
		}
		runs = append(runs, []adapters.Resource{pod})
	}
	return runs
}

// written returns what the pods of one workload wrote, by time.
func (d *Demo) written(pods []adapters.Resource, q adapters.Query, now time.Time) []adapters.LogLine {
	tail := q.Log.Tail
	if tail <= 0 {
		tail = defaultTail
	}
	var lines []adapters.LogLine
	for _, l := range d.story.Logs {
		if d.story.id(l.Resource) != pods[0].Relations[0].Target || !l.concerns(q.Log) {
			continue
		}
		for _, turn := range l.turns(now.Sub(d.start), tail*len(pods)) {
			pod, at, text := pods[turn%len(pods)], d.start.Add(l.at(turn)), l.text(turn)
			if q.Matches(pod) && !at.Before(q.Since) && q.Log.Keeps(text) {
				lines = append(lines, adapters.LogLine{Resource: pod.ID, Container: l.Container, At: at, Text: text})
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b adapters.LogLine) int { return a.At.Compare(b.At) })
	return lastOfEach(lines, tail)
}

// at is when the line is written for the nth time.
func (l logLines) at(n int) time.Duration { return l.From + time.Duration(n)*l.Every }

// text is what is written for the nth time: a number of its own keeps lines apart.
func (l logLines) text(n int) string { return strings.ReplaceAll(l.Text, "{n}", strconv.Itoa(n)) }

// turns are the numbers of the last occurrences of the line until now, at most limit.
func (l logLines) turns(now time.Duration, limit int) []int {
	if l.Until != 0 {
		now = min(now, l.Until)
	}
	if now < l.From {
		return nil
	}
	last := 0
	if l.Every > 0 {
		last = int((now - l.From) / l.Every)
	}
	var turns []int
	for n := max(0, last-limit+1); n <= last; n++ {
		turns = append(turns, n)
	}
	return turns
}

// concerns reports whether the line was written where the filter looks.
func (l logLines) concerns(f adapters.LogFilter) bool {
	return l.Previous == f.Previous && (f.Container == "" || f.Container == l.Container)
}

// lastOfEach keeps the last lines of each container, in order.
func lastOfEach(lines []adapters.LogLine, tail int) []adapters.LogLine {
	kept := map[string]int{}
	var last []adapters.LogLine
	for _, line := range slices.Backward(lines) {
		key := line.Resource + " " + line.Container
		if kept[key]++; kept[key] <= tail {
			last = append(last, line)
		}
	}
	slices.Reverse(last)
	return last
}
