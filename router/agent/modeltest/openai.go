package modeltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// openAI speaks chat completions, as OpenAI does or as others do who are compatible with it.
type openAI struct {
	dialect
	schema *jsonschema.Schema
}

// dialect is what is different between those who speak chat completions.
type dialect struct {
	name     string
	base     string // of its paths
	request  string // schema of a request
	more     []string
	keyless  bool   // needs no key
	noKey    string // what is said when there is none
	refusals bool   // has a field for refusals
	whole    bool   // calls come whole in a stream, not in pieces
	mark     string
	check    func(*openAIRequest) *Failure // beside what all check
	invalid  func(flaw, any) Failure
	failure  func(Failure, *chat) (int, http.Header, any)
	models   func(path string, models []string) any
}

var _ handler = (*openAI)(nil)

func newOpenAI(d dialect) *openAI { return &openAI{dialect: d, schema: compiled(d.request)} }

func (o *openAI) vendor() string  { return o.name }
func (o *openAI) paths() []string { return []string{o.base + "/chat/completions"} }
func (o *openAI) lists() []string { return append([]string{o.base + "/models"}, o.more...) }

func (o *openAI) admit(h http.Header, key string) *Failure {
	got, _ := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	switch {
	case o.keyless:
		return nil
	case got == "":
		return &Failure{Kind: BadKey, Message: o.noKey}
	case key != "" && got != key:
		return &Failure{Kind: BadKey}
	}
	return nil
}

// openAIRequest is what is looked at in a request.
type openAIRequest struct {
	Model         string          `json:"model"`
	Messages      []openAIMessage `json:"messages"`
	Stream        bool            `json:"stream"`
	StreamOptions struct {
		Usage bool `json:"include_usage"`
	} `json:"stream_options"`
	Tools []struct {
		Function struct {
			Name       string         `json:"name"`
			Parameters map[string]any `json:"parameters"`
			Strict     bool           `json:"strict"`
		} `json:"function"`
	} `json:"tools"`
	ToolChoice  any      `json:"tool_choice"`
	Parallel    *bool    `json:"parallel_tool_calls"`
	Temperature *float64 `json:"temperature"`
	MaxTokens   *int     `json:"max_tokens"`
	MaxNew      *int     `json:"max_completion_tokens"`
}

type openAIMessage struct {
	Role      string       `json:"role"`
	Content   any          `json:"content"`
	ToolCalls []openAICall `json:"tool_calls"`
	CallID    string       `json:"tool_call_id"`
}

type openAICall struct {
	Index    *int   `json:"index,omitempty"` // in streams
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function struct {
		Name      string `json:"name,omitempty"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

func (o *openAI) read(_ *http.Request, body []byte) (*chat, *Failure) {
	var req openAIRequest
	_ = json.Unmarshal(body, &req) // the schema says what is wrong, in the vendor's words
	c := req.chat(body)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return c, &Failure{Kind: BadRequest, Message: "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload, but what was sent was not valid JSON."}
	}
	if f := flawOf(o.schema, value); f != nil {
		wrong := o.invalid(*f, value)
		return c, &wrong
	}
	for _, check := range []func(*openAIRequest) *Failure{checkParameters, checkChoice, checkConversation, o.check} {
		if wrong := check(&req); wrong != nil {
			return c, wrong
		}
	}
	return c, nil
}

func (r *openAIRequest) chat(body []byte) *chat {
	c := &chat{model: r.Model, stream: r.Stream, usage: r.StreamOptions.Usage, schemas: toolsIn(body)}
	for _, t := range r.Tools {
		if r.ToolChoice != "none" {
			c.tools = append(c.tools, t.Function.Name)
		}
	}
	for _, m := range r.Messages {
		text := contentText(m.Content)
		if m.Role == "system" || m.Role == "developer" {
			c.system += text
			continue
		}
		one := message{role: role(m.Role), text: text}
		for _, call := range m.ToolCalls {
			one.calls = append(one.calls, Call{ID: call.ID, Tool: call.Function.Name, Arguments: call.Function.Arguments})
		}
		c.messages = append(c.messages, one)
	}
	return c
}

// contentText is the text of a content: a string, or a list of parts.
func contentText(content any) string {
	if text, ok := content.(string); ok {
		return text
	}
	var b strings.Builder
	parts, _ := content.([]any)
	for _, part := range parts {
		fields, _ := part.(map[string]any)
		text, _ := fields["text"].(string)
		b.WriteString(text)
	}
	return b.String()
}

func checkParameters(r *openAIRequest) *Failure {
	for i, t := range r.Tools {
		f := t.Function
		if f.Parameters == nil {
			continue
		}
		why := badParameters(f.Parameters)
		if why == "" && f.Strict && f.Parameters["additionalProperties"] != false {
			why = "In context=(), 'additionalProperties' is required to be supplied and to be false."
		}
		if why != "" {
			return &Failure{Kind: BadRequest, Message: fmt.Sprintf("Invalid schema for function '%s': %s", f.Name, why),
				Param: fmt.Sprintf("tools[%d].function.parameters", i), Code: "invalid_function_parameters"}
		}
	}
	return nil
}

func checkChoice(r *openAIRequest) *Failure {
	for _, f := range []struct {
		name string
		set  bool
	}{{"tool_choice", r.ToolChoice != nil}, {"parallel_tool_calls", r.Parallel != nil}} {
		if f.set && len(r.Tools) == 0 {
			return &Failure{Kind: BadRequest, Message: fmt.Sprintf("Invalid value for '%s': '%[1]s' is only allowed when 'tools' are specified.", f.name), Param: f.name}
		}
	}
	return nil
}

// checkConversation wants each call answered right after the one message that holds it, and nothing else answered.
func checkConversation(r *openAIRequest) *Failure {
	for i := 0; i < len(r.Messages); i++ {
		m := r.Messages[i]
		if m.Role == "tool" {
			return &Failure{Kind: BadRequest, Param: fmt.Sprintf("messages.[%d].role", i),
				Message: "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."} //nolint:misspell // the vendor's spelling
		}
		if m.Role == "assistant" && m.Content == nil && len(m.ToolCalls) == 0 {
			return &Failure{Kind: BadRequest, Message: "Invalid value for 'content': expected a string, got null.", Param: fmt.Sprintf("messages.[%d].content", i)}
		}
		var open []string
		for _, call := range m.ToolCalls {
			open = append(open, call.ID)
		}
		for len(open) > 0 && i+1 < len(r.Messages) && slices.Contains(open, r.Messages[i+1].CallID) && r.Messages[i+1].Role == "tool" {
			i++
			open = slices.DeleteFunc(open, func(id string) bool { return id == r.Messages[i].CallID })
		}
		if len(open) > 0 {
			return &Failure{Kind: BadRequest, Param: fmt.Sprintf("messages.[%d].role", i+1),
				Message: "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: " + strings.Join(open, ", ")}
		}
	}
	return nil
}

func (o *openAI) list(path string, models []string) any { return o.models(path, models) }

func (o *openAI) fail(f Failure, c *chat) (int, http.Header, any) { return o.failure(f, c) }
