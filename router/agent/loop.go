package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"
	"golang.org/x/sync/errgroup"

	"clanker/adapters"
	"clanker/router"
	"clanker/router/agent/claims"
	"clanker/router/agent/models"
	"clanker/router/agent/toolbox"
)

// inquiry is one question being looked into.
type inquiry struct {
	model   *models.Model
	limits  Limits
	budget  *budget
	desk    *router.Desk
	box     *toolbox.Box
	facts   *claims.Facts
	history []llms.MessageContent
	asked   map[string]int // how often each call was asked for
	uses    []router.ToolUse
	foreign []string // texts that others wrote, which the model has seen
	faults  []string // of this program, while tools ran
	ids     []string // of the resources that the model has seen
	nudged  bool
	now     func() time.Time
}

// ending is how an inquiry ended.
type ending struct {
	text    string // the model's, as far as it came
	short   string // which limit ended it; empty if none did
	problem *adapters.SourceError
}

func (a *Agent) inquiry(s *Settings, model *models.Model, q router.Question, desk *router.Desk) *inquiry {
	return &inquiry{model: model, limits: s.Limits, desk: desk, box: toolbox.New(desk), facts: claims.New(q.Text), asked: map[string]int{}, now: a.now,
		budget: newBudget(a.books, s, model, desk.ID(), q.Asker.Claimed(), a.now)}
}

// reading is the part of the time after which the model is told to conclude.
func reading(all time.Duration) time.Duration { return all * 7 / 10 }

// run talks to the model until it has answered or a limit is near.
func (i *inquiry) run(ctx context.Context) ending {
	early, done := context.WithTimeout(ctx, reading(i.limits.Time))
	defer done()
	i.open(early)
	for range i.limits.Steps {
		reply, err := i.turn(early, nil)
		if err != nil {
			return i.stopped(ctx, early, err)
		}
		if len(reply.Calls) == 0 && (i.nudged || reply.Stop != models.StopEnd || strings.TrimSpace(reply.Text) != "") {
			return i.ended(reply)
		}
		if len(reply.Calls) == 0 { // some models fail at writing a call now and then
			i.nudged = true
			i.say(llms.ChatMessageTypeHuman, llms.TextPart(nudge))
			continue
		}
		if looping := i.use(early, reply); looping {
			return i.conclude(ctx, &limitError{why: "it asked for the same again and again"})
		}
	}
	return i.conclude(ctx, &limitError{why: fmt.Sprintf("the limit of steps for a question, %d, is reached", i.limits.Steps), fix: "ask for less at once, or raise models.steps"})
}

// stopped ends the inquiry after a turn that failed: with what was read before, if that is why.
func (i *inquiry) stopped(ctx, early context.Context, err error) ending {
	var limit *limitError
	switch {
	case errors.As(err, &limit):
		return i.conclude(ctx, limit)
	case early.Err() != nil:
		return i.conclude(ctx, tooSlow(fmt.Sprintf("the %s for reading, of the %s of a question, are over", reading(i.limits.Time), i.limits.Time)))
	case models.IsOverflow(err) && len(i.uses) > 0:
		return i.conclude(ctx, i.budget.tooLong())
	default:
		return ending{problem: problem(err)}
	}
}

// open begins the conversation.
func (i *inquiry) open(ctx context.Context) {
	around := surroundings(i.desk, i.desk.Connections(ctx))
	i.facts.Add(around + "\n" + at(i.now())) // what it is told is no invention of its own
	i.say(llms.ChatMessageTypeSystem, llms.TextPart(system(i.desk, i.now())))
	i.say(llms.ChatMessageTypeHuman, llms.TextPart(i.desk.Question()+"\n\n"+around))
}

// say adds a message of one part: what several parts become differs from client to client.
func (i *inquiry) say(role llms.ChatMessageType, part llms.ContentPart) {
	i.history = append(i.history, llms.MessageContent{Role: role, Parts: []llms.ContentPart{part}})
}

// turn asks the model once. A turn whose text is streamed is the last one: the model is to call no tools.
func (i *inquiry) turn(ctx context.Context, stream func(string)) (models.Reply, error) {
	i.desk.Step(fmt.Sprintf("%s is thinking, step %d", i.model.Name, i.budget.used.Steps+1))
	return i.budget.turn(ctx, i.history, i.box.Tools(), stream != nil, stream)
}

// use runs the tools that the model asked for, and reports whether it asks for nothing but what it has had twice.
func (i *inquiry) use(ctx context.Context, reply models.Reply) (looping bool) {
	if text := strings.TrimSpace(reply.Text); text != "" {
		i.say(llms.ChatMessageTypeAI, llms.TextPart(text))
	}
	calls := i.heard(reply.Calls)
	for _, call := range calls {
		i.say(llms.ChatMessageTypeAI, repeatable(call))
	}
	looping = true
	for n, result := range i.results(ctx, calls) {
		looping = looping && (n >= mostCalls || i.asked[key(calls[n])] > 2)
		i.say(llms.ChatMessageTypeTool, llms.ToolCallResponse{ToolCallID: calls[n].ID, Name: repeatable(calls[n]).FunctionCall.Name, Content: result.Text})
	}
	return looping
}

func key(call llms.ToolCall) string {
	return call.FunctionCall.Name + " " + call.FunctionCall.Arguments
}

// mostCalls is how many tools one turn may use, mostAtOnce how many of them run at the same time, and mostHeard how many calls get any
// answer.
const (
	mostCalls  = 8
	mostAtOnce = 4
	mostHeard  = 64
)

// results are those of the calls, in their order. What was asked for before is not read again.
func (i *inquiry) results(ctx context.Context, calls []llms.ToolCall) []toolbox.Result {
	results := make([]toolbox.Result, len(calls))
	var calling errgroup.Group
	calling.SetLimit(mostAtOnce)
	for n, call := range calls {
		if n >= mostCalls {
			results[n].Text = fmt.Sprintf("not called: at most %d tools in one turn. Ask again for what you still need.", mostCalls)
			continue
		}
		if i.asked[key(call)]++; i.asked[key(call)] > 1 {
			results[n].Text = "not called: you asked for exactly this before, and its result stands above. Ask for something else, or answer."
			continue
		}
		calling.Go(func() error {
			results[n] = i.box.Call(ctx, *call.FunctionCall)
			return nil
		})
	}
	_ = calling.Wait() // what is wrong with a call is in its result
	for n, result := range results {
		i.take(calls[n], result)
	}
	return results
}

// take notes what the model has seen.
func (i *inquiry) take(call llms.ToolCall, result toolbox.Result) {
	arguments, ok := i.redacted(cmp.Or(string(result.Arguments), call.FunctionCall.Arguments))
	if !ok {
		arguments = "{}"
	}
	i.uses = append(i.uses, router.ToolUse{Tool: i.told(router.Printable(call.FunctionCall.Name), longestName), Arguments: json.RawMessage(arguments), Rows: result.Rows, OK: result.OK})
	i.budget.used.ToolCalls++
	i.facts.Add(result.Text)
	i.foreign = append(i.foreign, result.Foreign...)
	if result.Fault != "" && !slices.Contains(i.faults, result.Fault) {
		i.faults = append(i.faults, result.Fault)
	}
	i.ids = append(i.ids, result.Resources...)
}

// ended is the ending with the model's own last words.
func (i *inquiry) ended(reply models.Reply) ending {
	e := ending{text: reply.Text}
	switch reply.Stop {
	case models.StopRefused:
		e.problem = &adapters.SourceError{Reason: adapters.Refused, Detail: "the model refused: " + i.cleaned(cmp.Or(reply.Text, "it gave no reason")), Fix: "ask in other words, or choose another model"}
		e.text = ""
	case models.StopLength:
		cut := &limitError{why: fmt.Sprintf("the model was cut off, at the %d tokens of a turn or the end of its context", i.limits.Output), fix: models.FixContext(i.model.Name)}
		if strings.TrimSpace(e.text) == "" {
			return ending{problem: cut.problem()}
		}
		e.text, e.short = e.text+"…", cut.told()
	}
	if e.problem == nil && strings.TrimSpace(e.text) == "" {
		e.problem = &adapters.SourceError{Reason: adapters.Internal, Detail: "the model answered with no text", Fix: "ask again, or choose another model"}
	}
	return e
}

// mostDetail is how much of a refusal is told, in bytes.
const mostDetail = 300

// cleaned is a text of the model on one line, checked as any other.
func (i *inquiry) cleaned(text string) string {
	marked, _ := i.facts.Check(i.told(text, mostDetail))
	return i.model.Scrub(router.Printable(marked))
}

// conclude has the model answer from what it has read, in the rest of the time. What comes of it when the time ends is kept.
func (i *inquiry) conclude(ctx context.Context, why *limitError) ending {
	if len(i.uses) == 0 {
		return ending{problem: why.problem()}
	}
	i.say(llms.ChatMessageTypeHuman, llms.TextPart(conclude(why.Error())))
	if why.long || i.budget.within(i.budget.most(i.history, i.box.Tools()), true) != nil {
		i.shrink()
	}
	var said strings.Builder
	reply, err := i.turn(ctx, func(text string) {
		said.WriteString(text)
		i.desk.Step(fmt.Sprintf("%s is writing, %d characters", i.model.Name, said.Len()))
	})
	e := i.ended(reply)
	if err != nil {
		e = ending{text: said.String(), problem: i.failed(ctx, err)}
		if e.text != "" {
			e.text += "…" // it was not at its end
		}
	}
	if e.problem == nil || e.problem.Fix != why.fix { // else it is said already
		e.short = "the model was told to conclude: " + why.told()
	}
	return e
}

// failed is what kept the model from answering.
func (i *inquiry) failed(ctx context.Context, err error) *adapters.SourceError {
	var limit *limitError
	switch {
	case errors.As(err, &limit):
		return limit.problem()
	case ctx.Err() != nil:
		return tooSlow(fmt.Sprintf("the %s of a question are over", i.limits.Time)).problem()
	default:
		return problem(err)
	}
}

// mostShrunk is what is left of an old result when there is more than the model can take, in bytes.
const mostShrunk = 300

// shrink cuts what tools returned, so that what was read fits into the model.
func (i *inquiry) shrink() {
	for n := range i.history {
		if response, ok := i.history[n].Parts[0].(llms.ToolCallResponse); ok && len(response.Content) > mostShrunk {
			response.Content = strings.ToValidUTF8(response.Content[:mostShrunk], "") + "\n[the rest is left out: it was too long]"
			i.history[n].Parts = []llms.ContentPart{response}
		}
	}
}
