package modeltest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const called = `{"role":"assistant","content":null,"tool_calls":[
	{"id":"a","type":"function","function":{"name":"look","arguments":"{}"}},
	{"id":"b","type":"function","function":{"name":"look","arguments":"{}"}}]}`

// openAIMessages is a request with these messages after a user's.
func openAIMessages(messages ...string) string {
	return fmt.Sprintf(`{"model":"m","messages":[{"role":"user","content":"q"},%s]}`, strings.Join(messages, ","))
}

func openAIWith(fields string) string {
	return `{"model":"m","messages":[{"role":"user","content":"q"}],` + fields + `}`
}

func toolWith(fields string) string {
	return openAIWith(`"tools":[{"type":"function","function":{` + fields + `}}]`)
}

func TestOpenAIRefuses(t *testing.T) {
	t.Parallel()
	result := func(id string) string { return `{"role":"tool","tool_call_id":"` + id + `","content":"r"}` }
	tests := map[string]struct{ body, message, param, code string }{
		"no JSON":              {`{`, "We could not parse the JSON body", "", ""},
		"unknown field":        {openAIWith(`"max_token":1`), "Unknown parameter: 'max_token'.", "max_token", "unknown_parameter"},
		"unknown inside":       {openAIMessages(`{"role":"user","content":"x","text":"y"}`), "Unknown parameter: 'messages[1].text'.", "messages[1].text", "unknown_parameter"},
		"no messages":          {`{"model":"m"}`, "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"},
		"no model":             {`{"messages":[{"role":"user","content":"q"}]}`, "Missing required parameter: 'model'.", "model", "missing_required_parameter"},
		"empty messages":       {`{"model":"m","messages":[]}`, "Invalid 'messages': empty array.", "messages", "empty_array"},
		"wrong type":           {openAIWith(`"max_tokens":"9"`), "Invalid type for 'max_tokens': expected an integer, but got a string instead.", "max_tokens", "invalid_type"},
		"role of another":      {openAIMessages(`{"role":"human","content":"x"}`), "Invalid value: 'human'. Supported values are: 'system'", "messages[1].role", "invalid_value"},
		"temperature":          {openAIWith(`"temperature":3`), "Invalid value for 'temperature'", "temperature", "invalid_value"},
		"tools of anthropic":   {openAIWith(`"tools":[{"name":"look","input_schema":{"type":"object"}}]`), "Missing required parameter: 'tools[0].type'.", "tools[0].type", "missing_required_parameter"},
		"name of a tool":       {toolWith(`"name":"intent.health"`), "string does not match pattern", "tools[0].function.name", "invalid_value"},
		"no object":            {toolWith(`"name":"look","parameters":{"type":"array"}`), "Invalid schema for function 'look'", "tools[0].function.parameters", "invalid_function_parameters"},
		"no schema":            {toolWith(`"name":"look","parameters":{"type":"object","properties":{"a":{"type":"text"}}}`), "Invalid schema for function 'look'", "tools[0].function.parameters", "invalid_function_parameters"},
		"strict":               {toolWith(`"name":"look","strict":true,"parameters":{"type":"object"}`), "'additionalProperties' is required to be supplied and to be false", "tools[0].function.parameters", "invalid_function_parameters"},
		"choice of nothing":    {openAIWith(`"tool_choice":"auto"`), "'tool_choice' is only allowed when 'tools' are specified", "tool_choice", ""},
		"nothing answered":     {openAIMessages(called), "did not have response messages: a, b", "messages.[2].role", ""},
		"one answered":         {openAIMessages(called, result("b"), `{"role":"user","content":"and?"}`), "did not have response messages: a", "messages.[3].role", ""},
		"answered late":        {openAIMessages(called, `{"role":"user","content":"wait"}`, result("a"), result("b")), "did not have response messages: a, b", "messages.[2].role", ""},
		"answered twice":       {openAIMessages(called, result("a"), result("a"), result("b")), "did not have response messages: b", "messages.[3].role", ""},
		"orphan":               {openAIMessages(result("a")), "messages with role 'tool' must be a response", "messages.[1].role", ""},
		"result of another":    {openAIMessages(called, result("a"), result("b"), result("c")), "messages with role 'tool' must be a response", "messages.[4].role", ""},
		"two messages of call": {openAIMessages(strings.ReplaceAll(called, `"b"`, `"x"`), called, result("a"), result("b")), "did not have response messages: a, x", "messages.[2].role", ""},
		"says nothing":         {openAIMessages(`{"role":"assistant","content":null}`), "expected a string, got null", "messages.[1].content", ""},
		"arguments an object":  {openAIMessages(strings.ReplaceAll(called, `"{}"`, `{}`)), "expected a string, but got an object", "messages[1].tool_calls[0].function.arguments", "invalid_type"},
		"two limits":           {openAIWith(`"max_tokens":9,"max_completion_tokens":9`), "at the same time is not supported", "max_tokens", "invalid_parameter_combination"},
		"old limit":            {strings.ReplaceAll(openAIWith(`"max_tokens":9`), `"m"`, `"gpt-5"`), "Use 'max_completion_tokens' instead.", "max_tokens", "unsupported_parameter"},
		"old temperature":      {strings.ReplaceAll(openAIWith(`"temperature":0`), `"m"`, `"o3"`), "'temperature' does not support 0 with this model", "temperature", "unsupported_value"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := served(t, Turn{Text: "never"})
			response, body := ask(t, s, "openai", tt.body)
			assert.Equal(t, 400, response.StatusCode)
			e := decoded[struct {
				Error struct{ Message, Type, Param, Code string }
			}](t, body).Error
			assert.Contains(t, e.Message, tt.message)
			assert.Equal(t, "invalid_request_error", e.Type)
			assert.Equal(t, []string{tt.param, tt.code}, []string{e.Param, e.Code})
			assert.Len(t, s.Faults(), 1)
			assert.Zero(t, s.Count())
			assert.Equal(t, 1, s.Left())
		})
	}
}

func TestOpenAITakes(t *testing.T) {
	t.Parallel()
	answers := `{"role":"tool","tool_call_id":"b","content":"r"},{"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"r"}]}`
	for name, body := range map[string]string{
		"answered in any order": openAIMessages(called, answers),
		"one after another":     openAIMessages(called, answers, called, answers, `{"role":"user","content":"conclude"}`),
		"tools and choice":      openAIWith(`"tools":[{"type":"function","function":{"name":"look","description":"d","parameters":{"type":"object","properties":{}}}}],"tool_choice":"auto","parallel_tool_calls":true,"temperature":0,"max_completion_tokens":5`),
		"instructions":          `{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"q"}]}],"stream":false}`,
		"no parameters":         toolWith(`"name":"look"`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := served(t, Turn{Text: "fine"})
			response, answer := ask(t, s, "openai", body)
			assert.Equal(t, 200, response.StatusCode, answer)
			assert.Empty(t, s.Faults())
		})
	}
}

// What is compatible with OpenAI is so in part: each takes other fields and complains in another form.
func TestCompatibleRefuse(t *testing.T) {
	t.Parallel()
	broken := openAIMessages(strings.ReplaceAll(called, `"{}"`, `"{"`), `{"role":"tool","tool_call_id":"a","content":"r"},{"role":"tool","tool_call_id":"b","content":"r"}`)
	tests := map[string]struct{ vendor, body, has string }{
		"ollama does not read it":    {"ollama", openAIWith(`"max_completion_tokens":9`), `"message":"invalid request: Unknown parameter: 'max_completion_tokens'."`},
		"ollama names no field":      {"ollama", openAIWith(`"max_completion_tokens":9`), `"param":null`},
		"ollama reads arguments":     {"ollama", broken, `invalid tool call arguments`},
		"cohere does not know it":    {"cohere", openAIWith(`"parallel_tool_calls":true`), `{"id":"00000000-0000-4000-8000-000000000000","message":"invalid request: Unknown parameter: 'parallel_tool_calls'."}`},
		"ollama ignores a choice":    {"ollama", openAIWith(`"tool_choice":"none"`), `Unknown parameter: 'tool_choice'.`},
		"cohere thinks hard or not":  {"cohere", openAIWith(`"reasoning_effort":"low"`), `Invalid value: 'low'. Supported values are: 'none', 'high'.`},
		"google answers with a list": {"google", openAIWith(`"frequency_penalty":1`), `[{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"frequency_penalty\": Cannot find field.","status":"INVALID_ARGUMENT"}}]`},
		"google names the place":     {"google", openAIMessages(`{"role":"user","content":"x","extra":1}`), `Unknown name \"extra\" at 'messages[1]': Cannot find field.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := served(t, Turn{Text: "never"})
			response, body := ask(t, s, tt.vendor, tt.body)
			assert.Equal(t, 400, response.StatusCode)
			assert.Contains(t, body, tt.has)
			assert.Len(t, s.Faults(), 1)
		})
	}
}

// anthropicMessages is a request with these messages.
func anthropicMessages(messages ...string) string {
	return fmt.Sprintf(`{"model":"m","max_tokens":9,"messages":[%s]}`, strings.Join(messages, ","))
}

const (
	q    = `{"role":"user","content":"q"}`
	used = `{"role":"assistant","content":[{"type":"text","text":"I look"},{"type":"tool_use","id":"a","name":"look","input":{}},{"type":"tool_use","id":"b","name":"look","input":{}}]}`
)

// resulted is a message with results.
func resulted(ids ...string) string {
	var blocks []string
	for _, id := range ids {
		blocks = append(blocks, `{"type":"tool_result","tool_use_id":"`+id+`","content":"r"}`)
	}
	return `{"role":"user","content":[` + strings.Join(blocks, ",") + `]}`
}

func anthropicWith(fields string) string {
	return strings.TrimSuffix(anthropicMessages(q), "}") + "," + fields + "}"
}

func TestAnthropicRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, message string }{
		"no JSON":             {`{`, "The request body is not valid JSON"},
		"no limit":            {`{"model":"m","messages":[{"role":"user","content":"q"}]}`, "max_tokens: Field required"},
		"limit of nothing":    {`{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"q"}]}`, "max_tokens: must be greater than or equal to 1"},
		"unknown field":       {anthropicWith(`"max_completion_tokens":9`), "max_completion_tokens: Extra inputs are not permitted"},
		"unknown inside":      {anthropicMessages(`{"role":"user","content":[{"type":"text","text":"x","id":"y"}]}`), "messages.0.content.0.id: Extra inputs are not permitted"},
		"wrong type":          {anthropicWith(`"temperature":"0"`), "temperature: Input should be a valid number"},
		"no messages":         {anthropicMessages(), "messages: at least one message is required"},
		"system as a message": {anthropicMessages(`{"role":"system","content":"s"}`, q), `messages: Unexpected role "system".`},
		"result as a role":    {anthropicMessages(q, `{"role":"tool","content":"r"}`), "messages.1.role: Input should be 'user' or 'assistant'"},
		"assistant begins":    {anthropicMessages(`{"role":"assistant","content":"a"}`), `messages: first message must use the "user" role`},
		"empty text":          {anthropicMessages(`{"role":"user","content":""}`), "messages: text content blocks must be non-empty"},
		"empty block":         {anthropicMessages(q, `{"role":"assistant","content":[{"type":"text","text":""}]}`, q), "messages: text content blocks must be non-empty"},
		"blank block":         {anthropicMessages(q, `{"role":"assistant","content":[{"type":"text","text":" "}]}`, q), "must contain non-whitespace text"},
		"no block":            {anthropicMessages(q, `{"role":"assistant","content":[]}`, q), "messages.1: all messages must have non-empty content"},
		"space at the end":    {anthropicMessages(q, `{"role":"assistant","content":"a "}`), "final assistant content cannot end with trailing whitespace"},
		"nothing answered":    {anthropicMessages(q, used, q), "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a, b."},
		"one answered":        {anthropicMessages(q, used, resulted("b")), "immediately after: a."},
		"not answered at all": {anthropicMessages(q, used), "immediately after: a, b."},
		"text before results": {anthropicMessages(q, used, q, resulted("a", "b")), "immediately after: a, b."},
		"orphan":              {anthropicMessages(q, resulted("a")), "messages.0.content.1: unexpected `tool_use_id` found in `tool_result` blocks: a."},
		"result of another":   {anthropicMessages(q, used, resulted("a", "b", "c")), "messages.2.content.2: unexpected `tool_use_id` found in `tool_result` blocks: c."},
		"same id":             {anthropicMessages(q, strings.ReplaceAll(used, `"b"`, `"a"`), resulted("a")), "messages.1: `tool_use` ids must be unique"},
		"user uses":           {anthropicMessages(strings.ReplaceAll(used, "assistant", "user")), "can only be in `assistant` messages"},
		"input a text":        {anthropicMessages(q, strings.ReplaceAll(used, "{}}", `"{}"}`)), "messages.1.content.1.input: Input should be a valid dictionary"},
		"tools of openai":     {anthropicWith(`"tools":[{"type":"function","function":{"name":"look"}}]`), "tools.0.custom"},
		"name of a tool":      {anthropicWith(`"tools":[{"name":"intent.health","input_schema":{"type":"object"}}]`), "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"},
		"no schema":           {anthropicWith(`"tools":[{"name":"look"}]`), "tools.0.custom.input_schema: Field required"},
		"no object":           {anthropicWith(`"tools":[{"name":"look","input_schema":{"type":"string"}}]`), "JSON schema is invalid"},
		"one name":            {anthropicWith(`"tools":[{"name":"look","input_schema":{"type":"object"}},{"name":"look","input_schema":{"type":"object"}}]`), "Tool names must be unique"},
		"choice of nothing":   {anthropicWith(`"tool_choice":{"type":"auto"}`), "may only be specified while providing `tools`"},
		"two samplings":       {anthropicWith(`"temperature":0,"top_p":1`), "cannot both be specified"},
		"old temperature":     {strings.ReplaceAll(anthropicWith(`"temperature":0`), `"m"`, `"claude-opus-4-7"`), "`temperature` is deprecated for this model."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := served(t, Turn{Text: "never"})
			response, body := ask(t, s, "anthropic", tt.body)
			assert.Equal(t, 400, response.StatusCode)
			e := decoded[struct {
				Type      string
				Error     struct{ Type, Message string }
				RequestID string `json:"request_id"`
			}](t, body)
			assert.Contains(t, e.Error.Message, tt.message)
			assert.Equal(t, []string{"error", "invalid_request_error"}, []string{e.Type, e.Error.Type})
			assert.Equal(t, response.Header.Get("Request-Id"), e.RequestID)
			assert.Len(t, s.Faults(), 1)
		})
	}
}

func TestAnthropicTakes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"results in two messages": anthropicMessages(q, used, resulted("b"), resulted("a")),
		"uses in two messages":    anthropicMessages(q, `{"role":"assistant","content":"I look"}`, `{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"look","input":{}}]}`, resulted("a"), q),
		"no tools any more":       anthropicMessages(q, used, resulted("a", "b"), q),
		"begins the answer":       anthropicMessages(q, `{"role":"assistant","content":"a"}`),
		"instructions in blocks":  anthropicWith(`"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := served(t, Turn{Text: "fine"})
			response, answer := ask(t, s, "anthropic", body)
			assert.Equal(t, 200, response.StatusCode, answer)
			assert.Empty(t, s.Faults())
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		vendor, key string
		status      int
		has         string
	}{
		"openai, none":     {"openai", "", 401, "You didn't provide an API key."},
		"openai, wrong":    {"openai", "other", 401, `"code":"invalid_api_key"`},
		"cohere, none":     {"cohere", "", 401, `"message":"no api key supplied"`},
		"cohere, wrong":    {"cohere", "other", 401, `"message":"invalid api token"`},
		"google, wrong":    {"google", "other", 400, "API key not valid."},
		"ollama, none":     {"ollama", "", 200, "hi"},
		"anthropic, none":  {"anthropic", "", 401, `"message":"x-api-key header is required","type":"authentication_error"`},
		"anthropic, wrong": {"anthropic", "other", 401, `"message":"invalid x-api-key"`},
		"anthropic, right": {"anthropic", "the-key", 200, "hi"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servedAs(t, Script{Key: "the-key", Turns: []Turn{{Text: "hi"}}})
			r := request(t, s, tt.vendor, hello(tt.vendor, false))
			r.Header.Del("Authorization")
			r.Header.Del("X-Api-Key")
			if tt.key != "" {
				r.Header.Set("Authorization", "Bearer "+tt.key)
				r.Header.Set("X-Api-Key", tt.key)
			}
			response, body := sent(t, r)
			assert.Equal(t, tt.status, response.StatusCode)
			assert.Contains(t, body, tt.has)
			assert.Empty(t, s.Faults(), "a wrong key is no fault of the client's")
			require.Len(t, s.Requests(), 1)
			assert.NotRegexp(t, "the-key|other", fmt.Sprint(s.Requests()[0].Header), "keys are not kept")
		})
	}
}

func TestAnthropicWantsItsVersion(t *testing.T) {
	t.Parallel()
	s := served(t, Turn{Text: "hi"})
	r := request(t, s, "anthropic", hello("anthropic", false))
	r.Header.Del("Anthropic-Version")
	response, body := sent(t, r)
	assert.Equal(t, 400, response.StatusCode)
	assert.Contains(t, body, "anthropic-version: header is required")
}
