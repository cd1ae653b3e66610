package models

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/anthropic"
)

func openAnthropic(_ context.Context, at endpoint, model string, client *http.Client) (llms.Model, error) {
	llm, err := anthropic.New(anthropic.WithToken(cmp.Or(at.key, "none")), anthropic.WithBaseURL(at.url("/v1")), anthropic.WithModel(model), anthropic.WithHTTPClient(client))
	if err != nil {
		return nil, err
	}
	return &mendedModel{Model: llm}, nil
}

// anthropicWire is that of messages.
type anthropicWire struct{ memory memory }

func newAnthropicWire() wire { return &anthropicWire{} }

func (w *anthropicWire) request(fields map[string]json.RawMessage, closing bool) error {
	if closing {
		fields["stream"] = json.RawMessage("true")
		if fields["tools"] != nil { // they must be there, as the messages tell of them
			fields["tool_choice"] = json.RawMessage(`{"type":"none"}`)
		}
	}
	return change(fields, "messages", func(messages []object) []object {
		turns := joined(messages, joinBlocks)
		for _, turn := range turns {
			turn["content"] = w.remind(turn)
		}
		return turns
	})
}

func (w *anthropicWire) relents(string) bool { return false }

func joinBlocks(into, more object) bool {
	before, _ := into["content"].([]any)
	after, _ := more["content"].([]any)
	into["content"] = append(before, after...)
	return true
}

// remind returns the blocks of a turn with what the model thought before them, and without texts that are none.
func (w *anthropicWire) remind(turn object) []object {
	var blocks []object
	for _, block := range objects(turn["content"]) {
		if block["type"] == "tool_use" {
			if thought, ok := w.memory.of(text(block, "id")).([]object); ok {
				blocks = slices.Concat(thought, blocks)
			}
		}
		if block["type"] != "text" || strings.TrimSpace(text(block, "text")) != "" {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// answer leaves in it the blocks that the client knows, of which there is at least one.
func (w *anthropicWire) answer(whole object) error {
	var blocks, thought []object
	first := true
	for _, block := range parts(whole["content"]) {
		switch block["type"] {
		case "text":
			blocks = append(blocks, object{"type": "text", "text": text(block, "text")})
		case "thinking", "redacted_thinking":
			thought = append(thought, block)
		case "tool_use":
			if id := text(block, "id"); first && len(thought) > 0 && id != "" {
				w.memory.keep(id, thought)
			}
			first = false
			blocks = append(blocks, object{"type": "tool_use", "id": text(block, "id"), "name": text(block, "name"), "input": input(block["input"])})
		}
	}
	if len(blocks) == 0 {
		blocks = []object{{"type": "text", "text": ""}}
	}
	whole["content"] = blocks
	return nil
}

// input is the arguments of a call; what is no object is put into one, so that whoever checks them says so.
func input(said any) object {
	switch said := said.(type) {
	case object:
		return said
	case nil:
		return object{}
	default:
		return object{"input": said}
	}
}

func (w *anthropicWire) event(said object, so *gathered) {
	switch said["type"] {
	case "message_start":
		message, _ := said["message"].(object)
		so.count(message["usage"])
	case "content_block_start":
		block, _ := said["content_block"].(object)
		so.add(text(block, "text"))
	case "content_block_delta":
		delta, _ := said["delta"].(object)
		so.add(text(delta, "text"))
	case "message_delta":
		delta, _ := said["delta"].(object)
		so.stop = cmp.Or(text(delta, "stop_reason"), so.stop)
		so.count(said["usage"])
	case "message_stop":
		so.ended = true
	}
}

func (w *anthropicWire) whole(so *gathered) object {
	return object{"type": "message", "role": "assistant", "content": []any{object{"type": "text", "text": so.text.String()}}, "stop_reason": so.stop, "usage": so.usage}
}

// code is the status that a failure of this type has when it comes before the stream.
func (w *anthropicWire) code(failure object) int {
	inner, _ := failure["error"].(object)
	return cmp.Or(map[string]int{
		"invalid_request_error": http.StatusBadRequest,
		"authentication_error":  http.StatusUnauthorized,
		"billing_error":         http.StatusPaymentRequired,
		"permission_error":      http.StatusForbidden,
		"not_found_error":       http.StatusNotFound,
		"request_too_large":     http.StatusRequestEntityTooLarge,
		"rate_limit_error":      http.StatusTooManyRequests,
		"timeout_error":         http.StatusGatewayTimeout,
		"overloaded_error":      int(statusOverloaded),
	}[text(inner, "type")], http.StatusInternalServerError)
}
