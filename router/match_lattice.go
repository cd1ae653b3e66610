package router

import (
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// class says what a span of the question is.
type class uint8

const (
	isConcept  class = iota // a spelling of a concept
	isValue                 // a value that slots of its types take
	isAside                 // explained without the pattern: a filler, a scope or a time phrase
	isKind                  // only in the lexicon: becomes a value
	isProvider              // only in the lexicon
	isFiller                // only in the lexicon
)

// span is one reading of the words from where it is listed up to end.
type span struct {
	class    class
	end      int
	weight   int // how much it says for this reading; see the weights
	concept  int32
	types    uint32 // of a value: set of slot types, a bit each
	slot     string // of an aside: what it fills, empty for none
	text     string // the value, of types that are strings
	also     string // of an aside: a second value, "in staging and production", which is one too many
	kind     string // of a name: the kind that the question puts beside it
	provider string // of a kind that one provider has
	number   float64
	time     int  // index of a time range, plus one
	known    bool // the workspace has seen the name
}

// key returns what programs are found by, if the reading is a concept or a kind.
func (s *span) key() (key, bool) {
	switch {
	case s.class == isConcept:
		return key{intents.OpConcept, s.concept}, true
	case s.class == isValue && s.types == bit(intents.SlotKind):
		return key{intents.OpSlot, kindID}, true
	}
	return key{}, false
}

// The weights order readings of equal length. A word or concept that the pattern names outweighs any value.
const (
	weightLiteral = 1000
	weightKnown   = 60
	weightScope   = 55
	weightTyped   = 50
	weightQuoted  = 40
	weightName    = 30
	weightBeside  = 5
	weightGuess   = 3
	weightWord    = 10
)

// lattice holds all readings of one question. It is reused from question to question.
type lattice struct {
	lex    *lexicon
	names  adapters.Names
	tokens []token
	words  []string // texts of the tokens
	spans  []span
	starts []int // spans[starts[i]:starts[i+1]] begin at token i
	times  []intents.TimeRange
	reads  []stretch // by token, of names
	arena  []span    // what reads point to
	verb   int       // of a question that asks for a change: where the verb is, see act
}

// build lists every reading of every token.
func (l *lattice) build(lex *lexicon, names adapters.Names, text string) {
	l.lex, l.names = lex, names
	l.tokens = lex.tokenize(text, l.tokens[:0])
	l.words, l.spans, l.starts, l.times = l.words[:0], l.spans[:0], l.starts[:0], l.times[:0]
	l.arena = l.arena[:0]
	for i := range l.tokens {
		l.words = append(l.words, l.tokens[i].text)
	}
	l.repair()
	l.reads = append(l.reads[:0], make([]stretch, len(l.tokens))...)
	for i := range l.tokens {
		l.starts = append(l.starts, len(l.spans))
		l.phrasesAt(i)
		l.valuesAt(i)
		l.namesAt(i)
		l.scopesAt(i)
		l.timesAt(i)
	}
	l.starts = append(l.starts, len(l.spans))
}

func (l *lattice) at(i int) []span { return l.spans[l.starts[i]:l.starts[i+1]] }

func (l *lattice) phrasesAt(i int) {
	if l.tokens[i].id < 0 {
		return
	}
	for p := range l.lex.phrases[l.tokens[i].id] {
		phrase := &l.lex.phrases[l.tokens[i].id][p]
		end := phrase.end(l.lex, l.tokens, i)
		if end == 0 {
			continue
		}
		switch phrase.class {
		case isConcept:
			l.spans = append(l.spans, span{class: isConcept, end: end, concept: phrase.concept, weight: weightLiteral * len(phrase.words)})
		case isKind:
			l.spans = append(l.spans, span{class: isValue, end: end, types: bit(intents.SlotKind), text: phrase.text,
				provider: phrase.provider, weight: weightTyped * len(phrase.words)})
			if end < len(l.words) && isInstances(l.words[end]) {
				l.spans = append(l.spans, l.spans[len(l.spans)-1])
				l.spans[len(l.spans)-1].end++
			}
		case isProvider:
			l.spans = append(l.spans, span{class: isValue, end: end, types: bit(intents.SlotProvider), text: phrase.text, weight: weightTyped})
		case isFiller:
			l.spans = append(l.spans, span{class: isAside, end: end})
		default: // no phrase is anything else
		}
	}
}

// isInstances reports whether the word adds nothing to the kind before it: "the ingress resources".
func isInstances(word string) bool {
	return word == "resources" || word == "objects" || word == "instances"
}

func bit(t intents.SlotType) uint32 { return 1 << t }

// valuesAt lists numbers, durations, environments and quoted texts.
func (l *lattice) valuesAt(i int) {
	t := &l.tokens[i]
	if t.quoted {
		l.spans = append(l.spans, span{class: isValue, end: i + 1, types: bit(intents.SlotText), text: t.raw, weight: weightTyped})
		return
	}
	if environment, _, ok := environmentWord(t.text); ok {
		l.spans = append(l.spans, span{class: isValue, end: i + 1, types: bit(intents.SlotEnvironment), text: environment, weight: weightTyped})
	}
	if isRegion(t.text) {
		l.spans = append(l.spans, span{class: isValue, end: i + 1, types: bit(intents.SlotRegion), text: t.text, weight: weightTyped})
	}
	if strings.HasSuffix(t.text, "%") {
		if ratio, err := intents.ParsePercent(t.text); err == nil {
			l.number(i+1, intents.SlotPercent, ratio)
		}
		return
	}
	count, counted := intents.ParseCount(t.text)
	if counted {
		l.number(i+1, intents.SlotCount, float64(count))
		if i+1 < len(l.words) && l.words[i+1] == "percent" {
			l.number(i+2, intents.SlotPercent, float64(count)/100)
		}
	}
	if isReply(t.text) {
		status, _ := intents.ParseCount(t.text[:3])
		l.number(i+1, intents.SlotCount, float64(status))
		return
	}
	if counted || isDigit(t.text[0]) {
		if d, n := intents.ParseDurationWords(l.words[i:]); n > 0 {
			l.number(i+n, intents.SlotDuration, float64(d))
		}
	}
}

// isReply reports whether the word speaks of replies of HTTP by their number, "returns 503s", which is no time.
func isReply(word string) bool {
	return len(word) == 4 && (word[0] == '4' || word[0] == '5') && isDigit(word[1]) && isDigit(word[2]) && word[3] == 's'
}

func (l *lattice) number(end int, t intents.SlotType, value float64) {
	l.spans = append(l.spans, span{class: isValue, end: end, types: bit(t), number: value, weight: weightTyped})
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// timesAt lists time ranges, as an aside and as a value of {time}.
func (l *lattice) timesAt(i int) {
	if l.tokens[i].quoted || !opensTime(l.words[i]) {
		return
	}
	r, n := intents.ParseTimeRange(l.words[i:])
	if n == 0 {
		return
	}
	l.times = append(l.times, r)
	l.spans = append(l.spans,
		span{class: isAside, end: i + n, slot: "time", time: len(l.times), weight: weightTyped * n},
		span{class: isValue, end: i + n, types: bit(intents.SlotTime), time: len(l.times), weight: weightTyped * n})
}

// opensTime is a cheap test of what a time range can begin with.
func opensTime(word string) bool {
	if isDigit(word[0]) {
		return true
	}
	switch word {
	case "in", "over", "during", "for", "within", "from", "since", "of", "the", "last", "past", "previous", "between", "after",
		"until", "before", "today", "this", "current", "on", "at", "around", "about", "yesterday", "a", "an",
		"earlier", "overnight", "tonight", "half":
		return true
	}
	return intents.OpensDate(word)
}
