package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
)

func (a *app) intentsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "intents",
		Short: "Check, list, explain, test, compare and suggest intents",
		Long: "Check, list, explain, test, compare and suggest intents: those built in, with those of your folders (--intents, or\n" +
			"intents.dirs of the configuration) over them.",
		Example: `  clanker intents list
  clanker intents explain health.services
  clanker intents check ./intents
  clanker intents suggest --write ./intents`,
	}, a.checkCommand(), a.listCommand(), a.explainCommand(), a.testCommand(), a.diffCommand(), a.schemaCommand(), a.intentsSuggestCommand())
}

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [DIR...]",
		Short: "Load the intents and print every fault as file:line:column",
		Long: "Load the intents, with those of each DIR over them, and print every fault as file:line:column with its remedy. With\n" +
			"--builtin-intents=false the folders are checked alone.",
		Example: "  clanker intents check ./intents",
		RunE:    func(_ *cobra.Command, args []string) error { return a.check(args) },
	}
}

func (a *app) check(dirs []string) error {
	catalog, _, err := prove(a.layers(dirs...))
	if err != nil {
		return a.printFaults(err)
	}
	var text strings.Builder
	for i, layer := range catalog.Layers {
		own, overrides := 0, 0
		for _, in := range catalog.Intents {
			if in.Layer == i {
				own++
				if in.Overrides != nil {
					overrides++
				}
			}
		}
		fmt.Fprintf(&text, "%s: %s", printable(layer), adapters.Count(own, "intent"))
		if overrides > 0 {
			fmt.Fprintf(&text, ", %d of them in the place of another", overrides)
		}
		text.WriteString("\n")
	}
	_, err = fmt.Fprintf(a.stdout, "%s%s, no faults\n", &text, adapters.Count(len(catalog.Intents), "intent"))
	return err
}

// printFaults prints all that is wrong with the intents, if that is what err is about.
func (a *app) printFaults(err error) error {
	faults, ok := errors.AsType[intents.Errors](err)
	if !ok {
		return err
	}
	var lines strings.Builder
	for _, fault := range faults {
		fmt.Fprintln(&lines, printable(fault.Error()))
	}
	if _, err := fmt.Fprint(a.stdout, lines.String()); err != nil {
		return err
	}
	return errors.New(adapters.Count(faults.Count(), "fault"))
}

// summary is one line of "clanker intents list".
type summary struct {
	ID          string        `json:"id"`
	Topic       intents.Topic `json:"topic"`
	Description string        `json:"description"`
	From        string        `json:"from"`                // built-in, or the folder
	Overrides   []string      `json:"overrides,omitempty"` // where those are from that it took the place of, the last first
}

func summarize(c *intents.Catalog, in *intents.Intent) summary {
	s := summary{ID: in.ID, Topic: in.Topic, Description: in.Description, From: c.Layers[in.Layer]}
	for over := in.Overrides; over != nil; over = over.Overrides {
		s.Overrides = append(s.Overrides, c.Layers[over.Layer])
	}
	return s
}

// origin is where an intent is from, in words.
func (s summary) origin() string {
	if len(s.Overrides) == 0 {
		return printable(s.From)
	}
	return printable(s.From + ", overrides " + strings.Join(s.Overrides, ", "))
}

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List what can be asked, and which folder each intent is from", Args: noArguments}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(*cobra.Command, []string) error {
		catalog, err := a.catalog()
		if err != nil {
			return err
		}
		list, rows := make([]summary, 0, len(catalog.Intents)), make([][]string, 0, len(catalog.Intents))
		for _, in := range catalog.Intents {
			s := summarize(catalog, in)
			list = append(list, s)
			rows = append(rows, []string{s.ID, string(s.Topic), s.origin(), s.Description})
		}
		return a.print(output, list, func() error {
			_, err := fmt.Fprint(a.stdout, a.table([]string{"id", "topic", "from", "description"}, rows))
			return err
		})
	}
	return cmd
}

// explained is an intent with its place and its definition as somebody wrote it.
type explained struct {
	summary
	Position string   `json:"position"`
	Examples []string `json:"examples"`
	Patterns []string `json:"patterns"`
	YAML     string   `json:"yaml"`
}

func (a *app) explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain ID",
		Short:   "Show one intent: where it is, and its whole definition",
		Example: "  clanker intents explain health.services",
		Args:    exactlyOne,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return a.intentIDs(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return a.explain(args[0], output) }
	return cmd
}

func (a *app) intentIDs() []string {
	catalog, err := a.catalog()
	if err != nil {
		return nil
	}
	var ids []string
	for _, in := range catalog.Intents {
		ids = append(ids, in.ID)
	}
	return ids
}

func (a *app) explain(id string, output choice) error {
	catalog, err := a.catalog()
	if err != nil {
		return err
	}
	in, ok := catalog.Intent(id)
	if !ok {
		return usage(nearest(id, "", a.intentIDs(), "clanker intents list"), "unknown intent %q", id)
	}
	e := explained{summary: summarize(catalog, in), Position: in.Pos.String(), YAML: in.Source}
	for _, example := range in.Examples {
		e.Examples = append(e.Examples, example.Text)
	}
	for _, pattern := range in.Patterns {
		e.Patterns = append(e.Patterns, pattern.Text)
	}
	return a.print(output, e, func() error {
		var text strings.Builder
		fmt.Fprintf(&text, "# %s\n", e.Position)
		for over := in.Overrides; over != nil; over = over.Overrides {
			fmt.Fprintf(&text, "# in the place of %s\n", over.Pos)
		}
		_, err := fmt.Fprint(a.stdout, printable(text.String()+e.YAML))
		return err
	})
}

func (a *app) testCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Ask every intent its own examples, notExamples and tests, and print those that fail",
		Long: "Ask every intent its own examples, notExamples and tests, and print those that go elsewhere, that go where they must\n" +
			"not, or that give other slots. With --demo they are asked while the names of the demo estate are known, as in a\n" +
			"workspace that has seen its services.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			catalog, matcher, err := a.matcher()
			if err != nil {
				return a.printFaults(err)
			}
			workspace, err := a.workspace()
			if err != nil {
				return err
			}
			return a.test(catalog, eval.ByMatcher(matcher, a.knownNames(cmd.Context(), workspace)))
		},
	}
}

func (a *app) test(catalog *intents.Catalog, by eval.Classifier) error {
	examples, own := eval.Examples(catalog), eval.Own(catalog)
	var faults intents.Errors
	for _, c := range slices.Concat(examples.Cases, own.Cases) {
		if problem := c.Problem(by.Classify(c.Question)); problem != "" {
			faults = append(faults, intents.Fault{Pos: c.Pos, Subject: intents.Subject(cmp.Or(c.Not, c.Intent)), Where: c.Group, Message: fmt.Sprintf("%q %s", c.Question, problem)})
		}
	}
	if err := faults.Err(); err != nil {
		return a.printFaults(err)
	}
	_, err := fmt.Fprintf(a.stdout, "%s and %s of %s, all go where they belong\n", adapters.Count(len(examples.Cases), "example"), adapters.Count(len(own.Cases), "test"), adapters.Count(len(catalog.Intents), "intent"))
	return err
}
