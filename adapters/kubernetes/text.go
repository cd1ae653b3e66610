package kubernetes

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// longestText is the most that is quoted of somebody else's message, in runes.
const longestText = 400

// oneLine makes a foreign message fit for one line: white space and control characters become one space each, and what
// is too long is cut.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(text); len(runes) > longestText {
		return string(runes[:longestText-1]) + "…"
	}
	return text
}

var harmless = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// shellQuote spells an argument so that it can be pasted into a shell.
func shellQuote(arg string) string {
	if harmless.MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

func commandName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".exe") }

// age spells how long something has lasted, as kubectl does: 45s, 12m, 5h, 3d.
func age(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}
