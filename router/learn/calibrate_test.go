package learn

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The sample sizes of the 95/95 rule are in every table of acceptance tests.
func TestCertain(t *testing.T) {
	for bad, all := range map[float64]float64{0: 59, 1: 93, 2: 124, 3: 153} {
		assert.True(t, certain(bad, all, 0.05), "%v bad of %v", bad, all)
		assert.False(t, certain(bad, all-1, 0.05), "%v bad of %v", bad, all-1)
	}
	assert.True(t, certain(0, 299, 0.01))
	assert.False(t, certain(0, 298, 0.01))
	assert.True(t, certain(900, 100_000, 0.01), "large counts neither overflow nor vanish")
	assert.False(t, certain(990, 100_000, 0.01))
	for _, risk := range []float64{0, -1, math.NaN()} {
		assert.False(t, certain(0, 1000, risk), "%v", risk)
	}
	assert.True(t, certain(1, 10, 1))
	assert.False(t, certain(0, 0, 1))
}

func TestThreshold(t *testing.T) {
	m := &Model{calibration: calibration{outside: 2, curve: make([]point, curvePoints)}}
	at := func(logOdds float64, p point) { m.calibration.curve[stepOf(logOdds)] = p }
	at(6, point{400, 0, 0})
	at(3, point{400, 4, 2})
	at(0, point{200, 40, 30})
	assert.True(t, math.IsInf(m.Threshold(0.001), 1), "400 cannot prove one in a thousand")
	assert.Equal(t, logistic(6), m.Threshold(0.01))
	assert.Equal(t, logistic(3), m.Threshold(0.02))
	assert.Equal(t, logistic(0), m.Threshold(0.15))
	assert.Equal(t, logistic(0), m.Balance(), "200 right are worth 60 taken wrongly")
	at(0, point{50, 40, 30})
	assert.Equal(t, logistic(3), m.Balance())
	assert.True(t, math.IsInf((&Model{}).Threshold(0.5), 1), "no calibration, no promise")
	assert.True(t, math.IsInf((&Model{}).Balance(), 1))
}

// What is scored at a threshold is never less than it by a rounding.
func TestThresholdIsReached(t *testing.T) {
	for _, logOdds := range []float64{-12, -3.3, 0, 0.0001, 2.71828, 11.99} {
		assert.GreaterOrEqual(t, logistic(logOdds), probabilityOf(stepOf(logOdds)), "%v", logOdds)
	}
}

func TestFitFindsTheWeights(t *testing.T) {
	var trials []trial
	for i := range 4000 {
		x := float64(i%80)/10 - 4
		draw := float64(mix(uint64(i))%1000) / 1000
		o := wrong
		if draw < logistic(2*x-1) {
			o = right
		}
		trials = append(trials, trial{signals: signals{x, 0, 0, 0, 1}, outcome: o})
	}
	var c calibration
	c.fit(trials)
	assert.InDelta(t, 2, c.weight[0], 0.2)
	assert.InDelta(t, -1, c.weight[len(c.weight)-1], 0.2)
}

func TestCalibration(t *testing.T) {
	m := trained(t, Options{})
	var s Scratch
	sure, unsure := m.Score(Split("show me the cost"), &s), m.Score(Split("frobnicate the cost"), &s)
	assert.Greater(t, sure.Probability, unsure.Probability)
	assert.True(t, math.IsInf(m.Threshold(0.01), 1), "a hundred examples cannot prove one percent")
	known := slices.DeleteFunc(small(), func(e Example) bool { return e.Class == Outside })
	few, err := Train(known, Options{OutOfScope: 0.1})
	require.NoError(t, err)
	more, err := Train(known, Options{OutOfScope: 0.8})
	require.NoError(t, err)
	assert.Less(t, more.Score(Split("cost"), &s).Probability, few.Score(Split("cost"), &s).Probability,
		"the more is out of scope, the less probable is anything")
	bare := trained(t, Options{Uncalibrated: true})
	assert.Zero(t, bare.Score(Split("cost"), &s).Probability)
}

// A group is never tested on what it taught, and classes of similar names are not left out together.
func TestDeal(t *testing.T) {
	var examples []Example
	for _, name := range []string{"f", "b", "a", "e", "c", "d", "a"} {
		examples = append(examples, Example{Group: name})
	}
	folder := deal(examples, func(e Example) string { return e.Group })
	assert.Equal(t, map[string]int{"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 0}, folder)
}

func TestGroupsAreTestedByOthers(t *testing.T) {
	rightWith := func(group string) (n int) {
		var examples []Example
		for i := range 40 {
			class := []string{"a", "b", "c", "d", "e", "f"}[i%6]
			examples = append(examples, Example{Text: Split(class + class), Class: class, Group: group})
		}
		slices.SortStableFunc(examples, compare)
		trials, err := trialsOf(examples)
		require.NoError(t, err)
		for _, x := range trials {
			if x.outcome == right {
				n++
			}
		}
		return n
	}
	assert.Positive(t, rightWith(""), "each example is its own group")
	assert.Zero(t, rightWith("ann"), "without ann, nobody is left to learn from")
}
