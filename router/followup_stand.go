package router

import "slices"

// hasOwn reports whether what b points at may stand before it in the question: in an earlier sentence or clause, or as a name or
// noun in its own.
func (l *lattice) hasOwn(b *mention, start int) bool {
	clause := l.clauseOf(b.from, start)
	for i := start; i < clause; i++ {
		if !l.saysNothing(i) {
			return true
		}
	}
	if b.sort == toPlace {
		return l.saysWhere(start, b.from, nil)
	}
	bound := !b.soft && l.bound(clause, b.from)
	for i := clause; i < b.from; i++ {
		noun := nouns[l.words[i]] || l.kindWithin(i, i+1)
		if l.maybeNamed(i) || possessive[l.words[i]] || noun && !l.apart(i, b) || bound && l.maybeNoun(i) {
			return true
		}
	}
	return false
}

// clauseOf returns where the clause begins that token i is in.
func (l *lattice) clauseOf(i, start int) int {
	for i > start && l.tokens[i].pause == noPause && !l.joint(i) {
		i--
	}
	return i
}

// bound reports whether what points back at token i most likely means what stands before it in the clause: "disks with no
// snapshots of them", "groups and their members", but not "what is wrong with it".
func (l *lattice) bound(clause, i int) bool {
	preposition := placeWord(l.before(i)) != noPlace
	if owning[l.words[i]] && (!preposition || l.before(i) == "with") {
		return true
	}
	end := i
	if preposition {
		end--
	}
	return clause+1 < end && slices.ContainsFunc(l.words[clause+1:end], func(word string) bool { return binding[word] })
}

// maybeNoun reports whether the word at i may be one, for it is no verb that asks, nor a word of the language.
func (l *lattice) maybeNoun(i int) bool {
	t := &l.tokens[i]
	return l.used(i) != structureUse && !l.saysNothing(i) && !auxiliaries[t.text] && !asking[t.text] && !taking[t.text] &&
		l.cue(i, cueVerbs|cueLookups|cueQuestions|cueCauses|cueLeads|cueWants) == 0
}

// saysNothing reports whether the word at i is none that could be pointed at.
func (l *lattice) saysNothing(i int) bool {
	t := &l.tokens[i]
	return !t.quoted && (courtesies[t.text] || idle[t.text] || l.joint(i) || t.id >= 0 && l.lex.filler[t.id])
}

// maybeNamed reports whether the word at i is, or may be, somebody's name.
func (l *lattice) maybeNamed(i int) bool {
	t := &l.tokens[i]
	switch {
	case t.quoted:
		return true
	case courtesies[t.text], ordinals[t.text] != 0, isMeasure(t.text):
		return false
	case len(l.meant(i, l.find(i, 1))) > 0:
		return true
	}
	return l.used(i) == freeUse && !l.aside(i)
}

// apart reports whether the kind at i cannot be what b points at: "which nodes do they run on", "which services depend on it".
func (l *lattice) apart(i int, b *mention) bool {
	_, after, ok := l.kindAt(i)
	if !ok {
		after = i + 1
	}
	if b.from == after+1 && auxiliaries[l.words[after]] {
		return true
	}
	bound := slices.ContainsFunc(l.words[:i], func(word string) bool { return binding[word] && !asking[word] })
	if b.from <= after || bound || owning[l.words[b.from]] {
		return false
	}
	return !slices.ContainsFunc(l.words[after:b.from], func(word string) bool { return !linking[word] })
}

// namesMore reports whether the question names something behind what points back, besides where: that may be what it is about.
func (l *lattice) namesMore(end int, found []mention) bool {
	for i := found[0].to; i < end; i++ {
		if at := mentionOf(found, i); at != nil {
			i = at.to - 1
		} else if to := l.asideEnd(i, end, isWhere); to > 0 {
			i = to - 1
		} else if l.tokens[i].quoted || l.namedAt(i, end) || auxiliaries[l.before(i)] && l.maybeNamed(i) {
			return true
		}
	}
	return false
}

// mentionOf is the mention that a token is in, or nil.
func mentionOf(found []mention, i int) *mention {
	at := slices.IndexFunc(found, func(b mention) bool { return b.from <= i && i < b.to })
	if at < 0 {
		return nil
	}
	return &found[at]
}

// saysWhere reports whether the question says where, beside what points back.
func (l *lattice) saysWhere(start, end int, found []mention) bool {
	for i := start; i < end; i++ {
		if at := mentionOf(found, i); at != nil {
			i = at.to - 1
			continue
		}
		if slices.ContainsFunc(l.at(i), func(s span) bool { return s.class == isAside && isWhere(s.slot) && s.weight != weightGuess }) {
			return true
		}
	}
	return false
}
