package cli

import (
	"regexp"
	"strings"

	"charm.land/lipgloss/v2"
)

// statusWords are the words of an answer's text that say how something is: the first word, and those in its tables that
// shout. What is quoted from others can shout too, but never begins a line; see [router.Text].
var statusWords = regexp.MustCompile(`^[A-Z]+( DATA| INPUT)?( \(PARTIAL\))?  |\b(DEGRADED|UNHEALTHY)\b`)

// paint colours the text of an answer; without the colours it is the same text.
func paint(text string) string {
	var painted strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		label, _, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "| "): // somebody else's words
		case label == "not checked" || label == "warning" || label == "choose":
			line = lipgloss.NewStyle().Foreground(lipgloss.Yellow).Render(label) + line[len(label):]
		case label == "checked" || label == "redacted" || strings.HasPrefix(line, "answer "):
			line = lipgloss.NewStyle().Faint(true).Render(line)
		default:
			line = statusWords.ReplaceAllStringFunc(line, func(word string) string {
				trimmed := strings.TrimRight(word, " ")
				return statusStyle(trimmed).Render(trimmed) + word[len(trimmed):]
			})
		}
		painted.WriteString(line + "\n")
	}
	return painted.String()
}

// statusStyle colours the words that say how something is; everything else is left as it is.
func statusStyle(word string) lipgloss.Style {
	plain := lipgloss.NewStyle()
	word, _, _ = strings.Cut(strings.ToLower(word), " (")
	switch word {
	case "healthy", "ok", "connected", "demo", "hit":
		return plain.Foreground(lipgloss.Green)
	case "degraded", "unknown", "partial", "no data", "needs input", "ambiguous":
		return plain.Foreground(lipgloss.Yellow).Bold(true)
	case "unhealthy", "critical", "error", "unsupported", "abstain":
		return plain.Foreground(lipgloss.Red).Bold(true)
	default:
		return plain
	}
}
