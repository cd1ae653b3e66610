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

// A change of something that is there comes with its state and with the command that a person would be asked to approve.
func TestAChangeComesWithTheCommandToPropose(t *testing.T) {
	catalog, err := intents.Load(intents.Default())
	require.NoError(t, err)
	m, err := NewMatcher(catalog)
	require.NoError(t, err)
	w := shop().mutate("checkout-api", func(r *adapters.Resource) {
		r.Metrics = map[string]float64{adapters.MetricReplicasDesired: 3, adapters.MetricReplicasReady: 3}
	})
	for question, want := range map[string]string{
		"scale checkout-api to 5":                   "kubectl scale deployment/checkout-api --replicas=5 --namespace=production --context=prod",
		"scale checkout-api to 5 replicas":          "kubectl scale deployment/checkout-api --replicas=5 --namespace=production --context=prod",
		"scale up checkout-api by 2":                "kubectl scale deployment/checkout-api --replicas=5 --namespace=production --context=prod",
		"restart checkout-api":                      "kubectl rollout restart deployment/checkout-api --namespace=production --context=prod",
		"rollback checkout-api":                     "kubectl rollout undo deployment/checkout-api --namespace=production --context=prod",
		"delete checkout-api":                       "kubectl delete deployment/checkout-api --namespace=production --context=prod",
		"restart the pod checkout-api-a":            "kubectl delete pod/checkout-api-a --namespace=production --context=prod",
		"scale checkout-api":                        "",
		"deploy the newest version of checkout-api": "",
	} {
		a, err := New(m, w, Options{}).Route(t.Context(), Question{Text: question})
		require.NoError(t, err)
		require.NotNil(t, a.Intent, question)
		assert.Equal(t, intents.TopicWrite, a.Intent.Topic, question)
		if want == "" {
			assert.Empty(t, a.Proposals, question)
			assert.Equal(t, StatusUnsupported, a.Status, question)
			continue
		}
		require.Len(t, a.Proposals, 1, "%s: %s", question, a.Summary)
		assert.Equal(t, want, a.Proposals[0].String(), question)
		assert.Equal(t, StatusOK, a.Status, question)
		assert.Contains(t, Text(a, TextLimits{}), "propose with clanker_run_command: "+want)
		command, err := adapters.ParseCommand(a.Proposals[0].Argv)
		require.NoError(t, err, question)
		assert.Contains(t, []adapters.Class{adapters.ClassWrite, adapters.ClassDestroy}, command.Class)
	}
}
