package router

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/intents"
	"clanker/router/learn"
)

// TestShipsWhatItLearned holds learned.bin to the built-in catalogue and to how it is read: after a change of either, run make
// golden.
func TestShipsWhatItLearned(t *testing.T) {
	catalog, err := intents.Load(intents.Default())
	require.NoError(t, err)
	m := compile(catalog)
	m.learnByHeart()
	require.NoError(t, m.checkExamples(m.askExamples()), "every example routes to its own intent")
	classes := m.classes()
	lessons := m.lessons(classes, true)
	want := shipment{catalog: catalog.Digest, lessons: learn.Key(lessons, learnOptions())}
	have := shipped()
	if *update && (have.catalog != want.catalog || have.lessons != want.lessons) {
		model, err := learn.Train(lessons, learnOptions())
		require.NoError(t, err)
		data, err := model.MarshalBinary()
		require.NoError(t, err)
		want.model = string(data)
		require.NoError(t, os.WriteFile("learned.bin", []byte(want.content()), 0o644))
		have = want
	}
	assert.Equal(t, want.catalog, have.catalog, "make golden learns the catalogue anew")
	assert.Equal(t, want.lessons, have.lessons, "make golden learns the catalogue anew")
	model, ok := have.learned(catalog)
	require.True(t, ok)
	assert.Len(t, model.Classes(), len(classes)+1, "every intent, and what is nobody's")
}
