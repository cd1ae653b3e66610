package models

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
)

const planted = "Plain.Words_whose-shape+tells#nothing"

// connect makes the models of a server that stands for all vendors. They wait for nobody; how long they would have is in waits.
func connect(t testing.TB, url string) (m *Models, waits *[]time.Duration) {
	t.Helper()
	key := func(context.Context) (string, error) { return planted, nil }
	m, err := New(Settings{Providers: map[string]Provider{
		"anthropic": {Key: key, URL: url}, "cohere": {Key: key, URL: url}, "google": {Key: key, URL: url}, "ollama": {URL: url}, "openai": {Key: key, URL: url + "/v1"},
	}})
	require.NoError(t, err)
	waits = new([]time.Duration)
	m.wait = func(ctx context.Context, d time.Duration) error { *waits = append(*waits, d); return ctx.Err() }
	return m, waits
}

// handled opens a model whose vendor is the handler.
func handled(t testing.TB, ref string, handler http.HandlerFunc) (*Model, *[]time.Duration) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	m, waits := connect(t, server.URL)
	model, err := m.Open(t.Context(), ref)
	require.NoError(t, err)
	return model, waits
}

var hello = []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeSystem, "Be brief."), llms.TextParts(llms.ChatMessageTypeHuman, "Hello?")}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body) }
}

const fine = `{"choices":[{"message":{"content":"Fine."},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}`

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the key %q went elsewhere", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		model, _ := handled(t, "openai/gpt-5.4", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, code)
		})
		_, err := model.Ask(t.Context(), hello, nil, 100, nil)
		assert.Equal(t, adapters.Unreachable, reasonOf(t, err))
		assert.ErrorContains(t, err, fmt.Sprint(code))
	}
}

func TestKeyGoesNowhereElse(t *testing.T) {
	m, _ := connect(t, "http://127.0.0.1:1")
	v, err := vendorOf("openai")
	require.NoError(t, err)
	at, err := m.endpoint(t.Context(), v)
	require.NoError(t, err)
	for _, to := range []string{"http://127.0.0.1:2/v1", "https://127.0.0.1:1/v1", "http://example.com/v1"} {
		r := httptest.NewRequest(http.MethodPost, to, strings.NewReader("{}"))
		_, err := m.transport(at, "x").RoundTrip(r)
		assert.ErrorContains(t, err, "is not where the key goes", to)
	}
	at.base = &url.URL{Scheme: "http", Host: "192.0.2.1"}
	_, err = m.transport(at, "x").RoundTrip(httptest.NewRequest(http.MethodPost, "http://192.0.2.1/", strings.NewReader("{}")))
	assert.ErrorContains(t, err, "is not where the key goes")
}

func TestNoKeyIsSentWhereNoneIs(t *testing.T) {
	model, _ := handled(t, "ollama/gemma4:31b", func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Values("Authorization"))
		fmt.Fprint(w, fine)
	})
	assert.True(t, model.Local)
	paid, _ := handled(t, "openai/gpt-5.4", says(fine))
	assert.False(t, paid.Local, "who takes a key may pass questions on")
	reply, err := model.Ask(t.Context(), hello, nil, 100, nil)
	require.NoError(t, err)
	assert.Equal(t, "Fine.", reply.Text)
}

func TestVariablesOfClientsDoNotCount(t *testing.T) {
	for _, name := range []string{"OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_MODEL", "OPENAI_ORGANIZATION", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"} {
		t.Setenv(name, "http://192.0.2.1/evil")
	}
	t.Setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
	for _, ref := range []string{"openai/gpt-5.4", "anthropic/claude-opus-4-6", "ollama/x", "google/gemini-2.5-flash", "google/gemini-3-pro", "cohere/command-a"} {
		asked := false
		model, _ := handled(t, ref, func(w http.ResponseWriter, r *http.Request) {
			asked = true
			body, _ := io.ReadAll(r.Body)
			assert.NotContains(t, fmt.Sprint(r.Header, r.URL, string(body)), "evil")
			w.WriteHeader(http.StatusTeapot)
		})
		_, err := model.Ask(t.Context(), hello, nil, 100, nil)
		assert.Error(t, err)
		assert.True(t, asked, ref)
	}
}

func TestErrorsHaveNoKey(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":{"message":"no such key: %s"}}`, planted)
	}
	garbage := says(planted + " is no JSON")
	pieces := says(`{"error":{"message":"no such key: ` + planted[:9] + `\u200b\u001b[1m` + planted[9:] + `"}}`)
	for _, ref := range []string{"openai/gpt-5.4", "anthropic/claude-opus-4-6", "google/gemini-2.5-flash", "google/gemini-3-pro", "cohere/command-a"} {
		for _, handler := range []http.HandlerFunc{echo, garbage, pieces} {
			model, _ := handled(t, ref, handler)
			_, err := model.Ask(t.Context(), hello, nil, 100, nil)
			require.Error(t, err, ref)
			assert.NotContains(t, fmt.Sprintf("%v %+v", err, *problemOf(t, err)), planted, ref)
		}
	}
}

func TestAnswersAndRequestsHaveALimit(t *testing.T) {
	asked := 0
	model, _ := handled(t, "openai/gpt-5.4", func(w http.ResponseWriter, r *http.Request) {
		asked++
		chunk := strings.Repeat(" ", 1<<20)
		for range 9 {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
		io.WriteString(w, fine)
	})
	_, err := model.Ask(t.Context(), hello, nil, 100, nil)
	assert.ErrorContains(t, err, "more than 8 MiB")
	_, err = model.Ask(t.Context(), []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, strings.Repeat("x", mostBody))}, nil, 100, nil)
	assert.ErrorContains(t, err, "more than 8 MiB")
	assert.True(t, IsOverflow(err))
	assert.Equal(t, 1, asked, "what is too long is not sent")
}

func TestNobodyThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	m, _ := connect(t, server.URL)
	for _, ref := range []string{"openai/gpt-5.4", "anthropic/claude-opus-4-6", "ollama/x", "google/gemini-3-pro"} {
		model, err := m.Open(t.Context(), ref)
		require.NoError(t, err)
		_, err = model.Ask(t.Context(), hello, nil, 100, nil)
		assert.Equal(t, adapters.Unreachable, reasonOf(t, err), ref)
		assert.ErrorContains(t, err, "connection refused", ref)
	}
}

func TestOwnTimeOfATurn(t *testing.T) {
	for _, ref := range []string{"openai/gpt-5.4", "anthropic/claude-opus-4-6", "google/gemini-3-pro"} {
		model, _ := handled(t, ref, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		})
		model.most = 50 * time.Millisecond
		_, err := model.Ask(t.Context(), hello, nil, 100, nil)
		assert.Equal(t, adapters.TimedOut, reasonOf(t, err), ref)
		ctx, done := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer done()
		_, err = model.Ask(ctx, hello, nil, 100, nil)
		assert.ErrorIs(t, err, context.DeadlineExceeded, ref)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = model.Ask(gone, hello, nil, 100, nil)
		assert.ErrorIs(t, err, context.Canceled, ref)
	}
}
