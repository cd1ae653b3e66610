package claims

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"clanker/router"
)

// word is a piece of a text, without the marks around it.
type word struct {
	text       string
	start, end int  // where it stands
	first      bool // of its line
	opens      bool // a sentence, a cell or a line
	quoted     bool // alone in quotes or backticks
}

// dividers part words, as spaces do.
const dividers = "()[]{}<>\"`*|;=!?~≈“”„«»→←⇒—–…·•"

// What is not of a word where it stands before or behind it.
const (
	leading  = ":,-_#+&\\'’‘"
	trailing = ".,:-_+&\\/'’‘"
)

// words parts a text into its words.
func words(text string) []word {
	var all []word
	start, newLine := -1, true
	end := func(at int) {
		if start >= 0 {
			if w, ok := trimmed(text, start, at); ok {
				w.first = newLine
				w.opens = newLine || opens(text[all[len(all)-1].end:w.start])
				all, newLine = append(all, w), false
			}
			start = -1
		}
	}
	for at, r := range text {
		switch {
		case unicode.IsSpace(r), strings.ContainsRune(dividers, r), r == ',' && !inNumber(text, at), router.Unspaced(r):
			end(at)
			newLine = newLine || r == '\n'
		case start < 0:
			start = at
		}
	}
	end(len(text))
	return all
}

// opens reports whether a sentence or a cell begins after what stands between two words.
func opens(between string) bool { return strings.ContainsAny(between, ".!?:;|)\n•→") }

// inNumber reports whether the comma at an index parts thousands.
func inNumber(text string, at int) bool {
	return at > 0 && digit(text[at-1]) && at+3 < len(text) && digit(text[at+1]) && digit(text[at+2]) && digit(text[at+3]) && (at+4 == len(text) || !digit(text[at+4]))
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// trimmed is the word between two indexes.
func trimmed(text string, start, end int) (word, bool) {
	s := strings.TrimLeft(text[start:end], leading)
	start = end - len(s)
	s = strings.TrimRight(s, trailing)
	for _, genitive := range []string{"'s", "’s"} {
		s = strings.TrimSuffix(s, genitive)
	}
	w := word{text: s, start: start, end: start + len(s)}
	w.quoted = s != "" && quoted(text, w.start, w.end)
	return w, s != ""
}

func quoted(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return strings.ContainsRune("`\"", before) && before == after || before == '“' && after == '”' || before == '\'' && after == '\''
}

// markAt is where the mark of a word goes: behind the quotes and the emphasis around it.
func markAt(text string, end int) int {
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !strings.ContainsRune("`\"*_'’”»", r) {
			break
		}
		end += size
	}
	return end
}
