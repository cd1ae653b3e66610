package claims

import (
	"slices"
	"strings"

	"clanker/router"
)

// Facts are what the tools returned for one question. They are not safe for concurrent use.
type Facts struct {
	names   map[string]bool    // in lower case, with the names that they begin with and that they are made of
	figures map[kind][]float64 // sorted, once they are looked into
	moments map[string]bool    // dates and times of day
	links   map[string]bool    // addresses that a provider gave
	sorted  bool
}

// New returns the facts of a question: none yet. The question's own names are known; its figures prove nothing.
func New(question string) *Facts {
	f := &Facts{names: map[string]bool{}, figures: map[kind][]float64{}, moments: map[string]bool{}, links: map[string]bool{}}
	for _, w := range words(clean(question)) {
		if readings, _ := figure(w.text, ""); readings == nil && moments(w.text) == nil {
			f.name(w.text)
		}
	}
	return f
}

// Add takes note of what a tool returned.
func (f *Facts) Add(text string) {
	f.sorted = false
	fence := ""
	for line := range strings.SplitSeq(clean(text), "\n") {
		if strings.HasPrefix(line, asked) {
			continue
		}
		fence = within(fence, line)
		if link, ok := strings.CutPrefix(line, LinkKey+": "); ok || fence == "" {
			f.link(link)
		}
		f.line(line)
	}
}

// line takes note of the words of a line.
func (f *Facts) line(line string) {
	all := words(line)
	for i, w := range all {
		f.name(w.text)
		if at := moments(w.text); at != nil {
			for _, m := range at {
				f.moments[m] = true
			}
			continue
		}
		before, behind := around(all, i)
		for _, part := range figuresIn(w.text) {
			readings, _ := figure(part, behind)
			for _, r := range append(readings, hinted(readings, before)...) {
				f.figures[r.kind] = append(f.figures[r.kind], r.value)
			}
		}
	}
}

// around are the words before and behind one of a list.
func around(all []word, i int) (before, behind string) {
	if i > 0 {
		before = all[i-1].text
	}
	if i+1 < len(all) {
		behind = all[i+1].text
	}
	return before, behind
}

// figuresIn are the words in a word of a tool that may be figures: "1/2", "2-3", "status:500".
func figuresIn(text string) []string {
	for _, divider := range []string{"/", "-"} {
		if a, b, ok := strings.Cut(text, divider); ok && number.MatchString(a) && number.MatchString(b) {
			return []string{a, b}
		}
	}
	if at := strings.LastIndexByte(text, ':'); at >= 0 {
		return []string{text[at+1:]}
	}
	return []string{text}
}

// mostRatio is up to where a number with decimals may be a ratio.
const mostRatio = 10

// asRatio adds to the reading of a number with decimals that of a ratio.
func asRatio(readings []reading) []reading {
	if len(readings) == 1 && readings[0].kind == plain && readings[0].step < 1 && readings[0].value <= mostRatio {
		r := readings[0]
		r.kind = ratio
		return append(readings, r)
	}
	return readings
}

// largeSize is from where a whole number may be bytes.
const largeSize = 1 << 20

// hinted are further readings of a bare number of a tool: by the unit that its key ends in, as a ratio, and as bytes.
func hinted(readings []reading, key string) []reading {
	if len(readings) != 1 || readings[0].kind != plain {
		return nil
	}
	bare := readings[0]
	more := asRatio(readings)[1:]
	if key = lastPart(key); key != "" && units(key) != nil {
		for _, u := range units(key) {
			more = append(more, reading{kind: u.kind, value: bare.value * u.factor})
		}
	}
	if bare.step == 1 && bare.value >= largeSize {
		more = append(more, reading{kind: size, value: bare.value})
	}
	return more
}

// lastPart is the last part of a key: seconds of timeoutSeconds and of timeout_seconds.
func lastPart(key string) string {
	at := strings.LastIndexAny(key, "_.-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if at < 0 {
		return ""
	}
	return strings.Trim(key[at:], "_.-")
}

// bears reports whether a reading is one of the figures that were read, or what that is when it is rounded as shown. Only one that
// is said to be rough may be far from it, or end in zeros that are not meant.
func (f *Facts) bears(r reading, rough bool) bool {
	if !f.sorted {
		for _, all := range f.figures {
			slices.Sort(all)
		}
		f.sorted = true
	}
	const exact, near = 1e-9, 0.05
	off := r.step / 2
	switch {
	case rough:
		off = r.round / 2
	case r.kind == plain && r.step >= 1:
		off = 0
	default:
		off = min(off, near*r.value)
	}
	off += exact * r.value
	all := f.figures[r.kind]
	i, _ := slices.BinarySearch(all, r.value-off)
	return i < len(all) && all[i] <= r.value+off
}

// Check cleans a model's text, and marks in it what nothing that was added bears out. It also returns what it marked, in order, each
// once.
func (f *Facts) Check(text string) (marked string, unverified []string) {
	text = f.cleaned(text)
	var b strings.Builder
	done, listed := 0, map[string]bool{}
	for _, c := range f.doubts(text) {
		if claim := text[c.start:c.end]; !listed[claim] {
			listed[claim], unverified = true, append(unverified, claim)
		}
		if at := max(done, markAt(text, c.end)); at > done {
			b.WriteString(text[done:at] + router.Unverified)
			if done = at; strings.HasPrefix(text[at:], "(") || strings.HasPrefix(text[at:], "[") {
				b.WriteByte(' ') // or the mark were a link
			}
		}
	}
	return b.String() + text[done:], unverified
}

// doubt is a claim that nothing bears out.
type doubt struct{ start, end int }

// doubts are the claims of a text that nothing bears out, in their order.
func (f *Facts) doubts(text string) []doubt {
	var found []doubt
	s := newSentence(text)
	for s.at = 0; s.at < len(s.words); s.at++ {
		if w := s.word(); !f.stands(s) {
			found = append(found, doubt{w.start, s.words[s.at].end})
		}
	}
	return found
}

// stands reports whether the word, if it is a claim, is borne out. It goes on to the unit behind a figure.
func (f *Facts) stands(s *sentence) bool {
	text := s.word().text
	if at := moments(text); at != nil {
		return f.moments[at[0]] || at[0] == text && f.names[strings.ToLower(text)] || s.uncounted()
	}
	if mixed(text) && f.names[strings.ToLower(text)] {
		return true
	}
	hedged, uncounted := s.hedged(), s.uncounted() || f.date(s)
	figures := s.figures()
	if figures == nil {
		return !s.claimsName() || f.known(text)
	}
	if uncounted {
		return true
	}
	for _, readings := range figures {
		if !slices.ContainsFunc(asRatio(readings), func(r reading) bool { return f.bears(r, hedged) }) {
			return false
		}
	}
	return true
}

// date reports whether a number is a day beside its month, or a year, of a date that was read.
func (f *Facts) date(s *sentence) bool {
	text := s.word().text
	return f.moments[dayOf(text, s.near(-1))] || f.moments[dayOf(text, s.near(1))] || len(text) == 4 && f.moments[text]
}
