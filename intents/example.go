package intents

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"clanker/adapters"
)

// Example is a question that must route to its intent.
type Example struct {
	Text  string // without mark-up
	Slots Slots  // the values that are marked up, as their types read them
	Pos   Position
}

// NotExample is a question that must not route to the intent that has it.
type NotExample struct {
	Text   string
	Intent string // that it belongs to; empty if it belongs to none, or it does not matter
	Pos    Position
}

// Test is a question beside an intent that no learner sees.
type Test struct {
	Ask   string
	Slots Slots // that the question must give at least; see [TimeRange.Equal]
	Not   bool  // the intent must not answer it
	Pos   Position
}

// enough is how many examples an intent without patterns needs.
const enough = 3

// trial is a test whose slots wait until their types are known.
type trial struct {
	Test
	slots []named
}

// named is a value that was written for a slot.
type named struct {
	slot, value scalar
}

func (d *draft) notExamples(where string, node ast.Node) {
	for _, item := range d.Items(where, node, true) {
		ask, intent := scalar{}, scalar{}
		if len(entriesOf(item)) > 0 {
			d.Mapping(where, item, d.nearFields(&ask, &intent))
		} else {
			ask, _ = d.Text(where, item)
		}
		if d.asks(where, d.Pos(item), ask.Text) {
			d.in.NotExamples = append(d.in.NotExamples, NotExample{ask.Text, intent.Text, ask.Pos})
		}
	}
}

func (d *draft) tests(where string, node ast.Node) {
	for _, item := range d.Items(where, node, false) {
		var t trial
		var ask scalar
		d.Mapping(where, item, d.testFields(&t, &ask))
		if t.Not && len(t.slots) > 0 {
			d.Fault(t.slots[0].slot.Pos, where, "remove the slots, or not", "a question that must not come here gives no slots")
		}
		if d.asks(where, d.Pos(item), ask.Text) {
			t.Ask, t.Pos = ask.Text, ask.Pos
			d.trials = append(d.trials, t)
		}
	}
}

// asks reports whether there is a question, and faults it if it was left out.
func (d *draft) asks(where string, pos Position, ask string) bool {
	empty := strings.TrimSpace(ask) == ""
	if empty {
		d.Fault(pos, where, "write the question, as ask where there are other keys", "no question")
	}
	return !empty
}

// compileExamples reads the values that examples mark up. It comes after the patterns, which may name the slots, and
// before all that may use a slot which only an example has.
func (d *draft) compileExamples() {
	for _, text := range d.examples {
		example := Example{Slots: Slots{}, Pos: text.Pos}
		for rest := text.Text; ; {
			before, value, slot, after, ok := cutMarkUp(rest)
			example.Text += before + value
			if !ok {
				break
			}
			at := scalar{Text: slot, Pos: text.At(len(text.Text) - len(after) - len(slot) - 1)}
			d.marked(at, value, example.Slots)
			rest = after
		}
		if d.asks("examples", text.Pos, example.Text) {
			d.in.Examples = append(d.in.Examples, example)
		}
	}
}

// cutMarkUp cuts the first [value](slot) out of a text; without one all of it is before.
func cutMarkUp(text string) (before, value, slot, after string, ok bool) {
	middle := strings.Index(text, "](")
	if middle < 0 {
		return text, "", "", "", false
	}
	open := strings.LastIndexByte(text[:middle], '[')
	length := strings.IndexByte(text[middle:], ')')
	if open < 0 || length < 0 {
		return text, "", "", "", false
	}
	return text[:open], text[open+1 : middle], text[middle+2 : middle+length], text[middle+length+1:], true
}

// marked reads a value that an example marks up as {name}, {type} or {name:type} of a pattern would take it.
func (d *draft) marked(slot scalar, text string, into Slots) {
	name, kind, typed := strings.Cut(slot.Text, ":")
	if !typed {
		kind = name
	}
	want, ok := slotTypes[kind]
	if have := d.in.slots[name]; have != 0 && !typed {
		want, ok = have, true
	}
	if !ok || !isKey(name) {
		d.Fault(slot.Pos, "examples", suggest(kind, "", slotTypeNames()), "unknown slot %q", slot.Text)
		return
	}
	if have := d.in.slots[name]; have != 0 && have != want {
		d.Fault(slot.Pos, "examples", "give one of them another name", "slot %q is a %s here and a %s before", name, want, have)
		return
	}
	value, err := d.value(want, text)
	if err != nil {
		d.Fault(slot.Pos, "examples", "mark up what the slot takes, and no more", "%v", err)
		return
	}
	d.in.slots[name], into[name] = want, value
}

// compileTests reads the slots of tests, which are known by now.
func (d *draft) compileTests() {
	for _, t := range d.trials {
		t.Slots = Slots{}
		for _, s := range t.slots {
			kind, ok := d.slotType(s.slot.Text)
			if !ok {
				d.produced("tests.slots", s.slot, 0, s.slot.Text)
				continue
			}
			value, err := d.value(kind, s.value.Text)
			if err != nil {
				d.Fault(s.value.Pos, "tests.slots", "write it as a question would", "%v", err)
			}
			t.Slots[s.slot.Text] = value
		}
		d.in.Tests = append(d.in.Tests, t.Test)
	}
}

// slotType is the type of a slot that a question can give: of a pattern or an example, the kind beside a name, a scope.
func (d *draft) slotType(name string) (SlotType, bool) {
	base, isKind := strings.CutSuffix(name, kindSuffix)
	switch {
	case d.in.slots[name] != 0:
		return d.in.slots[name], true
	case isKind && d.in.slots[base] != 0:
		return SlotKind, true
	}
	kind, ok := slotTypes[name]
	return kind, ok && isScope(name)
}

// value reads a value of a slot as a question spells it. A kind can be called by its name too, which not every kind has
// among its words.
func (d *draft) value(kind SlotType, text string) (any, error) {
	if kind != SlotKind {
		return kind.parse(text)
	}
	text = strings.ToLower(strings.TrimSpace(text))
	if word, ok := d.vocabulary.Kinds[text]; ok {
		return string(word.Kind), nil
	}
	if slices.Contains(kinds, adapters.Kind(text)) {
		return text, nil
	}
	return nil, fmt.Errorf("no word for a kind is %q", text)
}
