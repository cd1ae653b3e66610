package router

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"clanker/adapters"
	"clanker/intents"
	"clanker/intents/strict"
)

// maxNameWords is how many words of a question may spell one name: "checkout api gateway" for checkout-api-gateway.
const maxNameWords = 4

const (
	bitsService = 1<<intents.SlotService | 1<<intents.SlotPod
	bitsPlaces  = 1<<intents.SlotNamespace | 1<<intents.SlotCluster | 1<<intents.SlotNode | 1<<intents.SlotRegion
	bitsNames   = bitsService | bitsPlaces
)

// namesAt lists names, alone and together with the word for a kind beside them: "the checkout service", "pod named web-0".
func (l *lattice) namesAt(i int) {
	for _, s := range l.read(i) {
		l.spans = append(l.spans, s)
		if kind, after, ok := l.kindAt(s.end); ok {
			l.beside(s, kind, after)
		}
	}
	kind, next, ok := l.kindAt(i)
	if next < len(l.words) && isNaming(l.words[next]) {
		next++
	}
	if ok && next < len(l.tokens) {
		for _, s := range l.read(next) {
			l.beside(s, kind, s.end)
		}
	}
}

func (l *lattice) beside(s span, kind intents.KindWord, end int) {
	if s.types &= bitsService; s.types != 0 {
		s.kind, s.end, s.weight = string(kind.Kind), end, s.weight+weightBeside
		l.spans = append(l.spans, s)
	}
}

// read returns the readings of the words at i as a name: the longest that was seen, or one word that could be a name. It
// remembers them, since names, scope phrases and kind words all ask.
func (l *lattice) read(i int) []span {
	if !l.reads[i].done {
		from := len(l.arena)
		l.arena = append(l.arena, l.readName(i)...)
		l.reads[i] = stretch{true, from, len(l.arena)}
	}
	from, to := l.reads[i].from, l.reads[i].to
	return l.arena[from:to:to]
}

// stretch is where the remembered readings of a token are.
type stretch struct {
	done     bool
	from, to int
}

func (l *lattice) readName(i int) []span {
	if i >= len(l.tokens) {
		return nil
	}
	for n := min(maxNameWords, len(l.tokens)-i); n >= 1; n-- {
		if n > 1 && !l.joinable(i, n) {
			continue
		}
		found := l.find(i, n)
		if n == 1 {
			found = l.meant(i, found)
		}
		if len(found) > 0 {
			return l.seen(i, i+n, found)
		}
	}
	if !l.tokens[i].quoted && isOwnNamespace(l.words[i]) {
		return []span{{class: isValue, end: i + 1, types: bit(intents.SlotNamespace), text: l.words[i], weight: weightKnown, known: true}}
	}
	if n := l.compound(i); n > 0 {
		return []span{{class: isValue, end: i + n, types: bitsService, text: strings.Join(l.words[i:i+n], "-"), weight: weightWord}}
	}
	weight := cmp.Or(l.nameWeight(i), l.named(i))
	if weight == 0 {
		return nil
	}
	s := span{class: isValue, end: i + 1, types: bitsService, text: l.nameText(i), weight: weight}
	place := s
	place.types, place.weight = bitsPlaces, weight-1 // people name services more often than places without saying so
	if noun := l.nounBeside(i, i+1); noun != 0 {
		place.types, place.weight = noun, weight+weightBeside
	}
	return []span{s, place}
}

// meant leaves out what only happens to be called like a word of the language. Whoever may create a deployment chooses its
// name, and one called "all" or "production" must not take over what is asked about all, or about production; the words
// beside it have to say that it is meant.
func (l *lattice) meant(i int, found []adapters.Name) []adapters.Name {
	t := &l.tokens[i]
	if len(found) == 0 || t.quoted || l.calledSo(i) {
		return found
	}
	if _, _, environment := environmentWord(t.text); environment {
		return places(found)
	}
	switch {
	case t.id == noWord, l.lex.noun[t.id], l.used(i) == freeUse && !l.lex.filler[t.id]:
		return found
	case l.used(i) != wordUse:
		return nil
	case l.one(i + 1), l.nounBeside(i, i+1) != 0, i > 0 && (l.one(i-1) || ofWords[l.words[i-1]]):
		return found
	case i > 0 && inWords[l.words[i-1]]:
		return places(found)
	}
	return nil
}

// What stands after these words is a thing, or a place.
var (
	ofWords = map[string]bool{"of": true, "for": true, "from": true, "to": true, "named": true, "called": true}
	inWords = map[string]bool{"in": true, "on": true, "inside": true, "within": true}
)

// places are those of the names that say where.
func places(found []adapters.Name) []adapters.Name {
	return slices.DeleteFunc(slices.Clone(found), func(name adapters.Name) bool { return typesOf(name.Kind)&bitsPlaces == 0 })
}

// isOwnNamespace reports whether the word is a namespace that every cluster has, and nothing else.
func isOwnNamespace(word string) bool {
	return word == "kube-system" || word == "kube-public" || word == "kube-node-lease"
}

// nameText keeps the case of what was quoted.
func (l *lattice) nameText(i int) string {
	if l.tokens[i].quoted {
		return l.tokens[i].raw
	}
	return l.tokens[i].text
}

// seen reads a name that was seen. What is only seen as a place may still be meant as a service of that name.
func (l *lattice) seen(i, end int, found []adapters.Name) []span {
	var types uint32
	for _, name := range found {
		types |= typesOf(name.Kind)
	}
	s := span{class: isValue, end: end, types: types, text: found[0].Name, weight: weightKnown * (end - i), known: true}
	spans := []span{s}
	if noun := l.nounBeside(i, end); noun != 0 && types&noun == 0 {
		spans = append(spans, span{class: isValue, end: end, types: noun, text: found[0].Name, weight: s.weight + weightBeside})
	}
	_, _, environment := environmentWord(l.words[i])
	if types&bitsService == 0 && !environment && (l.used(i) == freeUse || l.named(i) > 0) {
		spans = append(spans, span{class: isValue, end: end, types: bitsService, text: s.text, weight: weightWord})
	}
	return spans
}

// kindAt returns the kind that the word at i spells in one word, and the place after it.
func (l *lattice) kindAt(i int) (intents.KindWord, int, bool) {
	if i >= len(l.tokens) || l.tokens[i].quoted || l.tokens[i].id == noWord {
		return intents.KindWord{}, 0, false
	}
	phrases := l.lex.phrases[l.tokens[i].id]
	for p := range phrases { // the longest first: "storage account" before "storage"
		if end := phrases[p].end(l.lex, l.tokens, i); phrases[p].class == isKind && end > 0 {
			kind := intents.KindWord{Kind: adapters.Kind(phrases[p].text), Provider: phrases[p].provider}
			return kind, end, kind.Kind != adapters.KindNamespace && kind.Kind != adapters.KindCluster
		}
	}
	return intents.KindWord{}, 0, false
}

// typesOf returns the slots that a seen thing of the kind can fill.
func typesOf(kind adapters.Kind) uint32 {
	switch kind {
	case adapters.KindNamespace:
		return bit(intents.SlotNamespace)
	case adapters.KindCluster:
		return bit(intents.SlotCluster)
	case adapters.KindNode, adapters.KindNodePool:
		return bit(intents.SlotNode)
	case adapters.KindEvent:
		return 0
	default:
		return bitsService
	}
}

// joinable reports whether some seen name begins with the first two words joined, so that most questions join nothing.
func (l *lattice) joinable(i, n int) bool {
	for j := i; j < i+n; j++ {
		if l.tokens[j].quoted {
			return false
		}
	}
	folds, begin := l.names.Folds(), l.words[i]+"-"+l.words[i+1]
	at := sort.SearchStrings(folds, begin)
	return at < len(folds) && strings.HasPrefix(folds[at], begin)
}

func (l *lattice) find(i, n int) []adapters.Name {
	if n == 1 {
		return l.names.Find(l.words[i])
	}
	return l.names.Find(strings.Join(l.words[i:i+n], "-"))
}

// nameWeight says how much a word that was never seen looks like a name; 0 means that it is none.
func (l *lattice) nameWeight(i int) int {
	t := &l.tokens[i]
	switch {
	case t.quoted && !strings.ContainsRune(t.text, ' '):
		return weightQuoted
	case t.quoted || l.used(i) != freeUse || len(t.text) < 2 || isMeasure(t.text):
		return 0
	case strings.ContainsAny(t.text, "-_.0123456789/:"):
		return weightName
	}
	if _, _, environment := environmentWord(t.text); environment || intents.OpensDate(t.text) {
		return 0
	}
	return weightWord
}

func (l *lattice) used(i int) use {
	if id := l.tokens[i].id; id != noWord {
		return l.lex.use[id]
	}
	return freeUse
}

// isMeasure reports whether the word is a number, date or amount, which names nothing.
func isMeasure(word string) bool {
	if !isDigit(word[0]) {
		return false
	}
	if strings.Trim(word, "0123456789.:,%-") == "" {
		return strings.Count(word, ".") != 3 // an address names a machine
	}
	_, duration := intents.ParseDuration(word)
	return duration || isSize(word) || isDate(word)
}

// isSize reports whether the word is an amount of memory or storage: 50Gi, 100mb.
func isSize(word string) bool {
	unit := strings.TrimLeft(word, "0123456789.")
	switch strings.TrimSuffix(strings.TrimSuffix(unit, "b"), "i") {
	case "k", "m", "g", "t", "p":
		return len(unit) < len(word)
	}
	return false
}

func isDate(word string) bool {
	_, n := intents.ParseTimeRange([]string{word})
	return n == 1
}

// resolution is what became of a name that was never seen.
type resolution struct {
	name       string
	note       string
	candidates []string // several are equally near: the person must say
}

// resolve looks for the seen name that a never seen one was meant to be: the nearest in spelling, else the only one that
// it begins.
func resolve(names adapters.Names, name string, types uint32, pods bool) resolution {
	near := nearestNames(names, strings.ToLower(name), types, pods)
	switch len(near) {
	case 0:
		return resolution{name: name}
	case 1:
		return resolution{name: near[0], note: fmt.Sprintf("read %q as %s", name, near[0])}
	}
	return resolution{name: name, candidates: near}
}

func nearestNames(names adapters.Names, want string, types uint32, pods bool) []string {
	best := allowedTypos(want)
	var near, begun []string
	for _, fold := range names.Folds() {
		distance := best + 1
		if best > 0 {
			distance = strict.Distance(want, fold, best+1)
		}
		begins := len(want) >= 3 && len(fold) > len(want) && fold[len(want)] == '-' && strings.HasPrefix(fold, want)
		if distance > best && !begins || !fits(names.Find(fold), types, pods) {
			continue
		}
		full := names.Find(fold)[0].Name
		switch {
		case distance < best:
			best, near = distance, append(near[:0], full)
		case distance == best:
			near = append(near, full)
		default:
			begun = append(begun, full)
		}
	}
	if len(near) > 0 {
		return near
	}
	return begun
}

func allowedTypos(word string) int {
	switch {
	case len(word) >= 8:
		return 2
	case len(word) >= 4:
		return 1
	}
	return 0
}

// fits reports whether something of the name fills a slot of the types. Pods and their likes are many to a service, and
// stand for it only where a pod is asked for.
func fits(found []adapters.Name, types uint32, pods bool) bool {
	return slices.ContainsFunc(found, func(name adapters.Name) bool {
		switch name.Kind {
		case adapters.KindPod, adapters.KindReplicaSet, adapters.KindConfig:
			return pods
		default:
			return typesOf(name.Kind)&types != 0
		}
	})
}
