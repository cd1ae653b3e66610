package router

import (
	"cmp"
	"fmt"
	"slices"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router/learn"
)

// learned takes the questions that no pattern explains: what the examples taught, held to what each intent requires. It is
// nil where there is nothing to learn.
type learned struct {
	model   *learn.Model
	class   []classed
	accept  map[float64]float64 // by maxRisk: the probability from which on a guess is taken
	certain float64             // from here on, a guess counts against a pattern
}

// classed is a class of the model: an intent, and what a question must have to be its.
type classed struct {
	intent         *intents.Intent // nil for what is out of scope
	all, any, none []key
	negates        negation // what its examples say with a "not" or the like
}

// className puts an intent into the family of its topic: to mistake one for its neighbour is the lesser error.
func className(in *intents.Intent) string { return string(in.Topic) + "/" + in.ID }

// learnOptions declare the share of questions that are expected to be nobody's, after the act was looked at.
func learnOptions() learn.Options { return learn.Options{OutOfScope: 0.05} }

// newLearned takes what was learned of the catalogue before, or learns it.
func (m *Matcher) newLearned(caches []Cache) (*learned, error) {
	classes := m.classes()
	if model, ok := shipped().learned(m.catalog); ok {
		return newOrder(model, classes), nil
	}
	model, err := m.train(classes, caches)
	if err != nil {
		return nil, fmt.Errorf("learn the intents: %w", err)
	}
	return newOrder(model, classes), nil
}

// train learns the lessons, if no cache has what was learned of them. Of the built-in intents and a few others, the certainty is
// that of the built-in ones, so that a folder that is edited is live soon.
func (m *Matcher) train(classes []classed, caches []Cache) (*learn.Model, error) {
	options, origin := learnOptions(), ""
	base, ok := shipped().base(m.catalog)
	if ok {
		options.Uncalibrated, origin = true, "-"+shipped().lessons[:8]
	}
	lessons := m.lessons(classes, !ok)
	return remember(caches, learn.Key(lessons, options)+origin, func() (*learn.Model, error) {
		model, err := learn.Train(lessons, options)
		if err == nil && ok {
			model.Adopt(base)
		}
		return model, err
	})
}

// classes are those of all intents, in the order of their ids. The words of all examples are known from here on.
func (m *Matcher) classes() []classed {
	turned := m.teach()
	var all []classed
	for i, in := range m.catalog.Intents {
		all = append(all, m.classOf(in, turned[i]))
	}
	return all
}

// newOrder puts the classes into the model's order, and finds from which probability on each risk is kept.
func newOrder(model *learn.Model, classes []classed) *learned {
	l := &learned{model: model, certain: model.Threshold(leastRisk), accept: map[float64]float64{}}
	byClass := map[string]classed{}
	for _, c := range classes {
		byClass[className(c.intent)] = c
		if risk := riskOf(c.intent); l.accept[risk] == 0 {
			l.accept[risk] = l.model.Threshold(risk)
		}
	}
	for _, name := range l.model.Classes() {
		l.class = append(l.class, byClass[name])
	}
	return l
}

// leastRisk is the share of wrong guesses among those that count against a pattern.
const leastRisk = 0.01

func riskOf(in *intents.Intent) float64 { return cmp.Or(in.MaxRisk, intents.DefaultRisk) }

// classOf is the class of an intent, of whose examples some have a word that turns them around.
func (m *Matcher) classOf(in *intents.Intent, turned []string) classed {
	c := classed{intent: in}
	for _, example := range turned {
		c.negates |= m.reads(example).negated &^ outside
	}
	c.all, c.any, c.none = m.lex.requirements(in.Requires.All), m.lex.requirements(in.Requires.Any), m.lex.requirements(in.Requires.None)
	return c
}

func (lex *lexicon) requirements(all []intents.Requirement) []key {
	var keys []key
	for _, r := range all {
		keys = append(keys, lex.requirement(r))
	}
	return keys
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
	if r.negated&^c.negates != 0 {
		return noNegation
	}
	if why := s.unfit(in); why != "" || !takes(in.Act, s.act) {
		return cmp.Or(why, otherAct)
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

// takes reports whether an intent of that act may answer a question that does the other.
func takes(intent, question intents.Act) bool {
	return intent == question || intent == intents.ActCause && question == intents.ActState
}

// Why an intent takes no part.
const (
	noNegation = "no example of it says \"not\""
	otherAct   = "the question asks for something of another sort"
	notNow     = "it does not apply to what is connected"
	lacksAll   = "the question lacks something it requires"
	lacksAny   = "the question has nothing of what it requires one of"
	hasNone    = "the question has something it excludes"
	lacksKind  = "the question names none of its kinds"
	noTime     = "it does not look back in time"
)

// learn adds what the examples teach, if there is anything to tell apart.
func (m *Matcher) learn(caches []Cache) error {
	if len(m.catalog.Intents) < 2 {
		return nil
	}
	var err error
	m.learned, err = m.newLearned(caches)
	return err
}

// teach notes the words of all examples, so that they are neither unknown nor names. It returns, by intent, those examples that have
// a word which turns them around.
func (m *Matcher) teach() [][]string {
	turned := make([][]string, len(m.catalog.Intents))
	var tokens []token
	for i, in := range m.catalog.Intents {
		for _, example := range in.Examples {
			text, _ := clean(example.Text)
			tokens = m.lex.tokenize(text, tokens[:0])
			for at := range tokens {
				if t := &tokens[at]; !t.quoted && allLetters(t.text) {
					m.lex.teach(t.text)
				}
			}
			if slices.ContainsFunc(tokens, func(t token) bool { return negates(&t) != 0 }) {
				turned[i] = append(turned[i], text)
			}
		}
	}
	return turned
}

// reads returns how a clean sentence is read when no names are known.
func (m *Matcher) reads(text string) *reading {
	var s scratch
	s.lattice.build(m.lex, adapters.Names{}, text)
	s.reading.read(&s.lattice)
	return &s.reading
}
