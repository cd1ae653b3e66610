package cost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"clanker/router"
)

// Books keep what was spent while the process lives: of the limit's day and the one before, and the newest [mostKept] investigations.
// They are for a workspace that keeps nothing; what has to last is in [clanker/server/store], which has the same methods. They are
// safe for concurrent use.
type Books struct {
	mu             sync.Mutex
	spends         []router.Spend
	investigations []router.Investigation
}

// mostKept is how many investigations are kept.
const mostKept = 5000

// NewBooks returns empty books.
func NewBooks() *Books { return &Books{} }

// Reserve keeps what a call of a model may cost at most, or returns a [*router.LimitError] when that would be more than the
// limit allows. It counts as spent until [Books.Settle] says what it was.
func (b *Books) Reserve(ctx context.Context, s router.Spend, limit router.SpendLimit) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := cmp.Or(ctx.Err(), s.Check(), limit.Allow(b.spent(limit.From, time.Time{}, ""), s))
	if err == nil && b.find(s.ID) >= 0 {
		err = errors.New("it is reserved already")
	}
	if err != nil {
		return fmt.Errorf("reserve what a call of %s may cost: %w", s.Model, err)
	}
	past := limit.From.AddDate(0, 0, -1)
	b.spends = append(slices.DeleteFunc(b.spends, func(old router.Spend) bool { return old.At.Before(past) }), s)
	return nil
}

// find returns the place of a call, or -1.
func (b *Books) find(id string) int {
	return slices.IndexFunc(b.spends, func(s router.Spend) bool { return s.ID == id })
}

// Settle keeps what a call did cost. One that was not reserved is an error.
func (b *Books) Settle(ctx context.Context, id string, tokens router.Tokens, cost router.Cost) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, err := b.find(id), cmp.Or(ctx.Err(), router.Spend{Tokens: tokens, Cost: cost}.Check())
	if err == nil && i < 0 {
		err = errors.New("it was not reserved")
	}
	if err != nil {
		return fmt.Errorf("keep what the call %s of a model did cost: %w", id, err)
	}
	b.spends[i].Tokens, b.spends[i].Cost = tokens, cost
	return nil
}

// Spent sums up what calls cost that began since from and before to, all of them where to is zero, for one asker or, where
// that is empty, for all.
func (b *Books) Spent(_ context.Context, from, to time.Time, asker string) (router.Spent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent(from, to, asker), nil
}

func (b *Books) spent(from, to time.Time, asker string) (sum router.Spent) {
	for _, s := range b.spends {
		if !s.At.Before(from) && (to.IsZero() || s.At.Before(to)) && (asker == "" || asker == s.Asker) {
			sum.Add(s)
		}
	}
	return sum
}

// Note keeps what a model looked into. One that is kept already stays as it is.
func (b *Books) Note(_ context.Context, i router.Investigation) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.investigations, func(k router.Investigation) bool { return k.Answer == i.Answer }) {
		b.investigations = append(b.investigations[max(len(b.investigations)-mostKept+1, 0):], i)
	}
	return nil
}

// Investigations returns the newest that models looked into since a time, the newest first; limit 0 means all.
func (b *Books) Investigations(_ context.Context, since time.Time, limit int) ([]router.Investigation, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []router.Investigation
	for _, i := range b.investigations {
		if !i.At.Before(since) {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(x, y router.Investigation) int {
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(y.Answer, x.Answer))
	})
	if limit > 0 && limit < len(all) {
		all = all[:limit]
	}
	return all, nil
}
