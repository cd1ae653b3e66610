package claims

import (
	"strings"
	"unicode/utf8"

	"clanker/router"
)

// clean makes plain text of several lines: each of them printable, see [router.Printable].
func clean(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		lines[i] = indent + router.Printable(line)
	}
	return strings.Join(lines, "\n")
}

// clipped shortens a text to at most so many bytes, at a character.
func clipped(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for ; most > 0 && !utf8.RuneStart(text[most]); most-- {
	}
	return text[:most]
}
