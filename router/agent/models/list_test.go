package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestListAsksEachVendorInItsOwnWay(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		switch {
		case r.Method == http.MethodGet && r.URL.Path == "/v1/models" && h.Get("X-Api-Key") == planted && h.Get("Anthropic-Version") != "":
			fmt.Fprintf(w, `{"data":[{"type":"model","id":"claude-b"},{"id":"claude-a"},{"id":"claude-a"},{"id":"a b"},{"id":"for-%s"},null,{"id":7}],"has_more":false}`, planted)
		case r.URL.String() == "/v1/models?endpoint=chat&page_size=1000" && h.Get("Authorization") == "Bearer "+planted:
			fmt.Fprint(w, `{"models":[{"name":"command-a-03-2025"}]}`)
		case r.URL.Path == "/v1beta/models" && h.Get("X-Goog-Api-Key") == planted:
			fmt.Fprint(w, `{"models":[{"name":"models/gemini-3-pro"}]}`)
		case r.URL.String() == "/v1/models" && h.Get("Authorization") == "Bearer "+planted:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":{"message":"bad key %s"}}`, planted)
		case r.URL.String() == "/v1/models" && len(h.Values("Authorization")) == 0:
			fmt.Fprint(w, `{"object":"list","data":null}`)
		default:
			t.Errorf("%s %s %v", r.Method, r.URL, h)
		}
	}))
	defer server.Close()
	m, _ := connect(t, server.URL)
	m.settings.Getenv = environment(map[string]string{"CO_API_KEY": planted})
	cohere := m.settings.Providers["cohere"]
	cohere.Key = nil
	m.settings.Providers["cohere"] = cohere
	assert.Equal(t, []Listed{
		{Provider: "anthropic", URL: server.URL, Loopback: true, Key: "config", Models: []string{"anthropic/claude-a", "anthropic/claude-b"}},
		{Provider: "cohere", URL: server.URL, Loopback: true, Key: "env CO_API_KEY", Models: []string{"cohere/command-a-03-2025"}},
		{Provider: "google", URL: server.URL, Loopback: true, Key: "config", Models: []string{"google/gemini-3-pro"}},
		{Provider: "ollama", URL: server.URL, Loopback: true},
		{Provider: "openai", URL: server.URL + "/v1", Loopback: true, Key: "config", Error: "openai answered with HTTP status 401: bad key [redacted]; fix: put a valid key into models.openai.key"},
	}, m.List(t.Context()))
	model, err := m.Open(t.Context(), "openai/x")
	require.NoError(t, err)
	assert.Equal(t, "your key is [redacted]", model.Scrub("your key is "+planted), "a model may write what its server knows")
}

func TestListSaysWhatIsMissing(t *testing.T) {
	nobody := httptest.NewServer(http.NotFoundHandler())
	nobody.Close()
	m, err := New(Settings{
		Providers: map[string]Provider{"ollama": {URL: nobody.URL}, "cohere": {Key: func(context.Context) (string, error) { return "", errors.New("exit status 1") }}},
		Getenv:    environment(map[string]string{"OPENAI_BASE_URL": "nonsense", "OPENAI_API_KEY": planted}), File: "/c.yaml",
	})
	require.NoError(t, err)
	listed := m.List(t.Context())
	require.Len(t, listed, 5)
	for i, want := range []string{"there is no key for anthropic; fix: set ANTHROPIC_API_KEY, or models.anthropic.key in /c.yaml", "read models.cohere.key: exit status 1", "there is no key for google", "connection refused", "OPENAI_BASE_URL: this is no URL; fix: write a URL as in https://api.openai.com/v1"} {
		assert.Contains(t, listed[i].Error, want)
		assert.Empty(t, listed[i].Models)
	}
	raw, err := json.Marshal(listed)
	require.NoError(t, err)
	assert.NotContains(t, string(raw), planted)
}

// A server on this machine is asked without a key, and may want one all the same.
func TestListSaysWhereAKeyIsMissing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer server.Close()
	m, err := New(Settings{Providers: map[string]Provider{"openai": {URL: server.URL}}, Getenv: environment(nil), File: "/c.yaml"})
	require.NoError(t, err)
	listed := m.List(t.Context())
	assert.Equal(t, "openai answered with HTTP status 401; fix: set OPENAI_API_KEY, or models.openai.key in /c.yaml", listed[len(listed)-1].Error)
}

func TestProvidersAsksNobody(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) }))
	defer server.Close()
	m, _ := connect(t, server.URL)
	m.settings.Providers["google"] = Provider{}
	for _, l := range m.Providers(t.Context()) {
		assert.Empty(t, l.Models)
		assert.Equal(t, l.Provider == "google", l.Error != "", l.Error)
		assert.Equal(t, l.Provider != "google" && l.Provider != "ollama", l.Key == "config", l.Provider)
	}
}

func TestListEndsWithItsContext(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	m, _ := connect(t, server.URL)
	ctx, done := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("it did not answer in time"))
	defer done()
	for _, l := range m.List(ctx) {
		assert.Regexp(t, "it did not answer in time; fix: (check|start) ", l.Error, l.Provider)
	}
}

func TestListThatIsNone(t *testing.T) {
	server := httptest.NewServer(says("a page for people"))
	defer server.Close()
	m, _ := connect(t, server.URL)
	for _, l := range m.List(t.Context()) {
		assert.Regexp(t, "^read the list of models: .*; fix: check that 127.0.0.1", l.Error, l.Provider)
	}
}
