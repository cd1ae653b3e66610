package router

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapes are the terminal's escape sequences: colours, cursor moves, titles.
var escapes = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|[@-Z\\\\^_])?")

// Printable makes one line of plain text of what a provider, a workload or an asker wrote: escape sequences go, other
// control characters and line breaks become spaces, and characters that cannot be seen or that turn the direction of
// writing go too. Nothing that it returns can begin a line, and so forge a row, a heading or a fence.
func Printable(text string) string {
	if plain(text) {
		return text
	}
	text = escapes.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF:
			return -1
		default:
			return r
		}
	}, text)
	return strings.TrimSpace(text)
}

// plain reports whether a text is printable ASCII, as nearly all is.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// Clipped shortens a text to at most so many bytes, three or more, at a character; what is cut ends in "…".
func Clipped(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most -= len("…"); most > 0 && !utf8.RuneStart(text[most]); most-- {
	}
	return text[:most] + "…"
}

// width is the number of columns a text takes, near enough for a table.
func width(text string) int { return utf8.RuneCountInString(text) }
