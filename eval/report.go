package eval

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Schema names the contract of [Report] as JSON; a change that breaks readers changes the number.
const Schema = "clanker.eval/v1"

// Report is how the suites fared, each alone and all together.
type Report struct {
	Schema          string           `json:"schema"`
	CrossValidation *CrossValidation `json:"crossValidation,omitempty"` // the suites are its folds

	Suites []SuiteReport `json:"suites"`
	Total  Figures       `json:"total"`

	Groups          []Group      `json:"groups"` // the total by what the cases say of themselves, and by what decided
	Spreads         []Spread     `json:"spreads"`
	Topics          []Class      `json:"topics"`
	Intents         []Class      `json:"intents"`
	TopicConfusion  []Cell       `json:"topicConfusion"`  // of all questions
	IntentConfusion []Cell       `json:"intentConfusion"` // of those that name their intent, and all that went astray
	Curve           []Point      `json:"curve"`
	Robustness      []Robustness `json:"robustness"`
	Baseline        *Comparison  `json:"baseline,omitempty"`
}

// SuiteReport is how one suite fared, with the questions that did not go where they belong, in the order of the file.
type SuiteReport struct {
	Name       string       `json:"name"`
	Figures    Figures      `json:"figures"`
	Robustness []Robustness `json:"robustness"`
	Misroutes  []Stray      `json:"misroutes"` // wrong and taken
	Missed     []Stray      `json:"missed"`
	questions  []string
}

// Stray is a question that did not go where it belongs.
type Stray struct {
	Question string  `json:"question"`
	At       string  `json:"at"` // file:line:column
	Want     string  `json:"want"`
	Verdict  Verdict `json:"verdict"`
	Got      string  `json:"got,omitempty"` // the intent that took it
	By       string  `json:"by,omitempty"`  // what decided that it does
	Score    float64 `json:"score,omitempty"`
	Reason   string  `json:"reason,omitempty"` // why nothing took it
}

// Evaluate asks each suite's questions, and those of its own that went right again with each of [Perturbations].
func Evaluate(suites []Suite, with func(Suite) Classifier) Report {
	var runs []run
	for _, s := range suites {
		runs = append(runs, ask(s, with(s)))
	}
	return newReport(runs)
}

// Validate evaluates folds, each with a classifier that its own catalogue makes.
func Validate(folds []Fold, how CrossValidation, with func(Fold) (Classifier, error)) (Report, error) {
	var runs []run
	for _, f := range folds {
		by, err := with(f)
		if err != nil {
			return Report{}, fmt.Errorf("make the intents of %s: %w", f.Suite.Name, err)
		}
		runs = append(runs, ask(f.Suite, by))
	}
	report := newReport(runs)
	report.CrossValidation = &how
	var figures []Figures
	for _, s := range report.Suites {
		figures = append(figures, s.Figures)
	}
	report.Spreads = append(spreadsOf("fold", figures), report.Spreads...)
	return report, nil
}

func newReport(runs []run) Report {
	report := Report{Schema: Schema, Suites: []SuiteReport{}}
	var outcomes []outcome
	for _, r := range runs {
		report.Suites = append(report.Suites, suiteReport(r))
		outcomes = append(outcomes, r.outcomes...)
		if report.Robustness == nil {
			report.Robustness = r.robust
			continue
		}
		for i := range r.robust {
			report.Robustness[i] = report.Robustness[i].add(r.robust[i])
		}
	}
	report.Total = figures(outcomes)
	report.Groups = groups(outcomes)
	report.Spreads = spreads(report.Groups)
	report.Topics, report.Intents = topicClasses(outcomes), intentClasses(outcomes)
	report.TopicConfusion, report.IntentConfusion = topicConfusion(outcomes), intentConfusion(outcomes)
	report.Curve = curve(outcomes)
	return report
}

func suiteReport(r run) SuiteReport {
	s := SuiteReport{Name: r.name, Figures: figures(r.outcomes), Robustness: slices.Clone(r.robust), Misroutes: []Stray{}, Missed: []Stray{}}
	for _, o := range r.outcomes {
		s.questions = append(s.questions, o.want.Question)
		stray := Stray{Question: o.want.Question, At: o.want.Pos.String(), Want: o.want.Want(), Verdict: o.verdict,
			Got: o.got.Intent, By: o.got.By, Score: o.got.Score, Reason: o.got.Reason}
		switch o.verdict {
		case Wrong, Taken:
			s.Misroutes = append(s.Misroutes, stray)
		case Missed:
			s.Missed = append(s.Missed, stray)
		case Right, Left:
		}
	}
	return s
}

// JSON writes the report with stable keys.
func JSON(w io.Writer, r Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
