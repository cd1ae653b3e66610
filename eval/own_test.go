package eval_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
	"clanker/router"
)

const ownYAML = `- id: refunds.large
  topic: health
  description: Refunds.
  examples: [how are the refunds, "refunds over [80%](percent)", "refunds [since yesterday](time)"]
  patterns: ["how are refunds", "refunds over {percent}", "refunds {time}"]
  action: changes
  query: {kinds: [service], name: refunds}
  answer: "{{len .Changes}} found"
  notExamples:
    - refunds over limit
    - {ask: list of returns, intent: returns.all}
    - {ask: refunds over 50%, intent: returns.all}
    - {ask: give me a list of what came back, intent: returns.all}
  tests:
    - {ask: refunds over 90%, slots: {percent: 80%}}
    - {ask: refunds over 70%, slots: {percent: 70%}}
    - {ask: refunds over 60%, not: true}
    - {ask: refunds in the past 2 hours, slots: {time: in the last 2h}}
    - {ask: how are refunds, slots: {percent: 70%}}
    - {ask: how are they}
    - {ask: list of returns}
- id: returns.all
  topic: inventory
  description: Returns.
  examples: [list of returns]
  patterns: ["list of returns"]
  action: list
  query: {kinds: [service], name: returns}
  answer: "{{len .Resources}} found"
`

func TestOwnHoldsIntentsToWhatTheySay(t *testing.T) {
	c, err := intents.Load(fstest.MapFS{"a.yaml": {Data: []byte(ownYAML)}})
	require.NoError(t, err)
	matcher, err := router.NewMatcher(c)
	require.NoError(t, err)
	by := eval.ByMatcher(matcher, adapters.Names{})
	problems := map[string]string{}
	for _, c := range append(eval.Own(c).Cases, eval.Examples(c).Cases...) {
		if problem := c.Problem(by.Classify(c.Question)); problem != "" {
			problems[c.Group+": "+c.Question] = problem
		}
	}
	nowhere := "goes nowhere: " + by.Classify("how are they").Reason
	assert.Equal(t, map[string]string{
		"notExamples: refunds over 50%": "goes to refunds.large, not to returns.all",
		"tests: refunds over 90%":       "gives percent=0.9, not 0.8",
		"tests: refunds over 60%":       "goes to refunds.large",
		"tests: how are refunds":        "does not give percent=0.7",
		"tests: how are they":           nowhere,
		"tests: list of returns":        "goes to returns.all, not to refunds.large",
	}, problems)

	s := eval.Own(c)
	f := eval.Evaluate([]eval.Suite{s}, func(eval.Suite) eval.Classifier { return by }).Suites[0].Figures
	assert.Equal(t, []int{11, 9, 5, 2, 2, 1}, []int{f.Questions, f.InScope, f.Right, f.Wrong, f.Missed, f.Taken})
	assert.Equal(t, new(0.5), f.OutOfScopeRecall)
	assert.Equal(t, new(0.5714), f.SlotF1, "of four slots three are read, two of them right: 2*2/(4+3)")
}
