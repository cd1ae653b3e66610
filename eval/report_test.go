package eval_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents/strict"
	"clanker/router"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// keywords knows a few words, and takes the first it finds.
type keywords struct{}

var _ eval.Classifier = keywords{}

func (keywords) Classify(text string) eval.Prediction {
	if strings.Contains(text, " and ") {
		return eval.Prediction{Reason: "it asks for two things"}
	}
	for _, k := range []struct {
		word, intent string
		score        float64
	}{{"healthy", "health.of", 1}, {"ready", "health.of", 0.9}, {"cost", "cost.of", 0.8}, {"logs", "logs.of", 0.7}} {
		if strings.Contains(strings.ToLower(text), k.word) {
			topic, _, _ := strings.Cut(k.intent, ".")
			return eval.Prediction{Routed: true, Intent: k.intent, Topic: topic, Score: k.score, By: by(k.score), Slots: map[string]string{"service": "checkout-api"}}
		}
	}
	return eval.Prediction{Reason: "no word is known"}
}

func by(score float64) string {
	if score == 1 {
		return "pattern"
	}
	return "learned"
}

// hostile is a question that tries to break out of every format.
const hostile = "</script><b onload=x>\"'& ]]> \x1b[2J\n| {{.}} logs?"

func suites() []eval.Suite {
	at := func(line int) strict.Position { return strict.Position{File: "a.yaml", Line: line, Column: 3} }
	return []eval.Suite{
		{Name: "asked", Cases: []eval.Case{
			{Question: "Is checkout-api healthy?", Topic: "health", Intent: "health.of", Slots: map[string]string{"service": "checkout-api", "namespace": "web"}, Source: "a book", Voice: "plain", Pos: at(1)},
			{Question: "is everything ready?", Topic: "health", Source: "a book", Voice: "minimal", Provider: "aws,gcp", Pos: at(2)},
			{Question: "how healthy are our costs?", Topic: "cost", Provider: "aws", Pos: at(3)},
			{Question: "what does it cost?", Topic: "cost", Pos: at(4)},
			{Question: "what do we spend?", Topic: "cost", Pos: at(5)},
			{Question: "errors\nin the dark?", Topic: "logs", Pos: at(6)},
		}},
		{Name: "not <asked>", Cases: []eval.Case{
			{Question: "tell me a joke", Topic: eval.Abstain, Group: "everyday", Pos: at(7)},
			{Question: hostile, Topic: eval.Abstain, Group: "injection", Pos: at(8)},
		}},
	}
}

func report() eval.Report {
	return eval.Evaluate(suites(), func(eval.Suite) eval.Classifier { return keywords{} })
}

// worse is a report held against a baseline that was better.
func worse(t *testing.T) eval.Report {
	t.Helper()
	b := eval.Baseline{}.With(report())
	asked := &b.Suites[0]
	asked.Figures["answered"], asked.Figures["misrouted"], asked.Figures["joined.routed"] = 0.9, 0.01, 0.5
	asked.Figures["slotF1"] = 0.1
	asked.Missed, asked.Misroutes = []string{"is everything ready?"}, map[string]string{"what does it cost?": "logs.of"}
	b.Suites = append(b.Suites[:1], eval.SuiteBaseline{Name: "not asked now"})
	r := report()
	r.Baseline = new(b.Compare(r))
	return r
}

func TestGolden(t *testing.T) {
	for name, c := range map[string]struct {
		write  func(io.Writer, eval.Report) error
		report eval.Report
	}{
		"report.txt": {eval.Text, report()}, "report.json": {eval.JSON, report()}, "report.xml": {eval.JUnit, report()}, "report.html": {eval.HTML, report()},
		"worse.txt": {eval.Text, worse(t)}, "worse.json": {eval.JSON, worse(t)}, "worse.xml": {eval.JUnit, worse(t)}, "worse.html": {eval.HTML, worse(t)},
	} {
		t.Run(name, func(t *testing.T) {
			var got, again bytes.Buffer
			require.NoError(t, c.write(&got, c.report))
			require.NoError(t, c.write(&again, c.report))
			assert.Equal(t, got.String(), again.String())
			path := "testdata/" + name
			if *update {
				require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got.String())
			assert.False(t, strings.Contains(got.String(), "\x1b"), "it must not reach a terminal")
		})
	}
}

func TestHTMLNeedsNothingElse(t *testing.T) {
	var page bytes.Buffer
	require.NoError(t, eval.HTML(&page, worse(t)))
	for _, banned := range []string{"<script", "http:", "https:", "src=", "href=", "url(", "@import", "ZgotmplZ", "<b onload"} {
		assert.NotContains(t, page.String(), banned)
	}
	assert.Equal(t, 4, strings.Count(page.String(), "<svg"))
}

func TestOutputsOfNothing(t *testing.T) {
	empty := eval.Evaluate(nil, nil)
	for _, write := range []func(io.Writer, eval.Report) error{eval.Text, eval.JSON, eval.JUnit, eval.HTML} {
		require.NoError(t, write(io.Discard, empty))
	}
}

func TestJUnitAndJSONAreWellFormed(t *testing.T) {
	var text bytes.Buffer
	require.NoError(t, eval.JUnit(&text, worse(t)))
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(text.Bytes(), &suites))
	assert.Len(t, suites.Suites, 3)
	failed := 0
	for _, s := range suites.Suites {
		for _, c := range s.Cases {
			if c.Failure != nil {
				failed++
			}
		}
	}
	assert.Equal(t, suites.Failures, failed)
	text.Reset()
	require.NoError(t, eval.JSON(&text, report()))
	assert.True(t, json.Valid(text.Bytes()))
}

func TestBaselineTellsWhatFell(t *testing.T) {
	c := worse(t).Baseline
	assert.Equal(t, []eval.Fall{
		{Suite: "asked", Figure: "answered", Was: 0.9, Is: 0.5, By: 0.4},
		{Suite: "asked", Figure: "misrouted", Was: 0.01, Is: 0.1667, By: 0.1567},
	}, c.Falls, "that less is joined, and that slots are read better, is no fall")
	assert.Equal(t, []eval.Change{
		{Suite: "asked", Question: "is everything ready?", Was: "missed", Is: "right"},
		{Suite: "asked", Question: "how healthy are our costs?", Was: "right", Is: "health.of"},
		{Suite: "asked", Question: "what does it cost?", Was: "logs.of", Is: "right"},
		{Suite: "asked", Question: "what do we spend?", Was: "right", Is: "missed"},
		{Suite: "asked", Question: "errors\nin the dark?", Was: "right", Is: "missed"},
	}, c.Changed)
	assert.Equal(t, []string{"suite not <asked> is not in the baseline: --update-baseline adds it",
		"suite not asked now of the baseline was not asked"}, c.Notes)
}

func TestBaselineHoldsWhatItWasMadeOf(t *testing.T) {
	made := eval.Baseline{Suites: []eval.SuiteBaseline{{Name: "another", Questions: 3}}}.With(report())
	content, err := made.Marshal()
	require.NoError(t, err)
	read, err := eval.ParseBaseline(content)
	require.NoError(t, err)
	assert.Equal(t, "another", read.Suites[0].Name, "suites that were not asked stay")
	c := read.Compare(report())
	assert.Equal(t, eval.Comparison{Falls: []eval.Fall{}, Changed: []eval.Change{}, Notes: []string{"suite another of the baseline was not asked"}}, c)
	again, err := read.With(report()).Marshal()
	require.NoError(t, err)
	assert.Equal(t, string(content), string(again))
}

func TestBaselineNotesOtherQuestions(t *testing.T) {
	b := eval.Baseline{}.With(report())
	b.Suites[0].Questions, b.Suites[1].Figures["slotF1"] = 5, 1
	c := b.Compare(report())
	assert.Equal(t, []string{"suite asked has 6 questions, the baseline was made with 5",
		"suite not <asked> has no slotF1 any more, the baseline has"}, c.Notes)
}

func TestParseBaselineRefuses(t *testing.T) {
	for content, want := range map[string]string{
		``: "EOF", `{} {}`: "something follows it", `{"suites": [], "more": 1}`: "unknown field",
		`{"suites": [{"name": "a", "figures": {"nosuch": 1}}]}`: `unknown figure "nosuch"`,
	} {
		_, err := eval.ParseBaseline([]byte(content))
		require.ErrorContains(t, err, want, content)
	}
}

func FuzzParseBaseline(f *testing.F) {
	content, err := eval.Baseline{}.With(report()).Marshal()
	require.NoError(f, err)
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		if b, err := eval.ParseBaseline(content); err == nil {
			b.Compare(report())
			_, err := b.With(report()).Marshal()
			require.NoError(t, err)
		}
	})
}

func TestMeasure(t *testing.T) {
	at := time.Unix(0, 0)
	ticks := 0
	now := func() time.Time { ticks++; at = at.Add(time.Duration(ticks) * time.Microsecond); return at }
	l := eval.Measure(suites(), func(eval.Suite) eval.Classifier { return keywords{} }, now)
	assert.Equal(t, 8, l.Questions)
	assert.Equal(t, 16, ticks)
	assert.Equal(t, 9*time.Microsecond, l.Mean) // 2, 4, ... 16
	assert.Equal(t, 10*time.Microsecond, l.P50)
	assert.Equal(t, 16*time.Microsecond, l.P99)
	assert.Contains(t, l.String(), "8 questions: 9000 ns each, p50 10.0 us, p99 16.0 us, ")
	assert.Zero(t, eval.Measure(nil, nil, now))
}

func TestByMatcher(t *testing.T) {
	matcher, err := router.NewMatcher(small(t))
	require.NoError(t, err)
	by := eval.ByMatcher(matcher, adapters.Names{})
	p := by.Classify("refunds today")
	assert.Equal(t, eval.Prediction{Routed: true, Intent: "refunds.all", Topic: "cost", Score: p.Score, By: "pattern",
		Slots: map[string]string{"time": "today"}}, p)
	p = by.Classify("tell me a joke")
	assert.False(t, p.Routed)
	assert.NotEmpty(t, p.Reason)
}
