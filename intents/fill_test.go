package intents

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func builtin(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load(Default())
	require.NoError(t, err)
	return c
}

func TestParameters(t *testing.T) {
	c := builtin(t)
	for _, test := range []struct {
		intent     string
		want, must []string
	}{
		{"cost.of", []string{"cluster", "environment", "namespace", "provider", "region", "service"}, []string{"service"}},
		{"metrics.memory.limit", []string{"cluster", "environment", "kind", "namespace", "percent", "provider", "region", "time"}, []string{"kind"}},
		{"health.services", []string{"cluster", "environment", "namespace", "provider", "region", "time"}, nil},
		{"metrics.top.cpu", []string{"cluster", "count", "environment", "kind", "namespace", "provider", "region", "time"}, nil},
		{"meta.connections", nil, nil},
	} {
		in, ok := c.Intent(test.intent)
		require.True(t, ok, test.intent)
		var all, must []string
		for _, p := range in.Parameters() {
			if all = append(all, p.Name); p.Needed {
				must = append(must, p.Name)
			}
			assert.NotZero(t, p.Type, p.Name)
		}
		assert.Equal(t, test.want, all, test.intent)
		assert.Equal(t, test.must, must, test.intent)
	}
}

func TestFill(t *testing.T) {
	c := builtin(t)
	for _, test := range []struct {
		intent string
		values map[string]any
		want   Slots
		err    string
	}{
		{"metrics.memory.limit", map[string]any{"kind": "Pods"}, Slots{"kind": "pod", "percent": 0.8}, ""},
		{"metrics.memory.limit", map[string]any{"kind": "pod", "percent": 75.0, "environment": "prod"}, Slots{"kind": "pod", "percent": 0.75, "environment": "production"}, ""},
		{"metrics.memory.limit", map[string]any{"kind": "droplets"}, Slots{"kind": "instance", "provider": "digitalocean", "percent": 0.8}, ""},
		{"metrics.memory.limit", map[string]any{"kind": "droplets", "provider": "k8s"}, Slots{"kind": "instance", "provider": "kubernetes", "percent": 0.8}, ""},
		{"metrics.top.cpu", map[string]any{"count": 3.0}, Slots{"kind": "pod", "count": 3}, ""},
		{"metrics.top.cpu", map[string]any{"count": "0"}, nil, `count: read count "0"`},
		{"metrics.top.cpu", map[string]any{"kind": "unicorn", "sort": "name"}, nil, "kind: no word for a kind is \"unicorn\"\nsort is no parameter of metrics.top.cpu"},
		{"cost.of", nil, nil, "service is missing"},
		{"cost.of", map[string]any{"service": " "}, nil, "service: read service: it is empty"},
	} {
		in, _ := c.Intent(test.intent)
		before := len(in.Defaults)
		got, err := in.Fill(test.values, c.Vocabulary)
		assert.Len(t, in.Defaults, before, "the defaults stay what they are")
		if test.err != "" {
			assert.ErrorContains(t, err, test.err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, test.want, got)
	}
}

func TestValue(t *testing.T) {
	v := builtin(t).Vocabulary
	day := func(text string) TimeRange {
		r, err := looseTime(text)
		require.NoError(t, err, text)
		return r
	}
	for _, test := range []struct {
		kind    SlotType
		written any
		want    any
	}{
		{SlotPercent, "80%", 0.8}, {SlotPercent, 80.0, 0.8}, {SlotPercent, 0.8, 0.8}, {SlotPercent, "0.8", 0.8}, {SlotPercent, 150, 1.5}, {SlotPercent, 1.0, 0.01},
		{SlotPercent, "most", nil}, {SlotPercent, -3.0, nil}, {SlotPercent, "NaN", nil},
		{SlotDuration, "2 hours", 2 * time.Hour}, {SlotDuration, "2h", 2 * time.Hour}, {SlotDuration, 7.0, nil},
		{SlotCount, "10", 10}, {SlotCount, 10.0, 10}, {SlotCount, 1.5, nil},
		{SlotTime, "24h", day("last 24h")}, {SlotTime, "2026-08-02T14:00:00+02:00", day("since 2026-08-02 12:00")}, {SlotTime, "Monday", day("monday")},
		{SlotTime, "next week", nil}, {SlotTime, 5.0, nil},
		{SlotService, "Web", "web"}, {SlotText, `"Out of Memory"`, "out of memory"}, {SlotKind, "cache", string(adapters.KindCache)},
		{SlotEnvironment, "PROD", "production"}, {SlotEnvironment, "blue", "blue"}, {SlotProvider, "K8s", "kubernetes"}, {SlotService, "", nil},
	} {
		got, err := v.Value(test.kind, test.written)
		if test.want == nil {
			assert.Error(t, err, "%s %v", test.kind, test.written)
			continue
		}
		require.NoError(t, err, "%s %v", test.kind, test.written)
		if span, ok := test.want.(TimeRange); ok {
			assert.True(t, span.Equal(got.(TimeRange)), "%v is %v", test.written, got)
			continue
		}
		assert.Equal(t, test.want, got, "%s %v", test.kind, test.written)
	}
}

func FuzzValue(f *testing.F) {
	for _, text := range []string{"80%", "0.8", "last 24h", "2h", "droplets", "2026-08-02T14:00:00Z", "\x00", "9999999999999999999"} {
		f.Add(text)
	}
	v := builtin(f).Vocabulary
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range slotTypes {
			if value, err := v.Value(kind, text); err == nil {
				assert.NotNil(t, value)
			}
		}
	})
}
