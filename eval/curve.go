package eval

import (
	"cmp"
	"math"
	"slices"
)

// Point is one operating point: what would be answered if only scores of at least Score were, and how often wrongly.
type Point struct {
	Score    float64 `json:"score"`
	Coverage float64 `json:"coverage"` // of all questions, in scope or not
	Risk     float64 `json:"risk"`     // wrong or taken, of what would be answered
}

// curve is the risk-coverage curve at scores of whole percents, from the surest on. It leaves out points that add nothing.
func curve(outcomes []outcome) []Point {
	routed := routedBySureness(outcomes)
	var points []Point
	wrong, next := 0, 0
	for percent := 100; percent >= 0; percent-- {
		before := next
		for next < len(routed) && routed[next].got.Score >= float64(percent)/100-1e-9 {
			if routed[next].verdict != Right {
				wrong++
			}
			next++
		}
		if next > before {
			points = append(points, Point{float64(percent) / 100, *share(next, len(outcomes)), *share(wrong, next)})
		}
	}
	return points
}

func routedBySureness(outcomes []outcome) []outcome {
	routed := slices.DeleteFunc(slices.Clone(outcomes), func(o outcome) bool { return !o.got.Routed })
	slices.SortStableFunc(routed, func(a, b outcome) int { return cmp.Compare(b.got.Score, a.got.Score) })
	return routed
}

// auroc is the chance that a question in scope has a higher score than one out of it, equal scores counting half: 0.5 is
// guessing. It is nil unless there are both.
func auroc(outcomes []outcome) *float64 {
	var in, out []float64
	for _, o := range outcomes {
		if o.want.InScope() {
			in = append(in, o.got.Score)
		} else {
			out = append(out, o.got.Score)
		}
	}
	slices.Sort(out)
	halves := 0
	for _, score := range in {
		below, _ := slices.BinarySearch(out, score)
		upTo, _ := slices.BinarySearch(out, math.Nextafter(score, 2))
		halves += below + upTo
	}
	return share(halves, 2*len(in)*len(out))
}

// calibrationBins is into how many equal ranges scores are sorted to compare them with what was right.
const calibrationBins = 10

// calibrationError is the mean distance between the scores of what was routed and the share of it that is right, over
// ranges of scores, weighted by how many questions are in each.
func calibrationError(outcomes []outcome) *float64 {
	var questions, right [calibrationBins]int
	var scores [calibrationBins]float64
	all := 0
	for _, o := range outcomes {
		if !o.got.Routed {
			continue
		}
		bin := max(0, min(int(o.got.Score*calibrationBins), calibrationBins-1))
		all++
		questions[bin]++
		scores[bin] += o.got.Score
		if o.verdict == Right {
			right[bin]++
		}
	}
	if all == 0 {
		return nil
	}
	distance := 0.0
	for bin := range calibrationBins {
		distance += math.Abs(scores[bin] - float64(right[bin]))
	}
	return new(round(distance / float64(all)))
}
