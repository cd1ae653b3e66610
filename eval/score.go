package eval

import (
	"cmp"
	"math"
	"slices"
)

// Figures are the counts of a set of questions and the shares drawn from them: 0 to 1, to four decimals, nil where there
// is nothing to take a share of.
type Figures struct {
	Questions  int `json:"questions"`
	InScope    int `json:"inScope"`
	OutOfScope int `json:"outOfScope"`
	Right      int `json:"right"`
	Wrong      int `json:"wrong"`
	Missed     int `json:"missed"`
	Taken      int `json:"taken"`

	Answered         *float64 `json:"answered"`         // right of those in scope
	Coverage         *float64 `json:"coverage"`         // routed of those in scope
	Precision        *float64 `json:"precision"`        // right of all that were routed, in scope or not
	TopicRight       *float64 `json:"topicRight"`       // to the right topic, of those in scope that were routed
	Misrouted        *float64 `json:"misrouted"`        // wrong of those in scope
	OutOfScopeRecall *float64 `json:"outOfScopeRecall"` // left of those out of scope
	SlotF1           *float64 `json:"slotF1"`           // of right questions whose slots are judged
	AUROC            *float64 `json:"auroc"`            // how well the score tells what is in scope from what is not
	CalibrationError *float64 `json:"calibrationError"` // between the score and the share that is right, of all that were routed
}

// share is a of b to four decimals, or nil if b is 0.
func share(a, b int) *float64 {
	if b == 0 {
		return nil
	}
	return new(round(float64(a) / float64(b)))
}

// round keeps four decimals: more would tell architectures apart, which round the last bits differently.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

func figures(outcomes []outcome) Figures {
	counts := map[Verdict]int{}
	topicRight := 0
	var slots tally
	for _, o := range outcomes {
		counts[o.verdict]++
		if o.want.InScope() && o.got.Routed && o.got.Topic == o.want.Topic {
			topicRight++
		}
		if o.verdict == Right && o.want.Slots != nil {
			slots.slots(o.want, o.got.Slots)
		}
	}
	f := Figures{Questions: len(outcomes), Right: counts[Right], Wrong: counts[Wrong], Missed: counts[Missed], Taken: counts[Taken]}
	f.InScope, f.OutOfScope = f.Right+f.Wrong+f.Missed, f.Taken+counts[Left]
	f.Answered = share(f.Right, f.InScope)
	f.Coverage = share(f.Right+f.Wrong, f.InScope)
	f.Precision = share(f.Right, f.Right+f.Wrong+f.Taken)
	f.TopicRight = share(topicRight, f.Right+f.Wrong)
	f.Misrouted = share(f.Wrong, f.InScope)
	f.OutOfScopeRecall = share(counts[Left], f.OutOfScope)
	f.SlotF1 = slots.f1()
	f.AUROC = auroc(outcomes)
	f.CalibrationError = calibrationError(outcomes)
	return f
}

// tally counts what was expected, what was found, and what of it is right.
type tally struct{ expected, found, right int }

func (t *tally) slots(want Case, got map[string]string) {
	t.expected += len(want.Slots)
	if !want.AtLeast {
		t.found += len(got)
	}
	for name, value := range want.Slots {
		read, ok := got[name]
		if ok && want.AtLeast {
			t.found++
		}
		if ok && sameValue(read, value) {
			t.right++
		}
	}
}

// f1 is the harmonic mean of precision and recall.
func (t *tally) f1() *float64 { return share(2*t.right, t.expected+t.found) }

// Class is how well a topic or an intent is told from the others. Of an intent, a case that expects no more than a topic
// counts as found only: its recall is over the cases that name it.
type Class struct {
	Name      string   `json:"name"`
	Expected  int      `json:"expected"` // questions that belong there
	Routed    int      `json:"routed"`   // questions that went there
	Lost      int      `json:"lost"`     // expected, but went elsewhere or nowhere
	Taken     int      `json:"taken"`    // routed, but belong elsewhere or nowhere
	Precision *float64 `json:"precision"`
	Recall    *float64 `json:"recall"`
	F1        *float64 `json:"f1"`
}

// classes tallies what two labels of a case say: wanted, "" if the case does not say, and got, "" if not routed.
func classes(outcomes []outcome, wanted func(Case) string, got func(Prediction) string) []Class {
	precision, recall := map[string]*tally{}, map[string]*tally{}
	at := func(m map[string]*tally, name string) *tally {
		if m[name] == nil {
			m[name] = &tally{}
		}
		return m[name]
	}
	for _, o := range outcomes {
		want, went := wanted(o.want), got(o.got)
		if went != "" {
			t := at(precision, went)
			t.found++
			if o.verdict == Right || want == went {
				t.right++
			}
		}
		if want != "" {
			t := at(recall, want)
			t.expected++
			if want == went {
				t.right++
			}
		}
	}
	var all []Class
	for _, name := range keysOf(precision, recall) {
		p, r := at(precision, name), at(recall, name)
		c := Class{Name: name, Expected: r.expected, Routed: p.found, Lost: r.expected - r.right, Taken: p.found - p.right,
			Precision: share(p.right, p.found), Recall: share(r.right, r.expected)}
		if r.expected > 0 {
			c.F1 = new(round(harmonic(c.Precision, c.Recall)))
		}
		all = append(all, c)
	}
	return all
}

// worst are the classes that took or lost questions, those with the most of them first.
func worst(classes []Class) []Class {
	bad := slices.DeleteFunc(slices.Clone(classes), func(c Class) bool { return c.Lost+c.Taken == 0 })
	slices.SortStableFunc(bad, func(a, b Class) int {
		return cmp.Or(cmp.Compare(b.Taken, a.Taken), cmp.Compare(b.Lost, a.Lost))
	})
	return bad
}

// harmonic is the mean that is 0 as soon as one of the two is, or is not known.
func harmonic(a, b *float64) float64 {
	if a == nil || b == nil || *a+*b == 0 {
		return 0
	}
	return 2 * *a * *b / (*a + *b)
}

func keysOf[V any](maps ...map[string]V) []string {
	var names []string
	for _, m := range maps {
		for name := range m {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func topicClasses(outcomes []outcome) []Class {
	return classes(outcomes, inScopeTopic, func(p Prediction) string { return p.Topic })
}

func inScopeTopic(c Case) string {
	if !c.InScope() {
		return ""
	}
	return c.Topic
}

func intentClasses(outcomes []outcome) []Class {
	return classes(outcomes, func(c Case) string { return c.Intent }, func(p Prediction) string { return p.Intent })
}

// Cell counts the questions that belong to one class and went to another, or to the same.
type Cell struct {
	Want  string `json:"want"`
	Got   string `json:"got"`
	Count int    `json:"count"`
}

// confusion counts pairs of labels, sorted by them.
func confusion(outcomes []outcome, keep func(outcome) bool, want, got func(outcome) string) []Cell {
	counts := map[Cell]int{}
	for _, o := range outcomes {
		if keep(o) {
			counts[Cell{Want: want(o), Got: got(o)}]++
		}
	}
	cells := make([]Cell, 0, len(counts))
	for cell, count := range counts {
		cell.Count = count
		cells = append(cells, cell)
	}
	slices.SortFunc(cells, func(a, b Cell) int { return cmp.Or(cmp.Compare(a.Want, b.Want), cmp.Compare(a.Got, b.Got)) })
	return cells
}

// confused are the cells of what was taken for something else, the fullest first.
func confused(cells []Cell) []Cell {
	wrong := slices.DeleteFunc(slices.Clone(cells), func(c Cell) bool { return c.Want == c.Got || c.Got == Abstain })
	slices.SortStableFunc(wrong, func(a, b Cell) int { return cmp.Compare(b.Count, a.Count) })
	return wrong
}

// topicConfusion has every question in it; what is not routed went to [Abstain].
func topicConfusion(outcomes []outcome) []Cell {
	return confusion(outcomes, func(outcome) bool { return true },
		func(o outcome) string { return o.want.Topic }, func(o outcome) string { return cmp.Or(o.got.Topic, Abstain) })
}

// intentConfusion has the questions whose case names an intent, and all that went where they do not belong.
func intentConfusion(outcomes []outcome) []Cell {
	return confusion(outcomes, func(o outcome) bool { return o.astray() || o.want.Intent != "" },
		func(o outcome) string { return o.want.Want() }, func(o outcome) string { return cmp.Or(o.got.Intent, Abstain) })
}
