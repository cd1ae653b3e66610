package suggest

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"clanker/intents"
)

// words weighs what questions say by how few examples of a catalogue say it.
type words struct {
	vocabulary *intents.Vocabulary
	concepts   map[string][]string // by spelling
	examples   float64
	in         map[string]float64 // examples that have a word or concept
}

func newWords(c *intents.Catalog) *words {
	w := &words{vocabulary: c.Vocabulary, concepts: map[string][]string{}, in: map[string]float64{}}
	for _, name := range slices.Sorted(maps.Keys(c.Vocabulary.Concepts)) {
		for _, spelling := range c.Vocabulary.Concepts[name] {
			w.concepts[spelling] = append(w.concepts[spelling], "@"+name)
		}
	}
	for _, in := range c.Intents {
		for _, example := range in.Examples {
			w.examples++
			for said := range w.said(example.Text) {
				w.in[said]++
			}
		}
	}
	return w
}

// split makes words of a text: lower case, names whole.
func split(text string) []string {
	fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' })
	return slices.DeleteFunc(fields, func(word string) bool { return strings.Trim(word, "-") == "" })
}

// longest is how many words a spelling has that is looked for.
const longest = 3

// spellings calls yield with every run of words.
func spellings(all []string, yield func(from, to int, spelling string)) {
	for i := range all {
		for j := i + 1; j <= min(i+longest, len(all)); j++ {
			yield(i, j, strings.Join(all[i:j], " "))
		}
	}
}

// kinds are those that a question has a word for.
func (w *words) kinds(question string) []string {
	var kinds []string
	spellings(split(question), func(_, _ int, spelling string) {
		if word, ok := w.vocabulary.Kinds[spelling]; ok {
			kinds = append(kinds, string(word.Kind))
		}
	})
	return kinds
}

// said is what a question says: the words by which their inflections begin, each with one that has it, and concepts. Words for kinds,
// numbers and words that mean nothing are left out.
func (w *words) said(question string) map[string]string {
	all := split(question)
	said, kind := map[string]string{}, make([]bool, len(all))
	spellings(all, func(from, to int, spelling string) {
		for _, concept := range w.concepts[spelling] {
			said[concept] = spelling
		}
		if _, ok := w.vocabulary.Kinds[spelling]; ok {
			for i := from; i < to; i++ {
				kind[i] = true
			}
		}
	})
	for i, word := range all {
		if !kind[i] && !w.idle(word) {
			said[stem(word)] = word
		}
	}
	return said
}

// idle reports whether a word says nothing of what is asked.
func (w *words) idle(word string) bool {
	return len(word) < 3 || !unicode.IsLetter(rune(word[0])) || slices.Contains(w.vocabulary.Fillers, word) || slices.Contains(w.vocabulary.Stopwords, word)
}

// stem is by what the inflections of a word begin: "evict" of "evicted" and "eviction".
func stem(word string) string {
	runes := []rune(word)
	return string(runes[:min(len(runes), 5)])
}

// vector is what a question says, by weight, of length 1.
type vector map[string]float64

// vector weighs a question without values that it happens to hold.
func (w *words) vector(question string, values []string) vector {
	for _, value := range values {
		if at := find(question, value); at >= 0 {
			question = question[:at] + " " + question[at+len(value):]
		}
	}
	v := vector{}
	for said := range w.said(question) {
		v[said] = math.Log((w.examples + 1) / (w.in[said] + 1))
	}
	return v.scaled()
}

func (v vector) scaled() vector {
	length := math.Sqrt(v.dot(v))
	scaled := vector{}
	for said, weight := range v {
		scaled[said] = weight / max(length, 1e-9)
	}
	return scaled
}

// dot adds up in the order of words, so that rounding is always the same.
func (v vector) dot(o vector) float64 {
	sum := 0.0
	for _, said := range slices.Sorted(maps.Keys(v)) {
		sum += float64(v[said] * o[said])
	}
	return sum
}

func (v vector) plus(o vector) vector {
	sum := maps.Clone(v)
	for said, weight := range o {
		sum[said] += weight
	}
	return sum
}

// common is the share of examples that a word is in which says little: which, what, all.
const common = 0.02

// telling are the words that at least half of the questions share, those that say most first.
func (w *words) telling(all []question) []string {
	count, word := map[string]int{}, map[string]string{}
	for _, q := range all {
		for said, of := range w.said(q.Question) {
			if q.words[said] > 0 && said[0] != '@' {
				count[said]++
				word[said] = cmp.Or(min(word[said], of), of)
			}
		}
	}
	var shared []string
	for said, n := range count {
		if 2*n > len(all) && w.in[said] < w.examples*common {
			shared = append(shared, said)
		}
	}
	weight := func(said string) float64 { return float64(count[said]) * math.Log((w.examples+1)/(w.in[said]+1)) }
	slices.SortFunc(shared, func(a, b string) int { return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b)) })
	for i, said := range shared {
		shared[i] = word[said]
	}
	return shared
}

// required are a few words of which each question has one, those that tell most first, and none of the others; nil if there are no such.
func (w *words) required(all []question, others []string) []string {
	var required, not []string
	for _, other := range others {
		not = append(not, split(other)...)
	}
	for left := all; len(left) > 0; {
		best, most := "", 0.0
		for _, word := range w.candidates(left) {
			score := 0.0
			for _, q := range left {
				score += q.words[stem(word)]
			}
			if score > most && !slices.Contains(not, word) {
				best, most = word, score
			}
		}
		if best == "" {
			break
		}
		required = append(required, best)
		left = slices.DeleteFunc(slices.Clone(left), func(q question) bool { return slices.Contains(split(q.Question), best) })
	}
	slices.Sort(required)
	return required
}

// candidates are the words of the questions that say something, sorted.
func (w *words) candidates(all []question) []string {
	var words []string
	for _, q := range all {
		for said, word := range w.said(q.Question) {
			if said[0] != '@' && plain.MatchString(word) && q.words[said] > 0 {
				words = append(words, word)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}
