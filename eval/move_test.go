package eval_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/eval"
	"clanker/intents/strict"
)

// costly takes everything for a question about cost.
type costly struct{}

func (costly) Classify(string) eval.Prediction {
	return eval.Prediction{Routed: true, Intent: "cost.of", Topic: "cost"}
}

func TestMovesAreTheQuestionsThatGoElsewhere(t *testing.T) {
	at := func(line int) strict.Position { return strict.Position{File: "a.yaml", Line: line, Column: 3} }
	both := []eval.Suite{{Cases: []eval.Case{{Question: "is it healthy?", Pos: at(1)}, {Question: "what does it cost?", Pos: at(2)}}},
		{Cases: []eval.Case{{Question: "tell me a joke", Pos: at(3)}, {Question: "is it healthy?", Pos: at(4)}}}}
	one := func(c eval.Classifier) func(eval.Suite) eval.Classifier {
		return func(eval.Suite) eval.Classifier { return c }
	}
	moves, asked := eval.Moves(both, one(keywords{}), one(costly{}))
	assert.Equal(t, 3, asked, "a question that is asked twice counts once")
	assert.Equal(t, []eval.Move{{Question: "is it healthy?", At: "a.yaml:1:3", From: "health.of", To: "cost.of"},
		{Question: "tell me a joke", At: "a.yaml:3:3", To: "cost.of"}}, moves)
	moves, _ = eval.Moves(both, one(costly{}), one(keywords{}))
	assert.Equal(t, "no word is known", moves[1].Reason)
	moves, _ = eval.Moves(both, one(keywords{}), one(keywords{}))
	assert.Empty(t, moves)
}
