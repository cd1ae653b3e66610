package router

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FindWord returns where a name stands in a text as a word of its own, in whatever case: the index of the first of its len(word) bytes;
// -1 if it does not stand there, or is empty. Letters and digits beside it go on with the word, and so does one of the joiners that
// parts it from them: with the joiners "-_." the word "web" stands in "It is web.", and neither in "my-web" nor in "web.local".
func FindWord(text, word, joiners string) int {
	if word == "" {
		return -1
	}
	for at := range text {
		end := at + len(word)
		if end > len(text) {
			return -1
		}
		if strings.EqualFold(text[at:end], word) {
			before, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text[:at], joiners))
			after, _ := utf8.DecodeRuneInString(strings.TrimLeft(text[end:], joiners))
			if !inWord(before) && !inWord(after) {
				return at
			}
		}
	}
	return -1
}

// inWord reports whether a character goes on with a word that it stands beside.
func inWord(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)) && !Unspaced(r)
}

// Unspaced reports whether a character is of a script that sets nothing between words, or joins particles to them: names and figures
// stand in it as they are.
func Unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
