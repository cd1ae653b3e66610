package adapters

import (
	"context"
	"reflect"
	"slices"
)

// History keeps what was observed. The [Workspace] tells it of every read of resources, after redaction, and nothing else
// does: so each observation is kept once, whoever asked.
//
// What an observation did not cover, it says nothing about: a resource is gone only when a read that would have brought it
// succeeded without it. A resource that appears where nobody had looked before is new to the history, and no change.
type History interface {
	// Record keeps an observation, and what changed since each of its resources was last observed. An unchanged estate costs
	// next to nothing. An error means that nothing of it was kept.
	Record(ctx context.Context, s Snapshot) (Position, error)
	// Changes returns what was seen to change of the resources that q matches, since q.Since, newest first. Their Earliest is
	// set.
	Changes(ctx context.Context, q Query) ([]Change, error)
}

// Position is a place in the order in which a [History] learned what it knows: that of the newest change that an observation
// could tell. Positions grow, whatever the clock does; 0 is before everything.
type Position int64

// NotKept is why a snapshot is not in the history, though it should be.
type NotKept struct{ Err error }

func (e *NotKept) Error() string {
	return "nothing is kept of what was read, so later answers cannot say what changed since: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *NotKept) Unwrap() error { return e.Err }

// record keeps a snapshot. A history that fails takes no answer away.
func (w *Workspace) record(ctx context.Context, s *Snapshot) {
	if w.History == nil || s.Query.NamesOnly {
		return
	}
	position, err := w.History.Record(ctx, *s)
	if err != nil {
		s.NotKept = &NotKept{Err: err}
		return
	}
	s.Position = position
}

// OwnRecord is the provider that what was seen to change is from: that it could be read says nothing of what there is.
const OwnRecord = "clanker"

// recall adds what was seen to change to what the providers tell, with the evidence.
func (w *Workspace) recall(ctx context.Context, s *Snapshot) {
	if w.History == nil {
		return
	}
	source := Source{Provider: OwnRecord, Call: "clanker history", At: w.Now()}
	seen, err := w.History.Changes(ctx, s.Query)
	source.Took = w.Now().Sub(source.At)
	if err != nil {
		source.Error = &SourceError{Reason: Internal, What: "what was seen to change", Detail: err.Error(), Err: err}
	}
	added := unseen(s.Changes, seen)
	source.Count = len(added)
	s.Changes, s.Sources = append(s.Changes, added...), append(s.Sources, source)
	s.sort()
}

// unseen are the changes that were seen and that no provider tells of: it knows better when they were made, and who did it.
func unseen(told, seen []Change) []Change {
	return slices.DeleteFunc(seen, func(c Change) bool {
		return slices.ContainsFunc(told, func(t Change) bool {
			return t.Resource == c.Resource && t.Field == c.Field && !t.At.After(c.At) && !t.At.Before(c.Earliest) && reflect.DeepEqual(t.After, c.After)
		})
	})
}
