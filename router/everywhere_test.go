package router

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// TestSameRoutesEverywhere holds where questions go, and how sure that is, to a digest: the same on every run and, run by make arm64,
// on a machine that rounds otherwise.
func TestSameRoutesEverywhere(t *testing.T) {
	m := defaultMatcher(t)
	content, err := os.ReadFile("../eval/cases/real-questions.tsv")
	require.NoError(t, err)
	sum := sha256.New()
	for line := range strings.Lines(string(content)) {
		question, _, _ := strings.Cut(line, "\t")
		match := m.Match(question, adapters.Names{})
		fmt.Fprintln(sum, question, match.Outcome, match.Normalized, match.Reason, match.Tried)
		for _, hit := range match.Hits {
			fmt.Fprintln(sum, hit.Intent.ID, hit.Score, hit.Slots)
		}
	}
	digest := hex.EncodeToString(sum.Sum(nil)) + "\n"
	const golden = "testdata/routes.digest"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(digest), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), digest, "make golden, if routes were meant to change")
}
