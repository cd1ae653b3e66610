package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/router"
	"clanker/router/agent/cost"
	"clanker/router/agent/models"
)

// budget is what one question may spend, and has spent.
type budget struct {
	books   Books
	limits  Limits
	model   *models.Model
	answer  string
	asker   string
	price   cost.Price
	priced  bool
	context int // tokens that the model takes; 0 is unknown
	now     func() time.Time
	calls   int               // that the books were told of
	used    router.ModelUsage // but for tokens and cost
	tokens  router.Tokens
	cost    int64 // millionths of a US dollar, while priced
	warning string
}

func newBudget(books Books, s *Settings, m *models.Model, answer, asker string, now func() time.Time) *budget {
	b := &budget{books: books, limits: s.Limits, model: m, used: router.ModelUsage{Name: m.Name}, answer: answer, asker: asker, now: now}
	b.price, b.priced = s.Prices.Price(m.Name, m.Local)
	b.context = s.Prices.Context(m.Name)
	if old := b.price.Stale(now()); old != "" {
		b.warning = "the cost is reckoned with " + old + ": see models.prices"
	}
	return b
}

// limitError says which limit of [Limits] a turn would go beyond.
type limitError struct {
	why, fix string
	long     bool // what was read is too much for the model
	cause    error
}

func (e *limitError) Error() string { return e.why }

func (e *limitError) Unwrap() error { return e.cause }

func (e *limitError) problem() *adapters.SourceError {
	return &adapters.SourceError{Reason: adapters.LimitReached, Detail: e.why, Fix: cmp.Or(e.fix, "ask for less at once, or choose another model"), Err: e}
}

// told is the limit with what to do about it.
func (e *limitError) told() string {
	if e.fix == "" {
		return e.why
	}
	return e.why + "; fix: " + e.fix
}

func (b *budget) tooLong() *limitError {
	return &limitError{why: "there is more to read than the model can take", fix: models.FixContext(b.model.Name), long: true}
}

// leastContext is how many tokens a model has to take to look into questions: the tools, some of what they return, and an answer.
const leastContext = 16_384

// cramped is the error that the model is known to take too little for most questions.
func (b *budget) cramped() error {
	if b.context == 0 || b.context >= leastContext {
		return nil
	}
	return &adapters.SourceError{Reason: adapters.Unsupported, Detail: fmt.Sprintf("it takes %d tokens, and looking into a question needs %d", b.context, leastContext), Fix: models.FixContext(b.model.Name)}
}

func tooSlow(why string) *limitError {
	return &limitError{why: why, fix: "ask for less at once, choose a faster model, or raise models.seconds"}
}

// turn asks the model once, and enters what that costs: first the most that it can be, then what it was. The closing one is the last.
func (b *budget) turn(ctx context.Context, history []llms.MessageContent, tools []llms.Tool, closing bool, stream func(string)) (models.Reply, error) {
	call, err := b.reserve(ctx, history, tools, closing)
	if err != nil {
		return models.Reply{}, err
	}
	began := b.now()
	reply, err := b.model.Ask(ctx, history, tools, b.limits.Output, stream)
	b.used.Steps++
	b.used.ModelMs += float64(b.now().Sub(began).Microseconds()) / 1000
	b.settle(ctx, call, reply, err)
	if err == nil && b.context == 0 && b.used.Steps == 1 {
		if b.context = b.model.Context(ctx); b.context > 0 && call.Tokens.In > b.context {
			return models.Reply{}, b.tooLong() // it answered something that was cut off
		}
	}
	return reply, err
}

// reserve enters the highest cost that the next turn can have, and returns the call. It is an error when a limit does not allow it:
// of the question, unless this turn is the closing one, so that there is enough left for that; or of the day.
func (b *budget) reserve(ctx context.Context, history []llms.MessageContent, tools []llms.Tool, closing bool) (router.Spend, error) {
	call := b.most(history, tools)
	if err := b.within(call, closing); err != nil {
		return call, err
	}
	b.calls++
	call.ID = fmt.Sprintf("%s-%d", b.answer, b.calls)
	limit := router.SpendLimit{From: call.At.Truncate(24 * time.Hour), Cost: b.limits.Daily, Unpriced: b.limits.DailyUnpriced}
	err := b.books.Reserve(ctx, call, limit)
	over, full := errors.AsType[*router.LimitError](err)
	switch {
	case full:
		setting := "models.daily.cents"
		if call.Cost == nil {
			setting = "models.daily.tokens"
		}
		return call, &limitError{why: "no more today: " + over.Error(), fix: "wait for the next day (UTC), choose a local model, or raise " + setting, cause: err}
	case err != nil && ctx.Err() == nil:
		return call, &adapters.SourceError{Reason: adapters.Internal, Detail: "what models cost cannot be kept, so none is asked: " + err.Error(), Fix: "clanker doctor", Err: err}
	}
	return call, err
}

// most is a turn with the highest cost that it can have.
func (b *budget) most(history []llms.MessageContent, tools []llms.Tool) router.Spend {
	tokens := router.Tokens{In: estimate(history, tools), Out: b.limits.Output}
	return router.Spend{Answer: b.answer, Asker: b.asker, Model: b.model.Name, At: b.now().UTC(), Tokens: tokens, Cost: b.of(tokens)}
}

// of is what tokens cost; nil when nobody knows.
func (b *budget) of(t router.Tokens) router.Cost {
	if !b.priced {
		return nil
	}
	return b.price.Cost(t)
}

// within reports, as an error, the limit of the question that a call would go beyond. Before the closing turn as much again has to be
// left for that.
func (b *budget) within(call router.Spend, closing bool) error {
	turns := 2
	if closing {
		turns = 1
	}
	if b.context > 0 && call.Tokens.Sum() > b.context && !closing {
		return b.tooLong()
	}
	if most, need := b.limits.Tokens, turns*call.Tokens.Sum(); most > 0 && b.tokens.Sum()+need > most {
		return &limitError{why: fmt.Sprintf("the limit of a question is %d tokens; %d are used, and going on may take %d", most, b.tokens.Sum(), need),
			fix: "raise models.tokens, or ask for less at once"}
	}
	if most := b.limits.Cost; most != nil && call.Cost != nil && b.cost+int64(turns)**call.Cost > *most {
		return &limitError{why: fmt.Sprintf("the limit of a question is %s US dollars; %s are spent, and going on may cost %s", router.USD(most), router.USD(&b.cost), router.USD(new(int64(turns)**call.Cost))),
			fix: "raise models.cents, choose a cheaper model, or ask for less at once"}
	}
	return nil
}

// settle enters what a turn did cost; what the server does not tell of it is estimated. A turn that may have been made though it
// failed costs what was reserved.
func (b *budget) settle(ctx context.Context, call router.Spend, reply models.Reply, failed error) {
	spent := reply.Tokens
	switch {
	case failed == nil:
		spent.In, spent.Out = cmp.Or(spent.In, call.Tokens.In), cmp.Or(spent.Out, said(reply))
	case reply.Text != "" || mayHaveCost(failed):
		spent = call.Tokens
		b.warning = cmp.Or(b.warning, "what the failed turn cost is not known, so the most that it can have cost counts")
	}
	cost := b.of(spent)
	b.tokens = b.tokens.Plus(spent)
	if cost != nil {
		b.cost += *cost
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), entering)
	defer done()
	if err := b.books.Settle(ctx, call.ID, spent, cost); err != nil {
		b.warning = fmt.Sprintf("what the model cost could not be kept, so the most that it can have cost counts: %v", err)
	}
}

// said estimates how many tokens a reply has.
func said(reply models.Reply) int {
	bytes := len(reply.Text)
	for _, call := range reply.Calls {
		bytes += len(call.FunctionCall.Name) + len(call.FunctionCall.Arguments)
	}
	return bytes/perToken + 1
}

// mayHaveCost reports whether a turn that failed may have been charged: the model may have been at work.
func mayHaveCost(err error) bool {
	known, ok := errors.AsType[*adapters.SourceError](err)
	if !ok {
		return true
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" { // nothing was sent
		return false
	}
	switch known.Reason {
	case adapters.Refused: // of what it wrote, maybe
		return true
	case adapters.TimedOut, adapters.Unreachable, adapters.Internal:
		return !models.IsTurnedAway(err)
	default:
		return false
	}
}

// perToken is how many bytes a token has in what is dense, text and JSON with names. Times and hashes have fewer; what they take more
// than was reserved is within the output that nearly every turn leaves over, and is settled.
const perToken = 3

// estimate is about how many tokens go into a turn.
func estimate(history []llms.MessageContent, tools []llms.Tool) int {
	bytes := 0
	for _, message := range history {
		bytes += 16
		switch part := message.Parts[0].(type) {
		case llms.TextContent:
			bytes += len(part.Text)
		case llms.ToolCall:
			bytes += len(part.ID) + len(part.FunctionCall.Name) + len(part.FunctionCall.Arguments)
		case llms.ToolCallResponse:
			bytes += len(part.ToolCallID) + len(part.Content)
		}
	}
	offered, _ := json.Marshal(tools) // they are ours, and can be written
	return (bytes + len(offered)) / perToken
}

// usage is what the question cost.
func (b *budget) usage() router.ModelUsage {
	u := b.used
	u.Input, u.Output, u.CostUSD = b.tokens.In, b.tokens.Out, router.USD(b.spent())
	return u
}

// spent is the cost so far; nil if it is not known.
func (b *budget) spent() router.Cost {
	if !b.priced {
		return nil
	}
	return &b.cost
}
