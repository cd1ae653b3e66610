package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is there is left as it is, and nothing else stays behind.
func TestWriteNew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new.yaml")
	require.NoError(t, writeNew(path, "first"))
	require.ErrorIs(t, writeNew(path, "second"), fs.ErrExist)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "first", string(content))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
	require.ErrorIs(t, writeNew(filepath.Join(t.TempDir(), "none", "x"), ""), fs.ErrNotExist)
}
