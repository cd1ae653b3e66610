package models

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"
	"google.golang.org/genai"

	"clanker/adapters"
	"clanker/router"
	"clanker/router/agent/modeltest"
)

// geminiOf opens Gemini as a person would.
func geminiOf(t *testing.T, server *modeltest.Server) *Model {
	t.Helper()
	key := func(context.Context) (string, error) { return "the-key", nil }
	models, err := New(Settings{Providers: map[string]Provider{google: {Key: key, URL: server.Base(google)}}})
	require.NoError(t, err)
	model, err := models.Open(t.Context(), "google/"+gemini3)
	require.NoError(t, err)
	model.wait = func(context.Context, time.Duration) error { return nil }
	return model
}

func TestAskGemini(t *testing.T) {
	server := modeltest.Start(t, modeltest.Script{Key: "the-key", Turns: []modeltest.Turn{
		{Calls: geminiReads("a", "b"), Tokens: modeltest.Tokens{In: 100, Out: 11}},
		{Calls: geminiReads("c")},
		{Text: "All is well.\nReally.", Expect: modeltest.Expect{Alone: true}},
	}})
	model, c := geminiOf(t, server), geminiTalkAbout("why?")
	for _, want := range []int{2, 1} {
		reply, err := model.Ask(t.Context(), c, []llms.Tool{geminiTool()}, 100, nil)
		require.NoError(t, err)
		assert.Equal(t, StopTools, reply.Stop)
		require.Len(t, reply.Calls, want)
		c.heard(&llms.ContentChoice{Content: reply.Text, ToolCalls: reply.Calls})
	}
	var heard strings.Builder

	reply, err := model.Ask(t.Context(), c, []llms.Tool{geminiTool()}, 100, func(text string) { heard.WriteString(text) })

	require.NoError(t, err)
	assert.Equal(t, StopEnd, reply.Stop)
	assert.Equal(t, "All is well.\nReally.", reply.Text)
	assert.Equal(t, reply.Text, heard.String())
	assert.Positive(t, reply.Tokens.In)
}

func TestAskGeminiWhyItEnded(t *testing.T) {
	for _, test := range []struct {
		turn modeltest.Turn
		stop Stop
	}{
		{modeltest.Turn{Text: "so"}, StopEnd},
		{modeltest.Turn{Text: "so", Stop: modeltest.StopLength}, StopLength},
		{modeltest.Turn{Stop: modeltest.StopRefuse}, StopRefused},
		{modeltest.Turn{Stop: modeltest.StopFilter}, StopRefused},
		{modeltest.Turn{Stop: "RECITATION"}, StopRefused},
		{modeltest.Turn{Stop: "BLOCKLIST"}, StopRefused},
		{modeltest.Turn{Stop: "SPII"}, StopRefused},
		{modeltest.Turn{Error: &modeltest.Failure{Kind: modeltest.ContentFilter}}, StopRefused},
	} {
		test.turn.Tokens = modeltest.Tokens{In: 10, Out: 4}
		server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{test.turn}})
		reply, err := geminiOf(t, server).Ask(t.Context(), geminiTalkAbout("why?"), nil, 100, nil)
		require.NoError(t, err)
		assert.Equal(t, test.stop, reply.Stop, "%+v", test.turn)
		if test.turn.Error == nil {
			assert.Equal(t, router.Tokens{In: 10, Out: 4}, reply.Tokens)
		}
	}
}

func TestAskGeminiFails(t *testing.T) {
	for _, test := range []struct {
		failure modeltest.Failure
		reason  adapters.Reason
		asked   int
	}{
		{modeltest.Failure{Kind: modeltest.BadKey}, adapters.ExpiredCredentials, 1},
		{modeltest.Failure{Kind: modeltest.BadKey, Status: 401}, adapters.ExpiredCredentials, 1},
		{modeltest.Failure{Kind: modeltest.Forbidden}, adapters.PermissionDenied, 1},
		{modeltest.Failure{Kind: modeltest.UnknownModel}, adapters.Unsupported, 1},
		{modeltest.Failure{Kind: modeltest.TooLong}, adapters.Unsupported, 1},
		{modeltest.Failure{Kind: modeltest.RateLimit, Retry: modeltest.Retry{After: 7 * time.Second}}, adapters.RateLimited, mostTries},
		{modeltest.Failure{Kind: modeltest.Broken}, adapters.Unreachable, 1},
	} {
		t.Run(string(test.failure.Kind), func(t *testing.T) {
			server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{{Error: &test.failure, Repeat: true}}})
			_, err := geminiOf(t, server).Ask(t.Context(), geminiTalkAbout("why?"), nil, 100, nil)
			var problem *adapters.SourceError
			require.ErrorAs(t, err, &problem)
			assert.Equal(t, test.reason, problem.Reason)
			assert.Equal(t, test.failure.Retry.After, problem.RetryAfter)
			assert.NotEmpty(t, problem.Fix)
			assert.NotContains(t, err.Error(), "the-key")
			assert.Len(t, server.Requests(), test.asked)
		})
	}
}

// A closing turn that time cuts off is usual: the text so far is kept, and genai says nothing in the log of the process.
func TestAskGeminiIsCutOffQuietly(t *testing.T) {
	var logged bytes.Buffer
	usual := log.Writer()
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(usual) })
	server := modeltest.Start(t, modeltest.Script{Turns: []modeltest.Turn{{Text: "a long text of many words, half of which is sent", Hold: modeltest.HoldDuring}}})
	ctx, cancel := context.WithCancel(t.Context())

	reply, err := geminiOf(t, server).Ask(ctx, geminiTalkAbout("why?"), nil, 100, func(string) { cancel() })

	require.ErrorIs(t, err, context.Canceled)
	assert.True(t, strings.HasPrefix("a long text of many words, half of which is sent", reply.Text) && reply.Text != "", reply.Text)
	assert.Empty(t, logged.String())
}

// FuzzGoogleReply has a model say anything, and tells it that again.
func FuzzGoogleReply(f *testing.F) {
	f.Add(`{"candidates":[{"content":{"role":"model","parts":[{"text":"so"},{"functionCall":{"name":"read","args":{"of":"b"}},"thoughtSignature":"c2lnbmVk"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3}}`)
	f.Add(`{"candidates":[{"content":{"parts":[{"functionCall":{"id":"x","name":"a"}},{"functionCall":{"id":"x","name":"b","args":{}}},null,{"text":"","thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}`)
	f.Add(`{"promptFeedback":{"blockReason":"SAFETY"}}`)
	f.Add(`{"candidates":[null]}`)
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, answer string) {
		response := &genai.GenerateContentResponse{}
		if json.Unmarshal([]byte(answer), response) != nil {
			t.Skip()
		}
		model := openedGoogle(t, "http://127.0.0.1:1")
		reply := &googleReply{}
		reply.add(response)
		choice := model.answered(reply).Choices[0]
		require.Len(t, choice.ToolCalls, len(reply.calls))
		c := geminiTalkAbout("why?")
		c.heard(choice)

		_, contents, err := model.history(c)

		require.NoError(t, err)
		var parts []*genai.Part
		for _, content := range contents[1:] {
			require.NotEmpty(t, content.Parts)
			if content.Role == "model" {
				parts = append(parts, content.Parts...)
			}
		}
		if choice.Content != "" {
			require.Equal(t, choice.Content, parts[0].Text)
			require.Equal(t, reply.signature, parts[0].ThoughtSignature)
			parts = parts[1:]
		}
		require.Len(t, parts, len(reply.calls))
		for i, part := range parts {
			said := reply.calls[i]
			require.Equal(t, said.ThoughtSignature, part.ThoughtSignature)
			require.Equal(t, said.FunctionCall.ID, part.FunctionCall.ID)
			require.Equal(t, said.FunctionCall.Name, part.FunctionCall.Name)
			require.Equal(t, len(said.FunctionCall.Args), len(part.FunctionCall.Args))
		}
	})
}

type geminiAnswering string

func (a geminiAnswering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}

// FuzzGoogleAnswer answers anything, in one piece and as a stream: it is a reply or an error, whatever genai makes of it.
func FuzzGoogleAnswer(f *testing.F) {
	f.Add(`{"candidates":[{"content":{"role":"model","parts":[{"text":"so"}]},"finishReason":"STOP"}]}`)
	for _, odd := range []string{``, `null`, `[]`, `{"candidates":{}}`, `{"candidates":[5]}`, `{"candidates":[null]}`, `{"candidates":[{"content":[]}]}`, `{"candidates":[{"content":{"parts":[1]}}]}`,
		`{"candidates":[{"finishReason":5}]}`, `{"usageMetadata":[]}`, `{"promptFeedback":3}`, `{"error":{}}`, `{"error":5}`, `<html>`} {
		f.Add(odd)
	}
	usual := log.Writer()
	log.SetOutput(io.Discard)
	f.Cleanup(func() { log.SetOutput(usual) })
	f.Fuzz(func(t *testing.T, answer string) {
		for _, body := range []string{answer, "data: " + answer + "\n\n"} {
			llm, err := openGoogle(t.Context(), "the-key", "http://127.0.0.1:1", gemini3, &http.Client{Transport: geminiAnswering(body)})
			require.NoError(t, err)
			for _, options := range [][]llms.CallOption{nil, {llms.WithStreamingFunc(func(context.Context, []byte) error { return nil })}} {
				response, err := llm.GenerateContent(t.Context(), geminiTalkAbout("why?"), options...)
				require.Equal(t, err == nil, response != nil)
			}
		}
	})
}

// FuzzGoogleHistory writes any conversation, each byte of which is a message: nothing panics, and nothing comes out that Gemini would
// not take.
func FuzzGoogleHistory(f *testing.F) {
	f.Add([]byte("shattahattt"))
	f.Add([]byte("xsheHaAta"))
	roles := []llms.ChatMessageType{llms.ChatMessageTypeSystem, llms.ChatMessageTypeHuman, llms.ChatMessageTypeAI, llms.ChatMessageTypeTool, llms.ChatMessageTypeGeneric, "robot"}
	f.Fuzz(func(t *testing.T, messages []byte) {
		var c geminiTalk
		for _, b := range messages {
			id := string('a' + rune(b>>6))
			parts := []llms.ContentPart{llms.TextPart(id), llms.TextPart(""), llms.BinaryPart("", nil), llms.ToolCall{ID: id},
				llms.ToolCall{ID: id, FunctionCall: &llms.FunctionCall{Name: "read", Arguments: `{"of":1}`}}, llms.ToolCallResponse{ToolCallID: id}}
			c.say(roles[int(b)%len(roles)], parts[int(b>>3)%len(parts)])
		}
		_, contents, err := openedGoogle(t, "http://127.0.0.1:1").history(c)
		if err != nil {
			return
		}
		for i, content := range contents {
			require.NotEmpty(t, content.Parts)
			require.Contains(t, []string{"user", "model"}, content.Role)
			require.False(t, i > 0 && content.Role == "model" && contents[i-1].Role == "model")
			for _, part := range content.Parts {
				require.Equal(t, part.FunctionCall != nil, content.Role == "model" && part.Text == "")
				require.Equal(t, part.FunctionResponse != nil, content.Parts[0].FunctionResponse != nil)
			}
		}
	})
}
