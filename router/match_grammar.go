package router

import "strings"

// What the words beside a name say of it: that it is a place, that it is a name at all, and where it ends.

// nounBeside returns the type of place that a noun beside the words says they name: "the payments namespace" is one though
// payments is only known as a service; 0 if none does.
func (l *lattice) nounBeside(i, end int) uint32 {
	if i > 0 && isNaming(l.words[i-1]) {
		i--
	}
	for _, at := range []int{end, i - 1} {
		if at >= 0 && at < len(l.tokens) && !l.tokens[at].quoted {
			if noun, ok := l.lex.scopes[l.words[at]]; ok {
				return bit(noun) & bitsPlaces
			}
		}
	}
	return 0
}

// named says how surely the grammar makes the word at i a name, though the vocabulary has it: "service named cache", "the
// search deployment", "deployment search"; and, only where nothing better is found, "logs of search", "the gateway",
// "cart logs". It is 0 for no name.
func (l *lattice) named(i int) int {
	t := &l.tokens[i]
	if t.quoted || t.id == noWord || l.used(i) == structureUse || isMeasure(t.text) {
		return 0
	}
	switch {
	case l.calledSo(i):
		return weightWord
	case !l.lex.noun[t.id]:
		return 0
	case l.one(i+1) && !l.one(i+2) || i > 0 && l.one(i-1):
		return weightWord
	case l.used(i) != stopUse && l.ledTo(i):
		return weightGuess
	}
	return 0
}

// ledTo reports whether a determiner or preposition stands before the word at i, or what a workload has after it.
func (l *lattice) ledTo(i int) bool {
	return i > 0 && leadsToName(l.words[i-1]) || i+1 < len(l.words) && hasOwner(l.words[i+1])
}

// calledSo reports whether "service named" or the like stands before the word at i.
func (l *lattice) calledSo(i int) bool {
	return i > 1 && isNaming(l.words[i-1]) && (l.lex.isKind(l.words[i-2]) || l.lex.scopes[l.words[i-2]] != 0)
}

// leadsToName reports whether a name may follow the word: a determiner or a preposition.
func leadsToName(word string) bool {
	switch word {
	case "the", "our", "of", "for", "from", "about", "with":
		return true
	}
	return false
}

// hasOwner reports whether the word is for something that a workload has, so that its name may stand before.
func hasOwner(word string) bool {
	switch word {
	case "logs", "log", "pods", "events", "replicas", "rollout", "latency":
		return true
	}
	return false
}

// compound returns how many words from i spell a name that nobody has seen, before a word for one thing of a kind: "the
// nightly backup job", "the user login service". One of them at least is no word of the vocabulary.
func (l *lattice) compound(i int) int {
	if i == 0 || l.words[i-1] != "the" && l.words[i-1] != "our" && l.words[i-1] != "my" {
		return 0
	}
	free := false
	for n := 0; n < maxNameWords && i+n < len(l.tokens); n++ {
		if n > 1 && free && l.one(i+n) && !l.one(i+n+1) {
			return n
		}
		unknown := l.nameWeight(i+n) == weightWord
		if !unknown && !l.isNoun(i+n) {
			return 0
		}
		free = free || unknown
	}
	return 0
}

func (l *lattice) isNoun(i int) bool {
	return !l.tokens[i].quoted && l.tokens[i].id != noWord && l.lex.noun[l.tokens[i].id]
}

// one reports whether the word at i spells one thing of a kind that has a name.
func (l *lattice) one(i int) bool {
	if _, _, ok := l.kindAt(i); !ok {
		return false
	}
	return l.words[i] == "ingress" || !strings.HasSuffix(l.words[i], "s") || len(l.words[i]) < 4
}

func isNaming(word string) bool { return word == "named" || word == "called" }
