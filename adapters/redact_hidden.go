package adapters

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostLayers is how often a text is decoded to look for secrets in it: each layer costs as much as the text itself.
const mostLayers = 3

// hidden masks the secrets that a text does not show as they are: between the escape sequences of a terminal and characters that cannot
// be seen, which go before anybody reads it, and in words that are encoded, which are masked whole.
func (m *masker) hidden(text string, layers int) string {
	if seen := Visible(text); seen != text {
		if clean := m.shapes(seen); clean != seen {
			text = clean
		}
	}
	if layers == 0 || !encoded(text) {
		return text
	}
	text = percentWord.ReplaceAllStringFunc(text, func(word string) string {
		plain, err := url.QueryUnescape(word)
		return m.covered(word, plain, err, layers)
	})
	return base64Word.ReplaceAllStringFunc(text, func(word string) string {
		plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(word, "="))
		return m.covered(word, string(plain), err, layers)
	})
}

// covered is a word, unless what it stands for has a secret in it.
func (m *masker) covered(word, plain string, err error, layers int) string {
	if err == nil && utf8.ValidString(plain) && m.hidden(m.shapes(plain), layers-1) != plain {
		return Redacted
	}
	return word
}

// What a word looks like that is encoded for a URL, or in base64: the shortest of these has room for password=a.
var (
	percentWord = regexp.MustCompile(`[A-Za-z0-9_.~+*-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9_.~+*-]*)+`)
	base64Word  = regexp.MustCompile(`[A-Za-z0-9+/]{14,}={0,2}`)
)

// encoded is a cheap look for both: nearly all names are shorter, or have no capital, without which base64 is of nothing that is written.
func encoded(text string) bool {
	length, capital := 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '%':
			return true
		case 'A' <= c && c <= 'Z':
			length, capital = length+1, true
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
			length++
		default:
			length, capital = 0, false
		}
		if length >= 14 && capital {
			return true
		}
	}
	return false
}

// escapes are the terminal's escape sequences: colours, cursor moves, titles.
var escapes = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|[@-Z\\\\^_])?")

// Visible is what is seen of a text: escape sequences go, and so do characters that cannot be seen or that turn the direction of writing;
// other control characters, but for tabs and line breaks, and blanks of all kinds become spaces.
func Visible(text string) string {
	if !strings.ContainsFunc(text, strange) {
		return text
	}
	text = escapes.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return r
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF:
			return -1
		default:
			return r
		}
	}, text)
}

// strange reports whether a character may be none that is seen; nearly all are plain.
func strange(r rune) bool { return r >= 0x7f || r < ' ' && r != '\n' && r != '\r' && r != '\t' }
