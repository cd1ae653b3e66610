package learn

import (
	"math"
	"slices"
	"strings"
)

// Model is what was learned: one sparse linear scorer in whole numbers, and its calibration. It is never changed after
// training, so any number of goroutines may use it.
type Model struct {
	vocabulary
	classes     []string // sorted
	family      []uint16 // by class: the first class of its family
	bias        []int32  // by class, in units
	scale       []float32
	rowAt       []uint32 // where the entries of a feature begin
	rowClass    []uint16
	rowWeight   []int8   // what the feature says for or against the class, in the scale of its row
	seenAt      []uint32 // where the classes begin that saw a feature
	seen        []uint16
	calibration calibration
	decay       []float64 // e to the power of a gap between logits
}

// Scores are whole numbers of which so many are one logit. Of n features in a block of length w, the values add up to
// at most w times the root of n; with these bounds a score stays under 1.3e9, so 32 bits always hold it.
const (
	unit       = 1 << 18
	maxWeight  = 16
	maxBias    = 1000
	maxWords   = 1000
	maxTerms   = 20_000
	maxClasses = math.MaxUint16
)

// Candidate is a class, and its logit: what speaks for it against the average of all classes.
type Candidate struct {
	Class int
	Logit float64
}

// Result is what the model makes of a text.
type Result struct {
	// Top is the best classes, best first, equal ones in the order of their names; N says how many there are.
	Top [3]Candidate
	N   int
	// LogOdds is what speaks for the best class against all of other families together.
	LogOdds float64
	// Overruled is how much less that is if the classes that were not allowed count among the others: 0 or negative. A text that
	// looks most like what it must not be is a doubtful one.
	Overruled float64
	// Coverage is the share, from 0 to 1, of what the text says (rare words say more) that the best class's family has ever seen.
	Coverage float64
	// Probability that the best class's family is right, for the declared share of questions out of scope; 0 without calibration, and
	// for a text that is out of scope by example, has no words or too many.
	Probability float64
}

// Scratch is the memory that scoring needs. It grows to what the largest model and text need, and then scoring allocates
// nothing. Each goroutine needs its own.
type Scratch struct {
	reader  reader
	counter counter
	score   []int32
}

// Classes are the names of the classes, sorted; a [Candidate] has an index into them.
func (m *Model) Classes() []string { return slices.Clone(m.classes) }

// Class is the name of a candidate's class.
func (m *Model) Class(c Candidate) string { return m.classes[c.Class] }

// Score ranks the classes for a text. A text without words, or with more than 1000 words or 20,000 features, has no
// candidates, nor has any for a Model that is empty.
func (m *Model) Score(text Text, s *Scratch) Result { return m.ScoreAmong(text, nil, s) }

// ScoreAmong is [Model.Score] among the classes that are allowed, by their index in [Model.Classes]; nil allows all. It asks only
// about classes that could matter: the best, and those that come near it.
func (m *Model) ScoreAmong(text Text, allowed func(class int) bool, s *Scratch) Result {
	var r Result
	if n := len(text.Words); n == 0 || n+len(text.Concepts) > maxWords || len(m.classes) == 0 {
		return r
	}
	terms := s.reader.read(text)
	if len(terms) > maxTerms {
		return r
	}
	m.add(s.counter.vector(&m.vocabulary, terms), s)
	m.rank(s.score, allowed, &r)
	if r.N == 0 {
		return r
	}
	best := r.Top[0].Class
	r.LogOdds = m.logOdds(s.score, best, allowed)
	if allowed != nil {
		r.Overruled = m.logOdds(s.score, best, nil) - r.LogOdds
	}
	r.Coverage = m.coverage(terms, m.family[best])
	if m.classes[best] != Outside {
		r.Probability = m.calibration.probability(&r)
	}
	return r
}

// add sums up what the features say about each class.
func (m *Model) add(cells []cell, s *Scratch) {
	s.score = append(s.score[:0], m.bias...)
	score := s.score
	for _, x := range cells {
		factor := int32(times(times(x.value, m.scale[x.feature]), unit) + 0.5)
		from, to := m.rowAt[x.feature], m.rowAt[x.feature+1]
		weights := m.rowWeight[from:to]
		for i, class := range m.rowClass[from:to] {
			score[class] += factor * int32(weights[i])
		}
	}
}

// rank finds the best classes.
func (m *Model) rank(score []int32, allowed func(int) bool, r *Result) {
	var best [len(r.Top)]int32
	for class, x := range score {
		if r.N == len(best) && x <= best[r.N-1] || allowed != nil && !allowed(class) {
			continue
		}
		r.N = min(r.N+1, len(best))
		i := r.N - 1
		for ; i > 0 && x > best[i-1]; i-- {
			best[i], r.Top[i] = best[i-1], r.Top[i-1]
		}
		best[i], r.Top[i] = x, Candidate{class, times(float64(x), 1.0/unit)}
	}
}

// logOdds compares the best class with all of other families together; those that are hopeless are not counted, nor those near
// it that are not allowed.
func (m *Model) logOdds(score []int32, best int, allowed func(int) bool) float64 {
	sum := 1e-6
	for class, x := range score {
		gap := max(int(score[best]-x)/(unit/decaySteps), 1-len(m.decay))
		switch {
		case gap >= len(m.decay) || m.family[class] == m.family[best] || gap < nearSteps && allowed != nil && !allowed(class):
		case gap < 0: // it is not allowed, but counted
			sum += 1 / m.decay[-gap]
		default:
			sum += m.decay[gap]
		}
	}
	return -log(sum)
}

// nearSteps is how far behind the best, four logits, a class no longer matters by itself.
const nearSteps = 4 * decaySteps

// decaySteps is how finely a logit is divided where exponentials are looked up.
const decaySteps = 64

// newDecay tabulates how little a class counts that is so far behind.
func newDecay() []float64 {
	decay := make([]float64, 12*decaySteps)
	for i := range decay {
		decay[i] = exp(-times(float64(i)+0.5, 1.0/decaySteps))
	}
	return decay
}

// coverage is the share of the stems and concepts, weighed by rarity, that a class of the family has seen.
func (m *Model) coverage(terms []term, family uint16) float64 {
	seen, total := 0.0, 0.0
	for _, t := range terms {
		if t.kind != kindStem && t.kind != kindConcept {
			continue
		}
		f := m.find(t.key)
		idf := m.idf(f)
		total += idf
		if f >= 0 && slices.ContainsFunc(m.seen[m.seenAt[f]:m.seenAt[f+1]], func(class uint16) bool { return m.family[class] == family }) {
			seen += idf
		}
	}
	return seen / total
}

// families numbers the families of sorted classes: those whose names share what stands before a slash.
func families(classes []string) []uint16 {
	family := make([]uint16, len(classes))
	for i, class := range classes {
		family[i] = uint16(i)
		name, _, many := strings.Cut(class, "/")
		if many && i > 0 && strings.HasPrefix(classes[i-1], name+"/") {
			family[i] = family[i-1]
		}
	}
	return family
}
