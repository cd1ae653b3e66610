package models

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/router"
)

func call(id, name, arguments string) llms.ToolCall {
	return llms.ToolCall{ID: id, Type: "function", FunctionCall: &llms.FunctionCall{Name: name, Arguments: arguments}}
}

func said(role llms.ChatMessageType, part llms.ContentPart) llms.MessageContent {
	return llms.MessageContent{Role: role, Parts: []llms.ContentPart{part}}
}

// twice is a conversation with two calls at once, one of which has arguments that are none.
var twice = []llms.MessageContent{
	llms.TextParts(llms.ChatMessageTypeSystem, "Be brief."),
	llms.TextParts(llms.ChatMessageTypeHuman, "How is <prod>?"),
	llms.TextParts(llms.ChatMessageTypeAI, "Let me look."),
	said(llms.ChatMessageTypeAI, call("a", "pods", `{"n":12345678901234567890}`)),
	said(llms.ChatMessageTypeAI, call("b", "nodes", `{"broken`)),
	said(llms.ChatMessageTypeTool, llms.ToolCallResponse{ToolCallID: "a", Name: "pods", Content: "3 pods"}),
	said(llms.ChatMessageTypeTool, llms.ToolCallResponse{ToolCallID: "b", Name: "nodes", Content: "those are no arguments"}),
	llms.TextParts(llms.ChatMessageTypeHuman, "Conclude now."),
}

var offered = []llms.Tool{{Type: "function", Function: &llms.FunctionDefinition{Name: "pods", Description: "Lists pods.", Parameters: map[string]any{"type": "object"}}}}

// atOnce is the same in as few messages as can be.
var atOnce = []llms.MessageContent{
	twice[0], twice[1],
	{Role: llms.ChatMessageTypeAI, Parts: []llms.ContentPart{twice[2].Parts[0], twice[3].Parts[0], twice[4].Parts[0]}},
	{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{twice[5].Parts[0], twice[6].Parts[0]}},
	{Role: llms.ChatMessageTypeAI}, twice[7],
}

// sent is the request that a vendor gets.
func sent(t *testing.T, ref string, messages []llms.MessageContent, stream func(string)) (body string, header http.Header) {
	t.Helper()
	model, _ := handled(t, ref, func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, r.ContentLength, int64(len(raw)))
		body, header = string(raw), r.Header
		w.WriteHeader(http.StatusTeapot)
	})
	_, err := model.Ask(t.Context(), messages, offered, 321, stream)
	require.Error(t, err)
	return body, header
}

func TestRequestsAreWhatAPIsTake(t *testing.T) {
	compatible := `"messages":[{"content":"Be brief.","role":"system"},{"content":"How is \u003cprod\u003e?","role":"user"},` +
		`{"content":"Let me look.","role":"assistant","tool_calls":[{"function":{"arguments":"{\"n\":12345678901234567890}","name":"pods"},"id":"a","type":"function"},` +
		`{"function":{"arguments":"{}","name":"nodes"},"id":"b","type":"function"}]},` +
		`{"content":"3 pods","role":"tool","tool_call_id":"a"},{"content":"those are no arguments","role":"tool","tool_call_id":"b"},{"content":"Conclude now.","role":"user"}]`
	tools := `"tools":[{"type":"function","function":{"name":"pods","description":"Lists pods.","parameters":{"type":"object"}}}]`
	blocks := `"messages":[{"content":[{"text":"How is \u003cprod\u003e?","type":"text"}],"role":"user"},` +
		`{"content":[{"text":"Let me look.","type":"text"},{"id":"a","input":{"n":12345678901234567000},"name":"pods","type":"tool_use"},{"id":"b","input":{},"name":"nodes","type":"tool_use"}],"role":"assistant"},` +
		`{"content":[{"content":"3 pods","tool_use_id":"a","type":"tool_result"},{"content":"those are no arguments","tool_use_id":"b","type":"tool_result"},{"text":"Conclude now.","type":"text"}],"role":"user"}]`
	ours := `"tools":[{"name":"pods","description":"Lists pods.","input_schema":{"type":"object"}}]`
	for _, c := range []struct {
		ref    string
		stream bool
		want   string
	}{
		{"openai/gpt-4o", false, `{"max_completion_tokens":321,` + compatible + `,"model":"gpt-4o",` + tools + `}`},
		{"openai/gpt-5.4", true, `{"max_completion_tokens":321,` + compatible + `,"model":"gpt-5.4","stream":true,"stream_options":{"include_usage":true}}`},
		{"ollama/gemma4:31b", false, `{"max_tokens":321,` + compatible + `,"model":"gemma4:31b",` + tools + `}`},
		{"google/gemini-2.5-flash", true, `{"max_tokens":321,` + compatible + `,"model":"gemini-2.5-flash","stream":true,"stream_options":{"include_usage":true}}`},
		{"cohere/command-a-03-2025", true, `{"max_tokens":321,` + compatible + `,"model":"command-a-03-2025","stream":true}`},
		{"anthropic/claude-opus-4-6", false, `{"max_tokens":321,` + blocks + `,"model":"claude-opus-4-6","system":"Be brief.",` + ours + `}`},
		{"anthropic/claude-opus-4-6", true, `{"max_tokens":321,` + blocks + `,"model":"claude-opus-4-6","stream":true,"system":"Be brief.","tool_choice":{"type":"none"},` + ours + `}`},
	} {
		var stream func(string)
		if c.stream {
			stream = func(string) {}
		}
		body, header := sent(t, c.ref, twice, stream)
		assert.Equal(t, c.want, body, c.ref)
		body, _ = sent(t, c.ref, atOnce, stream)
		assert.Equal(t, c.want, body, c.ref)
		if strings.HasPrefix(c.ref, "anthropic/") {
			assert.Equal(t, []string{planted, "2023-06-01"}, []string{header.Get("X-Api-Key"), header.Get("Anthropic-Version")})
		}
	}
}

// answering answers with each body in turn, and keeps what it was asked.
func answering(asked *[]string, bodies ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		*asked = append(*asked, string(raw))
		fmt.Fprint(w, bodies[(len(*asked)-1)%len(bodies)])
	}
}

func TestModelsAreToldTheirThoughtsAgain(t *testing.T) {
	for ref, c := range map[string]struct{ body, again string }{
		"anthropic/claude-opus-4-6": {
			body: `{"content":[{"type":"thinking","thinking":"Hm.","signature":"c2ln"},{"type":"redacted_thinking","data":"eHh4"},{"type":"text","text":"Let me look."},` +
				`{"type":"tool_use","id":"a","name":"pods","input":{}},{"type":"tool_use","id":"b","name":"nodes","input":{}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`,
			again: `[{"signature":"c2ln","thinking":"Hm.","type":"thinking"},{"data":"eHh4","type":"redacted_thinking"},{"text":"Let me look.","type":"text"},{"id":"a"`,
		},
		"google/gemini-2.5-flash": {
			body: `{"choices":[{"message":{"content":"Let me look.","tool_calls":[{"id":"a","type":"function","extra_content":{"google":{"thought_signature":"c2ln"}},"function":{"name":"pods","arguments":"{}"}},` +
				`{"id":"b","type":"function","function":{"name":"nodes","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`,
			again: `"tool_calls":[{"extra_content":{"google":{"thought_signature":"c2ln"}},"function":`,
		},
		"ollama/gpt-oss:20b": {
			body: `{"choices":[{"message":{"content":"Let me look.","reasoning":"c2ln","tool_calls":[{"id":"a","index":0,"type":"function","function":{"name":"pods","arguments":"{}"}},` +
				`{"id":"b","index":1,"type":"function","function":{"name":"nodes","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`,
			again: `"reasoning":"c2ln","role":"assistant","tool_calls":[{"function":`,
		},
	} {
		var asked []string
		model, _ := handled(t, ref, answering(&asked, c.body))
		for range 2 {
			reply, err := model.Ask(t.Context(), twice, offered, 100, nil)
			require.NoError(t, err)
			assert.Equal(t, "Let me look.", reply.Text)
			assert.Len(t, reply.Calls, 2)
		}
		assert.NotContains(t, asked[0], "c2ln")
		assert.Contains(t, asked[1], c.again)
		assert.Equal(t, 1, strings.Count(asked[1], "c2ln"))
	}
}

func TestModelsThatMustNotThink(t *testing.T) {
	var asked []string
	model, waits := handled(t, "openai/gpt-5.6", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		asked = append(asked, string(raw))
		if !strings.Contains(string(raw), `"reasoning_effort":"none"`) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":{"message":"Function tools with reasoning_effort are not supported for gpt-5.6 in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.","param":"reasoning_effort"}}`)
			return
		}
		fmt.Fprint(w, fine)
	})
	for range 2 {
		reply, err := model.Ask(t.Context(), hello, offered, 100, nil)
		require.NoError(t, err)
		assert.Equal(t, "Fine.", reply.Text)
	}
	assert.Len(t, asked, 3, "it is not asked in vain again")
	assert.NotContains(t, asked[0], "reasoning_effort")
	assert.Empty(t, *waits)
	_, err := model.Ask(t.Context(), hello, nil, 100, nil)
	assert.Equal(t, adapters.Internal, reasonOf(t, err), "there are no tools, so it is not told")
	assert.Len(t, asked, 5, "a refusal is taken back once")
}

func TestMemoryHasAnEnd(t *testing.T) {
	var m memory
	for i := range 2 * mostKept {
		m.keep(fmt.Sprint(i), i)
		m.keep(fmt.Sprint(i), i)
	}
	assert.Len(t, m.kept, mostKept)
	assert.Nil(t, m.of("0"))
	assert.Equal(t, 2*mostKept-1, m.of(fmt.Sprint(2*mostKept-1)))
}

// What langchaingo cannot read, or panics over, is an answer or a plain error here.
func TestOddAnswers(t *testing.T) {
	for _, c := range []struct {
		ref, body string
		want      Reply
		err       string
	}{
		{ref: "openai/x", body: `{"choices":[{"message":{"content":null,"refusal":"I would rather not."},"finish_reason":"stop"}]}`, want: Reply{Text: "I would rather not.", Stop: StopRefused}},
		{ref: "openai/x", body: `{"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]}`, want: Reply{Stop: StopRefused}},
		{ref: "google/gemini-2.5-pro", body: `{"choices":[{"finish_reason":"content_filter: PROHIBITED_CONTENT"}]}`, want: Reply{Stop: StopRefused}},
		{ref: "openai/x", body: `{"choices":[{"finish_reason":"function_call"}]}`, want: Reply{Stop: StopEnd}},
		{ref: "openai/x", body: `{"choices":[null,7,{"message":{"content":[{"type":"text","text":"Hm"},{"type":"text","text":"."}]},"finish_reason":null}]}`, want: Reply{Text: "Hm.", Stop: StopEnd}},
		{ref: "openai/x", body: `{"choices":[{"message":{"tool_calls":[null,{"function":{"name":"pods","arguments":{"n":1}}},{"function":{"name":"nodes"}}]},"finish_reason":"stop"}]}`,
			want: Reply{Stop: StopTools, Calls: []llms.ToolCall{call("call_8_1", "pods", `{"n":1}`), call("call_8_2", "nodes", "")}}},
		{ref: "openai/x", body: `{"choices":[{"message":{"tool_calls":[{"id":"z","function":{"name":"pods","arguments":"{\"n\":"}},{"id":"z","function":{"name":"pods","arguments":"{}"}}]}}]}`,
			want: Reply{Stop: StopTools, Calls: []llms.ToolCall{call("z", "pods", `{"n":`), call("call_8_2", "pods", "{}")}}},
		{ref: "openai/x", body: `{"choices":[{"message":{"content":"So","tool_calls":[{"id":"z","function":{"name":"pods","arguments":"{}"}}]},"finish_reason":"length"}]}`, want: Reply{Text: "So", Stop: StopLength}},
		{ref: "openai/x", body: `{"choices":[]}`, err: "no choice"},
		{ref: "openai/x", body: `{"choices":`, err: "unexpected EOF"},
		{ref: "openai/x", body: `null`, err: "null"},
		{ref: "openai/x", body: `<html>Sign in</html>`, err: "no answer of a model"},
		{ref: "openai/x", body: `{"error":{"message":"context_length_exceeded","code":400}}`, err: "HTTP status 400"},
		{ref: "openai/x", body: `{"error":"broken"}`, err: "HTTP status 502: broken"},
		{ref: "anthropic/x", body: `{"content":[],"stop_reason":"refusal"}`, want: Reply{Stop: StopRefused}},
		{ref: "anthropic/x", body: `{"content":null,"stop_reason":null}`, want: Reply{Stop: StopEnd}},
		{ref: "anthropic/x", body: `{"content":[null,{"type":"server_tool_use"},{"type":"text","text":"Hm."},{"type":"text","text":"So."}],"stop_reason":"max_tokens"}`, want: Reply{Text: "Hm.\n\nSo.", Stop: StopLength}},
		{ref: "anthropic/x", body: `{"content":[{"type":"tool_use","name":"pods","input":null},{"type":"tool_use","id":"z","name":"nodes","input":[1]}],"stop_reason":"tool_use"}`,
			want: Reply{Stop: StopTools, Calls: []llms.ToolCall{call("call_8_1", "pods", `{}`), call("z", "nodes", `{"input":[1]}`)}}},
		{ref: "anthropic/x", body: `{"content":[{"type":"text","text":"Hm."}],"stop_reason":"model_context_window_exceeded"}`, want: Reply{Text: "Hm.", Stop: StopLength}},
		{ref: "anthropic/x", body: `{"type":"error","error":{"type":"authentication_error","message":"no"}}`, err: "HTTP status 401: no"},
	} {
		model, _ := handled(t, c.ref, says(c.body))
		reply, err := model.Ask(t.Context(), twice, offered, 100, nil)
		if c.err != "" {
			assert.ErrorContains(t, err, c.err, c.body)
			continue
		}
		require.NoError(t, err, c.body)
		assert.Equal(t, c.want, reply, c.body)
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct{ ref, body, want string }{
		{"openai/x", `{"choices":[{}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":60}}}`, `{"in":100,"out":20,"cached":60}`},
		{"google/gemini-2.5-pro", `{"choices":[{}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":170}}`, `{"in":100,"out":70}`},
		{"anthropic/x", `{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"usage":{"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":60,"output_tokens":20}}`, `{"in":100,"out":20,"cached":60}`},
		{"ollama/x", `{"choices":[{}]}`, `{"in":0,"out":0}`},
		{"openai/x", `{"choices":[{}],"usage":{"prompt_tokens":-5,"completion_tokens":-2,"prompt_tokens_details":null}}`, `{"in":0,"out":0}`},
	} {
		model, _ := handled(t, c.ref, says(c.body))
		reply, err := model.Ask(t.Context(), hello, nil, 100, nil)
		require.NoError(t, err)
		got, err := json.Marshal(reply.Tokens)
		require.NoError(t, err)
		assert.Equal(t, c.want, string(got), c.body)
	}
}

func TestStreams(t *testing.T) {
	openai := func(lines ...string) string { return "data: " + strings.Join(lines, "\n\ndata: ") + "\n\n" }
	start := `{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}}}`
	for name, c := range map[string]struct {
		ref, body string
		said      []string
		want      string // text, stop, tokens
		err       string
	}{
		"openai": {ref: "openai/x", said: []string{"All ", "is well."}, want: `All is well. end {9 4 0}`,
			body: ": hello\n\n" + openai(`{"choices":[{"delta":{"role":"assistant","content":""}}]}`, `{"choices":[{"delta":{"content":"All "}}]}`, "garbage", `{"choices":[{"delta":{"content":"is well."}}]}`,
				`{"choices":[{"delta":{},"finish_reason":"stop"}]}`, `{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}`, "[DONE]")},
		"without an end mark": {ref: "google/gemini-2.5-flash", said: []string{"Hm."}, want: `Hm. length {0 0 0}`, body: openai(`{"choices":[{"delta":{"content":"Hm."},"finish_reason":"length"}]}`)},
		"refusal":             {ref: "openai/x", want: `I cannot. refused {0 0 0}`, body: openai(`{"choices":[{"delta":{"refusal":"I "}}]}`, `{"choices":[{"delta":{"refusal":"cannot."},"finish_reason":"stop"}]}`, "[DONE]")},
		"a long line":         {ref: "openai/x", said: []string{strings.Repeat("x", 100_000)}, want: strings.Repeat("x", 100_000) + " end {0 0 0}", body: openai(`{"choices":[{"delta":{"content":"`+strings.Repeat("x", 100_000)+`"}}]}`, "[DONE]")},
		"cut off":             {ref: "openai/x", said: []string{"All "}, err: "cut off", body: openai(`{"choices":[{"delta":{"content":"All "}}]}`)},
		"an error in it":      {ref: "openai/x", said: []string{"All "}, err: "HTTP status 502: oh no", body: openai(`{"choices":[{"delta":{"content":"All "}}]}`, `{"error":{"message":"oh no"}}`)},
		"anthropic": {ref: "anthropic/x", said: []string{"All ", "is well."}, want: `All is well. end {15 7 5}`,
			body: "event: message_start\n" + openai(start, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, `{"type":"ping"}`, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"All "}}`,
				`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"is well."}}`, `{"type":"content_block_stop","index":0}`, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}`, `{"type":"message_stop"}`)},
		"anthropic thinks":  {ref: "anthropic/x", said: []string{"Hm."}, want: `Hm. end {0 0 0}`, body: openai(`{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"secret"}}`, `{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hm."}}`, `{"type":"message_stop"}`)},
		"anthropic refuses": {ref: "anthropic/x", want: ` refused {15 0 5}`, body: openai(start, `{"type":"message_delta","delta":{"stop_reason":"refusal"},"usage":{"output_tokens":0}}`, `{"type":"message_stop"}`)},
		"anthropic is cut":  {ref: "anthropic/x", said: []string{"Hm."}, err: "cut off", body: openai(start, `{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hm."}}`)},
		"anthropic breaks":  {ref: "anthropic/x", said: []string{"Hm."}, err: "HTTP status 529: Overloaded", body: openai(start, `{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hm."}}`, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)},
	} {
		t.Run(name, func(t *testing.T) {
			model, waits := handled(t, c.ref, says(c.body))
			var said []string
			reply, err := model.Ask(t.Context(), twice, offered, 100, func(text string) { said = append(said, text) })
			assert.Equal(t, c.said, said)
			assert.Empty(t, *waits, "what was begun is not asked for again")
			if c.err != "" {
				assert.ErrorContains(t, err, c.err)
				assert.Equal(t, strings.Join(c.said, ""), reply.Text)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, fmt.Sprintf("%s %s %v", reply.Text, reply.Stop, reply.Tokens))
		})
	}
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{fine, `{"choices":[{"message":{"tool_calls":[{"function":{"arguments":7}}]},"finish_reason":"function_call"}]}`, `{"content":[{"type":"tool_use","input":[]}],"usage":{"input_tokens":1.5}}`,
		"data: " + fine + "\n\ndata: [DONE]\n", "data: {\"type\":\"message_stop\"}\n", "null", "[]", `{"choices":[{"message":7}],"usage":7}`, `{"error":[]}`} {
		f.Add(seed)
	}
	body := ""
	models := []*Model{}
	for _, ref := range []string{"openai/x", "anthropic/x", "google/gemini-3-pro"} {
		model, _ := handled(f, ref, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) })
		models = append(models, model)
	}
	f.Fuzz(func(t *testing.T, said string) {
		body = said
		for _, model := range models {
			for _, stream := range []func(string){nil, func(string) {}} {
				reply, err := model.Ask(t.Context(), hello, offered, 100, stream)
				if err != nil {
					assert.NotEmpty(t, reasonOf(t, err))
					continue
				}
				assert.NotEmpty(t, reply.Stop)
				assert.GreaterOrEqual(t, min(reply.Tokens.In, reply.Tokens.Out, reply.Tokens.Cached), 0)
			}
		}
	})
}

// A server may tell anything of tokens: it is never less than nothing, nor more than sums can take.
func TestTokensThatNoModelTakes(t *testing.T) {
	for name, c := range map[string]struct {
		in, out, cached int
		want            router.Tokens
	}{
		"far too many": {math.MaxInt, math.MaxInt, math.MaxInt, router.Tokens{In: 1_000_000_000, Out: 1_000_000_000, Cached: 1_000_000_000}},
		"below zero":   {-1, math.MinInt, -1, router.Tokens{}},
		"all cached":   {10, 5, 1000, router.Tokens{In: 10, Out: 5, Cached: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, tokensOf(map[string]any{"PromptTokens": c.in, "CompletionTokens": c.out, "PromptCachedTokens": c.cached}))
		})
	}
}
