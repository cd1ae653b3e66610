package modeltest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// gemini speaks Google's own API, generateContent and streamGenerateContent of v1beta, as its models from Gemini 3 on do: they sign
// what they thought, and want the signatures back. A [Stop] may also be a reason to finish in Gemini's own words, such as RECITATION.
// A [ContentFilter] blocks the prompt, which is no HTTP error there.
type gemini struct {
	request *jsonschema.Schema
}

var _ handler = (*gemini)(nil)

func newGemini() *gemini { return &gemini{request: compiled("gemini.json")} }

func (*gemini) vendor() string  { return "google" }
func (*gemini) paths() []string { return []string{"/v1beta/models/{call}"} }
func (*gemini) lists() []string { return []string{"/v1beta/models"} }

func (*gemini) admit(h http.Header, key string) *Failure {
	switch got := h.Get("X-Goog-Api-Key"); {
	case got == "":
		return &Failure{Kind: Forbidden, Message: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."}
	case key != "" && got != key:
		return &Failure{Kind: BadKey}
	}
	return nil
}

// What requests and responses have in common.
type (
	geminiContent struct {
		Parts []geminiPart `json:"parts,omitempty"`
		Role  string       `json:"role,omitempty"`
	}
	geminiPart struct {
		Text             *string         `json:"text,omitempty"`
		FunctionCall     *geminiCall     `json:"functionCall,omitempty"`
		FunctionResponse *geminiResponse `json:"functionResponse,omitempty"`
		ThoughtSignature string          `json:"thoughtSignature,omitempty"`
	}
	geminiCall struct {
		ID   string          `json:"id,omitempty"`
		Name string          `json:"name"`
		Args json.RawMessage `json:"args,omitempty"`
	}
	geminiResponse struct {
		ID       string          `json:"id"`
		Name     string          `json:"name"`
		Response json.RawMessage `json:"response"`
	}
)

// geminiRequest is what is read of a request.
type geminiRequest struct {
	SystemInstruction geminiContent   `json:"systemInstruction"`
	Contents          []geminiContent `json:"contents"`
	Tools             []struct {
		FunctionDeclarations []struct {
			Name                 string          `json:"name"`
			ParametersJSONSchema json.RawMessage `json:"parametersJsonSchema"`
		} `json:"functionDeclarations"`
	} `json:"tools"`
	ToolConfig struct {
		FunctionCallingConfig struct {
			Mode string `json:"mode"`
		} `json:"functionCallingConfig"`
	} `json:"toolConfig"`
}

func (g *gemini) read(r *http.Request, body []byte) (*chat, *Failure) {
	c := &chat{}
	model, method, _ := strings.Cut(r.PathValue("call"), ":")
	c.model, c.stream, c.usage = model, method == "streamGenerateContent", true
	switch {
	case method != "generateContent" && !c.stream:
		return c, &Failure{Kind: UnknownModel, Message: "Not Found"}
	case c.stream && r.URL.Query().Get("alt") != "sse":
		return c, &Failure{Kind: BadRequest, Message: "modeltest: only streams with alt=sse are served"}
	case r.URL.Query().Has("key"):
		return c, &Failure{Kind: BadRequest, Message: "modeltest: the key is in the URL"}
	}
	var request geminiRequest
	if f := g.decode(body, &request); f != nil {
		return c, f
	}
	request.tell(c)
	return c, request.wrong()
}

// decode refuses what is no request of the published API, in its words.
func (g *gemini) decode(body []byte, request *geminiRequest) *Failure {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return &Failure{Kind: BadRequest, Message: "Invalid JSON payload received. " + err.Error()}
	}
	if f := flawOf(g.request, value); f != nil {
		for i, step := range f.path {
			f.path[i] = underscored(step)
		}
		wrong := googleInvalid(*f, value)
		return &wrong
	}
	if err := json.Unmarshal(body, request); err != nil {
		return &Failure{Kind: BadRequest, Message: "Invalid JSON payload received. " + err.Error()}
	}
	return nil
}

// underscored is a field's name as Google's messages have it.
func underscored(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// tell fills in what the model is told. With mode NONE it is told of no tools.
func (r *geminiRequest) tell(c *chat) {
	for _, part := range r.SystemInstruction.Parts {
		c.system += part.text()
	}
	for _, t := range r.Tools {
		for _, f := range t.FunctionDeclarations {
			if r.ToolConfig.FunctionCallingConfig.Mode != "NONE" {
				c.tools = append(c.tools, f.Name)
				c.schemas += string(f.ParametersJSONSchema) + "\n"
			}
		}
	}
	for _, content := range r.Contents {
		c.messages = append(c.messages, content.messages()...)
	}
}

func (c geminiContent) messages() []message {
	var all []message
	for _, part := range c.Parts {
		switch by := user; {
		case part.FunctionCall != nil:
			call := Call{ID: part.FunctionCall.ID, Tool: part.FunctionCall.Name, Arguments: part.FunctionCall.arguments()}
			all = append(all, message{role: assistant, calls: []Call{call}})
		case part.FunctionResponse != nil:
			all = append(all, message{role: tool, text: part.FunctionResponse.text()})
		default:
			if c.Role == "model" {
				by = assistant
			}
			all = append(all, message{role: by, text: part.text()})
		}
	}
	return all
}

func (p geminiPart) text() string {
	if p.Text == nil {
		return ""
	}
	return *p.Text
}

func (c *geminiCall) arguments() string {
	if len(c.Args) == 0 {
		return "{}"
	}
	return string(c.Args)
}

// text is the output of a tool as text, or all of the response if it is given otherwise.
func (r *geminiResponse) text() string {
	var said struct {
		Output *string `json:"output"`
	}
	if json.Unmarshal(r.Response, &said) == nil && said.Output != nil {
		return *said.Output
	}
	return string(r.Response)
}

func (g *gemini) list(_ string, models []string) any {
	var all []map[string]any
	for _, name := range models {
		all = append(all, map[string]any{
			"name": "models/" + name, "version": "001", "displayName": name, "inputTokenLimit": 1048576, "outputTokenLimit": 65536,
			"supportedGenerationMethods": []string{"generateContent", "countTokens", "createCachedContent", "batchGenerateContent"}, "thinking": true,
		})
	}
	return map[string]any{"models": all}
}

// sign is the signature of what has these parts: the same for the same.
func sign(what ...string) string {
	return base64.StdEncoding.EncodeToString([]byte("signed:" + strings.Join(what, "\x00")))
}

// sign is the signature of a call, whose arguments may come back written otherwise.
func (c *geminiCall) sign() string {
	var args map[string]any
	if json.Unmarshal([]byte(c.arguments()), &args) != nil {
		return ""
	}
	return sign(c.ID, c.Name, string(encoded(args)))
}

// signed reports whether a part has the signature that it was given.
func (p geminiPart) signed() bool {
	if p.FunctionCall != nil {
		return p.ThoughtSignature == p.FunctionCall.sign()
	}
	return slices.Contains([]string{"", sign(p.text())}, p.ThoughtSignature)
}
