package intents

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

const language = `- id: a.b
  topic: metrics
  description: d
  examples:
    - pods above [80%](percent) of memory in [web](namespace)
    - "slow [services](kind) since [2 hours ago](time) and [pay](who:service)"
    - what [is] (not) marked
  notExamples:
    - restart the pods
    - {ask: what do the pods cost, intent: a.c}
  requires: {all: ["@cpu", pods], any: ["{percent}"], none: [cost], kinds: [pod, node]}
  when: '"aws" in connected && len(connected) > 1'
  maxRisk: 0.01
  action: list
  query: {name: "{who}"}
  answer: "{{.Slots.who}}"
  tests:
    - {ask: pods over 90%, slots: {percent: 90%, kind: pods, time: last 2h, who_kind: deployments}}
    - {ask: restart them, not: true}
`

// two loads an intent with every key, and the one that it names.
func two(t *testing.T) *Intent {
	t.Helper()
	c, err := Load(fstest.MapFS{"one.yaml": {Data: []byte(language)}, "two.yaml": {Data: []byte(ours("a.c", "mood"))}})
	require.NoError(t, err)
	in, _ := c.Intent("a.b")
	return in
}

// TestLanguage reads every key that a learner and its guards use.
func TestLanguage(t *testing.T) {
	in, at := two(t), func(line, column int) Position { return Position{File: "one.yaml", Line: line, Column: column} }
	assert.Equal(t, ActState, in.Act)
	assert.Empty(t, in.Patterns)
	require.Len(t, in.Examples, 3)
	assert.Equal(t, Example{"pods above 80% of memory in web", Slots{"percent": 0.8, "namespace": "web"}, at(5, 7)}, in.Examples[0])
	assert.Equal(t, "slow services since 2 hours ago and pay", in.Examples[1].Text)
	assert.Equal(t, "service", in.Examples[1].Slots["kind"])
	assert.Equal(t, "pay", in.Examples[1].Slots["who"])
	assert.Equal(t, "2 hours ago", in.Examples[1].Slots["time"].(TimeRange).String())
	assert.Equal(t, Example{"what [is] (not) marked", Slots{}, at(7, 7)}, in.Examples[2])
	assert.Equal(t, SlotService, in.SlotType("who"))
	assert.True(t, in.UsesTime())
	assert.Equal(t, []NotExample{{"restart the pods", "", at(9, 7)}, {"what do the pods cost", "a.c", at(10, 13)}}, in.NotExamples)
	assert.Equal(t, 0.01, in.MaxRisk)
	all := in.Requires
	assert.Equal(t, "@cpu pods {percent} cost", all.All[0].String()+" "+all.All[1].String()+" "+all.Any[0].String()+" "+all.None[0].String())
	assert.Equal(t, []adapters.Kind{adapters.KindPod, adapters.KindNode}, all.Kinds)
	require.Len(t, in.Tests, 2)
	last, _ := ParseTimeRange([]string{"last", "2h"})
	assert.Equal(t, Slots{"percent": 0.9, "kind": "pod", "time": last, "who_kind": "deployment"}, in.Tests[0].Slots)
	assert.True(t, in.Tests[1].Not)
}

func TestApplies(t *testing.T) {
	in := two(t)
	assert.True(t, in.Applies([]string{"aws", "kubernetes"}))
	assert.False(t, in.Applies([]string{"aws"}))
	assert.False(t, in.Applies(nil))
	assert.True(t, one(t, ours("x.y", "mood x")).Applies(nil), "no when is always")
}

func TestActs(t *testing.T) {
	for _, test := range []struct {
		topic, action, act string
		want               Act
	}{
		{"health", "list", "", ActState}, {"diagnose", "diagnose", "", ActCause}, {"write", "propose", "", ActCommand},
		{"write", "diagnose", "", ActCommand}, {"health", "list", "act: cause", ActCause}, {"diagnose", "diagnose", "act: state", ActState},
	} {
		in := one(t, "- id: a.b\n  topic: "+test.topic+"\n  description: d\n  examples: [q]\n  patterns: [w]\n  answer: x\n  action: "+test.action+"\n  "+test.act+"\n")
		assert.Equal(t, test.want, in.Act, test)
	}
}

func TestTimeRangeEqual(t *testing.T) {
	parse := func(words ...string) TimeRange { r, _ := ParseTimeRange(words); return r }
	assert.True(t, parse("last", "24h").Equal(parse("in", "the", "last", "24", "hours")))
	assert.False(t, parse("last", "24h").Equal(parse("last", "23h")))
	assert.False(t, parse("last", "24h").Equal(TimeRange{}))
}
