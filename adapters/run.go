package adapters

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// planDeadline is how long making a plan may take: a preview is a dry run at the provider.
const planDeadline = 2 * time.Minute

// maxPreview is how many bytes of a preview a plan keeps.
const maxPreview = 64 << 10

// Plan makes the plan of a command, with the runner of its tool; texts in it are redacted.
func (w *Workspace) Plan(ctx context.Context, c Command) (p Plan, err error) {
	runner, err := w.runner(c.Tool)
	if err != nil {
		return Plan{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, planDeadline)
	defer cancel()
	defer recovered(&err)
	if p, err = runner.Plan(ctx, c); err != nil {
		return Plan{}, fmt.Errorf("%s", RedactText(err.Error()))
	}
	return RedactPlan(p)
}

// Run carries out a plan, with the runner of its tool; what the command writes is redacted.
func (w *Workspace) Run(ctx context.Context, p Plan, tell func(Output)) (o Outcome, err error) {
	runner, err := w.runner(p.Command.Tool)
	if err != nil {
		return Outcome{}, err
	}
	if tell == nil {
		tell = func(Output) {}
	}
	defer func() { // nobody knows how far it came: that is no error, which would mean that nothing was started
		if failure := recover(); failure != nil {
			o, err = Outcome{Exit: -1, Failure: panicked(failure).Error()}, nil
		}
	}()
	o, err = runner.Run(ctx, p, func(piece Output) {
		piece.Text = RedactText(piece.Text)
		tell(piece)
	})
	return redactOutcome(o), err
}

// Tools are the tools whose commands can be run here, sorted.
func (w *Workspace) Tools() []string {
	var tools []string
	for _, r := range w.Runners {
		tools = append(tools, r.Tools()...)
	}
	slices.Sort(tools)
	return tools
}

func (w *Workspace) runner(tool string) (Runner, error) {
	for _, r := range w.Runners {
		if slices.Contains(r.Tools(), tool) {
			return r, nil
		}
	}
	agents := slices.DeleteFunc(w.Tools(), func(tool string) bool { return tables()[tool] == nil }) // may propose their commands
	return nil, fmt.Errorf("commands of %s are understood, but nothing in this workspace runs them: it runs %s", tool, strings.Join(agents, ", "))
}

// recovered turns a runner's panic into an error.
func recovered(err *error) {
	if failure := recover(); failure != nil {
		*err = panicked(failure)
	}
}

// RedactPlan masks the secrets in a plan; to do it twice changes nothing. A mask never takes whole lines of the preview with it: who writes an open quote
// behind the name of a secret would hide all that follows from those who approve. Runners mask values one by one before.
func RedactPlan(p Plan) (Plan, error) {
	m := &masker{counts: map[string]int{}}
	shown := m.text(p.Preview.Text)
	if strings.Count(shown, "\n") != strings.Count(p.Preview.Text, "\n") {
		return Plan{}, errors.New("the preview has what looks like a secret of several lines, and without them nobody would see what changes: " +
			"look for an open quote, bracket or brace behind a word like password, and leave it out")
	}
	p.Preview.Text, p.Preview.Reason = shown, m.text(p.Preview.Reason)
	if len(p.Preview.Text) > maxPreview {
		p.Preview.Text = strings.ToValidUTF8(p.Preview.Text[:maxPreview], "") + "\n(cut: the preview is longer)"
	}
	p.Resources = slices.Clone(p.Resources)
	for i := range p.Resources {
		r := &p.Resources[i]
		r.Labels, r.Fields = masked(m, r.Labels, m.field), slices.Clone(r.Fields)
		for j := range r.Fields {
			f := &r.Fields[j]
			f.Before, f.After = m.field(f.Name, f.Before), m.field(f.Name, f.After)
		}
	}
	return p, nil
}

func redactOutcome(o Outcome) Outcome {
	m := &masker{counts: map[string]int{}}
	o.Stdout, o.Stderr, o.Failure, o.Verified = m.text(o.Stdout), m.text(o.Stderr), m.text(o.Failure), m.text(o.Verified)
	o.Observed = m.changes(slices.Clone(o.Observed))
	o.Secrets += m.total
	return o
}
