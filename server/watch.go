package server

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clanker/router"
)

// Watch asks one question again and again.
type Watch struct {
	Ask      func(context.Context, router.Question) (router.Answer, error)
	Question router.Question  // what its Since says, the first answer is compared with; each later one with the one before
	Every    time.Duration    // from the end of a round to the beginning of the next
	Now      func() time.Time // the wall clock
}

// Round is one answer of a [Watch].
type Round struct {
	Answer router.Answer
	Err    error          // why there is no answer
	Before *router.Answer // the answer before it; nil in the first round
}

// Run asks now, and whenever the interval is over, until ctx ends, which is no error, or tell returns one. It waits for tell,
// so that no two rounds overlap.
func (w Watch) Run(ctx context.Context, tell func(Round) error) error {
	var before *router.Answer
	for again := true; again; again = w.pause(ctx) {
		r := w.round(ctx, before)
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		if err := tell(r); err != nil {
			return err
		}
		if r.Err == nil {
			before, w.Question.Since = &r.Answer, baseline(r.Answer, w.Question.Since)
		}
	}
	return nil
}

func (w Watch) round(ctx context.Context, before *router.Answer) Round {
	answer, err := w.Ask(ctx, w.Question)
	return Round{Answer: answer, Err: err, Before: before}
}

// baseline is what the next answer is compared with: this one or, when nothing could be read for it, what it was compared with.
func baseline(a router.Answer, before string) string {
	if compares(a) {
		return a.AnswerID
	}
	return before
}

// compares reports whether a later answer can be compared with this one: something was read.
func compares(a router.Answer) bool {
	return slices.Contains([]router.Status{router.StatusOK, router.StatusPartial, router.StatusNoData}, a.Status)
}

// blink is how soon a watch notices that the machine was asleep, whose monotonic clock stands still then.
const blink = 30 * time.Second

// pause waits for the next round; false when ctx ended. The interval is over when either clock says so: the wall clock, for
// a machine that slept, once and however long that was; the monotonic one, whatever the wall clock is set to.
func (w Watch) pause(ctx context.Context) bool {
	began, wall := time.Now(), w.Now().Round(0)
	for {
		left := w.Every - max(time.Since(began), w.Now().Round(0).Sub(wall))
		if left <= 0 {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(min(left, blink)):
		}
	}
}

// Changed reports whether the answer differs from the one before: as its delta tells, in its status or its verdict or, where
// no delta can be told, because it shows what was not shown before. A first answer has changed when its delta says so.
func (r Round) Changed() bool {
	if r.Err != nil {
		return false
	}
	a, b := r.Answer, r.Before
	switch {
	case a.Delta != nil && a.Delta.Changed:
		return true
	case b == nil:
		return false
	}
	return a.Status != b.Status || a.Verdict != b.Verdict || a.Delta == nil && compares(a) && compares(*b) && r.fresh()
}

// fresh reports whether the answer shows a row that the one before did not. What it shows no more is not counted: it may have
// left the time that was asked about.
func (r Round) fresh() bool {
	known := map[string]bool{}
	for _, row := range rows(*r.Before) {
		known[row] = true
	}
	return slices.ContainsFunc(rows(r.Answer), func(row string) bool { return !known[row] })
}

// rows name what an answer shows, without what is different each time.
func rows(a router.Answer) []string {
	var names []string
	for _, item := range a.Items {
		names = append(names, fmt.Sprint("item", item.Ref, item.Name, item.Status, item.Reason, item.Since, item.Fields["line"])) // of a log
	}
	for _, change := range a.Changes {
		names = append(names, fmt.Sprint("change", change.Ref, change.Field, change.At, change.Event))
	}
	return names
}

// Lost is what was read in the round before and could not be in this one.
func (r Round) Lost() []router.NotChecked { return r.missing(r.Answer, r.Before) }

// Regained is what could not be read in the round before and was in this one, as the answer before told of it.
func (r Round) Regained() []router.NotChecked {
	if r.Before == nil {
		return nil
	}
	return r.missing(*r.Before, &r.Answer)
}

// missing is what is not checked in a and not named as such in b; nothing when either is missing.
func (r Round) missing(a router.Answer, b *router.Answer) (missing []router.NotChecked) {
	if r.Err != nil || b == nil {
		return nil
	}
	same := func(m, n router.NotChecked) bool {
		return m.Provider == n.Provider && m.Account == n.Account && m.Region == n.Region && m.Target == n.Target && m.What == n.What && m.Reason == n.Reason
	}
	for _, m := range a.Coverage.NotChecked {
		if !slices.ContainsFunc(b.Coverage.NotChecked, func(n router.NotChecked) bool { return same(m, n) }) {
			missing = append(missing, m)
		}
	}
	return missing
}
