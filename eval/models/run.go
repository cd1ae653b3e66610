package models

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"clanker/router"
)

// Asker asks the program a question, which a model looks into.
type Asker interface {
	Ask(ctx context.Context, model, question string) (router.Answer, error)
}

// Binary is the program as people run it.
type Binary struct {
	Path string
	Env  []string // nil: that of this process
}

var _ Asker = Binary{}

// Ask asks about the demo estate. An exit code that says how the answer is, is no error.
func (b Binary) Ask(ctx context.Context, model, question string) (a router.Answer, err error) {
	out, err := b.run(ctx, "ask", "--demo", "--model", model, "--output", "json", "--", question)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(out, &a); err != nil {
		return a, fmt.Errorf("read the answer of %s ask: %w", b.Path, err)
	}
	return a, nil
}

func (b Binary) run(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, b.Path, args...)
	cmd.Env, cmd.Stderr = b.Env, &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(out) > 0 && ctx.Err() == nil {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("run %s %s: %w: %s", b.Path, args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// preferred are the models that are asked where MODELS names none: of each provider one that many use.
func preferred() []string {
	return []string{"anthropic/claude-sonnet-4-6", "openai/gpt-5.4", "google/gemini-3-flash-preview", "cohere/command-a-03-2025", "ollama/gemma4:31b"}
}

// Found returns a model of each provider that answers: the preferred one if it is there, else the first that is listed. A provider
// whose key is not found does not answer, and neither does one that is not reached.
func (b Binary) Found(ctx context.Context) ([]string, error) {
	out, err := b.run(ctx, "models", "list", "--output", "json")
	if err != nil {
		return nil, err
	}
	var list struct {
		Providers []struct {
			Models []struct{ Model string }
		}
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("read what %s models list prints: %w", b.Path, err)
	}
	var found []string
	for _, p := range list.Providers {
		var refs []string
		for _, m := range p.Models {
			refs = append(refs, m.Model)
		}
		if i := slices.IndexFunc(refs, func(ref string) bool { return slices.Contains(preferred(), ref) }); i > 0 {
			refs = refs[i:]
		}
		found = append(found, refs[:min(1, len(refs))]...)
	}
	return found, nil
}

// Result is what one model made of the cases.
type Result struct {
	Model    string
	Outcomes []Outcome // in the order of the cases
}

// Outcome is what one model made of one case.
type Outcome struct {
	Case string
	Verdict
	Status     router.Status
	Problem    string // why the model did not answer, or not to the end
	Model      router.ModelUsage
	Unverified int
	Took       time.Duration
}

// Run asks a model all cases, one after the other, and tells of each as it comes unless tell is nil. An error means that ctx ended or
// that there is no program to ask.
func Run(ctx context.Context, asker Asker, model string, cases []Case, tell func(Outcome)) (Result, error) {
	r := Result{Model: model}
	for _, c := range cases {
		a, err := asker.Ask(ctx, model, c.Question)
		if err != nil {
			return r, err
		}
		o := Outcome{Case: c.ID, Verdict: c.Judge(a), Status: a.Status, Unverified: len(a.Unverified), Took: time.Duration(a.Usage.ElapsedMs * float64(time.Millisecond))}
		if a.Usage.Model != nil {
			o.Model = *a.Usage.Model
		}
		if len(a.Coverage.NotChecked) > 0 && (a.Status == router.StatusError || a.Status == router.StatusPartial) {
			o.Problem = a.Coverage.NotChecked[len(a.Coverage.NotChecked)-1].Detail
		}
		r.Outcomes = append(r.Outcomes, o)
		if tell != nil {
			tell(o)
		}
	}
	return r, nil
}
