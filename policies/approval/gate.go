package approval

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"clanker/adapters"
	"clanker/policies"
)

// Decider says what the policies want that were approved last, in whichever process. An error of Decide means deny.
type Decider interface {
	Decide(ctx context.Context, p policies.Proposal, now time.Time) (policies.Decision, error)
	Revision(ctx context.Context) (string, error)
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
	Decider    Decider
	Executor   Executor
	Keeper     Keeper
	Presence   Presence                     // who else shares the keeper; nobody when nil
	Signatures func(origin string) Verifier // makes what verifies words that were said on the operator page of an origin
	Workspace  string                       // fingerprint of the workspace's key
	Waits      time.Duration                // how long a proposal waits for people; [DefaultWait], at most [MaxWait]
	Lasts      time.Duration                // how long a given approval counts; [DefaultLast], at most [MaxLast]
	Limits     Limits                       // [DefaultLimits] when zero
	Now        func() time.Time             // time.Now when nil
	Logger     *slog.Logger                 // slog.Default when nil
}

// How long a proposal waits for people, and a given approval for its use. No setting and no policy goes beyond the most.
const (
	DefaultWait = time.Hour
	MaxWait     = 24 * time.Hour
	DefaultLast = 10 * time.Minute
	MaxLast     = time.Hour
)

// Gate is the only way to run a command, together with the gates of other processes that have the same keeper. It is safe for
// concurrent use.
type Gate struct {
	Options
	page    atomic.Pointer[string]     // origin of the operator page that this process serves; nil while it serves none
	ids     ulid.LockedMonotonicReader // proposals of one millisecond are listed in the order in which they came
	pulse   pulse
	outputs outputs
	turns   turns
	begun   begun // requests that this process is about, or runs
	running sync.WaitGroup
	life    context.Context
	stop    context.CancelFunc
}

// NewGate returns a gate. Call [Gate.Resume] every second, [Gate.Sweep] every few seconds in the process that leads, and
// [Gate.Close] at the end.
func NewGate(o Options) *Gate {
	g := &Gate{Options: o.whole(), turns: newTurns()}
	g.ids.MonotonicReader = ulid.Monotonic(rand.Reader, 0)
	g.life, g.stop = context.WithCancel(context.Background())
	return g
}

// Open says that people answer on the operator page of this origin from now on, which this process serves.
func (g *Gate) Open(origin string) { g.page.Store(&origin) }

func (g *Gate) origin() string {
	if page := g.page.Load(); page != nil {
		return *page
	}
	return ""
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
	if o.Presence == nil {
		o.Presence = alone{}
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
// read that policy allows runs at once: wait for it with [Gate.Wait]. All else waits for people, and nothing has run: they answer with
// [Gate.Answer], and when enough of them approve, it is planned and decided once more, and run at most once (execute.go).
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

// propose takes five steps: the command is admitted, as far as its asker is within the limits; planned, which changes nothing; frozen,
// so that from here on only those bytes count; decided on by the policies; and entered.
func (g *Gate) propose(ctx context.Context, ask Ask, command adapters.Command) (Request, error) {
	if command.Class != adapters.ClassRead { // whether a read bothers people is known once it is decided on
		if err := g.admit(ctx, ask, command); err != nil {
			return Request{}, g.refuse(ctx, ask, err)
		}
	}
	plan, err := g.Executor.Plan(ctx, command)
	if err != nil {
		return Request{}, g.refuse(ctx, ask, fmt.Errorf("plan the command: %w", err))
	}
	request, err := g.frozen(ask, plan)
	if err != nil {
		return Request{}, err
	}
	request.Decision, request.Why = g.decide(ctx, request.Proposal)
	request.settle(g.Lasts)
	return g.enter(ctx, ask, request)
}

// settle gives a new request the state that its decision leads to. What needs nobody may run for as long as an approval lasts.
func (r *Request) settle(lasts time.Duration) {
	switch r.Decision.Effect {
	case policies.Allow:
		r.State, r.Lapses = Approved, r.Updated.Add(lasts)
	case policies.RequireApproval:
		r.State = Pending
	default:
		r.State = Denied
	}
}

// enter keeps a new request, and starts what needs nobody. The same that waits already is taken in its place. What waits for
// the same argv with another plan is stale: the world has moved, and people should look at the new one.
func (g *Gate) enter(ctx context.Context, ask Ask, r Request) (Request, error) {
	found := &crowd{}
	err := g.Keeper.Create(ctx, r, Event{EventProposed, Proposed{r}}, g.admission(ask, r, found)...)
	var excess *Excess
	switch {
	case found.same != "":
		return g.merge(ctx, ask, r, found.same)
	case errors.As(err, &excess):
		return Request{}, g.refuse(ctx, ask, excess)
	case err != nil:
		return Request{}, fmt.Errorf("keep the proposal, so nothing was done: %w", err)
	}
	g.pulse.beat()
	for _, old := range found.outdated {
		if _, err := g.close(ctx, old, Stale, "it was proposed again, and by then another plan was needed: see "+r.ID); err != nil && !errors.Is(err, ErrMoved) {
			return r, err
		}
	}
	if r.State == Approved {
		g.start(r.ID)
	}
	return r, nil
}

// frozen is the request of a plan, as bytes that nothing changes any more: it is made of what is read back from them.
func (g *Gate) frozen(ask Ask, plan adapters.Plan) (Request, error) {
	frozen, err := plan.Freeze()
	if err != nil {
		return Request{}, err
	}
	now := g.now()
	id, err := ulid.New(ulid.Timestamp(now), &g.ids)
	if err != nil {
		return Request{}, fmt.Errorf("make an id of the proposal: %w", err)
	}
	p := policies.Proposal{ID: id.String(), Plan: plan, Requester: ask.Requester,
		Reason: adapters.RedactText(clip(ask.Reason, maxReason)), Created: now, Expires: now.Add(g.Waits)}
	bytes, digest, err := freeze(p)
	if err != nil {
		return Request{}, err
	}
	if p, err = thaw(bytes, digest); err != nil {
		return Request{}, err
	}
	return Request{ID: p.ID, Workspace: g.Workspace, Instance: g.Presence.Instance(), Proposal: p, Frozen: bytes, Digest: digest, Plan: frozen.Digest,
		Asked: 1, Updated: now, Version: 1}, nil
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
