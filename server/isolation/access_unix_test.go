//go:build unix

package isolation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is ours can be replaced whatever its mode says; so can what lies in a folder of ours, or is only linked from one.
func TestChange(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	file, link := filepath.Join(root, "file"), filepath.Join(root, "link")
	require.NoError(t, os.WriteFile(file, nil, 0o400))
	require.NoError(t, os.Symlink("/proc/version", link))
	own := os.Geteuid()
	assert.Equal(t, file+" is yours", change(file, own))
	assert.Equal(t, link+" is yours", change(link, own))
	assert.Equal(t, root+" is yours", change(filepath.Join(root, "missing"), own))
	assert.Equal(t, root+" is yours", change(filepath.Join(root, "missing", "below"), own))
}

// A kernel that lets us write says so; where that is root, it says so of everything, and the other half is e2e.
func TestWrites(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.Chmod(folder, 0o777|os.ModeSticky))
	info, err := os.Lstat(folder)
	require.NoError(t, err)
	assert.True(t, writes(folder, info, true, true), "the folder itself")
	assert.True(t, writes(folder, info, false, false), "what is not there yet, or ours")
	assert.False(t, writes(folder, info, false, true), "what belongs to others, as in /tmp")
	require.NoError(t, os.Chmod(folder, 0o777))
	info, err = os.Lstat(folder)
	require.NoError(t, err)
	assert.True(t, writes(folder, info, false, true), "without the sticky bit everything")
}
