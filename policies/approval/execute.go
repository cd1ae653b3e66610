package approval

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/policies"
)

// start runs an approved request, detached from whoever made it so: an agent's call may be over long before the command is.
func (g *Gate) start(id string) {
	g.running.Go(func() {
		if err := g.execute(g.life, id); err != nil && !errors.Is(err, ErrMoved) {
			g.Logger.Error("a command could not be run as approved", "proposal", id, "because", err)
		}
	})
}

// execute is the only way to the executor. The approval is used up, in the same transaction that says that the command runs,
// before it does: so it runs at most once, whatever dies when.
func (g *Gate) execute(ctx context.Context, id string) error {
	r, err := g.Keeper.Get(ctx, id)
	if err != nil {
		return err
	}
	leave, err := g.turns.enter(ctx, r.Proposal.Plan)
	if err != nil {
		return err
	}
	defer leave()
	plan, decision, over := g.again(ctx, r)
	if over != nil {
		_, err := g.close(ctx, r, over.State, over.Why)
		return err
	}
	if r, err = g.consume(ctx, r, decision); err != nil {
		return err
	}
	defer g.outputs.forget(id)
	outcome, err := g.Executor.Run(withRequest(ctx, id), plan, func(piece adapters.Output) {
		g.outputs.add(id, piece)
		g.pulse.beat()
	})
	return g.finish(context.WithoutCancel(ctx), r, outcome, err)
}

type requestKey struct{}

func withRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestOf is the request that runs in this context; empty when none does.
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// again plans and decides once more, just before the command would run. What was approved has to be what would run now, and
// the policies may not have become stricter; else it returns how the request ends.
func (g *Gate) again(ctx context.Context, r Request) (adapters.Plan, policies.Decision, *Closed) {
	approved, err := thaw(r.Frozen, r.Digest)
	if err != nil {
		return adapters.Plan{}, policies.Decision{}, &Closed{State: Stale, Why: err.Error()}
	}
	if err := g.reprove(ctx, r); err != nil {
		return adapters.Plan{}, policies.Decision{}, &Closed{State: Stale, Why: "an approval proves nothing any more: " + err.Error()}
	}
	now, err := g.Executor.Plan(ctx, approved.Plan.Command)
	if err != nil {
		return now, policies.Decision{}, &Closed{State: Failed, Why: fmt.Sprintf("it was not started, since it could not be planned again: %v", err)}
	}
	frozen, err := now.Freeze()
	if err != nil || frozen.Digest != r.Plan {
		return now, policies.Decision{}, &Closed{State: Stale, Why: "what it was approved for has changed: " + difference(approved.Plan, now)}
	}
	decision, why := g.decide(ctx, approved)
	if decision.Effect == policies.Deny || policies.Stricter(r.Decision, decision) {
		return now, decision, &Closed{State: Stale, Why: "policy is stricter by now: " + sentence(append(decision.Reasons, why))}
	}
	return approved.Plan, decision, nil
}

// consume writes ahead that the command runs, and uses the approvals up. A request that has moved on is not run.
func (g *Gate) consume(ctx context.Context, r Request, d policies.Decision) (Request, error) {
	r, err := g.Keeper.Update(ctx, r.ID, Approved, func(r *Request) ([]Event, error) {
		at := g.now()
		enough, _ := g.permits(*r, d, at)
		if !r.Lapses.After(at) || !enough {
			g.move(r, Expired, "the approval lapsed before it could run")
			return []Event{{EventClosed, Closed{Proposal: r.ID, State: Expired, Why: r.Why}}}, nil
		}
		g.move(r, Running, "")
		return []Event{{EventRunning, Started{Proposal: r.ID, Digest: r.Digest, Plan: r.Plan, Nonces: r.nonces(at), Decision: d}}}, nil
	})
	g.pulse.beat()
	if err == nil && r.State != Running {
		err = fmt.Errorf("%w: %s", ErrMoved, r.Why)
	}
	return r, err
}

// finish keeps what became of the command. When it was killed because the workspace stops, nobody knows.
func (g *Gate) finish(ctx context.Context, r Request, o adapters.Outcome, failure error) error {
	if failure != nil {
		o = adapters.Outcome{Exit: -1, Failure: "it was not started: " + adapters.RedactText(failure.Error())}
	}
	stopped := failure == nil && g.life.Err() != nil && !o.OK()
	r, err := g.Keeper.Update(ctx, r.ID, Running, func(r *Request) ([]Event, error) {
		r.Outcome = &o
		switch {
		case stopped:
			g.move(r, Unknown, lost)
			return []Event{{EventUnknown, Closed{Proposal: r.ID, State: Unknown, Why: lost}}}, nil
		case o.OK():
			g.move(r, Succeeded, "")
		default:
			g.move(r, Failed, failed(o))
		}
		return []Event{ended(*r, o)}, nil
	})
	g.pulse.beat()
	if err != nil {
		return fmt.Errorf("keep the outcome (%s): %w", failed(o), err)
	}
	g.Logger.Info("a command has ended", "proposal", r.ID, "state", r.State, "exit", o.Exit)
	return nil
}

const lost = "the workspace stopped while it ran, so nobody knows what it did: look at its target before anything is proposed again"

func failed(o adapters.Outcome) string {
	if o.Failure != "" {
		return o.Failure
	}
	return fmt.Sprintf("exit code %d", o.Exit)
}

func ended(r Request, o adapters.Outcome) Event {
	digest := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
	return Event{EventEnded, Ended{Proposal: r.ID, State: r.State, Exit: o.Exit, Failure: o.Failure, Stdout: digest(o.Stdout), Stderr: digest(o.Stderr), Verified: o.Verified}}
}

// close ends a request that did not run.
func (g *Gate) close(ctx context.Context, r Request, to State, why string) (Request, error) {
	why = adapters.RedactText(why)
	r, err := g.Keeper.Update(ctx, r.ID, r.State, func(r *Request) ([]Event, error) {
		g.move(r, to, why)
		return []Event{{EventClosed, Closed{Proposal: r.ID, State: to, Why: why}}}, nil
	})
	g.pulse.beat()
	return r, err
}

// difference says in words where two plans differ first.
func difference(was, is adapters.Plan) string {
	for _, part := range []struct {
		name   string
		before any
		after  any
	}{
		{"the command", was.Command, is.Command}, {"the program", was.Binary, is.Binary}, {"the environment", was.Env, is.Env},
		{"the files", was.Files, is.Files}, {"the target", was.Target, is.Target}, {"the resources", was.Resources, is.Resources},
		{"the preview", was.Preview, is.Preview}, {"the undo", was.Undo, is.Undo},
	} {
		before, _ := adapters.Canonical(part.before)
		after, _ := adapters.Canonical(part.after)
		if string(before) != string(after) {
			return part.name + " (" + clip(near(before, after), 300) + ")"
		}
	}
	return "its form"
}

// near shows two texts around where they begin to differ.
func near(before, after []byte) string {
	at := 0
	for at < min(len(before), len(after)) && before[at] == after[at] {
		at++
	}
	from := max(0, at-40)
	cut := func(text []byte) string { return string(text[from:min(len(text), at+60)]) }
	return "..." + cut(before) + "... is now ..." + cut(after) + "..."
}

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

// Sweep ends the requests whose time is over. Call it every few seconds.
func (g *Gate) Sweep(ctx context.Context) error {
	waiting, err := g.Keeper.List(ctx, Filter{States: []State{Pending, Approved}})
	if err != nil {
		return fmt.Errorf("look for proposals whose time is over: %w", err)
	}
	var failures []error
	for _, r := range waiting {
		if _, err := g.Get(ctx, r.ID); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// Recover puts in order what the last process left behind: what ran is unknown, and is told so; what was approved and has not
// lapsed runs now.
func (g *Gate) Recover(ctx context.Context) error {
	left, err := g.Keeper.List(ctx, Filter{States: []State{Approved, Running}})
	if err != nil {
		return fmt.Errorf("look for what the last workspace left behind: %w", err)
	}
	slices.Reverse(left) // the oldest first
	for _, r := range left {
		if r.State == Approved {
			g.start(r.ID)
			continue
		}
		g.Logger.Error("a command was running when the workspace died: look at its target", "proposal", r.ID)
		_, err := g.Keeper.Update(ctx, r.ID, Running, func(r *Request) ([]Event, error) {
			g.move(r, Unknown, lost)
			return []Event{{EventUnknown, Closed{Proposal: r.ID, State: Unknown, Why: lost}}}, nil
		})
		if err != nil {
			return fmt.Errorf("mark %s as unknown: %w", r.ID, err)
		}
	}
	return nil
}

// Close waits for what runs until ctx ends, then kills it.
func (g *Gate) Close(ctx context.Context) {
	ended := make(chan struct{})
	go func() { g.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	g.end()
	<-ended
}
