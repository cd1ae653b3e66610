package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router"
)

func (a *app) intentsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "intents",
		Short: "Check, list, explain and test the intents",
		Long:  "Check, list, explain and test the intents: those built in or, with --intents, those of a folder.",
		Example: `  clanker intents list
  clanker intents explain health.services
  clanker intents check ./intents`,
	}, a.checkCommand(), a.listCommand(), a.explainCommand(), a.testCommand())
}

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "check [DIR]",
		Short:   "Load the intents and print every fault as file:line:column",
		Long:    "Load the intents, built in or in DIR, and print every fault as file:line:column with its remedy.",
		Example: "  clanker intents check ./intents",
		Args:    atMostOne,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.config.Intents.Dirs = args
			}
			return a.check()
		},
	}
}

func (a *app) check() error {
	catalog, _, err := a.matcher()
	if err != nil {
		return a.printFaults(err)
	}
	_, err = fmt.Fprintf(a.stdout, "%s, no faults\n", count(len(catalog.Intents), "intent"))
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
		fmt.Fprintln(&lines, printable(a.placed(fault).Error()))
	}
	if _, err := fmt.Fprint(a.stdout, lines.String()); err != nil {
		return err
	}
	return errors.New(count(len(faults), "fault"))
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// summary is one line of "clanker intents list".
type summary struct {
	ID          string        `json:"id"`
	Topic       intents.Topic `json:"topic"`
	Description string        `json:"description"`
}

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List what can be asked", Args: noArguments}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(*cobra.Command, []string) error {
		catalog, err := a.catalog()
		if err != nil {
			return err
		}
		list, rows := make([]summary, 0, len(catalog.Intents)), make([][]string, 0, len(catalog.Intents))
		for _, in := range catalog.Intents {
			list = append(list, summary{in.ID, in.Topic, in.Description})
			rows = append(rows, []string{in.ID, string(in.Topic), in.Description})
		}
		return a.print(output, list, func() error {
			_, err := fmt.Fprint(a.stdout, a.table([]string{"id", "topic", "description"}, rows))
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
	definition, err := a.definition(in.Pos)
	if err != nil {
		return err
	}
	e := explained{summary: summary{in.ID, in.Topic, in.Description}, YAML: definition,
		Position: fmt.Sprintf("%s:%d:%d", filepath.Join(a.dir(), in.Pos.File), in.Pos.Line, in.Pos.Column)}
	for _, example := range in.Examples {
		e.Examples = append(e.Examples, example.Text)
	}
	for _, pattern := range in.Patterns {
		e.Patterns = append(e.Patterns, pattern.Text)
	}
	return a.print(output, e, func() error {
		_, err := fmt.Fprintf(a.stdout, "# %s\n%s", e.Position, printable(e.YAML))
		return err
	})
}

// definition cuts the intent that starts at a position out of its file: the file is the best explanation there is.
func (a *app) definition(at intents.Position) (string, error) {
	source, err := a.intentFiles()
	if err != nil {
		return "", err
	}
	content, err := fs.ReadFile(source, at.File)
	if err != nil {
		return "", fmt.Errorf("read the definition: %w", err)
	}
	lines := strings.SplitAfter(string(content), "\n")[at.Line-1:]
	end := 1
	for end < len(lines) && !strings.HasPrefix(lines[end], "- ") && !strings.HasPrefix(lines[end], "#") {
		end++
	}
	return strings.TrimRight(strings.Join(lines[:end], ""), "\n") + "\n", nil
}

func (a *app) testCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Ask every intent its own examples and print those that go elsewhere",
		Long: "Ask every intent its own examples and print those that go elsewhere. With --demo they are asked while the names\n" +
			"of the demo estate are known, as in a workspace that has seen its services.",
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
			return a.test(catalog, matcher, a.knownNames(cmd.Context(), workspace))
		},
	}
}

func (a *app) test(catalog *intents.Catalog, matcher *router.Matcher, names adapters.Names) error {
	examples := 0
	var strays intents.Errors
	for _, in := range catalog.Intents {
		for _, example := range in.Examples {
			examples++
			match := matcher.Match(example.Text, names)
			if len(match.Hits) != 1 || match.Hits[0].Intent != in {
				strays = append(strays, stray(in, example, match))
			}
		}
	}
	if err := strays.Err(); err != nil {
		return a.printFaults(err)
	}
	_, err := fmt.Fprintf(a.stdout, "%s of %s, all go where they belong\n", count(examples, "example"), count(len(catalog.Intents), "intent"))
	return err
}

func stray(in *intents.Intent, example intents.Example, match router.Match) intents.Fault {
	where := "nowhere: " + match.Reason
	if len(match.Hits) > 0 {
		where = "to " + match.Hits[0].Intent.ID
	}
	return intents.Fault{Pos: example.Pos, Subject: intents.Subject(in.ID), Where: "examples", Message: fmt.Sprintf("%q goes %s", example.Text, where)}
}
