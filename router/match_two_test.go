package router

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

// TestTwo asks for one thing and for two, joined in all the ways that people join them. A half is never the answer.
func TestTwo(t *testing.T) {
	m := taughtMatcher(t)
	for question, want := range map[string]string{
		"so any public databases or buckets":                        "security.exposed",
		"so any public databases, and any public buckets":           "security.exposed ambiguous",
		"which databases are public, then how much do we spend":     "ambiguous",
		"which databases are public? how much do we spend?":         "ambiguous",
		"which databases are public\nhow much do we spend":          "ambiguous",
		"which databases are public…\nhow much do we spend":         "ambiguous",
		"how much do we spend and recommend a restaurant to me":     "abstain",
		"how much do we spend on all this and fix it":               "cost.spend abstain ambiguous",
		"our databases are public. which databases are public":      "security.exposed",
		strings.Repeat("a, ", 40) + "what do we spend on databases": "abstain cost.spend",
	} {
		match := spellMatch(m.Match(question, adapters.Names{}))
		outcome, _, _ := strings.Cut(match, " ")
		assert.Contains(t, strings.Fields(want), outcome, question)
	}
}
