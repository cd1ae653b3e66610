package modeltest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// served is a server whose faults do not fail the test: these tests are about faults.
func served(t *testing.T, turns ...Turn) *Server {
	t.Helper()
	return servedAs(t, Script{Turns: turns})
}

func servedAs(t *testing.T, script Script) *Server {
	t.Helper()
	s := New(script)
	s.Now = func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	listener := httptest.NewServer(s)
	s.URL = listener.URL
	t.Cleanup(func() {
		s.Release()
		listener.Close()
	})
	return s
}

// endpoints are where to converse with each vendor.
func endpoints() map[string]string {
	return map[string]string{
		"openai": "/openai/v1/chat/completions", "ollama": "/ollama/v1/chat/completions", "cohere": "/cohere/compatibility/v1/chat/completions",
		"google": "/google/v1beta/openai/chat/completions", "anthropic": "/anthropic/v1/messages",
	}
}

func request(t *testing.T, s *Server, vendor, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+endpoints()[vendor], strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer the-key")
	if vendor == "anthropic" {
		r.Header.Del("Authorization")
		r.Header.Set("X-Api-Key", "the-key")
		r.Header.Set("Anthropic-Version", "2023-06-01")
	}
	return r
}

func sent(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func ask(t *testing.T, s *Server, vendor, body string) (*http.Response, string) {
	t.Helper()
	return sent(t, request(t, s, vendor, body))
}

// hello is a good request to any vendor; tools are offered if with is set.
func hello(vendor string, with bool) string {
	tools := `"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}],`
	if vendor == "anthropic" {
		tools = `"max_tokens":100,"tools":[{"name":"look","input_schema":{"type":"object"}}],`
	}
	if !with {
		tools = strings.Split(tools, `"tools"`)[0]
	}
	return `{"model":"m",` + tools + `"messages":[{"role":"user","content":"hello"}]}`
}

func decoded[T any](t *testing.T, body string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(body), &value), body)
	return value
}
