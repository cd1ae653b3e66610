package adapters

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestParts reads every part of every table, as TestTables does the tables.
func TestParts(t *testing.T) {
	t.Parallel()
	verbs := map[string]int{}
	for tool, table := range tables() {
		g, err := table()
		require.NoError(t, err)
		for word, n := range g.root.next {
			if n.load == nil {
				continue
			}
			part, err := n.load()
			if !assert.NoError(t, err, "%s %s", tool, word) {
				continue
			}
			part.each(func(*verb) { verbs[tool]++ })
		}
	}
	t.Log(verbs)
	assert.Greater(t, verbs["aws"], 3000)
}

// TestClouds holds the tables of the clouds against everyday commands and tricks.
func TestClouds(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../eval/cases/commands-clouds.jsonl")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.GreaterOrEqual(t, len(lines), 400)
	for _, text := range lines {
		var line labelled
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		got, why := classOf(line.Argv)
		assert.Equal(t, line.Class, got, "%q is %s (%s)", line.Argv, line.Why, why)
	}
}
