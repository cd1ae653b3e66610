package adapters

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// smallLines are tricks and everyday commands of doctl, gh, hcloud and wrangler, with the class that each must have.
func smallLines(t *testing.T) []labelled {
	text, err := os.ReadFile("../eval/cases/commands-small.jsonl")
	require.NoError(t, err)
	var all []labelled
	for text := range bytes.Lines(text) {
		var line labelled
		require.NoError(t, json.Unmarshal(text, &line), "%s", text)
		all = append(all, line)
	}
	require.GreaterOrEqual(t, len(all), 120)
	return all
}

// TestSmallTools allows no friction: these labels were written with the tables, to hold them where they are.
func TestSmallTools(t *testing.T) {
	t.Parallel()
	tools := map[string]int{}
	for _, line := range smallLines(t) {
		got, why := classOf(line.Argv)
		assert.Equal(t, line.Class, got, "%s (%s): %s", strings.Join(line.Argv, " "), line.Why, why)
		tools[toolOf(line.Argv)]++
	}
	for _, tool := range []string{"doctl", "gh", "hcloud", "wrangler"} {
		assert.GreaterOrEqual(t, tools[tool], 30, tool)
	}
}
