package router

import (
	"fmt"
	"testing"

	"clanker/adapters"
)

// BenchmarkHealthAnswer is a health question over 60 resources, from words to text, over a workspace that costs nothing.
func BenchmarkHealthAnswer(b *testing.B) {
	benchmarkHealth(b, 60)
}

// BenchmarkHealthAnswer10000 is the same over 10,000 resources.
func BenchmarkHealthAnswer10000(b *testing.B) {
	benchmarkHealth(b, 10000)
}

func benchmarkHealth(b *testing.B, n int) {
	f := &fake{}
	for i := range n {
		health := adapters.HealthHealthy
		if i == n/2 {
			health = adapters.HealthDegraded
		}
		f.resources = append(f.resources, resource(adapters.KindDeployment, fmt.Sprintf("api-%05d", i), health, ""))
	}
	names := adapters.NamesOf(f.resources)
	f.known = &names
	r := newRouter(b, f)
	b.ReportAllocs()
	for b.Loop() {
		a, err := r.Route(b.Context(), Question{Text: "are all services in production healthy"})
		if err != nil || len(Text(a, TextLimits{})) == 0 || a.Verdict != VerdictDegraded {
			b.Fatal(err, a.Verdict)
		}
	}
}

// BenchmarkText is the rendering alone.
func BenchmarkText(b *testing.B) {
	a := route(b, many(60), Question{Text: "are all services healthy"})
	b.ReportAllocs()
	for b.Loop() {
		Text(a, TextLimits{})
	}
}
