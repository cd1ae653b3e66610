package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/router"
	"clanker/server/store"
	"clanker/server/store/storetest"
)

// A damaged file is told when it is opened, with what to do.
func TestDamage(t *testing.T) {
	t.Parallel()
	for _, at := range []int64{0, 3 * 4096} {
		dir := folder(t)
		s, err := store.Open(t.Context(), dir, store.Options{})
		require.NoError(t, err)
		storetest.Create(t, s, "a")
		require.NoError(t, s.Close())
		path := filepath.Join(dir, "clanker.db")
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		_, err = file.WriteAt(bytes.Repeat([]byte{0xa5}, 64), at)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		_, err = store.Open(t.Context(), dir, store.Options{})
		assert.ErrorContains(t, err, path+" is damaged: stop all that have it open, move it")
	}
}

// A database that nobody serves is an error that says so, and leaves nothing open.
func TestNoDatabase(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), folder(t), store.Options{Database: "postgres://clanker@127.0.0.1:1/clanker?sslmode=disable"})
	assert.ErrorContains(t, err, "the database cannot be reached")
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Log("this user may write everywhere: the e2e test takes a disk that nobody can write on")
		return
	}
	dir := folder(t)
	require.NoError(t, os.Mkdir(dir, 0o500))
	_, err := store.Open(t.Context(), dir, store.Options{})
	assert.ErrorContains(t, err, "permission denied")
}

// A backup is whole although the workspace goes on, is for this user only, and takes nobody's place.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir, other := folder(t), folder(t)
	s := open(t, dir)
	var wait sync.WaitGroup
	wait.Go(func() {
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			storetest.Create(t, s, id)
		}
	})
	require.NoError(t, s.Reserve(t.Context(), storetest.Call("a", 5), router.SpendLimit{}))
	require.NoError(t, os.Mkdir(other, 0o700))
	path := filepath.Join(other, "clanker.db")
	require.NoError(t, s.Backup(t.Context(), path))
	wait.Wait()
	assert.ErrorContains(t, s.Backup(t.Context(), path), "file exists")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 0o600, info.Mode().Perm())
	key, err := os.ReadFile(filepath.Join(dir, "workspace.key"))
	require.NoError(t, err)
	put(t, filepath.Join(other, "workspace.key"), string(key))
	again := open(t, other)
	requests, err := again.List(t.Context(), approval.Filter{})
	require.NoError(t, err)
	assert.Len(t, requests, storetest.Chain(t, again.Reader)[approval.EventProposed])
	storetest.Create(t, again, "z")
	spent, err := again.Spent(t.Context(), now(), time.Time{}, "")
	require.NoError(t, err)
	assert.EqualValues(t, 5, spent.Cost)
}
