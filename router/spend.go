package router

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Tokens are what went into a model and what came out of it.
type Tokens struct {
	In     int `json:"in"`
	Out    int `json:"out"`
	Cached int `json:"cached,omitempty"` // of In, what the model had read before and charges less for
}

// Sum is all of the tokens.
func (t Tokens) Sum() int { return t.In + t.Out }

// Plus is both together.
func (t Tokens) Plus(more Tokens) Tokens {
	return Tokens{t.In + more.In, t.Out + more.Out, t.Cached + more.Cached}
}

// Cost is an amount of money in millionths of a US dollar; nil means that nobody knows, which is never the same as nothing.
type Cost = *int64

// Spend is what one call of a model costs: first what it may cost at most, and then what it did.
type Spend struct {
	ID     string // of this call
	Answer string // id of the answer that it was for
	Asker  string // who asked, as far as that was claimed; empty when it was not
	Model  string // provider/model
	At     time.Time
	Tokens Tokens
	Cost   Cost
}

// Check reports what cannot be: less than nothing.
func (s Spend) Check() error {
	if t := s.Tokens; min(t.In, t.Out, t.Cached) < 0 || s.Cost != nil && *s.Cost < 0 {
		return errors.New("a call cannot take less than no tokens, nor cost less than nothing")
	}
	return nil
}

// Spent sums up what calls cost. What a call that never ended may have cost is in it.
type Spent struct {
	Calls    int
	Tokens   Tokens
	Cost     int64 // millionths of a US dollar, of the calls whose cost is known
	Unpriced Tokens
}

// SpendLimit is what may be spent from a time on, by all who ask together.
type SpendLimit struct {
	From     time.Time // usually when the day began, in UTC; what is dated later than now counts, too: a clock was wrong
	Cost     Cost      // nil: no limit
	Unpriced int       // tokens of models whose cost is unknown; 0: no limit
}

// Allow returns a [*LimitError] when s, at its highest, would be too much after what was spent. What costs nothing never is.
func (l SpendLimit) Allow(spent Spent, s Spend) error {
	var over bool
	switch {
	case s.Cost != nil:
		over = l.Cost != nil && *s.Cost > 0 && *s.Cost > *l.Cost-spent.Cost
	default:
		over = l.Unpriced > 0 && s.Tokens.Sum() > l.Unpriced-spent.Unpriced.Sum()
	}
	if over {
		return &LimitError{Limit: l, Spent: spent, Wanted: s}
	}
	return nil
}

// LimitError says that a call of a model was not made, because of what was spent before.
type LimitError struct {
	Limit  SpendLimit
	Spent  Spent
	Wanted Spend // the call
}

func (e *LimitError) Error() string {
	if e.Wanted.Cost == nil {
		return fmt.Sprintf("the limit is %d tokens of models whose price is unknown; %d are spent since %s, and this call may take %d",
			e.Limit.Unpriced, e.Spent.Unpriced.Sum(), e.Limit.From.UTC().Format(time.DateOnly), e.Wanted.Tokens.Sum())
	}
	return fmt.Sprintf("the limit is %s US dollars; %s are spent since %s, and this call may cost %s",
		USD(e.Limit.Cost), USD(&e.Spent.Cost), e.Limit.From.UTC().Format(time.DateOnly), USD(e.Wanted.Cost))
}

// USD spells an amount in US dollars, exactly: "5.00", "0.000125"; "unknown" when it is.
func USD(c Cost) string {
	if c == nil {
		return "unknown"
	}
	text := fmt.Sprintf("%d.%06d", *c/1_000_000, *c%1_000_000)
	cents := len(text) - 4
	return text[:cents] + strings.TrimRight(text[cents:], "0")
}

// Add adds a call.
func (t *Spent) Add(s Spend) {
	t.Calls++
	t.Tokens = t.Tokens.Plus(s.Tokens)
	if s.Cost == nil {
		t.Unpriced = t.Unpriced.Plus(s.Tokens)
	} else {
		t.Cost += *s.Cost
	}
}
