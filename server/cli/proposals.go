package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/server/web"
)

func (a *app) proposalsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "proposals",
		Short: "See what agents propose, and what became of it",
		Example: `  clanker proposals list
  clanker proposals show 01JD...
  clanker proposals list --only pending
  clanker approve 01JD... --key ~/.ssh/id_ed25519_sk`,
	}, a.proposalsListCommand(), a.proposalsShowCommand(), a.proposalsWaitCommand(), a.proposalsExportCommand())
}

func (a *app) proposalsListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List proposals, the newest first", Args: noArguments}
	output := outputFlag(cmd, "table", "json", "yaml")
	states := cmd.Flags().StringSlice("only", nil, "those in `state`: pending, running, succeeded, ...; repeat it for more")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := knownStates(*states); err != nil {
			return err
		}
		o, err := a.operator()
		if err != nil {
			return err
		}
		items, err := o.proposals(cmd.Context(), *states)
		if err != nil {
			return err
		}
		return a.print(output, items, func() error { return a.printItems(items) })
	}
	return cmd
}

func knownStates(names []string) error {
	var known []string
	for _, state := range approval.States() {
		known = append(known, string(state))
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return usage("the states are "+strings.Join(known, ", "), "--only %q is no state", name)
		}
	}
	return nil
}

func (a *app) printItems(items []web.Item) error {
	var rows [][]string
	for _, item := range items {
		rows = append(rows, []string{item.ID, string(item.State), string(item.Class), printable(item.Title), printable(item.Target),
			printable(item.Requester), item.Created.UTC().Format(time.DateTime)})
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.stdout, "no proposals")
		return err
	}
	_, err := fmt.Fprint(a.stdout, a.table([]string{"id", "state", "class", "command", "target", "asked by", "created"}, rows))
	return err
}

func (a *app) proposalsShowCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "show ID", Short: "Show all of a proposal: what would run, against what, and who must approve", Args: exactlyOne}
	output := outputFlag(cmd, "text", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := a.operator()
		if err != nil {
			return err
		}
		detail, err := o.proposal(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return a.print(output, detail, func() error { return a.printDetail(detail) })
	}
	return cmd
}

// proposalsWaitCommand waits until a proposal is over: its exit code says how it ended.
func (a *app) proposalsWaitCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "wait ID", Short: "Wait until a proposal is over; the exit code is 0 only if it succeeded", Args: exactlyOne}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := a.operator()
		if err != nil {
			return err
		}
		ticker := time.NewTicker(500 * time.Millisecond)
		defer ticker.Stop()
		for {
			detail, err := o.proposal(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if detail.State.Over() {
				return a.ended(detail)
			}
			select {
			case <-ticker.C:
			case <-cmd.Context().Done():
				return cmd.Context().Err()
			}
		}
	}
	return cmd
}

func (a *app) ended(d web.Detail) error {
	if err := a.printDetail(d); err != nil {
		return err
	}
	if d.State != approval.Succeeded {
		return exitWith(exitError)
	}
	return nil
}

// printDetail prints a proposal for a person to decide on. Nothing of it was ever raw: the view is printable ASCII.
func (a *app) printDetail(d web.Detail) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  (%s)\n", strings.ToUpper(string(d.State)), d.ID, d.View.Phrase)
	if d.Why != "" {
		fmt.Fprintf(&b, "%s\n", printable(d.Why))
	}
	writeView(&b, d.View)
	fmt.Fprintf(&b, "\npolicy: %s\n", d.Decision.Effect)
	for _, reason := range d.Decision.Reasons {
		fmt.Fprintf(&b, "  %s\n", printable(reason))
	}
	writeNeeds(&b, d)
	for _, word := range d.Words {
		fmt.Fprintf(&b, "%s said %s at %s (%s)\n", printable(word.Approver), word.Verdict, word.At.UTC().Format(time.TimeOnly+"Z"), word.Assurance)
	}
	writeOutcome(&b, d)
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

// writeNeeds says who must still approve.
func writeNeeds(b *strings.Builder, d web.Detail) {
	for _, demand := range policies.Demands(d.Needs) {
		fmt.Fprintf(b, "still needed: %s\n", printable(demand.Need.String()))
	}
}

// writeView writes a view as a terminal shows it.
func writeView(b *strings.Builder, v approval.View) {
	for _, section := range v.Sections {
		name := section.Name
		if name == approval.SectionClaim {
			name = "claimed by the requester"
		}
		fmt.Fprintf(b, "\n%s\n", printable(name))
		for _, line := range section.Lines {
			writeLine(b, line)
		}
	}
}

func writeLine(b *strings.Builder, line approval.Line) {
	b.WriteString("  ")
	if line.Label != "" {
		fmt.Fprintf(b, "%-13s ", printable(line.Label))
	}
	b.WriteString(printable(line.Text))
	for _, badge := range line.Badges {
		fmt.Fprintf(b, " [%s]", badge)
	}
	if line.Length > 0 {
		fmt.Fprintf(b, " (%d bytes, SHA-256 %s)", line.Length, line.SHA256)
	}
	if line.Whole != "" { // nobody approves the middle of a word unseen: a terminal has nothing to unfold it with
		fmt.Fprintf(b, "\n    whole: %s", printable(line.Whole))
	}
	b.WriteString("\n")
}

func writeOutcome(b *strings.Builder, d web.Detail) {
	if d.Outcome == nil {
		return
	}
	fmt.Fprintf(b, "\nexit code %d after %s", d.Outcome.Exit, d.Outcome.Ended.Sub(d.Outcome.Started).Round(time.Millisecond))
	if d.Outcome.Verified != "" {
		fmt.Fprintf(b, ": %s", printable(d.Outcome.Verified))
	}
	b.WriteString("\n")
	for _, text := range []string{d.Outcome.Stdout, d.Outcome.Stderr} {
		for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
			if line != "" {
				fmt.Fprintf(b, "  %s\n", printable(line))
			}
		}
	}
}
