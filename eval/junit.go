package eval

import (
	"encoding/xml"
	"io"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Skipped  int           `xml:"skipped,attr"`
	Figures  *junitFigures `xml:"properties"`
	Cases    []junitCase   `xml:"testcase"`
}

type junitFigures struct {
	Figures []junitFigure `xml:"property"`
}

type junitFigure struct {
	Name  string  `xml:"name,attr"`
	Value float64 `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitMessage `xml:"failure"`
	Skipped *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the report as JUnit XML, for continuous integration to show. Without a baseline each question is a test: one
// that went where it does not belong fails, one that is missed is skipped. With a baseline only what got worse fails: the
// figures that it holds are tests too, and a misroute that it knows is skipped. The figures of a suite are its properties.
func JUnit(w io.Writer, r Report) error {
	all := junitSuites{}
	for _, s := range r.Suites {
		all.add(junitOf(s, r.Baseline))
	}
	if r.Baseline != nil {
		all.add(junitBaseline(r))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (all *junitSuites) add(s junitSuite) {
	s.Tests = len(s.Cases)
	for _, c := range s.Cases {
		if c.Failure != nil {
			s.Failures++
		}
		if c.Skipped != nil {
			s.Skipped++
		}
	}
	all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Skipped+s.Skipped
	all.Suites = append(all.Suites, s)
}

func junitOf(s SuiteReport, c *Comparison) junitSuite {
	worse := map[string]bool{} // questions that fare otherwise than in the baseline
	if c != nil {
		for _, changed := range c.Changed {
			worse[changed.Question] = worse[changed.Question] || changed.Suite == s.Name
		}
	}
	failures, skips := map[string]*junitMessage{}, map[string]*junitMessage{}
	for _, stray := range s.Misroutes {
		message := &junitMessage{Message: "went to " + stray.Got, Text: stray.At + ": it belongs to " + stray.Want}
		if c == nil || worse[stray.Question] {
			failures[stray.Question] = message
		} else {
			skips[stray.Question] = message
		}
	}
	for _, stray := range s.Missed {
		skips[stray.Question] = &junitMessage{Message: "not routed", Text: stray.At + ": it belongs to " + stray.Want + ": " + stray.Reason}
	}
	suite := junitSuite{Name: s.Name, Figures: &junitFigures{}}
	for _, f := range held(s) {
		if f.value != nil {
			suite.Figures.Figures = append(suite.Figures.Figures, junitFigure{f.name, *f.value})
		}
	}
	for _, question := range s.questions {
		suite.Cases = append(suite.Cases, junitCase{Class: s.Name, Name: question, Failure: failures[question], Skipped: skips[question]})
	}
	return suite
}

func junitBaseline(r Report) junitSuite {
	falls := map[string]*junitMessage{}
	for _, f := range r.Baseline.Falls {
		falls[f.Suite+" "+f.Figure] = &junitMessage{Message: f.String()}
	}
	suite := junitSuite{Name: "baseline"}
	for _, s := range r.Suites {
		for _, f := range held(s) {
			if f.value != nil {
				suite.Cases = append(suite.Cases, junitCase{Class: s.Name, Name: f.name, Failure: falls[s.Name+" "+f.name]})
			}
		}
	}
	return suite
}
