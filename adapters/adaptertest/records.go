package adaptertest

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// recordChecks are about the optional halves of a driver, [adapters.Changer] and [adapters.Logger]. A driver without one
// passes.
func recordChecks() []check {
	return []check{
		{"changes", None, checkChanges},
		{"changes since", None, checkChangesSince},
		{"changes sorted", None, checkChangesSorted},
		{"logs", None, checkLogs},
		{"logs filtered", None, checkLogFilter},
	}
}

// changes reads without going through the workspace; nothing if the driver keeps no record.
func changes(t tb, d adapters.Adapter, q adapters.Query) []adapters.Change {
	t.Helper()
	changer, ok := d.(adapters.Changer)
	if !ok {
		return nil
	}
	found, sources, err := changer.Changes(t.Context(), q)
	require.NoError(t, err, "Changes(%+v)", q)
	require.NotEmpty(t, sources, "Changes without a source")
	return found
}

func checkChanges(t tb, d adapters.Adapter, h Harness) {
	for _, c := range changes(t, d, adapters.Query{}) {
		assert.Equal(t, adapters.NewID(c.Provider, c.Kind, c.Scope, c.Name), c.Resource)
		assert.Contains(t, providers(d), c.Provider)
		assert.Regexp(t, fieldName, c.Field, "%s: a field's name is the same each time, and no text", c.Resource)
		assert.NotEqual(t, c.Before, c.After, "%s: %s did not change", c.Resource, c.Field)
		assert.False(t, c.At.IsZero() || c.At.After(h.now()), "%s changed at %s", c.Resource, c.At)
	}
}

// fieldName is what a changed field is called: image, memory.limit.app, env.DB_HOST, event.BackOff, annotation.checksum/config.
var fieldName = regexp.MustCompile(`^[a-z][A-Za-z0-9_-]*(\.[A-Za-z0-9._/-]+)?$`)

func checkChangesSorted(t tb, d adapters.Adapter, _ Harness) {
	newest := func(a, b adapters.Change) int { return b.At.Compare(a.At) }
	for _, q := range []adapters.Query{{}, {Since: time.Unix(0, 0)}} {
		assert.True(t, slices.IsSortedFunc(changes(t, d, q), newest), "Changes(%+v) are not the newest first", q)
	}
}

func checkChangesSince(t tb, d adapters.Adapter, _ Harness) {
	all := changes(t, d, adapters.Query{})
	if len(all) == 0 {
		return
	}
	newest := slices.MaxFunc(all, func(a, b adapters.Change) int { return a.At.Compare(b.At) })
	found := changes(t, d, adapters.Query{Since: newest.At})
	assert.True(t, slices.ContainsFunc(found, func(c adapters.Change) bool { return c.Resource == newest.Resource }),
		"the change at the very time asked for is missing")
	for _, c := range found {
		assert.False(t, c.At.Before(newest.At), "%s changed at %s, before %s", c.Resource, c.At, newest.At)
	}
	assert.Empty(t, changes(t, d, adapters.Query{Since: newest.At.Add(time.Nanosecond)}), "changes after the newest")
}

// logs reads what the harness says there is, as the edit asks for it; nothing if the driver cannot read logs.
func logs(t tb, d adapters.Adapter, h Harness, edit func(*adapters.Query)) []adapters.LogLine {
	t.Helper()
	logger, ok := d.(adapters.Logger)
	if !ok || reflect.ValueOf(h.Logs).IsZero() {
		return nil
	}
	q := h.Logs
	edit(&q)
	lines, sources, err := logger.Logs(t.Context(), q)
	require.NoError(t, err, "Logs(%+v)", q)
	require.NotEmpty(t, sources, "Logs without a source")
	require.NotEmpty(t, lines, "Logs(%+v)", q)
	return lines
}

func checkLogs(t tb, d adapters.Adapter, h Harness) {
	for _, line := range logs(t, d, h, func(*adapters.Query) {}) {
		assert.True(t, wellFormed(line.Resource), "log line of %q: not an ID made by NewID", line.Resource)
		assert.NotContains(t, line.Text, "\n", "a line is one line")
		assert.False(t, line.At.After(h.now()), "a line of the future: %s", line.At)
	}
}

func checkLogFilter(t tb, d adapters.Adapter, h Harness) {
	all := logs(t, d, h, func(*adapters.Query) {})
	if len(all) == 0 {
		return
	}
	last := all[len(all)-1]
	perContainer := map[string]int{}
	for _, line := range logs(t, d, h, func(q *adapters.Query) { q.Log.Tail = 1 }) {
		perContainer[line.Resource+" "+line.Container]++
	}
	for container, n := range perContainer {
		assert.Equal(t, 1, n, "lines of %s with a tail of 1", container)
	}
	for _, line := range logs(t, d, h, func(q *adapters.Query) { q.Log.Grep = strings.ToUpper(last.Text) }) {
		assert.Contains(t, strings.ToLower(line.Text), strings.ToLower(last.Text), "grep")
	}
	for _, line := range logs(t, d, h, func(q *adapters.Query) { q.Log.Container = last.Container }) {
		assert.Equal(t, last.Container, line.Container)
	}
	for _, line := range logs(t, d, h, func(q *adapters.Query) { q.Since = last.At }) {
		assert.False(t, line.At.Before(last.At.Truncate(time.Second)), "a line of %s, before %s", line.At, last.At)
	}
}
