package adapters

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
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

// TestSmallToolsSpeltOtherwise does to these lines what [TestSpellings] and [TestMisspellings] do to the labelled ones.
func TestSmallToolsSpeltOtherwise(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	spelt := 0
	for _, line := range smallLines(t) {
		for range 30 {
			if slices.Contains(line.Argv, "--help=false") {
				break // --help false does print help
			}
			argv := misspell(random, line.Argv)
			got, why := classOf(argv)
			assert.GreaterOrEqual(t, rank(got), rank(line.Class), "%q of %q is %s: %s", argv, line.Argv, got, why)
		}
		want, err := ParseCommand(line.Argv)
		if err != nil {
			continue
		}
		g, err := tables()[want.Tool]()
		require.NoError(t, err)
		for range 20 {
			argv := g.respell(t, random, want)
			if got, err := ParseCommand(argv); err == nil {
				got.Argv = want.Argv
				require.Equal(t, want, got, "%q is another command than %q", argv, line.Argv)
				spelt++
			}
		}
	}
	assert.Greater(t, spelt, 2000, "the test must try spellings that are understood")
}
