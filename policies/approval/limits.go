package approval

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"clanker/adapters"
	"clanker/policies"
)

// Limits keep those who approve from being worn down. A requester's name is a claim, so all of them together have a limit too.
type Limits struct {
	Pending    int           // proposals of one requester that wait
	AllPending int           // of all
	Hourly     int           // proposals of one requester in an hour that people had to look at
	AllHourly  int           // of all
	Cool       time.Duration // after a person rejected a command, the same is not taken for so long
}

// DefaultLimits leave room for an agent that works, and not for one that nags.
func DefaultLimits() Limits {
	return Limits{Pending: 5, AllPending: 30, Hourly: 20, AllHourly: 100, Cool: 15 * time.Minute}
}

// Excess is a proposal that was not taken because of [Limits].
type Excess struct {
	Why   string
	Retry time.Duration // when to try again, as far as that is known
}

func (e *Excess) Error() string { return e.Why }

// admit says whether the requester may propose this now: a command, and what it would do once that is known. It looks at what
// is kept, so that a restart forgets nothing.
func (g *Gate) admit(ctx context.Context, ask Ask, plan adapters.Plan) error {
	now := g.now()
	recent, err := g.Keeper.List(ctx, Filter{Since: now.Add(-max(time.Hour, g.Limits.Cool, g.Waits)), Brief: true})
	if err != nil {
		return fmt.Errorf("count the proposals: %w", err)
	}
	recent = slices.DeleteFunc(recent, func(r Request) bool { return r.Decision.Effect == policies.Allow })
	if over := cmp.Or(g.cooling(recent, plan, now), g.crowded(recent, ask, now)); over != nil {
		return over
	}
	return nil
}

// cooling refuses what a person just rejected, whoever asks for it and however they spell it.
func (g *Gate) cooling(recent []Request, plan adapters.Plan, now time.Time) *Excess {
	for _, r := range recent {
		if left := r.Updated.Add(g.Limits.Cool).Sub(now); r.State == Rejected && left > 0 && alike(r.Proposal.Plan, plan) {
			return &Excess{Why: fmt.Sprintf("a person rejected this command (%s), and it is not taken again for %s: ask them what to do instead", r.ID, left.Round(time.Second)), Retry: left}
		}
	}
	return nil
}

// alike reports whether two commands mean the same, or would do the same to the same resources.
func alike(a, b adapters.Plan) bool {
	words := func(c adapters.Command) any { return []any{c.Tool, c.Path, c.Flags, c.Args} }
	effect := func(p adapters.Plan) any { return []any{p.Command.Tool, p.Target, p.Resources} }
	return same(words(a.Command), words(b.Command)) || len(a.Resources) > 0 && same(effect(a), effect(b))
}

func same(a, b any) bool {
	one, err := adapters.Canonical(a)
	other, errOther := adapters.Canonical(b)
	return err == nil && errOther == nil && string(one) == string(other)
}

// crowded refuses what is more than people should have to look at.
func (g *Gate) crowded(recent []Request, ask Ask, now time.Time) *Excess {
	var all, own, hourly, ownHourly int
	var waiting []string
	for _, r := range recent {
		mine := count(r.Proposal.Requester.ID == ask.Requester.ID)
		waits, fresh := count(r.State == Pending), count(now.Sub(r.Proposal.Created) < time.Hour)
		all, own, hourly, ownHourly = all+waits, own+waits*mine, hourly+fresh, ownHourly+fresh*mine
		if waits*mine == 1 {
			waiting = append(waiting, r.ID)
		}
	}
	retry := g.Waits / 4
	for _, limit := range []struct {
		have, most int
		why        string
	}{
		{own, g.Limits.Pending, "%d of yours wait for people (" + strings.Join(waiting, ", ") + "): let them decide"},
		{all, g.Limits.AllPending, "%d wait for people: let them decide"},
		{ownHourly, g.Limits.Hourly, "%d of yours in an hour: do with fewer"}, {hourly, g.Limits.AllHourly, "%d in an hour: do with fewer"},
	} {
		if limit.have >= limit.most {
			return &Excess{Why: fmt.Sprintf("too many proposals: "+limit.why+", or try again in %s", limit.have, retry), Retry: retry}
		}
	}
	return nil
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// merge finds the request that waits for the same, of the same requester, and counts that it was asked for again. What
// waits for the same argv with another plan is stale: the world has moved, and people should look at the new one. So are
// policies that were edited once more.
func (g *Gate) merge(ctx context.Context, r Request) (*Request, error) {
	waiting, err := g.Keeper.List(ctx, Filter{States: []State{Pending}, Requester: r.Proposal.Requester.ID})
	if err != nil {
		return nil, fmt.Errorf("look for the same proposal: %w", err)
	}
	for _, old := range waiting {
		switch {
		case !replaces(r.Proposal.Plan.Command, old.Proposal.Plan.Command) || !old.Proposal.Expires.After(g.now()):
		case old.Plan == r.Plan:
			same, err := g.Keeper.Update(ctx, old.ID, Pending, func(r *Request) ([]Event, error) {
				r.Asked++
				return []Event{{EventMerged, Merged{Proposal: r.ID, Asked: r.Asked}}}, nil
			})
			return &same, err
		default:
			if _, err := g.close(ctx, old, Stale, "it was proposed again, and by then another plan was needed: see "+r.ID); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// replaces reports whether a command is wanted in the place of another.
func replaces(c, old adapters.Command) bool {
	return slices.Equal(c.Argv, old.Argv) || c.Tool == OwnTool && slices.Equal(c.Path, old.Path) && slices.Equal(c.Path, []string{"policies", "use"})
}

// turns lets things happen one after the other, and counts refusals.
type turns struct {
	read chan struct{} // held by those that read

	mu      sync.Mutex
	write   map[[5]string]chan struct{} // by target, held by the one command that changes it
	minute  time.Time
	refused int
}

// How many reads run at once, and how many refusals of a minute the audit log is told of.
const (
	maxReading = 8
	maxTold    = 30
)

func newTurns() turns {
	return turns{read: make(chan struct{}, maxReading), write: map[[5]string]chan struct{}{}}
}

// note reports whether a refusal should be told.
func (t *turns) note(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.minute).Abs() >= time.Minute { // a clock that was set back does not silence the log
		t.minute, t.refused = now, 0
	}
	t.refused++
	return t.refused <= maxTold
}

// enter waits for the turn of a plan: what changes a target is alone on it, reads share a number of places.
func (t *turns) enter(ctx context.Context, p adapters.Plan) (leave func(), err error) {
	place := t.read
	if p.Command.Class != adapters.ClassRead && p.Command.Class != adapters.ClassSensitiveRead {
		place = t.of(p.Target)
	}
	if ctx.Err() != nil { // of two that are ready, select takes either
		return nil, ctx.Err()
	}
	select {
	case place <- struct{}{}:
		return func() { <-place }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// of is the place of a target.
func (t *turns) of(target adapters.Target) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := [...]string{target.Provider, target.Account, target.ClusterUID, target.Server, target.Folder}
	if t.write[key] == nil {
		t.write[key] = make(chan struct{}, 1)
	}
	return t.write[key]
}
