package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval/approvaltest"
	"clanker/router"
	"clanker/server/store"
)

// Books are where it is kept what models cost.
type Books interface {
	Reserve(ctx context.Context, s router.Spend, limit router.SpendLimit) error
	Settle(ctx context.Context, id string, tokens router.Tokens, cost router.Cost) error
	Spent(ctx context.Context, from, to time.Time, asker string) (router.Spent, error)
}

// Notes are where it is kept what models looked into.
type Notes interface {
	Note(ctx context.Context, i router.Investigation) error
	Investigations(ctx context.Context, since time.Time, limit int) ([]router.Investigation, error)
}

// Spending holds books to what they promise. Open returns the same new books twice, as two processes have them.
func Spending[B interface {
	Books
	Notes
}](t *testing.T, open func(testing.TB) (one, other B)) {
	for name, run := range map[string]func(testing.TB, Books, Books){
		"sums": sums, "limits": limited, "several at once": spentAtOnce, "what cannot be": impossible,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := open(t)
			run(t, one, other)
		})
	}
	t.Run("investigations", func(t *testing.T) {
		t.Parallel()
		one, other := open(t)
		investigated(t, one, other)
	})
}

// today is the day that noon is in.
func today() time.Time { return approvaltest.Noon().Truncate(24 * time.Hour) }

// Call is a call of a model at noon that may cost so many millionths of a dollar, and takes a hundred tokens.
func Call(id string, cost int64) router.Spend {
	return router.Spend{ID: id, Answer: "answer", Asker: "claude", Model: "anthropic/claude-haiku-4-5", At: approvaltest.Noon(),
		Tokens: router.Tokens{In: 70, Out: 30, Cached: 20}, Cost: &cost}
}

// unpriced is a call that nobody knows the price of.
func unpriced(id string) router.Spend {
	s := Call(id, 0)
	s.Model, s.Cost = "openai/unheard-of", nil
	return s
}

func spent(t testing.TB, b Books, from, to time.Time, asker string) router.Spent {
	t.Helper()
	s, err := b.Spent(t.Context(), from, to, asker)
	require.NoError(t, err)
	return s
}

// What is reserved counts until it is settled, and a call counts when it began.
func sums(t testing.TB, one, other Books) {
	assert.Zero(t, spent(t, one, time.Time{}, time.Time{}, ""))
	yesterday, later := Call("yesterday", 1), Call("later", 2)
	yesterday.At, later.At, later.Asker = today().Add(-time.Microsecond), today().AddDate(0, 0, 3), "codex"
	for _, s := range []router.Spend{yesterday, later, Call("a", 1000), unpriced("b")} {
		require.NoError(t, one.Reserve(t.Context(), s, router.SpendLimit{}))
	}
	tokens, hundred := router.Tokens{In: 210, Out: 90, Cached: 60}, router.Tokens{In: 70, Out: 30, Cached: 20}
	assert.Equal(t, router.Spent{Calls: 3, Tokens: tokens, Cost: 1002, Unpriced: hundred}, spent(t, other, today(), time.Time{}, ""), "also what is of the future")
	assert.Equal(t, router.Spent{Calls: 1, Tokens: hundred, Cost: 2}, spent(t, other, today(), time.Time{}, "codex"))
	assert.Equal(t, router.Spent{Calls: 1, Tokens: hundred, Cost: 1}, spent(t, other, time.Time{}, today(), ""))
	cost := int64(7)
	require.NoError(t, other.Settle(t.Context(), "a", router.Tokens{In: 1, Out: 2}, &cost))
	require.NoError(t, other.Settle(t.Context(), "b", router.Tokens{In: 10}, nil))
	assert.Equal(t, router.Spent{Calls: 2, Tokens: router.Tokens{In: 11, Out: 2}, Cost: 7, Unpriced: router.Tokens{In: 10}},
		spent(t, one, today(), today().AddDate(0, 0, 1), ""))
}

// A limit is kept to the last millionth, and what was not spent of what was reserved is there again.
func limited(t testing.TB, one, other Books) {
	most, none := int64(1000), int64(0)
	limit := router.SpendLimit{From: today(), Cost: &most, Unpriced: 150}
	require.NoError(t, one.Reserve(t.Context(), Call("a", 600), limit))
	for _, s := range []router.Spend{Call("b", 401), Call("b", 1<<62)} {
		err := other.Reserve(t.Context(), s, limit)
		var over *router.LimitError
		require.ErrorAs(t, err, &over)
		assert.EqualValues(t, 600, over.Spent.Cost)
	}
	require.NoError(t, other.Reserve(t.Context(), Call("b", 400), limit))
	require.NoError(t, other.Reserve(t.Context(), Call("free", 0), limit), "what costs nothing is not limited")
	require.NoError(t, one.Settle(t.Context(), "a", router.Tokens{}, &none))
	require.NoError(t, one.Reserve(t.Context(), Call("c", 600), limit))
	require.NoError(t, one.Reserve(t.Context(), unpriced("d"), limit), "what nobody knows the price of has its own limit")
	err := other.Reserve(t.Context(), unpriced("e"), limit)
	require.ErrorContains(t, err, "the limit is 150 tokens of models whose price is unknown; 100 are spent since 2026-11-23, and this call may take 100")
	limit.From = today().AddDate(0, 0, 1)
	require.NoError(t, other.Reserve(t.Context(), unpriced("e"), limit), "another day")
}

// However many reserve at once, on however many connections, all together get what the limit allows and no more.
func spentAtOnce(t testing.TB, one, other Books) {
	most := int64(1000)
	limit := router.SpendLimit{From: today(), Cost: &most}
	var got atomic.Int64
	var wait sync.WaitGroup
	for i := range 32 {
		wait.Go(func() {
			books := []Books{one, other}[i%2]
			err := books.Reserve(t.Context(), Call(strconv.Itoa(i), 90), limit)
			var over *router.LimitError
			switch {
			case err == nil:
				got.Add(1)
			case !errors.As(err, &over):
				assert.NoError(t, err)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 11, got.Load())
	assert.EqualValues(t, 990, spent(t, one, today(), time.Time{}, "").Cost)
}

// What cannot be is refused, and nothing is kept of it.
func impossible(t testing.TB, one, other Books) {
	require.NoError(t, one.Reserve(t.Context(), Call("a", 5), router.SpendLimit{}))
	less, none := Call("b", -1), router.Tokens{In: 1, Out: -1}
	assert.ErrorContains(t, one.Reserve(t.Context(), less, router.SpendLimit{}), "nor cost less than nothing")
	assert.ErrorContains(t, one.Settle(t.Context(), "a", none, nil), "cannot take less than no tokens")
	assert.ErrorContains(t, one.Settle(t.Context(), "b", router.Tokens{}, nil), "it was not reserved")
	assert.Error(t, other.Reserve(t.Context(), Call("a", 5), router.SpendLimit{}), "no call is made twice")
	ended, end := context.WithCancel(t.Context())
	end()
	assert.ErrorIs(t, one.Reserve(ended, Call("c", 5), router.SpendLimit{}), context.Canceled)
	assert.ErrorIs(t, one.Settle(ended, "a", router.Tokens{}, nil), context.Canceled)
	assert.Equal(t, router.Spent{Calls: 1, Tokens: router.Tokens{In: 70, Out: 30, Cached: 20}, Cost: 5}, spent(t, other, time.Time{}, time.Time{}, ""))
}

// Investigations come back as they were, the newest first.
func investigated(t testing.TB, one, other Notes) {
	all := make([]router.Investigation, 3)
	for i := range all {
		all[i] = router.Investigation{Answer: fmt.Sprint("answer-", i), At: approvaltest.Noon().Add(-time.Duration(i) * time.Minute), Asker: "claude",
			Question: "why is it so? \x00\u202e\n", Model: "ollama/gemma4:31b",
			Uses: []router.ToolUse{{Tool: "list_resources", Arguments: []byte(`{"kind":"pod"}`), Rows: i, OK: i > 0}}}
		require.NoError(t, one.Note(t.Context(), all[i]))
	}
	again := all[0]
	again.Question = "another"
	require.NoError(t, other.Note(t.Context(), again), "what is kept stays")
	for _, test := range []struct {
		since time.Time
		limit int
		want  []router.Investigation
	}{
		{time.Time{}, 0, all}, {time.Time{}, 2, all[:2]}, {all[1].At, 0, all[:2]}, {all[1].At, 1, all[:1]}, {all[0].At.Add(time.Microsecond), 5, nil},
	} {
		got, err := other.Investigations(t.Context(), test.since, test.limit)
		require.NoError(t, err)
		assert.Equal(t, test.want, got, "since %s, %d", test.since, test.limit)
	}
}

// A call whose process died counts with what it may have cost; days, askers and models are told apart; what is old goes.
func spends(t *testing.T, p Place) {
	s := p.Open(t)
	for i, asker := range []string{"codex", "claude", "", "claude"} {
		c := Call(fmt.Sprint("call-", i), int64(i))
		c.Asker, c.At = asker, today().AddDate(0, 0, -i/2)
		require.NoError(t, s.Reserve(t.Context(), c, router.SpendLimit{}))
		require.NoError(t, s.Note(t.Context(), router.Investigation{Answer: c.ID, At: c.At}))
	}
	require.NoError(t, s.Reserve(t.Context(), unpriced("call-4"), router.SpendLimit{}))
	said := func() (said []string) {
		rows, err := p.Read(t).SpentBy(t.Context(), today().AddDate(0, 0, -7), time.Time{})
		require.NoError(t, err)
		for _, d := range rows {
			said = append(said, fmt.Sprintf("%s %q %s: %d, %d, %d", d.Day.Format(time.DateOnly), d.Asker, d.Model, d.Calls, d.Cost, d.Unpriced.Sum()))
		}
		return said
	}
	const claude = "anthropic/claude-haiku-4-5: 1, "
	now := []string{`2026-11-23 "claude" ` + claude + "1, 0", `2026-11-23 "claude" openai/unheard-of: 1, 0, 100`, `2026-11-23 "codex" ` + claude + "0, 0"}
	assert.Equal(t, append([]string{`2026-11-22 "" ` + claude + "2, 0", `2026-11-22 "claude" ` + claude + "3, 0"}, now...), said())
	keep := store.Retention{Age: time.Minute}
	would, err := p.Read(t).Prunable(t.Context(), keep, approvaltest.Noon())
	require.NoError(t, err)
	done, err := s.Prune(t.Context(), keep)
	require.NoError(t, err)
	assert.Equal(t, store.Pruned{Before: approvaltest.Noon().Add(-time.Minute), Investigations: 4, Calls: 2}, done)
	assert.Equal(t, done, would)
	assert.Equal(t, now, said(), "what was spent today counts, however little is kept")
}
