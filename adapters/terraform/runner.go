package terraform

import (
	"context"
	"fmt"
	"sync"
	"time"

	"clanker/adapters"
)

// Tool is the name of the program.
const Tool = "terraform"

// Options say where terraform is and what it may work on.
type Options struct {
	Path    []string            // absolute folders to look for terraform in, in order
	Folders []string            // absolute folders with the configurations that may be worked on
	Home    string              // absolute home folder whose sign-ins are used; empty means none
	Env     []adapters.Variable // more variables for terraform, shown in every plan
	Now     func() time.Time    // nil means time.Now
}

// Runner plans and runs commands of terraform. It is safe for concurrent use; that two applies do not meet is up to the lock
// of terraform's state.
type Runner struct {
	options  Options
	versions sync.Map // of terraforms, by their digests
}

var _ adapters.Runner = (*Runner)(nil)

// NewRunner returns a runner. Nothing is looked at before the first command.
func NewRunner(options Options) *Runner {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Runner{options: options}
}

// Tools returns terraform.
func (*Runner) Tools() []string { return []string{Tool} }

// Plan makes the plan of a command; see the package comment. The error says what to do where a folder, terraform or its
// initialisation is missing, or the command is none that is run here.
func (r *Runner) Plan(ctx context.Context, c adapters.Command) (adapters.Plan, error) {
	s, err := r.open(ctx, c)
	if err != nil {
		return adapters.Plan{}, fmt.Errorf("plan terraform: %w", err)
	}
	defer s.close()
	j, err := s.prepare(ctx, c, "-lock=false")
	if err != nil {
		return adapters.Plan{}, fmt.Errorf("plan terraform: %w", err)
	}
	return j.plan, nil
}

// Run carries out a plan if it is still what it was, and looks at the state afterwards.
func (r *Runner) Run(ctx context.Context, p adapters.Plan, tell func(adapters.Output)) (adapters.Outcome, error) {
	s, err := r.open(ctx, p.Command)
	if err != nil {
		return adapters.Outcome{}, fmt.Errorf("run terraform: %w", err)
	}
	defer s.close()
	j, err := s.prepare(ctx, p.Command, "-lock=true")
	if err != nil {
		return adapters.Outcome{}, fmt.Errorf("run terraform: %w", err)
	}
	if err := unchanged(p, j.plan); err != nil {
		return adapters.Outcome{}, fmt.Errorf("run terraform: %w", err)
	}
	before, err := s.state(ctx, j.at)
	if err != nil {
		return adapters.Outcome{}, fmt.Errorf("run terraform: %w", err)
	}
	o, err := s.run(ctx, j.args, append(j.secrets, before.secrets...), tell)
	if err != nil || j.way < editing {
		return o, err
	}
	s.verify(ctx, &o, before, j)
	return o, nil
}

// unchanged compares an approved plan with what would be done now, as people see them both: the workspace has redacted the one.
func unchanged(approved, now adapters.Plan) error {
	approved, err := adapters.RedactPlan(approved)
	if err != nil {
		return err
	}
	if now, err = adapters.RedactPlan(now); err != nil {
		return err
	}
	if what := difference(approved, now); what != "" {
		return fmt.Errorf("%s changed since it was planned; propose it again", what)
	}
	return nil
}

// difference names the first part in which two plans differ, empty when they are the same.
func difference(approved, now adapters.Plan) string {
	for _, part := range []struct {
		name     string
		was, now any
	}{
		{"the program", approved.Binary, now.Binary},
		{"the environment", approved.Env, now.Env},
		{"the target", approved.Target, now.Target},
		{differingFile(approved.Files, now.Files), approved.Files, now.Files},
		{"what terraform would do", approved.Resources, now.Resources},
		{"what terraform would do", approved.Preview, now.Preview},
		{"the plan", approved, now},
	} {
		was, err := adapters.Canonical(part.was)
		is, err2 := adapters.Canonical(part.now)
		if err != nil || err2 != nil || string(was) != string(is) {
			return part.name
		}
	}
	return ""
}

// differingFile names the first file that is not the same in two sorted lists.
func differingFile(was, is []adapters.File) string {
	for i := range max(len(was), len(is)) {
		switch {
		case i >= len(was) || i < len(is) && is[i].Path < was[i].Path:
			return "the file " + is[i].Path
		case i >= len(is) || is[i] != was[i]:
			return "the file " + was[i].Path
		}
	}
	return "no file"
}
