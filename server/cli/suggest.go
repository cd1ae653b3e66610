package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/eval"
	"clanker/eval/suggest"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/toolbox"
)

// suggestFlags are what "clanker intents suggest" was asked to do.
type suggestFlags struct {
	least, days int
	from, write string
	yes         bool
	output      choice
}

func (a *app) intentsSuggestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "suggest",
		Short: "Propose intents for the questions that keep ending at a model",
		Long: `Propose intents for the questions that keep ending at a model, so that tomorrow they cost nothing. Questions that were
answered by the same request for data are a group; from each, an intent is drafted with the questions as its examples.

Each proposal is checked before it is shown: it loads, it takes no question of other intents or of the built-in cases
(these are not asked with --builtin-intents=false), and a third of its own questions find it although it has not learned
them. Up to one in a thousand of the others may drift: they go elsewhere, or to nothing, though not to the proposal. All
proposals together must find more questions than that. What drifts is shown. What fails is shown with the reason, and
never written. This takes up to half a minute.

Nothing is written without --write DIR. Then a person is asked for each proposal, unless --yes says so for all. Each becomes
a new file; none is overwritten. Read it before you use the folder (--intents, or intents.dirs of the configuration): only
you know whether the answer is the one that was meant.`,
		Example: `  clanker intents suggest
  clanker intents suggest --days 7 --least 5 --output json
  clanker intents suggest --write ./intents`,
		Args: noArguments,
	}
	var f suggestFlags
	flags := cmd.Flags()
	flags.IntVar(&f.least, "least", 2, "how often a group must have been asked")
	flags.IntVar(&f.days, "days", 30, "take what was asked in the last `days`")
	flags.StringVar(&f.from, "from", "", "take the investigations in `file` (JSON lines, - for stdin) instead of those that were noted")
	flags.StringVar(&f.write, "write", "", "write the proposals that a person agrees to into `dir`")
	flags.BoolVar(&f.yes, "yes", false, "agree to all that passed")
	f.output = outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.suggest(cmd.Context(), f) }
	return cmd
}

func (a *app) suggest(ctx context.Context, f suggestFlags) error {
	if err := checkDays(f.days); err != nil {
		return err
	}
	switch {
	case f.least < 2:
		return usage("clanker intents suggest --least 2", "--least %d is no number of times to keep coming back", f.least)
	case f.yes && f.write == "":
		return usage("name the folder with --write", "--yes writes nothing by itself")
	case f.write != "" && !f.yes && (f.from == "-" || !isTerminal(a.stdin)):
		return usage("run it in a terminal, or agree to all with --yes", "nobody can be asked which proposals to write")
	}
	asked, err := a.investigations(ctx, f)
	if err != nil {
		return err
	}
	if len(asked) > 0 {
		a.say("drafting and checking intents for %s; this takes up to half a minute\n", adapters.Count(len(asked), "question"))
	}
	proposals, err := a.proposed(ctx, asked, f.least)
	if err != nil {
		return a.printFaults(err)
	}
	if err := a.print(f.output, proposals, func() error { return a.printProposals(proposals, len(asked)) }); err != nil {
		return err
	}
	if f.write == "" {
		return nil
	}
	return a.writeProposals(proposals, f)
}

// mostSuggested is of how many investigations intents are made, the newest.
const mostSuggested = 5000

// investigations are those of a file, or those that were noted.
func (a *app) investigations(ctx context.Context, f suggestFlags) ([]router.Investigation, error) {
	switch f.from {
	case "":
		now, end, err := a.history(ctx)
		if err != nil {
			return nil, err
		}
		defer end()
		return now.Investigations(ctx, a.now().AddDate(0, 0, -f.days), mostSuggested)
	case "-":
		return readInvestigations(a.stdin)
	}
	file, err := os.Open(f.from)
	if err != nil {
		return nil, fmt.Errorf("read the investigations: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	return readInvestigations(file)
}

func readInvestigations(r io.Reader) ([]router.Investigation, error) {
	var all []router.Investigation
	for decoder := json.NewDecoder(r); ; {
		var one router.Investigation
		switch err := decoder.Decode(&one); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, hinted(fmt.Errorf("read investigation %d: %w", len(all)+1, err), `each line is {"answer", "at", "question", "uses": [{"tool", "arguments", "rows", "ok"}]}`)
		case len(all) == mostSuggested:
			return nil, hinted(fmt.Errorf("there are more than %d investigations", mostSuggested), "give the newest of them")
		}
		all = append(all, one)
	}
}

// proposed makes the proposals. No provider is read: the names that are known are those of the demo estate, as in clanker eval.
func (a *app) proposed(ctx context.Context, asked []router.Investigation, least int) ([]suggest.Proposal, error) {
	catalog, err := a.catalog()
	if err != nil {
		return nil, err
	}
	suites, err := a.suggestSuites(catalog)
	if err != nil {
		return nil, err
	}
	names, err := a.demoNames(ctx)
	if err != nil {
		return nil, err
	}
	byTool := map[string]string{}
	for _, in := range catalog.Intents {
		byTool[toolbox.ToolName(in.ID)] = in.ID
	}
	return suggest.Propose(ctx, asked, suggest.Options{
		Layers: a.layers(), Suites: suites, Names: names, Least: least,
		Intent: func(tool string) (string, bool) { id, ok := byTool[tool]; return id, ok },
	})
}

// suggestSuites are the built-in cases. Without the built-in intents they say nothing.
func (a *app) suggestSuites(catalog *intents.Catalog) ([]eval.Suite, error) {
	if !a.config.Intents.Builtin {
		return nil, nil
	}
	return eval.BuiltIn(catalog)
}

func (a *app) printProposals(all []suggest.Proposal, asked int) error {
	var text strings.Builder
	passed := 0
	for _, p := range all {
		if p.Fault == "" {
			passed++
		}
		writeProposal(&text, p)
	}
	switch {
	case asked == 0:
		text.WriteString("no question went to a model in that time\n")
	case len(all) == 0:
		fmt.Fprintf(&text, "nothing to propose: of %s that a model looked into, none keeps coming back\n", adapters.Count(asked, "question"))
	default:
		fmt.Fprintf(&text, "%s for %s that a model looked into; %d passed\n", adapters.Count(len(all), "proposal"), adapters.Count(asked, "question"), passed)
	}
	_, err := fmt.Fprint(a.stdout, printable(text.String()))
	return err
}

// writeProposal tells what is known of a proposal, and then the proposal.
func writeProposal(b *strings.Builder, p suggest.Proposal) {
	verb := "new intent"
	if p.Extends {
		verb = "more examples of"
	}
	fmt.Fprintf(b, "%s %s, for %s\n", verb, p.ID, saved(p))
	if p.Fault != "" {
		fmt.Fprintf(b, "FAILED: %s\n", p.Fault)
	} else {
		fmt.Fprintf(b, "checked: it takes none of %s of others; %d of its %d were found without having been learned\n", adapters.Count(p.Compared, "question"), p.HeldOut.Right, p.HeldOut.Asked)
	}
	writeList(b, "takes", p.Harm)
	writeList(b, "drifts", p.Drift)
	writeList(b, "left out", p.LeftOut)
	writeList(b, "see", p.Doubts)
	fmt.Fprintf(b, "\n%s\n", p.YAML)
}

func writeList(b *strings.Builder, what string, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(b, "%s: %s\n", what, line)
	}
}

// saved says what the proposal would have cost nobody.
func saved(p suggest.Proposal) string {
	text := fmt.Sprintf("%s asked %s", adapters.Count(len(p.Questions), "question"), adapters.Count(p.Asked, "time"))
	if p.Tokens.Sum() > 0 {
		text += fmt.Sprintf(", which took %s and cost %s USD", adapters.Count(p.Tokens.Sum(), "token"), router.USD(p.Cost))
	}
	if p.Cost != nil && p.Unpriced > 0 {
		text += fmt.Sprintf(" (of %s it is unknown)", adapters.Count(p.Unpriced, "time"))
	}
	return text
}

// writeProposals writes what passed and a person agrees to.
func (a *app) writeProposals(all []suggest.Proposal, f suggestFlags) error {
	agreed := a.agreement(f)
	for _, p := range all {
		if p.Fault != "" || !agreed(p) {
			continue
		}
		if err := a.writeIntent(p, f.write); err != nil {
			return err
		}
	}
	return nil
}

// agreement asks a person for each proposal, unless it was given for all. Who answers no more agrees to nothing.
func (a *app) agreement(f suggestFlags) func(suggest.Proposal) bool {
	lines := bufio.NewScanner(a.stdin)
	return func(p suggest.Proposal) bool {
		if f.yes {
			return true
		}
		a.say("write %s into %s? (y/N) ", printable(p.ID), printable(f.write))
		if !lines.Scan() {
			return false
		}
		answer := strings.ToLower(strings.TrimSpace(lines.Text()))
		return answer == "y" || answer == "yes"
	}
}
