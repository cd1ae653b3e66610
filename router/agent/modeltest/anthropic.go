package modeltest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// anthropic speaks Anthropic's messages.
type anthropic struct{ schema *jsonschema.Schema }

var _ handler = (*anthropic)(nil)

func newAnthropic() *anthropic { return &anthropic{compiled("anthropic.json")} }

func (*anthropic) vendor() string  { return "anthropic" }
func (*anthropic) paths() []string { return []string{"/v1/messages"} }
func (*anthropic) lists() []string { return []string{"/v1/models"} }

func (*anthropic) admit(h http.Header, key string) *Failure {
	got := h.Get("X-Api-Key")
	switch {
	case got == "":
		return &Failure{Kind: BadKey, Message: "x-api-key header is required"}
	case key != "" && got != key:
		return &Failure{Kind: BadKey}
	case h.Get("Anthropic-Version") == "":
		return &Failure{Kind: BadRequest, Message: "anthropic-version: header is required"}
	}
	return nil
}

// anthropicRequest is what is looked at in a request.
type anthropicRequest struct {
	Model       string             `json:"model"`
	Messages    []anthropicMessage `json:"messages"`
	System      any                `json:"system"`
	Stream      bool               `json:"stream"`
	Temperature *float64           `json:"temperature"`
	TopP        *float64           `json:"top_p"`
	ToolChoice  struct {
		Type string `json:"type"`
	} `json:"tool_choice"`
	Tools []struct {
		Name        string         `json:"name"`
		InputSchema map[string]any `json:"input_schema"`
	} `json:"tools"`
}

type anthropicMessage struct {
	Role    string          `json:"role"`
	Content anthropicBlocks `json:"content"`
}

// anthropicBlocks is a content: blocks, or a text for the one block that it is.
type anthropicBlocks []anthropicBlock

type anthropicBlock struct {
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Input   json.RawMessage `json:"input"`
	UseID   string          `json:"tool_use_id"`
	Content any             `json:"content"`
}

// UnmarshalJSON reads both forms.
func (b *anthropicBlocks) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*b = anthropicBlocks{{Type: "text", Text: text}}
		return nil
	}
	return json.Unmarshal(data, (*[]anthropicBlock)(b))
}

func (a *anthropic) read(_ *http.Request, body []byte) (*chat, *Failure) {
	var req anthropicRequest
	_ = json.Unmarshal(body, &req) // the schema says what is wrong, in the vendor's words
	c := req.chat(body)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return c, refused("The request body is not valid JSON: %v", err)
	}
	if f := flawOf(a.schema, value); f != nil {
		return c, refused("%s", anthropicInvalid(*f))
	}
	return c, req.check()
}

func (r *anthropicRequest) chat(body []byte) *chat {
	c := &chat{model: r.Model, stream: r.Stream, usage: true, system: contentText(r.System), schemas: toolsIn(body)}
	for _, t := range r.Tools {
		if r.ToolChoice.Type != "none" {
			c.tools = append(c.tools, t.Name)
		}
	}
	for _, m := range r.Messages {
		one := message{role: role(m.Role)}
		for _, b := range m.Content {
			switch b.Type {
			case "tool_result":
				c.messages = append(c.messages, message{role: tool, text: contentText(b.Content)})
			case "tool_use":
				one.calls = append(one.calls, Call{ID: b.ID, Tool: b.Name, Arguments: string(b.Input)})
			default:
				one.text += b.Text
			}
		}
		if one.text != "" || len(one.calls) > 0 {
			c.messages = append(c.messages, one)
		}
	}
	return c
}

// anthropicInvalid is a flaw in the vendor's words.
func anthropicInvalid(f flaw) string {
	if len(f.path) > 1 && f.path[0] == "tools" {
		f.path = slices.Insert(slices.Clone(f.path), 2, "custom")
	}
	where := dotted(f.path, false)
	below := func(name string) string { return strings.TrimPrefix(where+"."+name, ".") }
	switch k := f.kind.(type) {
	case *kind.AdditionalProperties:
		return below(k.Properties[0]) + ": Extra inputs are not permitted"
	case *kind.Required:
		return below(k.Missing[0]) + ": Field required"
	case *kind.Type:
		want := slices.Max(k.Want) // a string rather than null
		name := map[string]string{"array": "list", "object": "dictionary"}[want]
		return fmt.Sprintf("%s: Input should be a valid %s", where, cmp.Or(name, want))
	case *kind.Enum:
		if k.Got == "system" {
			return "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role."
		}
		return fmt.Sprintf("%s: Input should be %s", where, strings.ReplaceAll(quoted(k.Want), "', '", "' or '"))
	case *kind.MinLength:
		return "messages: text content blocks must be non-empty"
	case *kind.MinItems:
		return where + ": at least one message is required"
	case *kind.Minimum:
		return where + ": must be greater than or equal to 1"
	case *kind.Pattern:
		return fmt.Sprintf("%s: String should match pattern '%s'", where, k.Want)
	default:
		return fmt.Sprintf("%s: Input does not fit %s", where, strings.Join(f.kind.KeywordPath(), "."))
	}
}

func (*anthropic) list(_ string, models []string) any {
	data := make([]map[string]any, len(models))
	for i, m := range models {
		data[i] = map[string]any{"type": "model", "id": m, "display_name": m, "created_at": "2026-01-01T00:00:00Z"}
	}
	list := map[string]any{"data": data, "has_more": false, "first_id": nil, "last_id": nil}
	if len(models) > 0 {
		list["first_id"], list["last_id"] = models[0], models[len(models)-1]
	}
	return list
}

func anthropicWords(k Kind, model string) worded {
	switch k {
	case BadKey:
		return worded{status: 401, kind: "authentication_error", message: "invalid x-api-key"}
	case Forbidden:
		return worded{status: 403, kind: "permission_error", message: "Your API key does not have permission to use the specified resource."}
	case UnknownModel:
		return worded{status: 404, kind: "not_found_error", message: "model: " + model}
	case TooLong:
		return worded{status: 400, kind: "invalid_request_error", message: "prompt is too long: 205321 tokens > 200000 maximum"}
	case RateLimit:
		return worded{status: 429, kind: "rate_limit_error", message: "This request would exceed your organization's rate limit of 30,000 input tokens per minute."}
	case NoCredit:
		return worded{status: 400, kind: "invalid_request_error", message: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}
	case ContentFilter:
		return worded{status: 400, kind: "invalid_request_error", message: "Output blocked by content filtering policy"}
	case Overloaded:
		return worded{status: 529, kind: "overloaded_error", message: "Overloaded"}
	case Broken:
		return worded{status: 500, kind: "api_error", message: "Internal server error"}
	default:
		return worded{status: 400, kind: "invalid_request_error", message: "Invalid request data"}
	}
}

func (*anthropic) fail(f Failure, c *chat) (int, http.Header, any) {
	w := anthropicWords(f.Kind, c.model).or(f)
	h, id := retryHeader(f.Retry), "req_scripted"
	h.Set("Request-Id", id)
	return w.status, h, map[string]any{"type": "error", "error": map[string]any{"type": w.kind, "message": w.message}, "request_id": id}
}
