package claims

import "strings"

// sentence is a text that is gone through word by word.
type sentence struct {
	text   string
	words  []word
	at     int
	german bool // nouns have capitals
}

func newSentence(text string) *sentence {
	s := &sentence{text: text, words: words(text)}
	count := 0
	for _, w := range s.words {
		if in(german, w.text) {
			count++
		}
	}
	s.german = count > 1 && count*germanWords > len(s.words) // one may be of a name: Mira von Berg
	return s
}

// germanWords is of how many words of a German text one is among the most frequent at least; it is about one in five.
const germanWords = 12

func (s *sentence) word() word { return s.words[s.at] }

// near is the word so many places from this one, empty if another line or a full stop is between.
func (s *sentence) near(offset int) string {
	i := s.at + offset
	if i < 0 || i >= len(s.words) {
		return ""
	}
	from, to := s.word(), s.words[i]
	if offset < 0 {
		from, to = to, from
	}
	if to.first || strings.ContainsAny(s.text[from.end:to.start], ".,;:!?|()") {
		return ""
	}
	return s.words[i].text
}

// between is what stands between this word and the one so many places from it; empty if there is none.
func (s *sentence) between(offset int) string {
	i := s.at + offset
	if i < 0 || i >= len(s.words) {
		return ""
	}
	return s.text[min(s.word().end, s.words[i].end):max(s.word().start, s.words[i].start)]
}

// figures are the readings of each figure that the word is or, as a range or a share, is made of; nil if it is none. It goes on to the
// unit behind it.
func (s *sentence) figures() [][]reading {
	text, behind := s.word().text, s.near(1)
	if strings.Contains(text, ":") {
		return nil
	}
	var all [][]reading
	parts := figuresIn(text)
	unit := ""
	if len(parts) == 2 { // 80-90% is 80% to 90%
		unit = unitOf(parts[1])
	} else if s.ranges() {
		unit = unitOf(s.words[s.at+1].text)
	}
	for i, part := range parts {
		readings, unitBehind := figure(part, behind)
		if unit != "" && i == 0 && unitOf(part) == "" && !unitBehind {
			readings, _ = figure(part, unit)
		}
		if readings == nil {
			return nil
		}
		if all = append(all, readings); unitBehind && i == len(parts)-1 {
			s.at++
		}
	}
	return all
}

// hedged reports whether the figure is said to be rough.
func (s *sentence) hedged() bool {
	before := s.near(-1)
	return before != "" && in(rough, before) || strings.ContainsAny(s.between(-1), "~≈")
}

// unitOf is the unit at the end of a figure.
func unitOf(text string) string {
	if m := number.FindStringSubmatch(text); m != nil {
		return m[4]
	}
	return ""
}

// ranges reports whether the next word is where a range ends that this one begins.
func (s *sentence) ranges() bool {
	between := strings.TrimSpace(s.between(1))
	return between == "–" || between == "—"
}

// bare reports whether the figure is a whole number without a unit, as that of a step is.
func (s *sentence) bare() bool {
	behind := s.near(1)
	return !strings.ContainsAny(s.word().text, ".,$€£%") && unitOf(s.word().text) == "" && (behind == "" || units(behind) == nil)
}

// uncounted reports whether the figure is no claim: the number of a line or of a step, "1 of the".
func (s *sentence) uncounted() bool {
	w := s.word()
	rest := s.text[w.end:]
	listed := w.first && digit(w.text[0]) && len(w.text) < 3 && (strings.HasPrefix(rest, ". ") || strings.HasPrefix(rest, ") "))
	before, behind := s.near(-1), s.near(1)
	return listed || in(trade, w.text) || before != "" && in(steps, before) && s.bare() || behind != "" && in(aspects, behind) || w.text == "1" && behind == "of" && s.near(2) == "the"
}
