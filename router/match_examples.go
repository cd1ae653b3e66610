package router

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"clanker/adapters"
	"clanker/intents"
)

// asked is an example with what the matcher makes of it when no names are known.
type asked struct {
	intent  *intents.Intent
	example intents.Example
	match   Match
	pattern *intents.Pattern // the example word for word, if no pattern of its intent explains it
}

// askExamples asks every example, on all processors.
func (m *Matcher) askExamples() []asked {
	var all []asked
	for _, in := range m.catalog.Intents {
		for _, example := range in.Examples {
			all = append(all, asked{intent: in, example: example})
		}
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			s := new(scratch)
			for i := next.Add(1) - 1; int(i) < len(all); i = next.Add(1) - 1 {
				all[i].match = m.byPattern(s, all[i].example.Text)
				if !all[i].explained() {
					all[i].pattern = examplePattern(all[i].intent, all[i].example, &s.lattice)
				}
			}
		})
	}
	group.Wait()
	return all
}

// byPattern matches as far as patterns go, when no names are known, and without telling why not.
func (m *Matcher) byPattern(s *scratch, text string) Match {
	text, ok := clean(text)
	if !ok {
		text = ""
	}
	s.lattice.build(m.lex, adapters.Names{}, text)
	s.found = s.found[:0]
	if len(s.lattice.tokens) > 0 {
		s.act = s.lattice.act()
		m.search(s)
	}
	if match, ok := m.decide(s, adapters.Names{}); ok {
		return match
	}
	return Match{Outcome: Abstain}
}

// addExamples makes a program of every example that no pattern of its own intent explains, so that the very question is
// answered though the patterns are narrower. It reports whether there are any.
func (m *Matcher) addExamples(all []asked) bool {
	before := len(m.programs)
	for _, a := range all {
		if a.pattern != nil {
			m.programs = append(m.programs, compileProgram(m.lex, a.intent, *a.pattern, fromExample))
		}
	}
	return len(m.programs) > before
}

// explained reports whether a pattern of the example's own intent explains it, be it with less to say than another's.
func (a *asked) explained() bool {
	return a.match.Outcome != Abstain && slices.ContainsFunc(a.match.Tried, func(c Candidate) bool { return c.Intent == a.intent.ID })
}

// examplePattern spells an example as a pattern: its words, but for fillers, scope and time phrases, and the values of
// slots that the intent has; nil for one without words, or with too many.
func examplePattern(in *intents.Intent, example intents.Example, l *lattice) *intents.Pattern {
	root := &intents.Node{Op: intents.OpSeq}
	words, kinds := false, 0
	for i := 0; i < len(l.tokens); {
		node, end := exampleNode(in, l, i)
		if node != nil && node.Slot == intents.SlotKind {
			if kinds++; kinds > 1 { // "volumes that no instance uses" asks for volumes
				node, end = wordNode(l, i)
			}
		}
		if node != nil {
			root.Kids = append(root.Kids, node)
			words = words || node.Op == intents.OpWord
		}
		i = end
	}
	if !words || len(root.Kids) > maxExampleWords {
		return nil
	}
	return &intents.Pattern{Text: example.Text, Pos: example.Pos, Root: root}
}

// maxExampleWords is the size of a program; see intents.ParsePattern.
const maxExampleWords = 64

func exampleNode(in *intents.Intent, l *lattice, i int) (*intents.Node, int) {
	for _, s := range l.at(i) {
		if s.class == isAside {
			return nil, s.end
		}
	}
	for _, s := range l.at(i) {
		if s.class != isValue || s.types&bitsNames != 0 && s.weight < weightName {
			continue
		}
		if name, t := slotFor(in, s.types); name != "" {
			return &intents.Node{Op: intents.OpSlot, Text: name, Slot: t}, s.end
		}
	}
	return wordNode(l, i)
}

func wordNode(l *lattice, i int) (*intents.Node, int) {
	return &intents.Node{Op: intents.OpWord, Text: strings.ReplaceAll(l.words[i], " ", "-")}, i + 1
}

// slotFor returns the slot of the intent that is called by its type and takes one of the types.
func slotFor(in *intents.Intent, types uint32) (string, intents.SlotType) {
	for t := intents.SlotService; t <= intents.SlotText; t++ {
		if types&bit(t) != 0 && in.SlotType(t.String()) == t {
			return t.String(), t
		}
	}
	return "", 0
}

// checkExamples faults every example that does not come back to its own intent.
func (m *Matcher) checkExamples(all []asked) error {
	var faults intents.Errors
	for _, a := range all {
		if a.match.Outcome != Hit || a.match.Hits[0].Intent != a.intent {
			faults = append(faults, m.stray(a))
		}
	}
	return faults.Err()
}

// stray tells who takes an example, or that nobody does. Where a folder lies over an intent, it is the folder's fault.
func (m *Matcher) stray(a asked) intents.Fault {
	f := intents.Fault{Pos: a.example.Pos, Subject: intents.Subject(a.intent.ID), Where: "examples"}
	if a.match.Outcome == Abstain {
		a.match = m.Match(a.example.Text, adapters.Names{})
	}
	if a.match.Outcome == Abstain {
		f.Message = fmt.Sprintf("%q goes to no intent: %s", a.example.Text, a.match.Reason)
		f.Remedy = "add a pattern for it; {time} takes a time range" + m.overlaid(a.intent)
		return f
	}
	taker := a.taker()
	if taker.Layer > a.intent.Layer {
		return m.thief(taker, a)
	}
	where := fmt.Sprintf("intent %q (%s:%d)", taker.ID, taker.Pos.File, taker.Pos.Line)
	f.Message, f.Remedy = fmt.Sprintf("%q goes to %s", a.example.Text, where), "narrow its patterns, or make this one's say more"
	if a.match.Outcome == Ambiguous {
		f.Message, f.Remedy = fmt.Sprintf("%q fits %s as well", a.example.Text, where), "make one of the two say more"
	}
	if taker.Layer < a.intent.Layer {
		f.Remedy = "make this one's patterns say more, or override that intent: give yours its id"
	}
	f.Remedy += m.overlaid(a.intent)
	return f
}

// thief faults the pattern of a later layer that takes an example of an earlier one, or could as well.
func (m *Matcher) thief(taker *intents.Intent, a asked) intents.Fault {
	pattern := m.explains(taker, a.example)
	return intents.Fault{Pos: pattern.Pos, Subject: intents.Subject(taker.ID), Where: "patterns",
		Message: fmt.Sprintf("%q takes the example %q of intent %q (%s:%d)", pattern.Text, a.example.Text, a.intent.ID, a.intent.Pos.File, a.intent.Pos.Line),
		Remedy:  "make the pattern narrower, or override that intent: give yours its id"}
}

// taker is the intent that a stray example goes to, or could as well.
func (a *asked) taker() *intents.Intent {
	if taker := a.match.Hits[0].Intent; taker != a.intent {
		return taker
	}
	return a.match.Hits[1].Intent
}

// overlaid is one more remedy for an intent that folders lie over: their words may have changed what its own mean.
func (m *Matcher) overlaid(in *intents.Intent) string {
	if in.Layer == len(m.catalog.Layers)-1 {
		return ""
	}
	return "; or look for its words in a vocabulary.yaml that lies over it"
}

// explains returns the pattern by which an intent takes an example.
func (m *Matcher) explains(in *intents.Intent, example intents.Example) intents.Pattern {
	s := m.scratch.Get().(*scratch)
	defer m.scratch.Put(s)
	text, _ := clean(example.Text)
	m.match(s, text, adapters.Names{})
	for _, f := range s.found {
		if f.program.intent == in {
			return f.program.pattern
		}
	}
	return intents.Pattern{Pos: in.Pos}
}
