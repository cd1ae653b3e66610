package models

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

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
