package store_test

import (
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"clanker/policies/approval"
	"clanker/policies/approval/approvaltest"
	"clanker/server/store"
	"clanker/server/store/storetest"
)

// open opens the store of a folder until the test ends.
func open(t testing.TB, dir string) *store.Store { return storetest.Place{Dir: dir}.Open(t) }

func folder(t testing.TB) string { return filepath.Join(t.TempDir(), "state") }

func now() time.Time { return approvaltest.Noon() }

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Conformance(t, storetest.Folder)
}

// What a file cannot do, its tables refuse: even another program that writes in it has to go out of its way.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := open(t, dir)
	storetest.Create(t, s, "a")
	_, err := s.Update(t.Context(), "a", approval.Pending, func(r *approval.Request) ([]approval.Event, error) {
		r.Words = []approval.Word{{Nonce: "n", Statement: []byte("{}")}}
		return []approval.Event{approvaltest.Closed("a", approval.Stale)}, nil
	})
	require.NoError(t, err)
	db, err := sql.Open("sqlite", filepath.Join(dir, "clanker.db"))
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range []string{
		`UPDATE entries SET body = '{}'`, `DELETE FROM entries`, `INSERT OR REPLACE INTO entries VALUES (1, '', '', '', '', '')`,
		`INSERT INTO entries VALUES (9, '', '', '', '', '')`, `DELETE FROM requests`, `DELETE FROM nonces`, `UPDATE nonces SET nonce = 'm'`,
	} {
		_, err := db.ExecContext(t.Context(), statement)
		assert.Error(t, err, statement)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  string
	}{
		{"a folder that others can read", func(t *testing.T, dir string) { require.NoError(t, os.Chmod(dir, 0o755)) }, "run chmod go= "},
		{"a file that others can read", func(t *testing.T, dir string) { require.NoError(t, os.Chmod(filepath.Join(dir, "clanker.db"), 0o640)) }, "run chmod go= "},
		{"a key that others can read", func(t *testing.T, dir string) {
			require.NoError(t, os.Chmod(filepath.Join(dir, "workspace.key"), 0o604))
		}, "run chmod go= "},
		{"no key", func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "workspace.key"))) }, "restore it from a copy"},
		{"no good key", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "workspace.key"), "PRIVATE+KEY+clanker+0+0")
		}, "restore it from a copy"},
		{"another key", func(t *testing.T, dir string) {
			secret, _, err := note.GenerateKey(rand.Reader, "clanker")
			require.NoError(t, err)
			put(t, filepath.Join(dir, "workspace.key"), secret)
		}, "is not the key SHA256:"},
		{"a newer schema", func(t *testing.T, dir string) { storetest.Execute(t, dir, `PRAGMA user_version = 99`) }, "run the newer clanker"},
		{"no database", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "clanker.db"), strings.Repeat("nothing ", 1000))
		}, "file is not a database"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			s, err := store.Open(t.Context(), dir, store.Options{})
			require.NoError(t, err)
			require.NoError(t, s.Close())
			test.spoil(t, dir)
			_, err = store.Open(t.Context(), dir, store.Options{})
			assert.ErrorContains(t, err, test.want)
			_, err = store.Open(t.Context(), dir, store.Options{})
			assert.ErrorContains(t, err, test.want, "and nothing is left locked")
		})
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestOpenReadOnlyRefuses(t *testing.T) {
	t.Parallel()
	_, err := store.OpenReadOnly(t.Context(), folder(t), store.Options{})
	assert.ErrorContains(t, err, " yet; ask something first, or name the folder of a workspace")
	dir := folder(t)
	require.NoError(t, os.Mkdir(dir, 0o700))
	put(t, filepath.Join(dir, "clanker.db"), "")
	_, err = store.OpenReadOnly(t.Context(), dir, store.Options{})
	assert.ErrorContains(t, err, "start the workspace once")
}

// Everything in the folder is for this user only.
func TestModes(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	storetest.Create(t, open(t, dir), "a")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, 5)
	for _, file := range files {
		info, err := file.Info()
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, file.Name())
	}
}
