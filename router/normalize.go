package router

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxQuestionBytes bounds a question, before and after normalisation. A longer one is refused, never cut: what was cut
// off might have turned its meaning around.
const maxQuestionBytes = 2000

// token is one word of a normalised question.
type token struct {
	text   string // lower case
	raw    string // as it was written
	quoted bool   // was in quotes: a name or a text, whatever words it holds
	id     int32  // of the word in the lexicon, or noWord
	meant  string // the word that it was meant to be, if it was misspelt
	pause  pause  // before it
}

// pause is what punctuation before a word parts it from what stands before.
type pause uint8

const (
	noPause pause = iota
	comma
	sentence // . ? ! ; : or a new line
)

// pauseAt returns the pause that the character is. Within a word or a number it is none: 1.27, 10:30, nginx:1.27.
func pauseAt(b byte) pause {
	switch b {
	case ',':
		return comma
	case '.', '?', '!', ';', ':', '\n':
		return sentence
	}
	return noPause
}

// clean drops what has no meaning or is meant to deceive: broken UTF-8, control, bidi and zero-width characters, and the
// difference between compatible spellings (full width letters). It reports false if the text is too long.
func clean(text string) (string, bool) {
	if len(text) > maxQuestionBytes {
		return "", false
	}
	if plainASCII(text) {
		return text, true
	}
	text = norm.NFKC.String(strings.ToValidUTF8(text, ""))
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r // a pause
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Variation_Selector):
			return -1
		case strings.ContainsRune("‘’ʼ´", r):
			return '\''
		case strings.ContainsRune("“”„«»", r):
			return '"'
		case strings.ContainsRune("‐‑–—−", r):
			return '-'
		}
		return r
	}, text)
	return text, len(text) <= maxQuestionBytes
}

func plainASCII(text string) bool {
	for i := range len(text) {
		if b := text[i]; b >= utf8.RuneSelf || b < ' ' && b != '\n' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}

// tokenize splits a clean text into words: lower case, punctuation kept as the pause before a word only, names kept whole, quoted texts one token
// each, contractions spelled out, comparison signs as words.
func (lex *lexicon) tokenize(text string, tokens []token) []token {
	before := noPause
	var end int
	for i := 0; i < len(text); i = end {
		n := len(tokens)
		if tokens, end = lex.next(tokens, text, i); len(tokens) > n {
			tokens[n].pause, before = before, pauseAt(text[end-1])
		} else {
			before = max(before, pauseAt(text[i]))
		}
	}
	return tokens
}

// next pushes what stands at i, and returns the place after it.
func (lex *lexicon) next(tokens []token, text string, i int) ([]token, int) {
	if content, next := quotedAt(text, i); next > 0 {
		if content = strings.TrimSpace(content); content != "" {
			tokens = lex.push(tokens, content, true)
		}
		return tokens, next
	}
	if words, next := sign(text, i); next > 0 {
		for _, word := range words {
			tokens = lex.push(tokens, word, false)
		}
		return tokens, next
	}
	end := wordEnd(text, i)
	if end == i {
		_, size := utf8.DecodeRuneInString(text[i:])
		return tokens, i + size
	}
	return lex.word(tokens, text[i:end]), end
}

// quotedAt returns the content of the quotes that open at i, and the place after them; 0 if none do.
func quotedAt(text string, i int) (string, int) {
	quote := text[i]
	if quote != '\'' && quote != '"' && quote != '`' {
		return "", 0
	}
	for j := i + 1; j < len(text); j++ {
		if text[j] == '\n' {
			break
		}
		if text[j] == quote && (j+1 == len(text) || quote != '\'' || !isWordByte(text[j+1])) {
			return text[i+1 : j], j + 1
		}
	}
	return "", 0
}

func isWordByte(b byte) bool {
	return b >= utf8.RuneSelf || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// sign spells out > >= < <= and &.
func sign(text string, i int) ([]string, int) {
	orEqual := i+1 < len(text) && text[i+1] == '='
	switch {
	case text[i] == '>' && orEqual:
		return []string{"at", "least"}, i + 2
	case text[i] == '<' && orEqual:
		return []string{"at", "most"}, i + 2
	case text[i] == '>':
		return []string{"more", "than"}, i + 1
	case text[i] == '<':
		return []string{"less", "than"}, i + 1
	case text[i] == '&':
		return []string{"and"}, i + 1
	}
	return nil, 0
}

// wordEnd returns where the word at i ends: letters, digits and what joins them in names.
func wordEnd(text string, i int) int {
	for i < len(text) {
		if b := text[i]; b < utf8.RuneSelf {
			if !isWordByte(b) && strings.IndexByte(joiners+"'%", b) < 0 {
				break
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.In(r, unicode.L, unicode.N, unicode.M) {
			break
		}
		i += size
	}
	return i
}

// joiners may stand inside a name, not at its ends.
const joiners = "-_./:@"

// word pushes a word without the joiners at its ends, its contraction spelled out, and "deployment/app" as two words.
func (lex *lexicon) word(tokens []token, word string) []token {
	percent := strings.HasSuffix(strings.TrimRight(word, joiners+"'"), "%")
	word = strings.Trim(word, joiners+"'%")
	if word == "" {
		return tokens
	}
	if percent && word[len(word)-1] >= '0' && word[len(word)-1] <= '9' {
		word += "%"
	}
	if kind, name, ok := strings.Cut(word, "/"); ok && !strings.Contains(name, "/") && lex.isKind(strings.ToLower(kind)) {
		return lex.push(lex.push(tokens, kind, false), name, true)
	}
	if at := strings.IndexByte(word, '\''); at > 0 {
		return lex.contraction(tokens, word[:at], strings.ToLower(word[at+1:]))
	}
	if full, ok := contractions[strings.ToLower(word)]; ok {
		return lex.push(lex.push(tokens, full[0], false), full[1], false)
	}
	return lex.push(tokens, word, false)
}

// contractions are those that people write without an apostrophe too, and those of "not" whose stem changes.
var contractions = map[string][2]string{
	"cannot": {"can", "not"}, "cant": {"can", "not"}, "can't": {"can", "not"}, "wont": {"will", "not"}, "won't": {"will", "not"},
	"isnt": {"is", "not"}, "arent": {"are", "not"}, "doesnt": {"does", "not"}, "dont": {"do", "not"}, "didnt": {"did", "not"},
	"wasnt": {"was", "not"}, "werent": {"were", "not"}, "hasnt": {"has", "not"}, "havent": {"have", "not"},
	"whats": {"what", "is"}, "whos": {"who", "is"}, "wheres": {"where", "is"}, "hows": {"how", "is"}, "whys": {"why", "is"},
	"theres": {"there", "is"}, "thats": {"that", "is"},
}

var endings = map[string]string{"re": "are", "ve": "have", "m": "am", "ll": "will", "d": "would"}

// contraction pushes the two halves of what's, isn't, they're; a possessive loses its ending.
func (lex *lexicon) contraction(tokens []token, stem, ending string) []token {
	fold := strings.ToLower(stem)
	fold = cmp.Or(slips[fold], fold)
	if full, ok := contractions[fold+"'"+ending]; ok {
		return lex.push(lex.push(tokens, full[0], false), full[1], false)
	}
	if ending == "t" || ending == "nt" { // "is'nt", "cna't": whatever the stem, the "not" must stay
		if fold = strings.TrimSuffix(fold, "n"); fold != "" {
			tokens = lex.push(tokens, fold, false)
		}
		return lex.push(tokens, "not", false)
	}
	tokens = lex.push(tokens, stem, false)
	if full, ok := endings[ending]; ok {
		return lex.push(tokens, full, false)
	}
	switch fold {
	case "what", "who", "where", "how", "that", "there", "it", "here", "why", "when", "which", "everything", "something", "anything":
		if ending == "s" {
			return lex.push(tokens, "is", false)
		}
	}
	return tokens
}

func (lex *lexicon) push(tokens []token, word string, quoted bool) []token {
	t := token{text: strings.ToLower(word), raw: word, quoted: quoted, id: noWord}
	if !quoted {
		t.id = lex.id(t.text)
	}
	return append(tokens, t)
}
