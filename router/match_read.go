package router

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clanker/intents"
)

// readBack follows the cells from the end and collects what the reading gave: slots, the masked question, and how sure
// it is.
func (p *program) readBack(l *lattice, cells []cell, end int32) finding {
	f := finding{program: p, slots: intents.Slots{}}
	width := int32(len(p.atoms) + 1)
	var words []string
	sure, weighed := 0.0, 0.0
	for at := end; at > 0; at = cells[at].from {
		c := cells[at]
		start, stop := int(c.from/width), int(at/width)
		aside := c.from%width == at%width && c.span != noSpan && l.spans[c.span].class == isAside
		text := strings.Join(l.words[start:stop], " ")
		if c.span != noSpan {
			var trust float64
			text, trust = f.take(l, &l.spans[c.span], p.slotAt(at%width, aside), text)
			sure, weighed = sure+trust*float64(stop-start), weighed+float64(stop-start)*min(1, trust*10)
		} else {
			sure, weighed = sure+1, weighed+1
		}
		if text != "" {
			words = append(words, text)
		}
	}
	slices.Reverse(words)
	f.masked = strings.Join(words, " ")
	f.conf = 1
	if weighed > 0 {
		f.conf = float64(int(sure/weighed*100+0.5)) / 100
	}
	if f.problem == "" && f.slots["time"] != nil && !p.intent.UsesTime() {
		f.problem = fmt.Sprintf("does not look back: it cannot take %q", f.slots["time"])
	}
	return f
}

// slotAt returns the slot that a state stands for, if it is one.
func (p *program) slotAt(state int32, aside bool) string {
	if aside {
		return ""
	}
	return p.atoms[state-1].slot
}

// take notes what a reading fills, and returns it as the masked question shows it and how sure it is; 0 for a filler.
func (f *finding) take(l *lattice, s *span, slot, text string) (string, float64) {
	switch {
	case s.class == isConcept:
		return text, 1
	case s.class == isAside && s.slot == "" && s.weight == 0:
		return "", 0
	case s.class == isAside && s.slot == "":
		return text, 1
	case s.class == isAside:
		slot = s.slot
	}
	f.fill(l, s, slot)
	return "{" + slot + "}", trust(s)
}

func trust(s *span) float64 {
	switch {
	case s.weight == weightGuess:
		return 0.6
	case s.known || s.types&bitsNames == 0 || s.class == isAside:
		return 1
	case s.weight >= weightName:
		return 0.9
	}
	return 0.7
}

// fill sets a slot; two values for one slot are a problem, never a choice.
func (f *finding) fill(l *lattice, s *span, slot string) {
	value := s.value(l)
	if s.also != "" && s.also != value {
		f.slots[slot] = s.also
	}
	have, given := f.slots[slot]
	if given && have != value && f.program.intent.Act == intents.ActCommand {
		return // "from staging to production": whoever proposes the command says which is which
	}
	if given && have != value {
		f.problem = fmt.Sprintf("the question gives two values for %s: %v and %v; ask for one at a time", slot, value, have)
	}
	f.slots[slot] = value
	if s.kind != "" {
		f.slots[slot+"_kind"] = s.kind
	}
	if _, given := f.slots["provider"]; s.provider != "" && !given {
		f.slots["provider"] = s.provider
	}
	if types := nameTypes(s, slot); types != 0 && !s.known {
		f.names = append(f.names, naming{slot, types, types&bit(intents.SlotPod) != 0 && s.kind == "pod"})
	}
}

// nameTypes returns the types of thing that a name slot can mean; 0 for other slots.
func nameTypes(s *span, slot string) uint32 {
	if s.class == isAside {
		switch slot {
		case "namespace":
			return bit(intents.SlotNamespace)
		case "cluster":
			return bit(intents.SlotCluster)
		case "node":
			return bit(intents.SlotNode)
		}
		return 0
	}
	return s.types & bitsNames
}

// value returns the reading as a slot of its type holds it.
func (s *span) value(l *lattice) any {
	switch {
	case s.time > 0:
		return l.times[s.time-1]
	case s.types&bit(intents.SlotPercent) != 0:
		return s.number
	case s.types&bit(intents.SlotCount) != 0:
		return int(s.number)
	case s.types&bit(intents.SlotDuration) != 0:
		return time.Duration(s.number)
	}
	return s.text
}
