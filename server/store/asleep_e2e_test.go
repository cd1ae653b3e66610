//go:build e2e

package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/server/store/pgtest"
)

// A machine that falls asleep in its turn keeps the others waiting for some seconds only.
func TestWhoFallsAsleepLosesItsTurn(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t).Database()
	var stores []*Store
	for range 2 {
		s, err := Open(t.Context(), t.TempDir()+"/state", Options{Database: database})
		require.NoError(t, err)
		stores = append(stores, s)
	}
	tx, err := stores[0].writer.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), stores[0].dialect.turn[ledger])
	require.NoError(t, err)
	refused := approval.Event{Type: approval.EventRefused, Body: approval.Refused{Why: "nothing of the kind"}}
	_, err = stores[1].Append(t.Context(), refused)
	require.ErrorContains(t, err, "the database does not answer")
	require.Eventually(t, func() bool { _, err := stores[1].Append(t.Context(), refused); return err == nil }, 20*time.Second, 100*time.Millisecond)
	require.Error(t, tx.Commit())
	for _, s := range stores {
		require.NoError(t, s.Close())
	}
}
