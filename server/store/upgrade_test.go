//go:build unix

package store_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"clanker/adapters"
	"clanker/policies/approval"
	"clanker/policies/approval/approvaltest"
	"clanker/router"
	"clanker/server/store"
	"clanker/server/store/storetest"
)

// first is a folder as the first version left it, with a log and a request in it.
func first(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	require.NoError(t, os.Mkdir(dir, 0o700))
	secret, public, err := note.GenerateKey(rand.Reader, "clanker")
	require.NoError(t, err)
	put(t, filepath.Join(dir, "workspace.key"), secret+"\n")
	put(t, filepath.Join(dir, "clanker.db"), "")
	schema, err := os.ReadFile("migrations/sqlite/0001_first.sql")
	require.NoError(t, err)
	var all strings.Builder
	fmt.Fprintf(&all, "%s; PRAGMA journal_mode = WAL; PRAGMA user_version = 1; INSERT INTO workspace VALUES (1, '%s');", schema, public)
	r := approvaltest.Request("a", now())
	document, err := adapters.Canonical(r)
	require.NoError(t, err)
	fmt.Fprintf(&all, "INSERT INTO requests VALUES ('a', 'pending', 'claude', %d, 'd', '%s', NULL);", now().UnixMicro(), document)
	var head approval.Head
	for _, event := range []approval.Event{{Type: approval.EventStarted, Body: approval.Opened{Key: public}}, approvaltest.Proposed(r)} {
		e, err := head.Next(now(), event)
		require.NoError(t, err)
		fmt.Fprintf(&all, "INSERT INTO entries VALUES (%d, '%s', '%s', '%s', '%s', '%s');", e.Seq, e.At.Format("2006-01-02T15:04:05Z07:00"), e.Prev, e.Type, e.Body, e.Hash)
		head = e.Head()
	}
	storetest.Execute(t, dir, all.String())
	return dir
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	dir := first(t)
	_, err := store.OpenReadOnly(t.Context(), dir, store.Options{})
	require.ErrorContains(t, err, "start the workspace once")
	s := open(t, dir)
	r, err := s.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, approvaltest.Request("a", now()), r)
	storetest.Create(t, s, "b")
	require.NoError(t, s.Reserve(t.Context(), storetest.Call("a", 1), router.SpendLimit{}))
	alive, err := s.Alive(t.Context(), r.Instance)
	require.NoError(t, err)
	assert.False(t, alive, "whoever wrote the first version has gone")
	assert.Equal(t, map[string]int{approval.EventStarted: 1, approval.EventProposed: 2}, storetest.Chain(t, s.Reader))
}

// flock locks a file as another process would.
func flock(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(file.Fd()), syscall.LOCK_EX))
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// While an older program has the folder open, it stays as that program knows it.
func TestUpgradeWaitsForOlderPrograms(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"clanker.lock", "instances/1-AAAAAAAAAAAAAAAAAAAAAAAAAA.lock"} {
		dir := first(t)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "instances"), 0o700))
		older := flock(t, filepath.Join(dir, path))
		for range 2 {
			_, err := store.Open(t.Context(), dir, store.Options{})
			require.ErrorContains(t, err, "an older clanker is running that has it open: stop that one first", path)
			_, err = store.OpenReadOnly(t.Context(), dir, store.Options{})
			require.ErrorContains(t, err, "the schema has version 1", "nothing was changed")
		}
		require.NoError(t, older.Close())
		storetest.Create(t, open(t, dir), "b")
	}
}

// The locks of those that died are removed, and of a name that is being made nobody makes a dead one.
func TestTheDeadAreRemoved(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := open(t, dir)
	put(t, filepath.Join(dir, "instances", "2-AAAAAAAAAAAAAAAAAAAAAAAAAA.lock"), "")
	open(t, dir)
	left, err := os.ReadDir(filepath.Join(dir, "instances"))
	require.NoError(t, err)
	assert.Len(t, left, 2)
	assert.FileExists(t, filepath.Join(dir, "instances", s.Instance()+".lock"))
}
