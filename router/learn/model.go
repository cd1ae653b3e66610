package learn

import (
	"math"
	"slices"
)

// Model is what was learned: one sparse linear scorer in whole numbers, and its calibration. It is never changed after
// training, so any number of goroutines may use it.
type Model struct {
	vocabulary
	classes     []string // sorted
	bias        []int32  // by class, in units
	scale       []float32
	rowAt       []uint32 // where the entries of a feature begin
	entries     []entry
	seenAt      []uint32 // where the classes begin that saw a feature
	seen        []uint16
	calibration calibration
}

// entry is what a feature says for or against a class, in the scale of its row.
type entry struct {
	class  uint16
	weight int8
}

// Scores are whole numbers of which so many are one logit. A question has at most a few thousand features in blocks of
// length one, so its logits stay under 16 times some hundred: far from where 32 bits end.
const (
	unit       = 1 << 18
	maxWeight  = 16
	maxClasses = math.MaxUint16
	maxWords   = 1000
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
	// LogOdds is what speaks for the best class against all others together.
	LogOdds float64
	// Coverage is the share, from 0 to 1, of what the text says (rare words say more) that the best class has ever seen.
	Coverage float64
	// Probability that the best class is right, for the declared share of questions out of scope; 0 without calibration, and
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

// Score ranks the classes for a text. A text without words, or with more than 1000, has no candidates.
func (m *Model) Score(text Text, s *Scratch) Result {
	var r Result
	if n := len(text.Words); n == 0 || n+len(text.Concepts) > maxWords {
		return r
	}
	terms := s.reader.read(text)
	m.add(s.counter.vector(&m.vocabulary, terms), s)
	m.rank(s.score, &r)
	best := r.Top[0].Class
	r.LogOdds = m.logOdds(s.score, best)
	r.Coverage = m.coverage(terms, uint16(best))
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
		for _, e := range m.entries[m.rowAt[x.feature]:m.rowAt[x.feature+1]] {
			score[e.class] += factor * int32(e.weight)
		}
	}
}

// rank finds the best classes.
func (m *Model) rank(score []int32, r *Result) {
	var best [len(r.Top)]int32
	for class, x := range score {
		if r.N == len(best) && x <= best[r.N-1] {
			continue
		}
		r.N = min(r.N+1, len(best))
		i := r.N - 1
		for ; i > 0 && x > best[i-1]; i-- {
			best[i], r.Top[i] = best[i-1], r.Top[i-1]
		}
		best[i], r.Top[i] = x, Candidate{class, float64(x) / unit}
	}
}

// logOdds compares the best class with all others together; those that are hopeless are not counted.
func (m *Model) logOdds(score []int32, best int) float64 {
	sum := 1e-9
	for class, x := range score {
		if gap := score[best] - x; class != best && gap < 20*unit {
			sum += exp(-float64(gap) / unit)
		}
	}
	return -log(sum)
}

// coverage is the share of the stems and concepts, weighed by rarity, that the class has seen.
func (m *Model) coverage(terms []term, class uint16) float64 {
	seen, total := 0.0, 0.0
	for _, t := range terms {
		if t.kind != kindStem && t.kind != kindConcept {
			continue
		}
		f := m.find(t.key)
		idf := m.idf(f)
		total += idf
		if f < 0 {
			continue
		}
		if _, ok := slices.BinarySearch(m.seen[m.seenAt[f]:m.seenAt[f+1]], class); ok {
			seen += idf
		}
	}
	return seen / total
}
