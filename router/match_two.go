package router

import (
	"fmt"
	"maps"
	"regexp"
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// joints stand between two things that are asked for.
var joints = regexp.MustCompile(`(?i)([;,.?!]\s+|\s*\n\s*)(and |then |also |but |first )*|\s+(and|or|then)\s+((then|also) )?`)

// apart are the joints after which something of its own begins, whatever it begins with.
var apart = regexp.MustCompile(`(?i)[;.?!]|\b(then|also|first)\b`)

// joins are the joints that a word makes.
var joins = regexp.MustCompile(`(?i)\b(and|or|then|also)\b`)

// two returns the match of a question of which a part would be understood alone: a guess at the whole would answer that part, and
// pass for an answer to all. Whoever describes what fails, and then asks, asks for one thing.
func (m *Matcher) two(text string, names adapters.Names, whole intents.Topic) (Match, bool) {
	for _, at := range joints.FindAllStringIndex(text, maxJoints) {
		joint := text[at[0]:at[1]]
		left, right := m.alone(text[:at[0]], names), m.alone(text[at[1]:], names)
		right.asks = right.asks || !right.tells && apart.MatchString(joint)
		switch {
		case left.little || right.little:
		case left.hit != nil && right.hit != nil:
			if left.differs(right, joins.MatchString(joint), whole) {
				return Match{Outcome: Ambiguous, Normalized: text, Hits: []MatchHit{*left.hit, *right.hit},
					Needs:  &Needs{Slot: "question", Question: "That asks for two things: ask for one at a time. Which first?", Candidates: []string{left.text, right.text}},
					Reason: fmt.Sprintf("it asks for two things, %s and %s: ask for one at a time", left.hit.Intent.ID, right.hit.Intent.ID)}, true
			}
		case left.hit != right.hit && left.asks && right.asks && !right.refers:
			return Match{Outcome: Abstain, Normalized: text, Reason: fmt.Sprintf("it asks for more than %q: ask for one thing at a time", either(left, right))}, true
		}
	}
	return Match{}, false
}

// maxJoints bounds in how many places a question is cut to see whether it asks for two things.
const maxJoints = 4

// piece is what a part of a question asks for by itself.
type piece struct {
	text   string
	hit    *MatchHit // nil if it is not understood
	asks   bool      // it begins as a question or an order does, so that it is no part of a list, and no statement
	refers bool      // it speaks of what was named before: "what are their addresses"
	tells  bool      // it is a sentence that says how things are
	little bool      // it asks for nothing by itself: "please fix it"
}

// differs reports whether a part asks for something else than the one after it, both being understood. What only lists more of
// the same topic is one question, and so is what says how things are before it asks, unless a word joins the two. Things that are
// listed first, of which something is asked then, are one question too: "find tables and file systems without encryption"; and so
// are those that a command makes: "create an instance and a database".
func (p piece) differs(next piece, joined bool, whole intents.Topic) bool {
	one, other := p.hit, next.hit
	complains := p.tells || one.Intent.Act == intents.ActCause && !p.asks
	switch {
	case one.Intent == other.Intent && maps.Equal(one.Slots, other.Slots), next.refers && other.Intent.Topic == intents.TopicWrite:
		return false
	case one.Intent.Topic == other.Intent.Topic:
		return (p.asks || !complains) && next.asks
	}
	return !p.lists(next, joined, whole) && (joined || p.asks || !complains)
}

// lists reports whether the parts are a list, of which the question asks one thing.
func (p piece) lists(next piece, joined bool, whole intents.Topic) bool {
	switch {
	case next.asks:
		return false
	case !joined, whole == intents.TopicWrite:
		return true
	}
	return p.hit.Intent.Topic == intents.TopicInventory && next.hit.Intent.Topic == whole
}

// either returns the part that is understood.
func either(left, right piece) string {
	if left.hit != nil {
		return left.text
	}
	return right.text
}

// alone reads a part of a question by itself.
func (m *Matcher) alone(text string, names adapters.Names) piece {
	s := m.scratch.Get().(*scratch)
	defer m.scratch.Put(s)
	p := piece{text: strings.TrimSpace(text)}
	if match := m.match(s, text, names); match.Outcome == Hit {
		p.hit = &match.Hits[0]
	}
	if p.little = len(s.lattice.tokens) == 0; p.little {
		return p
	}
	p.asks, p.tells, p.refers = s.lattice.asksAt(), s.lattice.tells(), s.lattice.refers()
	p.little = s.lattice.follows() && (p.hit == nil || p.hit.Intent.Act == intents.ActCause)
	return p
}

// asksAt reports whether the words begin as a question or an order: with what asks, or with "send me".
func (l *lattice) asksAt() bool {
	end := len(l.tokens)
	i := l.lead(0, end)
	if i >= end {
		return false
	}
	if l.said(i) && isAuxiliary(l.words[i]) {
		return false // "amazon has a hub"
	}
	if l.cue(i, cueLookups|cueVerbs|cueKnowledge|cueWrites) > 0 || i+1 < end && (l.words[i+1] == "me" || l.words[i+1] == "us") {
		return true
	}
	switch l.words[i] {
	case "what", "which", "who", "whose", "how", "where", "when", "why", "any", "top":
		return true
	}
	return isAuxiliary(l.words[i])
}

// said reports whether a place or a name stands before the word at i.
func (l *lattice) said(i int) bool {
	for at := range i {
		for _, s := range l.at(at) {
			if s.class == isAside && s.slot != "" {
				return true
			}
		}
	}
	return false
}

// isAuxiliary reports whether a question can begin with the verb.
func isAuxiliary(word string) bool {
	switch word {
	case "is", "are", "was", "were", "do", "does", "did", "has", "have", "can", "could", "will", "would", "should":
		return true
	}
	return false
}

// tells reports whether there is a verb or a person in it, as in a sentence and not in a title.
func (l *lattice) tells() bool {
	for i, word := range l.words {
		switch word {
		case "is", "are", "was", "were", "am", "be", "been", "has", "have", "had", "do", "does", "did", "will", "can", "could", "keeps", "keep",
			"seems", "went", "goes", "gets", "got", "became", "started", "stopped", "i", "we", "users", "customers", "people", "nobody":
			if !l.tokens[i].quoted {
				return true
			}
		}
	}
	return false
}

// follows reports whether every word only asks for more of the same: "and why", "please fix it", "investigate".
func (l *lattice) follows() bool {
	for i := l.lead(0, len(l.tokens)); i < len(l.tokens); {
		end := l.cue(i, cueCauses|cueRepairs|cueLookups|cueSymptoms|cueLeads|cuePronouns|cueDeterminers)
		for at := l.starts[i]; at < l.starts[i+1]; at++ {
			if s := &l.spans[at]; s.class == isAside && s.slot == "" {
				end = max(end, s.end)
			}
		}
		if end == 0 && l.used(i) != structureUse {
			return false
		}
		i = max(end, i+1)
	}
	return true
}

// refers reports whether a word stands for what was named before.
func (l *lattice) refers() bool {
	for i, word := range l.words {
		switch word {
		case "its", "their", "them", "they", "one", "ones":
			if !l.tokens[i].quoted {
				return true
			}
		case "it", "this", "that":
			if i == 0 {
				return true
			}
		}
	}
	return false
}
