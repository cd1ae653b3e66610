package approval

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"clanker/adapters"
	"clanker/policies"
)

// Decider says what the policies want; [policies.Engine] does. An error of Decide means deny.
type Decider interface {
	Decide(ctx context.Context, p policies.Proposal, now time.Time) (policies.Decision, error)
	Revision() string
	Groups(approver string) []string // that somebody belongs to
}

// Executor plans and runs commands; [adapters.Workspace] does.
type Executor interface {
	Plan(ctx context.Context, c adapters.Command) (adapters.Plan, error)
	Run(ctx context.Context, p adapters.Plan, tell func(adapters.Output)) (adapters.Outcome, error)
}

// Verifier says what a signature proves; an error means that it proves nothing.
type Verifier interface {
	Verify(c Credential, statement []byte, p Proof) (Seen, error)
}

// Keeper is what keeps everything.
type Keeper interface {
	Ledger
	Log
	Trust
}

// Options of a [Gate]; those with defaults say so.
type Options struct {
	Decider   Decider
	Executor  Executor
	Keeper    Keeper
	Verifier  Verifier
	Workspace string           // fingerprint of the workspace's key
	Waits     time.Duration    // how long a proposal waits for people; [DefaultWait], at most [MaxWait]
	Lasts     time.Duration    // how long a given approval counts; [DefaultLast], at most [MaxLast]
	Limits    Limits           // [DefaultLimits] when zero
	Now       func() time.Time // time.Now when nil
	Logger    *slog.Logger     // slog.Default when nil
}

// How long a proposal waits for people, and a given approval for its use. No setting and no policy goes beyond the most.
const (
	DefaultWait = time.Hour
	MaxWait     = 24 * time.Hour
	DefaultLast = 10 * time.Minute
	MaxLast     = time.Hour
)

// Gate is the only way to run a command. It is safe for concurrent use.
type Gate struct {
	Options
	pulse   pulse
	outputs outputs
	turns   turns

	proposing sync.Mutex     // held while a proposal is counted against the limits and created
	running   sync.WaitGroup //
	life      context.Context
	end       context.CancelFunc
}

// NewGate returns a gate. Call [Gate.Recover] before anything is proposed, and [Gate.Close] at the end.
func NewGate(o Options) *Gate {
	g := &Gate{Options: o.whole(), turns: newTurns()}
	g.life, g.end = context.WithCancel(context.Background())
	return g
}

// whole fills in the defaults and cuts what goes beyond the bounds.
func (o Options) whole() Options {
	if o.Waits <= 0 {
		o.Waits = DefaultWait
	}
	if o.Lasts <= 0 {
		o.Lasts = DefaultLast
	}
	o.Waits, o.Lasts = min(o.Waits, MaxWait), min(o.Lasts, MaxLast)
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Ask is what somebody wants to run.
type Ask struct {
	Argv      []string
	Reason    string // the requester's own words
	Requester policies.Principal
}

// Propose takes what somebody wants to run as far as it goes without a person. What is not a command that can be proposed is
// an [adapters.Refusal]; what could not be planned is an error; what policy denies is a request in the state [Denied]. A
// read that policy allows runs at once: wait for it with [Gate.Wait]. All else waits for people, and nothing has run.
func (g *Gate) Propose(ctx context.Context, ask Ask) (Request, error) {
	command, err := adapters.ParseCommand(ask.Argv)
	if err != nil {
		return Request{}, g.refuse(ctx, ask, err)
	}
	return g.propose(ctx, ask, command)
}

// ProposeChange does the same for a change of the workspace itself, of its approvers or its policies: a command of the tool
// "clanker", which [adapters.ParseCommand] lets no agent propose.
func (g *Gate) ProposeChange(ctx context.Context, ask Ask) (Request, error) {
	return g.propose(ctx, ask, ownCommand(ask.Argv))
}

func (g *Gate) propose(ctx context.Context, ask Ask, command adapters.Command) (Request, error) {
	if command.Class != adapters.ClassRead { // whether a read bothers people is known once it is decided on
		if err := g.admit(ctx, ask, adapters.Plan{Command: command}); err != nil {
			return Request{}, g.refuse(ctx, ask, err)
		}
	}
	plan, err := g.Executor.Plan(ctx, command)
	if err != nil {
		return Request{}, g.refuse(ctx, ask, fmt.Errorf("plan the command: %w", err))
	}
	request, err := g.request(ask, plan)
	if err != nil {
		return Request{}, err
	}
	g.proposing.Lock()
	defer g.proposing.Unlock()
	if same, err := g.merge(ctx, request); err != nil || same != nil {
		return orZero(same), err
	}
	return g.enter(ctx, ask, request)
}

// enter decides on a request that is new and keeps it.
func (g *Gate) enter(ctx context.Context, ask Ask, r Request) (Request, error) {
	r.Decision, r.Why = g.decide(ctx, r.Proposal)
	if r.Decision.Effect != policies.Allow {
		if err := g.admit(ctx, ask, r.Proposal.Plan); err != nil { // others may have proposed while this was planned
			return Request{}, g.refuse(ctx, ask, err)
		}
	}
	switch r.Decision.Effect {
	case policies.Allow:
		r.State, r.Lapses = Approved, r.Updated.Add(g.Lasts)
	case policies.RequireApproval:
		r.State = Pending
	default:
		r.State = Denied
	}
	if err := g.Keeper.Create(ctx, r, Event{EventProposed, Proposed{r}}); err != nil {
		return Request{}, fmt.Errorf("keep the proposal, so nothing was done: %w", err)
	}
	g.pulse.beat()
	if r.State == Approved {
		g.start(r.ID)
	}
	return r, nil
}

// request makes the request of a plan: from here on there is only what is frozen.
func (g *Gate) request(ask Ask, plan adapters.Plan) (Request, error) {
	frozen, err := plan.Freeze()
	if err != nil {
		return Request{}, err
	}
	now := g.now()
	p := policies.Proposal{ID: ulid.MustNew(ulid.Timestamp(now), rand.Reader).String(), Plan: plan, Requester: ask.Requester,
		Reason: adapters.RedactText(clip(ask.Reason, maxReason)), Created: now, Expires: now.Add(g.Waits)}
	bytes, digest, err := freeze(p)
	if err != nil {
		return Request{}, err
	}
	if p, err = thaw(bytes, digest); err != nil {
		return Request{}, err
	}
	return Request{ID: p.ID, Proposal: p, Frozen: bytes, Digest: digest, Plan: frozen.Digest, Asked: 1, Updated: now, Version: 1}, nil
}

// decide asks the policies, and denies when they fail or when they allow what no policy may.
func (g *Gate) decide(ctx context.Context, p policies.Proposal) (policies.Decision, string) {
	decision, err := g.Decider.Decide(ctx, p, g.now())
	switch {
	case err != nil:
		decision.Effect = policies.Deny
		return decision, fmt.Sprintf("the policies could not decide: %v", err)
	case decision.Effect == policies.Allow && p.Plan.Command.Class != adapters.ClassRead:
		decision.Effect = policies.Deny
		return decision, "a policy allowed what only people may"
	case decision.Effect == policies.Deny:
		return decision, "policy: " + sentence(decision.Reasons)
	}
	return decision, ""
}

// refuse tells the audit log of what never became a request, and returns why.
func (g *Gate) refuse(ctx context.Context, ask Ask, why error) error {
	if !g.turns.note(g.now()) {
		return why // a flood of refusals is told by the first of them
	}
	_, err := g.Keeper.Append(ctx, Event{EventRefused, Refused{Argv: clipped(ask.Argv), Why: adapters.RedactText(why.Error()), Requester: ask.Requester}})
	if err != nil {
		return errors.Join(why, fmt.Errorf("tell the audit log of the refusal: %w", err))
	}
	return why
}

func (g *Gate) now() time.Time { return g.Now().UTC().Truncate(time.Millisecond) }

func orZero(r *Request) Request {
	if r == nil {
		return Request{}
	}
	return *r
}
