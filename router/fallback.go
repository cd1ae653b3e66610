package router

import (
	"context"

	"clanker/adapters"
	"clanker/intents"
)

// Fallback looks into a question that no intent covers, from what the desk lets it read and nothing else. Whatever goes wrong with
// its model is in the finding; an error means that ctx ended, or a bug.
type Fallback interface {
	Answer(ctx context.Context, q Question, desk *Desk) (Finding, error)
}

// Finding is what a [Fallback] makes of what it read. What it read, and what could not be read, the desk knows.
type Finding struct {
	Summary     string   // one sentence; what nothing that was read bears out is marked in it, as in Explanation
	Explanation string   // the rest, plain text of several lines
	Unverified  []string // figures and names of the two that nothing that was read bears out, in their order
	Refs        []string // IDs of the resources that they name, in their order
	Proposals   []Proposal
	Warnings    []string
	Doubts      []string              // warnings about its text and its proposals, which are left out where those are
	Short       string                // why it ended before its time, for a person: a limit that was reached; empty if it did not
	Problem     *adapters.SourceError // why the model did not answer, or not to the end; nil if it did
	Usage       ModelUsage
}

// ModelUsage is how much a model was used for an answer.
type ModelUsage struct {
	Name      string  `json:"name" jsonschema_description:"provider/model"`
	Steps     int     `json:"steps"` // turns of the model
	ToolCalls int     `json:"toolCalls"`
	Input     int     `json:"inputTokens"` // those from a cache, too
	Output    int     `json:"outputTokens"`
	CostUSD   string  `json:"costUsd" jsonschema_description:"decimal, or unknown when the model is not in the price table"`
	ModelMs   float64 `json:"modelMs"` // that the model took itself
}

// FallbackIntent is the id that an answer has for its intent when a [Fallback] found it out.
const FallbackIntent = "fallback"

const sourceModel = "model"

// mayInvestigate reports whether a model is asked where no intent covers the question. What does not ask for the state of
// infrastructure is left to a model that the question itself names, and orders to the workspace to none.
func (r *Router) mayInvestigate(d *draft, match Match) bool {
	return r.fallback != nil && !d.asked.Unaided && !match.Barred && (!match.Foreign || d.asked.Model != "")
}

// investigate has the fallback look into the question.
func (r *Router) investigate(ctx context.Context, d *draft, matcher *Matcher, match Match) error {
	d.intent = &intents.Intent{ID: FallbackIntent, Topic: intents.TopicDiagnose}
	d.data.Slots = intents.Slots{"question": d.asked.Text}
	d.answer.Intent = &AnsweredIntent{ID: FallbackIntent, Topic: d.intent.Topic, Source: sourceModel, Alternatives: match.Tried}
	if !r.inContext(ctx, d) {
		return nil
	}
	d.steps.say("no intent covers this: a model looks into it")
	desk := &Desk{router: r, matcher: matcher, match: match, id: d.answer.AnswerID, asked: d.asked, names: d.names, place: d.query, steps: d.steps, earlier: d.earlier, draft: d}
	finding, err := r.fallback.Answer(d.steps.watched(ctx), d.asked, desk)
	sights := desk.close()
	if err != nil {
		return err
	}
	if p := finding.Problem; p != nil && p.Reason == adapters.NotConfigured { // there is no model to ask
		d.intent, d.answer.Intent = nil, nil
		d.decline(match, matcher)
		d.warn("or have a model look into such questions: %s", p.Fix)
		return nil
	}
	d.report(finding, sights)
	if finding.Summary == "" && !match.Foreign {
		d.nearest(match, matcher)
	}
	return nil
}
