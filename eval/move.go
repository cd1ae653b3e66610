package eval

// Move is a question that goes elsewhere with another catalogue.
type Move struct {
	Question string `json:"question"`
	At       string `json:"at"`               // file:line:column, of the new catalogue if it has the question
	From     string `json:"from"`             // the intent that took it; empty if none did
	To       string `json:"to"`               // the intent that takes it now; empty if none does
	Reason   string `json:"reason,omitempty"` // why none does
}

// Moves asks the questions of the suites with an old and a new catalogue, and returns those that go elsewhere, in their
// order, with how many were asked: one that is asked several times counts once, where it comes first.
func Moves(suites []Suite, before, after func(Suite) Classifier) (moves []Move, asked int) {
	moves = []Move{}
	seen := map[string]bool{}
	for _, s := range suites {
		was, is := before(s), after(s)
		for _, c := range s.Cases {
			if seen[c.Question] {
				continue
			}
			seen[c.Question] = true
			from, to := was.Classify(c.Question), is.Classify(c.Question)
			if from.Intent != to.Intent {
				moves = append(moves, Move{Question: c.Question, At: c.Pos.String(), From: from.Intent, To: to.Intent, Reason: to.Reason})
			}
		}
	}
	return moves, len(seen)
}
