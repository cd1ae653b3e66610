package router

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/intents"
)

// LastCheck is what [Question.Since] says for the previous look; it is the default.
const LastCheck = "last check"

// reference is what a delta is compared with.
type reference struct {
	look Look // zero when a time was given
	at   adapters.Position
	time time.Time
	by   string // who looked, when it was not this asker
}

// answerID is the form of the ids of answers.
var answerID = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{26}$`)

// CheckSince returns an error that says what to write when text is nothing that [Question.Since] takes.
func CheckSince(text string) error {
	_, err := readSince(text, time.Time{})
	return err
}

// readSince reads a time, a duration, or a range like "yesterday", as the time that it begins with; zero for the last check
// and for answer ids.
func readSince(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if isLastCheck(text) || answerID.MatchString(text) {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, before := range [][]string{{"since"}, nil, {"last"}} {
		words := append(before, strings.Fields(strings.ToLower(text))...)
		if r, n := intents.ParseTimeRange(words); n == len(words) && !r.AfterDeployment() && !r.AfterLook() {
			from, _ := r.Resolve(now)
			return from, nil
		}
	}
	return time.Time{}, fmt.Errorf("since %q is nothing that can be compared with: write an answer id, a time (2026-11-23T09:00:00Z), a duration (2h) or %q", Clipped(text, 60), LastCheck)
}

func isLastCheck(text string) bool {
	switch strings.ToLower(text) {
	case "", LastCheck, "last":
		return true
	}
	return false
}

// reference finds what the answer is compared with; false when there is nothing, which only who asked for it is told.
func (r *Router) reference(ctx context.Context, d *draft, key string) (reference, bool, error) {
	since := strings.TrimSpace(d.asked.Since)
	at, err := readSince(since, d.started)
	if at.After(d.started) {
		err = fmt.Errorf("since %q has not been yet: nothing is compared with it", Clipped(since, 60))
	}
	switch {
	case err != nil:
		d.warn("%v", err)
		return reference{}, false, nil
	case isLastCheck(since):
		return r.lastLook(ctx, d.asked.Asker.Claimed(), key)
	case answerID.MatchString(since):
		look, ok, err := r.memory.Look(ctx, Which{AnswerID: since})
		if err == nil && !ok {
			d.warn("no answer %s is kept, so nothing is compared with it", since)
		}
		return look.reference(), ok, err
	default:
		return r.stoodAt(ctx, d, at)
	}
}

// lastLook is the asker's previous look at the question; that of anybody when the asker has none, or has no name.
func (r *Router) lastLook(ctx context.Context, asker, key string) (reference, bool, error) {
	look, ok, err := r.memory.Look(ctx, Which{Asker: asker, Key: key})
	if err != nil || ok || asker == "" {
		return look.reference(), ok, err
	}
	look, ok, err = r.memory.Look(ctx, Which{Key: key})
	ref := look.reference()
	ref.by = look.Asker
	return ref, ok, err
}

func (r *Router) stoodAt(ctx context.Context, d *draft, at time.Time) (reference, bool, error) {
	position, first, err := r.memory.PositionAt(ctx, at)
	switch {
	case err != nil || first.IsZero():
		return reference{}, false, err
	case first.After(at):
		d.warn("nothing was observed before %s: the comparison begins there", first.UTC().Format(time.RFC3339))
		at = first
	}
	return reference{at: position, time: at}, true, nil
}

// reference is what a look compares as: at the newest that it could tell.
func (l Look) reference() reference {
	ref := reference{look: l, time: l.At}
	for _, g := range l.Read {
		ref.at = max(ref.at, g.At)
	}
	return ref
}

// position is where the look stood that read the same; where the whole of it did when it read nothing like it.
func (ref reference) position(q adapters.Query) adapters.Position {
	for _, g := range ref.look.Read {
		if sameRead(g.Query, q) {
			return g.At
		}
	}
	return ref.at
}

// sameRead reports whether two queries look at the same resources, whenever and for what of them.
func sameRead(a, b adapters.Query) bool {
	return a.Name == b.Name && a.Scope == b.Scope && slices.Equal(a.Kinds, b.Kinds) && slices.Equal(a.Providers, b.Providers)
}
