package eval

import (
	"math"
	"slices"
	"strings"
)

// Group is how those questions fared of which the cases say the same, as source github-mcp-server or voice expert, or for
// which the same decided.
type Group struct {
	By      string  `json:"by"`
	Name    string  `json:"name"`
	Figures Figures `json:"figures"`
}

// labels are what a case says of itself beside where it has to go, and what decided where it went.
var labels = []struct {
	name string
	of   func(outcome) []string
}{
	{"source", func(o outcome) []string { return []string{o.want.Source} }},
	{"group", func(o outcome) []string { return []string{o.want.Group} }},
	{"voice", func(o outcome) []string { return []string{o.want.Voice} }},
	{"provider", func(o outcome) []string { return strings.Split(o.want.Provider, ",") }},
	{decider, func(o outcome) []string { return []string{o.got.By} }},
}

// decider is the label that says what decided: its groups are no folds, for they are made of what came out.
const decider = "decided by"

// groups scores the questions by each label, sorted by its value.
func groups(outcomes []outcome) []Group {
	all := []Group{}
	for _, label := range labels {
		byValue := map[string][]outcome{}
		for _, o := range outcomes {
			for _, value := range label.of(o) {
				byValue[value] = append(byValue[value], o)
			}
		}
		delete(byValue, "") // it says nothing of itself
		for _, value := range keysOf(byValue) {
			all = append(all, Group{By: label.name, Name: value, Figures: figures(byValue[value])})
		}
	}
	return all
}

// Spread is how far the groups of one label lie apart in one figure. The figure of all questions hides it, and flatters if
// the largest groups are the easiest: here each group counts once.
type Spread struct {
	By        string  `json:"by"`
	Figure    string  `json:"figure"`
	Groups    int     `json:"groups"` // that have the figure, at least two
	Mean      float64 `json:"mean"`
	Deviation float64 `json:"deviation"` // standard deviation of one group
	Least     float64 `json:"least"`
	Most      float64 `json:"most"`
}

// spreads measures how far groups lie apart.
func spreads(groups []Group) []Spread {
	all := []Spread{}
	for _, label := range labels {
		var figures []Figures
		for _, g := range groups {
			if g.By == label.name && label.name != decider {
				figures = append(figures, g.Figures)
			}
		}
		all = append(all, spreadsOf(label.name, figures)...)
	}
	return all
}

// spreadsOf measures the spread of what matters most.
func spreadsOf(by string, all []Figures) []Spread {
	var spreads []Spread
	for _, figure := range []struct {
		name string
		of   func(Figures) *float64
	}{
		{"answered", func(f Figures) *float64 { return f.Answered }},
		{"topicRight", func(f Figures) *float64 { return f.TopicRight }},
		{"misrouted", func(f Figures) *float64 { return f.Misrouted }},
		{"outOfScopeRecall", func(f Figures) *float64 { return f.OutOfScopeRecall }},
	} {
		var values []float64
		for _, f := range all {
			if value := figure.of(f); value != nil {
				values = append(values, *value)
			}
		}
		if len(values) > 1 {
			spreads = append(spreads, newSpread(by, figure.name, values))
		}
	}
	return spreads
}

func newSpread(by, figure string, values []float64) Spread {
	n, sum, squares := float64(len(values)), 0.0, 0.0
	for _, value := range values {
		sum += value
	}
	mean := sum / n
	for _, value := range values {
		squares += float64((value - mean) * (value - mean)) // the conversion keeps it from being fused, which rounds otherwise
	}
	return Spread{By: by, Figure: figure, Groups: len(values), Mean: round(mean), Deviation: round(math.Sqrt(squares / (n - 1))),
		Least: slices.Min(values), Most: slices.Max(values)}
}
