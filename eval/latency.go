package eval

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Latency is how long one question takes to classify, and what it allocates. It differs from run to run, so no [Report]
// has it.
type Latency struct {
	Questions      int
	Mean, P50, P99 time.Duration
	Allocations    float64 // per question
}

// Measure asks every question of the suites once to warm up and once to measure, one after the other.
func Measure(suites []Suite, with func(Suite) Classifier, now func() time.Time) Latency {
	var took []time.Duration
	var allocations uint64
	for _, suite := range suites {
		by := with(suite)
		for _, c := range suite.Cases {
			by.Classify(c.Question)
		}
		times := make([]time.Duration, len(suite.Cases))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i, c := range suite.Cases {
			start := now()
			by.Classify(c.Question)
			times[i] = now().Sub(start)
		}
		runtime.ReadMemStats(&after)
		allocations += after.Mallocs - before.Mallocs
		took = append(took, times...)
	}
	if len(took) == 0 {
		return Latency{}
	}
	slices.Sort(took)
	var sum time.Duration
	for _, t := range took {
		sum += t
	}
	n := len(took)
	return Latency{Questions: n, Mean: sum / time.Duration(n), P50: took[n/2], P99: took[n*99/100], Allocations: float64(allocations) / float64(n)}
}

// String tells the latency in one line.
func (l Latency) String() string {
	return fmt.Sprintf("%d questions: %d ns each, p50 %.1f us, p99 %.1f us, %.1f allocations each", l.Questions, l.Mean.Nanoseconds(),
		float64(l.P50.Nanoseconds())/1e3, float64(l.P99.Nanoseconds())/1e3, l.Allocations)
}
