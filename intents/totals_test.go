package intents

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

func TestTotals(t *testing.T) {
	pod := func(namespace string, metrics map[string]float64) adapters.Resource {
		return adapters.Resource{Kind: adapters.KindPod, Scope: adapters.Scope{Namespace: namespace}, Metrics: metrics}
	}
	pods := []adapters.Resource{
		pod("batch", map[string]float64{"cpu.usage": 0.4, "memory.usage": 1 << 30, "memory.ofLimit": 0.5, "storage.growth": 1 << 20}),
		pod("web", map[string]float64{"cpu.usage": 1.5}),
		pod("web", map[string]float64{"cpu.usage": 2}),
		pod("idle", nil),
	}
	assert.Equal(t, "web 3.5, batch 0.4", totals(pods, "cpu.usage"))
	assert.Equal(t, "batch 1Gi", totals(pods, "memory.usage"))
	assert.Equal(t, "batch 0.5", totals(pods, "memory.ofLimit"), "which is none of bytes")
	assert.Equal(t, "batch 1Mi", totals(pods, "storage.growth"))
	assert.Equal(t, "unknown", totals(pods, "latency.p99"))
	assert.Equal(t, "unknown", totals(nil, "cpu.usage"))
}
