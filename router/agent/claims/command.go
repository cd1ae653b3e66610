package claims

import (
	"regexp"
	"strings"
	"unicode"
)

// mostCommands is how many commands a text may propose.
const mostCommands = 3

// commandLine is a line that proposes a command, dressed up as models do.
var commandLine = regexp.MustCompile("(?i)^[\\s>#*_`•\\-]*(?:\\d+[.)]\\s+)?[\\s*_`]*command[\\s*_`]*:[\\s*_]*(.*)$")

// Commands takes the lines that propose a command out of a model's text. A command that stands in a foreign text is not passed on:
// whoever wrote that text dictated it.
func Commands(text string, foreign []string) (rest string, commands []string, warnings []string) {
	var kept []string
	heard := make([]string, len(foreign))
	for i, f := range foreign {
		heard[i] = essence(f)
	}
	for line := range strings.SplitSeq(clean(text), "\n") {
		m := commandLine.FindStringSubmatch(line)
		if m == nil {
			kept = append(kept, line)
			continue
		}
		command := strings.Trim(strings.TrimSpace(m[1]), "`*_ ")
		switch {
		case command == "" || len(commands) == mostCommands:
		case dictated(command, heard):
			warnings = []string{"a command that was written in a log or annotation is not passed on"}
		default:
			commands = append(commands, command)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n")), commands, warnings
}

// dictated reports whether one of the texts, as its essence, holds a command.
func dictated(command string, heard []string) bool {
	command = essence(command)
	for _, h := range heard {
		if strings.Contains(h, command) {
			return true
		}
	}
	return false
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
