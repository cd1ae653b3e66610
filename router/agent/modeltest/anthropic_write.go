package modeltest

import "encoding/json"

type anthropicAnswer struct {
	ID      string           `json:"id"`
	Type    string           `json:"type"`
	Role    string           `json:"role"`
	Model   string           `json:"model"`
	Content []map[string]any `json:"content"`
	Stop    *string          `json:"stop_reason"`
	At      *string          `json:"stop_sequence"`
	Usage   anthropicUsage   `json:"usage"`
}

type anthropicUsage struct {
	In      int `json:"input_tokens"` // without those of the cache
	Written int `json:"cache_creation_input_tokens"`
	Cached  int `json:"cache_read_input_tokens"`
	Out     int `json:"output_tokens"`
}

func anthropicStop(s Stop) string {
	switch s {
	case StopTools:
		return "tool_use"
	case StopLength:
		return "max_tokens"
	case StopRefuse, StopFilter:
		return "refusal"
	default:
		return "end_turn"
	}
}

func (a *anthropic) write(c *chat, does act) (string, [][]byte) {
	stop := anthropicStop(does.Stop)
	answer := anthropicAnswer{ID: "msg_" + does.id, Type: "message", Role: "assistant", Model: c.model, Content: []map[string]any{},
		Stop: &stop, Usage: anthropicUsage{In: does.Tokens.In - does.Tokens.Cached, Cached: does.Tokens.Cached, Out: does.Tokens.Out}}
	if c.stream {
		return "text/event-stream; charset=utf-8", anthropicStream(answer, does)
	}
	if does.Text != "" {
		answer.Content = append(answer.Content, textBlock(does.Text))
	}
	for _, call := range does.Calls {
		answer.Content = append(answer.Content, useBlock(call, input(call.Arguments)))
	}
	return "application/json", [][]byte{encoded(answer)}
}

func textBlock(text string) map[string]any { return map[string]any{"type": "text", "text": text} }

func useBlock(call Call, input any) map[string]any {
	return map[string]any{"type": "tool_use", "id": "toolu_" + call.ID, "name": call.Tool, "input": input}
}

// input is what a model means by arguments. The vendor gives an object, even if the model did not write one.
func input(arguments string) any {
	var object map[string]any
	if json.Unmarshal([]byte(arguments), &object) != nil || object == nil {
		return map[string]any{"INVALID_JSON": arguments}
	}
	return json.RawMessage(arguments)
}

// anthropicStream is the answer as events: its beginning, each block with its pieces, a ping, why it ended, and the end.
func anthropicStream(answer anthropicAnswer, does act) [][]byte {
	var parts [][]byte
	send := func(name string, fields map[string]any) {
		fields["type"] = name
		parts = append(parts, event(name, encoded(fields)))
	}
	stop, out := answer.Stop, answer.Usage.Out
	answer.Stop, answer.Usage.Out = nil, 1
	send("message_start", map[string]any{"message": answer})
	index := 0
	block := func(first map[string]any, kind, field string, pieces []string) {
		send("content_block_start", map[string]any{"index": index, "content_block": first})
		if index == 0 {
			send("ping", map[string]any{})
		}
		for _, piece := range pieces {
			send("content_block_delta", map[string]any{"index": index, "delta": map[string]any{"type": kind, field: piece}})
		}
		send("content_block_stop", map[string]any{"index": index})
		index++
	}
	if does.Text != "" {
		block(textBlock(""), "text_delta", "text", pieces(does.Text, 8))
	}
	for _, call := range does.Calls {
		block(useBlock(call, struct{}{}), "input_json_delta", "partial_json", append([]string{""}, pieces(call.Arguments, 4)...))
	}
	send("message_delta", map[string]any{"delta": map[string]any{"stop_reason": stop, "stop_sequence": nil}, "usage": map[string]any{"output_tokens": out}})
	send("message_stop", map[string]any{})
	return parts
}
