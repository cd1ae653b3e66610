package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeepsWhatItLearned(t *testing.T) {
	f := learnedFolder{filepath.Join(t.TempDir(), "deep", "clanker")}
	_, ok := f.Load("a")
	assert.False(t, ok, "nothing is there yet")
	f.Store("a", []byte("first"))
	f.Store("a", []byte("second"))
	value, ok := f.Load("a")
	require.True(t, ok)
	assert.Equal(t, "second", string(value))

	folder, err := os.Stat(f.dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), folder.Mode().Perm(), "nobody else may put a model there")
	file, err := os.Stat(filepath.Join(f.dir, "a"+learnedSuffix))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), file.Mode().Perm())
}

func TestForgetsWhatWasLearnedLongAgo(t *testing.T) {
	f := learnedFolder{t.TempDir()}
	other := filepath.Join(f.dir, "notes.txt")
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	for i := range maxLearned + 4 {
		key := fmt.Sprint(i)
		f.Store(key, []byte(key))
		old := time.Unix(int64(1000+i), 0)
		require.NoError(t, os.Chtimes(filepath.Join(f.dir, key+learnedSuffix), old, old))
	}
	f.forget()
	kept, err := filepath.Glob(filepath.Join(f.dir, "*"+learnedSuffix))
	require.NoError(t, err)
	assert.Len(t, kept, maxLearned)
	_, oldest := f.Load("0")
	_, newest := f.Load(fmt.Sprint(maxLearned + 3))
	assert.False(t, oldest)
	assert.True(t, newest)
	assert.FileExists(t, other, "what is not its own stays")
}

// TestAFolderThatCannotBeWrittenCostsOnlyTime puts a file where the folder would be.
func TestAFolderThatCannotBeWrittenCostsOnlyTime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clanker")
	require.NoError(t, os.WriteFile(file, []byte("mine"), 0o600))
	f := learnedFolder{file}
	f.Store("a", []byte("value"))
	_, ok := f.Load("a")
	assert.False(t, ok)
	left, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(left))
}

// TestLeavesNoHalfFile stores while a reader looks: it sees one value or the other, whole.
func TestLeavesNoHalfFile(t *testing.T) {
	f := learnedFolder{t.TempDir()}
	values := [][]byte{bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<16)}
	f.Store("k", values[0])
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 50 {
			f.Store("k", values[i%2])
		}
	}()
	for range 50 {
		value, ok := f.Load("k")
		require.True(t, ok)
		assert.Contains(t, values, value)
	}
	<-done
	left, err := os.ReadDir(f.dir)
	require.NoError(t, err)
	assert.Len(t, left, 1, "no temporary file stays")
}
