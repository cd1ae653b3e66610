// Package storetest holds a store to what it promises, whatever database it is in: [Conformance] is run on each.
//
// It also tells the story of a workspace ([Tell]) with the real gate, policies, signatures and store: only the commands that
// it runs do nothing. Its audit log has every type of entry, and is what the tests of verifying begin with.
package storetest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/approvaltest"
	"clanker/server/store"
)

// Place is where a workspace keeps what it must not forget.
type Place struct {
	Dir      string
	Database string // see [store.Options]
}

// Patience is what a test has with a database: a machine that is busy fails none.
const Patience = time.Minute

// Folder is a new place with a file of its own.
func Folder(t testing.TB) Place { return Place{Dir: filepath.Join(t.TempDir(), "state")} }

// Open opens the place until the test ends.
func (p Place) Open(t testing.TB) *store.Store {
	t.Helper()
	s, err := p.TryOpen(t)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// TryOpen opens the place.
func (p Place) TryOpen(t testing.TB) (*store.Store, error) {
	return store.Open(t.Context(), p.Dir, store.Options{Now: approvaltest.Noon, Database: p.Database, Patience: Patience})
}

// Read opens the place for reading until the test ends.
func (p Place) Read(t testing.TB) *store.Reader {
	t.Helper()
	r, err := store.OpenReadOnly(t.Context(), p.Dir, store.Options{Database: p.Database, Patience: Patience})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.Close()) })
	return r
}

// Create keeps a new request that waits.
func Create(t testing.TB, s *store.Store, id string) {
	t.Helper()
	r := approvaltest.Request(id, approvaltest.Noon())
	require.NoError(t, s.Create(t.Context(), r, approvaltest.Proposed(r)))
}

// Move moves a request on, with that event.
func Move(e approval.Event, to approval.State) func(*approval.Request) ([]approval.Event, error) {
	return func(r *approval.Request) ([]approval.Event, error) {
		r.State = to
		return []approval.Event{e}, nil
	}
}
