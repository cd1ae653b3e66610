package router

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

// taughtIntents have examples and hardly a pattern: what is asked in other words is a guess.
const taughtIntents = `
- id: cost.spend
  topic: cost
  maxRisk: 0.5
  description: What is spent.
  examples: [how much do we spend, what does it all cost, show me the bill, monthly spend by team, what are we paying for databases,
    expenses of the last month, where does the money go, total cost of ownership per month, what did the invoice say, spend since yesterday]
  requires: {any: ["@money"], none: ["@danger"]}
  action: list
  query: {since: "{time}"}
  answer: x
- id: security.exposed
  topic: security
  maxRisk: 0.5
  description: What is open to the internet.
  examples: [which databases are public, anything exposed to the internet, open ports to the world, publicly reachable buckets,
    what can strangers reach, internet facing databases, which pods are open to the world, exposed services, are any buckets public, who can reach our databases from outside]
  requires: {any: ["@danger", reach], kinds: [database, bucket, pod, service]}
  action: list
  query: {kinds: ["{kind}"]}
  slots: {kind: {default: pods}}
  answer: x
- id: health.down
  topic: health
  maxRisk: 0.5
  description: What does not work.
  examples: [what is down, which databases are broken, anything failing, is something not working, broken pods, failing services,
    which pods do not work, show me what is failing, things that are down, are any databases down]
  action: list
  answer: x
`

func taughtMatcher(t *testing.T, caches ...Cache) *Matcher {
	t.Helper()
	vocabulary := strings.Replace(tinyVocabulary, "concepts:", "concepts:\n  money: [spend, cost, costs, bill, paying, expenses, money, invoice]\n"+
		"  danger: [public, exposed, open, publicly reachable, internet facing]", 1)
	vocabulary = strings.Replace(vocabulary, "kinds: {", "kinds: {database: [database, databases], bucket: [bucket, buckets], ", 1)
	c, err := intents.Load(fstest.MapFS{"taught.yaml": {Data: []byte(taughtIntents)}, "vocabulary.yaml": {Data: []byte(vocabulary)}})
	require.NoError(t, err)
	m, err := NewMatcher(c, caches...)
	require.NoError(t, err)
	return m
}

func TestGuess(t *testing.T) {
	m := taughtMatcher(t)
	for question, want := range map[string]string{
		"so what do we spend per month on all this":       "cost.spend",
		"tell me the expenses and costs in the last 24 h": "cost.spend",
		"are there public databases":                      "security.exposed kind=database",
		"the failing pods please":                         "health.down",
		"recommend a restaurant with cheap pizza":         "abstain", // nobody knows these words
		"which failing databases, in the last 24 hours":   "abstain", // health.down does not look back
		"who reaches us":                                  "abstain", // no kind is named
	} {
		assert.Equal(t, want, strings.TrimSuffix(spellMatch(m.Match(question, adapters.Names{})), " time=in the last 24 h"), question)
	}
}

func TestTwoThingsAreAskedBack(t *testing.T) {
	m := taughtMatcher(t)
	match := m.Match("which databases are public and how much do we spend", adapters.Names{})
	assert.Equal(t, Ambiguous, match.Outcome)
	require.Len(t, match.Hits, 2)
	assert.Equal(t, "it asks for two things, security.exposed and cost.spend: ask for one at a time", match.Reason)
}

func TestExplain(t *testing.T) {
	e := taughtMatcher(t).Explain("tell me what we spend on databases", adapters.Names{})
	assert.True(t, e.Learned)
	require.NotEmpty(t, e.Scored)
	best := e.Scored[0]
	assert.Equal(t, "cost.spend", best.Intent)
	assert.Empty(t, best.Barred)
	assert.Positive(t, best.Probability)
	assert.Equal(t, 0.5, e.MaxRisk)
	require.NotEmpty(t, best.For)
	assert.Equal(t, "@money", best.For[0].Feature)
	barred := map[string]string{}
	for _, s := range e.Scored {
		barred[s.Intent] = s.Barred
	}
	assert.Equal(t, lacksAny, barred["security.exposed"])
}

// memory is a cache that tells what was asked of it.
type memory struct {
	kept          map[string][]byte
	hits, learned int
}

func (c *memory) Load(key string) ([]byte, bool) {
	data, ok := c.kept[key]
	if ok {
		c.hits++
	}
	return data, ok
}

func (c *memory) Store(key string, value []byte) { c.kept[key] = value; c.learned++ }

func TestLearnsOnce(t *testing.T) {
	cache := &memory{kept: map[string][]byte{}}
	first := taughtMatcher(t, cache)
	second := taughtMatcher(t, cache)
	assert.Equal(t, 1, cache.learned)
	assert.Equal(t, 1, cache.hits)
	for _, question := range []string{"so what do we spend", "open databases", "is it broken"} {
		assert.Equal(t, spellMatch(first.Match(question, adapters.Names{})), spellMatch(second.Match(question, adapters.Names{})), question)
	}
	for key := range cache.kept {
		cache.kept[key] = []byte("damaged")
	}
	taughtMatcher(t, cache)
	assert.Equal(t, 2, cache.learned, "what is damaged is learned anew")
}

func TestReading(t *testing.T) {
	m := taughtMatcher(t)
	names := seenNames()
	for question, want := range map[string]string{
		"please show the databases in production":                   "show {database} {environment}",
		"how much does checkout-api cost since yesterday?":          "how much does {name} cost {time}",
		"show 10 pods over 80% of memory":                           "show {count} {pod} over {percent} of memory",
		"what's wrong with 'web-1'":                                 "what is wrong with {name}",
		`logs with "connection reset"`:                              "logs with {text}",
		"the reporting deployment in app-44":                        "{name} {deployment} {namespace}",
		"spendings of the payments namespace":                       "spendings {namespace}",
		"does frobnicator-9 talk to the checkout api over grpc-web": "does {name} talk to {name} over {name}",
	} {
		s := new(scratch)
		s.lattice.build(m.lex, names, question)
		s.reading.read(&s.lattice)
		assert.Equal(t, want, strings.Join(s.reading.text.Words, " "), question)
	}
}
