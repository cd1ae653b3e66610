package claims_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clanker/router/agent/claims"
)

// BenchmarkCheck checks an answer of 30 sentences against what eleven tools returned.
func BenchmarkCheck(b *testing.B) {
	texts, err := estate()
	require.NoError(b, err)
	answer := strings.Join(corpus(b, "truthful.txt")[:30], "\n")
	for b.Loop() {
		f := claims.New(curious)
		for _, text := range texts {
			f.Add(text)
		}
		f.Check(answer)
	}
}
