package router

import (
	"fmt"
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// pointing is a question that may point back at an answer.
type pointing struct {
	m          *Matcher
	names      adapters.Names
	look       *Look    // the answer; nil when none is known
	text       string   // of the question
	l          *lattice // of the question
	start, end int      // of what it asks, without courtesies
}

// resolve makes a question that points back stand alone: pure, as [Matcher.Match]. A look that is nil says that nothing is
// known of earlier answers.
func (m *Matcher) resolve(text string, look *Look, names adapters.Names) resolved {
	cleaned, ok := clean(text)
	if !ok {
		return resolved{text: text}
	}
	s := m.scratch.Get().(*scratch)
	defer m.scratch.Put(s)
	p := &pointing{m: m, names: names, look: look, text: text, l: &s.lattice}
	p.l.build(m.lex, names, cleaned)
	if p.start, p.end = p.l.core(); p.start == p.end {
		return p.alone()
	}
	if f := p.l.form(p.start, p.end); f != noForm {
		return p.form(f)
	}
	if found := p.l.mentions(p.start, p.end); found != nil {
		return p.points(found)
	}
	start, end, led := p.l.elliptic()
	if said, ok := p.l.partsOf(start, end); ok && (led || said.what() == "") {
		return p.again(said, led)
	}
	return p.alone()
}

// alone leaves the question as it is.
func (p *pointing) alone() resolved { return resolved{text: p.text} }

// lost asks back for what nothing tells, for there is no earlier answer.
func lost(words string) resolved {
	return resolved{needs: &Needs{Slot: followUpSlot, Question: fmt.Sprintf("What is meant by %q", Clipped(Printable(words), maxWanted))}}
}

// asked is the question as it is to be answered, and what it was read as.
func (p *pointing) asked(text, words, as string) resolved {
	return resolved{text: text, note: fmt.Sprintf("read %q as %s (from answer %s): %s", Clipped(Printable(words), maxWanted), as, p.look.AnswerID, Printable(text))}
}

// hit is what the matcher makes of a text, if it is sure.
func (p *pointing) hit(text string) (MatchHit, bool) {
	match := p.m.Match(text, p.names)
	if match.Outcome != Hit {
		return MatchHit{}, false
	}
	return match.Hits[0], true
}

// takes reports whether the matcher makes something of a text, if only a question back.
func (p *pointing) takes(text string) bool { return p.m.Match(text, p.names).Outcome != Abstain }

// stands reports whether the question is one as it is.
func (p *pointing) stands() bool {
	_, ok := p.hit(p.text)
	return ok
}

// form resolves a question that is nothing but one about what was answered.
func (p *pointing) form(f form) resolved {
	_, stands := p.hit(p.l.say(p.start, p.end, nil))
	switch {
	case stands:
		return p.alone()
	case p.look == nil:
		return lost(p.text)
	case f == asksMore:
		return resolved{text: p.text, more: true, note: fmt.Sprintf("read %q as the next page of answer %s", Printable(p.text), p.look.AnswerID)}
	}
	t, needs := p.it(p.text, "")
	if needs != nil {
		return resolved{needs: needs}
	}
	asks := map[form]string{asksWhy: "why is %s unhealthy", asksSince: "is %s healthy", asksWho: "who changed %s", asksDetails: "details of %s"}[f]
	if f == asksWhy && p.look.Subject.Intent == "metrics.rate" {
		asks = "why is %s slow"
	}
	return p.asked(join(" ", fmt.Sprintf(asks, t.words), t.place), p.text, t.label)
}

// points puts what is meant in the place of the words that point back.
func (p *pointing) points(found []mention) resolved {
	words := p.l.say(found[0].from, found[0].to, nil)
	more := p.l.namesMore(p.end, found)
	soft := more || found[0].soft // what follows points at the same
	switch {
	case more && p.stands() && !doing[p.l.before(found[0].from)]:
		return p.alone()
	case p.look == nil && (soft || !p.asks(found)):
		return p.alone()
	case p.look == nil:
		return lost(words)
	case found[0].sort == toPlace:
		return p.there(found[0])
	}
	t, needs := p.meant(found[0])
	switch {
	case needs == nil:
		return p.put(words, t, found, soft)
	case soft && len(needs.Candidates) == 0, !p.asks(found):
		return p.alone()
	}
	return resolved{needs: needs}
}

// put makes the question ask of t, if it asks anything that way, and of nothing else.
func (p *pointing) put(words string, t thing, found []mention, soft bool) resolved {
	if p.whole(found) {
		return p.asked(join(" ", "details of", t.words, t.place), words, t.label)
	}
	text := p.best(t, found)
	hit, ok := p.hit(text)
	fits := ok && p.fits(hit, t)
	soft = soft || found[0].from == p.start // "it worked yesterday": a statement
	switch {
	case p.meansItself(text, soft && !fits):
		return p.alone()
	case ok && !fits:
		return resolved{needs: p.cannot(words, t)}
	case ok && hit.Intent.Action == intents.ActionPropose && t.id != "":
		t, text = p.exact(t, text, found, hit.Intent)
	}
	r := p.asked(text, words, t.label)
	r.only = t.set
	return r
}

// meansItself reports whether the question is to stay as it is: it means something by itself and may, or it means nothing with the
// thing in it either: small talk, knowledge.
func (p *pointing) meansItself(text string, may bool) bool {
	if p.stands() {
		return may
	}
	return !p.takes(text)
}

// exact is the question for a change with all that tells the resource from others, as long as it asks for the same change.
func (p *pointing) exact(t thing, text string, found []mention, in *intents.Intent) (thing, string) {
	for _, exact := range p.m.exactly(t.id, p.names) {
		said := p.said(exact, found)[0]
		if hit, ok := p.hit(said); ok && hit.Intent == in && p.fits(hit, exact) {
			return exact, said
		}
	}
	return t, text
}

// cannot asks back where an answer would tell of more than t.
func (p *pointing) cannot(words string, t thing) *Needs {
	if t.set != nil {
		return p.which(words, t.set)
	}
	return &Needs{Slot: "question", Question: fmt.Sprintf("No intent answers this of %s alone. Ask it in other words.", t.label)}
}

// whole reports whether the question is nothing but words that point back: "the second one".
func (p *pointing) whole(found []mention) bool {
	return found[0].from == p.start && found[0].to == p.end
}

// asks reports whether the question would be one if what it points at were known.
func (p *pointing) asks(found []mention) bool {
	words := "example-0"
	if found[0].sort == toThem {
		words = "pods"
	}
	return p.whole(found) || p.takes(p.best(thing{words: words, name: words}, found))
}

// best is the question with t in it, said so that the matcher takes t for what it is, if it can be.
func (p *pointing) best(t thing, found []mention) string {
	texts := p.said(t, found)
	for _, text := range texts {
		if hit, ok := p.hit(text); ok && p.fits(hit, t) {
			return text
		}
	}
	return texts[0]
}

// said is the question with t in it: "show web logs", and "show the logs of web".
func (p *pointing) said(t thing, found []mention) []string {
	if p.l.saysWhere(p.start, p.end, found) {
		t.place = ""
	}
	start := p.l.behindLead(p.start)
	var edits []edit
	for _, b := range found {
		text := t.words
		if t.set != nil && b.sort == toThem && !b.noun {
			text = "the " + text
		}
		edits = append(edits, edit{b.from, b.to, text})
	}
	texts := []string{join(" ", p.l.say(start, p.end, edits), t.place)}
	if len(found) == 1 && owning[p.l.words[found[0].from]] {
		edits[0].text = "the"
		texts = append(texts, join(" ", p.l.say(start, p.end, edits), "of", t.words, t.place))
	}
	return texts
}

// fits reports whether the matcher took t for what it is. Of several, they have to be what is listed.
func (p *pointing) fits(hit MatchHit, t thing) bool {
	if t.set != nil {
		lists := hit.Intent.Action == intents.ActionList || hit.Intent.Action == intents.ActionMetrics
		return lists && (hit.Intent.Verdict || hit.Slots["kind"] == string(p.m.lex.kinds[t.words].Kind))
	}
	for _, value := range hit.Slots {
		if text, ok := value.(string); ok && strings.EqualFold(text, t.name) {
			return true
		}
	}
	return false
}

// there puts the place of the earlier answer in the place of "there".
func (p *pointing) there(b mention) resolved {
	place := p.m.placeOfSlots(p.look.Subject.Slots)
	if listed := p.listed(""); place == "" && len(listed) == 1 {
		place = p.m.placeOf(resourceAt(listed[0], p.names))
	}
	if place == "" {
		return p.alone()
	}
	if before := p.l.before(b.from); before == "in" || before == "over" {
		b.from--
	}
	return p.asked(p.l.say(p.start, p.end, []edit{{b.from, b.to, place}}), "there", place)
}

// behindLead returns where a question begins behind "and", "what about".
func (l *lattice) behindLead(start int) int {
	for start < len(l.tokens) && !l.tokens[start].quoted {
		switch word := l.words[start]; {
		case l.joint(start), word == "but", word == "so":
			start++
		case (word == "what" || word == "how") && l.behind(start, len(l.tokens)) == "about":
			start += 2
		default:
			return start
		}
	}
	return start
}
