package learn

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
)

// Calibration tests what was learned on what it was not learned from: in each of these rounds, models are trained without
// a part of the groups and without a part of the classes. The texts of those groups are right or wrong; those of the
// classes left out stand for what is out of scope, and none of them can be right.
const folds = 5

// calibration turns the signals of a result into a probability, and counts how that went.
type calibration struct {
	weight signals
	// outside is how many questions of the real mix a tested one out of scope stands for; one in scope stands for one.
	outside float64
	curve   []point // by step of the probability, from the lowest; empty without calibration
}

// signals of a result: its log-odds, how far classes were overruled, the logit of its best class, its coverage, and one.
type signals [5]float64

// trial is a tested text.
type trial struct {
	signals  signals
	outcome  outcome
	declined bool // its best class is Outside, so it is never accepted
}

type outcome uint8

const (
	right outcome = iota
	wrong
	outside
	outcomes
	neither = outcomes // of a class left out, but its family was there and took it
)

// point counts the outcomes in one step of the curve.
type point [outcomes]uint32

// The curve has this many steps for one unit of log-odds, and ends at plus and minus so many units.
const (
	curveSteps  = 32
	curveEnd    = 12
	curvePoints = 2*curveEnd*curveSteps + 1
)

func (r *Result) signals() signals {
	return signals{r.LogOdds, r.Overruled, r.Top[0].Logit, r.Coverage, 1}
}

func (c *calibration) logOdds(s signals) float64 {
	sum := 0.0
	for i, w := range c.weight {
		sum += times(w, s[i])
	}
	return sum
}

func (c *calibration) probability(r *Result) float64 {
	if len(c.curve) == 0 {
		return 0
	}
	return logistic(c.logOdds(r.signals()))
}

// stepOf is the step of the curve that a log-odds falls into.
func stepOf(logOdds float64) int {
	return int(min(max(times(logOdds+curveEnd, curveSteps), 0), curvePoints-1))
}

// probabilityOf is the lowest probability in a step.
func probabilityOf(step int) float64 {
	return logistic(times(float64(step), 1.0/curveSteps) - curveEnd)
}

// calibrate adds a calibration to a model, for a share of questions out of scope. Without anything to test in scope, or out
// of it, or if no weights fit, the model stays as it is.
func (m *Model) calibrate(examples []Example, share float64) error {
	trials, err := trialsOf(examples)
	if err != nil {
		return err
	}
	in, out := 0.0, 0.0
	for _, t := range trials {
		if t.outcome == outside {
			out++
		} else {
			in++
		}
	}
	if in == 0 || out == 0 {
		return nil
	}
	c := calibration{outside: times(in/out, share/(1-share)), curve: make([]point, curvePoints)}
	trials = slices.DeleteFunc(trials, func(t trial) bool { return t.declined })
	if c.fit(trials); !between(c.weight[:], -1e6, 1e6) {
		return nil
	}
	for _, t := range trials {
		c.curve[stepOf(c.logOdds(t.signals))][t.outcome]++
	}
	m.calibration = c
	return nil
}

// Adopt takes the calibration of a model that learned nearly the same, which saves most of the work of training: a few more
// classes hardly change how far scores can be trusted.
func (m *Model) Adopt(tested *Model) { m.calibration = tested.calibration }

// trialsOf tests in folds, over which classes and groups are dealt in the order of their names: a class is then tested
// while those of similar name are there to be mistaken for it.
func trialsOf(examples []Example) ([]trial, error) {
	classes := deal(examples, func(e Example) string { return e.Class })
	groups := deal(examples, func(e Example) string { return e.Group })
	var trials []trial
	for fold := range folds {
		learned, tested := split(examples, func(i int, e Example) (absent, out bool) {
			absent = e.Class != Outside && classes[e.Class] == fold
			return absent, absent || e.Group != "" && groups[e.Group] == fold || e.Group == "" && i%folds == fold
		})
		m, err := fit(learned)
		switch {
		case errors.Is(err, errFewClasses):
			continue
		case err != nil:
			return nil, err
		}
		trials = m.try(tested, trials)
	}
	return trials, nil
}

// split deals the examples of a fold: those that teach, and those that are tested. What nobody asked is never tested, and does not
// teach a class that is absent.
func split(examples []Example, place func(int, Example) (absent, out bool)) (learned, tested []Example) {
	for i, e := range examples {
		switch absent, out := place(i, e); {
		case e.Made && absent:
		case out && !e.Made:
			tested = append(tested, e)
		default:
			learned = append(learned, e)
		}
	}
	return learned, tested
}

// try tests examples that the model did not learn from.
func (m *Model) try(tested []Example, trials []trial) []trial {
	var s Scratch
	for _, e := range tested {
		r := m.ScoreAmong(e.Text, m.but(e.Barred), &s)
		if t := (trial{r.signals(), m.judge(&r, e.Class), r.N == 0 || m.Class(r.Top[0]) == Outside}); t.outcome != neither {
			trials = append(trials, t)
		}
	}
	return trials
}

// but allows all classes except those barred.
func (m *Model) but(barred []string) func(int) bool {
	if len(barred) == 0 {
		return nil
	}
	return func(class int) bool {
		_, found := slices.BinarySearch(barred, m.classes[class])
		return !found
	}
}

// deal gives each name a fold.
func deal(examples []Example, name func(Example) string) map[string]int {
	folder := make(map[string]int)
	for _, e := range examples {
		folder[name(e)] = 0
	}
	for i, name := range slices.Sorted(maps.Keys(folder)) {
		folder[name] = i % folds
	}
	return folder
}

// judge compares a result with the class that a text has.
func (m *Model) judge(r *Result, class string) outcome {
	at, known := slices.BinarySearch(m.classes, class)
	family := r.N > 0 && kin(m.Class(r.Top[0]), class)
	switch {
	case class == Outside, !known && !family:
		return outside
	case !known:
		return neither
	case r.N > 0 && (r.Top[0].Class == at || family):
		return right
	default:
		return wrong
	}
}

// kin reports whether two classes are of one family.
func kin(a, b string) bool {
	name, _, many := strings.Cut(a, "/")
	return many && strings.HasPrefix(b, name+"/")
}

// fit finds the weights under which the outcomes are most likely, by Newton's method. As if one more trial of each kind had
// come out half and half (Platt 1999), so that nothing is ever held to be certain.
func (c *calibration) fit(trials []trial) {
	const ridge = 1e-3
	good, bad := 0.0, 0.0
	for _, t := range trials {
		if t.outcome == right {
			good++
		} else {
			bad++
		}
	}
	for range 25 {
		var slope signals
		var bend [len(slope)]signals
		for i := range bend {
			slope[i], bend[i][i] = -times(ridge, c.weight[i]), ridge
		}
		for _, t := range trials {
			weight, target := 1.0, 1/(bad+2)
			switch t.outcome {
			case right:
				target = (good + 1) / (good + 2)
			case outside:
				weight = c.outside
			}
			p := logistic(c.logOdds(t.signals))
			for i, x := range t.signals {
				slope[i] += times(times(weight, target-p), x)
				for j, y := range t.signals {
					bend[i][j] += times(times(times(weight, times(p, 1-p)), x), y)
				}
			}
		}
		for i, delta := range solve(bend, slope) {
			c.weight[i] += delta
		}
	}
}

// solve finds x with a·x = b, for a symmetric positive matrix, by elimination.
func solve(a [len(signals{})]signals, b signals) signals {
	for i := range b {
		for j := i + 1; j < len(b); j++ {
			factor := a[j][i] / a[i][i]
			for k := i; k < len(b); k++ {
				a[j][k] -= times(factor, a[i][k])
			}
			b[j] -= times(factor, b[i])
		}
	}
	for i := len(b) - 1; i >= 0; i-- {
		for k := i + 1; k < len(b); k++ {
			b[i] -= times(a[i][k], b[k])
		}
		b[i] /= a[i][i]
	}
	return b
}

// certainty is how sure a threshold must be of its risk.
const certainty = 0.95

// Threshold is the lowest probability to accept such that, with 95 % certainty, no more than maxRisk (a share from 0 to 1)
// of what is accepted is wrong: the bound of Clopper and Pearson, on texts that the tested models did not learn from, mixed
// as [Options.OutOfScope] says. It is infinite if the examples cannot prove that of any threshold.
func (m *Model) Threshold(maxRisk float64) float64 {
	good, bad, best := 0.0, 0.0, math.Inf(1)
	for i, p := range slices.Backward(m.calibration.curve) {
		good += float64(p[right])
		bad += float64(p[wrong]) + times(m.calibration.outside, float64(p[outside]))
		if p != (point{}) && certain(bad, good+bad, maxRisk) {
			best = probabilityOf(i)
		}
	}
	return best
}

// Balance is the probability to accept with which, on the tested texts, most are treated right: taken if they are in
// scope, as what they are, and left if they are out of it.
func (m *Model) Balance() float64 {
	gain, most, best := 0.0, 0.0, math.Inf(1)
	for i, p := range slices.Backward(m.calibration.curve) {
		if gain += float64(p[right]) - times(m.calibration.outside, float64(p[outside])); gain > most {
			most, best = gain, probabilityOf(i)
		}
	}
	return best
}

// certain tells whether so few bad ones among all would be improbable if the risk were any higher.
func certain(bad, all, risk float64) bool {
	k, n := math.Ceil(bad), math.Floor(all)
	if risk <= 0 || k >= times(n, risk) {
		return false
	}
	if risk >= 1 {
		return n > 0
	}
	logs := times(k, log(risk)) + times(n-k, log(1-risk))
	for i := 1.0; i <= k; i++ {
		logs += log((n - k + i) / i)
	}
	sum, part := 0.0, 1.0
	for i := k; i >= 0 && part > 1e-12; i-- {
		sum += part
		part = times(part, times(i/(n-i+1), (1-risk)/risk))
	}
	return times(exp(logs), sum) <= 1-certainty
}
