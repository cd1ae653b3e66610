package router

import (
	"cmp"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router/learn"
)

// reading is one way to read a whole question: what the learned part of the matcher sees of it. Where the lattice lists every
// reading of every word, this is the likeliest one, taken from left to right, the longest first.
type reading struct {
	text        learn.Text
	spans       []int32 // of the lattice, those that were taken for values, in order
	concepts    []bool  // by concept: the question spells it
	kinds       []adapters.Kind
	slots       uint32   // types of the values
	content     int      // words that say something
	unexplained []string // everyday words that neither the vocabulary nor any example has
	negated     negation // the words that turn it around, and that no concept takes account of
}

// read fills the reading from a lattice. It reuses its memory.
func (r *reading) read(l *lattice) {
	*r = reading{text: learn.Text{Words: r.text.Words[:0], Concepts: r.text.Concepts[:0]}, spans: r.spans[:0],
		concepts: append(r.concepts[:0], make([]bool, len(l.lex.concepts))...), kinds: r.kinds[:0], unexplained: r.unexplained[:0]}
	masked, meant := 0, 0 // words before these stand for a value, or spell a concept
	for i := 0; i < len(l.tokens); {
		meant = max(meant, r.meaning(l, i, i < masked))
		if turns := l.negation(i); i >= max(masked, meant) || turns == outside && !l.dangles(i+1) {
			r.negated |= turns // "not on" may spell that something is off, "not on aws" never does
		}
		if i < masked {
			i++
			continue
		}
		at := l.likeliest(i)
		if at < 0 {
			r.word(l, i)
			i++
			continue
		}
		masked = l.spans[at].end
		r.value(l, int32(at))
		i++
	}
}

// meaning notes the concepts that begin at a word, and returns where the longest ends that is more than this word; those inside
// a value say nothing by themselves.
func (r *reading) meaning(l *lattice, i int, masked bool) int {
	end := 0
	readings := l.at(i)
	for s := range readings {
		if readings[s].class != isConcept {
			continue
		}
		c := readings[s].concept
		if name := l.lex.conceptTerms[c]; name != "" {
			if readings[s].end > i+1 {
				end = max(end, readings[s].end)
			}
			if !masked && !r.concepts[c] {
				r.text.Concepts = append(r.text.Concepts, name)
			}
		}
		r.concepts[c] = true
	}
	return end
}

// negation is a set of the words that turn around what is asked, in their kinds.
type negation uint8

const (
	denies   negation = 1 << iota // not, no, never
	lacks                         // without
	excludes                      // except, but, apart from
	outside                       // not in production, or nothing after it: no intent takes that
	leaves                        // than, outside: only before a place, "anything other than aws", "outside of production"
)

// negation returns how the word at i turns around what is asked.
func (l *lattice) negation(i int) negation {
	kind := negates(&l.tokens[i])
	switch {
	case kind == outside && len(l.names.Find(l.words[i])) > 0:
		return 0 // it is called so
	case kind != 0 && l.placeAfter(i, kind == denies):
		return outside
	case kind == leaves:
		return 0
	case kind != 0 && l.dangles(i+1):
		return outside
	}
	return kind
}

// placeAfter reports whether a place stands after the word at i; after a bare "not" only with its preposition.
func (l *lattice) placeAfter(i int, preposition bool) bool {
	if i++; i >= len(l.tokens) || preposition && placeWord(l.words[i]) == noPlace {
		return false
	}
	return slices.ContainsFunc(l.at(i), func(s span) bool { return s.class == isAside && s.slot != "" && s.slot != "time" })
}

// dangles reports whether nothing is said from i on.
func (l *lattice) dangles(i int) bool {
	for ; i < len(l.tokens); i++ {
		id := l.tokens[i].id
		if l.used(i) != structureUse && (id == noWord || !l.lex.filler[id]) {
			return false
		}
	}
	return true
}

// negates returns how a word turns around what is asked.
func negates(t *token) negation {
	if t.quoted {
		return 0
	}
	switch t.text {
	case "not", "no", "never", "neither", "nor", "none":
		return denies
	case "without":
		return lacks
	case "except", "excluding", "but", "apart", "aside":
		return excludes
	case "unless":
		return outside
	case "outside", "than", "besides", "instead", "ignoring", "minus", "non":
		return leaves
	}
	if place, ok := strings.CutPrefix(t.text, "non-"); ok {
		if _, _, ok := environmentWord(place); ok {
			return outside
		}
	}
	return 0
}

// word keeps a word as it is.
func (r *reading) word(l *lattice, i int) {
	t := &l.tokens[i]
	r.text.Words = append(r.text.Words, t.text)
	if l.used(i) == structureUse {
		return
	}
	r.content++
	if t.id == noWord || !l.lex.taken[t.id] && !l.lex.taught[t.id] {
		r.unexplained = append(r.unexplained, t.text)
	}
}

// value masks a value: "{percent}" for 80 %, "{bucket}" for any word for one, "{name}" for any name.
func (r *reading) value(l *lattice, at int32) {
	s := &l.spans[at]
	if s.class == isAside && s.slot == "" {
		return // a filler, or a place that narrows nothing
	}
	r.spans = append(r.spans, at)
	r.slots |= s.slotTypes()
	r.content++
	kind := cmp.Or(s.kind, s.text)
	switch {
	case s.class == isAside:
		r.text.Words = append(r.text.Words, l.lex.mask(s.slot))
		return
	case s.types == bit(intents.SlotKind):
		r.text.Words = append(r.text.Words, l.lex.mask(kind))
	default:
		r.text.Words = append(r.text.Words, l.lex.mask(maskOf(s.types)))
		if kind = s.kind; kind == "" {
			return
		}
		r.text.Words = append(r.text.Words, l.lex.mask(kind))
	}
	r.text.Concepts = append(r.text.Concepts, l.lex.mask("="+kind))
	if k := adapters.Kind(kind); !slices.Contains(r.kinds, k) {
		r.kinds = append(r.kinds, k)
	}
	if s.provider != "" {
		r.text.Concepts = append(r.text.Concepts, l.lex.mask("="+s.provider))
	}
}

// slotTypes are the types of slot that the value fills.
func (s *span) slotTypes() uint32 {
	if s.class == isValue {
		return s.types
	}
	for t := intents.SlotService; t <= intents.SlotText; t++ {
		if t.String() == s.slot {
			return bit(t)
		}
	}
	return 0
}

// has reports whether the question has a word, spells a concept, or gives a value of a type.
func (r *reading) has(l *lattice, k key) bool {
	switch k.op {
	case intents.OpConcept:
		return r.concepts[k.id]
	case intents.OpSlot:
		return r.slots&(1<<k.id) != 0
	default:
		return slices.ContainsFunc(l.tokens, func(t token) bool { return t.id == k.id })
	}
}

// maskOf names what stands for a value of the types.
func maskOf(types uint32) string {
	if types&bitsNames != 0 {
		return "name"
	}
	for t := intents.SlotService; t <= intents.SlotText; t++ {
		if types&bit(t) != 0 {
			return t.String()
		}
	}
	return "value"
}

// likeliest returns the span that the words at i are best read as, or -1 if they are words.
func (l *lattice) likeliest(i int) int {
	best, rank, end := -1, 0, 0
	for at := l.starts[i]; at < l.starts[i+1]; at++ {
		s := &l.spans[at]
		if now := l.standing(s, i); now > 0 && (s.end > end || s.end == end && now > rank) {
			best, rank, end = at, now, s.end
		}
	}
	return best
}

// standing says how far a span of equal length is to be preferred; 0 for one that the word itself says better.
func (l *lattice) standing(s *span, i int) int {
	switch {
	case s.class == isConcept:
		return 0
	case s.class == isAside:
		return l.asideStanding(s)
	case s.types == bit(intents.SlotText):
		return 2
	case s.types&bitsNames == 0 || s.known:
		return 5
	case s.weight >= weightName:
		return 4
	case s.kind != "" && l.calls(i, s):
		return 3
	case l.plainWord(i):
		return 0
	}
	return 2
}

// asideStanding is the same of what needs no pattern: a filler, or a place or time, which is a guess where a plain word names it.
func (l *lattice) asideStanding(s *span) int {
	switch {
	case s.slot == "" && s.weight == 0:
		return 1
	case s.weight == weightGuess && l.plainWord(s.end-1):
		return 0
	}
	return 6
}

// calls reports whether a word of the language names the one thing whose kind stands beside it: "the reporting deployment".
func (l *lattice) calls(i int, s *span) bool {
	t := &l.tokens[i]
	return (t.id == noWord || !l.lex.taken[t.id]) && l.one(s.end-1)
}

// plainWord reports whether the word at i is one of the language, though nobody has seen a thing that is called so.
func (l *lattice) plainWord(i int) bool {
	t := &l.tokens[i]
	return t.id != noWord && (l.lex.taken[t.id] || l.lex.taught[t.id]) || l.lex.spelling != nil && l.lex.spelling.isEnglish(t.text)
}
