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
		k = key{node.Op, lex.words[node.Text]}
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

// shared is what an intent has in common with a question.
type overlap struct {
	intent int32
	score  float64
	words  []string
}

// nearest returns the intents that share the most telling words with the question, best first.
func (n *nearIndex) nearest(l *lattice) []Candidate {
	overlaps := map[int32]*overlap{}
	total := 0.0
	for i := range l.tokens {
		weight, best := 0.0, []int32(nil)
		counted := map[int32]bool{}
		for _, k := range n.keysAt(l, i) {
			best = n.by[k]
			if len(best) == 0 || len(best) > maxPostings {
				continue
			}
			idf := math.Log(1 + float64(len(n.intents))/float64(len(best)))
			if l.used(i) == structureUse {
				idf /= 8 // "of" says little, however few have it
			}
			weight = max(weight, idf)
			for _, in := range best {
				if counted[in] {
					continue
				}
				counted[in] = true
				if overlaps[in] == nil {
					overlaps[in] = &overlap{intent: in}
				}
				overlaps[in].score += idf
				overlaps[in].words = append(overlaps[in].words, l.words[i])
			}
		}
		total += max(weight, 1)
	}
	return n.rank(overlaps, total)
}

func (n *nearIndex) keysAt(l *lattice, i int) []key {
	var keys []key
	if id := l.tokens[i].id; id != noWord {
		keys = append(keys, key{intents.OpWord, id})
	}
	for _, s := range l.at(i) {
		if k, ok := s.key(); ok {
			keys = append(keys, k)
		}
	}
	return keys
}

func (n *nearIndex) rank(overlaps map[int32]*overlap, total float64) []Candidate {
	ranked := make([]*overlap, 0, len(overlaps))
	for _, o := range overlaps {
		ranked = append(ranked, o)
	}
	slices.SortFunc(ranked, func(a, b *overlap) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.intent, b.intent)) })
	var tried []Candidate
	for _, o := range ranked[:min(len(ranked), maxTried)] {
		slices.Sort(o.words)
		tried = append(tried, Candidate{Intent: n.intents[o.intent].ID, Score: math.Round(min(1, o.score/total)*50) / 100,
			Why: "shares " + strings.Join(slices.Compact(o.words), ", ")})
	}
	return tried
}

// abstain says why no intent takes the question, and which came nearest.
func (m *Matcher) abstain(s *scratch) Match {
	l := &s.lattice
	match := Match{Outcome: Abstain, Normalized: strings.Join(l.words, " "), Reason: m.reason(s)}
	for _, f := range s.found[:min(len(s.found), maxTried)] {
		match.Tried = append(match.Tried, Candidate{Intent: f.program.intent.ID, Score: f.conf / 2, Why: f.problem})
	}
	for _, candidate := range m.near.nearest(l) {
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
