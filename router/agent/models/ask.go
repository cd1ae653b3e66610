package models

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/router"
)

// Model is one that was opened. It is safe for concurrent use.
type Model struct {
	Name  string // provider/model
	Local bool   // it runs on this machine: its URL is loopback, and it takes no key

	llm     llms.Model
	now     func() time.Time
	wait    func(context.Context, time.Duration) error
	scrub   func(string) string       // takes secrets out
	most    time.Duration             // for one turn
	context func(context.Context) int // see [Model.Context]; nil: nobody knows
}

// Wrap returns the model of a client, which is provider/model by name, and runs elsewhere.
func Wrap(name string, llm llms.Model) *Model {
	return &Model{Name: name, llm: llm, now: time.Now, wait: sleep, scrub: adapters.RedactText, most: mostTurn}
}

// Scrub takes the key, and what looks like a secret, out of what the model wrote.
func (m *Model) Scrub(text string) string { return m.scrub(text) }

// Stop says why a model stopped.
type Stop string

// Why a model stopped.
const (
	StopEnd     Stop = "end"     // it was done
	StopTools   Stop = "tools"   // it wants tools to be called
	StopLength  Stop = "length"  // it was cut off: by the output tokens, or by its context
	StopRefused Stop = "refused" // it would not answer, or its vendor would not let it; Text has its reason, if there is one
)

// Reply is one turn of a model.
type Reply struct {
	Text   string
	Calls  []llms.ToolCall // each with an ID of its own, and arguments as the model wrote them; none of a reply that was cut off
	Stop   Stop
	Tokens router.Tokens // none where the model did not say: then reckon with the most
}

const (
	mostTurn  = 5 * time.Minute // that one turn may take, whatever time the caller has
	mostTries = 3
	mostWait  = 30 * time.Second // before a model is asked again, where the caller has all the time
)

// Ask has the model take one turn, of most output tokens. With stream it is told the text as it comes; such a turn is the last one: the
// tools are only those that the messages tell of, and none of them is called.
//
// A model that is overloaded is asked again, at most twice, if it says to come back within the time of ctx. The error is that of ctx
// if that ended, and an [*adapters.SourceError] otherwise. What came before it is in the reply: a part of the text in a stream.
func (m *Model) Ask(ctx context.Context, messages []llms.MessageContent, tools []llms.Tool, most int, stream func(text string)) (Reply, error) {
	for try := 1; ; try++ {
		reply, err := m.turn(ctx, messages, tools, most, stream)
		pause, again := m.pause(ctx, err, try)
		if !again || reply.Text != "" {
			return reply, err
		}
		if err := m.wait(ctx, pause); err != nil {
			return reply, err
		}
	}
}

// pause is how long to wait before the model is asked again, if it is worth it.
func (m *Model) pause(ctx context.Context, err error, try int) (time.Duration, bool) {
	var problem *adapters.SourceError
	if !errors.As(err, &problem) || !overloaded(problem) || try >= mostTries {
		return 0, false
	}
	left := mostWait
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, deadline.Sub(m.now()))
	}
	pause := cmp.Or(problem.RetryAfter, time.Second<<(try-1))
	return pause, pause < left
}

// sleep waits, or returns the error of ctx when that ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// turn asks once.
func (m *Model) turn(ctx context.Context, messages []llms.MessageContent, tools []llms.Tool, most int, stream func(string)) (Reply, error) {
	own, done := context.WithTimeout(ctx, m.most)
	defer done()
	own, said := listen(own)
	options := []llms.CallOption{llms.WithMaxTokens(most), llms.WithTools(tools)}
	var heard strings.Builder
	if stream != nil {
		options = append(options, llms.WithToolChoice("none"), llms.WithStreamingFunc(func(_ context.Context, chunk []byte) error {
			heard.Write(chunk)
			stream(string(chunk))
			return own.Err()
		}))
	}
	response, err := m.generate(own, sendable(messages), options)
	reply := Reply{Text: heard.String()}
	if err == nil && response != nil {
		reply = replied(response, len(messages))
	}
	return reply, m.problem(ctx, own, cmp.Or(said.failure(), err))
}

// generate has the client ask. Clients panic over answers of odd shape, genai over a mere null; what a vendor says must not end this
// program.
func (m *Model) generate(ctx context.Context, messages []llms.MessageContent, options []llms.CallOption) (response *llms.ContentResponse, err error) {
	defer func() {
		if p := recover(); p != nil {
			response, err = nil, &adapters.SourceError{Reason: adapters.Internal, Detail: excerpt(fmt.Sprintf("the client of %s failed over the answer: %v", m.Name, p), m.Scrub),
				Fix: "report this as a bug, and choose another model"}
		}
	}()
	return m.llm.GenerateContent(ctx, messages, options...)
}

// problem is what went wrong, in the words of this package.
func (m *Model) problem(ctx, own context.Context, err error) error {
	var known *adapters.SourceError
	switch {
	case ctx.Err() != nil: // also where the client says that all went well: what it has may be a part
		return ctx.Err()
	case own.Err() != nil:
		return &adapters.SourceError{Reason: adapters.TimedOut, Detail: fmt.Sprintf("%s did not answer within %s", m.Name, m.most), Fix: "ask again, or choose a faster model", Err: own.Err()}
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	default:
		return &adapters.SourceError{Reason: adapters.Internal, Detail: excerpt(err.Error(), m.Scrub), Fix: "ask again, or choose another model"} // without err: clients quote what vendors say
	}
}

// sendable are the messages as every client can send them: a part in each, because clients leave out or refuse further ones, and
// calls with arguments that are a JSON object, because APIs refuse others when they come back. The tool's answer says what was wrong.
func sendable(messages []llms.MessageContent) []llms.MessageContent {
	var sent []llms.MessageContent
	for _, message := range messages {
		for _, part := range message.Parts {
			if call, ok := part.(llms.ToolCall); ok {
				part = whole(call)
			}
			sent = append(sent, llms.MessageContent{Role: message.Role, Parts: []llms.ContentPart{part}})
		}
	}
	return sent
}

func whole(call llms.ToolCall) llms.ToolCall {
	function := llms.FunctionCall{}
	if call.FunctionCall != nil {
		function = *call.FunctionCall
	}
	var object map[string]any
	if json.Unmarshal([]byte(function.Arguments), &object) != nil || object == nil {
		function.Arguments = "{}"
	}
	return llms.ToolCall{ID: call.ID, Type: "function", FunctionCall: &function}
}

// replied joins the choices of a response: the anthropic client makes one of each block. turn numbers the calls without an ID.
func replied(response *llms.ContentResponse, turn int) Reply {
	var r Reply
	var texts []string
	for _, choice := range response.Choices {
		if choice == nil {
			continue
		}
		if choice.Content != "" {
			texts = append(texts, choice.Content)
		}
		r.Calls = append(r.Calls, choice.ToolCalls...)
		r.Stop = cmp.Or(r.Stop, stopOf(choice.StopReason))
		if r.Tokens == (router.Tokens{}) { // every choice has those of the whole
			r.Tokens = tokensOf(choice.GenerationInfo)
		}
	}
	r.Text = spoken(strings.Join(texts, "\n\n"))
	switch r.Stop {
	case StopLength, StopRefused:
		r.Calls = nil // the last of them may be cut off, and still be JSON
	default:
		r.Calls = numbered(r.Calls, turn)
		r.Stop = StopEnd
		switch {
		case len(r.Calls) > 0:
			r.Stop = StopTools
		case refusal.MatchString(strings.TrimSpace(r.Text)):
			r.Stop = StopRefused
		}
	}
	return r
}

// refusal is how models refuse whose vendors have no word for it: in one short line of English. "I can't find any pods" is none, nor
// is "I can't help with that, but".
var refusal = regexp.MustCompile(`(?i)^((I['’]m |I am )?sorry[,.]? (but )?)?I( can['’]t| cannot| can not| won['’]t| will not|(['’]m| am) (unable|not able) to)` +
	` ((help|assist)( you)?( with [^.,;:\n]{1,120})?|comply( with [^.,;:\n]{1,120})?|fulfill? [^.,;:\n]{1,40}|do that)([.!].{0,120})?$`)

// spoken is a text without the thoughts that some servers on one's own machine leave in front of it.
func spoken(text string) string {
	thought, rest, ok := strings.Cut(text, "</think>")
	if !ok || !strings.HasPrefix(strings.TrimSpace(thought), "<think>") {
		return text
	}
	return strings.TrimSpace(rest)
}

// numbered gives each call an ID of its own, and leaves out what calls nothing.
func numbered(calls []llms.ToolCall, turn int) []llms.ToolCall {
	var all []llms.ToolCall
	seen := map[string]bool{}
	for _, call := range calls {
		if call.FunctionCall == nil {
			continue
		}
		if call.ID == "" || seen[call.ID] {
			call.ID = fmt.Sprintf("call_%d_%d", turn, len(all)+1)
		}
		seen[call.ID] = true
		call.Type = "function"
		all = append(all, call)
	}
	return all
}

// stopOf is what the vendors' words for it mean, as far as they say that something is amiss. Google's come with details.
func stopOf(reason string) Stop {
	reason, _, _ = strings.Cut(reason, ":")
	switch strings.ToLower(reason) {
	case "length", "max_tokens", "model_context_window_exceeded":
		return StopLength
	case "refusal", "content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii", "language", "jailbreak", "model_armor":
		return StopRefused
	default:
		return ""
	}
}

// MostTokens is how many tokens are counted at most of each sort: no model takes as many, and with more the sums could overflow.
const MostTokens = 1_000_000_000

// tokensOf are the tokens that a client tells of. Anthropic's do not count what is read from the cache, or put there, as input;
// Gemini's and others' do not count what was thought as output, but do in the sum. Servers say anything.
func tokensOf(info map[string]any) router.Tokens {
	n := func(key string) int { v, _ := info[key].(int); return min(max(v, 0), MostTokens) }
	if _, anthropic := info["InputTokens"]; anthropic {
		cached := n("CacheReadInputTokens")
		return router.Tokens{In: n("InputTokens") + n("CacheCreationInputTokens") + cached, Out: n("OutputTokens"), Cached: cached}
	}
	in := n("PromptTokens")
	return router.Tokens{In: in, Out: max(n("CompletionTokens"), n("TotalTokens")-in), Cached: min(n("PromptCachedTokens"), in)}
}
