package modeltest

import "slices"

type openAIAnswer struct {
	ID          string         `json:"id"`
	Object      string         `json:"object"`
	Created     int64          `json:"created"`
	Model       string         `json:"model"`
	Fingerprint string         `json:"system_fingerprint,omitempty"`
	Choices     []openAIChoice `json:"choices"`
	Usage       *openAIUsage   `json:"usage,omitempty"`
}

type openAIChoice struct {
	Index   int          `json:"index"`
	Message *openAIReply `json:"message,omitempty"`
	Delta   *openAIDelta `json:"delta,omitempty"`
	Finish  *string      `json:"finish_reason"`
}

type openAIReply struct {
	Role    string       `json:"role"`
	Content *string      `json:"content"`
	Refusal *string      `json:"refusal,omitempty"`
	Calls   []openAICall `json:"tool_calls,omitempty"`
}

type openAIDelta struct {
	Role    string       `json:"role,omitempty"`
	Content *string      `json:"content,omitempty"`
	Refusal *string      `json:"refusal,omitempty"`
	Calls   []openAICall `json:"tool_calls,omitempty"`
}

type openAIUsage struct {
	In    int `json:"prompt_tokens"`
	Out   int `json:"completion_tokens"`
	Total int `json:"total_tokens"`
	From  *struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details,omitempty"`
}

func openAIUsed(t Tokens) *openAIUsage {
	u := &openAIUsage{In: t.In, Out: t.Out, Total: t.In + t.Out}
	if t.Cached > 0 {
		u.From = &struct {
			Cached int `json:"cached_tokens"`
		}{t.Cached}
	}
	return u
}

func (o *openAI) write(c *chat, does act) (string, [][]byte) {
	if c.stream {
		return "text/event-stream; charset=utf-8", o.stream(c, does)
	}
	reply := &openAIReply{Role: "assistant", Calls: openAICalls(does)}
	switch {
	case does.Stop == StopRefuse && o.refusals:
		reply.Refusal = &does.Text
	case does.Text != "" || len(does.Calls) == 0 || o.name == "ollama": // which writes an empty text beside calls
		reply.Content = &does.Text
	}
	finish := openAIFinish(does.Stop)
	answer := o.answer(c, does, "chat.completion")
	answer.Choices = []openAIChoice{{Message: reply, Finish: &finish}}
	answer.Usage = openAIUsed(does.Tokens)
	return "application/json", [][]byte{encoded(answer)}
}

func (o *openAI) answer(c *chat, does act, object string) openAIAnswer {
	return openAIAnswer{ID: "chatcmpl-" + does.id, Object: object, Created: does.unix, Model: c.model, Fingerprint: o.mark, Choices: []openAIChoice{}}
}

func openAIFinish(s Stop) string {
	switch s {
	case StopTools:
		return "tool_calls"
	case StopLength:
		return "length"
	case StopFilter:
		return "content_filter"
	default: // a refusal is an end as well
		return "stop"
	}
}

func openAICalls(does act) []openAICall {
	var calls []openAICall
	for _, call := range does.Calls {
		one := openAICall{ID: "call_" + call.ID, Type: "function"}
		one.Function.Name, one.Function.Arguments = call.Tool, call.Arguments
		calls = append(calls, one)
	}
	return calls
}

// stream is the answer as events: who speaks, the text in pieces, the calls in pieces that take turns, why it ended, the tokens if they
// are wanted, and the end.
func (o *openAI) stream(c *chat, does act) [][]byte {
	var deltas []openAIDelta
	empty := ""
	deltas = append(deltas, openAIDelta{Role: "assistant", Content: &empty})
	for _, piece := range pieces(does.Text, 8) {
		if does.Stop == StopRefuse && o.refusals {
			deltas = append(deltas, openAIDelta{Refusal: &piece})
		} else {
			deltas = append(deltas, openAIDelta{Content: &piece})
		}
	}
	deltas = append(deltas, o.callDeltas(openAICalls(does))...)
	var parts [][]byte
	send := func(a openAIAnswer) { parts = append(parts, event("", encoded(a))) }
	for _, delta := range deltas {
		a := o.answer(c, does, "chat.completion.chunk")
		a.Choices = []openAIChoice{{Delta: &delta}}
		send(a)
	}
	a, finish := o.answer(c, does, "chat.completion.chunk"), openAIFinish(does.Stop)
	a.Choices = []openAIChoice{{Delta: &openAIDelta{}, Finish: &finish}}
	send(a)
	if c.usage {
		a := o.answer(c, does, "chat.completion.chunk")
		a.Usage = openAIUsed(does.Tokens)
		send(a)
	}
	return append(parts, event("", []byte("[DONE]")))
}

// callDeltas begins each call and then writes a piece of each in turn, as the protocol allows; those who send calls whole send them so.
func (o *openAI) callDeltas(calls []openAICall) []openAIDelta {
	var begun []openAIDelta
	rounds := make([][]openAIDelta, 4)
	for i, call := range calls {
		call.Index = &i
		if o.whole {
			begun = append(begun, openAIDelta{Calls: []openAICall{call}})
			continue
		}
		arguments := call.Function.Arguments
		call.Function.Arguments = ""
		begun = append(begun, openAIDelta{Calls: []openAICall{call}})
		for n, piece := range pieces(arguments, len(rounds)) {
			more := openAICall{Index: &i}
			more.Function.Arguments = piece
			rounds[n] = append(rounds[n], openAIDelta{Calls: []openAICall{more}})
		}
	}
	return append(begun, slices.Concat(rounds...)...)
}
