package cost_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
	"clanker/router/agent/cost"
	"clanker/server/store/storetest"
)

// Books that are kept nowhere promise what those on the disk do.
func TestBooks(t *testing.T) {
	t.Parallel()
	storetest.Spending(t, func(testing.TB) (one, other *cost.Books) {
		b := cost.NewBooks()
		return b, b
	})
}

// A process that runs for years keeps what today's limit needs, and what may still be learned from.
func TestBooksForget(t *testing.T) {
	t.Parallel()
	b, day, kept := cost.NewBooks(), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), 5000
	for i := range 4 {
		at := day.AddDate(0, 0, i)
		require.NoError(t, b.Reserve(t.Context(), router.Spend{ID: fmt.Sprint(i), Model: "m", At: at}, router.SpendLimit{From: at}))
	}
	spent, err := b.Spent(t.Context(), time.Time{}, time.Time{}, "")
	require.NoError(t, err)
	assert.Equal(t, 2, spent.Calls, "today's and yesterday's")
	for i := range kept + 2 {
		require.NoError(t, b.Note(t.Context(), router.Investigation{Answer: fmt.Sprintf("%04d", i), At: day}))
	}
	all, err := b.Investigations(t.Context(), time.Time{}, 0)
	require.NoError(t, err)
	require.Len(t, all, kept)
	assert.Equal(t, "0002", all[kept-1].Answer, "the oldest go")
}
