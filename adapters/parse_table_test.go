package adapters

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTables reads every table: a mistake in one is found here, not by the first who needs it.
func TestTables(t *testing.T) {
	t.Parallel()
	for tool, table := range tables() {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			g, err := table()
			require.NoError(t, err)
			verbs := 0
			g.root.each(func(v *verb) {
				verbs++
				assert.NotEmpty(t, v.why)
				assert.GreaterOrEqual(t, rank(v.class), 0)
			})
			assert.Positive(t, verbs)
		})
	}
}
