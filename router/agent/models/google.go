package models

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/tmc/langchaingo/llms"
	"google.golang.org/genai"
)

// googleModel is Gemini from 3 on, by its own API. Such a model signs its thoughts, and refuses a conversation in which the
// signatures of its calls are missing. Langchaingo's messages have no place for them, so they are kept here: one googleModel is for one
// conversation. It is safe for concurrent use.
type googleModel struct {
	name   string
	models *genai.Models

	mu    sync.Mutex          // guards what follows
	calls map[string]saidCall // by the ID that the conversation has for it
	texts map[string][]byte   // signatures of texts, by the text
}

var _ llms.Model = (*googleModel)(nil)

// saidCall is what the model must be told again of a call of its own.
type saidCall struct {
	id        string // that the model gave it; empty if it gave none
	signature []byte // of the first of several calls at once; the others have none
}

// openGoogle opens a model at base, which is the URL without the version. The key goes into a header. Nothing is sent. What it needs is
// given here, so that genai, which looks at the environment, takes nothing from there.
func openGoogle(ctx context.Context, key, base, model string, client *http.Client) (llms.Model, error) {
	if key == "" || base == "" || client == nil { // genai would look for its own
		return nil, errors.New("open gemini: there is no key, no URL or no client")
	}
	c, err := genai.NewClient(ctx, &genai.ClientConfig{
		APIKey: key, Backend: genai.BackendGeminiAPI, HTTPClient: client,
		HTTPOptions: genai.HTTPOptions{BaseURL: base},
	})
	if err != nil {
		return nil, fmt.Errorf("open gemini: %w", err)
	}
	return &googleModel{name: model, models: c.Models, calls: map[string]saidCall{}, texts: map[string][]byte{}}, nil
}

// Call answers a single prompt.
func (m *googleModel) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, m, prompt, options...)
}

// GenerateContent takes the conversation one turn further. Of the options it heeds MaxTokens, Tools, a ToolChoice of "none", and
// StreamingFunc, which is given the text alone. System messages are said at the start, wherever they are.
//
// There is one choice, with all calls; its StopReason is Gemini's reason to finish, or "refusal: " with its reason to block the prompt. Its
// GenerationInfo has InputTokens and OutputTokens, thoughts among them. Errors wrap what the client's transport made of them, a
// [genai.APIError], or ctx's.
func (m *googleModel) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, option := range options {
		option(&o)
	}
	system, contents, err := m.history(messages)
	if err != nil {
		return nil, fmt.Errorf("write the conversation for gemini: %w", err)
	}
	tools, err := googleTools(o.Tools)
	if err != nil {
		return nil, fmt.Errorf("write the tools for gemini: %w", err)
	}
	config := &genai.GenerateContentConfig{
		SystemInstruction: system, Tools: tools, MaxOutputTokens: int32(min(max(o.MaxTokens, 0), 1<<30)),
		AutomaticContinuation: new(bool), // one request is one request: each is paid for
	}
	if o.ToolChoice == "none" {
		config.ToolConfig = &genai.ToolConfig{FunctionCallingConfig: &genai.FunctionCallingConfig{Mode: genai.FunctionCallingConfigModeNone}}
	}
	reply, err := m.ask(ctx, contents, config, o.StreamingFunc)
	if err != nil {
		return nil, fmt.Errorf("ask gemini: %w", err)
	}
	return m.answered(reply), nil
}

// ask has the whole reply, or an error.
func (m *googleModel) ask(ctx context.Context, contents []*genai.Content, config *genai.GenerateContentConfig, stream func(context.Context, []byte) error) (*googleReply, error) {
	pieces := m.models.GenerateContentStream(ctx, m.name, contents, config)
	if stream == nil {
		stream = func(context.Context, []byte) error { return nil }
		pieces = func(yield func(*genai.GenerateContentResponse, error) bool) {
			yield(m.models.GenerateContent(ctx, m.name, contents, config))
		}
	}
	reply := &googleReply{}
	err := reply.hear(pieces, func(text string) error { return stream(ctx, []byte(text)) })
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	}
	return reply, reply.whole()
}

// googleTools declares functions, with the schemas as they are.
func googleTools(tools []llms.Tool) ([]*genai.Tool, error) {
	var functions []*genai.FunctionDeclaration
	for i, tool := range tools {
		f := tool.Function
		if f == nil {
			return nil, fmt.Errorf("tool %d is no function", i+1)
		}
		functions = append(functions, &genai.FunctionDeclaration{Name: f.Name, Description: f.Description, ParametersJsonSchema: f.Parameters})
	}
	if functions == nil {
		return nil, nil
	}
	return []*genai.Tool{{FunctionDeclarations: functions}}, nil
}
