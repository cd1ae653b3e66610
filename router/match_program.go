package router

import (
	"math/bits"

	"clanker/intents"
)

// atom is one state of a program: what must be read to enter it.
type atom struct {
	op   intents.Op
	id   int32 // of the word or concept
	slot string
	bit  uint32 // of the slot's type
}

// program is a compiled pattern: its position automaton. State 0 is the start, state i+1 has just read atoms[i]; sets of
// states are bits of a word, which bounds a pattern to 64 atoms.
type program struct {
	intent  *intents.Intent
	source  string // pattern or example
	pattern intents.Pattern
	atoms   []atom
	first   uint64
	follow  []uint64
	last    uint64
	use     use    // of its words
	require uint64 // signature of the words and concepts that every match has; see signature
}

// part is what the construction knows about a node: the atoms it can begin and end with, and whether it can be empty.
type part struct {
	first, last uint64
	empty       bool
	require     uint64
}

const (
	fromPattern = "pattern"
	fromExample = "example" // word for word
	fromLearned = "learned" // guessed from what the examples teach
)

func compileProgram(lex *lexicon, in *intents.Intent, pattern intents.Pattern, source string) *program {
	p := &program{intent: in, source: source, pattern: pattern}
	if source == fromPattern {
		p.use = wordUse
	}
	whole := p.node(lex, pattern.Root)
	p.first, p.last, p.require = whole.first, whole.last, whole.require
	return p
}

func (p *program) node(lex *lexicon, n *intents.Node) part {
	switch n.Op {
	case intents.OpSeq:
		return p.sequence(lex, n.Kids)
	case intents.OpAny:
		whole := part{require: ^uint64(0)}
		for _, kid := range n.Kids {
			k := p.node(lex, kid)
			whole = part{whole.first | k.first, whole.last | k.last, whole.empty || k.empty, whole.require & k.require}
		}
		return whole
	case intents.OpOptional:
		k := p.node(lex, n.Kids[0])
		return part{first: k.first, last: k.last, empty: true}
	default:
		return p.atom(lex, n)
	}
}

func (p *program) sequence(lex *lexicon, kids []*intents.Node) part {
	whole := part{empty: true}
	for _, kid := range kids {
		k := p.node(lex, kid)
		for last := whole.last; last != 0; last &= last - 1 {
			p.follow[bits.TrailingZeros64(last)] |= k.first
		}
		if whole.empty {
			whole.first |= k.first
		}
		if k.empty {
			whole.last |= k.last
		} else {
			whole.last = k.last
		}
		whole.empty = whole.empty && k.empty
		whole.require |= k.require
	}
	return whole
}

func (p *program) atom(lex *lexicon, n *intents.Node) part {
	a := atom{op: n.Op}
	var require uint64
	switch n.Op {
	case intents.OpWord:
		a.id = lex.intern(n.Text, p.use)
		require = signature(a.op, a.id)
	case intents.OpConcept:
		a.id = lex.concepts[n.Text]
		require = signature(a.op, a.id)
	case intents.OpSlot:
		a.slot, a.bit = n.Text, bit(n.Slot)
		if n.Slot == intents.SlotKind {
			require = signature(a.op, kindID)
		}
	default: // only atoms come here
	}
	p.atoms = append(p.atoms, a)
	p.follow = append(p.follow, 0)
	self := uint64(1) << (len(p.atoms) - 1)
	return part{first: self, last: self, require: require}
}

// signature is one bit for a word or concept. A program whose required bits are not all in the question's cannot match.
func signature(op intents.Op, id int32) uint64 {
	return 1 << ((uint64(id)*2 + uint64(op)) * 0x9E3779B97F4A7C15 >> 58)
}

// kindID stands for any word for a kind where words and concepts have their id.
const kindID int32 = 0

// key finds programs by a word, a concept or {kind}.
type key struct {
	op intents.Op
	id int32
}

// cover returns words and concepts of which every match has at least one, the rarest there are, and how many atoms of
// all programs ask for them. It is nil for a node that can match without any.
func cover(lex *lexicon, n *intents.Node, frequency map[key]int) ([]key, int) {
	k := key{op: n.Op}
	switch n.Op {
	case intents.OpWord:
		k.id = lex.id(n.Text)
	case intents.OpConcept:
		k.id = lex.concepts[n.Text]
	case intents.OpSlot:
		if n.Slot != intents.SlotKind {
			return nil, 0
		}
		k.id = kindID
	case intents.OpSeq:
		return coverOne(lex, n.Kids, frequency)
	case intents.OpAny:
		return coverEach(lex, n.Kids, frequency)
	default:
		return nil, 0
	}
	return []key{k}, frequency[k]
}

// coverOne returns the rarest cover of one of the nodes: a match has them all.
func coverOne(lex *lexicon, nodes []*intents.Node, frequency map[key]int) ([]key, int) {
	var best []key
	least := 0
	for _, n := range nodes {
		if keys, count := cover(lex, n, frequency); keys != nil && (best == nil || count < least) {
			best, least = keys, count
		}
	}
	return best, least
}

// coverEach returns the covers of all nodes together: a match has one of them.
func coverEach(lex *lexicon, nodes []*intents.Node, frequency map[key]int) ([]key, int) {
	var all []key
	total := 0
	for _, n := range nodes {
		keys, count := cover(lex, n, frequency)
		if keys == nil {
			return nil, 0
		}
		all, total = append(all, keys...), total+count
	}
	return all, total
}

// cell is the best way to reach a state at a token.
type cell struct {
	score int32 // plus one; 0 means not reached
	from  int32 // cell it came from
	span  int32 // read on the way, or noSpan for a word
}

const noSpan int32 = -1

// run returns the score of the program's best reading of all tokens, and the cell it ends in; 0 if there is none. Its
// cost is bounded by tokens times atoms times readings.
func (p *program) run(l *lattice, cells []cell) (int32, int32) {
	width := len(p.atoms) + 1
	clear(cells[:(len(l.tokens)+1)*width])
	cells[0].score = 1
	for i := range l.tokens {
		alive := false
		for state := range width {
			if here := i*width + state; cells[here].score > 0 {
				alive = true
				p.step(l, cells, i, state)
			}
		}
		if !alive && !ahead(cells[(i+1)*width:(len(l.tokens)+1)*width]) {
			return 0, 0
		}
	}
	return p.accept(cells, len(l.tokens)*width)
}

// ahead reports whether a reading longer than one token has reached a later one.
func ahead(cells []cell) bool {
	for i := range cells {
		if cells[i].score > 0 {
			return true
		}
	}
	return false
}

func (p *program) accept(cells []cell, row int) (int32, int32) {
	best, end := int32(0), int32(0)
	for last := p.last; last != 0; last &= last - 1 {
		at := row + bits.TrailingZeros64(last) + 1
		if cells[at].score > best {
			best, end = cells[at].score, int32(at)
		}
	}
	return best, end
}

// step takes every reading of token i from one state.
func (p *program) step(l *lattice, cells []cell, i, state int) {
	width := len(p.atoms) + 1
	here := i*width + state
	next := p.first
	if state > 0 {
		next = p.follow[state-1]
	}
	id, readings := l.tokens[i].id, l.at(i)
	for set := next; set != 0; set &= set - 1 {
		to := bits.TrailingZeros64(set)
		a := &p.atoms[to]
		if a.op == intents.OpWord && a.id == id {
			reach(cells, here, (i+1)*width+to+1, weightLiteral, noSpan)
		}
		for r := range readings {
			if s := &readings[r]; a.takes(s) {
				reach(cells, here, s.end*width+to+1, s.weight, int32(l.starts[i]+r))
			}
		}
	}
	for r := range readings {
		if s := &readings[r]; s.class == isAside {
			reach(cells, here, s.end*width+state, s.weight, int32(l.starts[i]+r))
		}
	}
}

// takes reports whether the reading is what the atom asks for.
func (a *atom) takes(s *span) bool {
	switch a.op {
	case intents.OpConcept:
		return s.class == isConcept && s.concept == a.id
	case intents.OpSlot:
		return s.class == isValue && s.types&a.bit != 0
	default:
		return false
	}
}

func reach(cells []cell, from, to, weight int, span int32) {
	if score := cells[from].score + int32(weight); score > cells[to].score {
		cells[to] = cell{score, int32(from), span}
	}
}
