package intents

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"clanker/intents/strict"
)

// checkAll finds what intents of the catalogue do to each other. Of two layers the later one is at fault.
func (l *loader) checkAll() {
	all := slices.SortedStableFunc(slices.Values(l.catalog.Intents), func(a, b *Intent) int { return cmp.Compare(a.Layer, b.Layer) })
	l.checkPatterns(all)
	examples := l.checkExamples(all)
	for _, in := range all {
		l.checkNear(in, examples)
	}
}

// checkPatterns faults patterns that two intents have.
func (l *loader) checkPatterns(all []*Intent) {
	patterns := map[string]*Intent{}
	for _, in := range all {
		for _, pattern := range in.Patterns {
			said := pattern.Root.spell(false)
			other, taken := patterns[said]
			if patterns[said] = in; !taken || other == in {
				continue
			}
			remedy := cmp.Or(remedyOver(in, other), "remove one of them, or make them differ")
			l.faultIn(in, pattern.Pos, "patterns", remedy, "intent %q at %s:%d has the same pattern", other.ID, other.Pos.File, other.Pos.Line)
		}
	}
}

// remedyOver is what to do about an intent of an earlier layer, "" if the other is of the same one.
func remedyOver(in, other *Intent) string {
	if other.Layer == in.Layer {
		return ""
	}
	return fmt.Sprintf("make it differ, or override that intent: give this one the id %s", other.ID)
}

// owned is an example with its intent.
type owned struct {
	Example
	intent *Intent
}

// checkExamples faults examples that say the same as another one, and returns them all by what they say.
func (l *loader) checkExamples(all []*Intent) map[string]owned {
	said := map[string]owned{}
	for _, in := range all {
		for _, example := range in.Examples {
			words := l.said(example.Text)
			first, taken := said[words]
			if !taken {
				said[words] = owned{example, in}
				continue
			}
			remedy := cmp.Or(remedyOver(in, first.intent), "remove one of them, or ask it in other words")
			l.faultIn(in, example.Pos, "examples", remedy, "%q says no more than %q of intent %q at %s:%d",
				example.Text, first.Text, first.intent.ID, first.Pos.File, first.Pos.Line)
		}
	}
	return said
}

// checkNear faults what must not route to the intent if the catalogue says somewhere that it does.
func (l *loader) checkNear(in *Intent, examples map[string]owned) {
	for _, near := range in.NotExamples {
		if at, taken := examples[l.said(near.Text)]; taken {
			l.checkTaken(in, near, at)
		}
		switch _, known := l.catalog.Intent(near.Intent); {
		case near.Intent == in.ID:
			l.faultIn(in, near.Pos, "notExamples", "name another intent, or none", "%q cannot belong to the intent that it must not go to", near.Text)
		case near.Intent != "" && !known && !l.broken:
			remedy := cmp.Or(strict.Suggest(near.Intent, "", l.ids()), "see clanker intents list")
			l.faultIn(in, near.Pos, "notExamples", remedy, "unknown intent %q", near.Intent)
		}
	}
	for _, test := range in.Tests {
		if at, taken := examples[l.said(test.Ask)]; taken && test.Not && at.intent == in {
			l.faultIn(in, test.Pos, "tests", "remove one of them", "%q is an example at line %d", test.Ask, at.Pos.Line)
		}
	}
}

// checkTaken faults a near miss that is an example of the intent, or of another one than it is said to belong to.
func (l *loader) checkTaken(in *Intent, near NotExample, at owned) {
	switch {
	case at.intent == in:
		l.faultIn(in, near.Pos, "notExamples", "remove one of them", "%q is an example at line %d", near.Text, at.Pos.Line)
	case near.Intent != "" && at.intent.ID != near.Intent:
		l.faultIn(in, near.Pos, "notExamples", "name that intent, or move the example", "%q is an example of intent %q at %s:%d",
			near.Text, at.intent.ID, at.Pos.File, at.Pos.Line)
	}
}

func (l *loader) faultIn(in *Intent, pos Position, where, remedy, format string, args ...any) {
	l.faults = append(l.faults, Fault{Pos: pos, Subject: Subject(in.ID), Where: where, Remedy: remedy, Message: fmt.Sprintf(format, args...)})
}

func (l *loader) ids() []string {
	ids := make([]string, len(l.catalog.Intents))
	for i, in := range l.catalog.Intents {
		ids[i] = in.ID
	}
	return ids
}

// said is a question without case, punctuation and fillers: what two questions have in common that say the same. It need
// not be as thorough as the normalisation of the router, which finds all questions that two intents take.
func (l *loader) said(question string) string {
	words := strings.FieldsFunc(strings.ToLower(question), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`,.?!;:"'`, r) })
	said := slices.DeleteFunc(slices.Clone(words), func(word string) bool {
		_, filler := slices.BinarySearch(l.catalog.Vocabulary.Fillers, word)
		return filler
	})
	if len(said) == 0 {
		said = words
	}
	return strings.Join(said, " ")
}
