package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// pointing is a question that points back at an answer.
type pointing struct {
	m     *Matcher
	names adapters.Names
	look  *Look
	text  string
	l     *lattice // of the question
}

// resolve makes a question that points back stand alone: pure, as [Matcher.Match]. A look that is nil says that nothing is known
// of earlier answers.
func (m *Matcher) resolve(text string, look *Look, names adapters.Names) resolved {
	alone := resolved{text: text}
	cleaned, ok := clean(text)
	if !ok {
		return alone
	}
	s := m.scratch.Get().(*scratch)
	defer m.scratch.Put(s)
	s.lattice.build(m.lex, names, cleaned)
	p := &pointing{m, names, look, text, &s.lattice}
	start, end := p.l.core()
	if start == end {
		return alone
	}
	if f := p.l.form(start, end); f != noForm {
		return p.form(f, alone)
	}
	if found := p.l.backs(start, end); found != nil {
		return p.backs(found, start, end, alone)
	}
	i, end, led := p.l.elliptic()
	if said, ok := p.l.partsOf(i, end); ok && (led || said.name+said.kind+said.other == "") {
		return p.again(said, led, alone)
	}
	return alone
}

// stands reports whether the question is one that the matcher takes as it is.
func (p *pointing) stands() bool { return p.m.Match(p.text, p.names).Outcome == Hit }

// lost is what becomes of a question that is nothing without an earlier answer, when there is none.
func lost(words string) resolved {
	return resolved{needs: &Needs{Slot: followUpSlot, Question: fmt.Sprintf("What is meant by %q", clipped(Printable(words), maxWanted))}}
}

// form answers a question that is nothing but a question about what was answered.
func (p *pointing) form(f form, alone resolved) resolved {
	if p.stands() {
		return alone
	}
	if p.look == nil {
		return lost(p.text)
	}
	if f == asksMore {
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
	return p.read(p.text, t, []string{join(" ", fmt.Sprintf(asks, t.words), t.place)})
}

// read chooses the first of the texts that the matcher takes with what was put into it, else the first.
func (p *pointing) read(words string, t thing, texts []string) resolved {
	text := texts[0]
	for _, candidate := range texts {
		if hit, ok := p.hit(candidate); ok && p.fits(hit, t) {
			text = candidate
			break
		}
	}
	return resolved{text: text, only: t.set, note: fmt.Sprintf("read %q as %s (from answer %s): %s", clipped(Printable(words), maxWanted), t.label, p.answer(), Printable(text))}
}

// answer is the ID of the earlier answer, if there is one.
func (p *pointing) answer() string {
	if p.look == nil {
		return ""
	}
	return p.look.AnswerID
}

// takes reports whether the matcher makes something of the text, if only a question back.
func (p *pointing) takes(text string) bool { return p.m.Match(text, p.names).Outcome != Abstain }

func (p *pointing) hit(text string) (MatchHit, bool) {
	match := p.m.Match(text, p.names)
	if match.Outcome != Hit {
		return MatchHit{}, false
	}
	return match.Hits[0], true
}

// fits reports whether the matcher took the thing for what it is.
func (p *pointing) fits(hit MatchHit, t thing) bool {
	if t.set != nil { // and they are what is listed, not what is asked about each
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

// backs puts what is pointed at in the place of the words that do.
func (p *pointing) backs(found []mention, start, end int, alone resolved) resolved {
	words := p.l.say(found[0].from, found[0].to, nil)
	soft := !slices.ContainsFunc(found, func(b mention) bool { return !b.soft })
	if p.look == nil {
		if soft || !p.asks(found, start, end) {
			return alone
		}
		return lost(words)
	}
	if found[0].sort == toPlace {
		return p.there(found[0], start, end, alone)
	}
	t, needs := p.target(found[0])
	switch {
	case needs != nil && (soft && len(needs.Candidates) == 0 || !p.asks(found, start, end)):
		return alone
	case needs != nil:
		return resolved{needs: needs}
	case found[0].from == start && found[0].to == end:
		return p.read(words, t, []string{join(" ", "details of "+t.words, t.place)})
	}
	r := p.put(words, t, found, start, end)
	hit, ok := p.hit(r.text)
	switch {
	case !ok && !p.takes(r.text) && !p.stands():
		return alone // whatever it asks: small talk, knowledge
	case soft && (!ok || !p.fits(hit, t)) && p.stands():
		return alone
	case ok && t.set != nil && !p.fits(hit, t):
		return resolved{needs: whichOf(words, p.look.AnswerID, t.set)}
	case ok && !p.fits(hit, t):
		return resolved{needs: &Needs{Slot: "question", Question: fmt.Sprintf("No intent answers this of %s alone. Ask it in other words.", t.label)}}
	case ok && hit.Intent.Action == intents.ActionPropose && t.id != "":
		return p.put(words, p.m.exactly(t.id, p.names), found, start, end)
	}
	return r
}

// asks reports whether the question would be one if what it points at were known.
func (p *pointing) asks(found []mention, start, end int) bool {
	if found[0].from == start && found[0].to == end {
		return true
	}
	words := "example-0"
	if found[0].sort == toThem {
		words = "pods"
	}
	return p.takes(p.put(words, thing{words: words, name: words}, found, start, end).text)
}

// put writes the question with the thing in it, in the ways in which it can be said.
func (p *pointing) put(words string, t thing, found []mention, start, end int) resolved {
	if p.l.says(start, end, found) {
		t.place = "" // the question says where
	}
	var plain, owned []edit
	for _, b := range found {
		text := t.words
		if t.set != nil && !b.noun && b.sort == toThem {
			text = "the " + text
		}
		plain = append(plain, edit{b.from, b.to, text})
		if len(owned) == 0 && owning[p.l.words[b.from]] {
			owned = append(owned, edit{b.from, b.to, "the"})
		}
	}
	start = p.l.behindLead(start)
	texts := []string{join(" ", p.l.say(start, end, plain), t.place)}
	if len(owned) > 0 && len(found) == 1 {
		texts = append(texts, join(" ", p.l.say(start, end, owned), "of", t.words, t.place))
	}
	return p.read(words, t, texts)
}

// thing finds what a place of the question points at.
func (p *pointing) target(b mention) (thing, *Needs) {
	words := p.l.say(b.from, b.to, nil)
	switch b.sort {
	case toNth:
		return p.nth(words, b)
	case toOneAt:
		return p.oneAt(words, b)
	case toThem:
		if listed := p.listed(b.kind); len(listed) > 1 {
			return p.them(b, listed), nil
		}
	default: // one
	}
	return p.it(words, b.kind)
}

// listed are the resources that the earlier answer showed, of a kind if one is given.
func (p *pointing) listed(kind adapters.Kind) []string {
	return slices.DeleteFunc(slices.Clone(p.look.Listed), func(id string) bool {
		return kind != "" && adapters.IDKind(id) != kind || adapters.IDKind(id) == adapters.KindEvent || adapters.IDKind(id) == KindLog
	})
}

// it is the one thing that the earlier answer was about: what its question named, or where it looked if that was what it asked
// about, or the only thing that it showed.
func (p *pointing) it(words string, kind adapters.Kind) (thing, *Needs) {
	slots := p.look.Subject.Slots
	if kind != "" && placeSlots[string(kind)] {
		if t, ok := p.m.placeNoun(slots, string(kind)); ok {
			return t, nil
		}
	}
	name := cmp.Or(textOf(slots, "service"), textOf(slots, "pod"), textOf(slots, "node"))
	if name != "" {
		if t, ok := p.named(name, kind); ok {
			return t, nil
		}
	} else if kind == "" && p.asksOfPlace() {
		if t, ok := p.m.placeNoun(slots, "namespace", "cluster", "environment"); ok {
			return t, nil
		}
	}
	listed := p.listed(kind)
	if len(listed) == 1 {
		if t, ok := p.m.targetOf(listed[0], p.names); ok {
			return t, nil
		}
	}
	if len(listed) == 0 {
		return thing{}, &Needs{Slot: "service", Question: fmt.Sprintf("Answer %s tells of nothing that could be meant. What is?", p.look.AnswerID)}
	}
	return thing{}, whichOf(words, p.look.AnswerID, listed)
}

// named is what the earlier question named, in the place that it named.
func (p *pointing) named(name string, kind adapters.Kind) (thing, bool) {
	var alike []string
	for _, id := range p.look.Subject.Refs {
		if strings.EqualFold(adapters.IDName(id), name) && (kind == "" || adapters.IDKind(id) == kind) {
			alike = append(alike, id)
		}
	}
	t := thing{words: p.m.nameWords(name), place: p.m.placeOfSlots(p.look.Subject.Slots), label: clipped(Printable(name), maxWanted), name: name}
	if len(alike) == 1 {
		t.id = alike[0]
	}
	return t, t.words != "" && (kind == "" || len(alike) > 0)
}

// asksOfPlace reports whether the earlier question was about a place, "is staging healthy", and not of something in it.
func (p *pointing) asksOfPlace() bool {
	s := p.m.scratch.Get().(*scratch)
	defer p.m.scratch.Put(s)
	s.lattice.build(p.m.lex, p.names, p.look.Question)
	l := &s.lattice
	for i := range l.tokens {
		if to, ok := l.placeSpan(i, len(l.tokens)); ok {
			return placeWord(l.words[i]) == noPlace && !l.kindWithin(0, i) && !l.kindWithin(to, len(l.tokens))
		}
	}
	return false
}

// placeNoun is the first of the places that the slots have, as a thing.
func (m *Matcher) placeNoun(slots map[string]any, of ...string) (thing, bool) {
	for _, slot := range of {
		name := textOf(slots, slot)
		words := m.nameWords(name)
		if words == "" {
			continue
		}
		t := thing{words: words, label: clipped(Printable(name), maxWanted), name: name}
		if slot == "namespace" || slot == "cluster" {
			t.words, t.label = slot+" "+t.words, slot+" "+t.label
		} else {
			t.words = name
		}
		return t, true
	}
	return thing{}, false
}

// them are several that the earlier answer showed.
func (p *pointing) them(b mention, listed []string) thing {
	kind := adapters.Kind(textOf(p.look.Subject.Slots, "kind"))
	if slices.ContainsFunc(listed, func(id string) bool { return adapters.IDKind(id) != kind }) {
		kind = adapters.IDKind(listed[0])
	}
	words := p.m.kindWords(kind)
	if slices.ContainsFunc(listed, func(id string) bool { return adapters.IDKind(id) != kind }) {
		words = "services"
	}
	return thing{words: words, place: p.m.placeOfSlots(p.look.Subject.Slots), set: listed, label: fmt.Sprintf("the %d that it showed", len(listed))}
}

// nth is a row of the earlier answer.
func (p *pointing) nth(words string, b mention) (thing, *Needs) {
	listed := p.listed(b.kind)
	n := b.n - 1
	if b.n < 0 {
		n = len(listed) - 1
	}
	if n < 0 || n >= len(listed) {
		return thing{}, whichOf(words, p.look.AnswerID, listed)
	}
	t, ok := p.m.targetOf(listed[n], p.names)
	if !ok {
		return t, whichOf(words, p.look.AnswerID, listed)
	}
	return t, nil
}

// oneAt is the only row of the earlier answer that is in a place.
func (p *pointing) oneAt(words string, b mention) (thing, *Needs) {
	var there []string
	for _, id := range p.listed("") {
		if p.isIn(resourceAt(id, p.names), p.l.say(b.from+2, b.to, nil), adapters.IDScope(id)) {
			there = append(there, id)
		}
	}
	if len(there) == 1 {
		if t, ok := p.m.targetOf(there[0], p.names); ok {
			return t, nil
		}
	}
	if len(there) == 0 {
		there = p.listed("")
	}
	return thing{}, whichOf(words, p.look.AnswerID, there)
}

// isIn reports whether a resource is in a place: its provider, or a part of its scope.
func (p *pointing) isIn(n adapters.Name, place string, scope []string) bool {
	for word := range strings.FieldsSeq(place) {
		word = strings.Trim(word, "\"'`")
		environment, _, ok := environmentWord(strings.ToLower(word))
		if strings.EqualFold(word, n.Provider) || ok && n.Scope.Environment == environment || slices.ContainsFunc(scope, func(s string) bool { return strings.EqualFold(s, word) }) {
			return true
		}
	}
	return false
}

// there puts the place of the earlier answer in the place of "there".
func (p *pointing) there(b mention, start, end int, alone resolved) resolved {
	place := p.m.placeOfSlots(p.look.Subject.Slots)
	if place == "" {
		if listed := p.listed(""); len(listed) == 1 {
			place = p.m.placeOf(resourceAt(listed[0], p.names))
		}
	}
	if place == "" {
		return alone
	}
	if b.from > start && (p.l.words[b.from-1] == "in" || p.l.words[b.from-1] == "over") {
		b.from--
	}
	text := p.l.say(start, end, []edit{{b.from, b.to, place}})
	return resolved{text: text, note: fmt.Sprintf("read %q as %q (from answer %s): %s", "there", place, p.look.AnswerID, Printable(text))}
}

// behindLead returns where a question begins behind "and" or "what about".
func (l *lattice) behindLead(start int) int {
	for start < len(l.tokens) && !l.tokens[start].quoted {
		switch {
		case l.joint(start), l.words[start] == "but", l.words[start] == "so":
			start++
		case start+1 < len(l.words) && (l.words[start] == "what" || l.words[start] == "how") && l.words[start+1] == "about":
			start += 2
		default:
			return start
		}
	}
	return start
}

// says reports whether the question says where, beside what points back.
func (l *lattice) says(start, end int, found []mention) bool {
	for i := start; i < end; i++ {
		if at := slices.IndexFunc(found, func(b mention) bool { return b.from <= i && i < b.to }); at >= 0 {
			i = found[at].to - 1
			continue
		}
		for _, s := range l.at(i) {
			if s.class == isAside && placeSlots[s.slot] && s.weight != weightGuess {
				return true
			}
		}
	}
	return false
}
