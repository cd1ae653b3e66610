package reload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"clanker/intents/strict"
)

// Source is one thing that is loaded from files.
type Source struct {
	What  string          // names it in logs and problems: "intents"
	Paths func() []string // the files and folders it is loaded from, absolute or relative; asked before and after every load

	// Load reads and validates, and changes nothing: that is Apply's.
	Load func(context.Context) (Update, error)
}

// Update is what was loaded: valid, and not in use yet.
type Update struct {
	Apply   func() // puts it to use; nil when it is what is in use already
	Changes string // what is new, in words; see [Changes]
}

// Problem is a source whose files are broken: what it had before is still in use.
type Problem struct {
	What   string    `json:"what"`   // the source's; "watching" when changes are seen on SIGHUP only
	Detail string    `json:"detail"` // the first fault
	Faults int       `json:"faults"` // how many there are, at least 1
	Since  time.Time `json:"since"`  // when it broke, in UTC
}

// watching is the What of a problem with the watches.
const watching = "watching"

// Options are the surroundings of a [Reloader]; the zero value is right but for the log.
type Options struct {
	Log *slog.Logger     // nil means slog.Default
	Now func() time.Time // the clock; nil means time.Now
}

// Reloader loads its sources again when their files change. It is safe for concurrent use.
type Reloader struct {
	sources []Source
	log     *slog.Logger
	now     func() time.Time
	trigger chan struct{}
	open    func() (*notifier, error)

	// Of Run's goroutine.
	notifier *notifier
	spots    spots

	mu       sync.Mutex
	problems []Problem // by the order of sources
}

// New returns a Reloader of sources that have been loaded once. They are loaded again in the order given: one that says
// where others lie comes before them.
func New(opts Options, sources ...Source) *Reloader {
	r := &Reloader{sources: sources, log: cmp.Or(opts.Log, slog.Default()), now: opts.Now,
		trigger: make(chan struct{}, 1), open: openNotifier, notifier: &notifier{}}
	if r.now == nil {
		r.now = time.Now
	}
	return r
}

// Trigger makes Run load everything now, whether or not something changed. It returns at once; triggers that come while
// something is being loaded make for one load after it.
func (r *Reloader) Trigger() {
	select {
	case r.trigger <- struct{}{}:
	default: // one is waiting already
	}
}

// Problems are the sources that are broken right now, in the order of the sources.
func (r *Reloader) Problems() []Problem {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.problems)
}

// Run watches and loads until ctx ends. It loads once at its beginning, for what changed since the sources were first
// loaded. It must run once only.
func (r *Reloader) Run(ctx context.Context) {
	defer func() { r.notifier.close() }()
	moved := false
	for asked, ok := false, true; ok; asked, ok = r.wait(ctx, moved) {
		r.watch(ctx)
		before := r.paths()
		for _, source := range r.sources {
			r.load(ctx, source, asked)
		}
		moved = !slices.Equal(before, r.paths()) // what lies elsewhere now is watched, and read, in a moment
	}
}

func (r *Reloader) paths() (paths []string) {
	for _, source := range r.sources {
		paths = append(paths, source.Paths()...)
	}
	return paths
}

// load loads one source and puts it to use. Somebody who asked for it hears of it though nothing changed.
func (r *Reloader) load(ctx context.Context, source Source, asked bool) {
	started := r.now()
	update, err := r.guarded(ctx, source)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		problem := r.report(source.What, err)
		r.log.ErrorContext(ctx, "reload failed, what was loaded before stays in use", "what", source.What,
			"faults", problem.Faults, "first", problem.Detail)
		return
	}
	recovered := r.clear(source.What)
	switch {
	case update.Apply != nil:
		update.Apply()
		r.log.InfoContext(ctx, "reloaded", "what", source.What, "changes", update.Changes,
			"ms", r.now().Sub(started).Milliseconds())
	case recovered:
		r.log.InfoContext(ctx, "without fault again, and as before", "what", source.What)
	case asked:
		r.log.InfoContext(ctx, "nothing new", "what", source.What)
	}
}

// guarded makes an error of a panic: Run has a goroutine of its own, where it would end the process.
func (r *Reloader) guarded(ctx context.Context, source Source) (update Update, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.log.ErrorContext(ctx, "loading panicked", "what", source.What, "panic", cause, "stack", string(debug.Stack()))
			err = fmt.Errorf("load %s: a bug, the log has the details: %v", source.What, cause)
		}
	}()
	return source.Load(ctx)
}

// report remembers that a source is broken, since when it first was.
func (r *Reloader) report(what string, err error) Problem {
	detail, _, _ := strings.Cut(err.Error(), "\n")
	problem := Problem{What: what, Detail: detail, Faults: 1, Since: r.now().UTC()}
	if faults, ok := errors.AsType[strict.Errors](err); ok && len(faults) > 0 {
		problem.Detail, problem.Faults = faults[0].Error(), faults.Count()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := r.find(what); i >= 0 {
		problem.Since = r.problems[i].Since
		r.problems[i] = problem
		return problem
	}
	r.problems = append(r.problems, problem)
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(r.rank(a.What), r.rank(b.What)) })
	return problem
}

// clear forgets that a source was broken, and reports whether it was.
func (r *Reloader) clear(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.find(what)
	if i >= 0 {
		r.problems = slices.Delete(r.problems, i, i+1)
	}
	return i >= 0
}

func (r *Reloader) find(what string) int {
	return slices.IndexFunc(r.problems, func(p Problem) bool { return p.What == what })
}

// rank is a source's place; what is no source comes last.
func (r *Reloader) rank(what string) int {
	i := slices.IndexFunc(r.sources, func(s Source) bool { return s.What == what })
	if i < 0 {
		return len(r.sources)
	}
	return i
}
