package router

import (
	_ "embed" // the words of English
	"fmt"
	"maps"
	"slices"
	"strings"

	"clanker/intents"
	"clanker/intents/strict"
)

// english holds words that people write, sorted, one to a line: a word that there is was not misspelt. "notes" are not
// "nodes". Where they come from is told in words.md.
//
//go:embed words.txt
var english string

// Only words of this many letters are repaired. Of shorter ones too many are one letter apart, longer ones are no words.
const (
	minTyped = 4
	maxTyped = 24
)

// minTarget is how many letters a word has that is found by any slip; one letter shorter, only swapped or doubled letters
// lead to it, since every other change of a short word may well be another word.
const minTarget = 5

// spelling finds the word that a misspelt one was meant to be.
type spelling struct {
	deletes map[string][]string // words by what is left of them when a letter is left out, and by themselves
	english []string            // sorted
}

// slips are short words with two letters swapped and the like, too short to be repaired by rule. A "not" must not get
// lost whatever else is.
//
//nolint:misspell // that is what they are
var slips = map[string]string{"nto": "not", "ont": "not", "nott": "not", "noot": "not", "wht": "what", "waht": "what", "whta": "what",
	"wat": "what", "hwo": "how", "hwy": "why", "teh": "the", "hte": "the", "adn": "and"}

// further are words that no pattern needs to have: of time and place, which other parts of the matcher know, of negation,
// and of what clanker does not do when asked: "delet pods" must fail like "delete pods", not list what belongs to delet.
var further = strings.Fields(`prod production staging development
	monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december
	overnight tonight earlier second seconds three seven eight
	except neither nobody
	apply cordon create delete deploy destroy disable drain enable evict execute grant install kill patch purge reboot remove resize restart restore
	revoke rollback rotate scale shutdown start stop terminate uninstall update upgrade`)

// newSpelling indexes the words of the vocabulary and of all patterns; those that only examples hold may be names.
func newSpelling(lex *lexicon) *spelling {
	s := &spelling{deletes: map[string][]string{}, english: strings.Fields(english)}
	words := slices.Concat(further, slices.Collect(maps.Keys(contractions)), slices.Collect(maps.Keys(agreement)))
	for word, id := range lex.words {
		if lex.use[id] != freeUse {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	for _, word := range slices.Compact(words) {
		if len(word) >= minTarget-1 && allLetters(word) {
			s.add(word)
		}
	}
	return s
}

func (s *spelling) add(word string) {
	keys := []string{word}
	for i := range word {
		keys = append(keys, word[:i]+word[i+1:])
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		s.deletes[key] = append(s.deletes[key], word)
	}
}

func allLetters(word string) bool {
	for i := range len(word) {
		if word[i] < 'a' || word[i] > 'z' {
			return false
		}
	}
	return true
}

// meant returns the word that a misspelt one was meant to be, "" if it is none, or if there are several.
func (s *spelling) meant(lex *lexicon, typed string) string {
	if word, ok := slips[typed]; ok {
		return word
	}
	if len(typed) < minTyped || len(typed) > maxTyped || !allLetters(typed) {
		return ""
	}
	best, slip := "", noSlip
	s.near(typed, func(word string) {
		switch now := slipOf(typed, word); {
		case now < slip:
			best, slip = word, now
		case now == slip && slip != noSlip && word != best && !lex.same(best, word):
			best = ""
		}
	})
	if best == "" || s.isEnglish(typed) {
		return ""
	}
	return best
}

// near visits the words that share what is left when each loses a letter at most, without allocating.
func (s *spelling) near(typed string, visit func(word string)) {
	var buffer [maxTyped]byte
	for i := range len(typed) + 1 {
		left := buffer[:copy(buffer[:], typed[:i])]
		if i < len(typed) {
			left = append(left, typed[i+1:]...)
		}
		for _, word := range s.deletes[string(left)] {
			visit(word)
		}
	}
}

// isEnglish reports whether there is such a word, or one that it is the plural of.
func (s *spelling) isEnglish(word string) bool {
	_, found := slices.BinarySearch(s.english, word)
	if one, plural := strings.CutSuffix(word, "s"); plural && !found && !strings.HasSuffix(one, "s") {
		_, found = slices.BinarySearch(s.english, one)
	}
	return found
}

// slip is what went wrong in a word, the likeliest first.
type slip uint8

const (
	swapped slip = iota // two neighbouring letters, or a letter twice
	changed             // another letter is wrong, missing or too much
	noSlip              // more than that, or the first letter, which people get right
)

func slipOf(typed, word string) slip {
	if strict.Distance(typed, word, 2) > 1 {
		return noSlip
	}
	switch at := common(typed, word); {
	case len(typed) == len(word) && at+1 < len(word) && typed[at] == word[at+1] && typed[at+1] == word[at],
		len(typed) > len(word) && at > 0 && typed[at] == typed[at-1]:
		return swapped
	case at == 0 || len(word) < minTarget:
		return noSlip
	}
	return changed
}

// common returns how many letters both begin with.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// same reports whether two words say the same: they spell one kind or one concept.
func (lex *lexicon) same(a, b string) bool {
	if kind, ok := lex.kinds[a]; ok && kind == lex.kinds[b] {
		return true
	}
	return slices.ContainsFunc(lex.alone(a), func(concept int32) bool { return slices.Contains(lex.alone(b), concept) })
}

// alone returns the concepts that the word spells by itself.
func (lex *lexicon) alone(word string) []int32 {
	var concepts []int32
	if id := lex.id(word); id != noWord {
		for _, p := range lex.phrases[id] {
			if p.class == isConcept && len(p.words) == 1 {
				concepts = append(concepts, p.concept)
			}
		}
	}
	return concepts
}

// repair reads misspelt words as what they were meant to be, before anything else can take them for names.
func (l *lattice) repair() {
	if l.lex.spelling == nil {
		return
	}
	for i := 0; i < len(l.tokens); i++ {
		t := &l.tokens[i]
		if t.id != noWord || t.quoted {
			continue
		}
		word := l.lex.spelling.meant(l.lex, t.text)
		if word == "" || l.mayName(i, word) {
			continue
		}
		first := word
		if full, ok := contractions[word]; ok {
			first = full[0]
			l.tokens = slices.Insert(l.tokens, i+1, token{text: full[1], raw: full[1], id: l.lex.id(full[1])})
			l.words = slices.Insert(l.words, i+1, full[1])
			t = &l.tokens[i]
		}
		t.text, t.id, t.meant = first, l.lex.id(first), word
		l.words[i] = first
	}
}

// mayName reports whether the unknown word at i is rather a name than the word it could be: it stands where one is expected,
// it is or nearly is one that was seen, or it is a word that other parts of the matcher know.
func (l *lattice) mayName(i int, word string) bool {
	text := l.words[i]
	if _, _, environment := environmentWord(text); environment || intents.OpensDate(text) || isRegion(text) {
		return true
	}
	if i > 0 && (isNaming(l.words[i-1]) || l.one(i-1) || isPlaceNoun(l.lex, l.words[i-1])) {
		return true
	}
	if len(text) < minTyped {
		return len(l.names.Find(text)) > 0
	}
	return slices.ContainsFunc(l.names.Folds(), func(fold string) bool {
		at := strings.Index(fold, text)
		return at == 0 || at > 0 && fold[at-1] == '-' || fold != word && strict.Distance(text, fold, 2) < 2
	})
}

// isPlaceNoun reports whether the name of a place follows the word: "namespace payments".
func isPlaceNoun(lex *lexicon, word string) bool {
	return lex.scopes[word] != 0 && (word == "ns" || !strings.HasSuffix(word, "s"))
}

// repairs tells what was read differently from how it was written.
func (l *lattice) repairs() []string {
	var notes []string
	for i := range l.tokens {
		if t := &l.tokens[i]; t.meant != "" {
			if note := fmt.Sprintf("read %q as %s", t.raw, t.meant); !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}
