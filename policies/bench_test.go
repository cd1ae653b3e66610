package policies

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clanker/adapters"
)

// BenchmarkDecide is a decision by the shipped policies, evaluated twice as every decision is.
func BenchmarkDecide(b *testing.B) {
	e := shipped(b)
	big := proposal(adapters.ClassDestroy)
	big.Plan.Target.Environment = "production"
	big.Plan.Resources = slices.Repeat(big.Plan.Resources, 100)
	for name, p := range map[string]Proposal{"read": proposal(adapters.ClassRead), "write": proposal(adapters.ClassWrite), "hundred": big} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			took := make([]time.Duration, 0, b.N)
			for b.Loop() {
				start := time.Now()
				if _, err := e.Decide(b.Context(), p, monday); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			for _, percentile := range []int{50, 99} {
				b.ReportMetric(float64(took[len(took)*percentile/100].Microseconds()), fmt.Sprintf("p%d-µs", percentile))
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		shipped(b)
	}
}
