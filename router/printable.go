package router

import (
	"strings"
	"unicode/utf8"

	"clanker/adapters"
)

// Printable makes one line of plain text of what a provider, a workload or an asker wrote: escape sequences go, other
// control characters and line breaks become spaces, and characters that cannot be seen or that turn the direction of
// writing go too. Nothing that it returns can begin a line, and so forge a row, a heading or a fence.
func Printable(text string) string {
	if plain(text) {
		return text
	}
	text = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(adapters.Visible(text))
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
