package adapters

import (
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
