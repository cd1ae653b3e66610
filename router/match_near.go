package router

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"clanker/intents"
)

// maxTried is the number of intents that a match names as considered.
const maxTried = 5

// maxPostings bounds how many intents a word calls up when nothing matched: one that more have tells nothing.
const maxPostings = 512

// nearIndex finds intents by any of their words and concepts, for a question that none explains.
type nearIndex struct {
	intents []*intents.Intent
	by      map[key][]int32 // sorted
}

func newNearIndex(lex *lexicon, all []*intents.Intent) *nearIndex {
	n := &nearIndex{intents: all, by: map[key][]int32{}}
	for i, in := range all {
		for _, pattern := range in.Patterns {
			pattern.Root.Walk(func(node *intents.Node) { n.add(lex, node, int32(i)) })
		}
	}
	return n
}

func (n *nearIndex) add(lex *lexicon, node *intents.Node, in int32) {
	var k key
	switch node.Op {
	case intents.OpWord:
		k = key{node.Op, lex.id(node.Text)}
	case intents.OpConcept:
		k = key{node.Op, lex.concepts[node.Text]}
	case intents.OpSlot:
		if node.Slot != intents.SlotKind {
			return
		}
		k = key{node.Op, kindID}
	default:
		return
	}
	if list := n.by[k]; len(list) == 0 || list[len(list)-1] != in {
		n.by[k] = append(list, in)
	}
}

// tally is the memory of one search for near intents, all zero between searches.
type tally struct {
	score   []float64 // by intent
	token   []int     // by intent: the last token that counted, plus one
	touched []int32
}

// nearest returns the intents that share the most telling words with the question, best first.
func (n *nearIndex) nearest(l *lattice, t *tally) []Candidate {
	if len(t.score) < len(n.intents) {
		t.score, t.token = make([]float64, len(n.intents)), make([]int, len(n.intents))
	}
	defer t.reset()
	total := 0.0
	for i := range l.tokens {
		most := 1.0
		l.eachKey(i, func(k key) {
			weight := n.weight(l, i, k)
			most = max(most, weight)
			for _, in := range n.by[k] {
				if weight > 0 && t.token[in] <= i {
					t.add(in, i, weight)
				}
			}
		})
		total += most
	}
	slices.SortFunc(t.touched, func(a, b int32) int { return cmp.Or(cmp.Compare(t.score[b], t.score[a]), cmp.Compare(a, b)) })
	var tried []Candidate
	for _, in := range t.touched[:min(len(t.touched), maxTried)] {
		score := math.Round(min(1, t.score[in]/total)*50) / 100 // nothing that fell short is above a half
		tried = append(tried, Candidate{Intent: n.intents[in].ID, Score: score, Why: "shares " + n.shared(l, in)})
	}
	return tried
}

func (t *tally) reset() {
	for _, in := range t.touched {
		t.score[in], t.token[in] = 0, 0
	}
	t.touched = t.touched[:0]
}

func (t *tally) add(in int32, token int, weight float64) {
	if t.token[in] == 0 {
		t.touched = append(t.touched, in)
	}
	t.score[in] += weight
	t.token[in] = token + 1
}

// weight says how telling the word or concept at i is; 0 for one that too many intents have.
func (n *nearIndex) weight(l *lattice, i int, k key) float64 {
	count := len(n.by[k])
	if count == 0 || count > maxPostings {
		return 0
	}
	idf := math.Log(1 + float64(len(n.intents))/float64(count))
	if l.used(i) == structureUse {
		return idf / 8 // "of" says little, however few have it
	}
	return idf
}

// shared lists the words of the question that the intent has, sorted.
func (n *nearIndex) shared(l *lattice, in int32) string {
	var words []string
	for i := range l.tokens {
		l.eachKey(i, func(k key) {
			if _, found := slices.BinarySearch(n.by[k], in); found && len(n.by[k]) <= maxPostings {
				words = append(words, l.words[i])
			}
		})
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ", ")
}

// eachKey visits the word at i, and the concepts and kinds that begin there.
func (l *lattice) eachKey(i int, visit func(key)) {
	if id := l.tokens[i].id; id != noWord {
		visit(key{intents.OpWord, id})
	}
	readings := l.at(i)
	for r := range readings {
		if k, ok := readings[r].key(); ok {
			visit(k)
		}
	}
}

// abstain says why no intent takes the question, and which came nearest.
func (m *Matcher) abstain(s *scratch) Match {
	l := &s.lattice
	match := Match{Outcome: Abstain, Normalized: strings.Join(l.words, " "), Reason: m.reason(s)}
	for _, f := range s.found[:min(len(s.found), maxTried)] {
		match.Tried = append(match.Tried, Candidate{Intent: f.program.intent.ID, Score: f.conf / 2, Why: f.problem})
	}
	for _, candidate := range m.near.nearest(l, &s.tally) {
		if len(match.Tried) < maxTried && !slices.ContainsFunc(match.Tried, func(c Candidate) bool { return c.Intent == candidate.Intent }) {
			match.Tried = append(match.Tried, candidate)
		}
	}
	return match
}

// unexplained reports whether the word at i is neither in a pattern, nor looks like a value, nor belongs to a scope or
// time phrase.
func (l *lattice) unexplained(i int) bool {
	id := l.tokens[i].id
	if id != noWord && (l.lex.taken[id] || l.lex.use[id] == structureUse) || id == noWord && l.nameWeight(i) != weightWord {
		return false
	}
	for start := range i + 1 {
		for _, s := range l.at(start) {
			if s.class == isAside && s.end > i {
				return false
			}
		}
	}
	return true
}

func (m *Matcher) reason(s *scratch) string {
	if len(s.found) > 0 {
		return fmt.Sprintf("%s: %s", s.found[0].program.intent.ID, s.found[0].problem)
	}
	var unknown []string
	for i := range s.lattice.tokens {
		t := &s.lattice.tokens[i]
		switch t.text {
		case "not", "no", "never", "without", "except":
			return fmt.Sprintf("%q turns the question around, and no intent takes it that way", t.text)
		}
		if s.lattice.unexplained(i) && len(unknown) < maxTried && !slices.Contains(unknown, t.text) {
			unknown = append(unknown, t.text)
		}
	}
	if len(unknown) > 0 {
		return "no intent explains every word; not in any pattern: " + strings.Join(unknown, ", ")
	}
	return "its words are known, but no intent puts them together like this"
}
