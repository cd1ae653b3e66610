package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/server/store"
)

// open opens the store of a folder until the test ends.
func open(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dir, store.Options{Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func now() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func folder(t testing.TB) string { return filepath.Join(t.TempDir(), "state") }

// request is a request that waits for people.
func request(id string) approval.Request {
	return approval.Request{
		ID: id, State: approval.Pending, Frozen: []byte(`{"id":"` + id + `"}`), Digest: "d" + id,
		Proposal: policies.Proposal{ID: id, Requester: policies.Principal{ID: "claude", Kind: policies.Agent}, Created: now()},
	}
}

func proposed(r approval.Request) approval.Event {
	return approval.Event{Type: approval.EventProposed, Body: approval.Proposed{Request: r}}
}

func create(ctx context.Context, s *store.Store, id string) error {
	r := request(id)
	return s.Create(ctx, r, proposed(r))
}

func TestSmoke(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := open(t, dir)
	for i := range 150 {
		require.NoError(t, create(t.Context(), s, fmt.Sprintf("r%03d", i)))
	}
	h, err := s.Head(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 151, h.Seq)
	ro, err := store.OpenReadOnly(t.Context(), dir)
	require.NoError(t, err)
	defer ro.Close()
	list, err := ro.List(t.Context(), approval.Filter{Limit: 3, States: []approval.State{approval.Pending}})
	require.NoError(t, err)
	assert.Equal(t, "r149", list[0].ID)
	_, err = store.Open(t.Context(), dir, store.Options{})
	assert.ErrorContains(t, err, fmt.Sprint(os.Getpid()))
}
