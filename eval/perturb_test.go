package eval

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/intents/strict"
)

func TestTypoMisspellsOneLetterOfTheLongestWord(t *testing.T) {
	const question = "Is the checkout database (prod) healthy?"
	seen := map[string]bool{}
	for seed := range uint64(400) {
		got := typo(question, seed*0x9e3779b97f4a7c15)
		seen[got] = true
		assert.Equal(t, 1, strict.Distance(question, got, 10), got)
		assert.True(t, strings.HasPrefix(got, "Is the c") && strings.HasSuffix(got, " database (prod) healthy?"), got)
	}
	assert.Greater(t, len(seen), 20)
	assert.Equal(t, "is it up?", typo("is it up?", 7), "there is no word to misspell")
	assert.Equal(t, "", typo("", 7))
	assert.Equal(t, "本番 é", typo("本番 é", 7))
}

func TestPerturbationsRepeatAndChangeWhatTheySay(t *testing.T) {
	base := []Case{{Question: "Is checkout-api healthy?", Topic: "health"}, {Question: "What does it cost?", Topic: "cost"},
		{Question: "EC2 instances by price", Topic: "cost"}}
	for _, p := range Perturbations() {
		for i := range base {
			assert.Equal(t, p.apply(base, i), p.apply(base, i), p.Name)
		}
	}
	for name, want := range map[string]string{"case": "IS CHECKOUT-API HEALTHY?", "unmarked": "Is checkout-api healthy"} {
		for _, p := range Perturbations() {
			if p.Name == name {
				assert.Equal(t, want, p.apply(base, 0))
			}
		}
	}
	assert.ElementsMatch(t, strings.Fields("which pods are failing"), strings.Fields(swapWords("which pods are failing", 1)))
	assert.Equal(t, "which are pods failing", swapWords("which pods are failing", 1))
	assert.Equal(t, "pods failing", swapWords("pods failing", 1))
	assert.Contains(t, polite("is it up?", 3), "is it up?")
	assert.True(t, strings.HasPrefix(injected("is it up?", 3), "is it up? "))
}

func TestCommandTurnsWhatIsAskedFor(t *testing.T) {
	for question, want := range map[string]string{"Show me the failing pods?": "delete the failing pods", "list buckets": "delete buckets",
		"Which pods are failing?": "delete whichever pods are failing", "show": "show", "showers": "showers", "is it up?": "is it up?",
		"show me how many pods fail": "show me how many pods fail", "": "", "show ": "delete "} {
		assert.Equal(t, want, command(question, 0))
	}
	assert.Equal(t, "scale down the pods", command("get the pods", 7))
}

// orderly knows an order for what it is if it says where.
type orderly struct{}

func (orderly) Classify(text string) Prediction {
	if strings.HasPrefix(text, "show") || !strings.Contains(text, "in web") {
		return half{}.Classify(text)
	}
	return Prediction{Routed: true, Topic: "write", Intent: "write.restart", Score: 1}
}

func TestTurnedQuestionsMayGoToWrite(t *testing.T) {
	run := ask(Suite{Cases: []Case{{Question: "show pods", Topic: "health"}, {Question: "show failing pods", Topic: "health"},
		{Question: "show pods in web", Topic: "health"}, {Question: "pods", Topic: "health"}, {Question: "find pods in web", Topic: "write"}}}, orderly{})
	i := slices.IndexFunc(run.robust, func(r Robustness) bool { return r.Name == turned })
	r := run.robust[i]
	assert.Equal(t, []int{3, 2, 0}, []int{r.Asked, r.Routed, r.Right}, "what was a command, or is no request to look, is not asked")
	assert.Nil(t, r.Precision)
}

func TestVoicesAreHeldAgainstTheWordsThatWentRight(t *testing.T) {
	run := ask(Suite{Cases: []Case{{Question: "pods?", Topic: "health", Voice: "minimal", Of: "are pods ok"},
		{Question: "po", Topic: "health", Voice: "minimal", Of: "are pods ok"}, {Question: "pods, I mean", Topic: "health", Voice: "plain", Of: "is it up"},
		{Question: "what of the pods", Topic: "health", Voice: "plain"}}}, half{})
	byName := map[string]Robustness{}
	for _, r := range run.robust {
		byName[r.Name] = r
	}
	minimal := byName["minimal"]
	assert.Equal(t, []int{2, 1, 1}, []int{minimal.Asked, minimal.Routed, minimal.Right})
	assert.Equal(t, 0, byName["plain"].Asked, "the first words of one did not go right, the other has none")
}

func TestJoinTakesAQuestionOfAnotherTopic(t *testing.T) {
	base := []Case{{Question: "Is it up?", Topic: "health"}, {Question: "Is it down?", Topic: "health"}, {Question: "What does it cost?", Topic: "cost"},
		{Question: "EC2 by price", Topic: "cost"}}
	got := join(base, 0)
	assert.Contains(t, []string{"Is it up and what does it cost?", "Is it up and EC2 by price"}, got)
	more := append(base[:2:2], Case{Question: "Is it slow?", Topic: "health"})
	assert.Equal(t, got, join(append(more, base[2:]...), 0), "one more question that is no partner changes nothing")
	assert.Equal(t, "Is it up?", join(base[:2], 0), "there is no other topic")
}

// half takes whatever speaks of pods for a question about health, unless it shouts.
type half struct{}

func (half) Classify(text string) Prediction {
	if !strings.Contains(text, "pods") {
		return Prediction{Reason: "no pods"}
	}
	return Prediction{Routed: true, Topic: "health", Intent: "health.of", Score: 1}
}

func TestRobustnessCountsWhatWasRight(t *testing.T) {
	run := ask(Suite{Cases: []Case{{Question: "are pods ok?", Topic: "health"}, {Question: "pods", Topic: "health"},
		{Question: "pods?", Topic: "cost"}, {Question: "is it up?", Topic: "health"}}}, half{})
	byName := map[string]Robustness{}
	for _, r := range run.robust {
		byName[r.Name] = r
	}
	assert.Equal(t, 0, byName["case"].Routed, "upper case is not understood")
	assert.Equal(t, 2, byName["case"].Asked, "those that were right")
	assert.Equal(t, 1, byName["unmarked"].Asked, "one has no question mark to drop")
	assert.Equal(t, new(1.0), byName["unmarked"].Share)
	assert.Equal(t, new(1.0), byName["polite"].Precision)
	assert.Equal(t, 0, byName[joined].Asked, "both are of one topic")
	assert.Nil(t, byName[joined].Share)
	sum := byName["case"].add(byName["unmarked"])
	assert.Equal(t, []int{3, 1, 1}, []int{sum.Asked, sum.Routed, sum.Right})
	assert.Equal(t, new(0.3333), sum.Share)
}
