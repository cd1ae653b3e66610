package eval

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every set can be read: the sizes are those that their authors give.
func TestPublicSetsAreWhole(t *testing.T) {
	for set, want := range map[string][3]int{"clinc150": {15_000, 4500, 1000}, "banking77": {10_003, 3080, 0}, "hwu64": {9960, 1076, 0}} {
		train, test, outside, err := publicSet(set)
		require.NoError(t, err)
		assert.Equal(t, want, [3]int{len(train), len(test), len(outside)}, set)
	}
	_, err := Public("mnist")
	assert.ErrorContains(t, err, "read the public set mnist: there is none of that name")
}

// The floor is a little under what is measured; the smallest set keeps it quick.
func TestPublicFigures(t *testing.T) {
	f, err := Public("hwu64")
	require.NoError(t, err)
	assert.Equal(t, 64, f.Classes)
	assert.Greater(t, f.Accuracy, 0.88)
	again, err := Public("hwu64")
	require.NoError(t, err)
	assert.Equal(t, f, again)
}

func TestSeparation(t *testing.T) {
	of := func(probabilities ...float64) (all []guessed) {
		for _, p := range probabilities {
			all = append(all, guessed{probability: p})
		}
		return all
	}
	assert.InDelta(t, 1, separation(of(0.9, 0.8), of(0.1, 0.2)), 0)
	assert.InDelta(t, 0, separation(of(0.1), of(0.2)), 0)
	assert.InDelta(t, 0.5, separation(of(0.5, 0.5), of(0.5)), 0, "alike")
	assert.InDelta(t, 0.6875, separation(of(0.9, 0.5, 0.1, 0.7), of(0.5, 0.3)), 1e-9) // 2.5 and 3 of 4, in part
}

func TestPublicText(t *testing.T) {
	var out strings.Builder
	require.NoError(t, PublicText(&out, []PublicFigures{{Set: "toy", Classes: 2, Train: 10, Test: 5, Accuracy: 0.8,
		Outside: &Outside{Test: 3, InScope: 0.6, Recall: 0.667, Joint: 0.625, AUROC: 0.9, Precision: 1, Coverage: 0.2},
		Others:  []Other{{"theirs", 70, 30}, {"others'", 60, 0}}}}))
	assert.Equal(t, strings.TrimLeft(`
toy: 2 classes, learned from 10 questions, tested with 5
                           in scope  outside
all accepted                   80.0        -
balanced                       60.0     66.7   joint 62.5, auroc 0.900
at 2 % certified risk          20.0        -   precision 100.0
theirs                         70.0     30.0   published
others'                        60.0        -   published
`, "\n"), out.String())
}
