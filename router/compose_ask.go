package router

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clanker/adapters"
	"clanker/intents"
)

// MaxQuestion is the length of the longest question that is looked at, in characters.
const MaxQuestion = 2000

// readable reports whether the question is text that the matcher can look at, and says what is wrong if it is not.
func (d *draft) readable() bool {
	text := d.asked.Text
	switch {
	case strings.TrimSpace(text) == "":
		d.ask(Needs{Slot: "question", Question: "The question is empty. What do you want to know about the infrastructure?"})
	case utf8.RuneCountInString(text) > MaxQuestion:
		d.end(StatusUnsupported, fmt.Sprintf("The question is %d characters long; ask in at most %d.", utf8.RuneCountInString(text), MaxQuestion))
	case !utf8.ValidString(text) || strings.ContainsFunc(text, binary):
		d.answer.Question = printable(d.answer.Question)
		d.end(StatusUnsupported, "The question is not plain text: it holds bytes that are no UTF-8, or control characters.")
	default:
		return true
	}
	return false
}

func binary(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }

// end settles the answer without anything having been read.
func (d *draft) end(status Status, summary string) {
	d.answer.Status, d.answer.Summary, d.settled = status, summary, true
}

// ask turns the question back to the asker.
func (d *draft) ask(needs Needs) {
	d.answer.Needs = &needs
	d.end(StatusNeedsInput, needs.Question)
}

// askWhich lets the asker choose between intents that cannot be told apart.
func (d *draft) askWhich(match Match) {
	needs := Needs{Slot: "question", Question: "That can be read in more than one way. Which is meant?"}
	for _, hit := range match.Hits {
		needs.Candidates = append(needs.Candidates, example(hit.Intent))
	}
	slices.Sort(needs.Candidates)
	d.ask(needs)
}

// example is a question that the intent answers.
func example(in *intents.Intent) string {
	if len(in.Examples) == 0 {
		return in.Description
	}
	return in.Examples[0].Text
}

// decline says that no intent covers the question, which ones are nearest, and how to add one.
func (d *draft) decline(match Match, m *Matcher) {
	d.end(StatusUnsupported, "No intent covers this question, so nothing was read.")
	for _, candidate := range match.Tried[:min(3, len(match.Tried))] {
		if in, ok := m.catalog.Intent(candidate.Intent); ok {
			d.answer.Next = append(d.answer.Next, NextStep{Question: example(in), Why: "nearest intent: " + in.ID})
		}
	}
	if match.Reason != "" {
		d.warn("%s", match.Reason)
	}
	d.warn("to have it answered, add an intent to a YAML file in the intents directory; `clanker intents explain %q` shows what was tried", cut(d.answer.Question, 80))
}

// nowhere ends the answer when the question gives a name that nothing goes by, and offers names that are near.
func (d *draft) nowhere() bool {
	name, place := d.unknownName()
	if name == "" {
		return false
	}
	near := nearest(name, d.names)
	d.answer.Summary = fmt.Sprintf("Nothing named %q in %s.", name, place)
	if len(near) > 0 {
		d.answer.Summary = fmt.Sprintf("Nothing named %q in %s; did you mean %s?", name, place, strings.Join(near, ", "))
		d.answer.Needs = &Needs{Slot: "service", Question: "Which one is meant?", Candidates: slices.Sorted(slices.Values(near))}
	}
	return true
}

// unknownName returns the name in the question that nothing goes by, and where it was looked for.
func (d *draft) unknownName() (name, where string) {
	s := d.query.Scope
	for _, n := range []struct{ name, where string }{
		{s.Cluster, "everything connected"},
		{s.Namespace, place(adapters.Query{Providers: d.query.Providers, Scope: adapters.Scope{Cluster: s.Cluster}})},
		{d.query.Name, d.data.Place},
	} {
		if n.name != "" && len(d.names.Find(n.name)) == 0 {
			return n.name, n.where
		}
	}
	return "", ""
}
