package models

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"
	"google.golang.org/genai"

	"clanker/router/agent/modeltest"
)

const gemini3 = "gemini-3-pro-preview"

func openedGoogle(t *testing.T, base string) *googleModel {
	t.Helper()
	llm, err := openGoogle(t.Context(), "the-key", base, gemini3, &http.Client{})
	require.NoError(t, err)
	return llm.(*googleModel)
}

// geminiTalk is a conversation, one part in a message.
type geminiTalk []llms.MessageContent

func (c *geminiTalk) say(role llms.ChatMessageType, part llms.ContentPart) {
	*c = append(*c, llms.MessageContent{Role: role, Parts: []llms.ContentPart{part}})
}

// heard adds what the model said, and a response to each of its calls.
func (c *geminiTalk) heard(choice *llms.ContentChoice) {
	c.say(llms.ChatMessageTypeAI, llms.TextPart(choice.Content))
	for _, call := range choice.ToolCalls {
		c.say(llms.ChatMessageTypeAI, call)
	}
	for _, call := range choice.ToolCalls {
		c.say(llms.ChatMessageTypeTool, llms.ToolCallResponse{ToolCallID: call.ID, Content: "came of " + call.FunctionCall.Arguments})
	}
}

func geminiTalkAbout(text string) geminiTalk {
	var c geminiTalk
	c.say(llms.ChatMessageTypeSystem, llms.TextPart("be short"))
	c.say(llms.ChatMessageTypeHuman, llms.TextPart(text))
	return c
}

func geminiTurn(t *testing.T, m llms.Model, c geminiTalk, options ...llms.CallOption) *llms.ContentChoice {
	t.Helper()
	response, err := m.GenerateContent(t.Context(), c, options...)
	require.NoError(t, err)
	require.Len(t, response.Choices, 1)
	return response.Choices[0]
}

func geminiTool() llms.Tool {
	schema := map[string]any{"type": "object", "properties": map[string]any{"of": map[string]any{"type": "string"}}, "additionalProperties": false}
	return llms.Tool{Type: "function", Function: &llms.FunctionDefinition{Name: "read", Description: "reads", Parameters: schema}}
}

func geminiReads(of ...string) []modeltest.Call {
	var calls []modeltest.Call
	for _, what := range of {
		calls = append(calls, modeltest.Call{Tool: "read", Arguments: fmt.Sprintf(`{"of":%q}`, what)})
	}
	return calls
}

// geminiShape is a request in short: what each content is made of, and a star after what is signed.
func geminiShape(t *testing.T, body []byte) string {
	t.Helper()
	var request struct{ Contents []*genai.Content }
	require.NoError(t, json.Unmarshal(body, &request))
	var all []string
	for _, content := range request.Contents {
		var parts []string
		for _, part := range content.Parts {
			what := part.Text
			switch {
			case part.FunctionCall != nil:
				what = fmt.Sprint("call ", part.FunctionCall.Args["of"])
			case part.FunctionResponse != nil:
				what = fmt.Sprint(part.FunctionResponse.Response["output"])
			}
			if part.ThoughtSignature != nil {
				what += "*"
			}
			parts = append(parts, what)
		}
		all = append(all, content.Role+": "+strings.Join(parts, ", "))
	}
	return strings.Join(all, "\n")
}

func TestGoogleIsToldItsSignaturesAgain(t *testing.T) {
	server := modeltest.Start(t, modeltest.Script{Key: "the-key", Models: []string{gemini3}, Turns: []modeltest.Turn{
		{Text: "I look.", Calls: geminiReads("a", "b"), Expect: modeltest.Expect{Tools: []string{"read"}, Has: []string{"be short"}}},
		{Calls: geminiReads("c", "d", "e")},
		{Calls: geminiReads("f")},
		{Text: "All is well.", Tokens: modeltest.Tokens{In: 1000, Out: 101, Cached: 400}},
	}})
	model, c := openedGoogle(t, server.Base("google")), geminiTalkAbout("why?")
	for _, want := range []int{2, 3, 1} {
		choice := geminiTurn(t, model, c, llms.WithTools([]llms.Tool{geminiTool()}), llms.WithMaxTokens(500))
		require.Len(t, choice.ToolCalls, want)
		assert.Equal(t, "STOP", choice.StopReason)
		c.heard(choice)
	}
	c.say(llms.ChatMessageTypeHuman, llms.TextPart("conclude now"))
	last := geminiTurn(t, model, c)

	assert.Equal(t, "All is well.", last.Content)
	assert.Equal(t, map[string]any{"InputTokens": 1000, "OutputTokens": 101}, last.GenerationInfo)
	requests := server.Requests()
	assert.Equal(t, strings.TrimSpace(`
user: why?
model: I look.*, call a*, call b
user: came of {"of":"a"}, came of {"of":"b"}
model: call c*, call d, call e
user: came of {"of":"c"}, came of {"of":"d"}, came of {"of":"e"}
model: call f*
user: came of {"of":"f"}
user: conclude now`), geminiShape(t, requests[3].Body))
	assert.Contains(t, string(requests[0].Body), `"maxOutputTokens":500`)
	for _, r := range requests {
		assert.Equal(t, "/google/v1beta/models/"+gemini3+":generateContent", r.Path)
	}
}

func TestGoogleConversationsAreApart(t *testing.T) {
	s := modeltest.New(modeltest.Script{Turns: []modeltest.Turn{{Calls: geminiReads("a"), Repeat: true}}})
	listener := httptest.NewServer(s)
	t.Cleanup(listener.Close)
	c := geminiTalkAbout("why?")
	c.heard(geminiTurn(t, openedGoogle(t, listener.URL+"/google"), c, llms.WithTools([]llms.Tool{geminiTool()})))

	_, err := openedGoogle(t, listener.URL+"/google").GenerateContent(t.Context(), c)

	var refused genai.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 400, refused.Code)
	assert.Contains(t, refused.Message, "Function call is missing a thought_signature in functionCall parts.")
}

func TestGoogleStreams(t *testing.T) {
	const text = "One sentence.\nThe rest of it, which is longer, with ümläuts and some more words."
	server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{
		{Calls: geminiReads("a")},
		{Text: text, Expect: modeltest.Expect{Alone: true}, Tokens: modeltest.Tokens{In: 7, Out: 9}},
		{Text: "you are welcome"},
	}})
	model, c := openedGoogle(t, server.Base("google")), geminiTalkAbout("why?")
	c.heard(geminiTurn(t, model, c, llms.WithTools([]llms.Tool{geminiTool()})))
	var pieces []string
	stream := func(_ context.Context, chunk []byte) error { pieces = append(pieces, string(chunk)); return nil }

	choice := geminiTurn(t, model, c, llms.WithTools([]llms.Tool{geminiTool()}), llms.WithToolChoice("none"), llms.WithStreamingFunc(stream))

	assert.Equal(t, text, choice.Content)
	assert.Equal(t, text, strings.Join(pieces, ""))
	assert.Greater(t, len(pieces), 1)
	assert.Equal(t, map[string]any{"InputTokens": 7, "OutputTokens": 9}, choice.GenerationInfo)
	c.heard(choice)
	c.say(llms.ChatMessageTypeHuman, llms.TextPart("thanks"))
	geminiTurn(t, model, c)
	assert.Contains(t, geminiShape(t, server.Requests()[2].Body), text+"*", "the signature came after the text")
}

func TestGoogleStopsStreamingWhenToldTo(t *testing.T) {
	server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{{Text: "a text of some words"}}})
	_, err := openedGoogle(t, server.Base("google")).GenerateContent(t.Context(), geminiTalkAbout("why?"),
		llms.WithStreamingFunc(func(context.Context, []byte) error { return io.ErrClosedPipe }))
	assert.ErrorIs(t, err, io.ErrClosedPipe)
}

// inBothWays runs a test with an answer in one piece, and with one that is streamed.
func inBothWays(t *testing.T, name string, test func(t *testing.T, options ...llms.CallOption)) {
	t.Run(name, func(t *testing.T) { test(t) })
	t.Run(name+" streamed", func(t *testing.T) {
		test(t, llms.WithStreamingFunc(func(context.Context, []byte) error { return nil }))
	})
}

func TestGoogleSaysWhyItEnded(t *testing.T) {
	reasons := []string{"STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"}
	var turns []modeltest.Turn
	for _, reason := range reasons {
		turn := modeltest.Turn{Text: "so far", Stop: modeltest.Stop(reason)}
		turns = append(turns, turn, turn)
	}
	model := openedGoogle(t, modeltest.Start(t, modeltest.Script{Turns: turns}).Base("google"))
	for _, reason := range reasons {
		inBothWays(t, reason, func(t *testing.T, options ...llms.CallOption) {
			choice := geminiTurn(t, model, geminiTalkAbout("why?"), options...)
			assert.Equal(t, reason, choice.StopReason)
			assert.Equal(t, "so far", choice.Content)
		})
	}
}

func TestGoogleBlocksPrompts(t *testing.T) {
	server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{{Error: &modeltest.Failure{Kind: modeltest.ContentFilter}}}})
	choice := geminiTurn(t, openedGoogle(t, server.Base("google")), geminiTalkAbout("why?"))
	assert.Equal(t, "refusal: PROHIBITED_CONTENT", choice.StopReason)
	assert.Empty(t, choice.Content)
}

func TestGoogleFails(t *testing.T) {
	tests := []struct {
		failure modeltest.Failure
		code    int
		says    string
	}{
		{modeltest.Failure{Kind: modeltest.BadRequest}, 400, "INVALID_ARGUMENT"},
		{modeltest.Failure{Kind: modeltest.BadKey}, 400, "API_KEY_INVALID"},
		{modeltest.Failure{Kind: modeltest.BadKey, Status: 401}, 401, "API key not valid"},
		{modeltest.Failure{Kind: modeltest.Forbidden}, 403, "PERMISSION_DENIED"},
		{modeltest.Failure{Kind: modeltest.UnknownModel}, 404, gemini3 + " is not found"},
		{modeltest.Failure{Kind: modeltest.TooLong}, 400, "exceeds the maximum number of tokens"},
		{modeltest.Failure{Kind: modeltest.RateLimit, Retry: modeltest.Retry{After: 37e9}}, 429, "retryDelay:37s"},
		{modeltest.Failure{Kind: modeltest.Broken}, 500, "INTERNAL"},
		{modeltest.Failure{Kind: modeltest.Overloaded}, 503, "UNAVAILABLE"},
	}
	var turns []modeltest.Turn
	for _, test := range tests {
		turns = append(turns, modeltest.Turn{Error: &test.failure}, modeltest.Turn{Error: &test.failure})
	}
	server := modeltest.Start(t, modeltest.Script{Turns: turns})
	for _, test := range tests {
		inBothWays(t, fmt.Sprintf("%s %d", test.failure.Kind, test.code), func(t *testing.T, options ...llms.CallOption) {
			_, err := openedGoogle(t, server.Base("google")).GenerateContent(t.Context(), geminiTalkAbout("why?"), options...)
			var failed genai.APIError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.code, failed.Code)
			assert.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), "the-key")
		})
	}
	assert.Len(t, server.Requests(), len(turns), "none is asked again here")
}

func TestGoogleIsGivenUp(t *testing.T) {
	for _, hold := range []modeltest.Hold{modeltest.HoldBefore, modeltest.HoldDuring} {
		inBothWays(t, string(hold), func(t *testing.T, options ...llms.CallOption) {
			server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{{Text: "a long text of many words, half of which is sent", Hold: hold}}})
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-server.Held(); cancel() }()
			_, err := openedGoogle(t, server.Base("google")).GenerateContent(ctx, geminiTalkAbout("why?"), options...)
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestGoogleBreaksOff(t *testing.T) {
	inBothWays(t, "cut", func(t *testing.T, options ...llms.CallOption) {
		server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{{Text: "a long text of many words, half of which is sent", Cut: true}}})
		_, err := openedGoogle(t, server.Base("google")).GenerateContent(t.Context(), geminiTalkAbout("why?"), options...)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

// geminiSays serves answers as they are, one for each request, and returns the requests.
func geminiSays(t *testing.T, answers ...string) (base string, requests func() []string) {
	t.Helper()
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		got = append(got, fmt.Sprintf("%s %s %s", r.URL, r.Header.Get("X-Goog-Api-Key"), body))
		_, _ = io.WriteString(w, answers[min(len(got), len(answers))-1])
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string { mu.Lock(); defer mu.Unlock(); return got }
}

func TestGoogleNumbersCallsWithoutIDs(t *testing.T) {
	const two = `{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"read"},"thoughtSignature":"c2lnbmVk"},{"functionCall":{"name":"read","args":{"of":"b"}}}]},"finishReason":"STOP"}]}`
	const same = `{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"id":"x","name":"read"}},{"functionCall":{"id":"x","name":"read"}},{"functionCall":{"id":"call-3","name":"read"}}]},"finishReason":"STOP"}]}`
	base, requests := geminiSays(t, two, same, two)
	model, c := openedGoogle(t, base), geminiTalkAbout("why?")
	var ids []string
	for range 3 {
		choice := geminiTurn(t, model, c)
		for _, call := range choice.ToolCalls {
			ids = append(ids, call.ID)
		}
		c.heard(choice)
	}
	assert.Equal(t, []string{"call-1", "call-2", "x", "call-4", "call-3", "call-6", "call-7"}, ids)
	assert.Contains(t, requests()[1], `{"functionCall":{"name":"read"},"thoughtSignature":"c2lnbmVk"},{"functionCall":{"args":{"of":"b"},"name":"read"}}`)
	assert.Contains(t, requests()[2], `{"functionCall":{"id":"x","name":"read"}},{"functionCall":{"id":"x","name":"read"}},{"functionCall":{"id":"call-3","name":"read"}}`)
}

func TestGoogleAnswersNothing(t *testing.T) {
	for name, answer := range map[string]string{"empty": `{}`, "no end": `{"candidates":[{"content":{"parts":[{"text":"so"}]}}]}`} {
		base, _ := geminiSays(t, answer)
		_, err := openedGoogle(t, base).GenerateContent(t.Context(), geminiTalkAbout("why?"))
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
	}
	base, _ := geminiSays(t, `{"candidates":[{"content":{"parts":[{"text":"I think","thought":true},{"text":"so"}]},"finishReason":"STOP"}]}`)
	assert.Equal(t, "so", geminiTurn(t, openedGoogle(t, base), geminiTalkAbout("why?")).Content, "thoughts are not said")
}

func TestGoogleTakesNothingFromTheEnvironment(t *testing.T) {
	base, requests := geminiSays(t, `{"candidates":[{"content":{"parts":[{"text":"so"}]},"finishReason":"STOP"}]}`)
	for _, set := range [][2]string{
		{"GOOGLE_API_KEY", "of-the-environment"}, {"GEMINI_API_KEY", "of-the-environment"}, {"GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1"},
		{"GOOGLE_GENAI_USE_VERTEXAI", "true"}, {"GOOGLE_CLOUD_PROJECT", "of-the-environment"}, {"GOOGLE_APPLICATION_CREDENTIALS", "/nowhere"},
	} {
		t.Run(set[0], func(t *testing.T) {
			t.Setenv(set[0], set[1])
			geminiTurn(t, openedGoogle(t, base), geminiTalkAbout("why?"))
			for _, missing := range [][2]string{{"", base}, {"the-key", ""}} {
				_, err := openGoogle(t.Context(), missing[0], missing[1], gemini3, &http.Client{})
				assert.Error(t, err)
			}
		})
	}
	require.Len(t, requests(), 6)
	for _, request := range requests() {
		assert.True(t, strings.HasPrefix(request, "/v1beta/models/"+gemini3+":generateContent the-key "), request)
		assert.NotContains(t, request, "environment")
	}
}

func TestGoogleFailsInItsStream(t *testing.T) {
	base, _ := geminiSays(t, `data: {"candidates":[{"content":{"parts":[{"text":"so "}]}}]}`+"\n\n"+`data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`+"\n\n")
	var heard string
	_, err := openedGoogle(t, base).GenerateContent(t.Context(), geminiTalkAbout("why?"),
		llms.WithStreamingFunc(func(_ context.Context, chunk []byte) error { heard += string(chunk); return nil }))
	var failed genai.APIError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, 503, failed.Code)
	assert.Equal(t, "so ", heard)
}

// One turn is one request, for each is reserved and paid: genai would go on by itself where it is offered to.
func TestGoogleIsAskedOnce(t *testing.T) {
	inBothWays(t, "checkpoint", func(t *testing.T, options ...llms.CallOption) {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			piece := `{"candidates":[{"content":{"parts":[{"text":"so far"}]},"finishReason":"CONTINUATION","continuationToken":"c28="}]}`
			if asked > 1 {
				piece = `{"candidates":[{"content":{"parts":[{"text":"and so on"}]},"finishReason":"STOP"}]}`
			}
			if len(options) > 0 {
				piece = "data: " + piece + "\n\n"
			}
			fmt.Fprint(w, piece)
		}))
		defer server.Close()
		assert.Equal(t, "so far", geminiTurn(t, openedGoogle(t, server.URL), geminiTalkAbout("why?"), options...).Content)
		assert.Equal(t, 1, asked)
	})
}

func TestGoogleIsSharedSafely(t *testing.T) {
	base, _ := geminiSays(t, `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"read"},"thoughtSignature":"c2lnbmVk"}]},"finishReason":"STOP"}]}`)
	model := openedGoogle(t, base)
	ids := make(chan string, 40)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			c := geminiTalkAbout("why?")
			for range 5 {
				response, err := model.GenerateContent(t.Context(), c)
				if assert.NoError(t, err) {
					c.heard(response.Choices[0])
					ids <- response.Choices[0].ToolCalls[0].ID
				}
			}
		})
	}
	group.Wait()
	close(ids)
	seen := map[string]bool{}
	for id := range ids {
		assert.False(t, seen[id], id)
		seen[id] = true
	}
	assert.Len(t, seen, 40)
}
