package learn

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is a question as the learner sees it.
type Text struct {
	// Words are lower case, in order. One that begins with "{" stands for a name or a value ("{namespace}"): it has no
	// stem and no letters.
	Words []string
	// Concepts are what a lexicon understood, in order ("@workload"); empty without one.
	Concepts []string
}

// Split makes words of plain text: runs of letters and digits, lower case. It is for the public sets and for tests; who
// has a tokeniser of his own uses that.
func Split(text string) Text {
	return Text{Words: strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r != '\'' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})}
}

// kind is what a feature is made of; its block is what it is weighed with.
type kind uint8

const (
	kindWord kind = iota
	kindPair
	kindStem
	kindStemPair
	kindNear // two stems near each other, in either order
	kindLetters
	kindConcept
	kindConceptPair
)

// blocks are the groups of features that are brought to length one each, and then weigh so much.
const blocks = 6

var (
	blockOf     = [...]uint8{kindWord: 0, kindPair: 1, kindStem: 2, kindStemPair: 2, kindNear: 3, kindLetters: 4, kindConcept: 5, kindConceptPair: 5}
	blockWeight = [blocks]float32{1, 0.5, 0.7, 0.5, 0.9, 1}
)

// term is one feature of a text: its hash, and what it is.
type term struct {
	key  uint64
	kind kind
}

// reader lists the features of texts. Texts of different seeds hash differently, which is how collisions are found.
type reader struct {
	seed  uint64
	terms []term
	word  []byte
	roots []uint64
}

// read lists the features of a text; the list is the reader's, until the next read.
func (r *reader) read(text Text) []term {
	r.terms, r.roots = r.terms[:0], r.roots[:0]
	var word, root, concept uint64 // what stood before; zero is the start
	for _, w := range text.Words {
		word = r.chain(kindWord, w, word)
		if strings.HasPrefix(w, "{") {
			root = r.chain(kindStem, w, root)
		} else {
			root = r.chain(kindStem, stem(w), root)
			r.letters(w)
		}
		r.near(root)
	}
	for _, c := range text.Concepts {
		concept = r.chain(kindConcept, c, concept)
	}
	return r.terms
}

// chain adds a feature for a word, and one for it and the word before, and returns the word's hash.
func (r *reader) chain(k kind, text string, before uint64) uint64 {
	h := r.start(k)
	for i := range len(text) {
		h = step(h, text[i])
	}
	h = mix(h)
	pair := mix(h ^ mix(before^r.start(k+1)))
	r.terms = append(r.terms, term{h, k}, term{pair, k + 1})
	return h
}

// nearby is how many words apart two stems may be to say something together.
const nearby = 6

// near adds a feature for a stem and each of those shortly before it, whichever comes first.
func (r *reader) near(root uint64) {
	for _, other := range r.roots[max(len(r.roots)-nearby, 0):] {
		r.terms = append(r.terms, term{mix(mix(root) + mix(other) + r.start(kindNear)), kindNear})
	}
	r.roots = append(r.roots, root)
}

// Runs of letters are so long, and are taken from so much of a word.
const (
	shortestRun = 3
	longestRun  = 5
	spelled     = 64
)

// letters adds the runs of letters within a word, whose ends are marked.
func (r *reader) letters(word string) {
	r.word = append(append(append(r.word[:0], '<'), word[:min(len(word), spelled)]...), '>')
	for i := range r.word {
		h := r.start(kindLetters)
		for n, b := range r.word[i:min(i+longestRun, len(r.word))] {
			if h = step(h, b); n+1 >= shortestRun {
				r.terms = append(r.terms, term{mix(h), kindLetters})
			}
		}
	}
}

func (r *reader) start(k kind) uint64 { return mix(r.seed + uint64(k) + 1) }

func step(h uint64, b byte) uint64 { return (h ^ uint64(b)) * 0x100000001b3 }

// stem is the beginning of a word that its inflections share. It is not linguistics: it only has to be the same for
// "restart", "restarts", "restarted" and "restarting", and to need no memory.
func stem(word string) string {
	w := word
	for _, ending := range [...]string{"'s", "ing", "ed", "ies", "es", "s", "ly"} {
		s, ok := strings.CutSuffix(w, ending)
		if ok && utf8.RuneCountInString(s) >= 3 && (ending != "s" || !strings.HasSuffix(s, "s")) {
			w = s
			break
		}
	}
	if n := len(w); n > 3 && n < len(word) && w[n-1] == w[n-2] && w[n-1] != 's' && w[n-1] != 'l' {
		w = w[:n-1]
	}
	if n := len(w); n > 3 && (w[n-1] == 'e' || w[n-1] == 'y') {
		w = w[:n-1]
	}
	return w
}
