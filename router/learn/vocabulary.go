package learn

import (
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
)

// vocabulary is every feature that training saw, numbered in the order of its hash.
type vocabulary struct {
	keys   []uint64
	rarity []float32 // the fourth root of the inverse document frequency
	unseen float64   // the inverse document frequency of what no example has
	slots  []int32   // open addressing: the number plus one, where the hash's low bits point at or soon after
}

// cell is one feature of a text and what it weighs there.
type cell struct {
	feature int32
	value   float32
}

// census counts in how many texts a feature stands, by its hash.
type census map[uint64]tally

type tally struct {
	check       uint64 // the feature's other hash
	texts, last int32
	kind        kind
}

// add counts a feature of a text. Two features with one hash are an error: learning would mix them up.
func (c census) add(f term, check uint64, text int) error {
	key := f.key
	t, known := c[key]
	if known && t.check != check {
		return fmt.Errorf("two features share the hash %016x", key)
	}
	if !known || t.last != int32(text) {
		c[key] = tally{check, t.texts + 1, int32(text), f.kind}
	}
	return nil
}

// composed reports whether features of the kind are made of others, so that one that stands in a single text teaches only that
// text by heart.
func (k kind) composed() bool { return k != kindWord && k != kindStem && k != kindConcept }

// newVocabulary counts the features of the texts.
func newVocabulary(texts []Text) (vocabulary, error) {
	all := make(census, 16*len(texts))
	first, second := reader{}, reader{seed: 0x9e3779b97f4a7c15}
	for i, text := range texts {
		checks := second.read(text)
		for j, t := range first.read(text) {
			if err := all.add(t, checks[j].key, i); err != nil {
				return vocabulary{}, fmt.Errorf("read the example %q: %w: reword it", text.Words, err)
			}
		}
	}
	maps.DeleteFunc(all, func(_ uint64, t tally) bool { return t.texts == 1 && t.kind.composed() })
	v := vocabulary{keys: slices.Sorted(maps.Keys(all)), rarity: make([]float32, len(all)), unseen: rarity(len(texts), 0)}
	for i, key := range v.keys {
		v.rarity[i] = float32(root4(rarity(len(texts), int(all[key].texts))))
	}
	v.index()
	return v, nil
}

// rarity is the inverse document frequency of a feature.
func rarity(texts, count int) float64 { return log(float64(1+texts)/float64(1+count)) + 1 }

// index makes the features findable by hash.
func (v *vocabulary) index() {
	v.slots = make([]int32, 1<<bits.Len(uint(2*len(v.keys))))
	mask := uint64(len(v.slots) - 1)
	for i, key := range v.keys {
		at := key & mask
		for v.slots[at] != 0 {
			at = (at + 1) & mask
		}
		v.slots[at] = int32(i + 1)
	}
}

// find returns the number of a feature, -1 if no example has it.
func (v *vocabulary) find(key uint64) int32 {
	mask := uint64(len(v.slots) - 1)
	for at := key & mask; ; at = (at + 1) & mask {
		i := v.slots[at] - 1
		if i < 0 || v.keys[i] == key {
			return i
		}
	}
}

// idf is the whole inverse document frequency of a feature, which coverage weighs with.
func (v *vocabulary) idf(feature int32) float64 {
	if feature < 0 {
		return v.unseen
	}
	square := times(float64(v.rarity[feature]), float64(v.rarity[feature]))
	return times(square, square)
}

// counter turns features into a vector; it is scratch memory.
type counter struct {
	count []uint8 // by feature, all zero between texts
	block []uint8 // by cell
	cells []cell
}

// vector weighs the features of a text: more for what is rare or said again, each block at length one times its weight.
func (c *counter) vector(v *vocabulary, terms []term) []cell {
	if len(c.count) < len(v.keys) {
		c.count = make([]uint8, len(v.keys))
	}
	c.cells, c.block = c.cells[:0], c.block[:0]
	var length [blocks]float32
	unseen := float32(math.Sqrt(v.unseen))
	for _, t := range terms {
		f := v.find(t.key)
		if f < 0 { // it says nothing, but the rest of its block then says less of the whole
			length[blockOf[t.kind]] += unseen
			continue
		}
		if c.count[f] == 0 {
			c.cells, c.block = append(c.cells, cell{feature: f}), append(c.block, blockOf[t.kind])
		}
		c.count[f] = min(c.count[f], 254) + 1
	}
	for i := range c.cells {
		x := &c.cells[i]
		x.value = times(often(c.count[x.feature]), v.rarity[x.feature])
		length[c.block[i]] += times(x.value, x.value)
		c.count[x.feature] = 0
	}
	for b, square := range length {
		length[b] = blockWeight[b] / max(float32(math.Sqrt(float64(square))), 1e-6)
	}
	for i := range c.cells {
		c.cells[i].value = times(c.cells[i].value, length[c.block[i]])
	}
	return c.cells
}

// often is what a feature that stands so often in a text weighs: one, and more by the logarithm.
func often(count uint8) float32 {
	if count == 1 {
		return 1
	}
	return float32(1 + log(float64(count)))
}
