package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"clanker/adapters"
	"clanker/adapters/internal/command"
)

// RunnerOptions say where things are. The zero value follows kubectl and the PATH.
type RunnerOptions struct {
	Options
	Path    []string      // folders where kubectl and helm are looked for; nil means those of $PATH
	Folder  string        // where the files are that a command names; empty means the working folder
	Plugins []string      // names of sign-in programs that may be used besides the well-known ones
	Limit   time.Duration // most that a command that changes something may take; 0 means 15 minutes
}

// Runner plans and runs the commands of kubectl and helm. It is safe for concurrent use. See the package comment.
type Runner struct {
	options RunnerOptions
	driver  *Driver

	mu       sync.Mutex
	versions map[string]string // of tools, by their digest
}

var _ adapters.Runner = (*Runner)(nil)

// The tools.
const (
	kubectlTool = "kubectl"
	helmTool    = "helm"
)

// NewRunner returns the runner. It looks for nothing yet: a tool that is missing is told when it is to be used.
func NewRunner(o RunnerOptions) *Runner {
	if o.Path == nil {
		o.Path = filepath.SplitList(os.Getenv("PATH"))
	}
	if o.Limit == 0 {
		o.Limit = 15 * time.Minute
	}
	return &Runner{options: o, driver: Open(o.Options), versions: map[string]string{}}
}

// Tools implements [adapters.Runner].
func (r *Runner) Tools() []string { return []string{helmTool, kubectlTool} }

// Plan implements [adapters.Runner].
func (r *Runner) Plan(ctx context.Context, c adapters.Command) (p adapters.Plan, err error) {
	if !slices.Contains(r.Tools(), c.Tool) {
		return p, fmt.Errorf("plan %q: only %v are planned here", c.Tool, r.Tools())
	}
	w, err := r.work(ctx, c)
	if err != nil {
		return p, fmt.Errorf("plan %s: %w", c.Tool, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	p = adapters.Plan{
		Schema: adapters.PlanSchema, Command: c, Binary: w.binary, Env: environment(), Target: w.access.target,
		Files: w.inputs(), Preview: adapters.Preview{Kind: adapters.PreviewNone, Reason: "it only reads"},
	}
	if w.reads() {
		return p, nil
	}
	found, err := w.foresee(ctx)
	if err != nil {
		return p, fmt.Errorf("plan %s: %w", c.Tool, err)
	}
	p.Resources, p.Preview, p.Undo = w.touched(found.touches), found.preview, found.undo
	return p, nil
}

// environment is what every command gets besides the generated paths: kubectl shall not look for preferences.
func environment() []adapters.Variable { return []adapters.Variable{{Name: "KUBERC", Value: "off"}} }

// forecast is what a command would do.
type forecast struct {
	touches []touch
	preview adapters.Preview
	undo    []string
}

func (w *work) foresee(ctx context.Context) (forecast, error) {
	look := w.foreseeKubectl
	if w.command.Tool == helmTool {
		look = w.foreseeHelm
	}
	found, err := look(ctx)
	for _, t := range found.touches {
		if n := len(t.fields()); n > mostFields {
			kind, name := nameOf(t.either())
			return forecast{}, fmt.Errorf("it changes %d values of %s %s, which is more than anybody can look through: change %d at most", n, kind, name, mostFields)
		}
	}
	return found, err
}

// Run implements [adapters.Runner]. What the plan was made from is looked at once more: the tool, the files, the target and
// what is wanted of the resources that would be touched.
func (r *Runner) Run(ctx context.Context, p adapters.Plan, tell func(adapters.Output)) (o adapters.Outcome, err error) {
	w, err := r.work(ctx, p.Command)
	if err != nil {
		return o, fmt.Errorf("run %s: %w", p.Command.Tool, err)
	}
	defer func() {
		if left := w.close(); left != nil && err == nil {
			o.Verified += fmt.Sprintf(" (the private folder could not be removed: %s)", left)
		}
	}()
	touches, err := w.unchanged(ctx, p)
	if err != nil {
		return o, fmt.Errorf("run %s: %w", p.Command.Tool, err)
	}
	o, err = w.folder.Run(ctx, command.Spec{
		Binary: p.Binary, Args: w.guarded(p), Env: append(w.generated(), environment()...), Secrets: w.access.secrets, Tell: tell,
		Time: w.limit(), Now: r.driver.now,
	})
	if err != nil {
		return o, fmt.Errorf("run %s: %w", p.Command.Tool, err)
	}
	w.verify(context.WithoutCancel(ctx), touches, &o)
	return o, nil
}

// limit is how long the command may take. A read that goes on for ever (logs --follow) ends early.
func (w *work) limit() time.Duration {
	if w.reads() {
		return min(w.runner.options.Limit, command.DefaultTime)
	}
	return w.runner.options.Limit
}

// unchanged reports what is not as the plan says, and returns what would be touched as it is now.
func (w *work) unchanged(ctx context.Context, p adapters.Plan) ([]touch, error) {
	switch {
	case w.binary != p.Binary:
		return nil, fmt.Errorf("%s is not the one of the plan: plan again", w.binary.Path)
	case w.access.target != p.Target:
		return nil, fmt.Errorf("the target is not the one of the plan: context %s leads elsewhere, or to somebody else: plan again", p.Target.Cluster)
	case !slices.Equal(environment(), p.Env):
		return nil, errors.New("the environment is not that of the plan: plan again")
	case !slices.Equal(w.inputs(), p.Files):
		return nil, errors.New("the files that the command reads are not those of the plan: plan again")
	case w.reads():
		return nil, nil
	}
	now, err := w.foresee(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at what would be touched: %w", err)
	}
	same := slices.EqualFunc(w.touched(now.touches), p.Resources, func(a, b adapters.Touched) bool {
		return a.ID == b.ID && a.Version == b.Version && a.Action == b.Action
	})
	if !same {
		return nil, errors.New("what it would touch is not as it was when the plan was made: plan again")
	}
	return now.touches, nil
}
