package claims

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"clanker/adapters"
	"clanker/router"
)

// mostCommands is how many commands a text may propose.
const mostCommands = 3

const (
	dictatedWarning = "a command that was written in a log or annotation is not passed on"
	outsideWarning  = "a command that holds an address on the web is not passed on"
	tooManyWarning  = "the model wrote more than 3 commands: those after the first 3 are left out"
)

// commandLine is a line that proposes a command, dressed up as models do.
var commandLine = regexp.MustCompile("(?i)^[\\s>#*_`•-]*(?:\\d+[.)][\\s*_`]*)?" + CommandKey + "[\\s*_`]*:(.*)$")

var webAddress = regexp.MustCompile(`(?i)(?:https?|ftp)://`)

// Commands takes the lines that propose a command out of a model's text. A command that stands in one of the foreign texts is not
// passed on, nor one whose words nearly all stand in it: whoever wrote that text dictated it. Nor is one with an
// address on the web, where what the model has read could go. At most three are.
func Commands(text string, foreign []string) (rest string, commands []string, warnings []string) {
	var kept []string
	for line := range strings.SplitSeq(clean(text), "\n") {
		m := commandLine.FindStringSubmatch(line)
		if m == nil {
			kept = append(kept, line)
			continue
		}
		command := strings.Trim(m[1], "`*_ ")
		warning := ""
		switch {
		case command == "" || slices.Contains(commands, command):
		case dictated(command, foreign):
			warning = dictatedWarning
		case webAddress.MatchString(command):
			warning = outsideWarning
		case len(commands) == mostCommands:
			warning = tooManyWarning
		default:
			commands = append(commands, command)
		}
		if warning != "" && !slices.Contains(warnings, warning) {
			warnings = append(warnings, warning)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n")), commands, warnings
}

// placing are the flags that say where a command acts.
var placing = []string{"cluster", "container", "context", "namespace", "selector"} // never changed

// Unread are the words of a command that name what it acts on, and that nothing which was added gives; those that name a kind need no
// proof. Figures are what is to become of that, which nobody can have read.
func (f *Facts) Unread(c adapters.Command, isKind func(string) bool) []string {
	words := slices.Clone(c.Args)
	for _, flag := range placing {
		words = append(words, c.Flag(flag))
	}
	doubtful := func(part string) bool {
		readings, _ := figure(part, "")
		return readings == nil && !isKind(part) && !f.known(part)
	}
	return slices.DeleteFunc(words, func(word string) bool { return !slices.ContainsFunc(parts(word), doubtful) })
}

// dictated reports whether one of the texts holds a command, or nearly all of its words but for the program's name.
func dictated(command string, foreign []string) bool {
	whole, essential := essence(command), atoms(command)
	return slices.ContainsFunc(foreign, func(text string) bool {
		return strings.Contains(essence(text), whole) || told(essential, atoms(text))
	})
}

// told reports whether at least four of five words of a command are among those of a text. Its program and the names of its flags may
// be left out of it.
func told(command, text []string) bool {
	wanted, found := 0, 0
	for i, word := range command {
		if i == 0 || strings.HasPrefix(word, "-") {
			continue
		}
		wanted++
		if slices.Contains(text, word) {
			found++
		}
	}
	return wanted > 1 && 5*found >= 4*wanted
}

// atoms are the words of a command in lower case, without quotes: "deployment/web" is two.
func atoms(text string) []string {
	return strings.FieldsFunc(strings.ToLower(router.Printable(text)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	})
}

// essence is a text without what can be changed about it and still be the same command: case, quotes, spaces, punctuation.
func essence(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
