package eval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Baseline is what the suites reached once and must not fall below. It is a file, written by [Baseline.Marshal], that is
// kept beside the code: its difference shows what a change did.
type Baseline struct {
	Suites []SuiteBaseline `json:"suites"` // sorted by name
}

// SuiteBaseline is what one suite reached.
type SuiteBaseline struct {
	Name      string             `json:"name"`
	Questions int                `json:"questions"`
	Figures   map[string]float64 `json:"figures"`
	Misroutes map[string]string  `json:"misroutes"` // question: the intent that took it
	Missed    []string           `json:"missed"`    // sorted
}

// ParseBaseline reads a baseline as [Baseline.Marshal] writes it, and nothing else.
func ParseBaseline(content []byte) (Baseline, error) {
	var b Baseline
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&b); err != nil {
		return Baseline{}, fmt.Errorf("read the baseline: %w", err)
	}
	if decoder.More() {
		return Baseline{}, fmt.Errorf("read the baseline: something follows it")
	}
	for _, s := range b.Suites {
		for figure := range s.Figures {
			if !slices.Contains(figureNames(), figure) {
				return Baseline{}, fmt.Errorf("read the baseline: suite %s: unknown figure %q: a line that is not held looks as if it were", s.Name, figure)
			}
		}
	}
	return b, nil
}

// Marshal writes the baseline for people to compare: sorted, a line for each value.
func (b Baseline) Marshal() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(b); err != nil {
		return nil, fmt.Errorf("write the baseline: %w", err)
	}
	return text.Bytes(), nil
}

// With returns the baseline with what the report's suites reached. Other suites stay as they are.
func (b Baseline) With(r Report) Baseline {
	all := slices.Clone(b.Suites)
	for _, s := range r.Suites {
		all = slices.DeleteFunc(all, func(old SuiteBaseline) bool { return old.Name == s.Name })
		all = append(all, baselineOf(s))
	}
	slices.SortFunc(all, func(a, b SuiteBaseline) int { return strings.Compare(a.Name, b.Name) })
	return Baseline{Suites: all}
}

func baselineOf(s SuiteReport) SuiteBaseline {
	b := SuiteBaseline{Name: s.Name, Questions: s.Figures.Questions, Figures: map[string]float64{}, Misroutes: map[string]string{}, Missed: []string{}}
	for _, f := range held(s) {
		if f.value != nil {
			b.Figures[f.name] = *f.value
		}
	}
	for _, stray := range s.Misroutes {
		b.Misroutes[stray.Question] = stray.Got
	}
	for _, stray := range s.Missed {
		b.Missed = append(b.Missed, stray.Question)
	}
	slices.Sort(b.Missed)
	return b
}

// figure is one that a baseline holds. Lower says that less is better.
type figure struct {
	name  string
	value *float64
	lower bool
}

// held are the figures of a suite that a baseline holds, in the order in which they are reported.
func held(s SuiteReport) []figure {
	f := s.Figures
	all := []figure{{"answered", f.Answered, false}, {"coverage", f.Coverage, false}, {"precision", f.Precision, false},
		{"topicRight", f.TopicRight, false}, {"misrouted", f.Misrouted, true}, {"outOfScopeRecall", f.OutOfScopeRecall, false},
		{"slotF1", f.SlotF1, false}}
	for _, r := range s.Robustness {
		if (Perturbation{Name: r.Name}).mustFail() {
			all = append(all, figure{r.Name + ".routed", r.Share, true})
			continue
		}
		// Of all in scope: the share of those that were right falls when a question that is easily disturbed goes right at last.
		answered := share(r.Right, f.InScope)
		if slices.Contains(voices, r.Name) {
			answered = share(r.Right, r.Asked) // those of one voice are few of all
		}
		all = append(all, figure{r.Name + ".answered", answered, false}, figure{r.Name + ".precision", r.Precision, false})
	}
	return all
}

func figureNames() []string {
	var s SuiteReport
	for _, p := range Perturbations() {
		s.Robustness = append(s.Robustness, Robustness{Name: p.Name})
	}
	var names []string
	for _, f := range held(s) {
		names = append(names, f.name)
	}
	return names
}

// Comparison is what changed against a baseline.
type Comparison struct {
	Falls   []Fall   `json:"falls"`   // figures below the baseline
	Changed []Change `json:"changed"` // questions that fare otherwise
	Notes   []string `json:"notes"`   // what could not be compared
}

// Fall is a figure that is worse than it was. By is positive, whether more or less of the figure is better.
type Fall struct {
	Suite  string  `json:"suite"`
	Figure string  `json:"figure"`
	Was    float64 `json:"was"`
	Is     float64 `json:"is"`
	By     float64 `json:"by"`
}

// Change is a question that fares otherwise than it did.
type Change struct {
	Suite    string `json:"suite"`
	Question string `json:"question"`
	Was      string `json:"was"` // right, missed, or the intent that took it
	Is       string `json:"is"`
}

// right stands for a question that is neither missed nor misrouted, be it because it was left alone.
const right = "right"

// Compare holds the report against the baseline. Suites that only one of them has are noted.
func (b Baseline) Compare(r Report) Comparison {
	c := Comparison{Falls: []Fall{}, Changed: []Change{}, Notes: []string{}}
	for _, s := range r.Suites {
		i := slices.IndexFunc(b.Suites, func(old SuiteBaseline) bool { return old.Name == s.Name })
		if i < 0 {
			c.Notes = append(c.Notes, "suite "+s.Name+" is not in the baseline: --update-baseline adds it")
			continue
		}
		c.compare(b.Suites[i], s)
	}
	for _, old := range b.Suites {
		if !slices.ContainsFunc(r.Suites, func(s SuiteReport) bool { return s.Name == old.Name }) {
			c.Notes = append(c.Notes, "suite "+old.Name+" of the baseline was not asked")
		}
	}
	return c
}

func (c *Comparison) compare(was SuiteBaseline, s SuiteReport) {
	if was.Questions != s.Figures.Questions {
		c.Notes = append(c.Notes, fmt.Sprintf("suite %s has %d questions, the baseline was made with %d", s.Name, s.Figures.Questions, was.Questions))
	}
	for _, f := range held(s) {
		before, known := was.Figures[f.name]
		if !known {
			continue
		}
		if f.value == nil {
			c.Notes = append(c.Notes, "suite "+s.Name+" has no "+f.name+" any more, the baseline has")
			continue
		}
		by := before - *f.value
		if f.lower {
			by = -by
		}
		if by = round(by); by > 0 {
			c.Falls = append(c.Falls, Fall{Suite: s.Name, Figure: f.name, Was: before, Is: *f.value, By: by})
		}
	}
	before, now := was.fates(), baselineOf(s).fates()
	for _, question := range s.questions {
		if before[question] != now[question] {
			c.Changed = append(c.Changed, Change{Suite: s.Name, Question: question, Was: orRight(before[question]), Is: orRight(now[question])})
		}
	}
}

// fates tells of each question that did not go where it belongs what became of it.
func (b SuiteBaseline) fates() map[string]string {
	fates := map[string]string{}
	maps.Copy(fates, b.Misroutes)
	for _, question := range b.Missed {
		fates[question] = string(Missed)
	}
	return fates
}

func orRight(fate string) string {
	if fate == "" {
		return right
	}
	return fate
}
