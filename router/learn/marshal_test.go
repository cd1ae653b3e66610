package learn

import (
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func written(t testing.TB) []byte {
	data, err := trained(t, Options{}).MarshalBinary()
	require.NoError(t, err)
	return data
}

func TestMarshalAndBack(t *testing.T) {
	for name, options := range map[string]Options{"calibrated": {}, "not calibrated": {Uncalibrated: true}} {
		m := trained(t, options)
		data, err := m.MarshalBinary()
		require.NoError(t, err)
		var read Model
		require.NoError(t, read.UnmarshalBinary(data), name)
		assert.Equal(t, m, &read, name)
	}
}

func TestUnmarshalRefusesWhatIsDamaged(t *testing.T) {
	data := written(t)
	m := trained(t, Options{Uncalibrated: true})
	before := *m
	for n := 0; n < len(data); n += 1 + n/50 {
		require.Error(t, m.UnmarshalBinary(data[:n]), "cut to %d", n)
		damaged := append([]byte(nil), data...)
		damaged[n] ^= 1 << (n % 8)
		require.Error(t, m.UnmarshalBinary(damaged), "a bit of byte %d", n)
	}
	require.Error(t, m.UnmarshalBinary(append(data, 0)))
	assert.Equal(t, before, *m, "a failed read changes nothing")
	assert.ErrorContains(t, m.UnmarshalBinary([]byte("clanker/learn 9\n")), "another version")
}

func TestKey(t *testing.T) {
	examples := small()
	key := Key(examples, Options{})
	slices.Reverse(examples)
	assert.Equal(t, key, Key(examples, Options{}), "the order does not matter")
	assert.NotEqual(t, key, Key(examples, Options{OutOfScope: 0.1}))
	assert.NotEqual(t, key, Key(examples[1:], Options{}))
	words := func(words ...string) []Example { return []Example{{Text: Text{Words: words}}} }
	assert.NotEqual(t, Key(words("a b"), Options{}), Key(words("a", "b"), Options{}))
	assert.NotEqual(t, Key(words("a"), Options{}), Key([]Example{{Text: Text{Concepts: []string{"a"}}}}, Options{}))
}

// sealed gives bytes the checksum they need to be looked at.
func sealed(body []byte) []byte {
	data := append([]byte(version), body...)
	sum := sha256.Sum256(data)
	return append(data, sum[:]...)
}

// Whoever can write a file can write its checksum, so what is inside is not trusted either.
func TestUnmarshalRefusesHostileBytes(t *testing.T) {
	data := written(t)
	body := data[len(version) : len(data)-sha256.Size]
	for n := 0; n < len(body); n += 1 + n/50 {
		hostile := append([]byte(nil), body...)
		hostile[n] ^= 0x80
		tryBytes(sealed(hostile))
		hostile[n] = 0xff
		tryBytes(sealed(hostile))
	}
	for range 24 {
		body = append([]byte{0xff, 0xff, 0xff, 0xff}, body[:20]...)
		require.Error(t, new(Model).UnmarshalBinary(sealed(body)), "lengths that nothing could hold")
	}
}

// tryBytes reads a model, and scores with it if that works.
func tryBytes(data []byte) {
	var m Model
	if m.UnmarshalBinary(data) == nil {
		text := Text{Words: []string{"show", "cost", "{service}", "failing"}, Concepts: []string{"@cost"}}
		r := m.Score(text, &Scratch{})
		m.Explain(text, r.Top[0].Class)
		m.Threshold(0.05)
		m.Balance()
	}
}

func FuzzUnmarshal(f *testing.F) {
	tiny := []Example{{Text: Text{Words: []string{"show"}}, Class: "a"}, {Text: Text{Words: []string{"{x}"}, Concepts: []string{"@cost"}}, Class: "b"}}
	m, err := Train(tiny, Options{})
	require.NoError(f, err)
	data, err := m.MarshalBinary()
	require.NoError(f, err)
	f.Add(data[len(version) : len(data)-sha256.Size])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		tryBytes(body)
		tryBytes(sealed(body))
	})
}

func FuzzScore(f *testing.F) {
	m := trained(f, Options{})
	var s Scratch
	f.Add("show me the cost of {service}", "@cost")
	f.Add("\xff\x00", "")
	f.Fuzz(func(t *testing.T, text, concept string) {
		words := Split(text)
		words.Concepts = []string{concept}
		r := m.Score(words, &s)
		if r.Probability < 0 || r.Probability > 1 || r.Coverage < 0 || r.Coverage > 1.000001 || m.Score(words, &s) != r {
			t.Fatalf("%q: %+v", text, r)
		}
	})
}
