package learn

import "math"

// The same training must give the same bits on every machine. Two things stand against that: Go may fuse a product and a
// sum into one rounding (it does on arm64), and the functions of math are assembly here and Go there. So every product that
// is summed goes through [times], whose conversion forbids fusing (a quotient by a constant may be a product too), and logarithm and exponential are written out below.
// Sums, quotients and math.Sqrt are exact by IEEE 754, and so are Frexp and Ldexp.

// times is a product that is rounded before anything is added to it.
//
//nolint:unconvert // the conversion is not idle: it rounds
func times[F float32 | float64](x, y F) F { return F(x * y) }

// root4 is the fourth root.
func root4(x float64) float64 { return math.Sqrt(math.Sqrt(x)) }

// log is the natural logarithm of a positive number, by the series of the inverse hyperbolic tangent.
func log(x float64) float64 {
	fraction, exponent := math.Frexp(x)
	if fraction < 1/math.Sqrt2 {
		fraction, exponent = times(fraction, 2), exponent-1
	}
	s := (fraction - 1) / (fraction + 1)
	square, sum := times(s, s), 0.0
	for i := 23.0; i > 0; i -= 2 {
		sum = times(sum, square) + 1/i
	}
	return times(float64(exponent), math.Ln2) + times(times(2, s), sum)
}

// exp is e to the power x, by the series around the nearest power of two; 0 and infinity far out.
func exp(x float64) float64 {
	power := math.Floor(times(x, math.Log2E) + 0.5)
	if power < -1000 || power > 1000 {
		return math.Exp(math.Copysign(math.Inf(1), x))
	}
	rest, sum := x-times(power, math.Ln2), 1.0
	for i := 16.0; i > 0; i-- {
		sum = 1 + times(sum, rest)/i
	}
	return math.Ldexp(sum, int(power))
}

// logistic is the probability of a log-odds.
func logistic(x float64) float64 { return 1 / (1 + exp(-x)) }

// mix scatters the bits of a hash (the finaliser of splitmix64), so that what is combined from hashes does not collide in
// a pattern: unfinished hashes of neighbouring texts did.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
