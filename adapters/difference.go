package adapters

import (
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// Difference shows as a unified diff, without its head, what lines go and what lines come, with two around them; empty when
// the texts are the same.
func Difference(before, after string) string {
	text, _ := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: lines(before), B: lines(after), FromFile: "before", ToFile: "after", Context: 2}) // writes to memory
	_, text, _ = strings.Cut(text, "\n")
	_, text, _ = strings.Cut(text, "\n")
	return text
}

// lines are those of a text, each with its end.
func lines(text string) []string {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return slices.Collect(strings.Lines(text))
}
