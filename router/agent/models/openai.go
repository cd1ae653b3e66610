package models

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/openai"
)

const google = "google"

func openOpenAI(_ context.Context, at endpoint, model string, client *http.Client) (llms.Model, error) {
	return openCompatible(at, "", model, client)
}

// openOllama and openCohere say max_tokens: Ollama ignores the newer name for it, and Cohere does not know it.
func openOllama(_ context.Context, at endpoint, model string, client *http.Client) (llms.Model, error) {
	return openCompatible(at, "/v1", model, client, openai.WithLegacyMaxTokensField())
}

func openCohere(_ context.Context, at endpoint, model string, client *http.Client) (llms.Model, error) {
	return openCompatible(at, "/compatibility/v1", model, client, openai.WithLegacyMaxTokensField())
}

func openGemini(ctx context.Context, at endpoint, model string, client *http.Client) (llms.Model, error) {
	if ownWire(model) {
		return openGoogle(ctx, at.key, at.base.String(), model, client)
	}
	return openCompatible(at, "/v1beta/openai", model, client, openai.WithLegacyMaxTokensField())
}

// ownWire reports whether a model of Google's is spoken to in its own way, as all are but those to Gemini 2.
func ownWire(model string) bool {
	return !strings.HasPrefix(model, "gemini-1") && !strings.HasPrefix(model, "gemini-2") && !strings.HasPrefix(model, "gemma")
}

func openCompatible(at endpoint, path, model string, client *http.Client, always ...llms.CallOption) (llms.Model, error) {
	// each option is given, so that none is taken from the variables that the client reads itself
	llm, err := openai.New(openai.WithToken(cmp.Or(at.key, "none")), openai.WithBaseURL(at.url(path)), openai.WithModel(model),
		openai.WithOrganization(""), openai.WithAPIType(openai.APITypeOpenAI), openai.WithHTTPClient(client))
	if err != nil {
		return nil, err
	}
	return &mendedModel{Model: llm, always: always}, nil
}

// mendedModel is a client of langchaingo whose stream is read by the transport.
type mendedModel struct {
	llms.Model
	always []llms.CallOption
}

// GenerateContent is that of the client; the errors of the transport are in the hearing.
func (m *mendedModel) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var asked llms.CallOptions
	for _, option := range options {
		option(&asked)
	}
	if asked.StreamingFunc != nil {
		hearingOf(ctx).stream = func(text string) error { return asked.StreamingFunc(ctx, []byte(text)) }
		options = append(options, llms.WithStreamingFunc(nil))
	}
	return m.Model.GenerateContent(ctx, messages, append(options, m.always...)...)
}

// openAIWire is that of chat completions.
type openAIWire struct {
	memory     memory
	usageAsked bool // a stream must be asked for the tokens that it took
	effortless atomic.Bool
}

func newOpenAIWire() wire { return &openAIWire{usageAsked: true} }

// newCohereWire is for Cohere, which refuses stream_options and says the tokens without it.
func newCohereWire() wire { return &openAIWire{} }

func (w *openAIWire) request(fields map[string]json.RawMessage, closing bool) error {
	if closing {
		delete(fields, "tools") // not all of them heed tool_choice
		delete(fields, "tool_choice")
		fields["stream"] = json.RawMessage("true")
		if w.usageAsked {
			fields["stream_options"] = json.RawMessage(`{"include_usage":true}`)
		}
	} else if w.effortless.Load() && fields["tools"] != nil {
		fields["reasoning_effort"] = json.RawMessage(`"none"`)
	}
	return change(fields, "messages", func(messages []object) []object {
		turns := joined(messages, joinAssistant)
		for _, turn := range turns {
			w.remind(turn)
		}
		return turns
	})
}

// relents has a model not think that calls no tools here while it thinks, as gpt-5.6 does unless it is told not to. Others do not take
// to being told.
func (w *openAIWire) relents(words string) bool {
	unwanted := strings.Contains(words, "reasoning_effort")
	if unwanted {
		w.effortless.Store(true)
	}
	return unwanted
}

// joinAssistant joins two messages of the assistant: calls have to be in one, and their results after it.
func joinAssistant(into, more object) bool {
	before, plain := into["content"].(string)
	after, plainToo := more["content"].(string)
	if into["role"] != "assistant" || !plain || !plainToo {
		return false
	}
	into["content"] = before + after
	if before != "" && after != "" {
		into["content"] = before + "\n\n" + after
	}
	calls, _ := into["tool_calls"].([]any)
	if further, _ := more["tool_calls"].([]any); len(calls)+len(further) > 0 {
		into["tool_calls"] = append(calls, further...)
	}
	return true
}

// thoughtBefore goes before the ID of a call, for the memory of what the model thought before it.
const thoughtBefore = "thought before "

// remind puts back what hung on the calls of a turn and what was thought before them, and leaves out a text that is none.
func (w *openAIWire) remind(turn object) {
	calls := objects(turn["tool_calls"])
	for _, call := range calls {
		if kept, ok := w.memory.of(text(call, "id")).(object); ok {
			maps.Copy(call, kept)
		}
		if thought, ok := w.memory.of(thoughtBefore + text(call, "id")).(string); ok {
			turn["reasoning"] = thought
		}
	}
	if len(calls) > 0 && turn["content"] == "" {
		delete(turn, "content")
	}
}

func (w *openAIWire) answer(whole object) error {
	choices := parts(whole["choices"])
	if len(choices) == 0 {
		return errors.New("there is no choice in it")
	}
	choice := choices[0]
	message, ok := choice["message"].(object)
	if !ok {
		message = object{}
	}
	choice["message"] = w.message(message)
	choice["finish_reason"] = text(choice, "finish_reason")
	if choice["finish_reason"] == "function_call" { // which the client takes for a promise of a field that nobody sends any more
		choice["finish_reason"] = "tool_calls"
	}
	if refusal := text(message, "refusal"); refusal != "" {
		choice["message"].(object)["content"], choice["finish_reason"] = refusal, "refusal"
	}
	whole["choices"] = []any{object{"message": choice["message"], "finish_reason": choice["finish_reason"]}}
	for key := range whole {
		if key != "choices" && key != "usage" {
			delete(whole, key)
		}
	}
	return nil
}

// message is one as the client can read it; what hangs on its calls is kept.
func (w *openAIWire) message(message object) object {
	calls := []any{}
	for _, call := range parts(message["tool_calls"]) {
		function, _ := call["function"].(object)
		arguments, ok := function["arguments"].(string)
		if !ok && function["arguments"] != nil { // some servers write the object itself
			raw, _ := json.Marshal(function["arguments"])
			arguments = string(raw)
		}
		id := text(call, "id")
		calls = append(calls, object{"id": id, "type": "function", "function": object{"name": text(function, "name"), "arguments": arguments}})
		more := maps.Clone(call)
		for _, key := range []string{"id", "type", "function", "index"} {
			delete(more, key)
		}
		if len(more) > 0 && id != "" {
			w.memory.keep(id, more)
		}
		if thought := text(message, "reasoning"); thought != "" && id != "" {
			w.memory.keep(thoughtBefore+id, thought)
		}
	}
	return object{"role": "assistant", "content": contentText(message["content"]), "tool_calls": calls}
}

// contentText is the text of a content, which some servers write as a list of parts.
func contentText(content any) string {
	plain, ok := content.(string)
	if ok {
		return plain
	}
	var b strings.Builder
	for _, part := range parts(content) {
		b.WriteString(text(part, "text"))
	}
	return b.String()
}

func (w *openAIWire) event(said object, so *gathered) {
	so.count(said["usage"])
	choices := objects(said["choices"])
	if len(choices) == 0 {
		return
	}
	delta, _ := choices[0]["delta"].(object)
	so.add(contentText(delta["content"]))
	so.refusal.WriteString(text(delta, "refusal"))
	so.stop = cmp.Or(text(choices[0], "finish_reason"), so.stop)
}

func (w *openAIWire) whole(so *gathered) object {
	message := object{"role": "assistant", "content": so.text.String(), "refusal": so.refusal.String()}
	return object{"choices": []any{object{"message": message, "finish_reason": so.stop}}, "usage": so.usage}
}

// code is what servers in between put there as a number.
func (w *openAIWire) code(failure object) int {
	inner, _ := failure["error"].(object)
	if n, ok := inner["code"].(json.Number); ok {
		if code, err := n.Int64(); err == nil && code >= 400 && code < 600 {
			return int(code)
		}
	}
	return http.StatusBadGateway
}
