package learn

// matrix is the examples as vectors, and the class of each.
type matrix struct {
	rows   [][]cell
	square []float32 // the squared length of each row, with the bias
	class  []int32
	mass   float64 // what all features of a row weigh together, on average
}

// Training of one class against the rest: the squared hinge is charged so much, in at most so many sweeps, until no
// gradient is farther than the tolerance from its neighbours.
const (
	charge    = 2
	sweeps    = 20
	tolerance = 0.1
	slack     = 1.0 / (2 * charge)
)

// separator learns what tells one class from the others, by dual coordinate descent with shrinking (Hsieh et al. 2008). It
// is scratch memory of one goroutine.
type separator struct {
	weight []float32 // by feature
	bias   float32
	alpha  []float32 // by example
	order  []int32
}

// learn leaves the weights of a class in s, from the examples named.
func (s *separator) learn(m *matrix, features int, class int32, examples []int32) {
	s.weight, s.bias = cleared(s.weight, features), 0
	s.alpha = cleared(s.alpha, len(m.rows))
	s.order = append(s.order[:0], examples...)
	random, active, limit := mix(uint64(class)+1), len(s.order), infinite
	for range sweeps {
		for i := range active {
			random = mix(random + 0x9e3779b97f4a7c15)
			j := i + int(random%uint64(active-i))
			s.order[i], s.order[j] = s.order[j], s.order[i]
		}
		low, high := infinite, -infinite
		for i := 0; i < active; i++ {
			e := s.order[i]
			gradient, done := s.visit(m, e, m.class[e] == class, limit)
			if done {
				active--
				s.order[i], s.order[active] = s.order[active], e
				i--
				continue
			}
			low, high = min(low, gradient), max(high, gradient)
		}
		switch limit = high; {
		case high-low > tolerance:
			if limit <= 0 {
				limit = infinite
			}
		case active == len(s.order):
			return
		default: // look at all once more: what was left out may have become wrong
			active, limit = len(s.order), infinite
		}
	}
}

const infinite = float32(3e38)

// visit moves the weights for one example; it returns its gradient, or true if the example may be left out from now on.
func (s *separator) visit(m *matrix, e int32, positive bool, limit float32) (float32, bool) {
	sign := float32(-1)
	if positive {
		sign = 1
	}
	row, weight, sum := m.rows[e], s.weight, s.bias
	for _, x := range row {
		sum += float32(x.value * weight[x.feature])
	}
	old := s.alpha[e]
	gradient := times(sign, sum) - 1 + times(old, slack)
	if old == 0 && gradient > 0 {
		return 0, gradient > limit
	}
	s.alpha[e] = max(old-gradient/(m.square[e]+slack), 0)
	delta := times(s.alpha[e]-old, sign)
	s.bias += delta
	for _, x := range row {
		weight[x.feature] += float32(delta * x.value)
	}
	return gradient, false
}

// cleared is a slice of n zeros, in the memory of s where that is enough.
func cleared[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
