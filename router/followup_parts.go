package router

import (
	"slices"
	"strings"

	"clanker/intents"
)

// parts is what an elliptic question names: "what about redis", "and in staging", "the same for yesterday".
type parts struct {
	place, time string // as the question says them
	name, kind  string // one of them at most
	several     bool   // of the kind
	aspect      string // of what was asked about, in few words: "the memory usage"
}

// what is what they name beside where and when.
func (p parts) what() string { return p.name + p.kind + p.aspect }

// elliptic returns the bounds of what an elliptic question says, and whether it begins as one.
func (l *lattice) elliptic() (int, int, bool) {
	start, end := l.core()
	if start > 0 && start < end && (l.words[start-1] == "and" || l.words[start-1] == "also") {
		return start, end, true
	}
	for _, lead := range leads {
		words := strings.Fields(lead)
		after := start + len(words)
		if after >= end || !slices.Equal(l.words[start:after], words) {
			continue
		}
		if last := words[len(words)-1]; last == "in" || last == "on" {
			after-- // the place's own
		}
		return after, end, true
	}
	return start, end, false
}

// partsOf reads the words from start to end as parts; false if they are more than a place, a time and one thing.
func (l *lattice) partsOf(start, end int) (parts, bool) {
	var p parts
	for i := start; i < end; {
		next := l.partAt(&p, i, end)
		if next == 0 {
			return l.aspectOf(start, end)
		}
		i = next
	}
	return p, p != parts{}
}

// partAt takes what begins at i into the parts, and returns where it ends; 0 if it is none.
func (l *lattice) partAt(p *parts, i, end int) int {
	if to := l.asideEnd(i, end, isWhere); to > 0 {
		p.place = join(" ", p.place, l.say(i, to, nil))
		return to
	}
	if to := l.asideEnd(i, end, isWhen); to > 0 {
		p.time = l.say(i, to, nil)
		return to
	}
	if !l.tokens[i].quoted && (articles[l.words[i]] || placeWord(l.words[i]) != noPlace) {
		return i + 1
	}
	if p.what() != "" {
		return 0
	}
	return l.valueAt(p, i, end)
}

// valueAt takes the name or kind that begins at i into the parts, and returns where it ends; 0 if there is none. An unknown word
// at the end is a name: whoever asks must know it.
func (l *lattice) valueAt(p *parts, i, end int) int {
	at := l.likeliest(i)
	switch {
	case at < 0 && i+1 == end && l.used(i) == freeUse:
		p.name = l.say(i, end, nil)
		return end
	case at < 0 || l.spans[at].class != isValue || l.spans[at].end > end:
		return 0
	}
	to := l.spans[at].end
	switch types := l.spans[at].types; {
	case types&bitsNames != 0:
		p.name = l.say(i, to, nil)
	case types == bit(intents.SlotKind):
		p.kind, p.several = l.say(i, to, nil), strings.HasSuffix(l.words[to-1], "s")
	default:
		return 0
	}
	return to
}

// mostAspect is how many words an aspect has at most.
const mostAspect = 3

// aspectOf reads an elliptic question for an aspect: "and the memory usage". Each word is one of the vocabulary, and none a verb
// that asks by itself.
func (l *lattice) aspectOf(i, end int) (parts, bool) {
	for i < end && articles[l.words[i]] {
		i++
	}
	if i >= end || end-i > mostAspect {
		return parts{}, false
	}
	for j := i; j < end; j++ {
		asks := l.cue(j, cueLookups|cueQuestions|cueCauses) > 0 && l.cue(j, cueReports|cueFacts) == 0
		if l.tokens[j].quoted || l.used(j) != wordUse || asks {
			return parts{}, false
		}
	}
	return parts{aspect: l.say(i, end, nil)}, true
}
