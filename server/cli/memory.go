package cli

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"clanker/adapters"
	"clanker/router"
	"clanker/router/agent"
	"clanker/router/agent/cost"
	"clanker/server/store"
)

// memory is what a workspace remembers: what it observed, and what it answered. While its store cannot be opened, each answer
// says why nothing is kept.
type memory struct {
	why   error // of the store that cannot be opened
	open  atomic.Pointer[store.Store]
	pause atomic.Pointer[pause] // nil while the store answers in time
}

// pause is a time in which a store that did not answer is not asked: an answer asks several times, and waits once.
type pause struct {
	until time.Time
	why   error
}

// pausing is how long that is.
const pausing = 5 * time.Second

var (
	_ adapters.History = (*memory)(nil)
	_ router.Memory    = (*memory)(nil)
	_ agent.Books      = (*memory)(nil)
)

// remembered is what a workspace remembers that keeps things in k, or why it cannot.
func remembered(k *kept, broken error) *memory {
	m := &memory{why: broken}
	if broken == nil {
		m.open.Store(k.store)
	}
	return m
}

func (m *memory) store() (*store.Store, error) {
	if p := m.pause.Load(); p != nil && time.Now().Before(p.until) {
		return nil, p.why
	}
	if s := m.open.Load(); s != nil {
		return s, nil
	}
	return nil, m.why
}

// heard notes an error of the store.
func (m *memory) heard(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		m.pause.Store(&pause{time.Now().Add(pausing), err})
	}
	return err
}

// of asks the store for something.
func of[T any](m *memory, ask func(*store.Store) (T, error)) (T, error) {
	s, err := m.store()
	if err != nil {
		var none T
		return none, err
	}
	found, err := ask(s)
	return found, m.heard(err)
}

func (m *memory) Record(ctx context.Context, seen adapters.Snapshot) (adapters.Position, error) {
	return of(m, func(s *store.Store) (adapters.Position, error) { return s.Record(ctx, seen) })
}

func (m *memory) Changes(ctx context.Context, q adapters.Query) ([]adapters.Change, error) {
	return of(m, func(s *store.Store) ([]adapters.Change, error) { return s.Changes(ctx, q) })
}

func (m *memory) Keep(ctx context.Context, l router.Look) error {
	return m.enter(func(to *store.Store) error { return to.Keep(ctx, l) })
}

func (m *memory) Look(ctx context.Context, w router.Which) (router.Look, bool, error) {
	s, err := m.store()
	if err != nil {
		return router.Look{}, false, err
	}
	l, ok, err := s.Look(ctx, w)
	return l, ok, m.heard(err)
}

func (m *memory) Between(ctx context.Context, queries []adapters.Query, after, upTo adapters.Position) ([]adapters.Change, error) {
	return of(m, func(s *store.Store) ([]adapters.Change, error) { return s.Between(ctx, queries, after, upTo) })
}

func (m *memory) PositionAt(ctx context.Context, at time.Time) (adapters.Position, time.Time, error) {
	s, err := m.store()
	if err != nil {
		return 0, time.Time{}, err
	}
	position, first, err := s.PositionAt(ctx, at)
	return position, first, m.heard(err)
}

func (m *memory) Sightings(ctx context.Context, ids []string) (map[string]router.Sighting, error) {
	return of(m, func(s *store.Store) (map[string]router.Sighting, error) { return s.Sightings(ctx, ids) })
}

// Reserve enters what a call of a model may cost at most. While that cannot be kept no model is asked.
func (m *memory) Reserve(ctx context.Context, s router.Spend, limit router.SpendLimit) error {
	return m.enter(func(to *store.Store) error { return to.Reserve(ctx, s, limit) })
}

// Settle enters what a call did cost.
func (m *memory) Settle(ctx context.Context, id string, t router.Tokens, c router.Cost) error {
	return m.enter(func(to *store.Store) error { return to.Settle(ctx, id, t, c) })
}

// Note keeps what a model looked into.
func (m *memory) Note(ctx context.Context, i router.Investigation) error {
	return m.enter(func(to *store.Store) error { return to.Note(ctx, i) })
}

// enter tells the store something.
func (m *memory) enter(tell func(*store.Store) error) error {
	s, err := m.store()
	if err != nil {
		return err
	}
	return m.heard(tell(s))
}

// wireRemembering is [app.wire] for a command that ends soon: it shares what the workspaces of this user remember. The demo
// estate has nothing to share unless it is given a folder; what models cost then counts while the command runs.
func (a *app) wireRemembering(ctx context.Context) (parts, func(), error) {
	m, books, forget := a.recall(ctx)
	p, err := a.wire(m, books)
	return p, forget, err
}

// recall opens what this user's workspaces remember, and where they enter what models cost.
func (a *app) recall(ctx context.Context) (*memory, agent.Books, func()) {
	if a.demo && a.config.State == "" {
		return nil, cost.NewBooks(), func() {}
	}
	k, broken := a.keep(ctx)
	m := remembered(k, broken)
	return m, m, func() {
		if err := k.close(); err != nil {
			a.log.Warn("what was kept could not be closed", "because", err)
		}
	}
}
