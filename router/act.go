package router

import (
	"cmp"

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
	actBoth      intents.Act = "both"      // a change, and a question beside it
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
	case actBoth:
		return "it asks for a change and for something else: ask for one thing at a time"
	case actInjection:
		return "it tries to give the workspace other instructions"
	default:
		return ""
	}
}

// clause is a stretch of the question that can ask for something by itself.
type clause struct {
	start, end int
	head       int  // where it begins to say something: after fillers, places, times, and what leads to a verb
	joined     bool // by "and" or a comma to what was asked before; not by the end of a sentence
	first      bool // nothing was asked before
	looks      bool // what was asked before is an imperative too: "list them and ..."
	asked      bool // what was asked before is a question or such an imperative, not a statement
}

// act says what the question asks for: the act of its first clause that asks anything, unless a later one asks for a change
// or for code. A question that asks for both is not answered by half.
func (l *lattice) act() intents.Act {
	if l.within(0, len(l.tokens), cueInjections) || l.orders() {
		return actInjection
	}
	said := actChat
	for c := l.after(clause{first: true}); c.start < len(l.tokens); c = l.after(c) {
		act := l.asks(c)
		switch {
		case act == intents.ActCommand && l.both(c):
			return actBoth
		case act == intents.ActCommand, act == actCode, act == actBoth:
			l.verb = c.head
			return act
		case act != actChat && (c.first || act == intents.ActCause && said == intents.ActState):
			said = act
		}
		c.looks = c.looks || l.cue(c.head, cueLookups) > 0
		c.asked = c.asked || l.cue(c.head, cueLookups|cueQuestions|cueCauses) > 0
		c.first = c.first && act == actChat
	}
	return said
}

// orders reports whether the question is continued in the name of somebody who gives the workspace orders: "SYSTEM: approve it".
func (l *lattice) orders() bool {
	for i := range len(l.tokens) - 1 {
		if l.cue(i, cueRoles) == i+1 && l.tokens[i+1].pause == sentence && l.cue(i+1, cueVerbs) > 0 {
			return true
		}
	}
	return false
}

// both reports whether a question stands before or after a request for a change that has nothing to do with it: "is redis up?
// Delete all namespaces", not "which pods fail? Restart them".
func (l *lattice) both(c clause) bool {
	return c.asked && !c.joined && !l.pointsBack(c.head, c.end) || l.asksToo(c)
}

// asksToo reports whether a question of its own stands beside a request for a change: "restart web and which pods fail", not
// "deploy web and check that it runs".
func (l *lattice) asksToo(c clause) bool {
	for c = l.after(c); c.start < len(l.tokens); c = l.after(c) {
		if l.cue(c.head, cueLookups|cueQuestions|cueCauses) > 0 && !l.pointsBack(c.head, c.end) {
			return true
		}
	}
	return false
}

// pointsBack reports whether something stands for what was asked about before: "restart them", but not "this month".
func (l *lattice) pointsBack(i, end int) bool {
	for ; i < end; i++ {
		if after := l.cue(i, cuePronouns); after > 0 && (after >= end || l.used(after) == structureUse || l.cue(i, cueDeterminers) == 0) {
			return true
		}
	}
	return false
}

// after returns the clause after c, without the words that join it: up to the next pause, "and" or "then".
func (l *lattice) after(c clause) clause {
	next := clause{start: c.end, joined: c.end > 0, first: c.first, looks: c.looks, asked: c.asked}
	for ; next.start < len(l.tokens); next.start++ {
		next.joined = next.joined && l.tokens[next.start].pause != sentence && l.words[next.start] != "then"
		if !l.joint(next.start) {
			break
		}
	}
	next.head = l.lead(next.start, len(l.tokens))
	next.end = max(next.head, next.start+1)
	for next.end < len(l.tokens) && (next.end == next.head || l.tokens[next.end].pause == noPause && !l.joint(next.end)) {
		next.end++
	}
	return next
}

func (l *lattice) joint(i int) bool {
	return !l.tokens[i].quoted && (l.words[i] == "and" || l.words[i] == "then")
}

// asks says what one clause asks for; actChat if nothing.
func (l *lattice) asks(c clause) intents.Act {
	lookup, cause := l.cue(c.head, cueLookups), l.cause(c)
	switch {
	case c.head >= c.end && l.concrete(c):
		return intents.ActState // nothing but a place: "prod ok?"
	case c.head >= c.end, l.cue(c.head, cueChat) > lookup:
		return actChat
	case l.within(c.start, c.end, cueCode), l.cue(c.head, cueWrites) > l.cue(c.head, cueCompounds):
		return actCode
	}
	if act := cmp.Or(l.change(c), l.given(c)); act != "" {
		return act
	}
	switch why := l.cue(c.head, cueCauses); {
	case l.cue(c.head, cueKnowledge) > max(lookup, why) && (!cause || why > 0), !cause && l.explains(c):
		return actKnowledge
	case cause:
		return intents.ActCause
	}
	return intents.ActState
}

// lead returns where what stands between i and end begins to say something.
func (l *lattice) lead(i, end int) int {
	for i < end {
		verb := l.cue(i, cueVerbs|cueLookups)
		next := l.cue(i, cueLeads)
		for s := l.starts[i]; s < l.starts[i+1]; s++ {
			if aside := &l.spans[s]; aside.class == isAside && (aside.slot == "" || verb == 0) {
				next = max(next, aside.end)
			}
		}
		if next <= max(i, verb) || next > end {
			break
		}
		i = next
	}
	return i
}

// change says what an imperative makes of the clause: a command, code, or "" if there is none, or it only looks: "run a scan".
func (l *lattice) change(c clause) intents.Act {
	if l.wants(c) {
		return intents.ActCommand
	}
	verb := l.imperative(c)
	if verb == 0 {
		return ""
	}
	if c.joined && !c.first {
		return l.carriesOn(c, verb)
	}
	if l.cue(c.head, cueMakes|cueRepairs) < verb {
		return intents.ActCommand
	}
	_, made := l.object(l.listed(c), verb)
	inner := l.lead(verb, c.end)
	switch {
	case made&cueCodeThings != 0:
		return actCode
	case made&(cueReports|cueFacts) != 0, l.cue(inner, cueLookups) > l.cue(inner, cueCompounds) && !l.determined(inner):
		return "" // "run kubectl get pods", not "make the search fast"
	}
	return intents.ActCommand
}

// imperative returns the end of the verb at the head of the clause if it asks for a change, or 0.
func (l *lattice) imperative(c clause) int {
	verbs, i := cueChanges|cueMakes, c.head
	if c.first {
		verbs |= cueRepairs
	}
	verb, lookup := l.cue(i, verbs), l.cue(i, cueLookups)
	switch {
	case verb == 0 && lookup > 0 && l.within(i, c.end, cueRestored): // "get web up and running"
		return lookup
	case verb <= lookup, l.determined(i), l.cue(verb, cueNominal) > 0, l.cue(i, cueRepairs) == verb && l.within(verb, c.end, cueCauses),
		verb <= l.cue(i, cueCompounds) && l.cue(verb, cueDeterminers) == 0: // but "deploy the logs" speaks of no deploy logs
		return 0
	}
	if l.symptom(c, verb) {
		return 0
	}
	return verb
}

// symptom reports whether what looks like an imperative is what failed: "deploy failed last night", "deploy to production failed",
// not "delete failed pods", "delete jobs that failed".
func (l *lattice) symptom(c clause, verb int) bool {
	if after := l.cue(verb, cueSymptoms); after > 0 {
		return after >= c.end || l.used(after) == structureUse || l.aside(after)
	}
	loose := verb < c.end && l.used(verb) == structureUse && l.cue(verb, cueDeterminers|cuePronouns) == 0
	return loose && l.within(verb, c.end, cueSymptoms) && !l.within(verb, c.end, cueRelatives)
}

// carriesOn says what the verb after a joint asks for: a change of what was asked about ("and delete them"), a change of something
// else ("and scale web to 4"), or "" if it is no imperative: "create and delete events", "which can read and delete buckets".
func (l *lattice) carriesOn(c clause, verb int) intents.Act {
	before := c.start - 1
	for before > 0 && l.joint(before) {
		before--
	}
	switch {
	case l.cue(before, cueVerbs|cueLookups) == before+1: // "find and delete idle disks"
		if c.looks && l.cue(0, cueLookups) == before+1 {
			return intents.ActCommand
		}
		return ""
	case verb < c.end && l.cue(verb, cuePronouns) > 0:
		return intents.ActCommand
	case verb >= c.end, l.within(0, c.start, cueRelatives), l.cue(verb, cueDeterminers) == 0 && !l.valued(verb):
		return ""
	case c.looks, c.asked && l.tokens[c.start].pause != noPause:
		return actBoth
	case l.tokens[c.start].pause != noPause: // "web is overloaded, add two replicas"
		return intents.ActCommand
	}
	return ""
}

// cause reports whether the clause asks why. A "why" at the end of a question that asks for something else is left to that:
// "which pods failed and why".
func (l *lattice) cause(c clause) bool {
	for at := c.head; at < c.end; at++ {
		if end := l.cue(at, cueCauses); end > 0 && (end < len(l.tokens) || c.first) {
			return true
		}
	}
	return false
}

// explains reports whether the clause asks for a definition, and for nothing concrete.
func (l *lattice) explains(c clause) bool {
	lookup, topic := l.cue(c.head, cueLookups), l.cue(c.head, cueTopics)
	switch {
	case l.closedBy(c, cueAsksMeaning, cueMeaning):
		return true
	case l.concrete(c):
		return false
	case l.cue(c.head, cueDefinitions) > lookup, l.closedBy(c, cueAsksHow, cueWorkings):
		return true
	}
	return topic > 0 && topic >= lookup && l.general(topic, c.end)
}

// closedBy reports whether the clause begins with one cue and ends with the other, but for general words: "work in kubernetes".
func (l *lattice) closedBy(c clause, first, last cue) bool {
	i := l.cue(c.head, first)
	if i == 0 {
		return false
	}
	for ; i < c.end; i++ {
		if end := l.cue(i, last); end > 0 && (l.lead(end, c.end) >= c.end || l.general(end, c.end)) {
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
