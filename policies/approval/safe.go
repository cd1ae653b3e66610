package approval

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Badges say what is odd about a text.
const (
	BadgeEscaped  = "escaped"    // it is shown quoted, as Go would write it in ASCII
	BadgeNonASCII = "non-ASCII"  //
	BadgeControl  = "control"    // it has characters that steer a terminal
	BadgeHidden   = "hidden"     // it has characters that are not seen or turn the direction of the text
	BadgeAlike    = "look-alike" // it mixes scripts, so that a letter may pass for another
	BadgeFolded   = "folded"     // only its head and tail are shown
)

// A text longer than this is folded to its head and tail, in bytes.
const (
	maxShown = 200
	head     = 120
	tail     = 40
)

// SafeLine makes a text safe to print: what is not printable ASCII is escaped, what is long is folded.
func SafeLine(label, text string) Line {
	safe, badges := Safe(text)
	line := Line{Label: label, Text: safe, Badges: badges}
	if len(safe) > maxShown {
		sum := sha256.Sum256([]byte(text))
		line.Text = safe[:head] + " ... " + safe[len(safe)-tail:]
		line.Length, line.SHA256, line.Whole = len(text), hex.EncodeToString(sum[:]), safe
		line.Badges = append(line.Badges, BadgeFolded)
	}
	return line
}

// Safe returns the text as it is when it is printable ASCII, else quoted in ASCII, with the badges that say why. What it
// returns can be written to any terminal or page as text.
func Safe(text string) (safe string, badges []string) {
	if plain(text) {
		return text, nil
	}
	return strconv.QuoteToASCII(text), append([]string{BadgeEscaped}, oddities(text)...)
}

func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// oddities are the badges of a text that is not plain, in a fixed order.
func oddities(text string) []string {
	var badges []string
	add := func(badge string, is func(rune) bool) {
		if strings.ContainsFunc(text, is) {
			badges = append(badges, badge)
		}
	}
	add(BadgeNonASCII, func(r rune) bool { return r >= utf8.RuneSelf })
	add(BadgeControl, unicode.IsControl)
	add(BadgeHidden, hidden)
	if mixesScripts(text) {
		badges = append(badges, BadgeAlike)
	}
	return badges
}

// hidden reports whether a character takes no room or steers those around it: formats (bidi, zero width, tags), selectors
// and blanks that are not a space.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Zl, unicode.Zp, unicode.Co) || r != ' ' && unicode.IsSpace(r) && r >= utf8.RuneSelf ||
		r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' || r == '\u2800'
}

// mixesScripts reports whether letters of more than one script stand in one text, or letters that are made to look like
// those of ASCII (full width, mathematical).
func mixesScripts(text string) bool {
	scripts := map[string]bool{}
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r):
		case r >= '\uff00' && r <= '\uffef', r >= 0x1d400 && r <= 0x1d7ff:
			return true
		default:
			scripts[script(r)] = true
		}
	}
	return len(scripts) > 1
}

// script names the scripts whose letters pass for Latin ones; all others are one.
func script(r rune) string {
	switch {
	case unicode.Is(unicode.Latin, r):
		return "latin"
	case unicode.Is(unicode.Cyrillic, r):
		return "cyrillic"
	case unicode.Is(unicode.Greek, r):
		return "greek"
	case unicode.In(r, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu):
		return "near latin"
	}
	return "other"
}

// SafeLines makes a text of several lines safe to print, line by line; tabs are four spaces.
func SafeLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\t", "    "), "\n")
	for i := range lines {
		lines[i], _ = Safe(strings.TrimSuffix(lines[i], "\r"))
	}
	return strings.Join(lines, "\n")
}
