package router

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

func TestNegation(t *testing.T) {
	m := taughtMatcher(t)
	names := adapters.NewNames([]adapters.Name{{Name: "non-prod", Kind: adapters.KindNamespace}})
	for question, want := range map[string]negation{
		"databases that are public":            0,
		"databases that are not public":        denies,
		"databases without a password":         lacks,
		"all databases but the public ones":    excludes,
		"databases apart from the public ones": excludes,
		"databases not in production":          outside,
		"databases outside production":         outside,
		"databases outside of production":      outside,
		"databases on anything other than aws": outside,
		"databases except in staging":          outside,
		"non-production databases":             outside,
		"databases in non production":          outside,
		"non-prod databases":                   0, // a namespace is called so
		"databases older than the pods":        0,
		"reach the databases from outside":     0,
		"logs with 'not in production'":        0, // quoted
	} {
		s := new(scratch)
		s.lattice.build(m.lex, names, question)
		s.reading.read(&s.lattice)
		assert.Equal(t, want, s.reading.negated, question)
	}
}

// TestAPlaceLeftOutIsNotTheAnswer holds the worst of mistakes off: to answer for production what is asked about all else.
func TestAPlaceLeftOutIsNotTheAnswer(t *testing.T) {
	m := taughtMatcher(t)
	assert.Equal(t, "security.exposed environment=production kind=database", spellMatch(m.Match("so any public databases in production", adapters.Names{})))
	for _, question := range []string{"so any public databases outside production", "so any public databases not in production",
		"so any public non-production databases", "so any public databases other than in production"} {
		assert.Equal(t, Abstain, m.Match(question, adapters.Names{}).Outcome, question)
	}
}

func TestSaysWhatTheAnswerIsNotNarrowedTo(t *testing.T) {
	m := taughtMatcher(t)
	for question, want := range map[string][]string{
		"so any public databases over 80%":                 {`not narrowed to "80%"`},
		"so any public databases older than 30 days":       {`not narrowed to "30 days"`},
		"so any public databases open to the world please": nil,
	} {
		match := m.Match(question, adapters.Names{})
		assert.Equal(t, Hit, match.Outcome, question)
		assert.Equal(t, want, match.Unused, question)
	}
}

func TestRequires(t *testing.T) {
	m := taughtMatcher(t)
	for question, want := range map[string]string{
		"which databases are exposed":           "",
		"which databases could anybody reach":   "",
		"which databases are there":             lacksAny,
		"what is exposed":                       lacksKind,
		"databases that are never exposed":      noNegation,
		"databases exposed in the last 2 hours": noTime,
	} {
		assert.Equal(t, want, m.bars("security.exposed", question, adapters.Names{}), question)
	}
	assert.Equal(t, hasNone, m.bars("cost.spend", "cost of exposed databases", adapters.Names{}))
	assert.Equal(t, lacksAny, m.bars("cost.spend", "number of databases", adapters.Names{}))
}

// bars returns why an intent cannot take a question.
func (m *Matcher) bars(id, question string, names adapters.Names) string {
	s := new(scratch)
	m.match(s, question, names)
	s.reading.read(&s.lattice)
	for i := range m.learned.class {
		if c := &m.learned.class[i]; c.intent != nil && c.intent.ID == id {
			return c.barred(s)
		}
	}
	return "no such intent"
}

// TestWhen connects and disconnects the provider that an intent is for: by pattern, by example and by guess.
func TestWhen(t *testing.T) {
	c, err := intents.Load(fstest.MapFS{"vocabulary.yaml": {Data: []byte(tinyVocabulary)}, "a.yaml": {Data: []byte(tinyIntents)}, "when.yaml": {Data: []byte(`
- id: aws.invoices
  topic: cost
  description: Invoices.
  when: '"aws" in connected'
  maxRisk: 0.5
  examples: [which invoices came from amazon, unpaid invoices of amazon, what did amazon invoice]
  patterns: ["invoices of amazon"]
  action: list
  answer: x
`)}})
	require.NoError(t, err)
	m, err := NewMatcher(c)
	require.NoError(t, err)
	for _, question := range []string{"invoices of amazon", "unpaid invoices of amazon"} {
		assert.Equal(t, "aws.invoices", spellMatch(m.Match(question, adapters.Names{})), "%s: nobody knows what is connected", question)
		assert.Equal(t, "aws.invoices", spellMatch(m.Match(question, adapters.Names{}.Connected([]string{"aws", "gcp"}))), question)
		without := m.Match(question, adapters.Names{}.Connected([]string{"gcp"}))
		assert.Equal(t, Abstain, without.Outcome, question)
	}
	assert.Equal(t, notNow, m.bars("aws.invoices", "amazon and its unpaid invoices", adapters.Names{}.Connected([]string{"gcp"})))
	assert.Empty(t, m.bars("aws.invoices", "amazon and its unpaid invoices", adapters.Names{}.Connected([]string{"aws"})))
}
