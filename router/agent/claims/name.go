package claims

import (
	"strings"
	"unicode"
)

// longestName is up to where the parts of a word are names of their own, in bytes.
const longestName = 256

// shortestHash is how long the end of a name is at least that is a name of its own.
const shortestHash = 5

// name takes note of a word: of its parts at / : @ = and of what they begin with, for a pod's name tells that of its deployment. Of
// env.NAME it is the name.
func (f *Facts) name(text string) {
	text = strings.ToLower(text)
	f.names[text] = true
	if len(text) > longestName {
		return
	}
	for _, part := range parts(text) {
		f.names[part] = true
		for at, c := range part {
			if c == '-' || c == '.' && at+1 < len(part) && unicode.IsLetter(rune(part[at+1])) {
				f.names[part[:at]] = true
			}
		}
		if hash := part[strings.LastIndexByte(part, '-')+1:]; len(hash) >= shortestHash && mixed(hash) && !number.MatchString(hash) {
			f.names[hash] = true
		}
		if group, name, ok := strings.Cut(part, "."); ok && !strings.ContainsFunc(group, func(r rune) bool { return !unicode.IsLetter(r) }) {
			f.names[name] = true
		}
	}
}

// parts are those of a path or of an image's name.
func parts(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/:@=,", r) })
}

// known reports whether a name was read: whole, or as the parts that it is made of.
func (f *Facts) known(text string) bool {
	text = strings.ToLower(text)
	if f.names[text] || f.names[strings.TrimSuffix(text, "s")] {
		return true
	}
	all := parts(text)
	for _, part := range all {
		if !f.names[part] {
			return false
		}
	}
	return len(all) > 1
}

// claimsName reports whether the word is a name, by its looks or by where it stands.
func (s *sentence) claimsName() bool {
	w := s.word()
	text := w.text
	switch {
	case in(trade, text):
		return false
	case !strings.ContainsFunc(text, unicode.IsLetter): // a figure it is not
		return strings.ContainsFunc(text, unicode.IsDigit)
	case w.quoted, mixed(text), strings.ContainsAny(text, "_@:\\"), inner(text, '.'):
		return true
	case strings.Contains(text, "/"):
		return !alternatives(text)
	case strings.Contains(text, "-"):
		return !ordinaryCompound(text)
	case camel(text):
		return true
	}
	return s.beside() || s.proper()
}

// mixed reports whether a word has both letters and digits, other than an ordinal: 22nd.
func mixed(text string) bool {
	if !strings.ContainsFunc(text, unicode.IsDigit) {
		return false
	}
	rest := strings.ToLower(strings.TrimLeft(text, "0123456789"))
	return rest != "" && !in(" st nd rd th s ", rest)
}

// inner reports whether a character stands between two others of a word, as the dot of a host's name does.
func inner(text string, c byte) bool {
	at := strings.IndexByte(text, c)
	return at > 0 && at < len(text)-1
}

// alternatives reports whether a word with slashes is one of English: up/down.
func alternatives(text string) bool {
	for part := range strings.SplitSeq(text, "/") {
		if bare := strings.TrimSuffix(part, "s"); !in(ordinary, part) && !ends(strings.ToLower(part)) && strings.ToUpper(bare) != bare {
			return false
		}
	}
	return !strings.HasPrefix(text, "/")
}

// ordinaryCompound reports whether a word with hyphens is one of English: read-only, end-to-end.
func ordinaryCompound(text string) bool {
	text = strings.ToLower(text)
	if in(hyphenated, strings.TrimSuffix(text, "s")) {
		return true
	}
	all := strings.Split(text, "-")
	for _, part := range all {
		if in(joining, part) || numeral(part) != 0 {
			return true
		}
	}
	return ends(all[len(all)-1])
}

// camel reports whether a capital stands within a word, as in OOMKilled. The plural of an abbreviation is none: APIs.
func camel(text string) bool {
	lower, upper := 0, 0
	for i, r := range text {
		if i > 0 && unicode.IsUpper(r) {
			upper++
		}
		if unicode.IsLower(r) {
			lower++
		}
	}
	return upper > 0 && lower > 0 && (lower > 1 || !strings.HasSuffix(text, "s"))
}

// beside reports whether a plain word stands where a name does: "namespace payments", "the payments namespace".
func (s *sentence) beside() bool {
	text := s.word().text
	if len(text) < 2 || in(ordinary, text) || in(cues, text) || in(cues, strings.TrimSuffix(text, "s")) {
		return false
	}
	before, behind := s.near(-1), s.near(1)
	if strings.EqualFold(before, "namespace") { // a namespace may well be called billing
		return true
	}
	return !ends(strings.ToLower(text)) && (before != "" && in(cues, before) || before != "" && behind != "" && in(cues, behind))
}

// proper reports whether a word has a capital though it opens nothing. In German, where every noun has one, none tells a name.
func (s *sentence) proper() bool {
	w := s.word()
	r := []rune(w.text)
	return !s.german && !w.opens && len(r) > 1 && unicode.IsUpper(r[0]) && unicode.IsLower(r[1]) && !in(proper, w.text) && !s.heading()
}

// heading reports whether all longer words of the line around a word have capitals.
func (s *sentence) heading() bool {
	before, behind := s.near(-1), s.near(1)
	return before != "" && capital(before) && (behind == "" || capital(behind))
}

func capital(text string) bool { return unicode.IsUpper([]rune(text)[0]) }
