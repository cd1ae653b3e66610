package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clanker/adapters"
)

// rank orders troubles from cause to symptom: what a workload stands on comes before its pods, these before the workload
// that counts them, and that before what routes to it.
var rank = map[adapters.Kind]int{
	adapters.KindNode: 10, adapters.KindNodePool: 11, adapters.KindInstance: 12, adapters.KindVolumeClaim: 13, adapters.KindVolume: 14,
	adapters.KindPod:      20,
	adapters.KindDatabase: 30, adapters.KindCache: 30, adapters.KindQueue: 30, adapters.KindFunction: 31,
	adapters.KindAutoscaler: 40, adapters.KindReplicaSet: 45,
	adapters.KindDeployment: 50, adapters.KindStatefulSet: 50, adapters.KindDaemonSet: 50, adapters.KindJob: 50, adapters.KindCronJob: 51,
	adapters.KindRelease: 55, adapters.KindService: 60, adapters.KindIngress: 70, adapters.KindGateway: 70, adapters.KindBalancer: 70,
	adapters.KindCluster: 80,
}

// causes are what drivers put into the reason of a pod that tells more than that it failed.
var causes = []string{
	"OOMKilled", "ImagePull", "ErrImage", "InvalidImage", "CreateContainer", "Unschedulable", "FailedScheduling", "Evicted", "FailedMount",
}

// causeRank is the place of a trouble among others: the lower, the nearer to the cause.
func causeRank(r adapters.Resource) int {
	place, ok := rank[r.Kind]
	if !ok {
		place = 65
	}
	switch {
	case r.Kind == adapters.KindPod && slices.ContainsFunc(causes, func(c string) bool { return strings.Contains(r.Reason, c) }):
		return place - 1
	case r.Health == adapters.HealthDegraded && place < 20:
		return 25 // a node under pressure explains less than what its pods say themselves
	default:
		return place
	}
}

func troubled(r adapters.Resource) bool { return ill(r.Health) }

func ill(h adapters.Health) bool {
	return h == adapters.HealthDegraded || h == adapters.HealthUnhealthy
}

// byCause returns resources with troubles first, the cause before its symptoms, then workloads and the rest; ties by
// severity and ID.
func byCause(resources []adapters.Resource) []adapters.Resource {
	sorted := slices.Clone(resources)
	key := func(r adapters.Resource) int {
		switch {
		case troubled(r):
			return causeRank(r)
		case 50 <= rank[r.Kind] && rank[r.Kind] < 60:
			return 100
		default:
			return 100 + causeRank(r)
		}
	}
	slices.SortStableFunc(sorted, func(a, b adapters.Resource) int {
		return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(b.Health, a.Health), cmp.Compare(a.ID, b.ID))
	})
	return sorted
}

// conclude fills the answer with what was found: resources by cause, then warnings newest first, then log lines by time.
func (d *draft) conclude(x *diagnosis, now time.Time) error {
	own, others := byCause(x.parts), byCause(x.around)
	d.answer.Verdict = verdict(own, nil)
	if d.answer.Verdict == VerdictHealthy && len(others) > 0 && troubled(others[0]) {
		d.answer.Verdict = VerdictDegraded
	}
	if d.answer.Verdict == VerdictHealthy && d.aboutLatency() && !measures(own, adapters.MetricLatencyP99) {
		d.answer.Verdict = VerdictUnknown
	}
	d.answer.Columns = diagnosisColumns
	d.data.Resources, d.data.Total, d.data.Logs = own, len(own), x.logs
	d.worthy(x, own, others)
	d.relevantChange(x, own, others)
	d.answer.Summary = d.diagnosisSummary(x, own, others, now)
	d.unmeasured(x, own)
	return nil
}

var latencyMetrics = []string{
	adapters.MetricLatencyP99, adapters.MetricErrorRatio, adapters.MetricCPUOfLimit, adapters.MetricCPUUtilization,
	adapters.MetricMemoryOfLimit, adapters.MetricMemoryUtilization, adapters.MetricRequestRate, adapters.MetricQueryRate,
}

var diagnosisColumns = []string{
	"status", "reason", "since", "location", "metric." + adapters.MetricRestarts, "metric." + adapters.MetricLatencyP99,
	"metric." + adapters.MetricErrorRatio, "metric." + adapters.MetricRequestRate, "metric." + adapters.MetricQueryRate,
	"metric." + adapters.MetricCPUOfLimit, "metric." + adapters.MetricMemoryOfLimit, "metric." + adapters.MetricCPUUtilization,
	"metric." + adapters.MetricMemoryUtilization,
}

// worthy adds the rows of what deserves one: what is in trouble, the named resource itself, what it uses. Healthy pods, nodes and
// services are only counted.
func (d *draft) worthy(x *diagnosis, own, others []adapters.Resource) {
	used := targets(own, adapters.RelationUses)
	worth := func(r adapters.Resource) bool {
		return troubled(r) || r.Health == adapters.HealthUnknown || used[r.ID] || strings.EqualFold(r.Name, d.query.Name)
	}
	var rows []adapters.Resource
	for _, r := range byCause(slices.Concat(own, others)) {
		if worth(r) {
			rows = append(rows, r)
		}
	}
	events := x.events[:min(len(x.events), mostEvents)]
	matched := len(rows) + len(events) + len(x.logs)
	room := max(beside(len(x.logs), d.asked.Limit)-len(events), (d.asked.Limit+1)/2) // the first page has the events
	for _, r := range slices.Insert(rows, min(len(rows), room), events...) {
		item := itemOf(&r, d.answer.Columns, d.query.Metrics)
		item.addMessage(&r)
		d.rows.addItem(item)
	}
	d.addLogs(x.logs, x.alike)
	d.answer.Counts = &Counts{Total: len(own) + len(others), Matched: matched, ByStatus: byStatus(slices.Concat(own, others))}
}

// addMessage completes an event's reason with its message, which a diagnosis has no column for.
func (i *Item) addMessage(r *adapters.Resource) {
	if r.Kind == adapters.KindEvent {
		status, _ := r.Attributes["status"].(string)
		message, _ := r.Attributes["message"].(string)
		i.Reason = join(": ", cmp.Or(r.Reason, status), message)
	}
}

// relevantChange reports the last change before the trouble began, else the last change. A change of health is the trouble,
// not its cause.
func (d *draft) relevantChange(x *diagnosis, own, others []adapters.Resource) {
	changes := slices.DeleteFunc(slices.Clone(x.changes), func(c adapters.Change) bool { return c.Field == "health" })
	if began := beginning(own, others); !began.IsZero() {
		if earlier := upTo(began.Add(time.Minute), changes, changedAt); len(earlier) > 0 { // a rollout is noted a moment after it began to fail
			changes = earlier
		}
	}
	x.changes = lastEvent(changes)
	d.data.Changes = x.changes
	d.addChanges(x.changes)
}

// beginning is when the first of the troubles began; zero if the providers do not tell.
func beginning(own, others []adapters.Resource) time.Time {
	var began time.Time
	for _, r := range slices.Concat(own, others) {
		if troubled(r) && !r.Since.IsZero() && (began.IsZero() || r.Since.Before(began)) {
			began = r.Since
		}
	}
	return began
}

// diagnosisSummary says what is wrong, the cause first; where the cause is something else than the named resource, so; and
// what changed before.
func (d *draft) diagnosisSummary(x *diagnosis, own, others []adapters.Resource, now time.Time) string {
	name := cmp.Or(d.query.Name, d.data.Place)
	var text string
	switch {
	case len(own) > 0 && troubled(own[0]):
		text = fmt.Sprintf("%s: %s", name, troubleWords(own))
		if len(others) > 0 && troubled(others[0]) {
			text += "; it also uses " + troubleWords(others)
		}
	case len(others) > 0 && troubled(others[0]):
		text = fmt.Sprintf("%s itself shows no fault, but it uses %s", name, troubleWords(others))
	case verdict(own, nil) == VerdictUnknown:
		text = fmt.Sprintf("%s: its health is unknown (%s)", name, countKinds(own))
	default:
		text = fmt.Sprintf("%s shows no fault: %s healthy, %s", name, countKinds(own), warningsWords(len(x.events)))
	}
	if d.aboutLatency() {
		text += "; " + measured(own)
	}
	change := changeWords(x.changes, beginning(own, others), now)
	return cut(text, maxSummary-len(demoMark)-utf8.RuneCountInString(change)) + change
}

// troubleWords names the first trouble with its reason, and the symptoms that follow from it.
func troubleWords(sorted []adapters.Resource) string {
	first := sorted[0]
	alike, all := 0, 0
	var symptoms []string
	for _, r := range sorted {
		if r.Kind == first.Kind {
			all++
		}
		switch {
		case !troubled(r):
		case r.Kind == first.Kind:
			alike++
		case len(symptoms) < 2:
			symptoms = append(symptoms, reasoned(r))
		}
	}
	text := fmt.Sprintf("%s %s", first.Kind, Printable(first.Name))
	if alike > 1 {
		text = fmt.Sprintf("%d of %s, such as %s,", alike, adapters.Count(all, string(first.Kind)), Printable(first.Name))
	}
	text += fmt.Sprintf(" (%s: %s)", first.Health, cut(Printable(cmp.Or(first.Reason, "no reason given")), 90))
	if len(symptoms) > 0 {
		text += ", hence " + strings.Join(symptoms, " and ")
	}
	return text
}

func reasoned(r adapters.Resource) string {
	return fmt.Sprintf("%s %s", r.Kind, cut(cmp.Or(Printable(r.Reason), string(r.Health)), 50))
}

func countKinds(resources []adapters.Resource) string {
	var kinds []string
	counts := map[string]int{}
	for _, r := range resources {
		if counts[string(r.Kind)]++; counts[string(r.Kind)] == 1 {
			kinds = append(kinds, string(r.Kind))
		}
	}
	slices.Sort(kinds)
	for i, kind := range kinds {
		kinds[i] = adapters.Count(counts[kind], kind)
	}
	return strings.Join(kinds, ", ")
}

func warningsWords(n int) string {
	if n == 0 {
		return "no warning in the last hour"
	}
	return adapters.Count(n, "warning") + " in the last hour"
}

// aboutLatency reports whether the complaint is of slowness, which health alone does not explain.
func (d *draft) aboutLatency() bool {
	text := strings.ToLower(d.asked.Text)
	return slices.Contains(d.query.Metrics, adapters.MetricLatencyP99) ||
		slices.ContainsFunc([]string{"latency", "slow", "timeout", "timing out", "response time"}, func(w string) bool { return strings.Contains(text, w) })
}

// measured spells the highest values that were measured of what bears on latency, the three that tell most.
func measured(parts []adapters.Resource) string {
	var words []string
	for _, metric := range latencyMetrics {
		highest, found := 0.0, false
		for _, part := range parts {
			if value, ok := part.Metrics[metric]; ok && (!found || value > highest) {
				highest, found = value, true
			}
		}
		if found && len(words) < 3 {
			words = append(words, metric+" "+spell(metric, highest))
		}
	}
	if len(words) == 0 {
		return "nothing that bears on latency was measured"
	}
	return strings.Join(words, ", ")
}

// changeWords tells the last change and how long before the trouble it was, in so far as that is known.
func changeWords(changes []adapters.Change, began, now time.Time) string {
	if len(changes) == 0 {
		return ""
	}
	c := changes[0]
	text := fmt.Sprintf("; last change: %s %s", c.Name, fieldWords(c.Field, c.Before, c.After))
	if more := len(changes) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	switch {
	case began.IsZero():
		text += fmt.Sprintf(", %s ago", roughly(now.Sub(c.At)))
	case c.At.After(began.Add(time.Minute)):
		text += fmt.Sprintf(", %s after it began", roughly(c.At.Sub(began)))
	default:
		text += fmt.Sprintf(", %s before it began", roughly(max(0, began.Sub(c.At))))
	}
	return text
}

func measures(resources []adapters.Resource, metric string) bool {
	return slices.ContainsFunc(resources, func(r adapters.Resource) bool { _, ok := r.Metrics[metric]; return ok })
}

// unmeasured warns of what the conclusion does not rest on, so that silence is not taken for health.
func (d *draft) unmeasured(x *diagnosis, own []adapters.Resource) {
	if d.aboutLatency() && !measures(own, adapters.MetricLatencyP99) {
		d.warn("latency was not measured: nothing connected reports %s for %s, so this rests on health, usage, warnings and changes", adapters.MetricLatencyP99, cmp.Or(d.query.Name, d.data.Place))
	}
	var unseen []string
	if !x.logged {
		unseen = append(unseen, "logs")
	}
	if !d.aboutLatency() && !measures(own, adapters.MetricErrorRatio) && !measures(own, adapters.MetricLatencyP99) {
		unseen = append(unseen, "latency and error rates")
	}
	if d.answer.Verdict == VerdictHealthy && len(unseen) > 0 {
		d.warn("not looked at: %s", strings.Join(unseen, "; "))
	}
}
