package learn

import (
	"cmp"
	"slices"
	"strings"
)

// Evidence is what one part of a text says for a class, or against it.
type Evidence struct {
	// Part is a word, or two that stand together, or a concept.
	Part string
	// Logit is positive for the class.
	Logit float64
}

// Explain says what in a text speaks for a class of [Model.Classes] and against it, the strongest first. What stems and
// letters of a word say is counted with the word, what two words say together with the pair. It allocates, and is for people.
func (m *Model) Explain(text Text, class int) []Evidence {
	var r reader
	var c counter
	said := make(map[int32]float64)
	for _, x := range c.vector(&m.vocabulary, r.read(text)) {
		said[x.feature] = m.says(x, class)
	}
	var list []Evidence
	for _, part := range parts(text) {
		e := Evidence{Part: part.name}
		for _, t := range part.terms {
			f := m.find(t.key)
			e.Logit += said[f]
			delete(said, f)
		}
		if e.Logit != 0 {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b Evidence) int { return cmp.Compare(max(b.Logit, -b.Logit), max(a.Logit, -a.Logit)) })
	return list
}

// says is the logit that one feature gives a class.
func (m *Model) says(x cell, class int) float64 {
	from, to := m.rowAt[x.feature], m.rowAt[x.feature+1]
	i, ok := slices.BinarySearch(m.rowClass[from:to], uint16(class))
	if !ok {
		return 0
	}
	return times(times(float64(x.value), float64(m.scale[x.feature])), float64(m.rowWeight[from:to][i]))
}

// part is a piece of a text with the features that come from it.
type part struct {
	name  string
	terms []term
}

// parts takes a text apart: single words and concepts first, then what stands near each other.
func parts(text Text) []part {
	var single, pairs []part
	for i, word := range text.Words {
		single = append(single, newPart(Text{Words: text.Words[i : i+1]}))
		for j := max(i-nearby, 0); j < i; j++ {
			pairs = append(pairs, newPart(Text{Words: []string{text.Words[j], word}}))
		}
	}
	for i := range text.Concepts {
		single = append(single, newPart(Text{Concepts: text.Concepts[i : i+1]}))
		pairs = append(pairs, newPart(Text{Concepts: text.Concepts[max(i-1, 0) : i+1]}))
	}
	return append(single, pairs...)
}

func newPart(text Text) part {
	var r reader
	return part{strings.Join(append(slices.Clone(text.Words), text.Concepts...), " "), r.read(text)}
}
