package router

import (
	"slices"
	"strconv"
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// pointsTo says what words that point back stand for.
type pointsTo uint8

const (
	toIt    pointsTo = iota // it, that one, this pod
	toThem                  // they, those, which of them
	toNth                   // the second one, #2
	toPlace                 // there
	toOneAt                 // the one in eu-west-1
)

// mention is a place in a question where it points back.
type mention struct {
	from, to int // its words
	sort     pointsTo
	n        int           // of toNth: from 1, or -1 for the last
	kind     adapters.Kind // that it has to be of, if it says so
	noun     bool          // several, as a noun: "which of them"
	soft     bool          // means something by itself too: "this pod"
}

// core returns the bounds of the question without courtesies: those before it, sentences of them, and those at its end.
func (l *lattice) core() (int, int) {
	start, end := 0, len(l.tokens)
	for i := 0; i < end && !l.tokens[i].quoted && (courtesies[l.words[i]] || idle[l.words[i]]); i++ {
		if start == i && courtesies[l.words[i]] || i+1 < end && l.tokens[i+1].pause != noPause {
			start = i + 1
		}
	}
	for end > start && !l.tokens[end-1].quoted && farewells[l.words[end-1]] {
		end--
	}
	return start, end
}

// form returns what the question asks when it is nothing but a question about what was answered.
func (l *lattice) form(start, end int) form {
	var words []string
	for i := start; i < end; i++ {
		switch word := l.words[i]; {
		case l.tokens[i].quoted:
			return noForm
		case word == "the" || word == "a" || word == "an" || word == "me" || word == "us" || courtesies[word]:
		case single[word], several[word], demonstrative[word]:
			words = append(words, "it")
		default:
			words = append(words, word)
		}
	}
	return forms[strings.Join(words, " ")]
}

// backs finds where the question points back; none if it stands alone: if what it points at may be in the question itself.
func (l *lattice) backs(start, end int) []mention {
	var found []mention
	for i := start; i < end; i++ {
		b, ok := l.backAt(i, end)
		if !ok {
			continue
		}
		if len(found) == 0 && l.stands(&b, start) {
			return nil
		}
		found = append(found, b)
		i = b.to - 1
	}
	if len(found) > 0 && l.namesMore(end, found) {
		return nil
	}
	return found
}

// backAt reads what points back at token i.
func (l *lattice) backAt(i, end int) (mention, bool) {
	t := &l.tokens[i]
	if t.quoted {
		return mention{}, false
	}
	if b, ok := l.nth(i, end); ok {
		return b, true
	}
	next := ""
	if i+1 < end && !l.tokens[i+1].quoted {
		next = l.words[i+1]
	}
	switch word := l.words[i]; {
	case single[word] && t.raw != "IT" && !l.expletive(i, end):
		return mention{from: i, to: i + 1, sort: toIt}, true
	case several[word] && i > 0 && l.words[i-1] == "of":
		return mention{from: i - 1, to: i + 1, sort: toThem, noun: true}, true
	case several[word]:
		return mention{from: i, to: i + 1, sort: toThem}, true
	case word == "there" && l.isPlaceThere(i, end):
		return mention{from: i, to: i + 1, sort: toPlace, soft: true}, true
	case word == "ones" && i > 0 && l.words[i-1] == "which":
		return mention{from: i, to: i + 1, sort: toThem, noun: true}, true
	case demonstrative[word]:
		return l.demonstrated(i, end, word, next)
	}
	return mention{}, false
}

// demonstrated reads "that one", "this pod", "those", "which of these".
func (l *lattice) demonstrated(i, end int, word, next string) (mention, bool) {
	b := mention{from: i, to: i + 1, sort: toIt, soft: true}
	if word == "these" || word == "those" {
		b.sort = toThem
	}
	if i > 0 && l.words[i-1] == "of" && b.sort == toThem && (next == "" || !l.lex.isKind(next)) {
		return mention{from: i - 1, to: i + 1, sort: toThem, noun: true}, true
	}
	if next == "one" || next == "ones" {
		b.to, b.soft = i+2, false
		return b, true
	}
	if slot, ok := l.lex.scopes[next]; ok && b.sort == toIt && l.determines(i) && !l.namedAt(i+2, end) {
		b.kind, b.to = adapters.Kind(slot.String()), i+2
		return b, true
	}
	if kind, after, ok := l.kindAt(i + 1); ok && after <= end && l.determines(i) && !l.namedAt(after, end) {
		b.kind, b.to = kind.Kind, after
		if generic[l.words[after-1]] {
			b.kind = ""
		}
		return b, true
	}
	if next != "" && generic[next] && next != "services" && l.determines(i) {
		b.to = i + 2
		return b, true
	}
	last := i+1 == end || l.tokens[i+1].pause != noPause || l.joint(i+1)
	return b, last && i > 0 && l.determines(i) && !binding[l.words[i-1]]
}

// determines reports whether "that" at i points at something: "the logs of that pod", not "check that pods run".
func (l *lattice) determines(i int) bool {
	if l.words[i] != "that" || i == 0 {
		return true
	}
	before := l.words[i-1]
	if placeWord(before) != noPlace || auxiliaries[before] || before == "about" || before == "did" || before == "behind" {
		return true
	}
	return l.cue(i-1, cueVerbs) == i || before == "show" || before == "describe" || before == "changed" || before == "uses" || before == "caused"
}

// namedAt reports whether a name is at i: "this service checkout-api" says what it is.
func (l *lattice) namedAt(i, end int) bool {
	if i >= end {
		return false
	}
	at := l.likeliest(i)
	return at >= 0 && l.spans[at].class == isValue && l.spans[at].types&bitsNames != 0 && (l.spans[at].known || l.tokens[i].quoted || l.spans[at].weight >= weightName)
}

// nth reads "the second one", "second pod", "number 2", "#2", "the last one", "the one in eu-west-1".
func (l *lattice) nth(i, end int) (mention, bool) {
	b := mention{from: i, sort: toNth}
	word := l.words[i]
	if n, ok := ordinals[word]; ok {
		b.n = n
		if i > 0 && l.words[i-1] == "the" {
			b.from--
		}
		if i+1 < end && l.words[i+1] == "one" {
			b.to = i + 2
			return b, true
		}
		if kind, after, ok := l.kindAt(i + 1); ok && after <= end && n > 1 && !l.namedAt(after, end) {
			b.kind, b.to = kind.Kind, after
			if generic[l.words[after-1]] {
				b.kind = ""
			}
			return b, true
		}
		b.to = i + 1
		return b, i+1 == end && b.from < i && n != 0
	}
	if (word == "number" || word == "item" || word == "row" || word == "no") && i+1 < end {
		if n, err := strconv.Atoi(l.words[i+1]); err == nil && n > 0 && n <= MostListed {
			return mention{from: i, to: i + 2, sort: toNth, n: n}, true
		}
	}
	if word == "one" && i > 0 && l.words[i-1] == "the" && i+1 < end {
		if s, ok := l.placeSpan(i+1, end); ok {
			return mention{from: i - 1, to: s, sort: toOneAt}, true
		}
	}
	return mention{}, false
}

// placeSpan returns where the phrase ends that says where and begins at i.
func (l *lattice) placeSpan(i, end int) (int, bool) {
	best := 0
	for _, s := range l.at(i) {
		if s.class == isAside && placeSlots[s.slot] && s.end <= end {
			best = max(best, s.end)
		}
	}
	return best, best > 0
}

// placeSlots are the slots that say where.
var placeSlots = setOf("namespace cluster environment region provider node")

// expletive reports whether the "it" at i means nothing: "is it safe to deploy", "how is it going", "it looks like".
func (l *lattice) expletive(i, end int) bool {
	word := func(at int) string {
		if at < 0 || at >= end {
			return ""
		}
		return l.words[at]
	}
	before, after := word(i-1), word(i+1)
	switch {
	case before == "is" || before == "was" || before == "are":
		if word(i-2) == "how" && after == "going" || word(i-2) == "time" || word(i-2) == "day" {
			return true
		}
		return empty[after] && !(after == "ok" || after == "okay" || after == "normal" || after == "hot" || after == "correct" || after == "safe") || empty[after] && word(i+2) == "to"
	case after == "is" || after == "was":
		return empty[word(i+2)] && (word(i+3) == "to" || word(i+3) == "that")
	case after == "looks" || after == "seems" || after == "appears" || after == "sounds" || after == "takes" || after == "happens":
		return word(i+2) == "like" || word(i+2) == "that" || word(i+2) == "as" || after == "takes"
	}
	switch before {
	case "does", "will", "would", "did":
		return after == "take" || after == "matter" || after == "make" || after == "cost" || after == "mean"
	case "make", "got", "forget", "worth", "take", "call", "get":
		return i+1 == end && before != "get" || after == "so" || after == "short" || after == "quick" || after == "easy"
	}
	return false
}

// isPlaceThere reports whether "there" at i is a place: "what runs there", not "is there", "there are".
func (l *lattice) isPlaceThere(i, end int) bool {
	if i == 0 || i+1 < end && l.tokens[i+1].pause == noPause {
		return false
	}
	switch l.words[i-1] {
	case "is", "are", "was", "were", "be", "been", "out", "hi", "hello", "hey", "from", "get", "who":
		return false
	}
	return true
}

// stands reports whether what b points at may be named before it in the question.
func (l *lattice) stands(b *mention, start int) bool {
	clause := start
	for i := start + 1; i < b.from; i++ {
		if l.joint(i) || l.tokens[i].pause != noPause {
			clause = i
		}
	}
	if b.from > start && l.tokens[b.from].pause != noPause {
		clause = b.from
	}
	for i := start; i < clause; i++ {
		if !l.idle(i) {
			return true
		}
	}
	if b.sort == toPlace {
		return l.says(start, b.from, nil)
	}
	for i := clause; i < b.from; i++ {
		noun := l.kindWithin(i, i+1) || nouns[l.words[i]]
		if l.maybeNamed(i) || l.words[i] == "my" || l.words[i] == "our" || noun && !l.apart(i, b) {
			return true
		}
	}
	return false
}

// idle reports whether the word says nothing that could be pointed at.
func (l *lattice) idle(i int) bool {
	return !l.tokens[i].quoted && (courtesies[l.words[i]] || idle[l.words[i]] || l.joint(i) || l.tokens[i].id >= 0 && l.lex.filler[l.tokens[i].id])
}

// maybeNamed reports whether the word at i is, or may be, somebody's name.
func (l *lattice) maybeNamed(i int) bool {
	if l.tokens[i].quoted {
		return true
	}
	if courtesies[l.words[i]] || ordinals[l.words[i]] != 0 {
		return false
	}
	if len(l.meantAt(i)) > 0 {
		return true
	}
	return l.used(i) == freeUse && !isMeasure(l.words[i]) && (l.tokens[i].id == noWord || !l.lex.taught[l.tokens[i].id]) && !l.aside(i)
}

// meantAt are the seen things that are called like the word at i, and meant by it.
func (l *lattice) meantAt(i int) []adapters.Name { return l.meant(i, l.find(i, 1)) }

// apart reports whether the kind at i cannot be what b points at: "which nodes do they run on", "which services depend on it".
func (l *lattice) apart(i int, b *mention) bool {
	_, after, ok := l.kindAt(i)
	if !ok {
		after = i + 1
	}
	if b.from < after || owning[l.words[b.from]] && !l.inverted(after, b.from) {
		return false
	}
	if l.inverted(after, b.from) {
		return true
	}
	for j := 0; j < i; j++ {
		if binding[l.words[j]] && l.words[j] != "which" && l.words[j] != "who" {
			return false
		}
	}
	for j := after; j < b.from; j++ {
		if !linking[l.words[j]] {
			return false
		}
	}
	return after < b.from
}

// inverted reports whether nothing but an auxiliary stands between a kind and what points back: the kind is its object.
func (l *lattice) inverted(after, from int) bool {
	return from == after+1 && auxiliaries[l.words[after]]
}

// namesMore reports whether the question names something besides where: then that is what it is about.
func (l *lattice) namesMore(end int, found []mention) bool {
	for i := found[0].to; i < end; i++ {
		if slices.ContainsFunc(found, func(b mention) bool { return b.from <= i && i < b.to }) {
			continue
		}
		if to, ok := l.placeSpan(i, end); ok {
			i = to - 1
			continue
		}
		if l.tokens[i].quoted || len(l.meantAt(i)) > 0 && l.isFree(i) {
			return true
		}
	}
	return false
}

// isFree reports whether the word at i is no word of the language.
func (l *lattice) isFree(i int) bool { return l.used(i) == freeUse }

// parts is what an elliptic question names: "what about redis", "and in staging", "the same for yesterday".
type parts struct {
	name, place, time string // as the question says them
	kind              string
	plural            bool
	other             string // anything else, in few words: "the memory usage"
}

// leads are what elliptic questions begin with, the longest first, but for "and".
var leads = []string{"what about", "how about", "the same for", "same for", "the same thing for",
	"the same question for", "the same in", "same in", "the same on", "same on", "the same with", "the same thing in", "or"}

// elliptic returns the bounds of what an elliptic question says, and whether it begins as one.
func (l *lattice) elliptic() (int, int, bool) {
	start, end := l.core()
	if start < end && (l.words[max(start-1, 0)] == "and" || l.words[max(start-1, 0)] == "also") {
		return start, end, true
	}
	for _, lead := range leads {
		words := strings.Fields(lead)
		if start+len(words) < end && slices.Equal(l.words[start:start+len(words)], words) {
			after := start + len(words)
			if last := words[len(words)-1]; len(words) > 1 && (last == "in" || last == "on") {
				after--
			}
			return after, end, true
		}
	}
	return start, end, false
}

// partsOf reads the words from i to end as parts; false if they are more than a place, a time and one thing.
func (l *lattice) partsOf(i, end int) (parts, bool) {
	var p parts
	from := i
	for i < end {
		next := i + 1
		if to, ok := l.placeSpan(i, end); ok {
			p.place, next = join(" ", p.place, l.say(i, to, nil)), to
		} else if to := l.timeSpan(i, end); to > 0 {
			p.time, next = l.say(i, to, nil), to
		} else if placeWord(l.words[i]) == noPlace && !determinersOnly[l.words[i]] || l.tokens[i].quoted {
			at := l.likeliest(i)
			if at < 0 || p.name != "" || p.kind != "" || !p.take(l, i, int32(at), end) {
				return l.otherParts(from, end)
			}
			next = l.spans[at].end
		}
		i = next
	}
	return p, p != parts{}
}

var determinersOnly = setOf("the a an our my your all any")

// take reads one value: a name or a kind.
func (p *parts) take(l *lattice, i int, at int32, end int) bool {
	s := &l.spans[at]
	switch {
	case s.class != isValue || s.end > end:
		return false
	case s.types&bitsNames != 0:
		p.name = l.say(i, s.end, nil)
	case s.types == bit(intents.SlotKind):
		p.kind, p.plural = l.say(i, s.end, nil), strings.HasSuffix(l.words[s.end-1], "s")
	default:
		return false
	}
	return true
}

// otherParts is the rest of an elliptic question that names an aspect of what was asked about: "and the memory usage".
func (l *lattice) otherParts(i, end int) (parts, bool) {
	for i < end && determinersOnly[l.words[i]] {
		i++
	}
	if i >= end || end-i > 3 {
		return parts{}, false
	}
	for j := i; j < end; j++ {
		if l.tokens[j].quoted || l.used(j) != wordUse || auxiliaries[l.words[j]] || l.cue(j, cueLookups|cueQuestions|cueCauses) > 0 && l.cue(j, cueReports|cueFacts) == 0 {
			return parts{}, false
		}
	}
	return parts{other: l.say(i, end, nil)}, true
}

// timeSpan returns where the time ends that begins at i, or 0.
func (l *lattice) timeSpan(i, end int) int {
	best := 0
	for _, s := range l.at(i) {
		if s.class == isAside && s.slot == "time" && s.end <= end {
			best = max(best, s.end)
		}
	}
	return best
}
