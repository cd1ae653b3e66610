package adapters

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of an argv. What is longer cannot be read by the person who approves it.
const (
	maxWords    = 128
	maxWord     = 2048  // bytes of a word
	maxWordsAll = 16384 // bytes of all words
)

// unfit refuses an argv that no table needs to be asked about.
func unfit(argv []string) *Refusal {
	if len(argv) == 0 {
		return &Refusal{Why: "the argv is empty", Fix: `send one word per element: ["kubectl", "get", "pods"]`, At: -1}
	}
	if len(argv) > maxWords {
		return &Refusal{Why: fmt.Sprintf("more than %d words", maxWords), Fix: "split it into several commands", At: -1}
	}
	all := 0
	for i, word := range argv {
		if why, fix := unfitWord(word); why != "" {
			return &Refusal{Why: why, Fix: fix, At: i}
		}
		if all += len(word); all > maxWordsAll {
			return &Refusal{Why: fmt.Sprintf("more than %d bytes of words", maxWordsAll), Fix: "split it into several commands", At: -1}
		}
	}
	return nil
}

func unfitWord(word string) (why, fix string) {
	switch {
	case word == "":
		return "an empty word", "leave it out"
	case len(word) > maxWord:
		return fmt.Sprintf("a word of more than %d bytes hides what follows it", maxWord), "put long content into a file, where the tool takes one"
	case !utf8.ValidString(word):
		return "a word that is not valid UTF-8", ""
	case shellShape(word):
		return fmt.Sprintf("%q is shell syntax, and no shell reads this", word), "send each command by itself"
	}
	if i := strings.IndexFunc(word, invisible); i >= 0 {
		r, _ := utf8.DecodeRuneInString(word[i:])
		return fmt.Sprintf("the character %U is not printable", r), "write the word without it"
	}
	return "", ""
}

// invisible reports whether a character does something else than being seen: controls, bidirectional overrides, zero
// width, fillers, spaces other than the space, what a decoder puts for broken text.
func invisible(r rune) bool {
	return r != ' ' && !unicode.IsPrint(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || r == '\u2800' || r == utf8.RuneError
}

// variable is what a shell would replace. In small letters it belongs to templates and queries.
var variable = regexp.MustCompile(`\$\{?[A-Z_]`)

// shellShape tells what only a shell understands. Operators inside a word are left alone: queries and programs have them.
func shellShape(word string) bool {
	operators := []string{"|", "||", "|&", "&", "&&", ";", ";;", ">", ">>", "<", "<<", "<<<", ">&", "&>", "2>", "2>&1", "1>&2", "(", ")", "{", "}", "!"}
	return slices.Contains(operators, word) || strings.Contains(word, "$(") || variable.MatchString(word) ||
		strings.HasPrefix(word, "`") || strings.HasPrefix(word, ">") || strings.HasPrefix(word, "2>") || strings.HasPrefix(word, "<(") ||
		strings.HasPrefix(word, "&&") || strings.HasSuffix(word, "&&") || strings.HasPrefix(word, "||")
}

// noTool refuses a first word that no table is for.
func noTool(word string) *Refusal {
	r := &Refusal{Why: fmt.Sprintf("%q is not a tool that commands are proposed for", word), At: 0,
		Fix: "use one of " + strings.Join(slices.Sorted(maps.Keys(tables())), ", ")}
	wrappers := []string{"bash", "busybox", "chroot", "dash", "doas", "env", "exec", "eval", "flock", "ionice", "nice", "nohup", "nsenter", "parallel",
		"python", "python3", "script", "setsid", "sh", "ssh", "stdbuf", "strace", "su", "sudo", "tee", "time", "timeout", "unshare", "watch", "xargs", "zsh"}
	switch {
	case strings.ContainsRune(word, ' '):
		r.Why, r.Fix = "one text is not an argv", `send one word per element: ["kubectl", "get", "pods"]`
	case strings.ContainsAny(word, `/\`):
		r.Why, r.Fix = fmt.Sprintf("%q is a path", word), "name the tool; the workspace knows where it is"
	case word == "clanker":
		r.Why, r.Fix = "the gate's own commands are not for agents", "ask a person to run it"
	case strings.Contains(word, "="):
		r.Why, r.Fix = "variables of the environment are not taken from a command", "leave it out"
	case slices.Contains(wrappers, word):
		r.Why, r.Fix = fmt.Sprintf("%q hides the command that it would run", word), "send that command by itself"
	}
	return r
}
