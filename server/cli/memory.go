package cli

import (
	"context"
	"time"

	"clanker/adapters"
	"clanker/router"
	"clanker/server/store"
)

// memory is what a workspace remembers: what it observed, and what it answered.
type memory interface {
	adapters.History
	router.Memory
}

var _ memory = (*store.Store)(nil)

// forgetful is the memory of a workspace whose own cannot be opened: each answer says why nothing is kept.
type forgetful struct{ why error }

var _ memory = forgetful{}

func (f forgetful) Record(context.Context, adapters.Snapshot) (adapters.Position, error) {
	return 0, f.why
}

func (f forgetful) Changes(context.Context, adapters.Query) ([]adapters.Change, error) {
	return nil, f.why
}

func (f forgetful) Keep(context.Context, router.Look) error { return f.why }

func (f forgetful) Look(context.Context, router.Which) (router.Look, bool, error) {
	return router.Look{}, false, f.why
}

func (f forgetful) Between(context.Context, []adapters.Query, adapters.Position, adapters.Position) ([]adapters.Change, error) {
	return nil, f.why
}

func (f forgetful) PositionAt(context.Context, time.Time) (adapters.Position, time.Time, error) {
	return 0, time.Time{}, f.why
}

func (f forgetful) Sightings(context.Context, []string) (map[string]router.Sighting, error) {
	return nil, f.why
}

// remembered is what a workspace remembers that keeps things in k, or why it cannot.
func remembered(k *kept, broken error) memory {
	if broken != nil {
		return forgetful{broken}
	}
	return k.store
}

// wireRemembering is [app.wire] for a command that ends soon: it shares what the workspaces of this user remember. The demo
// estate has nothing to share unless it is given a folder.
func (a *app) wireRemembering(ctx context.Context) (parts, func(), error) {
	if a.demo && a.config.State == "" {
		p, err := a.wire(nil)
		return p, func() {}, err
	}
	k, broken := a.keep(ctx)
	p, err := a.wire(remembered(k, broken))
	return p, func() {
		if err := k.close(); err != nil {
			a.log.Warn("what was kept could not be closed", "because", err)
		}
	}, err
}
