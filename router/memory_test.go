package router

import (
	"cmp"
	"context"
	"slices"
	"time"

	"clanker/adapters"
)

// notebook is a memory in memory, for tests.
type notebook struct {
	broken  error
	between error // of Between alone
	looks   []Look
	changes []adapters.Change // the position of each is its index plus one
	last    map[string]adapters.Snapshot
	first   time.Time
	sights  map[string]Sighting
}

var (
	_ Memory           = (*notebook)(nil)
	_ adapters.History = (*notebook)(nil)
)

// Record compares with what was seen last, by provider: every read of the tests is of all of it.
func (n *notebook) Record(_ context.Context, s adapters.Snapshot) (adapters.Position, error) {
	if n.broken != nil {
		return 0, n.broken
	}
	if n.last == nil {
		n.last, n.first = map[string]adapters.Snapshot{}, s.At
		n.changes = append(n.changes, adapters.Change{Resource: "the first look", At: s.At}) // so that no position is zero
	}
	key := s.Query.Name + string(append(append([]adapters.Kind{}, s.Query.Kinds...), "")[0])
	if before, ok := n.last[key]; ok {
		n.changes = append(n.changes, adapters.Diff(before, s)...)
	}
	n.last[key] = s
	return adapters.Position(len(n.changes)), nil
}

func (n *notebook) Changes(_ context.Context, q adapters.Query) ([]adapters.Change, error) {
	changes, err := n.Between(context.Background(), []adapters.Query{q}, 0, adapters.Position(len(n.changes)))
	slices.Reverse(changes)
	return slices.DeleteFunc(changes, func(c adapters.Change) bool { return c.At.Before(q.Since) }), err
}

func (n *notebook) Keep(_ context.Context, l Look) error {
	if n.broken == nil {
		n.looks = append(n.looks, l)
	}
	return n.broken
}

func (n *notebook) Look(_ context.Context, w Which) (Look, bool, error) {
	for _, l := range slices.Backward(n.looks) {
		if (w.AnswerID == "" || w.AnswerID == l.AnswerID) && (w.Asker == "" || w.Asker == l.Asker) && (w.Key == "" || w.Key == l.Key) &&
			(w.Before.IsZero() || !l.At.After(w.Before)) {
			return l, true, n.broken
		}
	}
	return Look{}, false, n.broken
}

func (n *notebook) Between(_ context.Context, of []adapters.Query, after, upTo adapters.Position) ([]adapters.Change, error) {
	var found []adapters.Change
	for _, c := range n.changes[after:upTo] {
		if slices.ContainsFunc(of, func(q adapters.Query) bool {
			return q.Matches(adapters.Resource{Provider: c.Provider, Kind: c.Kind, Name: c.Name, Scope: c.Scope})
		}) {
			found = append(found, c)
		}
	}
	return found, cmp.Or(n.broken, n.between)
}

func (n *notebook) PositionAt(_ context.Context, at time.Time) (adapters.Position, time.Time, error) {
	position := adapters.Position(0)
	for i, c := range n.changes {
		if !c.At.After(at) {
			position = adapters.Position(i + 1)
		}
	}
	return position, n.first, n.broken
}

func (n *notebook) Sightings(_ context.Context, ids []string) (map[string]Sighting, error) {
	found := map[string]Sighting{}
	for _, id := range ids {
		if s, ok := n.sights[id]; ok {
			found[id] = s
		}
	}
	return found, n.broken
}

// observed is a workspace whose reads are recorded in a notebook.
type observed struct {
	*fake
	notes *notebook
	now   func() time.Time
}

func (o observed) Query(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	s, err := o.fake.Query(ctx, q)
	s.At = o.now()
	position, broken := o.notes.Record(ctx, s)
	if s.Position = position; broken != nil {
		s.NotKept = &adapters.NotKept{Err: broken}
	}
	return s, err
}
