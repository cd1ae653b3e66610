package router

import (
	"context"
	"fmt"
	"strings"

	"clanker/adapters"
)

// Follow-up questions. "Now show me its logs" is made a question that stands alone before it is matched as any other: what
// "its" is, the asker's last answer tells, or the one that [Question.FollowUp] names. What cannot be known is asked back. A
// question that stands alone is not touched, whatever words it holds.

// subjectAge is for how long "it" means what the asker asked about last.
const subjectAge = recentAge

// resolved is what became of a question that may point back at an earlier answer.
type resolved struct {
	text  string   // stands alone
	note  string   // how it was read; empty when the question stands alone
	only  []string // the IDs that the answer is to be about, when it is about several; nil for no bounds
	more  bool     // it asks for the next page of the earlier answer
	needs *Needs   // what cannot be known
}

// standsAlone makes the draft's question one that stands alone. It reports false when that cannot be done, and the draft has asked
// back.
func (r *Router) standsAlone(ctx context.Context, d *draft, m *Matcher) bool {
	if d.asked.FollowUp == "" && (r.memory == nil || !mayPointBack(d.asked.Text)) {
		return true
	}
	look, missing := r.earlier(ctx, d)
	if missing != "" && d.asked.FollowUp != "" {
		d.ask(Needs{Slot: followUpSlot, Question: missing})
		return false
	}
	found := m.resolve(d.asked.Text, look, r.workspace.Names(ctx, false))
	if found.needs != nil {
		if look == nil {
			found.needs.Question += ": " + missing
		}
		d.ask(*found.needs)
		return false
	}
	if found.note == "" {
		d.earlier = look // "they" may still be understood by a model
	} else {
		d.warn("%s", found.note)
	}
	d.asked.Text, d.only = found.text, found.only
	return !found.more || r.turn(d, look)
}

// mostEarlier is how many resources of the answer before a model is told of.
const mostEarlier = 10

// Earlier is what was asked before, and the resources (IDs) that its answer showed, in its order, where words of the question may point
// back at them; no resources otherwise.
func (k *Desk) Earlier() (question string, refs []string) {
	if k.earlier == nil {
		return "", nil
	}
	refs = k.earlier.Listed
	if len(refs) == 0 {
		refs = k.earlier.Subject.Refs
	}
	return k.earlier.Question, refs[:min(len(refs), mostEarlier)]
}

const followUpSlot = "followUp"

// earlier returns the look that the question may point back at, or why there is none.
func (r *Router) earlier(ctx context.Context, d *draft) (*Look, string) {
	which, id := Which{AnswerID: d.asked.FollowUp}, d.asked.Asker.Claimed()
	switch {
	case r.memory == nil:
		return nil, "this workspace keeps no answers; name what is meant in the question"
	case which.AnswerID != "":
	case id == "":
		return nil, "who asks is not known, so nothing tells which answer is meant; name it, or give followUp: the answerId of that answer"
	default:
		which.Asker = id
	}
	ctx, done := context.WithTimeout(ctx, remembering)
	defer done()
	look, ok, err := r.memory.Look(ctx, which)
	switch {
	case err != nil:
		return nil, fmt.Sprintf("earlier answers cannot be read (%v); name what is meant in the question", err)
	case !ok && which.AnswerID != "":
		return nil, fmt.Sprintf("No answer %q is kept. Give the answerId of an answer that is, or name what is meant in the question.", Clipped(Printable(which.AnswerID), maxWanted))
	case !ok, which.AnswerID == "" && d.started.Sub(look.At) > subjectAge:
		return nil, fmt.Sprintf("you were given no answer in the last %s; name it, or give followUp: the answerId of the answer that is meant", roughly(subjectAge))
	}
	return &look, ""
}

// turn makes the draft ask for the next page of an earlier answer, after the last one that was shown.
func (r *Router) turn(d *draft, look *Look) bool {
	rest, kept := r.recent.rest(look.AnswerID, d.started)
	switch {
	case !kept:
		d.ask(Needs{Slot: "question", Question: fmt.Sprintf("Answer %s is no longer kept. Ask it again, with a higher limit to see more.", look.AnswerID), Candidates: []string{Printable(look.Question)}})
	case rest == "":
		d.end(StatusNoData, fmt.Sprintf("Answer %s has shown all it has.", look.AnswerID))
	default:
		d.asked = Question{Cursor: rest, Bytes: d.asked.Bytes}
		return true
	}
	return false
}

// among leaves of what was read the resources that the question is about, when it points back at several, and says which were
// not read again. It reports false when none was: nothing found would pass for an answer.
func (d *draft) among(s *adapters.Snapshot) bool {
	if d.only == nil {
		return true
	}
	meant := make(map[string]bool, len(d.only))
	for _, id := range d.only {
		meant[id] = true
	}
	var there []adapters.Resource
	for _, resource := range s.Resources {
		if meant[resource.ID] {
			there = append(there, resource)
		}
	}
	if s.Resources = there; len(there) == 0 {
		d.ask(Needs{Slot: "service", Question: "None of what the earlier answer showed was read for this. Which one is meant?", Candidates: labels(d.only)})
		return false
	}
	if gone := len(meant) - len(there); gone > 0 {
		d.warn("%d of the %d that the earlier answer showed were not read for this: they are gone, or of other kinds", gone, len(meant))
	}
	return true
}

// mayPointBack is a quick test of what a question that stands alone mostly lacks.
func mayPointBack(text string) bool {
	count, opening, before := 0, true, ""
	for word := range strings.FieldsFuncSeq(text, isBetween) {
		word = strings.ToLower(word)
		if backWords[word] || opening && openers[word] || word == "about" && (before == "what" || before == "how") {
			return true
		}
		opening = opening && (courtesies[word] || idle[word])
		count++
		before = word
	}
	return count <= fewWords
}

// isBetween reports whether the character stands between words: blanks and most marks.
func isBetween(r rune) bool {
	return r <= '/' && r != '\'' && r != '-' || r == ':' || r == ';' || r == '?'
}
