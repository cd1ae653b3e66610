package router

import (
	"cmp"
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// command finds the intent of a question that asks for a change. No other topic takes these, so nothing can be mistaken, and
// nothing need be learned: of the intents whose requirements hold, it is the one that requires a concept which the verb spells,
// the longest spelling first, else the one that requires none such. Ties go by id.
func (m *Matcher) command(s *scratch, names adapters.Names) (Match, bool) {
	s.reading.read(&s.lattice)
	var chosen *intents.Intent
	longest := -1
	for i := range m.learned.class {
		c := &m.learned.class[i]
		if c.intent == nil || c.intent.Act != intents.ActCommand || c.barred(s) != "" {
			continue
		}
		spelt := c.spelt(&s.lattice)
		if spelt > longest || chosen != nil && spelt == longest && c.intent.ID < chosen.ID {
			chosen, longest = c.intent, spelt
		}
	}
	if chosen == nil {
		return Match{}, false
	}
	f := s.fillSlots(chosen)
	f.conf, f.masked, f.program.source = 1, strings.Join(s.reading.text.Words, " "), fromPattern
	match := Match{Outcome: Hit, Normalized: f.masked, Hits: []MatchHit{f.hit()}}
	match.resolve(f, names)
	return match, true
}

// spelt returns how many words of the verb spell a concept that the class requires: 0 if it requires none, -1 if it requires
// others.
func (c *classed) spelt(l *lattice) int {
	longest := 0
	for _, k := range c.all {
		if k.op != intents.OpConcept {
			continue
		}
		longest = cmp.Or(longest, -1)
		for _, read := range l.at(l.verb) {
			if read.class == isConcept && read.concept == k.id {
				longest = max(longest, read.end-l.verb)
			}
		}
	}
	return longest
}
