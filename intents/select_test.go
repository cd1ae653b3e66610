package intents

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

const overLimit = `
- id: metrics.memory
  topic: metrics
  description: Pods near their memory limit.
  examples: [pods over 80% of their memory limit]
  patterns: ["pods over {percent} memory limit", "top {count} pods over {percent} on {node}"]
  slots: {percent: {default: 80%}}
  action: metrics
  query: {kinds: [pod], metrics: [memory.ofLimit], scope: {namespace: web}}
  where: metric["memory.ofLimit"] > slots.percent && health != "gone"
  sort: -metric["memory.ofLimit"]
  limit: "{count}"
  answer: '{{len .Resources}} over {{percent .Slots.percent}}: {{range .Resources}}{{.Name}} {{percent (index .Metrics "memory.ofLimit")}} of {{bytes (metric . "memory.limit")}} {{end}}'
  next: ['why is {{(index .Resources 0).Name}} slow', 'what runs {{(index .Resources 0).Attributes.image}}']
`

func pod(name string, ofLimit float64) adapters.Resource {
	r := adapters.Resource{ID: "k/pod/" + name, Name: name, Kind: adapters.KindPod, Health: adapters.HealthHealthy}
	if ofLimit > 0 {
		r.Metrics = map[string]float64{adapters.MetricMemoryOfLimit: ofLimit}
	}
	return r
}

func namesOf(rs []adapters.Resource) []string {
	var names []string
	for _, r := range rs {
		names = append(names, r.Name)
	}
	return names
}

func TestSelect(t *testing.T) {
	in := one(t, overLimit)
	rs := []adapters.Resource{pod("b", 0.9), pod("a", 0.9), pod("low", 0.1), pod("blind", 0), pod("top", 0.97)}
	selection, err := in.Select(rs, Slots{"percent": 0.8}, asked)
	require.NoError(t, err)
	assert.Equal(t, []string{"top", "a", "b"}, namesOf(selection.Resources))
	assert.Equal(t, 5, selection.Total)
	assert.Equal(t, 1, selection.Unmeasured, "what was not measured is neither idle nor selected")

	selection, err = in.Select(rs, Slots{"percent": 0.05, "count": 2}, asked)
	require.NoError(t, err)
	assert.Equal(t, []string{"top", "a"}, namesOf(selection.Resources))
}

func TestSelectOnNode(t *testing.T) {
	in := one(t, overLimit)
	here := pod("here", 0.9)
	here.Relations = []adapters.Relation{{Type: adapters.RelationRunsOn, Target: "k/c/node/worker-1"}}
	selection, err := in.Select([]adapters.Resource{here, pod("elsewhere", 0.9)}, Slots{"percent": 0.8, "node": "worker-1"}, asked)
	require.NoError(t, err)
	assert.Equal(t, []string{"here"}, namesOf(selection.Resources))
	assert.Equal(t, 1, selection.Total)
}

func TestSelectWrongType(t *testing.T) {
	in := one(t, overLimit)
	_, err := in.Select([]adapters.Resource{pod("a", 1)}, Slots{"percent": "much"}, asked)
	assert.ErrorContains(t, err, "evaluate over k/pod/a")
}

// whereOf selects with one expression.
func whereOf(t *testing.T, where string, s Slots, rs ...adapters.Resource) (Selection, error) {
	t.Helper()
	in := one(t, fmt.Sprintf("- {id: a.b, topic: health, description: x, examples: [x], patterns: ['x {percent} {duration} {time}'], action: list, answer: x, where: %q}", where))
	return in.Select(rs, s, asked)
}

func TestWhere(t *testing.T) {
	last, _ := ParseTimeRange([]string{"last", "hour"})
	r := adapters.Resource{ID: "i", Name: "web-1", Kind: adapters.KindPod, Health: adapters.HealthDegraded, Since: asked.Add(-30 * time.Minute),
		Labels: map[string]string{"app": "web"}, Attributes: map[string]any{"image": "web:latest", "count": 2.0, "on": true},
		Scope: adapters.Scope{Namespace: "shop"}}
	slots := Slots{"duration": time.Hour, "time": last, "percent": 0.8}
	for where, want := range map[string][2]int{ // selected, unmeasured
		`health != "healthy" && kind == "pod" && namespace == "shop"`: {1, 0},
		`label.app == "web" && label.none == nil`:                     {1, 0},
		`attr.image endsWith ":latest" && attr.on`:                    {1, 0},
		`attr.none > 3`:                                          {0, 1},
		`metric.restarts > 3`:                                    {0, 1},
		`metric.restarts == nil`:                                 {1, 0},
		`(metric.restarts ?? 0) > 3`:                             {0, 0},
		`age < slots.duration && age < slots.time`:               {1, 0},
		`slots.namespace == nil || namespace == slots.namespace`: {1, 0},
		`attr.count >= 2`:                                        {1, 0},
	} {
		selection, err := whereOf(t, where, slots, r)
		require.NoError(t, err, where)
		assert.Equal(t, want, [2]int{len(selection.Resources), selection.Unmeasured}, where)
	}
}

func TestWhereAgeUntold(t *testing.T) {
	selection, err := whereOf(t, `age > 60`, nil, pod("a", 0))
	require.NoError(t, err)
	assert.Equal(t, 1, selection.Unmeasured)
}

func TestRender(t *testing.T) {
	in := one(t, overLimit)
	line, err := in.Render(Data{Resources: []adapters.Resource{pod("top", 0.97), pod("blind", 0)}, Slots: Slots{"percent": 0.8}})
	require.NoError(t, err)
	assert.Equal(t, "2 over 80%: top 97% of unknown blind unknown of unknown", line)
	assert.Equal(t, []string{"why is top slow"}, in.NextQuestions(Data{Resources: []adapters.Resource{pod("top", 0.97)}}))
	assert.Empty(t, in.NextQuestions(Data{}))
}

func TestQuery(t *testing.T) {
	in := one(t, overLimit)
	last, _ := ParseTimeRange([]string{"last", "2", "hours"})
	q := in.Query(Slots{"environment": "production", "provider": "aws", "time": last}, asked)
	assert.Equal(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Metrics: []string{"memory.ofLimit"}, Providers: []string{"aws"},
		Scope: adapters.Scope{Namespace: "web", Environment: "production"}, Since: asked.Add(-2 * time.Hour)}, q)
	assert.Equal(t, "shop", in.Query(Slots{"namespace": "shop"}, asked).Scope.Namespace, "the question's scope wins")
}

func TestQueryOfNameAndLogs(t *testing.T) {
	in := one(t, `
- id: logs.of
  topic: logs
  description: Logs.
  examples: [logs of web]
  patterns: ["[last {count}] logs of {service} [with {text}]"]
  action: list
  query: {kinds: [deployment, pod], name: "{service}", since: last 1h, log: {tail: "{count}", grep: "{text}", errors: true}}
  answer: x
`)
	q := in.Query(Slots{"service": "web", "count": 10, "text": "boom", "service_kind": "pod"}, asked)
	assert.Equal(t, adapters.Query{Name: "web", Kinds: []adapters.Kind{adapters.KindPod}, Since: asked.Add(-time.Hour),
		Log: adapters.LogFilter{Tail: 10, Grep: "boom", Errors: true}}, q)
}

func BenchmarkSelect(b *testing.B) {
	in := one(b, overLimit)
	rs := make([]adapters.Resource, 10_000)
	for i := range rs {
		rs[i] = pod(fmt.Sprint("pod-", i), float64(i%100+1)/100)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := in.Select(rs, Slots{"percent": 0.8}, asked); err != nil {
			b.Fatal(err)
		}
	}
}
