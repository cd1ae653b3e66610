package approval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Get returns a request; one whose time is over has ended by then.
func (g *Gate) Get(ctx context.Context, id string) (Request, error) {
	r, err := g.Keeper.Get(ctx, id)
	if err != nil {
		return r, err
	}
	if state, why := r.overdue(g.now()); state != "" {
		closed, err := g.close(ctx, r, state, why)
		if errors.Is(err, ErrMoved) {
			return g.Keeper.Get(ctx, id)
		}
		return closed, err
	}
	return r, nil
}

// overdue says how a request ends whose time is over.
func (r Request) overdue(now time.Time) (State, string) {
	switch {
	case r.State == Pending && !r.Proposal.Expires.After(now):
		return Expired, "nobody approved it in time"
	case r.State == Approved && !r.Lapses.After(now):
		return Expired, "the approval lapsed before it could run"
	}
	return "", ""
}

// List returns the requests that the filter wants, the newest first.
func (g *Gate) List(ctx context.Context, f Filter) ([]Request, error) { return g.Keeper.List(ctx, f) }

// home is the workspace that runs a request. The older ones are of the time when the ledger had one.
func (g *Gate) home(r Request) string { return cmp.Or(r.Workspace, g.Workspace) }

// Resume starts what was approved, on whichever page, and is this process's to run. Call it every second.
func (g *Gate) Resume(ctx context.Context) error {
	open, err := g.Keeper.List(ctx, Filter{States: []State{Approved, Running}, Brief: true})
	if err != nil {
		return fmt.Errorf("look for what was approved: %w", err)
	}
	var failures []error
	for _, r := range slices.Backward(open) { // the oldest first
		switch {
		case g.begun.has(r.ID):
		case r.State == Approved:
			failures = append(failures, g.take(ctx, r))
		case r.Instance != "" && r.Instance == g.Presence.Instance(): // the ledger was told that it runs, and this process was not told so
			failures = append(failures, unmoved(g.end(ctx, r.ID, unstarted(errors.New("the ledger failed just then")), false)))
		}
	}
	return errors.Join(failures...)
}

// take starts an approved request that was proposed in this process, or in one of the same workspace that is gone. Others of
// the workspace may see another PATH or kubeconfig, so that its plan would not be the same to them.
func (g *Gate) take(ctx context.Context, r Request) error {
	if g.home(r) != g.Workspace {
		return nil
	}
	if r.Instance != g.Presence.Instance() {
		if alive, err := g.Presence.Alive(ctx, r.Instance); err != nil || alive {
			return err
		}
	}
	g.start(r.ID)
	return nil
}

// Sweep ends the requests whose time is over, and gives up those whose process died while they ran, of whichever workspace.
// Call it every few seconds in the process that leads.
func (g *Gate) Sweep(ctx context.Context) error {
	open, err := g.Keeper.List(ctx, Filter{States: []State{Pending, Approved, Running}, Brief: true})
	if err != nil {
		return fmt.Errorf("look for proposals whose time is over: %w", err)
	}
	var failures []error
	for _, r := range open {
		if r.State == Running {
			failures = append(failures, g.giveUp(ctx, r))
		} else if _, err := g.Get(ctx, r.ID); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// giveUp marks a request as unknown when its process is dead, and only then. It is never tried again by itself.
func (g *Gate) giveUp(ctx context.Context, r Request) error {
	if g.begun.has(r.ID) {
		return nil
	}
	if alive, err := g.Presence.Alive(ctx, r.Instance); err != nil || alive {
		return err
	}
	g.Logger.Error("a command was running when its process died: look at its target", "proposal", r.ID, "workspace", g.home(r))
	_, err := g.Keeper.Update(ctx, r.ID, Running, func(r *Request) ([]Event, error) { return g.lose(r), nil })
	g.pulse.beat()
	return unmoved(err)
}

const lost = "the workspace stopped while it ran, so nobody knows what it did: look at its target before anything is proposed again"

func (g *Gate) lose(r *Request) []Event {
	g.move(r, Unknown, lost)
	return []Event{{EventUnknown, Closed{Proposal: r.ID, State: Unknown, Why: lost}}}
}

// unmoved is an error, unless it says that somebody else was faster.
func unmoved(err error) error {
	if errors.Is(err, ErrMoved) {
		return nil
	}
	return err
}

// alone is the presence of a gate that shares its keeper with nobody, as all did once.
type alone struct{}

func (alone) Instance() string { return "" }

func (alone) Alive(context.Context, string) (bool, error) { return false, nil }

// Close waits for what runs until ctx ends, then kills it.
func (g *Gate) Close(ctx context.Context) {
	ended := make(chan struct{})
	go func() { g.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	g.stop()
	<-ended
}
