package router

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clanker/adapters"
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
		d.answer.Question = Printable(d.answer.Question)
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

// ask turns the question back to the asker. Nobody chooses among hundreds: the first candidates will do.
func (d *draft) ask(needs Needs) {
	needs.Candidates = needs.Candidates[:min(len(needs.Candidates), DefaultLimit)]
	d.answer.Needs = &needs
	d.end(StatusNeedsInput, needs.Question)
}

// askWhich lets the asker choose between intents that cannot be told apart.
func (d *draft) askWhich(match Match) {
	needs := Needs{Slot: "question", Question: "That can be read in more than one way. Which is meant?"}
	for _, hit := range match.Hits {
		needs.Candidates = append(needs.Candidates, hit.Intent.Description)
	}
	slices.Sort(needs.Candidates)
	d.ask(needs)
}

// decline says that no intent covers the question, what the nearest ones are about, and how to add one. Their examples
// would name things that are not here, and an agent that picks one would report on something else.
func (d *draft) decline(match Match, m *Matcher) {
	d.end(StatusUnsupported, "No intent covers this question, so nothing was read.")
	if match.Reason != "" {
		d.warn("%s", match.Reason)
	}
	if !match.Barred && !match.Foreign {
		d.nearest(match, m)
	}
	switch {
	case match.Barred:
	case d.asked.Unaided:
		d.warn("no model looks into a question that is watched, which would cost as often as it is asked: ask it once")
	case match.Foreign:
		d.warn("name a model with the question (--model, over MCP `model`) to have it looked into all the same")
	}
}

// nearest says which intents are near, and how such a question comes to be answered.
func (d *draft) nearest(match Match, m *Matcher) {
	var nearest []string
	for _, candidate := range match.Tried[:min(3, len(match.Tried))] {
		if in, ok := m.catalog.Intent(candidate.Intent); ok {
			nearest = append(nearest, fmt.Sprintf("%s (%s)", in.ID, strings.TrimRight(in.Description, ".")))
		}
	}
	if len(nearest) > 0 {
		d.warn("nearest intents: %s", strings.Join(nearest, ", "))
	}
	d.warn("to have it answered, add an intent to a YAML file in the intents directory; `clanker route` reads questions and shows what was tried")
}

// nowhere ends an answer that found nothing when the question gives a name that nothing goes by, and offers the names
// that are near.
func (d *draft) nowhere() bool {
	slot, name := d.unknownName()
	if name == "" {
		return false
	}
	d.lost = true
	d.answer.Summary = fmt.Sprintf("Nothing that could be read goes by the %s name %q", slot, Printable(name))
	near := nearest(slot, name, d.names)
	if len(near) == 0 {
		d.answer.Summary += "."
		return true
	}
	d.answer.Summary += fmt.Sprintf("; did you mean %s?", strings.Join(near, ", "))
	d.answer.Needs = &Needs{Slot: slot, Question: "Which one is meant?", Candidates: slices.Sorted(slices.Values(near))}
	if question := strings.Replace(d.answer.Question, name, near[0], 1); question != d.answer.Question {
		d.answer.Next = []NextStep{{Question: question, Why: "the nearest name"}}
	}
	return true
}

// unknownName returns the slot and name in the question that nothing goes by.
func (d *draft) unknownName() (slot, name string) {
	for _, n := range []struct{ slot, name string }{
		{"cluster", d.query.Scope.Cluster}, {"namespace", d.query.Scope.Namespace}, {"service", d.query.Name},
	} {
		if n.name != "" && len(d.names.Find(n.name)) == 0 {
			return n.slot, n.name
		}
	}
	return "", ""
}

// elsewhere ends an answer that found no resource when what goes by the name is somewhere else than was asked.
func (d *draft) elsewhere() bool {
	if d.nowhere() {
		return true
	}
	var places []string
	for _, n := range d.names.Find(d.query.Name) {
		places = append(places, join(" ", n.Provider, location(n.Scope)))
	}
	slices.Sort(places)
	places = slices.Compact(places)
	if len(places) == 0 || d.query.Scope == (adapters.Scope{}) {
		return false
	}
	d.answer.Summary = fmt.Sprintf("Nothing named %q in %s; it is in %s.", d.query.Name, d.data.Place, few(places, 3, ", "))
	return true
}
