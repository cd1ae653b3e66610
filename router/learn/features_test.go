package learn

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStem(t *testing.T) {
	for _, words := range [][]string{
		{"restart", "restarts", "restarted", "restarting"},
		{"query", "queries"},
		{"deploy", "deploys", "deployed", "deploying"},
		{"run", "runs", "running"},
		{"database", "databases"},
		{"failure", "failures"},
		{"slow", "slowly"},
		{"service", "service's", "services"},
		{"class"}, {"is"}, {"bus"}, {"us"}, {"ing"}, {""}, {"é"},
	} {
		for _, word := range words {
			assert.Equal(t, stem(words[0]), stem(word), word)
		}
	}
}

func TestSplit(t *testing.T) {
	assert.Equal(t, []string{"what's", "my", "q3", "spend", "über", "80"}, Split("What's my Q3-spend (ÜBER 80%)?").Words)
	assert.Empty(t, Split("?!… — \x00").Words)
}

func TestReadTellsFeaturesApart(t *testing.T) {
	var r reader
	seen := map[uint64]kind{}
	for _, word := range []string{"abc", "mbc", "a", "b", "ab", "ba", "<ab", "ab>", "@abc"} {
		for _, x := range r.read(Text{Words: []string{word, "x"}, Concepts: []string{word}}) {
			if before, known := seen[x.key]; known {
				assert.Equal(t, before, x.kind, word)
			}
			seen[x.key] = x.kind
		}
	}
	masked := r.read(Text{Words: []string{"{service}"}})
	for _, x := range masked {
		assert.NotEqual(t, kindLetters, x.kind)
	}
}

func TestCensusFindsCollisions(t *testing.T) {
	c := census{}
	require.NoError(t, c.add(term{key: 1}, 10, 0))
	require.NoError(t, c.add(term{key: 1}, 10, 0))
	require.NoError(t, c.add(term{key: 1}, 10, 1))
	assert.Equal(t, int32(2), c[1].texts)
	assert.ErrorContains(t, c.add(term{key: 1}, 11, 2), "share the hash 0000000000000001")
}

func TestBlocksHaveTheirLength(t *testing.T) {
	texts := []Text{Split("one two three"), Split("two two four"), Split("one two three"), Split("two two four")}
	v, err := newVocabulary(texts)
	require.NoError(t, err)
	var r reader
	var c counter
	var square [blocks]float64
	cells := c.vector(&v, r.read(texts[1]))
	for i, x := range cells {
		square[c.block[i]] += float64(x.value) * float64(x.value)
	}
	for b, weight := range blockWeight[:blocks-1] {
		assert.InDelta(t, weight*weight, square[b], 1e-5, "block %d", b)
	}
	known := cells[0].value
	assert.Less(t, c.vector(&v, r.read(Split("two unknown")))[0].value, known, "what is unknown takes its share")
}
