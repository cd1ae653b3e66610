package learn

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Example is a text and the class it belongs to.
type Example struct {
	Text Text
	// Class is its class; [Outside] if it belongs to none: a question that must not be taken. Classes whose names share what
	// stands before a slash ("cost/spend", "cost/idle") are a family: to mistake one for another is no error, and the
	// probability is that of the family.
	Class string
	// Group is who wrote it, or where it is from. Calibration never tests a group on what the same group taught; examples
	// without a group are each their own.
	Group string
	// Barred are the classes that the text cannot belong to whatever it scores, sorted: calibration tests it among the others, as
	// [Model.ScoreAmong] will.
	Barred []string
	// Made says that nobody asked this: it teaches, and calibration never tests it.
	Made bool
}

// Outside is the class of what is out of scope. It is learned like a class, and a text that is nearest to it has
// probability 0.
const Outside = ""

// Options of [Train]; the zero value is a good choice.
type Options struct {
	// OutOfScope is the share of questions, from 0 up to 0.9, that are expected to be out of scope once the model is used;
	// 0 stands for 0.3. Probabilities and thresholds hold for that share.
	OutOfScope float64
	// Uncalibrated leaves calibration out, which is three quarters of the work: there are scores, but no probabilities, and
	// no threshold is ever certain enough.
	Uncalibrated bool
}

// Train learns the classes from examples. It fails with fewer than two classes, more than 65,535, an example without words,
// or two features that share a hash. The same examples, in whatever order, give the same model bit by bit, on every
// machine and with any number of processors; all of them are used.
func Train(examples []Example, options Options) (*Model, error) {
	if options.OutOfScope == 0 {
		options.OutOfScope = 0.3
	}
	if !(options.OutOfScope >= 0 && options.OutOfScope <= 0.9) { // also not a number
		return nil, fmt.Errorf("learn: the share out of scope is %v: it must be from 0 to 0.9", options.OutOfScope)
	}
	examples = slices.Clone(examples)
	slices.SortStableFunc(examples, compare)
	m, err := fit(examples)
	if err != nil {
		return nil, fmt.Errorf("learn: %w", err)
	}
	if !options.Uncalibrated {
		if err := m.calibrate(examples, options.OutOfScope); err != nil {
			return nil, fmt.Errorf("learn: calibrate: %w", err)
		}
	}
	return m, nil
}

func compare(a, b Example) int {
	return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Group, b.Group),
		slices.Compare(a.Text.Words, b.Text.Words), slices.Compare(a.Text.Concepts, b.Text.Concepts))
}

var errFewClasses = errors.New("fewer than two classes: add examples of another, or of what is out of scope")

// fit learns a model without calibration from examples in order.
func fit(examples []Example) (*Model, error) {
	m := &Model{decay: newDecay()}
	texts := make([]Text, len(examples))
	for i, e := range examples {
		if len(e.Text.Words) == 0 {
			return nil, fmt.Errorf("an example of class %q has no words: give it some", e.Class)
		}
		if texts[i] = e.Text; i == 0 || e.Class != examples[i-1].Class {
			m.classes = append(m.classes, e.Class)
		}
	}
	switch n := len(m.classes); {
	case n < 2:
		return nil, errFewClasses
	case n > maxClasses:
		return nil, fmt.Errorf("%d classes: no more than %d can be told apart", n, maxClasses)
	}
	m.family = families(m.classes)
	var err error
	if m.vocabulary, err = newVocabulary(texts); err != nil {
		return nil, err
	}
	data := m.vectors(examples)
	m.merge(columns(m, data))
	m.remember(examples)
	return m, nil
}

// vectors weighs the features of all examples.
func (m *Model) vectors(examples []Example) *matrix {
	data := &matrix{rows: make([][]cell, len(examples)), square: make([]float32, len(examples)), class: make([]int32, len(examples))}
	var r reader
	var c counter
	class := int32(0)
	for i, e := range examples {
		if e.Class != m.classes[class] {
			class++
		}
		data.rows[i] = slices.Clone(c.vector(&m.vocabulary, r.read(e.Text)))
		data.class[i], data.square[i] = class, 1
		for _, x := range data.rows[i] {
			data.square[i] += times(x.value, x.value)
			data.mass += float64(x.value) / float64(len(examples))
		}
	}
	return data
}

// column is what one class learned: its weights by feature, in order, and its bias.
type column struct {
	cells []cell
	bias  float64
}

// How much the two learners count, and the smoothing of the second.
const (
	trustSVM   = 4.0
	trustBayes = 0.1
	smoothing  = 0.005
)

// columns learns all classes, each by itself, so that it does not matter which processor does which.
func columns(m *Model, data *matrix) []column {
	result := make([]column, len(m.classes))
	opponents := newOpponents(m, data)
	var next atomic.Int32
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(result)) {
		group.Go(func() {
			var s separator
			var counts []float64
			for class := next.Add(1) - 1; int(class) < len(result); class = next.Add(1) - 1 {
				s.learn(data, len(m.keys), class, opponents.of(class))
				counts = cleared(counts, len(m.keys))
				result[class] = blend(&s, data, opponents.own(class), counts)
			}
		})
	}
	group.Wait()
	return result
}

// blend adds naive Bayes to what the separator learned: both are linear, and so is their sum. What Bayes gives a class for
// a feature it never saw is the same for all features, so it goes into the bias, for a text of average weight.
func blend(s *separator, data *matrix, own []int32, counts []float64) column {
	total := 0.0
	for _, e := range own {
		for _, x := range data.rows[e] {
			counts[x.feature] += float64(x.value)
			total += float64(x.value)
		}
	}
	var c column
	for f, count := range counts {
		w := times(trustSVM, float64(s.weight[f]))
		if count > 0 {
			w += times(trustBayes, log(1+times(count, 1/smoothing)))
		}
		if w != 0 {
			c.cells = append(c.cells, cell{int32(f), float32(w)})
		}
	}
	never := log(smoothing) - log(total+times(smoothing, float64(len(counts))))
	prior := log(float64(len(own)) / float64(len(data.rows)))
	c.bias = times(trustSVM, float64(s.bias)) + times(trustBayes, prior+times(data.mass, never))
	return c
}

// remember notes which classes saw which stems and concepts, for coverage.
func (m *Model) remember(examples []Example) {
	type sight struct{ feature, class int32 }
	var sights []sight
	var r reader
	class := int32(0)
	for _, e := range examples {
		if e.Class != m.classes[class] {
			class++
		}
		for _, t := range r.read(e.Text) {
			if t.kind == kindStem || t.kind == kindConcept {
				sights = append(sights, sight{m.find(t.key), class})
			}
		}
	}
	slices.SortFunc(sights, func(a, b sight) int {
		return cmp.Or(cmp.Compare(a.feature, b.feature), cmp.Compare(a.class, b.class))
	})
	sights = slices.Compact(sights)
	m.seenAt = make([]uint32, len(m.keys)+1)
	for _, s := range sights {
		m.seenAt[s.feature+1]++
		m.seen = append(m.seen, uint16(s.class))
	}
	for i := range m.keys {
		m.seenAt[i+1] += m.seenAt[i]
	}
}

// merge turns the columns into rows by feature: centred, for what all classes share tells nothing; without what is
// small beside the row's largest; at most so many classes; in a byte each.
func (m *Model) merge(columns []column) {
	m.bias = make([]int32, len(columns))
	mean := 0.0
	for _, c := range columns {
		mean += c.bias / float64(len(columns))
	}
	for i, c := range columns {
		m.bias[i] = int32(math.Round(times(min(max(c.bias-mean, -maxBias), maxBias), unit)))
	}
	m.scale = make([]float32, len(m.keys))
	m.rowAt = make([]uint32, len(m.keys)+1)
	row, at := make([]float32, len(columns)), make([]int, len(columns))
	for f := range m.keys {
		sum := float32(0)
		for i, c := range columns {
			if row[i] = 0; at[i] < len(c.cells) && c.cells[at[i]].feature == int32(f) {
				row[i] = c.cells[at[i]].value
				at[i]++
			}
			sum += row[i]
		}
		m.addRow(f, row, sum/float32(len(row)))
	}
}

// What of a row is kept: no weight under a part of its largest, and where there are many classes, no more than some: a
// feature of very many tells little, and would cost the most time.
const (
	pruned     = 0.05
	rowClasses = 64
)

func (m *Model) addRow(feature int, row []float32, mean float32) {
	largest := float32(0)
	for i := range row {
		row[i] = min(max(row[i]-mean, -maxWeight), maxWeight)
		largest = max(largest, abs(row[i]))
	}
	least := times(pruned, largest)
	most := len(row)
	if most > manyClasses {
		most = rowClasses
		sizes := make([]float32, len(row))
		for i, w := range row {
			sizes[i] = abs(w)
		}
		slices.Sort(sizes)
		least = max(least, sizes[len(sizes)-most])
	}
	scale := times(largest, 1.0/127)
	kept := 0
	for class, w := range row {
		if largest > 0 && abs(w) >= least && kept < most {
			m.rowClass = append(m.rowClass, uint16(class))
			m.rowWeight = append(m.rowWeight, int8(math.Round(float64(w/scale))))
			kept++
		}
	}
	m.scale[feature] = scale
	m.rowAt[feature+1] = uint32(len(m.rowClass))
}

func abs(x float32) float32 { return max(x, -x) }
