package router

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// noWord is the id of a word that no pattern and no spelling of the vocabulary holds.
const noWord int32 = -1

// phrase is a spelling of something in the vocabulary, by the ids of its words.
type phrase struct {
	words    []int32
	class    class
	concept  int32
	text     string // the kind or provider it spells
	provider string // of a kind that only one provider has
}

// lexicon is the vocabulary and the words of all patterns, as numbers.
type lexicon struct {
	words    map[string]int32
	concepts map[string]int32
	phrases  [][]phrase // by the first word
	filler   []bool     // by word: it may stand between the words of a phrase
	use      []use      // by word
	taken    []bool     // by word: a pattern or a spelling has it
	taught   []bool     // by word: an example has it
	noun     []bool     // by word: services are often called so, and kinds; see Vocabulary.Nouns
	kinds    map[string]intents.KindWord
	scopes   map[string]intents.SlotType // nouns of places: namespace, cluster
	cues     []cue                       // by concept: what it says of the speech act
	spelling *spelling

	conceptTerms []string          // by concept: how the learned part writes it
	masks        map[string]string // "{kind}" by what it masks, so that matching writes no new strings
}

// use says how far a word is from being somebody's name.
type use uint8

const (
	freeUse      use = iota // only examples hold it
	wordUse                 // of the vocabulary or a pattern: a name only beside a noun, "the default namespace"
	stopUse                 // of the stop words: never a name unless quoted
	structureUse            // of the language: the same, and it says little of what is asked
)

func newLexicon(v *intents.Vocabulary) *lexicon {
	lex := &lexicon{words: map[string]int32{}, concepts: map[string]int32{}, kinds: v.Kinds, scopes: scopeNouns(), masks: map[string]string{}}
	for _, word := range v.Nouns {
		lex.noun[lex.intern(word, freeUse)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(v.Concepts)) {
		id := int32(len(lex.concepts))
		lex.concepts[name] = id
		lex.conceptTerms = append(lex.conceptTerms, conceptTerm(name))
		for _, spelling := range v.Concepts[name] {
			lex.add(spelling, phrase{class: isConcept, concept: id})
		}
	}
	lex.cues = newCues(lex.concepts)
	for _, spelling := range slices.Sorted(maps.Keys(v.Kinds)) {
		kind := v.Kinds[spelling]
		lex.add(spelling, phrase{class: isKind, text: string(kind.Kind), provider: kind.Provider})
	}
	for _, spelling := range slices.Sorted(maps.Keys(v.Providers)) {
		lex.add(spelling, phrase{class: isProvider, text: v.Providers[spelling]})
	}
	for _, filler := range v.Fillers {
		lex.add(filler, phrase{class: isFiller})
	}
	for _, phrases := range lex.phrases {
		slices.SortStableFunc(phrases, func(a, b phrase) int { return cmp.Compare(len(b.words), len(a.words)) })
	}
	for _, stopword := range v.Stopwords {
		for word := range strings.FieldsSeq(stopword) {
			lex.intern(word, stopUse)
		}
	}
	for _, word := range slices.Concat(slices.Sorted(maps.Keys(lex.scopes)), structureWords) {
		lex.intern(word, structureUse)
	}
	return lex
}

// conceptTerm is how the learned part writes a concept; empty for those that only say what a question does, which the act of
// a question tells.
func conceptTerm(name string) string {
	if strings.HasPrefix(name, "act_") {
		return ""
	}
	return "@" + name
}

// mask is how a slot or kind is written for the learned part: "{percent}", "{bucket}".
func (lex *lexicon) mask(name string) string { return cmp.Or(lex.masks[name], "{"+name+"}") }

// teach notes a word that an example has.
func (lex *lexicon) teach(word string) { lex.taught[lex.intern(word, freeUse)] = true }

func scopeNouns() map[string]intents.SlotType {
	return map[string]intents.SlotType{"namespace": intents.SlotNamespace, "ns": intents.SlotNamespace, "n": intents.SlotNamespace,
		"namespaces": intents.SlotNamespace, "cluster": intents.SlotCluster, "clusters": intents.SlotCluster,
		"environment": intents.SlotEnvironment, "environments": intents.SlotEnvironment, "env": intents.SlotEnvironment,
		"region": intents.SlotRegion, "regions": intents.SlotRegion, "node": intents.SlotNode}
}

// structureWords are words of the language that are never somebody's name.
var structureWords = strings.Fields(`a about above another after all also am an and any anything are as at be been before below between but by can could
	did do does doing down each either else every everything few for from had has have he her here him how i if in into is it its
	last least less let many may me might more most much my near never nevertheless instead anyway regardless unless although however rather again next no none nor not nothing now of off ok on one only or particular specific given different
	other our out over own past previous same should since so some something than that the their them then there these they thing
	things this those through to today too under until up us very was we were what when where which while who whom whose why will
	with within without would yes yesterday yet you your ago minute minutes hour hours day days week weeks month months year years`)

// agreement is what a verb says with its number left out: patterns and questions need not agree in it.
var agreement = map[string]string{"am": "is", "are": "is", "were": "was", "does": "do", "has": "have"}

// id returns the id of a word, or noWord.
func (lex *lexicon) id(word string) int32 {
	if id, ok := lex.words[cmp.Or(agreement[word], word)]; ok {
		return id
	}
	return noWord
}

// intern returns the id of a word, new or not, and notes its use.
func (lex *lexicon) intern(word string, u use) int32 {
	word = cmp.Or(agreement[word], word)
	id, ok := lex.words[word]
	if !ok {
		id = int32(len(lex.words))
		lex.words[word] = id
		lex.phrases = append(lex.phrases, nil)
		lex.filler = append(lex.filler, false)
		lex.use = append(lex.use, freeUse)
		lex.taken = append(lex.taken, false)
		lex.taught = append(lex.taught, false)
		lex.noun = append(lex.noun, false)
	}
	lex.use[id] = max(lex.use[id], u)
	lex.taken[id] = lex.taken[id] || u == wordUse
	return id
}

func (lex *lexicon) add(spelling string, p phrase) {
	words := strings.Fields(spelling)
	for _, word := range words {
		u := wordUse
		if id := lex.id(word); len(words) > 1 && (p.class == isKind || id != noWord && lex.noun[id]) {
			u = freeUse // "redis cache" leaves redis a name
		}
		p.words = append(p.words, lex.intern(word, u))
	}
	first := p.words[0]
	lex.filler[first] = lex.filler[first] || p.class == isFiller && len(p.words) == 1
	lex.phrases[first] = append(lex.phrases[first], p)
}

func (lex *lexicon) isKind(word string) bool { return lex.kinds[word].Kind != "" }

// end returns the place after the phrase if it stands at i, fillers between its words skipped, or 0.
func (p *phrase) end(lex *lexicon, tokens []token, i int) int {
	for n, word := range p.words {
		for n > 0 && i < len(tokens) && tokens[i].id != word && tokens[i].id >= 0 && lex.filler[tokens[i].id] {
			i++
		}
		if i >= len(tokens) || tokens[i].id != word {
			return 0
		}
		i++
	}
	return i
}

// environmentWord reports whether the word says an environment; a strong one does so without "in".
func environmentWord(word string) (environment string, strong, ok bool) {
	environment, ok = adapters.Environment(word)
	switch word {
	case "live", "test", "testing", "stage", "qa":
		return environment, false, ok
	}
	return environment, ok, ok
}
