package eval_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
)

const foldYAML = `- id: refunds.all
  topic: cost
  description: Refunds.
  examples: [how are the refunds, list all of the refunds, what did we refund, money given back, who got money back, refunds today]
  patterns: ["how are refunds", "list refunds", "refunds {time}"]
  action: changes
  query: {kinds: [service], name: refunds}
  answer: "{{len .Changes}} found"
  notExamples: [{ask: which parcels all came back to us, intent: returns.all}, refund the money]
- id: returns.all
  topic: inventory
  description: Returns.
  examples: [list of returns, which parcels came back to us, parcels sent back, refunds in production]
  patterns: ["list of returns", "refunds {environment}"]
  action: list
  query: {kinds: [service], name: returns, scope: {environment: "{environment}"}}
  answer: "{{len .Resources}} found"
`

func small(t *testing.T) *intents.Catalog {
	t.Helper()
	c, err := intents.Load(fstest.MapFS{"a.yaml": {Data: []byte(foldYAML)}})
	require.NoError(t, err)
	return c
}

func asked(cases []eval.Case) (questions []string) {
	for _, c := range cases {
		questions = append(questions, c.Question)
	}
	slices.Sort(questions)
	return questions
}

func TestFoldsOfExamplesHaveNotLearnedThem(t *testing.T) {
	c := small(t)
	all := asked(eval.Examples(c).Cases)
	folds, how := eval.Folds(c, nil, "examples")
	assert.Equal(t, eval.CrossValidation{By: "examples", Examples: 10, LeftOut: 10}, how)
	require.Len(t, folds, 5)
	var dealt []string
	for _, f := range folds {
		questions := asked(f.Suite.Cases)
		assert.Len(t, questions, 2, f.Suite.Name)
		assert.Equal(t, 2, f.LeftOut)
		kept := asked(eval.Examples(f.Catalog).Cases)
		assert.ElementsMatch(t, all, slices.Concat(kept, questions), "what is asked is what is missing")
		assert.NotEmpty(t, f.Catalog.Intents[0].Patterns)
		dealt = append(dealt, questions...)
	}
	assert.ElementsMatch(t, all, dealt)
	assert.Equal(t, all, asked(eval.Examples(c).Cases), "the catalogue stays as it was")
	learned, _ := eval.Folds(c, nil, "learned")
	assert.Empty(t, learned[0].Catalog.Intents[0].Patterns)
}

func TestFoldsOfCasesKeepASourceTogether(t *testing.T) {
	c := small(t)
	cases := []eval.Case{{Question: "one", Source: "a"}, {Question: "two", Source: "a"}, {Question: "Which parcels came back to us?", Source: "b"},
		{Question: "refund that money", Source: "b"}, {Question: "nobody knows where this is from"}}
	folds, how := eval.Folds(c, []eval.Suite{{Cases: cases}}, "source")
	require.Len(t, folds, 2)
	assert.Equal(t, []string{"one", "two"}, asked(folds[0].Suite.Cases))
	assert.Equal(t, 0, folds[0].LeftOut)
	assert.Equal(t, 1, folds[1].LeftOut, "the example that the case is, but not those that share a few words with it")
	assert.Equal(t, 1, how.LeftOut)
	assert.Len(t, folds[1].Catalog.Intents[0].NotExamples, 1, "nor may a near miss teach what nearly is the case")
	assert.Len(t, c.Intents[0].NotExamples, 2)

	cases = []eval.Case{{Question: "one", Of: "x"}, {Question: "two", Of: "x"}, {Question: "three", Group: "noise"}, {Question: "four", Source: "a"}}
	folds, _ = eval.Folds(c, []eval.Suite{{Cases: cases}}, "group")
	require.Len(t, folds, 2)
	assert.Equal(t, []string{"one", "two"}, asked(folds[0].Suite.Cases), "wordings of one question stay together")
	assert.Equal(t, []string{"three"}, asked(folds[1].Suite.Cases))
}

func TestValidateAsksEachFoldWithItsOwnIntents(t *testing.T) {
	folds, how := eval.Folds(small(t), nil, "examples")
	report, err := eval.Validate(folds, how, func(f eval.Fold) (eval.Classifier, error) {
		m, err := f.Matcher()
		return eval.ByMatcher(m, adapters.Names{}), err
	})
	require.NoError(t, err)
	assert.Equal(t, 10, report.Total.Questions)
	assert.GreaterOrEqual(t, report.Total.Right, 4, "what a pattern explains needs no example")
	assert.Equal(t, "fold", report.Spreads[0].By)
	assert.Equal(t, how, *report.CrossValidation)
	_, err = eval.Validate(folds, how, func(eval.Fold) (eval.Classifier, error) { return nil, assert.AnError })
	assert.ErrorIs(t, err, assert.AnError)
	assert.ErrorContains(t, err, "make the intents of fold 1: ")
}

// "refunds today" and "refunds in production" are told apart by patterns only.
func TestMatcherOfAFoldGoesWithoutStrays(t *testing.T) {
	folds, _ := eval.Folds(small(t), []eval.Suite{{Cases: []eval.Case{{Question: "x", Source: "a"}}}}, "learned")
	for _, f := range folds {
		_, err := f.Matcher()
		require.NoError(t, err)
	}
}
