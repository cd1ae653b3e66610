package router

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

// changeIntents take requests for a change: one by its verb, one the rest.
const changeIntents = `
- id: write.restart
  topic: write
  description: To restart something.
  examples: [restart the pods, restart it all]
  requires: {all: ["@reboots"], any: ["{kind}", "{service}", "{environment}"]}
  patterns: ["@reboots everything"]
  action: propose
  answer: restarting
- id: write.change
  topic: write
  description: Any other change.
  examples: [delete the pods]
  patterns: ["delete everything"]
  requires: {any: ["{kind}", "{service}", "{environment}"]}
  action: propose
  answer: a change
`

func changeMatcher(t *testing.T) *Matcher {
	t.Helper()
	vocabulary := `
concepts: {act_changes: [restart, delete, bounce, turn off], reboots: [restart, bounce]}
kinds: {pod: [pod, pods]}
fillers: [the, please]
stopwords: [lights, turn]
`
	c, err := intents.Load(fstest.MapFS{"write.yaml": {Data: []byte(changeIntents)}, "vocabulary.yaml": {Data: []byte(vocabulary)}})
	require.NoError(t, err)
	m, err := NewMatcher(c)
	require.NoError(t, err)
	return m
}

func TestTheVerbDecidesWhichChangeIsAskedFor(t *testing.T) {
	m := changeMatcher(t)
	for question, want := range map[string]string{
		"please bounce the failing pods in staging":   "write.restart environment=staging kind=pod",
		"delete pods that restart":                    "write.change kind=pod", // restart is not the verb here
		"turn off the lights":                         "abstain",               // nothing of the infrastructure
		"the pods in staging restart again and again": "abstain",               // no request
		"who restarted the pods":                      "abstain",
	} {
		assert.Equal(t, want, spellMatch(m.Match(question, adapters.Names{})), question)
	}
}

func TestAQuestionChangesNothing(t *testing.T) {
	for question, want := range map[string]string{
		"bounce the failing pods in staging": "restarting pod in staging",
		"delete pods":                        "a change pod",
	} {
		w := shop()
		a, err := New(changeMatcher(t), w, Options{}).Route(t.Context(), Question{Text: question})
		require.NoError(t, err)
		assert.Equal(t, StatusUnsupported, a.Status)
		assert.Equal(t, "This asks for a change ("+want+"), and a question changes nothing: nothing was read or run. "+onward, a.Summary)
		assert.Empty(t, a.Evidence, "nothing is read for it")
		require.NotNil(t, a.Intent)
		assert.Equal(t, intents.TopicWrite, a.Intent.Topic)
	}
}

func TestALongNameLeavesRoomForWhatToDo(t *testing.T) {
	name := ""
	for range 60 {
		name += "very-long-"
	}
	a, err := New(changeMatcher(t), shop(), Options{}).Route(t.Context(), Question{Text: "bounce the pods of service " + name + "x"})
	require.NoError(t, err)
	assert.Contains(t, a.Summary, onward)
}
