package learn

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// small is a catalogue of six classes with some words of their own, some shared, two authors, and examples out of scope.
func small() []Example {
	subjects := map[string][]string{
		"cost":    {"spend", "bill", "cost", "price"},
		"health":  {"healthy", "failing", "broken", "up"},
		"logs":    {"logs", "lines", "errors", "messages"},
		"changes": {"changed", "deployed", "rolled", "new"},
		"network": {"ports", "firewall", "open", "reachable"},
		Outside:   {"weather", "song", "recipe", "joke"},
	}
	var examples []Example
	for _, class := range []string{"cost", "health", "logs", "changes", "network", Outside} {
		for i, word := range subjects[class] {
			for j, form := range []string{"show me the %s of {service}", "what is %s there", "%s please", "any %s since yesterday", "is it %s now"} {
				text := Split(fmt.Sprintf(form, word))
				if strings.Contains(form, "{service}") {
					text.Words[len(text.Words)-1] = "{service}"
				}
				if i > 1 && class != Outside {
					text.Concepts = []string{"@" + class}
				}
				examples = append(examples, Example{Text: text, Class: class, Group: []string{"ann", "bob", "cy", "di", "ed"}[(i+j)%5]})
			}
		}
	}
	return examples
}

func trained(t testing.TB, options Options) *Model {
	m, err := Train(small(), options)
	require.NoError(t, err)
	return m
}

func TestTrainTellsClassesApart(t *testing.T) {
	m := trained(t, Options{})
	var s Scratch
	for text, class := range map[string]string{
		"the bill of last month":    "cost",
		"which are broken":          "health",
		"give me the last messages": "logs",
		"what was deployed":         "changes",
		"is the port open":          "network",
		"tell me a joke":            Outside,
	} {
		r := m.Score(Split(text), &s)
		assert.Equal(t, class, m.Class(r.Top[0]), text)
		assert.Equal(t, class == Outside, r.Probability == 0, text)
	}
	r := m.Score(Text{Words: []string{"zzyzx"}, Concepts: []string{"@logs"}}, &s)
	assert.Equal(t, "logs", m.Class(r.Top[0]), "a concept speaks for its class")
	r = m.Score(Split("xyzzy qwerty"), &s)
	assert.Zero(t, r.Coverage)
	assert.Less(t, r.Probability, 0.3)
}

func TestTrainRefuses(t *testing.T) {
	one := Example{Text: Split("hello"), Class: "a"}
	for name, test := range map[string]struct {
		examples []Example
		options  Options
		message  string
	}{
		"nothing":   {nil, Options{}, "fewer than two classes"},
		"one class": {[]Example{one, one}, Options{}, "fewer than two classes"},
		"no words":  {[]Example{one, {Class: "b"}}, Options{}, `an example of class "b" has no words`},
		"share":     {[]Example{one}, Options{OutOfScope: 0.95}, "must be from 0 to 0.9"},
		"no share":  {[]Example{one}, Options{OutOfScope: math.NaN()}, "must be from 0 to 0.9"},
		"too many":  {many(maxClasses + 1), Options{Uncalibrated: true}, "no more than 65535"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Train(test.examples, test.options)
			require.ErrorContains(t, err, test.message)
		})
	}
	_, err := Train([]Example{one, {Text: Split("bye"), Class: "b"}}, Options{})
	assert.NoError(t, err, "two examples are enough to learn from, if not to calibrate with")
}

func many(classes int) []Example {
	examples := make([]Example, classes)
	for i := range examples {
		examples[i] = Example{Text: Split("a b"), Class: fmt.Sprint(i)}
	}
	return examples
}

// The digest is also the same on arm64, where Go fuses multiplications and additions when it may: run this test there.
func TestSameModelEverywhere(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	golden, err := os.ReadFile("testdata/digest")
	if !*update {
		require.NoError(t, err)
	}
	examples := small()
	for _, processors := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(processors)
		m, err := Train(examples, Options{})
		require.NoError(t, err)
		digest, err := m.Digest()
		require.NoError(t, err)
		if *update {
			golden = []byte(digest + "\n")
			require.NoError(t, os.WriteFile("testdata/digest", golden, 0o644))
		}
		require.Equal(t, strings.TrimSpace(string(golden)), digest, "with %d processors", processors)
		rand.New(rand.NewPCG(1, uint64(processors))).Shuffle(len(examples), func(i, j int) {
			examples[i], examples[j] = examples[j], examples[i]
		})
	}
}

func TestManyClassesLearnAgainstTheNearest(t *testing.T) {
	examples := synthetic(manyClasses+20, 6)
	m, err := Train(examples, Options{Uncalibrated: true})
	require.NoError(t, err)
	assert.Greater(t, accuracy(m, examples), 97.0)
	for f := range m.keys {
		assert.LessOrEqual(t, m.rowAt[f+1]-m.rowAt[f], uint32(rowClasses))
	}
}

func TestScoreAllocatesNothing(t *testing.T) {
	m := trained(t, Options{})
	text := Split("show me the cost of everything, please, and what was deployed")
	var s Scratch
	m.Score(text, &s)
	assert.Zero(t, testing.AllocsPerRun(100, func() { m.Score(text, &s) }))
}

func TestScoreBounds(t *testing.T) {
	m := trained(t, Options{})
	var s Scratch
	for name, text := range map[string]Text{
		"nothing":        {},
		"only concepts":  {Concepts: []string{"@cost"}},
		"too many words": {Words: slices.Repeat([]string{"cost"}, maxWords+1)},
		"too much":       {Words: slices.Repeat([]string{strings.Repeat("cost", 20)}, maxWords)},
	} {
		assert.Equal(t, Result{}, m.Score(text, &s), name)
	}
	for _, word := range []string{"", "a", "{", "\x00", "\xff\xfe", strings.Repeat("é", 5000)} {
		assert.Equal(t, 3, m.Score(Text{Words: []string{word}}, &s).N, "%.9q", word)
	}
}

func TestEmptyModel(t *testing.T) {
	assert.Equal(t, Result{}, new(Model).Score(Split("hello"), &Scratch{}))
	assert.Error(t, new(Model).UnmarshalBinary(nil))
}

func TestTiesGoByName(t *testing.T) {
	m := trained(t, Options{})
	for _, test := range []struct {
		score []int32
		want  []int
	}{
		{[]int32{7, 7, 7, 7}, []int{0, 1, 2}},
		{[]int32{5, 7, 5, 7}, []int{1, 3, 0}},
		{[]int32{1, 2, 3, 4}, []int{3, 2, 1}},
		{[]int32{-1, -2}, []int{0, 1}},
	} {
		var r Result
		m.rank(test.score, nil, &r)
		var got []int
		for _, c := range r.Top[:r.N] {
			got = append(got, c.Class)
		}
		assert.Equal(t, test.want, got)
	}
	assert.Equal(t, []string{Outside, "changes", "cost", "health", "logs", "network"}, m.Classes())
}

func TestCoverage(t *testing.T) {
	m := trained(t, Options{})
	var s Scratch
	assert.Equal(t, 1.0, m.Score(Split("show me the cost"), &s).Coverage)
	half := m.Score(Split("the cost of blancmange"), &s).Coverage
	assert.Greater(t, half, 0.3)
	assert.Less(t, half, 0.8)
}

func TestExplain(t *testing.T) {
	m := trained(t, Options{})
	text := Split("show me the cost of weather")
	cost := slices.Index(m.classes, "cost")
	list := m.Explain(text, cost)
	assert.Equal(t, "cost", list[0].Part)
	assert.Positive(t, list[0].Logit)
	against := slices.IndexFunc(list, func(e Evidence) bool { return e.Part == "weather" })
	assert.Negative(t, list[against].Logit)
	sum := float64(m.bias[cost]) / unit
	for _, e := range list {
		sum += e.Logit
	}
	r := m.Score(text, &Scratch{})
	at := slices.IndexFunc(r.Top[:], func(c Candidate) bool { return c.Class == cost })
	assert.InDelta(t, r.Top[at].Logit, sum, 0.01, "the parts add up to the whole")
}
