package learn

import "math"

// calibration turns the signals of a result into a probability, and says from where on it can be relied upon.
type calibration struct {
	weight [4]float64 // of log-odds, logit, coverage, and one
	curve  []point    // by step of the probability; empty without calibration
}

// point counts what was tested in one step: right, wrong, and out of scope.
type point struct{ right, wrong, outside uint32 }

// Threshold is the lowest probability to accept, such that of all that is accepted the share of the wrong is at most
// maxRisk.
func (m *Model) Threshold(maxRisk float64) float64 { return math.Inf(1) }

func (c *calibration) probability(r *Result) float64 { return 0 }

func (m *Model) calibrate(examples []Example, outside float64) error { return nil }
