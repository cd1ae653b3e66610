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

// Judge says how a question fared. One that a single intent must not take is taken by that one only.
func (c Case) Judge(p Prediction) Verdict {
	switch {
	case !c.InScope() && p.Routed && (c.Not == "" || c.Not == p.Intent):
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

// Problem says what is wrong with where a question went and with what was read from it, "" if nothing is. A near miss that
// went nowhere is no problem, though it belongs to somebody.
func (c Case) Problem(p Prediction) string {
	switch verdict := c.Judge(p); {
	case verdict == Left || verdict == Missed && c.Not != "":
		return ""
	case verdict == Missed:
		return "goes nowhere: " + p.Reason
	case verdict == Wrong:
		return "goes to " + p.Intent + ", not to " + c.Want()
	case verdict == Taken:
		return "goes to " + p.Intent
	}
	for _, name := range keysOf(c.Slots) {
		switch read, ok := p.Slots[name]; {
		case !ok:
			return "does not give " + name + "=" + c.Slots[name]
		case !sameValue(read, c.Slots[name]):
			return "gives " + name + "=" + read + ", not " + c.Slots[name]
		}
	}
	return ""
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
		verdict := c.Judge(p)
		if verdict == Left && p.Routed {
			p = Prediction{Reason: p.Reason} // where it went instead, its case does not judge
		}
		r.outcomes = append(r.outcomes, outcome{c, p, verdict})
	}
	r.robust = disturb(r.outcomes, by)
	return r
}
