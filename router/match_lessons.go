package router

import (
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router/learn"
)

// lessons are what the catalogue teaches: examples, those of others that an intent names, what its patterns say, and its
// description; if wanted, with the classes that each cannot belong to, which only a test of certainty needs.
func (m *Matcher) lessons(classes []classed, tested bool) []learn.Example {
	t := teacher{matcher: m, classes: classes, scratch: new(scratch), tested: tested && len(classes) <= maxBarred}
	for _, c := range classes {
		t.names = append(t.names, className(c.intent))
	}
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
	for _, sentence := range m.catalog.Vocabulary.Outside {
		t.add(learn.Outside, sentence, false)
	}
	return t.lessons
}

// teacher reads sentences as questions are read.
type teacher struct {
	matcher *Matcher
	classes []classed
	scratch *scratch
	tested  bool
	names   []string // of the classes
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
	s.act = s.lattice.act()
	s.reading.read(&s.lattice)
	words := slices.Clone(s.reading.text.Words)
	if len(words) == 0 {
		return
	}
	lesson := learn.Example{Text: learn.Text{Words: words, Concepts: slices.Clone(s.reading.text.Concepts)}, Class: class, Made: made}
	if !made && t.tested {
		lesson.Barred = t.barred()
	}
	t.lessons = append(t.lessons, lesson)
}

// maxBarred is of how many classes each lesson lists those it cannot belong to: their product is a lot of memory. Of more classes,
// certainty is tested as if all could be meant, which makes it the lesser.
const maxBarred = 300

// barred lists the classes that the lesson that was read cannot belong to, sorted.
func (t *teacher) barred() []string {
	var barred []string
	for i := range t.classes {
		if t.classes[i].barred(t.scratch) != "" {
			barred = append(barred, t.names[i])
		}
	}
	slices.Sort(barred)
	return barred
}

// perPattern is how many of a pattern's sentences teach.
const perPattern = 2

// sentences writes a few of the sentences that a pattern stands for, always the same: what patterns say teaches too.
func sentences(v *intents.Vocabulary, root *intents.Node, count int) []string {
	var all []string
	for i := range count {
		w := sentenceWriter{vocabulary: v, state: uint64(i+1) * 0x9E3779B97F4A7C15}
		w.write(root)
		all = append(all, strings.Join(w.words, " "))
	}
	return all
}

// sentenceWriter walks a pattern and chooses at every fork, by a sequence of numbers that only looks random.
type sentenceWriter struct {
	vocabulary *intents.Vocabulary
	state      uint64
	words      []string
}

func (w *sentenceWriter) choose(n int) int {
	w.state ^= w.state << 13
	w.state ^= w.state >> 7
	w.state ^= w.state << 17
	return int(w.state >> 33 % uint64(n))
}

func (w *sentenceWriter) write(n *intents.Node) {
	switch n.Op {
	case intents.OpSeq:
		for _, kid := range n.Kids {
			w.write(kid)
		}
	case intents.OpAny:
		w.write(n.Kids[w.choose(len(n.Kids))])
	case intents.OpOptional:
		if w.choose(3) > 0 {
			w.write(n.Kids[0])
		}
	case intents.OpConcept:
		spellings := w.vocabulary.Concepts[n.Text]
		w.words = append(w.words, spellings[w.choose(len(spellings))])
	case intents.OpSlot:
		if sample := samples[n.Slot]; len(sample) > 0 {
			w.words = append(w.words, sample[w.choose(len(sample))])
		}
	default:
		w.words = append(w.words, n.Text)
	}
}

// samples are values of slots as questions spell them.
var samples = map[intents.SlotType][]string{
	intents.SlotService: {"checkout-api", "web-1"}, intents.SlotPod: {"web-6d5f8-x2x7q"}, intents.SlotNamespace: {"team-7"},
	intents.SlotEnvironment: {"production", "staging"}, intents.SlotCluster: {"eu-1"}, intents.SlotRegion: {"eu-west-1"},
	intents.SlotProvider: {"aws", "azure", "gcp"}, intents.SlotNode: {"node-3"}, intents.SlotPercent: {"80%"}, intents.SlotCount: {"10"},
	intents.SlotDuration: {"15m"}, intents.SlotTime: {"in the last 24 hours", "since yesterday"}, intents.SlotText: {`"timeout"`},
	intents.SlotKind: {"pods", "deployments", "instances", "databases", "buckets", "volumes", "clusters", "functions", "services", "nodes"},
}
