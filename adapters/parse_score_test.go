package adapters

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// labelled is a line of eval/cases/commands.jsonl.
type labelled struct {
	Argv  []string `json:"argv"`
	Class Class    `json:"class"`
	Why   string   `json:"why"`
}

// labelledLines are the commands that this is scored on; labelledIn reads others.
func labelledLines(t testing.TB) []labelled {
	all := labelledIn(t, "commands.jsonl")
	require.GreaterOrEqual(t, len(all), 272)
	return all
}

func labelledIn(t testing.TB, name string) []labelled {
	file, err := os.Open("../eval/cases/" + name)
	require.NoError(t, err)
	defer file.Close()
	var all []labelled
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var line labelled
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		all = append(all, line)
	}
	require.NoError(t, lines.Err())
	return all
}

// classOf is the class of an argv, or deny and why it is refused.
func classOf(argv []string) (Class, string) {
	c, err := ParseCommand(argv)
	if err != nil {
		return classDeny, err.Error()
	}
	return c.Class, c.Why
}

type score struct{ lines, falseReads, dangerous, weaker, friction int }

func (s *score) add(want, got Class) string {
	s.lines++
	switch {
	case got == want:
		return ""
	case got == ClassRead:
		s.falseReads++
		return "FALSE READ"
	case got == ClassWrite && rank(want) > rank(ClassWrite):
		s.dangerous++
		return "DANGEROUS"
	case rank(got) < rank(want):
		s.weaker++
		return "WEAKER"
	}
	s.friction++
	return "friction"
}

func toolOf(argv []string) string {
	if len(argv) > 0 && tables()[argv[0]] != nil {
		return argv[0]
	}
	return "no tool"
}

// TestLabelledCommands holds the classes against what people said of these commands.
func TestLabelledCommands(t *testing.T) {
	t.Parallel()
	all, tools := score{}, map[string]*score{}
	for _, line := range labelledLines(t) {
		got, why := classOf(line.Argv)
		tool := toolOf(line.Argv)
		if tools[tool] == nil {
			tools[tool] = &score{}
		}
		tools[tool].add(line.Class, got)
		if verdict := all.add(line.Class, got); verdict != "" {
			command := strings.Join(line.Argv, " ")
			t.Logf("%s: %.120q is %s (%.120s); the label says %s (%s)", verdict, command, got, why, line.Class, line.Why)
		}
	}
	for tool, s := range tools {
		t.Logf("%-10s %+v", tool, *s)
	}
	t.Logf("all        %+v", all)
	assert.Zero(t, all.falseReads, "what is no read is called read")
	assert.Zero(t, all.dangerous, "what is refused or destroys is called a plain write")
	assert.Zero(t, all.weaker, "weaker than the label")
	assert.Less(t, float64(all.friction), 0.05*float64(all.lines), "stricter than the label")
}

// TestClusterTools allows no friction: these lines were written with the tables of kubectl, helm and terraform.
func TestClusterTools(t *testing.T) {
	t.Parallel()
	lines := labelledIn(t, "commands-cluster.jsonl")
	require.GreaterOrEqual(t, len(lines), 200)
	for _, line := range lines {
		got, why := classOf(line.Argv)
		assert.Equal(t, line.Class, got, "%s (%s): %s", strings.Join(line.Argv, " "), line.Why, why)
	}
}

// TestSecretsAreNoReads tries what looks like a read of settings and prints secrets, tokens or variables.
func TestSecretsAreNoReads(t *testing.T) {
	t.Parallel()
	lines := labelledIn(t, "commands-secrets.jsonl")
	require.GreaterOrEqual(t, len(lines), 20)
	for _, line := range lines {
		got, why := classOf(line.Argv)
		assert.GreaterOrEqual(t, rank(got), rank(line.Class), "%s (%s) is %s: %s", strings.Join(line.Argv, " "), line.Why, got, why)
	}
}
