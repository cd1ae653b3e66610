package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clanker/router/agent"
)

func (a *app) modelsTestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [MODEL...]",
		Short: "Ask models a little question that they need a tool for",
		Long: "Ask each MODEL (provider/model or an alias; without one, those of the configuration) a little question that it needs a\n" +
			"tool for, and tell whether the key works, whether the model calls tools, and several at once, and what that took and\n" +
			"cost. Nothing about your infrastructure is sent. The cost counts towards the limits of the day. The exit code is 1\n" +
			"unless all of them work.",
		Example: `  clanker models test
  clanker models test ollama/gemma4:31b anthropic/claude-opus-4-6`,
	}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		trials, err := a.tryModels(cmd.Context(), refs)
		if err != nil {
			return err
		}
		if err := a.print(output, trials, func() error { return a.printTrials(trials) }); err != nil {
			return err
		}
		if slices.ContainsFunc(trials, func(t agent.Trial) bool { return !t.Works() }) {
			return exitWith(exitError)
		}
		return nil
	}
	return cmd
}

// tryModels tries one after the other: a machine of one's own has room for one. Two names of the same model are tried once.
func (a *app) tryModels(ctx context.Context, refs []string) ([]agent.Trial, error) {
	_, books, forget := a.recall(ctx)
	defer forget()
	f, err := a.fallback(books)
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		if refs, err = f.configured(); err != nil {
			return nil, err
		}
	}
	var tried []string
	var trials []agent.Trial
	for _, ref := range refs {
		name, err := f.models.Resolve(ref)
		if err == nil && slices.Contains(tried, name) {
			continue
		}
		tried = append(tried, name)
		done := a.progress("asking " + printable(ref))
		t, err := f.Try(ctx, ref)
		done()
		if err != nil {
			return nil, fmt.Errorf("ask %s: %w", ref, err)
		}
		trials = append(trials, t)
	}
	return trials, nil
}

// configured are the references that the configuration has, of which there must be one.
func (s modelSetup) configured() (refs []string, err error) {
	chosen, err := s.chosen()
	if err == nil && len(chosen) == 0 {
		err = usage("clanker models test ollama/gemma4:31b", "no model is named, and none is configured")
	}
	for _, c := range chosen {
		refs = append(refs, c.As)
	}
	return refs, err
}

func (a *app) printTrials(trials []agent.Trial) error {
	var rows [][]string
	var problems strings.Builder
	for _, t := range trials {
		rows = append(rows, []string{t.Name, verdict(t), toolUse(t), strconv.Itoa(t.Input), strconv.Itoa(t.Output), t.CostUSD, fmt.Sprintf("%.1f", t.ModelMs/1000)})
		if p := t.Problem; p != nil {
			fmt.Fprintf(&problems, "%s: %s\n", printable(t.Name), printable(p.Detail))
			if p.Fix != "" {
				fmt.Fprintf(&problems, "  fix: %s\n", printable(p.Fix))
			}
		}
	}
	_, err := fmt.Fprint(a.stdout, a.table([]string{"model", "state", "tools", "tokens in", "tokens out", "US dollars", "seconds"}, rows), problems.String())
	return err
}

func verdict(t agent.Trial) string {
	switch {
	case t.Problem != nil:
		return string(t.Problem.Reason)
	case t.ToolCalls == 0:
		return "calls no tools"
	case !t.Tools:
		return "calls tools wrongly"
	case !t.Right:
		return "answers wrongly"
	default:
		return "works"
	}
}

func toolUse(t agent.Trial) string {
	switch {
	case t.Parallel:
		return "several at once"
	case t.Tools:
		return "one by one"
	default:
		return "-"
	}
}
