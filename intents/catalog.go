package intents

import (
	"cmp"
	"slices"
	"text/template"

	"github.com/expr-lang/expr/vm"
)

// Catalog is all that can be asked: a set of intents that fit together. It never changes once loaded.
type Catalog struct {
	Intents    []*Intent // sorted by id
	Vocabulary *Vocabulary
	Layers     []string // names of the folders it was read from, those that override others last
	Digest     string   // of the files' names and bytes: the same catalogue routes the same way
}

// Intent returns the intent with the id.
func (c *Catalog) Intent(id string) (*Intent, bool) {
	i, found := slices.BinarySearchFunc(c.Intents, id, func(in *Intent, id string) int { return cmp.Compare(in.ID, id) })
	if !found {
		return nil, false
	}
	return c.Intents[i], true
}

// Intent is one thing that can be asked, compiled. See the package comment for what its keys mean.
type Intent struct {
	ID, Version, Description string
	Topic                    Topic
	Act                      Act
	Action                   Action
	Examples                 []Example
	NotExamples              []NotExample
	Tests                    []Test
	Requires                 Requires
	MaxRisk                  float64   // acceptable share of wrong answers, above 0 and at most 0.5; see [DefaultRisk]
	Patterns                 []Pattern // none if it has examples enough to learn from
	Columns                  []string
	Verdict                  bool
	Noise                    []string // fields whose changes answers say nothing of, see [adapters.Noise]
	Needs                    string   // slot without which the question is asked back; see [Intent.SlotType]
	Defaults                 Slots    // of slots that the question does not give
	Pos                      Position
	Layer                    int     // index of the catalogue's layer that it is from
	Overrides                *Intent // the one of an earlier layer that it took the place of, or nil
	Source                   string  // its definition as somebody wrote it

	slots    map[string]SlotType
	usesTime bool
	query    querySpec
	when     *vm.Program // nil means always
	where    *condition
	order    *ordering
	limit    scalar
	answer   *template.Template
	next     []*template.Template
}

// SlotType returns the type of a slot that one of the intent's patterns, examples or defaults names, or 0.
func (in *Intent) SlotType(name string) SlotType { return in.slots[name] }

// UsesTime reports whether a time range in the question changes what the intent reads or selects. One that does not
// must not answer a question that gives one, as if it had looked there.
func (in *Intent) UsesTime() bool { return in.usesTime }
