package router

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

// BenchmarkMatch measures one question against generated catalogues of 10 to 10,000 intents, in one run, and reports how
// much longer it takes than with 10. The names are those of an estate of 1,000 services.
func BenchmarkMatch(b *testing.B) {
	names := generatedNames(1000)
	base := 0.0
	for _, size := range []int{10, 100, 1000, 10000} {
		m := generatedMatcher(b, size)
		questions := generatedQuestions(size)
		b.Run(fmt.Sprintf("intents=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			start := time.Now()
			hits := 0
			for i := range b.N {
				if m.Match(questions[i%len(questions)], names).Outcome == Hit {
					hits++
				}
			}
			each := float64(time.Since(start).Nanoseconds()) / float64(b.N)
			if size == 10 {
				base = each
			}
			b.ReportMetric(each/base, "x-of-10")
			b.ReportMetric(float64(hits)/float64(b.N), "hits/op")
		})
	}
}

// BenchmarkMatchDefault measures the catalogue that ships, on its own examples.
func BenchmarkMatchDefault(b *testing.B) {
	c, err := intents.Load(intents.Default())
	require.NoError(b, err)
	m, err := NewMatcher(c)
	require.NoError(b, err)
	var questions []string
	for _, in := range c.Intents {
		for _, example := range in.Examples {
			questions = append(questions, example.Text)
		}
	}
	names := generatedNames(1000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Match(questions[i%len(questions)], names)
	}
}

// generatedMatcher makes intents out of a few verbs, more objects and many attributes, as large catalogues do: every
// word but the attribute is shared by many intents.
func generatedMatcher(tb testing.TB, size int) *Matcher {
	tb.Helper()
	files := fstest.MapFS{"vocabulary.yaml": {Data: []byte(generatedVocabulary)}}
	for i := range size {
		name := fmt.Sprintf("gen%d.yaml", i/1000) // a file has a greatest size
		if files[name] == nil {
			files[name] = &fstest.MapFile{}
		}
		verb, object, attribute := generatedWords(i)
		files[name].Data = fmt.Appendf(files[name].Data, `
- id: gen.i%d
  topic: inventory
  description: Generated.
  examples: ["%s the %s %s of checkout-api in production"]
  patterns:
    - "(%s|show|list) [all] %s (%s|%ss) of {service}"
    - "[@which] %s %s [is|are] (above|over) {percent}"
  action: list
  answer: found
`, i, verb, object, attribute, verb, object, attribute, attribute, object, attribute)
	}
	c, err := intents.Load(files)
	require.NoError(tb, err)
	m, err := NewMatcher(c)
	require.NoError(tb, err)
	return m
}

const generatedVocabulary = `
concepts: {which: [which, what, show me, list]}
kinds: {pod: [pod, pods], deployment: [deployment, deployments]}
providers: {aws: [aws]}
fillers: [please, the, can you, me]
`

func generatedWords(i int) (verb, object, attribute string) {
	verbs := []string{"describe", "display", "print", "report", "give"}
	letters := "bcdfghjklm"
	object = "obj" + string(letters[i/10%10]) + string(letters[i/100%10])
	attribute = "attr" + string(letters[i%10]) + string(letters[i/1000%10]) + string(letters[i/10%10])
	return verbs[i%len(verbs)], object, attribute
}

func generatedQuestions(size int) []string {
	var questions []string
	for i := 0; i < size; i += max(1, size/97) {
		verb, object, attribute := generatedWords(i)
		questions = append(questions,
			fmt.Sprintf("Can you please %s the %s %s of checkout-api in production?", verb, object, attribute),
			fmt.Sprintf("which %s %s are above 80%% in the payments namespace", object, attribute),
			fmt.Sprintf("why is the %s of everything so unlike its %s today", attribute, object))
	}
	return questions
}

func generatedNames(count int) adapters.Names {
	names := []adapters.Name{{Name: "payments", Kind: adapters.KindNamespace}, {Name: "checkout-api", Kind: adapters.KindService}}
	for i := range count {
		names = append(names, adapters.Name{Name: fmt.Sprintf("service-%d-api", i), Kind: adapters.KindDeployment})
	}
	return adapters.NewNames(names)
}

// BenchmarkNearMiss measures a misspelled name among 10,000.
func BenchmarkNearMiss(b *testing.B) {
	m, names := tinyMatcher(b), generatedNames(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if match := m.Match("is chekout-api healthy", names); len(match.Notes) != 1 {
			b.Fatal(match)
		}
	}
}

// BenchmarkStart measures what a start pays: loading and checking the catalogue that ships.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		defaultMatcher(b)
	}
}
