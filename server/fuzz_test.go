package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Arbitrary bytes at the endpoint get a well-formed answer and never a panic.
func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{
		callBody("clanker_route_question", question), callBody("clanker_version", `{}`), callBody("x", `{}`), ``, `[]`, `{}`,
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"f","version":"1"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`,
		`{"jsonrpc":"2.0","id":null,"result":{}}`, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`,
	} {
		f.Add([]byte(seed), "")
	}
	s, _ := newServer(echo, oneConnection)
	s.clients.limit(Limits{Rate: 1e9, Burst: 1e9, Running: 100, Sessions: 10})
	web, _ := s.web(context.Background(), []string{"127.0.0.1:1"})
	f.Fuzz(func(t *testing.T, body []byte, version string) {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:1/mcp", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Mcp-Protocol-Version", version)
		w := httptest.NewRecorder()
		web.Handler.ServeHTTP(w, r)
		assert.Contains(t, []int{200, 202, 400, 404, 413}, w.Code, w.Body.String())
		if w.Header().Get("Content-Type") == "application/json" {
			assert.True(t, json.Valid(w.Body.Bytes()), w.Body.String())
		}
	})
}
