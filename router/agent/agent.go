package agent

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/cost"
	"clanker/router/agent/models"
)

// Models opens models by reference: provider/model or an alias, empty for the default, as [models.Models] does. Its errors are
// [*adapters.SourceError].
type Models interface {
	Resolve(ref string) (name string, err error)
	Open(ctx context.Context, ref string) (*models.Model, error)
}

var _ Models = (*models.Models)(nil)

// Books keep what models cost, and what they were used for. They are shared by all processes of a workspace.
type Books interface {
	// Reserve enters a call before it is made, with the highest cost that it can have. It returns a [*router.LimitError], and enters
	// nothing, when the call is more than the limit has left.
	Reserve(ctx context.Context, s router.Spend, limit router.SpendLimit) error
	// Settle enters what a reserved call did cost.
	Settle(ctx context.Context, id string, t router.Tokens, c router.Cost) error
	// Note keeps an investigation.
	Note(ctx context.Context, i router.Investigation) error
}

// Limits are those of one question, except for the daily ones. Zero tokens and nil costs are no limits.
type Limits struct {
	Steps         int           // turns of the model, the last one aside
	Time          time.Duration // for all of it
	Tokens        int           // in and out, of all turns
	Cost          router.Cost   // nil: no limit
	Output        int           // tokens that one turn may say
	Daily         router.Cost   // of all askers in a UTC day; nil: no limit
	DailyUnpriced int           // tokens of all askers in a UTC day, of models whose price is unknown
}

// DefaultLimits are those of somebody who configured none.
func DefaultLimits() Limits {
	return Limits{Steps: 12, Time: 50 * time.Second, Tokens: 200_000, Cost: new(int64(1_000_000)), Output: 6000, Daily: new(int64(5_000_000)), DailyUnpriced: 2_000_000}
}

// Settings are what an agent runs with, and may be changed while it does.
type Settings struct {
	Models   Models
	Research string // the model for questions that ask for causes; empty for the default
	Prices   *cost.Table
	Limits   Limits
}

// Options are what an agent is made of.
type Options struct {
	Settings
	Books Books
	Now   func() time.Time // the clock; nil means time.Now
}

// Agent looks into what no intent covers. It is safe for concurrent use.
type Agent struct {
	settings atomic.Pointer[Settings]
	books    Books
	now      func() time.Time
}

var _ router.Fallback = (*Agent)(nil)

// New returns an agent. Nothing is opened before a question needs it.
func New(o Options) *Agent {
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &Agent{books: o.Books, now: o.Now}
	a.Use(o.Settings)
	return a
}

// Use makes the agent run with other settings; a question that is being looked into keeps those that it began with.
func (a *Agent) Use(s Settings) { a.settings.Store(&s) }

// Answer looks into the question. What is wrong with the model is in the finding; an error means that ctx ended.
func (a *Agent) Answer(ctx context.Context, q router.Question, desk *router.Desk) (router.Finding, error) {
	s := a.settings.Load()
	ref := s.reference(q, desk)
	name, err := s.Models.Resolve(ref)
	if err != nil {
		return unopened(ref, err), nil
	}
	working, done := context.WithTimeoutCause(ctx, s.Limits.Time, errTime)
	defer done()
	model, err := s.Models.Open(working, ref)
	if err := ctx.Err(); err != nil {
		return router.Finding{}, err
	}
	if err != nil {
		return unopened(name, s.opening(working, err)), nil
	}
	i := a.inquiry(s, model, q, desk)
	ending := i.run(working)
	if err := ctx.Err(); err != nil {
		return router.Finding{}, err
	}
	finding := i.finding(ending)
	a.note(ctx, q, i, &finding)
	return finding, nil
}

var errTime = errors.New("the time for this question is used up")

// opening is why a model could not be opened: of itself, or because its key took all the time.
func (s *Settings) opening(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return (&limitError{why: fmt.Sprintf("its key was not found within the %s of a question", s.Limits.Time), fix: "run the command of the key by hand to see what it waits for, or raise models.seconds"}).problem()
}

// reference is the model that the asker chose, else the one for questions of this kind.
func (s *Settings) reference(q router.Question, desk *router.Desk) string {
	if q.Model == "" && s.Research != "" && wantsCause(desk) {
		return s.Research
	}
	return q.Model
}

// wantsCause reports whether the question is nearest to intents that find causes.
func wantsCause(desk *router.Desk) bool {
	tried := desk.Match().Tried
	if len(tried) == 0 {
		return false
	}
	in, ok := desk.Catalog().Intent(tried[0].Intent)
	return ok && (in.Topic == intents.TopicDiagnose || in.Topic == intents.TopicScan)
}

// unopened is the finding where there is no model to ask.
func unopened(name string, err error) router.Finding {
	return router.Finding{Problem: problem(err), Usage: router.ModelUsage{Name: router.Printable(name), CostUSD: router.USD(new(int64(0)))}}
}

// problem gives an error the shape that answers need.
func problem(err error) *adapters.SourceError {
	if known, ok := errors.AsType[*adapters.SourceError](err); ok {
		return known
	}
	return &adapters.SourceError{Reason: adapters.Internal, Detail: err.Error(), Fix: "report this as a bug", Err: err}
}

// entering is how long an entry in the books may take once the model has answered: the asker waits for it.
const entering = 3 * time.Second

// note keeps what was asked for, for intents to be made from. Without it the answer stands.
func (a *Agent) note(ctx context.Context, q router.Question, i *inquiry, f *router.Finding) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), entering)
	defer done()
	noted := router.Investigation{Answer: i.desk.ID(), At: a.now(), Asker: q.Asker.Claimed(), Question: adapters.RedactText(q.Text), Model: i.model.Name, Tokens: i.budget.tokens,
		Cost: i.budget.spent(), Uses: i.uses}
	if err := a.books.Note(ctx, noted); err != nil {
		f.Warnings = append(f.Warnings, fmt.Sprintf("this question could not be noted, so no intent will be made of it: %v", err))
	}
}
