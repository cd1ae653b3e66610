package router

// Explanation is all that [Matcher.Explain] knows about how a question was understood, for a person who wants to know why
// it went where it went. Numbers are rounded to four decimals, so that machines do not differ in the last bits.
type Explanation struct {
	Question   string `json:"question"`
	Normalized string `json:"normalized"` // after normalisation, with typed slots in braces
	Match      Match  `json:"-"`

	Act         string   `json:"act"`         // what the question is: state, cause, command, knowledge, code or chat
	ActReason   string   `json:"actReason"`   // the words that say so, for a person
	Tokens      []string `json:"tokens"`      // as they were read, repaired and masked
	Unexplained []string `json:"unexplained"` // words that nothing takes account of

	Patterns []PatternTry   `json:"patterns"` // that were tried, those that explain every word first
	Learned  bool           `json:"learned"`  // whether the learned part was asked
	Scored   []ScoredIntent `json:"scored"`   // by the learned part, the most probable first
	// Threshold is the probability from which on the learned part decides, and MaxRisk the share of wrong answers that it
	// comes from: those of the first of Scored that may take part. Both are from 0 to 1.
	MaxRisk   float64 `json:"maxRisk"`
	Threshold float64 `json:"threshold"`
}

// PatternTry is a pattern that some word of the question called for.
type PatternTry struct {
	Intent   string `json:"intent"`
	Pattern  string `json:"pattern"`
	Explains bool   `json:"explains"` // every word of the question
	Score    int    `json:"score"`    // how much it says, if it explains every word
	Problem  string `json:"problem,omitempty"`
}

// ScoredIntent is what the learned part makes of one intent. Shares are from 0 to 1.
type ScoredIntent struct {
	Intent      string   `json:"intent"`
	Logit       float64  `json:"logit"`
	Probability float64  `json:"probability"`      // of being right
	Threshold   float64  `json:"threshold"`        // the least probability that would do
	Coverage    float64  `json:"coverage"`         // how much of the question was ever seen in learning
	Barred      string   `json:"barred,omitempty"` // why it may not take part: requires @encryption
	For         []Weight `json:"for"`              // the strongest first
	Against     []Weight `json:"against"`          // the strongest first
}

// Weight is what one part of a question, a word, a pair of words or a concept, says for an intent or against it.
type Weight struct {
	Feature string  `json:"feature"`
	Value   float64 `json:"value"` // added to the logit
}
