package adapters

import (
	"slices"
	"strings"
)

// quiet are the fields of [Change] that move by themselves: counters and clocks, and what only repeats that something else
// changed. * stands for any text.
var quiet = []string{
	"age", "age_*", "*_age", "uptime", "uptime_*",
	"restarts", "restart_count", // of pods; that they fail is in their health
	"resource_version", "generation", "*_generation", "etag", "fingerprint",
	"heartbeat*", "*_heartbeat*", "last_seen", "last_used*", "last_activity*", "last_schedule", "last_success", "latest_restorable*",
	"metrics", "current_replicas", "desired_replicas", // what an autoscaler measures and wants; what it scales has its own replicas
	"disruptions_allowed", "current_healthy", "desired_healthy", "expected_pods", // what a disruption budget counts
	"active_runs",    // of a cron job
	"waiting_reason", // comes and goes with each attempt of a container that crashes; its health stays what it is
	"label.pod-template-*", "label.controller-revision-hash", "label.controller-uid", "label.batch.kubernetes.io/controller-uid",
}

// Noise reports whether a change of a field (see [Change]) tells nobody anything: it is a counter, a clock or the like, or
// matches one of more, in which * stands for any text. Such fields are no changes to [Diff] and to a [History].
func Noise(field string, more ...string) bool {
	matches := func(pattern string) bool { return globbed(pattern, field) }
	return slices.ContainsFunc(quiet, matches) || slices.ContainsFunc(more, matches)
}

// globbed reports whether the text is like the pattern. Leftmost matches suffice: what is between two stars may be anywhere.
func globbed(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok || last == 0 {
		return ok && text == ""
	}
	for _, part := range parts[1:last] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, parts[last])
}
