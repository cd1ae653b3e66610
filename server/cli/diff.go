package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
	"clanker/router"
)

// routeDiff is what "clanker intents diff" prints.
type routeDiff struct {
	Asked int         `json:"asked"`
	Moved []eval.Move `json:"moved"`
}

func (a *app) diffCommand() *cobra.Command {
	var cases []string
	var failing bool
	cmd := &cobra.Command{
		Use:   "diff [OLD] NEW",
		Short: "Show which questions go elsewhere with other intents",
		Long: `Ask questions with the intents of the folder OLD and with those of the folder NEW, each over the built-in ones, and print
the questions that go to another intent. Without OLD the intents that are in use now are compared with NEW over them.

Asked are the examples, notExamples and tests of both, and labelled questions: the built-in ones, or those of --cases. No
provider is read; the names of the demo estate are known.`,
		Example: `  clanker intents diff ./intents
  clanker intents diff ./intents-of-main ./intents --cases questions.tsv --exit-code`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) == 2 {
				return nil
			}
			return usage("clanker intents diff ./intents", "want one folder of intents, or two")
		},
	}
	cmd.Flags().StringSliceVar(&cases, "cases", nil, "labelled questions from these `files`, in place of the built-in ones")
	cmd.Flags().BoolVar(&failing, "exit-code", false, "end with 1 if a question goes elsewhere")
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		diff, err := a.diff(cmd, dirs, cases)
		if err != nil {
			return a.printFaults(err)
		}
		if err := a.print(output, diff, func() error { return a.printDiff(diff) }); err != nil {
			return err
		}
		if failing && len(diff.Moved) > 0 {
			return exitWith(exitError)
		}
		return nil
	}
	return cmd
}

func (a *app) diff(cmd *cobra.Command, dirs, files []string) (routeDiff, error) {
	seen, err := a.demoNames(cmd.Context())
	if err != nil {
		return routeDiff{}, err
	}
	before, was, err := prove(a.layers(dirs[:len(dirs)-1]...))
	if err != nil {
		return routeDiff{}, err
	}
	after, is, err := prove(a.layers(dirs[len(dirs)-1]))
	if err != nil {
		return routeDiff{}, err
	}
	labelled, err := loadCases(union(before, after), files)
	if err != nil {
		return routeDiff{}, err
	}
	own := []eval.Suite{eval.Examples(after), eval.Own(after), eval.Examples(before), eval.Own(before)}
	with := func(m *router.Matcher) func(eval.Suite) eval.Classifier {
		return func(s eval.Suite) eval.Classifier { return eval.ByMatcher(m, s.Names(seen)) }
	}
	moved, asked := eval.Moves(slices.Concat(own, labelled), with(was), with(is))
	return routeDiff{asked, moved}, nil
}

// union knows the intents of both catalogues: cases may name one that only one of them has.
func union(before, after *intents.Catalog) *intents.Catalog {
	all := slices.Clone(after.Intents)
	for _, in := range before.Intents {
		if _, both := after.Intent(in.ID); !both {
			all = append(all, in)
		}
	}
	slices.SortFunc(all, func(a, b *intents.Intent) int { return cmp.Compare(a.ID, b.ID) })
	return &intents.Catalog{Intents: all}
}

func (a *app) printDiff(diff routeDiff) error {
	var text strings.Builder
	rows := make([][]string, 0, len(diff.Moved))
	for _, m := range diff.Moved {
		rows = append(rows, []string{cmp.Or(m.From, "nowhere"), cmp.Or(m.To, "nowhere"), m.Question, m.At})
	}
	if len(rows) > 0 {
		text.WriteString(a.table([]string{"from", "to", "question", "at"}, rows))
	}
	_, err := fmt.Fprintf(a.stdout, "%s%d of %s go elsewhere\n", &text, len(diff.Moved), adapters.Count(diff.Asked, "question"))
	return err
}
