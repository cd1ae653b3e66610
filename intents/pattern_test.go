package intents

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// spell writes a parsed pattern down with every bracket.
func spell(n *Node) string {
	kids := make([]string, len(n.Kids))
	for i, kid := range n.Kids {
		kids[i] = spell(kid)
	}
	switch n.Op {
	case OpConcept:
		return "@" + n.Text
	case OpSlot:
		return "{" + n.Text + ":" + n.Slot.String() + "}"
	case OpSeq:
		return strings.Join(kids, " ")
	case OpAny:
		return "(" + strings.Join(kids, "|") + ")"
	case OpOptional:
		return "[" + kids[0] + "]"
	default:
		return n.Text
	}
}

func TestParsePattern(t *testing.T) {
	for text, want := range map[string]string{
		"is {service} @healthy":                    "is {service:service} @healthy",
		"(are|is all) services [that are] up":      "(are|is all) services [that are] up",
		"[a|b] c":                                  "[(a|b)] c",
		"from {source:service} to {target:node} x": "from {source:service} to {target:node} x",
		" a   ( b|[c] d ) ":                        "a (b|[c] d)",
		"uses crash-loop-backoff 80%":              "uses crash-loop-backoff 80%",
		"{kind}":                                   "{kind:kind}",
	} {
		root, err := ParsePattern(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, spell(root))
	}
}

func FuzzPattern(f *testing.F) {
	for _, text := range []string{"is {service} @healthy", "(a|b c) [d|[e]] {x:count}", "((((", "a|b", "{", "@", "é ü", "[[[a]]] b", ")(", "a\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root, err := ParsePattern(text)
		if err != nil {
			var wrong *patternError
			require.ErrorAs(t, err, &wrong)
			assert.LessOrEqual(t, wrong.offset, len(text))
			return
		}
		assert.LessOrEqual(t, atoms(root), maxPatternAtoms)
		if len(spell(root)) > maxPatternBytes {
			return // spelled out it is longer
		}
		again, err := ParsePattern(spell(root))
		require.NoError(t, err, spell(root))
		assert.Equal(t, spell(root), spell(again))
	})
}
