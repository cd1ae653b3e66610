package intents

import (
	"errors"
	"slices"
	"strconv"

	"github.com/expr-lang/expr"
	exprast "github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml/ast"

	"clanker/adapters"
)

// Act is what a question does: an intent takes part only if it is meant for that.
type Act string

// The acts.
const (
	ActState   Act = "state"   // asks how things are; of most intents
	ActCause   Act = "cause"   // asks why; takes questions about a state too. Of the action diagnose, unless it says another
	ActCommand Act = "command" // asks for a change; the one act that takes it. Of the topic write, unless it says another
)

var acts = []Act{ActState, ActCause, ActCommand}

// The bounds of maxRisk, and what counts without one.
const (
	DefaultRisk = 0.05
	worstRisk   = 0.5
)

// Requires is what a question must have, and must not have, before a learned score may choose the intent.
type Requires struct {
	All, Any, None []Requirement
	Kinds          []adapters.Kind // a word for one of these
}

// Requirement is a word, a concept or a value of a type. Op is [OpWord], [OpConcept] or [OpSlot].
type Requirement struct {
	Op   Op
	Text string // the word, or the name of the concept
	Slot SlotType
	Pos  Position
}

// String spells the requirement as it is written in the file.
func (r Requirement) String() string {
	switch r.Op {
	case OpConcept:
		return "@" + r.Text
	case OpSlot:
		return "{" + r.Slot.String() + "}"
	default:
		return r.Text
	}
}

// IsZero reports whether nothing is required.
func (r Requires) IsZero() bool { return len(r.All)+len(r.Any)+len(r.None)+len(r.Kinds) == 0 }

// Takes reports whether a {kind} of the patterns may be of the kind: one of the required kinds, if any are required.
func (r Requires) Takes(kind adapters.Kind) bool {
	return len(r.Kinds) == 0 || slices.Contains(r.Kinds, kind)
}

// requires reads what a question must have. The values that it must give are slots of the intent.
func (d *draft) requires(where string, node ast.Node) {
	d.Mapping(where, node, d.requireFields())
	for _, need := range slices.Concat(d.in.Requires.All, d.in.Requires.Any) {
		if need.Op == OpSlot {
			d.atom(where, scalar{Pos: need.Pos}, &Node{Op: OpSlot, Text: need.Text, Slot: need.Slot})
		}
	}
}

func (d *draft) requireFields() []field {
	read := func(target *[]Requirement) func(string, ast.Node) {
		return func(where string, node ast.Node) { *target = d.requirements(where, node) }
	}
	r := &d.in.Requires
	return []field{
		{Name: "all", Read: read(&r.All), Takes: anyTexts, Doc: "Each of these: a word, @concept or {slot}."},
		{Name: "any", Read: read(&r.Any), Takes: anyTexts, Doc: "One of these."},
		{Name: "none", Read: read(&r.None), Takes: anyTexts, Doc: "None of these."},
		{Name: "kinds", Takes: func() object { return listOf(wordOf(kinds)) }, Doc: "A word for one of these kinds.", Read: func(where string, node ast.Node) {
			for _, text := range d.Texts(where, node) {
				check(d, where, "kind", text, kinds)
				r.Kinds = append(r.Kinds, adapters.Kind(text.Text))
			}
			d.in.slots["kind"] = SlotKind
		}},
	}
}

// requirements reads atoms of the pattern language, each by itself.
func (d *draft) requirements(where string, node ast.Node) []Requirement {
	var all []Requirement
	for _, text := range d.Texts(where, node) {
		p := &patternParser{text: text.Text}
		seq, err := p.sequence()
		if wrong, ok := errors.AsType[*patternError](err); ok {
			d.Fault(text.At(wrong.offset), where, wrong.remedy, "%s", wrong.message)
			continue
		}
		if p.pos < len(p.text) || len(seq.Kids) != 1 || seq.Kids[0].Op > OpSlot {
			d.Fault(text.Pos, where, `write one word, "@concept" or "{slot}"; a concept stands for many words, and for phrases`,
				"%q is no single word, concept or slot", text.Text)
			continue
		}
		atom := seq.Kids[0]
		if atom.Op == OpConcept {
			d.atom(where, text, atom)
		}
		all = append(all, Requirement{atom.Op, atom.Text, atom.Slot, text.Pos})
	}
	return all
}

func (d *draft) maxRisk(where string, node ast.Node) {
	text, ok := d.Text(where, node)
	risk, err := strconv.ParseFloat(text.Text, 64)
	if ok && (err != nil || !(risk > 0 && risk <= worstRisk)) { // NaN is neither
		d.Fault(text.Pos, where, "write the share of wrong answers that is acceptable, for instance 0.01", "%q is not above 0 and at most %v", text.Text, worstRisk)
		return
	}
	d.in.MaxRisk = risk
}

// act is the act that the intent says, or the one of its action and topic.
func (d *draft) compileAct() {
	check(d, "act", "act", d.act, acts)
	switch in := d.in; {
	case d.act.Text != "":
		in.Act = Act(d.act.Text)
	case in.Topic == TopicWrite:
		in.Act = ActCommand
	case in.Action == ActionDiagnose:
		in.Act = ActCause
	default:
		in.Act = ActState
	}
}

// connections is what the expression of when sees.
type connections struct {
	Connected []string `expr:"connected"`
}

// compileWhen compiles when, and tries it over nothing and over everything, so that its types are right.
func (d *draft) compileWhen() {
	program, ok := d.program("when", d.when, 0, connections{}, []string{"connected"}, expr.AsBool(), expr.Patch(&providers{d}))
	if !ok {
		return
	}
	d.in.when = program
	for _, connected := range [][]string{nil, d.vocabulary.providers()} {
		_, err := vm.Run(program, connections{connected})
		if wrong, ok := errors.AsType[*file.Error](err); ok {
			d.Fault(d.when.At(wrong.From), "when", `write a condition over connected, for instance "aws" in connected`, "%s", wrong.Message)
			return
		}
	}
}

// providers checks the names that an expression looks for among the connected ones: a wrong one would never be there.
type providers struct{ *draft }

// Visit implements the visitor of expr.
func (p *providers) Visit(node *exprast.Node) {
	in, ok := (*node).(*exprast.BinaryNode)
	if !ok || in.Operator != "in" {
		return
	}
	name, literal := in.Left.(*exprast.StringNode)
	if known := p.vocabulary.providers(); literal && !slices.Contains(known, name.Value) {
		p.Fault(p.when.At(name.Location().From), "when", suggest(name.Value, "", known), "unknown provider %q", name.Value)
	}
}

// Applies reports whether the intent takes part while the providers are connected: always without when, and never if
// when cannot be told.
func (in *Intent) Applies(connected []string) bool {
	if in.when == nil {
		return true
	}
	value, err := vm.Run(in.when, connections{connected})
	applies, ok := value.(bool)
	return err == nil && ok && applies
}
