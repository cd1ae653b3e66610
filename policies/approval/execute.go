package approval

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"clanker/adapters"
	"clanker/policies"
)

// start runs an approved request, detached from whoever made it so: an agent's call may be over long before the command is.
// What could not be run now stays approved: [Gate.Resume] starts it again.
func (g *Gate) start(id string) {
	if g.life.Err() != nil || !g.begun.add(id) {
		return
	}
	g.running.Go(func() {
		defer g.begun.remove(id)
		if err := g.execute(g.life, id); err != nil && !errors.Is(err, ErrMoved) && !errors.Is(err, errTurn) {
			g.Logger.Error("a command could not be run as approved", "proposal", id, "because", err)
		}
	})
}

// begun are the requests that this process is about, or runs.
type begun struct {
	mu  sync.Mutex
	is  map[string]bool
	ran map[string]bool // was run here: it is not again, whatever a ledger that lost its newest pages says
}

// add reports whether it was not about the request yet.
func (b *begun) add(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.is == nil {
		b.is, b.ran = map[string]bool{}, map[string]bool{}
	}
	was := b.is[id]
	b.is[id] = true
	return !was
}

func (b *begun) remove(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ran[id] {
		delete(b.is, id)
	}
}

func (b *begun) runs(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ran[id] = true
}

func (b *begun) has(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.is[id]
}

// execute is the only way to the executor. The approval is used up, in the same transaction that says that the command runs,
// before it does: so it runs at most once, whatever dies when.
func (g *Gate) execute(ctx context.Context, id string) error {
	r, err := g.Keeper.Get(ctx, id)
	if err != nil {
		return err
	}
	if g.home(r) != g.Workspace {
		return fmt.Errorf("%s is of the workspace %s, which alone runs it", id, r.Workspace)
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
	g.outputs.begin(id)
	defer g.outputs.forget(id)
	g.begun.runs(id)
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
	if !meant(approved.Plan.Command) {
		return adapters.Plan{}, policies.Decision{}, &Closed{State: Stale, Why: "its words do not mean what is kept of them"}
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

// meant reports whether a command is what its words mean: that one is a read, which nobody has to sign, may have been written
// into the ledger by anybody who can.
func meant(c adapters.Command) bool {
	if c.Tool == OwnTool {
		return same(c, ownCommand(c.Argv))
	}
	read, err := adapters.ParseCommand(c.Argv)
	return err == nil && same(c, read)
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
		r.Instance = g.Presence.Instance()
		return []Event{{EventRunning, Started{Proposal: r.ID, Instance: r.Instance, Digest: r.Digest, Plan: r.Plan, Nonces: r.nonces(at), Decision: d}}}, nil
	}, turn(r)...)
	g.pulse.beat()
	if err == nil && r.State != Running {
		err = fmt.Errorf("%w: %s", ErrMoved, r.Why)
	}
	return r, err
}

// finish keeps what became of the command, as soon as the ledger can. When it was killed because the workspace stops, nobody
// knows.
func (g *Gate) finish(ctx context.Context, r Request, o adapters.Outcome, failure error) error {
	if failure != nil {
		o = unstarted(failure)
	}
	stopped := failure == nil && g.life.Err() != nil && !o.OK()
	if err := g.insist(func() error { return g.conclude(ctx, r.ID, o, stopped) }); err != nil {
		return fmt.Errorf("keep the outcome (%s): %w", failed(o), err)
	}
	g.Logger.Info("a command has ended", "proposal", r.ID, "exit", o.Exit)
	return nil
}

func unstarted(why error) adapters.Outcome {
	return adapters.Outcome{Exit: -1, Failure: "it was not started: " + adapters.RedactText(why.Error())}
}

// conclude ends a request that ran. One that was given up in the meantime stays so, and the log is told the rest.
func (g *Gate) conclude(ctx context.Context, id string, o adapters.Outcome, stopped bool) error {
	err := g.end(ctx, id, o, stopped)
	if !errors.Is(err, ErrMoved) {
		return err
	}
	now, err := g.Keeper.Get(ctx, id)
	if err != nil || now.Outcome != nil { // it was kept, and only word of that was lost
		return err
	}
	_, err = g.Keeper.Append(ctx, Event{EventLate, Late(ended(now, o))})
	return err
}

// end ends a request that runs, with its outcome.
func (g *Gate) end(ctx context.Context, id string, o adapters.Outcome, stopped bool) error {
	_, err := g.Keeper.Update(ctx, id, Running, func(r *Request) ([]Event, error) {
		r.Outcome = &o
		switch {
		case stopped:
			return g.lose(r), nil
		case o.OK():
			g.move(r, Succeeded, "")
		default:
			g.move(r, Failed, failed(o))
		}
		return []Event{{EventEnded, ended(*r, o)}}, nil
	})
	g.pulse.beat()
	return err
}

// How long to wait before what must be kept is tried again: at first, and at most.
const (
	firstPause = 100 * time.Millisecond
	mostPause  = 5 * time.Second
)

// insist tries until it succeeds or the workspace stops: a database that is away comes back.
func (g *Gate) insist(try func() error) error {
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		err := try()
		if err == nil || g.life.Err() != nil {
			return err
		}
		g.Logger.Error("the outcome of a command is not kept yet", "again", pause, "because", err)
		select {
		case <-g.life.Done():
		case <-time.After(pause):
		}
	}
}

func failed(o adapters.Outcome) string {
	if o.Failure != "" {
		return o.Failure
	}
	return fmt.Sprintf("exit code %d", o.Exit)
}

func ended(r Request, o adapters.Outcome) Ended {
	digest := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
	return Ended{Proposal: r.ID, State: r.State, Exit: o.Exit, Failure: o.Failure, Stdout: digest(o.Stdout), Stderr: digest(o.Stderr), Verified: o.Verified}
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
