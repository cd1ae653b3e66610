package agent

import (
	"context"
	"testing"

	"github.com/tmc/langchaingo/llms"

	"clanker/router"
)

// BenchmarkStep is what a step takes beside the model's own time: two tools that run at once, their schemas and results, what is
// checked and what is kept. The model of this benchmark takes none.
func BenchmarkStep(b *testing.B) {
	r := newRig(b, nil, func(_ context.Context, messages []llms.MessageContent, _ llms.CallOptions) (*llms.ContentResponse, error) {
		if len(messages) == 2 {
			return calls("get_resource", cacheCall, "list_changes", cacheCall)(b.Context(), messages, llms.CallOptions{})
		}
		return response("session-cache is degraded, with failover disabled.", "stop"), nil
	})
	r.ask(b, router.Question{})
	for b.Loop() {
		r.ask(b, router.Question{})
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(2*b.N), "µs/step")
}
