package intents

import "math/bits"

// automaton is the position automaton of a pattern: a state for each of its atoms, of which there are at most 64, and
// sets of them as bits.
type automaton struct {
	atoms       []string          // by state, spelled as in the pattern
	states      map[string]uint64 // by atom
	first, last uint64
	next        []uint64 // by state
}

func newAutomaton(root *Node) *automaton {
	a := &automaton{states: map[string]uint64{}}
	a.first, a.last, _ = a.add(root)
	return a
}

// add adds the states of a node, and returns those it can begin and end with, and whether it can be left out.
func (a *automaton) add(n *Node) (first, last uint64, empty bool) {
	switch n.Op {
	case OpSeq:
		empty = true
		for _, kid := range n.Kids {
			f, l, e := a.add(kid)
			a.link(last, f)
			first, last = first|choose(empty, f), l|choose(e, last)
			empty = empty && e
		}
	case OpAny:
		for _, kid := range n.Kids {
			f, l, e := a.add(kid)
			first, last, empty = first|f, last|l, empty || e
		}
	case OpOptional:
		first, last, _ = a.add(n.Kids[0])
		empty = true
	default:
		first = 1 << len(a.atoms)
		last = first
		atom := n.spell(true)
		a.atoms, a.next = append(a.atoms, atom), append(a.next, 0)
		a.states[atom] |= first
	}
	return first, last, empty
}

func choose(yes bool, set uint64) uint64 {
	if yes {
		return set
	}
	return 0
}

func (a *automaton) link(from, to uint64) {
	for ; from != 0; from &= from - 1 {
		a.next[bits.TrailingZeros64(from)] |= to
	}
}

// maxSteps bounds the proof that one pattern takes all that another does. What is not proved by then is not at fault.
const maxSteps = 200

// takes reports whether it is certain that a takes every sentence that b stands for. Atoms count as equal if they are
// spelled the same: that a concept has a word among its spellings proves nothing here.
func (a *automaton) takes(b *automaton) bool {
	type step struct {
		state int
		set   uint64 // of a, that the same atoms lead to
	}
	for atom := range b.states {
		if a.states[atom] == 0 {
			return false
		}
	}
	seen := map[step]bool{}
	var open []step
	reach := func(states, from uint64) bool {
		for ; states != 0; states &= states - 1 {
			state := bits.TrailingZeros64(states)
			s := step{state, from & a.states[b.atoms[state]]}
			if !seen[s] {
				seen[s] = true
				open = append(open, s)
			}
			if s.set == 0 || b.last>>state&1 == 1 && s.set&a.last == 0 || len(seen) > maxSteps {
				return false
			}
		}
		return true
	}
	if !reach(b.first, a.first) {
		return false
	}
	for len(open) > 0 {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		var after uint64
		for set := s.set; set != 0; set &= set - 1 {
			after |= a.next[bits.TrailingZeros64(set)]
		}
		if !reach(b.next[s.state], after) {
			return false
		}
	}
	return true
}

// checkReach faults patterns of which another one of the intent takes every sentence: they can be removed.
func (d *draft) checkReach() {
	all := make([]*automaton, len(d.in.Patterns))
	for i, pattern := range d.in.Patterns {
		all[i] = newAutomaton(pattern.Root)
	}
	for i, pattern := range d.in.Patterns {
		for j, other := range all {
			if i != j && other.takes(all[i]) && (j < i || !all[i].takes(other)) {
				d.Fault(pattern.Pos, "patterns", "remove it", "the pattern at line %d takes every sentence of this one", d.in.Patterns[j].Pos.Line)
				break
			}
		}
	}
}
