package approval

import (
	"cmp"
	"context"
	"errors"
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

// recent are the proposals that count. They are those in the ledger: a restart forgets nothing, and other processes count.
func (g *Gate) recent() Filter {
	return Filter{Since: g.now().Add(-max(time.Hour, g.Waits+g.Limits.Cool)), Brief: true}
}

// admit says whether the requester may propose this command now, before anything is done for it.
func (g *Gate) admit(ctx context.Context, ask Ask, c adapters.Command) error {
	recent, err := g.Keeper.List(ctx, g.recent())
	if err != nil {
		return fmt.Errorf("count the proposals: %w", err)
	}
	return g.fits(recent, ask, adapters.Plan{Command: c})
}

func (g *Gate) fits(recent []Request, ask Ask, plan adapters.Plan) error {
	now := g.now()
	recent = slices.DeleteFunc(recent, func(r Request) bool { return r.Decision.Effect == policies.Allow })
	if over := cmp.Or(g.cooling(recent, plan, now), g.crowded(recent, ask, now)); over != nil {
		return over
	}
	return nil
}

// crowd is what a new request finds waiting.
type crowd struct {
	same     string    // id of the same, of the same requester
	outdated []Request // for the same argv with another plan, or policies that were edited once more
}

// admission is asked in the step of the ledger that keeps a new request, so that no two processes keep the same, or go beyond
// the limits together. What bothers nobody needs none.
func (g *Gate) admission(ask Ask, r Request, found *crowd) []Check {
	if r.Decision.Effect == policies.Allow {
		return nil
	}
	return []Check{{Among: g.recent(), Allow: func(recent []Request) error {
		*found = g.alike(recent, r)
		if found.same != "" {
			return errWaits
		}
		replaced := func(old Request) bool {
			return slices.ContainsFunc(found.outdated, func(r Request) bool { return r.ID == old.ID })
		}
		return g.fits(slices.DeleteFunc(recent, replaced), ask, r.Proposal.Plan)
	}}}
}

var errWaits = errors.New("the same waits already")

// alike finds what waits for the same command, of the same requester in the same workspace.
func (g *Gate) alike(recent []Request, r Request) (found crowd) {
	for _, old := range recent {
		waits := old.State == Pending && old.Proposal.Expires.After(g.now()) && old.Proposal.Requester.ID == r.Proposal.Requester.ID && g.home(old) == g.home(r)
		switch {
		case !waits || !replaces(r.Proposal.Plan.Command, old.Proposal.Plan.Command):
		case old.Plan == r.Plan:
			found.same = old.ID
		default:
			found.outdated = append(found.outdated, old)
		}
	}
	return found
}

// merge counts that the same was asked for again. When a person has just decided on that, it is asked for anew.
func (g *Gate) merge(ctx context.Context, ask Ask, r Request, id string) (Request, error) {
	same, err := g.Keeper.Update(ctx, id, Pending, func(r *Request) ([]Event, error) {
		r.Asked++
		return []Event{{EventMerged, Merged{Proposal: r.ID, Asked: r.Asked}}}, nil
	})
	if errors.Is(err, ErrMoved) {
		return g.enter(ctx, ask, r)
	}
	return same, err
}

// cooling refuses what a person just rejected, whoever asks for it and however they spell it.
func (g *Gate) cooling(recent []Request, plan adapters.Plan, now time.Time) *Excess {
	for _, r := range recent {
		if left := r.Updated.Add(g.Limits.Cool).Sub(now); r.State == Rejected && left > 0 && akin(r.Proposal.Plan, plan) {
			return &Excess{Why: fmt.Sprintf("a person rejected this command (%s), and it is not taken again for %s: ask them what to do instead", r.ID, left.Round(time.Second)), Retry: left}
		}
	}
	return nil
}

// akin reports whether two commands mean the same, or would do the same to the same resources.
func akin(a, b adapters.Plan) bool {
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
	if changes(p.Command) {
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

func changes(c adapters.Command) bool {
	return c.Class != adapters.ClassRead && c.Class != adapters.ClassSensitiveRead
}

// whole is what a command that changes a target has for itself: the cluster or folder, and not a namespace of it.
func whole(t adapters.Target) [5]string {
	return [...]string{t.Provider, t.Account, t.ClusterUID, t.Server, t.Folder}
}

// turn wants that no other process changes the target of the request; those of this process wait for each other.
func turn(r Request) []Check {
	if !changes(r.Proposal.Plan.Command) {
		return nil
	}
	return []Check{{Among: Filter{States: []State{Running}}, Allow: func(running []Request) error {
		for _, other := range running {
			if p := other.Proposal.Plan; changes(p.Command) && whole(p.Target) == whole(r.Proposal.Plan.Target) {
				return errTurn
			}
		}
		return nil
	}}}
}

var errTurn = errors.New("another process is changing the same target")

// of is the place of a target.
func (t *turns) of(target adapters.Target) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := whole(target)
	if t.write[key] == nil {
		t.write[key] = make(chan struct{}, 1)
	}
	return t.write[key]
}
