package learn

// opponents says against which examples a class is learned: all the others, or where there are many classes, some of
// those of the nearest classes and a sample of the rest, which keeps the work linear in the number of classes.
type opponents struct {
	all    []int32
	class  []int32
	starts []int32 // where the examples of a class begin
}

func newOpponents(m *Model, data *matrix) *opponents {
	o := &opponents{all: make([]int32, len(data.rows)), class: data.class, starts: make([]int32, len(m.classes)+1)}
	for i, class := range data.class {
		o.all[i] = int32(i)
		o.starts[class+1] = int32(i + 1)
	}
	return o
}

// own is the examples of a class.
func (o *opponents) own(class int32) []int32 { return o.all[o.starts[class]:o.starts[class+1]] }

// of is the examples that a class is learned from.
func (o *opponents) of(class int32) []int32 { return o.all }
