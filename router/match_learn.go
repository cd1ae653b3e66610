package router

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router/learn"
)

// learned takes the questions that no pattern explains: what the examples taught, held to what each intent requires. It is
// nil where there is nothing to learn.
type learned struct {
	model  *learn.Model
	class  []classed
	accept map[float64]float64 // by maxRisk: the probability from which on a guess is taken
}

// classed is a class of the model: an intent, and what a question must have to be its.
type classed struct {
	intent         *intents.Intent // nil for what is out of scope
	all, any, none []key
}

// className puts an intent into the family of its topic: to mistake one for its neighbour is the lesser error.
func className(in *intents.Intent) string { return string(in.Topic) + "/" + in.ID }

// outOfScope is the share of questions that are expected to be nobody's, after the act was looked at.
const outOfScope = 0.2

// newLearned learns the catalogue, or takes from a cache what was learned of it before.
func (m *Matcher) newLearned(caches []Cache) (*learned, error) {
	l := &learned{accept: map[float64]float64{}}
	for _, in := range m.catalog.Intents {
		l.class = append(l.class, m.classOf(in))
	}
	options := learn.Options{OutOfScope: outOfScope}
	lessons := m.lessons(l)
	train := func() (*learn.Model, error) { return learn.Train(lessons, options) }
	var err error
	if l.model, err = remember(caches, learn.Key(lessons, options), train); err != nil {
		return nil, fmt.Errorf("learn the intents: %w", err)
	}
	l.order()
	return l, nil
}

// order puts the classes into the model's order, and finds from which probability on each risk is kept.
func (l *learned) order() {
	byClass := map[string]classed{}
	for _, c := range l.class {
		byClass[className(c.intent)] = c
		if risk := riskOf(c.intent); l.accept[risk] == 0 {
			l.accept[risk] = l.model.Threshold(risk)
		}
	}
	l.class = l.class[:0]
	for _, name := range l.model.Classes() {
		l.class = append(l.class, byClass[name])
	}
}

func riskOf(in *intents.Intent) float64 { return cmp.Or(in.MaxRisk, intents.DefaultRisk) }

func (m *Matcher) classOf(in *intents.Intent) classed {
	c := classed{intent: in}
	for list, required := range map[*[]key][]intents.Requirement{&c.all: in.Requires.All, &c.any: in.Requires.Any, &c.none: in.Requires.None} {
		for _, r := range required {
			*list = append(*list, m.lex.requirement(r))
		}
	}
	return c
}

// requirement is the key by which a question has what is required, or has not.
func (lex *lexicon) requirement(r intents.Requirement) key {
	switch r.Op {
	case intents.OpConcept:
		return key{r.Op, lex.concepts[r.Text]}
	case intents.OpSlot:
		return key{r.Op, int32(r.Slot)}
	default:
		return key{intents.OpWord, lex.intern(r.Text, wordUse)}
	}
}

// barred says why a class cannot be what the question asks for; empty if it can.
func (c *classed) barred(s *scratch) string {
	in, r := c.intent, &s.reading
	if in == nil {
		return ""
	}
	has := func(k key) bool { return r.has(&s.lattice, k) }
	if at := slices.IndexFunc(c.all, func(k key) bool { return !has(k) }); at >= 0 {
		return lacksAll
	}
	if len(c.any) > 0 && !slices.ContainsFunc(c.any, has) {
		return lacksAny
	}
	if slices.ContainsFunc(c.none, has) {
		return hasNone
	}
	if kinds := in.Requires.Kinds; len(kinds) > 0 && !slices.ContainsFunc(kinds, func(k adapters.Kind) bool { return slices.Contains(r.kinds, k) }) {
		return lacksKind
	}
	if r.slots&bit(intents.SlotTime) != 0 && !in.UsesTime() {
		return noTime
	}
	return ""
}

// Why an intent takes no part.
const (
	lacksAll  = "the question lacks something it requires"
	lacksAny  = "the question has nothing of what it requires one of"
	hasNone   = "the question has something it excludes"
	lacksKind = "the question names none of its kinds"
	noTime    = "it does not look back in time"
)

// guess says which intent the question is likeliest to ask for, if that is certain enough.
func (m *Matcher) guess(s *scratch, names adapters.Names) (Match, bool) {
	l, r := m.learned, &s.reading
	if r.read(&s.lattice); len(r.unexplained)*4 > r.content {
		return Match{}, false
	}
	result := l.model.ScoreAmong(r.text, func(class int) bool { return l.class[class].barred(s) == "" }, &s.learn)
	if result.N == 0 || l.class[result.Top[0].Class].intent == nil {
		return Match{}, false
	}
	best := l.class[result.Top[0].Class].intent
	if result.Probability < l.accept[riskOf(best)] {
		return Match{}, false
	}
	f := s.fillSlots(best)
	if f.problem != "" {
		return Match{}, false
	}
	f.conf = math.Round(result.Probability*100) / 100
	f.masked = strings.Join(r.text.Words, " ")
	match := Match{Outcome: Hit, Normalized: f.masked, Hits: []MatchHit{f.hit()}}
	match.resolve(f, names)
	match.need(best, names)
	return match, true
}

// fillSlots gives an intent the values that the question holds, each to the slot that is called by its type.
func (s *scratch) fillSlots(in *intents.Intent) finding {
	f := finding{program: &program{intent: in, source: fromExample}, slots: intents.Slots{}}
	l := &s.lattice
	for _, at := range s.reading.spans {
		span := &l.spans[at]
		name := span.slot
		if span.class == isValue {
			name, _ = slotFor(in, span.types)
		}
		if name != "" {
			f.fill(l, span, name)
		}
	}
	return f
}

// lessons are what the catalogue teaches: examples, those of others that an intent names, what its patterns say, and its
// description.
func (m *Matcher) lessons(l *learned) []learn.Example {
	t := teacher{matcher: m, learned: l, scratch: new(scratch)}
	for _, in := range m.catalog.Intents {
		for _, example := range in.Examples {
			t.add(className(in), example.Text, false)
		}
		t.add(className(in), in.Description, true)
		for _, pattern := range in.Patterns {
			for _, sentence := range sentences(m.catalog.Vocabulary, pattern.Root, perPattern) {
				t.add(className(in), sentence, true)
			}
		}
		for _, no := range in.NotExamples {
			class := learn.Outside
			if owner, ok := m.catalog.Intent(no.Intent); ok {
				class = className(owner)
			}
			t.add(class, no.Text, false)
		}
	}
	return t.lessons
}

// teacher reads sentences as questions are read.
type teacher struct {
	matcher *Matcher
	learned *learned
	scratch *scratch
	lessons []learn.Example
}

// add teaches that a sentence is of a class; one that is made up is never tested.
func (t *teacher) add(class, text string, made bool) {
	text, ok := clean(text)
	if !ok {
		return
	}
	s := t.scratch
	s.lattice.build(t.matcher.lex, adapters.Names{}, text)
	s.reading.read(&s.lattice)
	words := slices.Clone(s.reading.text.Words)
	if len(words) == 0 {
		return
	}
	lesson := learn.Example{Text: learn.Text{Words: words, Concepts: slices.Clone(s.reading.text.Concepts)}, Class: class, Made: made}
	for i := range t.learned.class {
		if c := &t.learned.class[i]; !made && c.barred(s) != "" {
			lesson.Barred = append(lesson.Barred, className(c.intent))
		}
	}
	slices.Sort(lesson.Barred)
	t.lessons = append(t.lessons, lesson)
}

// perPattern is how many of a pattern's sentences teach.
const perPattern = 4

// learn adds what the examples teach, if there is anything to tell apart.
func (m *Matcher) learn(caches []Cache) error {
	if len(m.catalog.Intents) < 2 {
		return nil
	}
	m.teach()
	var err error
	m.learned, err = m.newLearned(caches)
	return err
}

// teach notes the words of all examples, so that they are neither unknown nor names.
func (m *Matcher) teach() {
	for _, in := range m.catalog.Intents {
		for _, example := range in.Examples {
			text, ok := clean(example.Text)
			if !ok {
				continue
			}
			for _, t := range m.lex.tokenize(text, nil) {
				if !t.quoted && allLetters(t.text) {
					m.lex.teach(t.text)
				}
			}
		}
	}
}
