package learn

import (
	"cmp"
	"slices"
)

// Above so many classes, a class is not learned against all others but against this many examples of each of the nearest,
// and of all. That keeps the work linear in the number of classes.
const (
	manyClasses   = 300
	rivals        = 30
	rivalExamples = 40
	strangers     = 500
	// sharedBy: a feature of more classes than this tells nothing of who is near.
	sharedBy = 512
)

// opponents says from which examples a class is learned.
type opponents struct {
	all    []int32
	starts []int32  // where the examples of a class begin
	shapes [][]cell // by class, what its examples weigh together; nil where there are few classes
	shared [][]cell // by feature, the classes that have it, with their weight
}

func newOpponents(m *Model, data *matrix) *opponents {
	o := &opponents{all: make([]int32, len(data.rows)), starts: make([]int32, len(m.classes)+1)}
	for i, class := range data.class {
		o.all[i] = int32(i)
		o.starts[class+1] = int32(i + 1)
	}
	if len(m.classes) <= manyClasses {
		return o
	}
	o.shapes, o.shared = make([][]cell, len(m.classes)), make([][]cell, len(m.keys))
	sum := make([]float32, len(m.keys))
	for class := range o.shapes {
		own := o.own(int32(class))
		for _, e := range own {
			for _, x := range data.rows[e] {
				sum[x.feature] += x.value / float32(len(own))
			}
		}
		for _, e := range own {
			for _, x := range data.rows[e] {
				if w := sum[x.feature]; w > 0 {
					o.shapes[class] = append(o.shapes[class], cell{x.feature, w})
					o.shared[x.feature] = append(o.shared[x.feature], cell{int32(class), w})
					sum[x.feature] = 0
				}
			}
		}
	}
	return o
}

// own is the examples of a class.
func (o *opponents) own(class int32) []int32 { return o.all[o.starts[class]:o.starts[class+1]] }

// of is the examples that a class is learned from, its own among them. It may be called by several goroutines.
func (o *opponents) of(class int32) []int32 {
	if o.shapes == nil {
		return o.all
	}
	examples := slices.Clone(o.own(class))
	for _, rival := range o.nearest(class) {
		examples = append(examples, spread(o.own(rival), rivalExamples)...)
	}
	examples = append(examples, spread(o.all, strangers)...)
	slices.Sort(examples)
	return slices.Compact(examples)
}

// nearest is the classes whose examples have most in common with those of a class.
func (o *opponents) nearest(class int32) []int32 {
	near := make([]cell, len(o.shapes))
	for i := range near {
		near[i].feature = int32(i)
	}
	for _, x := range o.shapes[class] {
		if len(o.shared[x.feature]) > sharedBy {
			continue
		}
		for _, y := range o.shared[x.feature] {
			near[y.feature].value += times(x.value, y.value)
		}
	}
	slices.SortFunc(near, func(a, b cell) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.feature, b.feature))
	})
	var nearest []int32
	for _, n := range near[:rivals+1] {
		if n.feature != class {
			nearest = append(nearest, n.feature)
		}
	}
	return nearest
}

// spread is at most n of a list, from all over it.
func spread(list []int32, n int) []int32 {
	if len(list) <= n {
		return list
	}
	some := make([]int32, n)
	for i := range some {
		some[i] = list[i*len(list)/n]
	}
	return some
}
