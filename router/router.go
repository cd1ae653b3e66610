package router

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"clanker/adapters"
	"clanker/intents"
)

// Reader reads what is there; [adapters.Workspace] is one. Its errors are those of ctx alone: what could not be read is
// among the snapshot's sources.
type Reader interface {
	Query(ctx context.Context, q adapters.Query) (adapters.Snapshot, error)
	Changes(ctx context.Context, q adapters.Query) (adapters.Snapshot, error)
	Logs(ctx context.Context, q adapters.Query) (adapters.Snapshot, error)
}

// Directory knows what the workspace is connected to and what names it has seen.
type Directory interface {
	Connections(ctx context.Context) []adapters.Connection
	Names(ctx context.Context, fresh bool) adapters.Names
}

// Workspace is what the router needs of the estate.
type Workspace interface {
	Reader
	Directory
}

var _ Workspace = (*adapters.Workspace)(nil)

// Options are what tests inject; the zero value is right for everybody else.
type Options struct {
	Now      func() time.Time // the clock; nil means time.Now
	Entropy  io.Reader        // for answer ids; nil means crypto/rand
	Memory   Memory           // keeps what was answered; nil when nothing is kept
	Fallback Fallback         // looks into what no intent covers; nil when nothing does
}

// Router answers questions. It is safe for concurrent use.
type Router struct {
	matcher   atomic.Pointer[Matcher]
	workspace Workspace
	memory    Memory
	fallback  Fallback
	now       func() time.Time
	ids       ids
	recent    recent
}

// New returns a router that understands questions with m and answers them from w.
func New(m *Matcher, w Workspace, opts Options) *Router {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Entropy == nil {
		opts.Entropy = rand.Reader
	}
	r := &Router{workspace: w, memory: opts.Memory, fallback: opts.Fallback, now: opts.Now, ids: ids{entropy: ulid.Monotonic(opts.Entropy, 0)}}
	r.Use(m)
	return r
}

// Use makes m understand the questions from now on; one that is being answered keeps the matcher that it began with.
func (r *Router) Use(m *Matcher) { r.matcher.Store(m) }

// AnswerTime is how long an answer may take, over all of its reads: most clients cut a call at 60 s, people sooner. What is
// not read by then is in the answer's coverage.
const AnswerTime = 24 * time.Second

// Route answers a question: it reads it (a follow-up is made to stand alone), finds the intent that it asks for, does what that
// says, and remembers the answer. What no intent covers a [Fallback] looks into, or it is declined; what is unclear is asked back.
//
// Whatever is wrong with the question or with the providers is said in the answer; an error means that ctx ended, or a bug. A
// question with a cursor gets the next page of the answer that the cursor is from.
func (r *Router) Route(ctx context.Context, q Question) (Answer, error) {
	d, err := r.begin(q)
	if err != nil {
		return Answer{}, err
	}
	if q.Cursor != "" {
		return r.next(q, d), nil
	}
	matcher := r.matcher.Load()
	if d.readable() && r.standsAlone(ctx, d, matcher) { // else the answer says already why not
		if d.asked.Cursor != "" { // "show me more"
			return r.next(d.asked, d), nil
		}
		err = r.resolve(ctx, d, matcher)
	}
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return Answer{}, fmt.Errorf("answer %q: %w", d.answer.Question, err)
	}
	r.remember(ctx, d)
	return r.publish(d), nil
}

// resolve takes the question to one of its five ends: it is asked back, in one of two ways, answered, investigated or declined.
func (r *Router) resolve(ctx context.Context, d *draft, matcher *Matcher) error {
	reading, done := context.WithTimeout(d.steps.watched(ctx), AnswerTime)
	defer done()
	match, names := r.understand(reading, matcher, d.asked.Text)
	d.understood(match, names)
	switch {
	case match.Needs != nil:
		d.ask(*match.Needs)
	case match.Outcome == Ambiguous:
		d.askWhich(match)
	case match.Outcome == Hit:
		return r.answer(reading, d, match.Hits[0])
	case r.mayInvestigate(d, match):
		return r.investigate(ctx, d, matcher, match) // in its own time: a model takes longer
	default:
		d.decline(match, matcher)
	}
	return nil
}

// Match says what the router would make of a question, with the names known so far. It asks no provider for an answer.
func (r *Router) Match(ctx context.Context, text string) Match {
	return r.matcher.Load().Match(text, r.workspace.Names(ctx, false))
}

// understand matches the question against the names known so far. A name that nobody has seen may be new, so the names
// are read once more before it counts as unknown, or as a misspelling of one that is known.
func (r *Router) understand(ctx context.Context, matcher *Matcher, text string) (Match, adapters.Names) {
	names := r.workspace.Names(ctx, false)
	match := matcher.Match(text, names)
	if match.Outcome == Hit && (len(match.Notes) > 0 || !known(match.Hits[0].Slots, names)) {
		names = r.workspace.Names(ctx, true)
		match = matcher.Match(text, names)
	}
	return match, names
}

// known reports whether every name that the question gives has been seen.
func known(slots intents.Slots, names adapters.Names) bool {
	for _, slot := range []string{"service", "namespace", "cluster", "node"} {
		if name, ok := slots[slot].(string); ok && len(names.Find(name)) == 0 {
			return false
		}
	}
	return true
}

// answer does what the intent asks for.
func (r *Router) answer(ctx context.Context, d *draft, hit MatchHit) error {
	d.chosen(hit, r.now())
	if !r.inContext(ctx, d) {
		return nil
	}
	if ok, err := r.sinceDeployment(ctx, d, hit); !ok {
		return err
	}
	err := r.act(ctx, d)
	if err == nil && d.silent() {
		d.explain(r.workspace.Connections(ctx))
	}
	return err
}

func (r *Router) act(ctx context.Context, d *draft) error {
	switch d.intent.Action {
	case intents.ActionList, intents.ActionMetrics:
		return r.list(ctx, d)
	case intents.ActionChanges:
		return r.changes(ctx, d)
	case intents.ActionLogs:
		return r.logs(ctx, d)
	case intents.ActionTopology:
		return r.topology(ctx, d)
	case intents.ActionDiagnose:
		return r.diagnose(ctx, d)
	case intents.ActionAbout:
		return r.about(ctx, d)
	case intents.ActionPropose:
		return r.propose(ctx, d)
	default:
		return fmt.Errorf("intent %s: the router has no action %q", d.intent.ID, d.intent.Action)
	}
}

// inContext narrows the query to the context that the asker named beside the question; a place in the question wins. A
// context that nobody knows is asked back.
func (r *Router) inContext(ctx context.Context, d *draft) bool {
	want := d.asked.Context
	if want == "" || d.query.Scope.Cluster != "" || d.query.Scope.Account != "" {
		return true
	}
	connections := r.workspace.Connections(ctx)
	i := slices.IndexFunc(connections, func(c adapters.Connection) bool {
		return strings.EqualFold(want, c.Name) || strings.EqualFold(want, c.Scope.Cluster) || strings.EqualFold(want, c.Scope.Account)
	})
	if i < 0 {
		d.ask(Needs{Slot: "context", Question: fmt.Sprintf("Nothing connected is called %q. Which context is meant?", want), Candidates: contextNames(connections)})
		return false
	}
	d.within(connections[i])
	return true
}

func contextNames(connections []adapters.Connection) []string {
	var names []string
	for _, c := range connections {
		if c.Name != "" {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ids makes answer ids that sort by time, also when several answers fall into one millisecond or the clock steps back.
type ids struct {
	mu      sync.Mutex
	entropy *ulid.MonotonicEntropy
	last    uint64
}

func (g *ids) next(at time.Time) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = max(g.last, ulid.Timestamp(at))
	id, err := ulid.New(g.last, g.entropy)
	if err != nil {
		return "", fmt.Errorf("make an answer id: %w", err)
	}
	return id.String(), nil
}
