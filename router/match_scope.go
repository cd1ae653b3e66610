package router

import (
	"clanker/intents"
)

// scopesAt lists the phrase at i that says where to look, if there is one: "in the payments namespace", "on aws",
// "in production", "across all namespaces". Every intent understands them, so no pattern spells them.
func (l *lattice) scopesAt(i int) {
	start, place := i, noPlace
	if !l.tokens[i].quoted {
		place = placeWord(l.words[i])
	}
	if place != noPlace {
		i++
	}
	s, ok := l.placeFrom(i, place)
	if !ok {
		return
	}
	if s.weight == 0 {
		s.weight = weightScope * (s.end - start)
	}
	l.spans = append(l.spans, s)
	if other, ok := l.secondPlace(s.end); ok && s.slot != "" && other.slot == s.slot {
		s.end, s.also = other.end, other.text
		l.spans = append(l.spans, s)
	}
}

// secondPlace reads "and production", "or in production".
func (l *lattice) secondPlace(i int) (span, bool) {
	if i+1 >= len(l.words) || l.words[i] != "and" && l.words[i] != "or" {
		return span{}, false
	}
	if i++; placeWord(l.words[i]) != noPlace {
		i++
	}
	return l.placeFrom(i, inPlace)
}

// placeFrom reads the place at i, which may begin with determiners.
func (l *lattice) placeFrom(i int, place preposition) (span, bool) {
	i = l.skipDeterminers(i)
	if i >= len(l.tokens) {
		return span{}, false
	}
	for _, read := range []func(int, preposition) (span, bool){l.nounThenName, l.nameThenNoun, l.environment, l.provider, l.bareName} {
		if s, ok := read(i, place); ok {
			s.class = isAside
			return s, true
		}
	}
	return span{}, false
}

// preposition says how surely what follows is a place.
type preposition uint8

const (
	noPlace  preposition = iota // none: "staging pods"
	anyPlace                    // for, from, of: a place only if a noun or a word of the vocabulary says so
	inPlace                     // in, on, within, across: a name that follows is a place
)

func placeWord(word string) preposition {
	switch word {
	case "in", "on", "within", "inside", "across", "throughout":
		return inPlace
	case "for", "from", "of", "at", "with", "to":
		return anyPlace
	}
	return noPlace
}

func (l *lattice) skipDeterminers(i int) int {
	for i < len(l.words) && !l.tokens[i].quoted {
		switch l.words[i] {
		case "the", "my", "our", "your", "this", "that", "a", "an", "all", "any", "each", "every", "current", "whole", "entire", "both":
			i++
			continue
		}
		break
	}
	return i
}

// nounThenName reads "namespace payments", "cluster called prod-eu"; and, after a preposition, the bare noun, which
// narrows nothing: "in the cluster", "across all namespaces".
func (l *lattice) nounThenName(i int, place preposition) (span, bool) {
	noun, ok := l.lex.scopes[l.words[i]]
	if !ok || l.tokens[i].quoted {
		return span{}, false
	}
	next := i + 1
	if next < len(l.words) && isNaming(l.words[next]) {
		next++
	}
	if next < len(l.tokens) {
		for _, s := range l.placeAt(next, noun) {
			if place != noPlace || s.weight > weightWord {
				return span{end: s.end, slot: noun.String(), text: s.text, known: s.known}, true
			}
		}
	}
	bare := place == inPlace || l.words[i-min(i, 1)] == "from" || i > 1 && l.words[i-2] == "from"
	return span{end: i + 1, weight: weightScope}, bare && noun != intents.SlotNode
}

// nameThenNoun reads "payments namespace", "prod-eu cluster", "staging environment".
func (l *lattice) nameThenNoun(i int, place preposition) (span, bool) {
	for _, s := range l.anyPlaceAt(i) {
		if s.end >= len(l.words) || l.tokens[s.end].quoted {
			continue
		}
		noun, ok := l.lex.scopes[l.words[s.end]]
		if environment, _, is := environmentWord(l.words[i]); is && noun == intents.SlotCluster && !s.known {
			return span{end: s.end + 1, slot: "environment", text: environment}, true // "the staging cluster" is called otherwise
		}
		if !ok || s.types&bit(noun) == 0 || place == noPlace && s.weight <= weightWord {
			continue
		}
		return span{end: s.end + 1, slot: noun.String(), text: s.text, known: s.known}, true
	}
	return span{}, false
}

// anyPlaceAt returns the readings at i that a noun of a place can follow.
func (l *lattice) anyPlaceAt(i int) []span {
	spans := l.read(i)
	if environment, _, ok := environmentWord(l.words[i]); ok {
		raw := span{end: i + 1, types: bitsPlaces, text: l.words[i], weight: weightTyped}
		return append(spans, raw, span{end: i + 1, types: bit(intents.SlotEnvironment), text: environment, weight: weightTyped})
	}
	if l.used(i) == wordUse && !l.tokens[i].quoted && !l.lex.isKind(l.words[i]) {
		spans = append(spans, span{end: i + 1, types: bitsPlaces, text: l.words[i], weight: weightWord})
	}
	return spans
}

func (l *lattice) placeAt(i int, noun intents.SlotType) []span {
	var fit []span
	for _, s := range l.anyPlaceAt(i) {
		if s.types&bit(noun) != 0 {
			fit = append(fit, s)
		}
	}
	return fit
}

// environment reads "in production", "production" before a noun, "in the test environment".
func (l *lattice) environment(i int, place preposition) (span, bool) {
	environment, strong, ok := environmentWord(l.words[i])
	if !ok || l.tokens[i].quoted || place == noPlace && !strong {
		return span{}, false
	}
	return span{end: i + 1, slot: "environment", text: environment}, true
}

// provider reads "on aws", "in my hetzner account", and the bare word.
func (l *lattice) provider(i int, _ preposition) (span, bool) {
	if l.tokens[i].id < 0 {
		return span{}, false
	}
	for p := range l.lex.phrases[l.tokens[i].id] {
		phrase := &l.lex.phrases[l.tokens[i].id][p]
		if end := phrase.end(l.lex, l.tokens, i); phrase.class == isProvider && end > 0 {
			if end < len(l.words) && accountNoun(l.words[end]) {
				end++
			}
			return span{end: end, slot: "provider", text: phrase.text}, true
		}
	}
	return span{}, false
}

func accountNoun(word string) bool {
	switch word {
	case "account", "accounts", "cloud", "project", "projects", "subscription", "subscriptions", "organisation", "organization":
		return true
	}
	return false
}

// bareName reads a name after "in": a region by its shape, a place that was seen, or, as a guess, a namespace: a word
// that looks like a name, or any unknown word that ends the question.
func (l *lattice) bareName(i int, place preposition) (span, bool) {
	if place == noPlace {
		return span{}, false
	}
	if isRegion(l.words[i]) {
		return span{end: i + 1, slot: "region", text: l.words[i]}, true
	}
	if l.words[i] == "default" && place == inPlace { // a word, but every cluster has a namespace of that name
		return span{end: i + 1, slot: "namespace", text: "default"}, true
	}
	for _, s := range l.read(i) {
		if found, ok := s.knownPlace(); ok && place == inPlace {
			return found, true
		}
		if place == inPlace && s.types&bit(intents.SlotNamespace) != 0 && l.guessable(&s, i) {
			return span{end: s.end, slot: "namespace", text: s.text, weight: weightGuess}, true
		}
	}
	return span{}, false
}

// guessable reports whether a name that was never seen may be a namespace: it looks like a name or ends the question, and
// is not on something.
func (l *lattice) guessable(s *span, i int) bool {
	return !s.known && (s.weight > weightWord || l.closes(s.end)) && l.words[i-1] != "on" && l.words[max(0, i-2)] != "on"
}

// closes reports whether nothing but a time phrase follows.
func (l *lattice) closes(end int) bool {
	if end == len(l.words) {
		return true
	}
	if l.tokens[end].quoted || !opensTime(l.words[end]) {
		return false
	}
	_, n := intents.ParseTimeRange(l.words[end:])
	return n > 0 && end+n == len(l.words)
}

// knownPlace returns the reading of a name as the place that was seen by it.
func (s *span) knownPlace() (span, bool) {
	for _, slot := range []intents.SlotType{intents.SlotNamespace, intents.SlotCluster, intents.SlotNode} {
		if s.known && s.types&bit(slot) != 0 {
			return span{end: s.end, slot: slot.String(), text: s.text, known: true}, true
		}
	}
	return span{}, false
}
