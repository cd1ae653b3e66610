package eval

import (
	"clanker/adapters"
	"clanker/router"
)

// Classifier says where a question goes. It must say the same each time.
type Classifier interface {
	Classify(text string) Prediction
}

// Prediction is what a [Classifier] made of a question.
type Prediction struct {
	Routed bool    // else it abstains, or finds two intents equally near
	Intent string  // empty if not routed
	Topic  string  // of the intent
	Score  float64 // how sure it is of being right, 0 to 1; 0 if it abstains and has no idea
	By     string  // what decided: a pattern, an example word for word, or what was learned; may be empty
	Slots  map[string]string
	Reason string // why it is not routed, for a person
}

var _ Classifier = matched{}

// matched is the matcher among the names that a workspace has seen.
type matched struct {
	matcher *router.Matcher
	names   adapters.Names
}

// ByMatcher classifies as the product does, given the names that the workspace has seen.
func ByMatcher(m *router.Matcher, names adapters.Names) Classifier { return matched{m, names} }

// Classify asks the matcher.
func (m matched) Classify(text string) Prediction {
	match := m.matcher.Match(text, m.names)
	if match.Outcome != router.Hit {
		return Prediction{Reason: match.Reason, Score: nearest(match)}
	}
	hit := match.Hits[0]
	return Prediction{Routed: true, Intent: hit.Intent.ID, Topic: string(hit.Intent.Topic), Score: hit.Score, By: hit.Source, Slots: spell(hit.Slots)}
}

// nearest is how near the matcher came to an intent that it did not choose.
func nearest(match router.Match) float64 {
	if len(match.Tried) == 0 {
		return 0
	}
	return match.Tried[0].Score
}
