package claims_test

import (
	"strings"
	"testing"
)

// BenchmarkCheck checks an answer of 30 sentences against what eleven tools returned.
func BenchmarkCheck(b *testing.B) {
	read := estate(b)
	answer := strings.Join(corpus(b, "truthful.txt")[:30], "\n")
	for b.Loop() {
		facts(read).Check(answer)
	}
}
