package intents

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParsePattern(t *testing.T) {
	for text, want := range map[string]string{
		"is {service} @healthy":                    "is {service:service} @healthy",
		"(are|is all) services [that are] up":      "(are|is all) services [that are] up",
		"[a|b] c":                                  "[(a|b)] c",
		"from {source:service} to {target:node} x": "from {source:service} to {target:node} x",
		" a   ( b|[c] d ) ":                        "a ([c] d|b)",
		"uses crash-loop-backoff 80%":              "uses crash-loop-backoff 80%",
		"{kind}":                                   "{kind:kind}",
	} {
		root, err := ParsePattern(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, root.spell(true))
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
		if len(root.spell(true)) > maxPatternBytes {
			return // spelled out it is longer
		}
		again, err := ParsePattern(root.spell(true))
		require.NoError(t, err, root.spell(true))
		assert.Equal(t, root.spell(true), again.spell(true))
	})
}
