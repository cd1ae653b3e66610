package telemetry

import (
	"bytes"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tables are those of the manual: rows of words, by the first word of the table.
func tables(t *testing.T) map[string][][]string {
	t.Helper()
	source, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	found := map[string][][]string{}
	var name string
	for line := range strings.Lines(string(source)) {
		row, ok := strings.CutPrefix(line, "//\t")
		words := strings.Fields(row)
		switch {
		case !ok:
			name = ""
		case name == "":
			name = words[0]
			found[name] = [][]string{words}
		default:
			found[name] = append(found[name], words)
		}
	}
	return found
}

func TestManualNamesEveryMetric(t *testing.T) {
	t.Parallel()
	var documented []string
	for _, row := range tables(t)["metric"][1:] {
		documented = append(documented, strings.Join(row[:3], " "))
	}
	assert.ElementsMatch(t, registered(t), documented)
}

// registered are the metrics of ours as "name label,label type".
func registered(t *testing.T) (lines []string) {
	t.Helper()
	m := metrics()
	touchAll(m, "other")
	families, err := m.registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "clanker_") {
			continue
		}
		labels := map[string]bool{}
		for _, label := range family.GetMetric()[0].GetLabel() {
			labels[label.GetName()] = true
		}
		lines = append(lines, family.GetName()+" "+inOrder(labels)+" "+strings.ToLower(family.GetType().String()))
	}
	return lines
}

// inOrder writes labels in the manual's order, which reads from the thing to what became of it.
func inOrder(labels map[string]bool) string {
	var names []string
	for _, name := range []string{"version", "commit", "goversion", "tool", "status", "provider", "outcome", "reason", "what", "result"} {
		if labels[name] {
			names = append(names, name)
			delete(labels, name)
		}
	}
	names = append(names, slices.Sorted(maps.Keys(labels))...)
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ",")
}

func TestManualNamesEveryLabelsValues(t *testing.T) {
	t.Parallel()
	documented := map[string][]string{}
	for _, row := range tables(t)["status"] {
		documented[row[0]] = row[1:]
	}
	assert.Equal(t, map[string][]string{"status": statuses, "outcome": outcomes, "reason": refusals, "what": editable,
		"result": {"success", "failure"}}, documented)
}

func TestManualNamesTheLinesAttributes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	full := Line{Answer: "a", Tool: "b", Intent: "c", Status: "d", Took: 1500 * time.Microsecond, Bytes: 7, Client: "e", Transport: "f"}
	full.Log(t.Context(), logger(t, &out, JSON))
	_, line, _ := strings.Cut(out.String(), `"msg":"call",`)
	assert.JSONEq(t, `{"answer":"a","tool":"b","intent":"c","status":"d","ms":1.5,"bytes":7,"client":"e","transport":"f"}`, "{"+line)

	var documented, logged []string
	for _, row := range tables(t)["attribute"][1:] {
		documented = append(documented, row[0]+" "+row[1])
	}
	for _, a := range full.Attrs() {
		logged = append(logged, a.Key+" "+map[bool]string{true: "string", false: "number"}[a.Value.Kind() == slog.KindString])
	}
	assert.Equal(t, documented, logged)
	assert.Len(t, Line{}.Attrs(), 2, "what is empty is left out")
}

func TestManualsQuestionsNameMetricsThatExist(t *testing.T) {
	t.Parallel()
	names := strings.Join(registered(t), "\n")
	questions := tables(t)["histogram_quantile(0.99,"]
	require.Len(t, questions, 5)
	for _, row := range questions {
		for _, word := range strings.FieldsFunc(strings.Join(row, " "), func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
			if strings.HasPrefix(word, "clanker_") {
				assert.Contains(t, names, strings.TrimSuffix(word, "_bucket")+" ")
			}
		}
	}
}
