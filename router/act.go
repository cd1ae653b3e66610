package router

import (
	"clanker/intents"
)

// The speech-act gate says what kind of answer a question asks for, before anything asks what it is about. "restart the
// failing pods" and "show the failing pods" share their words but for one, and no answer to the second is one to the first.
// The gate knows positions and the concepts whose names begin with act_ (intents/vocabulary/acts.yaml), nothing else: a verb
// asks for a change where an imperative stands, not in "who deleted it", "pods that were restarted", "the restart".

// Acts that no intent takes: they end in an abstention.
const (
	actKnowledge intents.Act = "knowledge" // definition, how-to, advice, opinion
	actCode      intents.Act = "code"      // to write or change code, manifests, texts
	actChat      intents.Act = "chat"      // small talk, or nothing but politeness
	actInjection intents.Act = "injection" // orders to the workspace itself
)

// noAnswer says why questions of an act are not answered; empty for an act that intents take.
func noAnswer(act intents.Act) string {
	switch act {
	case actKnowledge:
		return "it asks for general knowledge or advice, not for the state of your infrastructure"
	case actCode:
		return "it asks for code or a text to be written, not for the state of your infrastructure"
	case actChat:
		return "it asks nothing about your infrastructure"
	case actInjection:
		return "it tries to give the workspace other instructions"
	default:
		return ""
	}
}

// cue is what concepts of the vocabulary say of the speech act: a set.
type cue uint32

const (
	cueLeads cue = 1 << iota
	cueChanges
	cueMakes
	cueRepairs
	cueLookups
	cueReports
	cueNominal
	cueSymptoms
	cueCompounds
	cuePronouns
	cueDeterminers
	cueRelatives
	cueWants
	cueMore
	cueFacts
	cueRestored
	cueCauses
	cueKnowledge
	cueDefinitions
	cueTopics
	cueAsksMeaning
	cueMeaning
	cueOurs
	cueWrites
	cueCodeThings
	cueCode
	cueChat
	cueInjections

	cueVerbs = cueChanges | cueMakes | cueRepairs
)

// cueNames are the concepts behind the cues, in their order.
func cueNames() []string {
	return []string{"act_leads", "act_changes", "act_makes", "act_repairs", "act_lookups", "act_reports", "act_nominal",
		"act_symptoms", "act_compounds", "act_pronouns", "act_determiners", "act_relatives", "act_wants", "act_more", "act_facts",
		"act_restored", "act_causes", "act_knowledge", "act_definitions", "act_topics", "act_asks_meaning", "act_meaning",
		"act_ours", "act_writes", "act_code_things", "act_code", "act_chat", "act_injections"}
}

// newCues returns the cues by concept.
func newCues(concepts map[string]int32) []cue {
	cues := make([]cue, len(concepts))
	for i, name := range cueNames() {
		if id, ok := concepts[name]; ok {
			cues[id] = 1 << i
		}
	}
	return cues
}

// clause is a stretch of the question that can ask for something by itself.
type clause struct {
	start, end int
	joined     bool // by "and" or a comma to what was asked before; not by the end of a sentence
	first      bool // nothing was asked before
	looks      bool // what was asked before is an imperative too: "list them and ..."
}

// act says what the question asks for: the act of its first clause that asks anything, unless a later one asks for a change
// or for code. A question that asks for both is not answered by half.
func (l *lattice) act() intents.Act {
	if l.within(0, len(l.tokens), cueInjections) {
		return actInjection
	}
	said := actChat
	c := clause{first: true}
	for ; c.start < len(l.tokens); c = l.after(c) {
		c.end = l.clauseEnd(c.start)
		act := l.asks(c)
		switch {
		case act == intents.ActCommand, act == actCode:
			return act
		case act != actChat && (c.first || act == intents.ActCause && said == intents.ActState):
			said = act
		}
		c.looks = c.looks || l.cue(l.lead(c), cueLookups) > 0
		c.first = c.first && act == actChat
	}
	return said
}

// clauseEnd returns where the clause ends: at a pause, "and", "then".
func (l *lattice) clauseEnd(start int) int {
	end := start + 1
	for end < len(l.tokens) && l.tokens[end].pause == noPause && !l.joint(end) {
		end++
	}
	return end
}

func (l *lattice) joint(i int) bool {
	return !l.tokens[i].quoted && (l.words[i] == "and" || l.words[i] == "then")
}

// after returns the clause after c, without the words that join it.
func (l *lattice) after(c clause) clause {
	next := clause{start: c.end, joined: true, first: c.first, looks: c.looks}
	for ; next.start < len(l.tokens); next.start++ {
		next.joined = next.joined && l.tokens[next.start].pause != sentence && l.words[next.start] != "then"
		if !l.joint(next.start) {
			break
		}
	}
	return next
}

// asks says what one clause asks for; actChat if nothing.
func (l *lattice) asks(c clause) intents.Act {
	i := l.lead(c)
	switch {
	case i >= c.end || l.cue(i, cueChat) > l.cue(i, cueLookups):
		return actChat
	case l.within(c.start, c.end, cueCode), l.cue(i, cueWrites) > l.cue(i, cueCompounds):
		return actCode
	}
	if act := l.change(c, i); act != "" {
		return act
	}
	if act := l.given(c, i); act != "" {
		return act
	}
	switch cause := l.cause(c, i); {
	case l.cue(i, cueKnowledge) > max(l.cue(i, cueLookups), l.cue(i, cueCauses)) && (!cause || l.cue(i, cueCauses) > 0), !cause && l.explains(c, i):
		return actKnowledge
	case cause:
		return intents.ActCause
	}
	return intents.ActState
}

// lead returns where a clause begins to say something: after fillers, places, times, and what leads to a verb.
func (l *lattice) lead(c clause) int {
	i := c.start
	for i < c.end {
		verb := l.cue(i, cueVerbs|cueLookups)
		next := l.cue(i, cueLeads)
		for s := l.starts[i]; s < l.starts[i+1]; s++ {
			if aside := &l.spans[s]; aside.class == isAside && (aside.slot == "" || verb == 0) {
				next = max(next, aside.end)
			}
		}
		if next <= max(i, verb) || next > c.end {
			break
		}
		i = next
	}
	return i
}

// change says what an imperative at i makes of the clause: a command, code, a lookup ("run a scan"), or "" if there is none.
func (l *lattice) change(c clause, i int) intents.Act {
	if l.wants(c, i) {
		return intents.ActCommand
	}
	end := l.imperative(c, i)
	if end == 0 || c.joined && !c.first && !l.carriesOn(c, i, end) {
		return ""
	}
	switch object := l.object(c, end); {
	case object&cueCodeThings != 0:
		return actCode
	case l.cue(i, cueMakes) == end && (object&(cueReports|cueFacts) != 0 || l.cue(l.lead(clause{start: end, end: c.end}), cueLookups) > 0):
		return ""
	}
	return intents.ActCommand
}

// imperative returns the end of the verb at i if it asks for a change, or 0.
func (l *lattice) imperative(c clause, i int) int {
	verbs := cueChanges | cueMakes
	if c.first {
		verbs |= cueRepairs
	}
	end := l.cue(i, verbs)
	switch {
	case end == 0 && l.cue(i, cueLookups) > 0 && l.within(i, c.end, cueRestored):
		return l.cue(i, cueLookups)
	case end == 0 || max(l.cue(i, cueLookups), l.cue(i, cueCompounds)) >= end && l.cue(i, cueMakes) != end,
		l.cue(i, cueCompounds) >= end, l.cue(end, cueNominal) > 0, i > c.start && l.cue(i-1, cueDeterminers) == i:
		return 0
	}
	if symptom := l.cue(end, cueSymptoms); symptom > 0 && (symptom >= c.end || l.used(symptom) == structureUse || l.aside(symptom)) {
		return 0
	}
	if l.cue(i, cueRepairs) == end && l.within(end, c.end, cueCauses) {
		return 0
	}
	return end
}

// carriesOn reports whether the verb that a joint leads to is an imperative too: "and delete them", "and scale web to 4", not
// "create and delete events", "which can read and delete buckets".
func (l *lattice) carriesOn(c clause, i, end int) bool {
	verb := c.start - 1
	for verb > 0 && l.joint(verb) {
		verb--
	}
	switch {
	case l.verbBefore(verb):
		return c.looks && l.cue(0, cueLookups) == verb+1
	case end >= c.end:
		return false
	case l.cue(end, cuePronouns) > 0:
		return true
	}
	return c.looks && !l.within(0, c.start, cueRelatives) && (l.cue(end, cueDeterminers) > 0 || l.valued(end))
}

// verbBefore reports whether the word at i is a verb, with which one after it is coordinated.
func (l *lattice) verbBefore(i int) bool {
	return l.cue(i, cueVerbs|cueLookups) == i+1
}

// wants reports whether the clause asks for more of something: "we need 3 more nodes".
func (l *lattice) wants(c clause, i int) bool {
	end := l.cue(i, cueWants)
	if end == 0 {
		return false
	}
	object := l.object(c, end)
	return object&cueMore != 0 && object&(cueFacts|cueReports) == 0
}

// given says what is asked for by an imperative that only looks, where that is not there to be looked up: "show me an
// example", "give me a helm chart".
func (l *lattice) given(c clause, i int) intents.Act {
	end := l.cue(i, cueLookups)
	if end == 0 || end >= c.end {
		return ""
	}
	object := l.lead(clause{start: end, end: c.end})
	switch {
	case object < c.end && l.cue(object, cueKnowledge) > l.cue(object, cueCauses):
		return actKnowledge
	case (l.words[end] == "a" || l.words[end] == "an") && l.object(c, end)&cueCodeThings != 0:
		return actCode
	}
	return ""
}

// cause reports whether the clause asks why: at its head, or after what introduces it. A "why" at the end of a question that
// asks for more is left to that: "which pods failed and why".
func (l *lattice) cause(c clause, i int) bool {
	for at := i; at < c.end; at++ {
		if end := l.cue(at, cueCauses); end > 0 && (end < len(l.tokens) || c.first) {
			return true
		}
	}
	return false
}

// explains reports whether the clause asks for a definition, and for nothing concrete.
func (l *lattice) explains(c clause, i int) bool {
	lookup := l.cue(i, cueLookups)
	topic, meaning := l.cue(i, cueTopics), l.cue(i, cueAsksMeaning)
	switch {
	case l.concrete(c):
		return false
	case l.cue(i, cueDefinitions) > lookup:
		return true
	case meaning > 0 && meaning < c.end && l.closedBy(c, meaning, cueMeaning):
		return true
	}
	return topic > 0 && topic >= lookup && l.general(topic, c.end)
}

// closedBy reports whether the clause ends with one of the cues, or with it and a place that is none: "work in kubernetes".
func (l *lattice) closedBy(c clause, i int, set cue) bool {
	for ; i < c.end; i++ {
		if end := l.cue(i, set); end > 0 && (end >= c.end || l.lead(clause{start: end, end: c.end}) >= c.end) {
			return true
		}
	}
	return false
}

// concrete reports whether the clause is about something of the asker's: a place, a time, a name that was seen.
func (l *lattice) concrete(c clause) bool {
	for i := c.start; i < c.end; i++ {
		if l.tokens[i].quoted || l.cue(i, cueOurs) > 0 {
			return true
		}
		for s := l.starts[i]; s < l.starts[i+1]; s++ {
			named := &l.spans[s]
			place := named.class == isAside && named.slot != "" && named.slot != "provider" && named.weight != weightGuess
			if place || named.class == isValue && named.known {
				return true
			}
		}
	}
	return false
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

// object returns the cues of the words that a verb is about: those up to the next word of the language.
func (l *lattice) object(c clause, i int) cue {
	var found cue
	for ; i < c.end && (l.used(i) != structureUse || l.cue(i, cueDeterminers|cueMore|cueReports|cueCodeThings) > 0 || l.valued(i)); i++ {
		for s := l.starts[i]; s < l.starts[i+1]; s++ {
			if l.spans[s].class == isConcept {
				found |= l.lex.cues[l.spans[s].concept]
			}
		}
	}
	return found
}

// cue returns where the longest spelling of one of the cues ends that begins at i, or 0.
func (l *lattice) cue(i int, set cue) int {
	end := 0
	if i < 0 || i >= len(l.tokens) {
		return end
	}
	for s := l.starts[i]; s < l.starts[i+1]; s++ {
		if read := &l.spans[s]; read.class == isConcept && l.lex.cues[read.concept]&set != 0 {
			end = max(end, read.end)
		}
	}
	return end
}

// within reports whether one of the cues begins from i on, before end.
func (l *lattice) within(i, end int, set cue) bool {
	for ; i < end; i++ {
		if l.cue(i, set) > 0 {
			return true
		}
	}
	return false
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

func (l *lattice) aside(i int) bool {
	for s := l.starts[i]; s < l.starts[i+1]; s++ {
		if l.spans[s].class == isAside {
			return true
		}
	}
	return false
}

