package intents

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// allOf returns every sentence that a pattern stands for.
func allOf(n *Node) map[string]bool {
	all := map[string]bool{}
	switch n.Op {
	case OpSeq:
		all[""] = true
		for _, kid := range n.Kids {
			longer := map[string]bool{}
			for before := range all {
				for after := range allOf(kid) {
					longer[strings.TrimSpace(before+" "+after)] = true
				}
			}
			all = longer
		}
	case OpAny:
		for _, kid := range n.Kids {
			for sentence := range allOf(kid) {
				all[sentence] = true
			}
		}
	case OpOptional:
		all = allOf(n.Kids[0])
		all[""] = true
	default:
		all[n.spell(true)] = true
	}
	return all
}

// randomPattern makes a pattern of few words, so that many of them are alike.
func randomPattern(r *rand.Rand, depth int) string {
	var parts []string
	for range 1 + r.IntN(3) {
		part := string(rune('a' + r.IntN(3)))
		if depth > 0 && r.IntN(2) == 0 {
			part = "[" + randomPattern(r, depth-1) + "]"
		} else if depth > 0 && r.IntN(2) == 0 {
			part = "(" + randomPattern(r, depth-1) + "|" + randomPattern(r, depth-1) + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// TestTakes compares the proof with what it is about: that all sentences of one pattern are among those of another.
func TestTakes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var patterns []*Node
	for range 120 {
		if root, err := ParsePattern(randomPattern(r, 2)); err == nil {
			patterns = append(patterns, root)
		}
	}
	require.Greater(t, len(patterns), 40)
	taken := 0
	for _, a := range patterns {
		all := allOf(a)
		for _, b := range patterns {
			want := true
			for sentence := range allOf(b) {
				want = want && all[sentence]
			}
			if want && a != b {
				taken++
			}
			assert.Equal(t, want, newAutomaton(a).takes(newAutomaton(b)), "%s takes %s", a.spell(true), b.spell(true))
		}
	}
	assert.Greater(t, taken, 100)
}
