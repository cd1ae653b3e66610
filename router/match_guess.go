package router

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router/learn"
)

// allow tells the classes that a question can belong to.
func (l *learned) allow(s *scratch) func(class int) bool {
	return func(class int) bool { return l.class[class].barred(s) == "" }
}

// shortfall is why a guess is none: what to say of it, and which intents came near.
type shortfall struct {
	instead string // of any other reason
	also    string // beside it
	tried   []Candidate
}

// guess says which intent the question is likeliest to ask for, if that is certain enough.
func (m *Matcher) guess(s *scratch, names adapters.Names) (Match, *shortfall) {
	l, r := m.learned, &s.reading
	if r.read(&s.lattice); r.vague() {
		return Match{}, &shortfall{}
	}
	result := l.model.ScoreAmong(r.text, l.allow(s), &s.learn)
	if result.N == 0 || l.class[result.Top[0].Class].intent == nil {
		return Match{}, &shortfall{}
	}
	best := l.class[result.Top[0].Class].intent
	if result.Probability < l.accept[riskOf(best)] {
		return Match{}, &shortfall{also: fmt.Sprintf("; it may ask for %s, but that is not certain enough", best.ID), tried: l.candidates(&result)}
	}
	f := s.fillSlots(best)
	if f.problem != "" {
		return Match{}, &shortfall{instead: best.ID + ": " + f.problem}
	}
	f.conf = math.Round(result.Probability*100) / 100
	f.masked = strings.Join(r.text.Words, " ")
	match := Match{Outcome: Hit, Normalized: f.masked, Hits: []MatchHit{f.hit()}, Tried: l.candidates(&result)}
	match.resolve(f, names)
	match.need(best, names)
	match.Unused = s.unused(best)
	return match, nil
}

// unused says which values of the question the intent has no slot for: what it lists is not narrowed by them.
func (s *scratch) unused(in *intents.Intent) []string {
	const telling = bitsNames | 1<<intents.SlotPercent | 1<<intents.SlotCount | 1<<intents.SlotDuration | 1<<intents.SlotText
	var notes []string
	l := &s.lattice
	for _, at := range s.reading.spans {
		span := &l.spans[at]
		if span.class != isValue || span.types&telling == 0 || span.types&bitsNames != 0 && !span.known && span.weight < weightName {
			continue
		}
		if name, _ := slotFor(in, span.types); name == "" {
			start := sort.SearchInts(l.starts, int(at)+1) - 1
			notes = append(notes, fmt.Sprintf("not narrowed to %q", strings.Join(l.words[start:span.end], " ")))
		}
	}
	return notes
}

// guessed reports whether the intent was found without a pattern that explains every word: by what was learned, or by a verb.
func (match *Match) guessed() bool {
	return match.Outcome == Hit && (match.Hits[0].Source == fromLearned || match.Hits[0].Intent.Act == intents.ActCommand)
}

// firstOf joins two lists of candidates, without those that were named before.
func firstOf(first, then []Candidate) []Candidate {
	for _, c := range then {
		if len(first) < maxTried && !slices.ContainsFunc(first, func(f Candidate) bool { return f.Intent == c.Intent }) {
			first = append(first, c)
		}
	}
	return first
}

// vague reports whether too little of what a question says is known to guess at it: every word stands for a guess of its own.
func (r *reading) vague() bool {
	return r.content < minContent || len(r.unexplained)*maxUnexplained > r.content
}

// minContent is how many words must say something.
const minContent = 2

// maxUnexplained is of how many words that say something one may be unknown.
const maxUnexplained = 4

// doubts returns the intent of another topic that the examples speak for where a pattern hit, if that is next to certain: patterns
// age, and those of a folder may take more than they should.
func (m *Matcher) doubts(s *scratch, match *Match) *intents.Intent {
	if m.learned == nil || match.Outcome != Hit || match.Hits[0].Source != fromPattern {
		return nil
	}
	l := m.learned
	s.reading.read(&s.lattice)
	result := l.model.ScoreAmong(s.reading.text, l.allow(s), &s.learn)
	if result.N == 0 || result.Probability < l.certain {
		return nil
	}
	if in := l.class[result.Top[0].Class].intent; in != nil && in.Topic != match.Hits[0].Intent.Topic {
		return in
	}
	return nil
}

// candidates are the intents that came nearest. Only of the best is known how probable it is.
func (l *learned) candidates(result *learn.Result) []Candidate {
	var tried []Candidate
	for i, c := range result.Top[:result.N] {
		if in := l.class[c.Class].intent; in != nil {
			score := result.Probability
			if i > 0 {
				score *= math.Exp(c.Logit - result.Top[0].Logit)
			}
			tried = append(tried, Candidate{Intent: in.ID, Score: math.Round(score*100) / 100, Why: "learned from examples"})
		}
	}
	return tried
}

// fillSlots gives an intent the values that the question holds, each to the slot that is called by its type. Of several kinds or
// names the first is what is asked about: "volumes that no instance uses", "why can web not reach the cache". Of several
// providers none narrows what is read: "compare aws and azure".
func (s *scratch) fillSlots(in *intents.Intent) finding {
	f := finding{program: &program{intent: in, source: fromLearned}, slots: intents.Slots{}}
	l := &s.lattice
	several := s.reading.providers(l) > 1
	for _, at := range s.reading.spans {
		span := &l.spans[at]
		name := span.slot
		if span.class == isValue {
			name, _ = slotFor(in, span.types)
		}
		_, given := f.slots[name]
		switch {
		case name == "", name == "provider" && several, given && span.class == isValue && span.types&(bitsNames|bit(intents.SlotKind)) != 0:
		default:
			if given && in.Act == intents.ActCause && span.class == isAside && name != "time" {
				delete(f.slots, name) // "works in staging but fails in production": trouble is told last
			}
			f.fill(l, span, name)
		}
	}
	if several {
		delete(f.slots, "provider")
	}
	return f
}

// providers counts the providers that the question names, by themselves or by a word of theirs.
func (r *reading) providers(l *lattice) int {
	var named []string
	for _, at := range r.spans {
		provider := l.spans[at].provider
		if l.spans[at].slotTypes() == bit(intents.SlotProvider) {
			provider = l.spans[at].text
		}
		if provider != "" && !slices.Contains(named, provider) {
			named = append(named, provider)
		}
	}
	return len(named)
}
