package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clanker/router"
)

// explanationText lays out what was considered, after where the question went.
func (a *app) explanationText(e router.Explanation) string {
	var text strings.Builder
	line := func(what, value string) { fmt.Fprintf(&text, "%-13s%s\n", what+":", printable(cmp.Or(value, "none"))) }
	text.WriteString("\n")
	line("act", strings.Join(slices.DeleteFunc([]string{e.Act, e.ActReason}, func(s string) bool { return s == "" }), ": "))
	line("words", strings.Join(e.Tokens, " | "))
	line("unexplained", strings.Join(e.Unexplained, " | "))
	for _, hit := range e.Match.Hits {
		line("slots", slotList(router.ReadableSlots(hit.Slots)))
	}
	text.WriteString(a.triesText(e.Patterns))
	text.WriteString(a.scoredText(e))
	return text.String()
}

func slotList(slots map[string]any) string {
	var list []string
	for name, value := range slots {
		list = append(list, fmt.Sprintf("%s=%v", name, value))
	}
	slices.Sort(list)
	return strings.Join(list, " | ")
}

func (a *app) triesText(tries []router.PatternTry) string {
	if len(tries) == 0 {
		return "patterns:    none explains every word\n"
	}
	var rows [][]string
	for _, try := range tries {
		rows = append(rows, []string{fmt.Sprint(try.Score), try.Intent, try.Pattern, cmp.Or(try.Problem, map[bool]string{true: "explains every word"}[try.Explains], "leaves words over")})
	}
	return "\npatterns\n" + a.table([]string{"score", "intent", "pattern", "how"}, rows)
}

// scoredText tells of each intent how the learned part got to its score.
func (a *app) scoredText(e router.Explanation) string {
	if !e.Learned {
		return "learned:     not asked\n"
	}
	var text strings.Builder
	text.WriteString("\nlearned\n")
	for i, s := range e.Scored {
		fmt.Fprintf(&text, "%s  logit %.2f", s.Intent, s.Logit)
		if i == 0 && e.MaxRisk > 0 {
			text.WriteString(probabilityText(s, e.MaxRisk))
		}
		text.WriteString("\n")
		for _, part := range [][2]string{{"for", weightList(s.For)}, {"against", weightList(s.Against)}, {"barred", s.Barred}} {
			if part[1] != "" {
				fmt.Fprintf(&text, "  %-9s%s\n", part[0], part[1])
			}
		}
	}
	return printable(text.String())
}

// probabilityText tells how probable the best intent is, and how probable it would have to be.
func probabilityText(s router.ScoredIntent, maxRisk float64) string {
	wanted := fmt.Sprintf("wanted %.2f, so that", s.Threshold)
	if s.Threshold >= 1 {
		wanted = "none is enough: the examples cannot prove that"
	}
	return fmt.Sprintf(", probability %.2f; %s at most %.1f %% of what it takes is wrong; %.0f %% of what is said was seen in examples of its topic",
		s.Probability, wanted, maxRisk*100, s.Coverage*100)
}

func weightList(weights []router.Weight) string {
	list := make([]string, len(weights))
	for i, w := range weights {
		list[i] = fmt.Sprintf("%s %+.2f", w.Feature, w.Value)
	}
	return strings.Join(list, ", ")
}
