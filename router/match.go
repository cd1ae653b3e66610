package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router/learn"
)

// Matcher finds the intent that a question asks for. It is pure: the same question, catalogue and names give the same
// [Match], with no clock, no randomness and no order of a map in it. It is safe for concurrent use.
//
// A question hits an intent when one of its patterns, or an example word for word, explains every word of it, together with
// fillers and the scope and time phrases that every intent understands: nothing is left over. Where none does, what was learned
// from the examples may take it: from the intents whose requirements hold, if that is certain enough; see match_learn.go. Either
// way, a "not" that the intent says nothing of is never ignored.
type Matcher struct {
	catalog  *intents.Catalog
	lex      *lexicon
	programs []*program
	index    map[key][]int32 // programs by a word or concept that each of their matches has
	near     *nearIndex
	learned  *learned
	scratch  sync.Pool // of *scratch
}

// scratch is the memory of one match.
type scratch struct {
	lattice lattice
	cells   []cell
	tried   []bool // by program, reset by visited
	visited []int32
	found   []finding
	tally   tally
	act     intents.Act
	reading reading
	learn   learn.Scratch
}

// finding is a program that explains the whole question.
type finding struct {
	program *program
	score   int32
	slots   intents.Slots
	names   []naming
	conf    float64
	masked  string
	problem string // why it does not answer the question after all
}

// naming is a slot that took a name which the workspace has not seen.
type naming struct {
	slot  string
	types uint32
	pods  bool
}

// NewMatcher compiles the catalogue. It fails with [intents.Errors] if an example does not route to its own intent when
// no names are known, naming the pattern that takes it. What it learns of the examples is looked up in the caches first.
func NewMatcher(c *intents.Catalog, caches ...Cache) (*Matcher, error) {
	m := compile(c)
	m.learnByHeart()
	if !shipped().is(c) { // whose examples are proven where it is built
		if err := m.checkExamples(m.askExamples()); err != nil {
			return nil, err
		}
	}
	return m, m.learn(caches)
}

// compile makes programs of all patterns.
func compile(c *intents.Catalog) *Matcher {
	m := &Matcher{catalog: c, lex: newLexicon(c.Vocabulary)}
	m.scratch.New = func() any { return new(scratch) }
	for _, in := range c.Intents {
		for _, pattern := range in.Patterns {
			m.programs = append(m.programs, compileProgram(m.lex, in, pattern, fromPattern))
		}
	}
	m.build()
	m.lex.spelling = newSpelling(m.lex)
	m.near = newNearIndex(m.lex, c.Intents)
	return m
}

// learnByHeart makes programs of the examples that no pattern explains.
func (m *Matcher) learnByHeart() {
	if m.addExamples(m.askExamples()) {
		m.build()
	}
}

// build indexes every program under the rarest words and concepts of which each of its matches has one.
func (m *Matcher) build() {
	frequency := map[key]int{}
	for _, p := range m.programs {
		for _, a := range p.atoms {
			frequency[key{a.op, a.id}]++ // all slots count as kinds: they are no rare word to find a pattern by
		}
	}
	m.index = map[key][]int32{}
	for i, p := range m.programs {
		keys, _ := cover(m.lex, p.pattern.Root, frequency)
		slices.SortFunc(keys, compareKey)
		for _, k := range slices.Compact(keys) {
			m.index[k] = append(m.index[k], int32(i))
		}
	}
}

func compareKey(a, b key) int { return cmp.Or(cmp.Compare(a.op, b.op), cmp.Compare(a.id, b.id)) }

// Match says what intent the text asks for, given the names that the workspace has seen.
func (m *Matcher) Match(text string, names adapters.Names) Match {
	text, ok := clean(text)
	if !ok {
		return Match{Outcome: Abstain, Reason: fmt.Sprintf("the question is too long: ask it in under %d bytes", maxQuestionBytes)}
	}
	s := m.scratch.Get().(*scratch)
	defer m.scratch.Put(s)
	match := m.match(s, text, names)
	if match.guessed() {
		if two, ok := m.two(text, names, match.Hits[0].Intent.Topic); ok {
			return two
		}
	}
	if match.Outcome == Abstain && len(s.found) == 0 {
		if half := m.half(text, names); half != "" {
			match.Reason = fmt.Sprintf("it asks for more than %q: ask for one thing at a time", half)
		}
	}
	return match
}

func (m *Matcher) match(s *scratch, text string, names adapters.Names) Match {
	s.lattice.build(m.lex, names, text)
	if len(s.lattice.tokens) == 0 {
		s.found = s.found[:0]
		return Match{Outcome: Abstain, Reason: "the question has no words"}
	}
	s.act = s.lattice.act()
	m.search(s)
	match, ok := m.decide(s, names)
	if !ok {
		match = m.beyond(s, names)
	} else if other := m.doubts(s, &match); other != nil {
		match.Outcome, match.Needs = Ambiguous, nil
		match.Hits = append(match.Hits, MatchHit{Intent: other, Source: fromLearned})
		match.Reason = fmt.Sprintf("a pattern takes it for %s, and the examples say that it is %s", match.Hits[0].Intent.ID, other.ID)
	}
	if repairs := s.lattice.repairs(); repairs != nil {
		match.Notes = append(repairs, match.Notes...)
	}
	return match
}

// beyond answers where no pattern does: by the verb of a command, by what the examples teach, or not at all.
func (m *Matcher) beyond(s *scratch, names adapters.Names) Match {
	if why := noAnswer(s.act); why != "" {
		return Match{Outcome: Abstain, Normalized: strings.Join(s.lattice.words, " "), Reason: why, Foreign: true,
			Barred: s.act == actInjection || s.act == actBoth}
	}
	switch {
	case m.learned == nil:
	case s.act == intents.ActCommand:
		if match, ok := m.command(s, names); ok {
			return match
		}
	case len(s.found) == 0:
		match, short := m.guess(s, names)
		if short == nil {
			return match
		}
		abstention := m.abstain(s)
		abstention.Reason = cmp.Or(short.instead, abstention.Reason+short.also)
		abstention.Tried = firstOf(short.tried, abstention.Tried)
		return abstention
	}
	return m.abstain(s)
}

// half returns the half of a question that would be understood alone, "" if there is none. It only tells why nothing is
// answered: half an answer would pass for a whole one.
func (m *Matcher) half(text string, names adapters.Names) string {
	at := joints.FindStringIndex(text)
	if at == nil {
		return ""
	}
	s := m.scratch.Get().(*scratch)
	defer m.scratch.Put(s)
	for _, half := range []string{text[:at[0]], text[at[1]:]} {
		if m.match(s, half, names).Outcome != Abstain {
			return strings.TrimSpace(half)
		}
	}
	return ""
}

// search runs the programs that some word or concept of the question calls for, and keeps the best findings.
func (m *Matcher) search(s *scratch) {
	s.found = s.found[:0]
	if len(s.tried) < len(m.programs) {
		s.tried = make([]bool, len(m.programs))
	}
	l := &s.lattice
	present := m.present(l)
	for i := range l.tokens {
		l.eachKey(i, func(k key) { m.try(s, k, present) })
	}
	for _, i := range s.visited {
		s.tried[i] = false
	}
	s.visited = s.visited[:0]
}

func (m *Matcher) present(l *lattice) uint64 {
	var present uint64
	for i := range l.tokens {
		l.eachKey(i, func(k key) { present |= signature(k.op, k.id) })
	}
	return present
}

func (m *Matcher) try(s *scratch, k key, present uint64) {
	for _, i := range m.index[k] {
		p := m.programs[i]
		if s.tried[i] || p.require&^present != 0 {
			continue
		}
		s.tried[i] = true
		s.visited = append(s.visited, i)
		if size := (len(s.lattice.tokens) + 1) * (len(p.atoms) + 1); len(s.cells) < size {
			s.cells = make([]cell, 2*size)
		}
		if score, end := p.run(&s.lattice, s.cells); score > 0 {
			s.keep(p, score, end)
		}
	}
}

// keep reads a finding back, unless a better one of the same intent is known: one without a problem, then the one that
// says more.
func (s *scratch) keep(p *program, score, end int32) {
	at := slices.IndexFunc(s.found, func(f finding) bool { return f.program.intent == p.intent })
	if at >= 0 && s.found[at].problem == "" && s.found[at].score >= score {
		return
	}
	f := p.readBack(&s.lattice, s.cells, end)
	if kind, ok := f.slots[intents.SlotKind.String()].(string); ok && !p.intent.Requires.Takes(adapters.Kind(kind)) {
		return
	}
	f.score = score
	f.problem = cmp.Or(s.unfit(p.intent), f.problem)
	if p.source == fromPattern && (s.act == actCode || s.act == actBoth || s.act == actInjection) { // an example says so word for word
		f.problem = noAnswer(s.act)
	}
	switch {
	case at < 0:
		s.found = append(s.found, f)
	case f.before(&s.found[at]) < 0:
		s.found[at] = f
	}
}

// unfit says why an intent does not take the question though it explains every word; empty if it does.
func (s *scratch) unfit(in *intents.Intent) string {
	switch connected, known := s.lattice.names.Providers(); {
	case (s.act == intents.ActCommand) != (in.Act == intents.ActCommand):
		return otherAct
	case known && !in.Applies(connected):
		return notNow
	}
	return ""
}

// before orders findings: those without a problem first, then those that say more, then by id.
func (f *finding) before(g *finding) int {
	return cmp.Or(cmp.Compare(min(len(f.problem), 1), min(len(g.problem), 1)), cmp.Compare(g.score, f.score),
		cmp.Compare(f.program.intent.ID, g.program.intent.ID))
}

// decide turns the findings into a match, if one of them is without a problem.
func (m *Matcher) decide(s *scratch, names adapters.Names) (Match, bool) {
	slices.SortFunc(s.found, func(a, b finding) int { return a.before(&b) })
	if len(s.found) == 0 || s.found[0].problem != "" {
		return Match{}, false
	}
	best := s.found[0]
	match := Match{Outcome: Hit, Normalized: best.masked, Hits: []MatchHit{best.hit()}, Tried: m.runnersUp(s.found)}
	if len(s.found) > 1 && s.found[1].score == best.score && s.found[1].problem == "" {
		match.Outcome = Ambiguous
		match.Hits = append(match.Hits, s.found[1].hit())
		match.Reason = fmt.Sprintf("it could ask for %s or for %s", best.program.intent.ID, s.found[1].program.intent.ID)
		return match, true
	}
	match.resolve(best, names)
	match.need(best.program.intent, names)
	return match, true
}

func (f *finding) hit() MatchHit {
	slots := f.slots
	for name, value := range f.program.intent.Defaults {
		if _, given := slots[name]; !given {
			slots[name] = value
		}
	}
	return MatchHit{Intent: f.program.intent, Slots: slots, Score: f.conf, Source: f.program.source}
}

func (m *Matcher) runnersUp(found []finding) []Candidate {
	var tried []Candidate
	for _, f := range found[:min(len(found), maxTried)] {
		tried = append(tried, Candidate{Intent: f.program.intent.ID, Score: f.conf, Why: cmp.Or(f.problem, "explains every word")})
	}
	return tried
}

// resolve replaces the names that the workspace has not seen by the seen ones they were meant to be, and says so.
func (match *Match) resolve(f finding, names adapters.Names) {
	slots := match.Hits[0].Slots
	for _, n := range f.names {
		name, _ := slots[n.slot].(string)
		r := resolve(names, name, n.types, n.pods)
		slots[n.slot] = r.name
		if r.note != "" && !slices.Contains(match.Notes, r.note) {
			match.Notes = append(match.Notes, r.note)
		}
		if r.candidates != nil && match.Needs == nil {
			match.Needs = &Needs{Slot: n.slot, Question: fmt.Sprintf("which %s is %q?", n.slot, name), Candidates: r.candidates}
		}
	}
}

// maxCandidates bounds the names offered for a missing slot.
const maxCandidates = 20

// need asks back for the slot without which the intent has no answer.
func (match *Match) need(in *intents.Intent, names adapters.Names) {
	if in.Needs == "" || match.Needs != nil {
		return
	}
	if _, given := match.Hits[0].Slots[in.Needs]; given {
		return
	}
	types := bit(in.SlotType(in.Needs))
	match.Needs = &Needs{Slot: in.Needs, Question: fmt.Sprintf("which %s?", strings.ReplaceAll(in.Needs, "_", " "))}
	for _, fold := range names.Folds() {
		if found := names.Find(fold); len(match.Needs.Candidates) < maxCandidates && fits(found, types, in.SlotType(in.Needs) == intents.SlotPod) {
			match.Needs.Candidates = append(match.Needs.Candidates, found[0].Name)
		}
	}
}
