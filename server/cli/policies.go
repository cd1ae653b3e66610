package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/intents/strict"
	"clanker/policies"
)

func (a *app) policiesCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "policies",
		Short: "Check, test and explain the policies that say who must approve what",
		Long: "Check, test and explain the policies that say what may run, and who must approve it: those built in, or those of DIR,\n" +
			"of --policies or of policies.dir of the configuration. A folder that has no Rego file takes the built-in rules, and one\n" +
			"that has no data.yaml takes the built-in settings.",
		Example: `  clanker policies init ./policies
  clanker policies check ./policies
  clanker policies test ./policies
  clanker policies explain --environment production -- kubectl scale deployment/checkout --replicas=5`,
	}, a.policiesCheckCommand(), a.policiesTestCommand(), a.policiesExplainCommand(), a.policiesSchemaCommand(), a.policiesInitCommand())
}

// rulebook is a folder of policies, or what is built in.
type rulebook struct {
	dir   string // empty is what is built in
	files fs.FS
}

func (a *app) rulebook(args []string) rulebook {
	dir := strings.Join(args, "")
	if dir == "" {
		dir = a.config.Policies.Dir
	}
	if dir == "" {
		return rulebook{"", policies.Default()}
	}
	return rulebook{dir, os.DirFS(dir)}
}

// name is what the rulebook is called in messages.
func (b rulebook) name() string {
	if b.dir == "" {
		return "built-in"
	}
	return b.dir
}

// placed are faults with the folder before their files, so that an editor finds them.
func (b rulebook) placed(err error) error {
	faults, ok := errors.AsType[strict.Errors](err)
	switch {
	case err == nil:
		return nil
	case !ok && b.dir != "":
		return fmt.Errorf("%s: %w", b.dir, err)
	case !ok:
		return err
	}
	return b.inDir(faults).Err()
}

func (b rulebook) inDir(faults strict.Errors) strict.Errors {
	faults = slices.Clone(faults)
	for i := range faults {
		faults[i].Pos.File = filepath.Join(b.dir, faults[i].Pos.File)
	}
	return faults
}

func (b rulebook) load() (*policies.Engine, error) {
	engine, err := policies.Load(b.files)
	return engine, b.placed(err)
}

func (a *app) policiesCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Compile the policies and print every fault as file:line:column",
		Long: "Compile the policies and print every fault as file:line:column: what does not compile, a misspelt field of the input or\n" +
			"of data.yaml, a rule that nothing uses, a function that policies may not use, a file that is not formatted. Warnings\n" +
			"are printed too, and are no faults.",
		Example: "  clanker policies check ./policies",
		Args:    atMostOne,
	}
	fix := cmd.Flags().Bool("fix", false, "write the files of DIR as they should be formatted")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return a.checkPolicies(a.rulebook(args), *fix) }
	return cmd
}

func (a *app) checkPolicies(book rulebook, fix bool) error {
	engine, err := book.load()
	if err != nil {
		return a.printFaults(err)
	}
	unformatted, err := engine.Unformatted()
	if err != nil {
		return err
	}
	var faults strict.Errors
	for _, name := range slices.Sorted(maps.Keys(unformatted)) {
		if fix && book.dir != "" {
			err = os.WriteFile(filepath.Join(book.dir, filepath.FromSlash(name)), unformatted[name], 0o644)
		} else {
			faults = append(faults, strict.Fault{Pos: strict.Position{File: name}, Message: "it is not formatted", Remedy: "let clanker policies check --fix do it"})
		}
		if err != nil {
			return fmt.Errorf("format the policies: %w", err)
		}
	}
	for _, warning := range book.inDir(engine.Warnings()) {
		if _, err := fmt.Fprintf(a.stdout, "warning: %s\n", printable(warning.Error())); err != nil {
			return err
		}
	}
	if err := book.placed(faults.Err()); err != nil {
		return a.printFaults(err)
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %s, revision %.12s, no faults\n", printable(book.name()), adapters.Count(len(engine.Files()), "file"), engine.Revision())
	return err
}

func (a *app) policiesTestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run the tests of the policies, and tell which lines they cover",
		Long: "Run the rules of the files ending in _test.rego whose names begin with test_. It fails if one does, if there is none,\n" +
			"or if the tests evaluate fewer of the rules' lines than --threshold says.",
		Example: "  clanker policies test ./policies",
		Args:    atMostOne,
	}
	threshold := cmd.Flags().Float64("threshold", 95, "least `percent` of the rules' lines that the tests must evaluate")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *threshold < 0 || *threshold > 100 {
			return usage("see "+cmd.CommandPath()+" --help", "--threshold %v: want a number between 0 and 100", *threshold)
		}
		return a.testPolicies(cmd.Context(), a.rulebook(args), *threshold)
	}
	return cmd
}

func (a *app) testPolicies(ctx context.Context, book rulebook, threshold float64) error {
	engine, err := book.load()
	if err != nil {
		return a.printFaults(err)
	}
	report, err := engine.Test(ctx)
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return a.printFaults(book.placed(err))
	}
	var text strings.Builder
	for _, missed := range report.Missed {
		fmt.Fprintf(&text, "%s:%d: no test evaluates it", filepath.Join(book.dir, missed.File), missed.From)
		if missed.To > missed.From {
			fmt.Fprintf(&text, ", to line %d", missed.To)
		}
		text.WriteString("\n")
	}
	fmt.Fprintf(&text, "%s: %s passed, %.1f %% of %s covered\n", book.name(), adapters.Count(report.Tests, "test"), report.Coverage(), adapters.Count(report.Lines, "line"))
	if _, err := fmt.Fprint(a.stdout, printable(text.String())); err != nil {
		return err
	}
	if report.Coverage() < threshold {
		return hinted(fmt.Errorf("the tests cover %.1f %%, less than %v %%", report.Coverage(), threshold), "add tests of the lines above, or say --threshold")
	}
	return nil
}

func (a *app) policiesSchemaCommand() *cobra.Command {
	schemas := map[string]func() ([]byte, error){"input": policies.InputSchema, "data": policies.SettingsSchema}
	return &cobra.Command{
		Use:       "schema [input|data]",
		Short:     "Print the JSON Schema of what rules see as input, or of data.yaml",
		Example:   "  clanker policies schema data > data.schema.json   # and begin data.yaml with: # yaml-language-server: $schema=data.schema.json",
		Args:      atMostOne,
		ValidArgs: []string{"input", "data"},
		RunE: func(_ *cobra.Command, args []string) error {
			name := append(args, "input")[0]
			make, ok := schemas[name]
			if !ok {
				return usage(nearest(name, "", []string{"input", "data"}, "clanker policies schema --help"), "no schema of %q", name)
			}
			schema, err := make()
			if err == nil {
				_, err = a.stdout.Write(schema)
			}
			return err
		},
	}
}

func (a *app) policiesInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "Write the built-in policies to a folder, to change them there",
		Long: "Write the built-in policies, their tests and data.yaml to a new folder, to change them there. Who only wants other\n" +
			"people, places or limits deletes the Rego files again: the built-in rules then go on being those of this version.",
		Example: "  clanker policies init ./policies",
		Args:    exactlyOne,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := os.CopyFS(args[0], policies.Default()); err != nil {
				return hinted(fmt.Errorf("write the policies: %w", err), "name a folder that does not exist yet")
			}
			_, err := fmt.Fprintln(a.stdout, args[0])
			return err
		},
	}
}
