package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
)

// evalFlags are what "clanker eval" was asked to do.
type evalFlags struct {
	suites          []string
	baseline        string
	update, latency bool
	validate        choice
	output          choice
}

func (a *app) evalCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "eval [FILE...]",
		Short: "Measure how well questions are routed",
		Long: `Ask labelled questions and measure where they go: how many are routed, how many of these rightly, and what happens to
them after a typo, in upper case or joined with another. No provider is read; the names of the demo estate and those in
the case files are known.

Without a FILE the built-in cases are asked, and as suite own the tests and notExamples of the intents. A FILE is YAML, tab-separated (.tsv) or JSON lines (.jsonl), with the keys

  question  the sentence, once per file
  topic     where it has to go, or abstain if nothing may answer it
  intent    the id of the one intent that has to answer it (topic or intent is needed)
  slots     all that has to be read from it, as clanker route prints it; without it slots are not judged
  provider, source, group, voice, of
            labels that figures are grouped by (voice: expert, plain, beginner, symptom or minimal)
  names     what is known to exist, as kind/name

  - question: is checkout-api healthy?
    intent: health.of
    slots: {service: checkout-api}
    names: [deployment/checkout-api]

In a tab-separated file the first line names the columns, slots are "service=checkout-api; percent=0.8", names have spaces
between them. The file's name, without -questions and its ending, is the name of its suite.

--suite clinc150, banking77 and hwu64 are public sets of questions on everything but infrastructure: the learner that
routing uses is trained on each and measured beside what others have published.

--cross-validate says how much of that was learned by heart. Questions are dealt into five folds, and each fold is asked
with intents that have not learned from it: the examples themselves (examples; learned: with no pattern either), or the
cases by where they are from (source) or by what they are wordings of (group), without the examples that say nearly the same
as one of them.

With --baseline the exit code is 1 if a figure is below what the file holds. The same intents and cases give the same
output, byte for byte; times are printed to stderr, with --latency.`,
		Example: `  clanker eval
  clanker eval --suite real,negatives --output html > eval.html
  clanker eval --suite clinc150
  clanker eval --cross-validate examples
  clanker eval my-questions.yaml --intents ./intents
  clanker eval --baseline baseline.json --update-baseline`,
	}
	var f evalFlags
	flags := cmd.Flags()
	flags.StringSliceVar(&f.suites, "suite", nil, "ask these `suites` only")
	flags.StringVar(&f.baseline, "baseline", "", "fail if a figure is below what this `file` holds")
	flags.BoolVar(&f.update, "update-baseline", false, "write what was reached to the file of --baseline")
	flags.BoolVar(&f.latency, "latency", false, "print to stderr how long a question takes")
	f.validate = choiceFlag(cmd, flags, "cross-validate", "", "ask in folds, without what was learned from each", append([]string{asTheyAre}, eval.FoldedBy()...)...)
	f.output = outputFlag(cmd, "table", "json", "junit", "html")
	cmd.RunE = func(cmd *cobra.Command, files []string) error { return a.eval(cmd, f, files) }
	return cmd
}

// check refuses flags that do not go together.
func (f evalFlags) check(files []string) error {
	if f.update && f.baseline == "" {
		return usage("add --baseline FILE", "--update-baseline: no file is given")
	}
	if eval.OfExamples(f.validate.String()) && len(f.suites)+len(files) > 0 {
		return usage("leave out the files and --suite", "--cross-validate %s: asks the examples of the intents alone", f.validate)
	}
	return nil
}

func (a *app) eval(cmd *cobra.Command, f evalFlags, files []string) error {
	if err := f.check(files); err != nil {
		return err
	}
	if slices.ContainsFunc(f.suites, isPublic) {
		return a.evalPublic(f, files)
	}
	catalog, matcher, err := a.matcher()
	if err != nil {
		return err
	}
	seen, err := a.demoNames(cmd.Context())
	if err != nil {
		return err
	}
	suites, err := a.evalSuites(catalog, f.suites, files)
	if err != nil {
		return a.printFaults(err)
	}
	baseline, err := readBaseline(f)
	if err != nil {
		return err
	}
	with := func(s eval.Suite) eval.Classifier { return eval.ByMatcher(matcher, s.Names(seen)) }
	var report eval.Report
	if f.validate.String() == asTheyAre {
		report = eval.Evaluate(suites, with)
	} else if report, err = validate(f, catalog, suites, seen); err != nil {
		return err
	}
	if f.baseline != "" {
		report.Baseline = new(baseline.Compare(report))
	}
	if err := a.printReport(f.output, report); err != nil {
		return err
	}
	if f.latency {
		a.say("%s\n", eval.Measure(suites, with, a.now))
	}
	return a.holdBaseline(f, baseline, report)
}

// asTheyAre is the cross-validation of a run that makes no folds.
const asTheyAre = "none"

// validate asks in folds.
func validate(f evalFlags, catalog *intents.Catalog, suites []eval.Suite, seen adapters.Names) (eval.Report, error) {
	folds, how := eval.Folds(catalog, suites, f.validate.String())
	if len(folds) < 2 {
		return eval.Report{}, usage("write it to the cases, or choose another", "--cross-validate %s: the cases do not say theirs, or all the same", f.validate)
	}
	return eval.Validate(folds, how, func(fold eval.Fold) (eval.Classifier, error) {
		matcher, err := fold.Matcher()
		return eval.ByMatcher(matcher, fold.Suite.Names(seen)), err
	})
}

func isPublic(suite string) bool { return slices.Contains(eval.PublicSets(), suite) }

// evalPublic measures the learner on public sets.
func (a *app) evalPublic(f evalFlags, files []string) error {
	own := slices.DeleteFunc(slices.Clone(f.suites), isPublic)
	if len(files)+len(own) > 0 || f.baseline != "" || f.validate.String() != asTheyAre || !slices.Contains([]string{"table", "json"}, f.output.String()) {
		return usage("public sets are measured alone, and printed as table or json", "--suite %s", strings.Join(f.suites, ","))
	}
	var all []eval.PublicFigures
	for _, set := range f.suites {
		figures, err := eval.Public(set)
		if err != nil {
			return err
		}
		all = append(all, figures)
	}
	return a.print(f.output, all, func() error { return eval.PublicText(a.stdout, all) })
}

// loadCases reads the files, or what is built in if there are none.
func loadCases(catalog *intents.Catalog, files []string) ([]eval.Suite, error) {
	if len(files) == 0 {
		return eval.BuiltIn(catalog)
	}
	return eval.Load(catalog, files...)
}

func (a *app) evalSuites(catalog *intents.Catalog, wanted, files []string) (suites []eval.Suite, err error) {
	suites, err = loadCases(catalog, files)
	if own := eval.Own(catalog); len(files) == 0 && len(own.Cases) > 0 {
		suites = append(suites, own)
	}
	if err != nil || len(wanted) == 0 {
		return suites, err
	}
	var known []string
	for _, s := range suites {
		known = append(known, s.Name)
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, usage(nearest(name, "", known, strings.Join(known, ", ")), "unknown suite %q", name)
		}
	}
	return slices.DeleteFunc(suites, func(s eval.Suite) bool { return !slices.Contains(wanted, s.Name) }), nil
}

// readBaseline reads the baseline; one that is about to be written may be missing.
func readBaseline(f evalFlags) (eval.Baseline, error) {
	if f.baseline == "" {
		return eval.Baseline{}, nil
	}
	content, err := os.ReadFile(f.baseline)
	if f.update && errors.Is(err, fs.ErrNotExist) {
		return eval.Baseline{}, nil
	}
	if err != nil {
		return eval.Baseline{}, hinted(fmt.Errorf("read the baseline: %w", err), "--update-baseline writes it")
	}
	baseline, err := eval.ParseBaseline(content)
	if err != nil {
		return eval.Baseline{}, hinted(fmt.Errorf("%s: %w", f.baseline, err), "delete it and write it anew with --update-baseline")
	}
	return baseline, nil
}

func (a *app) printReport(output choice, report eval.Report) error {
	write := map[string]func(io.Writer, eval.Report) error{"json": eval.JSON, "junit": eval.JUnit, "html": eval.HTML}[output.String()]
	if write != nil {
		return write(a.stdout, report)
	}
	var text bytes.Buffer
	if err := eval.Text(&text, report); err != nil {
		return err
	}
	_, err := fmt.Fprint(a.stdout, printable(text.String()))
	return err
}

// holdBaseline writes the baseline if that was asked for, else fails if a figure fell below it.
func (a *app) holdBaseline(f evalFlags, baseline eval.Baseline, report eval.Report) error {
	if f.update {
		content, err := baseline.With(report).Marshal()
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.baseline, content, 0o644); err != nil {
			return fmt.Errorf("write the baseline: %w", err)
		}
		a.say("wrote %s\n", f.baseline)
		return nil
	}
	if report.Baseline != nil && len(report.Baseline.Falls) > 0 {
		return hinted(fmt.Errorf("%s below %s", adapters.Count(len(report.Baseline.Falls), "figure"), f.baseline),
			"see what changed above; if it is meant, write it down with --update-baseline")
	}
	return nil
}
