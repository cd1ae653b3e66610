package agent

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/claims"
)

// Bounds of what a model's text becomes.
const (
	longestSummary = 280  // characters
	longestText    = 6000 // bytes
	mostRefs       = 20
)

// finding is what is told of the inquiry: the model's text, checked, and the resources that it names.
func (i *inquiry) finding(e ending) router.Finding {
	f := router.Finding{Short: e.short, Problem: e.problem, Warnings: i.faults, Usage: i.budget.usage()}
	if i.budget.warning != "" {
		f.Warnings = append(f.Warnings, i.budget.warning)
	}
	rest, commands, doubts := claims.Commands(i.told(e.text, longestText), i.foreign)
	f.Doubts = doubts
	marked, unverified := i.facts.Check(rest)
	f.Unverified = unverified
	f.Summary, f.Explanation = halves(marked)
	if f.Summary == "" && len(commands) > 0 {
		f.Summary = onlyCommands
	}
	f.Refs = i.named(rest)
	i.propose(&f, commands)
	scrub(&f, i.model.Scrub)
	return f
}

const onlyCommands = "The model proposes a command, and says nothing else."

// halves are the first line, as the summary, and the rest. A first line that is too long for a summary stands in both. Titles and
// layout above the first line that says something are left out, but for a table.
func halves(text string) (summary, explanation string) {
	first, explanation, _ := strings.Cut(strings.TrimSpace(text), "\n")
	table := false
	for layout(first) && strings.ContainsFunc(explanation, letter) {
		table = table || row(first)
		first, explanation, _ = strings.Cut(strings.TrimSpace(explanation), "\n")
	}
	summary = strings.TrimSpace(strings.Trim(strings.TrimSpace(first), "#*"))
	if table || utf8.RuneCountInString(summary) > longestSummary {
		explanation = text
	}
	return strings.ReplaceAll(summary, "**", ""), strings.TrimSpace(explanation)
}

const longestTitle = 3 // words

func row(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "|") }

// layout reports whether a line says nothing by itself: it has no letter, is a row of a table, opens a fence, or is a title of a few
// words.
func layout(line string) bool {
	line = strings.TrimSpace(line)
	if row(line) || !strings.ContainsFunc(line, letter) || strings.HasPrefix(line, "```") {
		return true
	}
	bare := strings.Trim(line, "#*: ")
	title := strings.HasPrefix(line, "#") || strings.HasSuffix(strings.TrimRight(line, "*"), ":") || strings.HasPrefix(line, "**") && strings.HasSuffix(line, "**")
	return title && len(strings.Fields(bare)) <= longestTitle && !strings.ContainsAny(bare, ".!?")
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// named are the resources that a text names, of those that the model has seen, in the order of the text.
func (i *inquiry) named(text string) []string {
	at := map[string]int{}
	for _, id := range i.ids {
		name := adapters.IDName(id)
		n := router.FindWord(text, id, nameJoiners)
		if n < 0 && len(name) > 1 { // one letter is an article
			n = router.FindWord(text, name, nameJoiners)
		}
		if n >= 0 {
			at[id] = n
		}
	}
	refs := slices.SortedFunc(maps.Keys(at), func(a, b string) int { return cmp.Or(cmp.Compare(at[a], at[b]), cmp.Compare(a, b)) })
	return refs[:min(len(refs), mostRefs)]
}

// nameJoiners go on with a name in a text. A slash does not: of deployment/web it parts the kind.
const nameJoiners = "-_."

// propose adds the commands to a finding, as far as they can be read, and what is wrong with them. Nothing is proposed or run.
func (i *inquiry) propose(f *router.Finding, commands []string) {
	reason := router.Clipped("for: "+router.Printable(i.desk.Question()), longestSummary)
	for _, text := range commands {
		command, named, err := parse(text)
		named = i.told(router.Printable(named), longestNamed)
		if err != nil {
			f.Doubts = append(f.Doubts, fmt.Sprintf("a command that the model wrote is left out (%s): %v", named, err))
			continue
		}
		f.Proposals = append(f.Proposals, router.Proposal{Argv: command.Argv, Reason: reason})
		if unread := i.facts.Unread(command, i.isKind); len(unread) > 0 {
			f.Doubts = append(f.Doubts, fmt.Sprintf("the proposed command (%s) names what no tool returned: %s", named, i.told(strings.Join(unread, ", "), longestNamed)))
		}
	}
}

func (i *inquiry) isKind(word string) bool {
	_, err := i.desk.Catalog().Vocabulary.Value(intents.SlotKind, word)
	return err == nil
}

// longestNamed is how much of a command is in a warning, in bytes.
const longestNamed = 120

// parse reads a command that a model wrote. It also returns its words as they can be told: behind a backslash that nothing decodes a
// secret could hide.
func parse(text string) (c adapters.Command, told string, err error) {
	argv, err := words(text)
	if err != nil {
		told, _, _ = strings.Cut(text, `\`)
		return c, told, err
	}
	c, err = adapters.ParseCommand(argv)
	return c, strings.Join(argv, " "), err
}

// words are those of a command: a JSON list, or plain words without anything that a shell would read.
func words(command string) (argv []string, err error) {
	if strings.HasPrefix(command, "[") {
		err = json.Unmarshal([]byte(command), &argv)
		return argv, err
	}
	if strings.ContainsAny(command, "\"'`\\$;|&<>(){}*?~#\n") {
		return nil, errors.New("it is no list of words: it holds what a shell would read")
	}
	return strings.Fields(command), nil
}
