package router

import (
	"slices"
	"strconv"
	"strings"

	"clanker/adapters"
)

// pointsTo says what words that point back stand for.
type pointsTo uint8

const (
	toIt    pointsTo = iota // it, that one, this pod
	toThem                  // they, those, which of them
	toNth                   // the second one
	toOneAt                 // the one in eu-west-1
	toPlace                 // there
)

// mention is a place in a question where it points back.
type mention struct {
	from, to int // its words
	sort     pointsTo
	nth      int           // of toNth: from 1, or -1 for the last
	kind     adapters.Kind // that it has to be of, or the slot of a place, if it says so
	noun     bool          // of toThem: it stands where a noun does, "which of them"
	soft     bool          // means something by itself too: "this pod"
}

// core returns the bounds of the question without courtesies: those before it, sentences of them, and those at its end.
func (l *lattice) core() (int, int) {
	start, end := 0, len(l.tokens)
	for i := 0; i < end && l.saysNothing(i) && (courtesies[l.words[i]] || idle[l.words[i]]); i++ {
		if start == i && courtesies[l.words[i]] || i+1 < end && l.tokens[i+1].pause != noPause {
			start = i + 1
		}
	}
	for end > start {
		n := l.farewell(end)
		if n == 0 {
			break
		}
		end = max(start, end-n)
	}
	return start, end
}

// farewell returns how many words before end only close a question: "please", "for me".
func (l *lattice) farewell(end int) int {
	switch t := &l.tokens[end-1]; {
	case t.quoted:
	case farewells[t.text]:
		return 1
	case t.text == "me" && l.before(end-1) == "for":
		return 2
	}
	return 0
}

// form returns what the question asks when it is nothing but a question about what was answered.
func (l *lattice) form(start, end int) form {
	var words []string
	for i := start; i < end; i++ {
		switch word := l.words[i]; {
		case l.tokens[i].quoted:
			return noForm
		case articles[word] || word == "me" || word == "us" || courtesies[word]:
		case single[word], several[word], demonstrative[word]:
			words = append(words, "it")
		default:
			words = append(words, word)
		}
	}
	text := strings.Join(words, " ")
	if slices.ContainsFunc(sinces, func(lead string) bool { return strings.HasPrefix(text, lead) }) {
		return asksSince
	}
	return forms[text]
}

// mentions finds where the question points back; none if it stands alone, for what it points at may be in the question itself.
func (l *lattice) mentions(start, end int) []mention {
	var found []mention
	for i := start; i < end; i++ {
		b, ok := l.mentionAt(i, end)
		if !ok {
			continue
		}
		if len(found) == 0 && l.hasOwn(&b, start) {
			return nil
		}
		found = append(found, b)
		i = b.to - 1
	}
	return found
}

// mentionAt reads what points back at token i.
func (l *lattice) mentionAt(i, end int) (mention, bool) {
	if l.tokens[i].quoted {
		return mention{}, false
	}
	b := mention{from: i, to: i + 1}
	switch word := l.words[i]; {
	case ordinals[word] != 0:
		return l.ordinal(i, end)
	case numbering[word]:
		return l.numbered(i, end)
	case word == "one":
		return l.oneAt(i, end)
	case single[word]:
		return b, l.tokens[i].raw != "IT" && !l.idiom(i, end)
	case word == "there":
		b.sort, b.soft = toPlace, true
		return b, l.isPlace(i, end)
	case several[word], word == "ones" && l.before(i) == "which":
		b.sort = toThem
		return l.ofThem(b), true
	case demonstrative[word]:
		return l.demonstrated(b, end)
	}
	return mention{}, false
}

// before returns the word before a token, and behind the one after it; empty for none.
func (l *lattice) before(i int) string {
	if i == 0 || l.tokens[i-1].quoted {
		return ""
	}
	return l.words[i-1]
}

func (l *lattice) behind(i, end int) string {
	if i+1 >= end || l.tokens[i+1].quoted {
		return ""
	}
	return l.words[i+1]
}

// ofThem takes the "of" before several in: "which of them" are which pods.
func (l *lattice) ofThem(b mention) mention {
	if l.before(b.from) == "of" {
		b.from--
		b.noun = true
	}
	b.noun = b.noun || l.words[b.from] == "ones"
	return b
}

// demonstrated reads "that one", "this pod", "this namespace", "those", "which of these".
func (l *lattice) demonstrated(b mention, end int) (mention, bool) {
	i, next := b.from, l.behind(b.from, end)
	if l.words[i] == "these" || l.words[i] == "those" {
		b.sort = toThem
	}
	switch {
	case b.sort == toThem && l.before(i) == "of" && !l.lex.isKind(next):
		return l.ofThem(b), true
	case next == "one", next == "ones":
		b.to++
		return b, true
	}
	b.soft = true
	switch {
	case !l.determines(i):
		return b, false
	case l.scopeOf(&b, i+1, end), l.kindOf(&b, i+1, end):
		return b, true
	}
	last := next == "" || l.tokens[i+1].pause != noPause || l.joint(i+1)
	return b, last && i > 0 && !binding[l.words[i-1]] && l.words[i-1] != "did"
}

// scopeOf takes the place at i in, "this namespace", unless it is told there what it is called.
func (l *lattice) scopeOf(b *mention, i, end int) bool {
	if i >= end || b.sort != toIt || l.namedAt(i+1, end) {
		return false
	}
	slot, ok := l.lex.scopes[l.words[i]]
	if ok {
		b.kind, b.to = adapters.Kind(slot.String()), i+1
	}
	return ok
}

// kindOf takes the kind at i in, "that pod", unless it is told there what it is called: "this service checkout-api".
func (l *lattice) kindOf(b *mention, i, end int) bool {
	kind, after, ok := l.kindAt(i)
	if !ok && i < end && generic[l.words[i]] {
		after, ok = i+1, true
	}
	if !ok || after > end || l.namedAt(after, end) {
		return false
	}
	if b.to = after; !generic[l.words[after-1]] {
		b.kind = kind.Kind
	}
	return true
}

// determines reports whether "that" at i points at something: "the logs of that pod", not "check that pods run".
func (l *lattice) determines(i int) bool {
	before := l.before(i)
	if l.words[i] != "that" || i == 0 {
		return true
	}
	return placeWord(before) != noPlace || auxiliaries[before] || taking[before] || l.cue(i-1, cueVerbs) == i
}

// namedAt reports whether a name is at i.
func (l *lattice) namedAt(i, end int) bool {
	if i >= end {
		return false
	}
	at := l.likeliest(i)
	if at < 0 || l.spans[at].class != isValue || l.spans[at].types&bitsNames == 0 {
		return false
	}
	return l.spans[at].known || l.tokens[i].quoted || l.spans[at].weight >= weightName
}

// ordinal reads "the second one", "second pod", "the last one"; not "the last deployment", which is a time.
func (l *lattice) ordinal(i, end int) (mention, bool) {
	b := mention{from: i, to: i + 1, sort: toNth, nth: ordinals[l.words[i]]}
	the := l.before(i) == "the"
	if the {
		b.from--
	}
	if l.behind(i, end) == "one" {
		b.to++
		return b, true
	}
	if the && b.nth > 1 && l.kindOf(&b, i+1, end) {
		return b, true
	}
	return b, the && i+1 == end
}

// numbered reads "number 2", "row 3".
func (l *lattice) numbered(i, end int) (mention, bool) {
	n, err := strconv.Atoi(l.behind(i, end))
	return mention{from: i, to: i + 2, sort: toNth, nth: n}, err == nil && n > 0 && n <= MostListed
}

// oneAt reads "the one in eu-west-1".
func (l *lattice) oneAt(i, end int) (mention, bool) {
	if l.before(i) != "the" || i+1 >= end {
		return mention{}, false
	}
	to := l.asideEnd(i+1, end, isWhere)
	return mention{from: i - 1, to: to, sort: toOneAt}, to > 0
}

// asideEnd returns where the longest phrase ends that begins at i and fills such a slot, or 0.
func (l *lattice) asideEnd(i, end int, want func(slot string) bool) int {
	best := 0
	for _, s := range l.at(i) {
		if s.class == isAside && s.end <= end && want(s.slot) {
			best = max(best, s.end)
		}
	}
	return best
}

func isWhere(slot string) bool { return whereSlots[slot] }

func isWhen(slot string) bool { return slot == "time" }

// idiom reports whether the "it" at i means nothing: "is it safe to deploy", "how is it going", "it looks like".
func (l *lattice) idiom(i, end int) bool {
	for _, phrase := range idioms {
		words := strings.Fields(phrase)
		for at, word := range words {
			if from := i - at; single[word] && from >= 0 && from+len(words) <= end && strings.Join(l.words[from:from+len(words)], " ") == phrase {
				return true
			}
		}
	}
	return false
}

// isPlace reports whether the "there" at i is a place: "what runs there", not "is there", "there are".
func (l *lattice) isPlace(i, end int) bool {
	ends := i+1 >= end || l.tokens[i+1].pause != noPause
	return ends && i > 0 && !existing[l.words[i-1]]
}
