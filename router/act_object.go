package router

import "clanker/intents"

// listed returns the clause with those after it that only carry a list on: "do a cost, security and health review".
func (l *lattice) listed(c clause) clause {
	for next := l.after(c); next.joined && next.start < len(l.tokens); next = l.after(next) {
		if l.cue(next.head, cueVerbs|cueLookups|cueQuestions|cueCauses) > l.cue(next.head, cueReports) {
			break
		}
		c.end = next.end
	}
	return c
}

// determined reports whether the word at i is a noun, for a determiner stands before it.
func (l *lattice) determined(i int) bool {
	return i > 0 && l.tokens[i].pause == noPause && l.cue(i-1, cueDeterminers) == i
}

// wants reports whether the clause asks for something new, or more of it: "we need 3 more nodes", "I want a postgres database".
func (l *lattice) wants(c clause) bool {
	verb := l.cue(c.head, cueWants)
	if verb == 0 || verb >= c.end {
		return false
	}
	all, wanted := l.object(c, verb)
	one := l.words[verb] == "a" || l.words[verb] == "an"
	return (all&cueMore != 0 || one && l.kindWithin(verb, l.objectEnd(c, verb))) && wanted&(cueFacts|cueReports) == 0
}

// kindWithin reports whether one of the words from i to end is a kind of resource.
func (l *lattice) kindWithin(i, end int) bool {
	for s := l.starts[i]; s < l.starts[end]; s++ {
		if read := &l.spans[s]; read.class == isValue && read.types&bit(intents.SlotKind) != 0 {
			return true
		}
	}
	return false
}

// given says what is asked for by an imperative that only looks, where that is nothing to be looked up: "show me an example",
// "give me a helm chart".
func (l *lattice) given(c clause) intents.Act {
	verb := l.cue(c.head, cueLookups)
	if verb == 0 || verb >= c.end {
		return ""
	}
	if at := l.lead(verb, c.end); at < c.end && l.cue(at, cueKnowledge) > l.cue(at, cueCauses) {
		return actKnowledge
	}
	if _, given := l.object(c, verb); given&cueCodeThings != 0 && (l.words[verb] == "a" || l.words[verb] == "an") {
		return actCode
	}
	return ""
}

// general reports whether there are nothing but kinds and providers from i to end, and what joins them.
func (l *lattice) general(i, end int) bool {
	said := false
	for i < end {
		next := i
		for s := l.starts[i]; s < l.starts[i+1]; s++ {
			switch read := &l.spans[s]; {
			case read.class == isAside:
				next = max(next, read.end)
			case read.class == isValue && read.types&(bit(intents.SlotKind)|bit(intents.SlotProvider)) != 0 && read.end > next:
				next, said = read.end, true
			}
		}
		if next == i && l.used(i) != structureUse && l.words[i] != "vs" && l.words[i] != "versus" {
			return false
		}
		i = max(next, i+1)
	}
	return said
}

// object returns the cues of the words that a verb is about, and those of the last of them: "a python script" is a script,
// "the test server" no test.
func (l *lattice) object(c clause, verb int) (all, last cue) {
	stop := l.objectEnd(c, verb)
	for i := verb; i < stop; i++ {
		for s := l.starts[i]; s < l.starts[i+1]; s++ {
			if read := &l.spans[s]; read.class == isConcept {
				all |= l.lex.cues[read.concept]
				if read.end >= stop {
					last |= l.lex.cues[read.concept]
				}
			}
		}
	}
	return all, last
}

// objectEnd returns where what the verb is about ends.
func (l *lattice) objectEnd(c clause, verb int) int {
	stop := verb
	for stop < c.end && !l.endsObject(stop, verb) {
		stop++
	}
	for stop > verb && l.tokens[stop-1].id >= 0 && l.lex.filler[l.tokens[stop-1].id] {
		stop--
	}
	return stop
}

// endsObject reports whether the word at i begins something else than what the verb is about: "of the pods", "that lists pods".
func (l *lattice) endsObject(i, verb int) bool {
	if i > verb && (l.cue(i, cueRelatives) > 0 || l.timed(i)) {
		return true
	}
	return l.used(i) == structureUse && l.cue(i, cueDeterminers|cueMore) == 0 && !l.valued(i) && !l.joint(i)
}

// valued reports whether a value begins at i: a kind, a name, a number.
func (l *lattice) valued(i int) bool {
	for s := l.starts[i]; s < l.starts[i+1]; s++ {
		if l.spans[s].class == isValue {
			return true
		}
	}
	return false
}

// aside reports whether something begins at i that says no more than where, when or how politely.
func (l *lattice) aside(i int) bool {
	for s := l.starts[i]; s < l.starts[i+1]; s++ {
		if l.spans[s].class == isAside {
			return true
		}
	}
	return false
}

// timed reports whether a time begins at i: "over the last day".
func (l *lattice) timed(i int) bool {
	for s := l.starts[i]; s < l.starts[i+1]; s++ {
		if l.spans[s].time > 0 {
			return true
		}
	}
	return false
}
