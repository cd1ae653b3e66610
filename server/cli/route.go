package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clanker/intents"
	"clanker/router"
)

// routed is one line of "clanker route": what a question would be taken for.
type routed struct {
	Question    string              `json:"question"`
	Intent      *routedIntent       `json:"intent"` // null: nothing matches, or two match equally
	Candidates  []router.Candidate  `json:"candidates"`
	Explanation *router.Explanation `json:"explanation,omitempty"` // with --explain
}

type routedIntent struct {
	ID         string         `json:"id"`
	Topic      intents.Topic  `json:"topic"`
	Source     string         `json:"source"`
	Confidence float64        `json:"confidence"`
	Slots      map[string]any `json:"slots"`
}

func (a *app) routeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "route [QUESTION...]",
		Short: "Show which intent a question matches and why, without reading anything",
		Long: "Show which intent a question matches and why. No provider is read, so names that only the live workspace knows\n" +
			"are not known here (with --demo, those of the demo estate are). Without a question, read questions from stdin,\n" +
			"one per line, and print one JSON object per line. With --explain it says all that was considered: what sort of\n" +
			"question it is, its words, every pattern that fits, and what speaks for and against each intent that came near.",
		Example: `  clanker route "Are all services in production healthy?"
  clanker route --explain "unencrypted volumes"
  clanker route < questions.txt > routes.jsonl`,
	}
	output := outputFlag(cmd, "table", "json", "yaml")
	explain := cmd.Flags().Bool("explain", false, "say what speaks for and against every candidate")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		parts, err := a.wire(nil, nil)
		if err != nil {
			return err
		}
		names := a.knownNames(cmd.Context(), parts.workspace)
		route := func(text string) (router.Match, routed) {
			if !*explain {
				m := parts.matcher.Match(text, names)
				return m, newRouted(text, m)
			}
			e := parts.matcher.Explain(text, names)
			r := newRouted(text, e.Match)
			r.Explanation = &e
			return e.Match, r
		}
		if len(args) == 0 {
			return a.routeLines(func(text string) routed { _, r := route(text); return r })
		}
		match, r := route(strings.Join(args, " "))
		return a.print(output, r, func() error { return a.printRoute(match, r.Explanation) })
	}
	return cmd
}

// routeLines answers each line of stdin, empty and hostile ones too, as it comes. A line may be of any length.
func (a *app) routeLines(route func(string) routed) error {
	if isTerminal(a.stdin) {
		a.say("one question per line; ctrl-D ends\n")
	}
	lines := bufio.NewReader(a.stdin)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if err := writeJSON(a.stdout, route(line), ""); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read questions from stdin: %w", err)
		}
	}
}

func newRouted(question string, m router.Match) routed {
	r := routed{Question: question, Candidates: m.Tried}
	if r.Candidates == nil {
		r.Candidates = []router.Candidate{}
	}
	if m.Outcome == router.Hit {
		hit := m.Hits[0]
		r.Intent = &routedIntent{ID: hit.Intent.ID, Topic: hit.Intent.Topic, Source: hit.Source, Confidence: hit.Score, Slots: router.ReadableSlots(hit.Slots)}
	}
	return r
}

func (a *app) printRoute(m router.Match, e *router.Explanation) error {
	text := a.matchText(m)
	if e != nil {
		text += a.explanationText(*e)
	}
	_, err := fmt.Fprint(a.stdout, text)
	return err
}

func (a *app) matchText(m router.Match) string {
	var text strings.Builder
	for _, hit := range m.Hits {
		fmt.Fprintf(&text, "%s  %s  %s (%s, %.2f)\n", m.Outcome, hit.Intent.ID, hit.Intent.Description, hit.Source, hit.Score)
	}
	if len(m.Hits) == 0 {
		fmt.Fprintln(&text, m.Outcome)
	}
	for _, line := range slices.Concat([]string{m.Reason}, m.Notes, m.Unused) {
		if line != "" {
			fmt.Fprintln(&text, printable(line))
		}
	}
	fmt.Fprintf(&text, "read as: %s\n", printable(m.Normalized))
	rows := make([][]string, 0, len(m.Tried))
	for _, tried := range m.Tried {
		rows = append(rows, []string{fmt.Sprintf("%.2f", tried.Score), tried.Intent, tried.Why})
	}
	if len(rows) > 0 {
		text.WriteString(a.table([]string{"score", "intent", "why"}, rows))
	}
	return text.String()
}
