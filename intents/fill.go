package intents

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"clanker/adapters"
)

// Parameter is a slot of an intent, for those who fill it in without a question.
type Parameter struct {
	Name   string
	Type   SlotType
	Needed bool // without it there is no answer, or one to another question
}

// Parameters are the slots that change what the intent answers, sorted by name: its own, where to look and, if it uses one, the time.
func (in *Intent) Parameters() []Parameter {
	types := maps.Clone(in.slots)
	for _, name := range scopeSlots {
		if name != SlotNode.String() && in.Action != ActionAbout && (name != SlotTime.String() || in.usesTime) && types[name] == 0 {
			types[name] = slotTypes[name]
		}
	}
	var all []Parameter
	for _, name := range slices.Sorted(maps.Keys(types)) {
		all = append(all, Parameter{name, types[name], in.cannotDoWithout(name)})
	}
	return all
}

// cannotDoWithout reports whether nobody can ask for the intent without a slot: it says so, or all of its patterns have the slot.
func (in *Intent) cannotDoWithout(slot string) bool {
	if slot == in.Needs {
		return true
	}
	if _, given := in.Defaults[slot]; given || in.narrowedBy(slot) || len(in.Patterns) == 0 {
		return false
	}
	return !slices.ContainsFunc(in.Patterns, func(p Pattern) bool { return !p.Root.gives(slot) })
}

// narrowedBy reports whether a slot is a kind that only narrows what is read: the intent lists kinds of its own.
func (in *Intent) narrowedBy(slot string) bool {
	own := func(kind scalar) bool { _, isSlot := slotIn(kind.Text); return !isSlot }
	return in.slots[slot] == SlotKind && slices.ContainsFunc(in.query.kinds, own)
}

// gives reports whether each sentence of a pattern has a value of the slot.
func (n *Node) gives(slot string) bool {
	given := func(kid *Node) bool { return kid.gives(slot) }
	switch n.Op {
	case OpSlot:
		return n.Text == slot
	case OpSeq:
		return slices.ContainsFunc(n.Kids, given)
	case OpAny:
		return !slices.ContainsFunc(n.Kids, func(kid *Node) bool { return !kid.gives(slot) })
	default:
		return false
	}
}

// Fill makes slots of values that somebody wrote by name, as text or as a number, with the intent's defaults for the others: what a
// question that gives the same values has. The error tells everything that is wrong.
func (in *Intent) Fill(values map[string]any, v *Vocabulary) (Slots, error) {
	slots := maps.Clone(in.Defaults)
	var faults []error
	known := in.Parameters()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(known, func(p Parameter) bool { return p.Name == name })
		if i < 0 {
			faults = append(faults, fmt.Errorf("%s is no parameter of %s", name, in.ID))
			continue
		}
		value, err := v.Value(known[i].Type, values[name])
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		slots[name] = value
		if provider := v.Kinds[strings.ToLower(fmt.Sprint(values[name]))].Provider; known[i].Type == SlotKind && provider != "" && values["provider"] == nil {
			slots["provider"] = provider // a droplet is an instance of one
		}
	}
	for _, p := range known {
		if _, given := slots[p.Name]; p.Needed && !given {
			faults = append(faults, fmt.Errorf("%s is missing", p.Name))
		}
	}
	return slots, errors.Join(faults...)
}

// Value reads a value of a slot that somebody wrote as text or as a number. It is more tolerant than a question: a percent may lack its
// sign (80, or 0.8), a time what makes a range of it (2h, or 2026-11-22T14:00:00Z for since then).
func (v *Vocabulary) Value(kind SlotType, written any) (any, error) {
	text := strings.ToLower(strings.TrimSpace(fmt.Sprint(written)))
	if number, ok := written.(float64); ok {
		text = strconv.FormatFloat(number, 'f', -1, 64)
	}
	if text == "" {
		return nil, fmt.Errorf("read %s: it is empty", kind)
	}
	switch kind {
	case SlotKind:
		return (&draft{vocabulary: v}).value(kind, text)
	case SlotProvider:
		if provider, ok := v.Providers[text]; ok {
			return provider, nil
		}
	case SlotEnvironment:
		if environment, ok := adapters.Environment(text); ok {
			return environment, nil
		}
	case SlotPercent:
		return looseRatio(text)
	case SlotTime:
		return looseTime(text)
	}
	return kind.parse(text)
}

// looseRatio reads 80%, 80 and 0.8, all of them 0.8.
func looseRatio(text string) (float64, error) {
	if ratio, err := strconv.ParseFloat(text, 64); err == nil && ratio > 0 && ratio < 1 {
		return ratio, nil
	}
	return ParsePercent(strings.TrimSuffix(text, "%") + "%")
}

// looseTime reads a range in whatever words, or what follows "last" or "since" in one.
func looseTime(text string) (TimeRange, error) {
	if at, err := time.Parse(time.RFC3339, strings.ToUpper(text)); err == nil {
		text = at.UTC().Format("since 2006-01-02 15:04")
	}
	for _, before := range []string{"", "last ", "since "} {
		words := strings.Fields(before + text)
		if r, n := ParseTimeRange(words); n > 0 && n == len(words) {
			return r, nil
		}
	}
	return TimeRange{}, fmt.Errorf("read time range %q: write last 24h, since yesterday or 2025-08-02", text)
}
