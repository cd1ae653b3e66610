package eval

// Verdict says how a question fared.
type Verdict string

// The verdicts: the first three of questions in scope, the others of those out of it.
const (
	Right  Verdict = "right"  // routed to where it belongs
	Wrong  Verdict = "wrong"  // routed elsewhere
	Missed Verdict = "missed" // not routed
	Taken  Verdict = "taken"  // routed, though nothing may answer it
	Left   Verdict = "left"   // not routed, as it should be
)

// outcome is a case, what was made of it, and how it fared.
type outcome struct {
	want    Case
	got     Prediction
	verdict Verdict
}

// astray reports whether it went where it does not belong.
func (o outcome) astray() bool { return o.verdict == Wrong || o.verdict == Taken }

func judge(c Case, p Prediction) Verdict {
	switch {
	case !c.InScope() && p.Routed:
		return Taken
	case !c.InScope():
		return Left
	case !p.Routed:
		return Missed
	case p.Topic == c.Topic && (c.Intent == "" || c.Intent == p.Intent):
		return Right
	default:
		return Wrong
	}
}

// run is a suite that was asked.
type run struct {
	name     string
	outcomes []outcome
	robust   []Robustness
}

func ask(s Suite, by Classifier) run {
	r := run{name: s.Name}
	for _, c := range s.Cases {
		p := by.Classify(c.Question)
		r.outcomes = append(r.outcomes, outcome{c, p, judge(c, p)})
	}
	r.robust = disturb(r.outcomes, by)
	return r
}
