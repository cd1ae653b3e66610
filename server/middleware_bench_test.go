package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clanker/server/telemetry"
)

// What each part of the way in costs a request, alone: the one it stands in front of does nothing.
func BenchmarkMiddleware(b *testing.B) {
	logger, err := telemetry.NewLogger(io.Discard, telemetry.Options{Format: telemetry.Text})
	if err != nil {
		b.Fatal(err)
	}
	metrics := telemetry.NewMetrics(telemetry.Subject{Tools: ToolNames()})
	s := New(routerFunc(echo), connectorFunc(oneConnection), Options{Logger: logger, Metrics: metrics, Limits: Limits{1e9, 1e9, 1e6, 1e6}})
	s.Demand("correct horse")
	call := callBody("clanker_route_question", question)
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, part := range []struct {
		name    string
		handler http.Handler
	}{
		{"none", nothing},
		{"hostAndOrigin", s.guard([]string{"127.0.0.1:1"}, nothing)},
		{"token", s.bearer(nothing)},
		{"strictJSON", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { _, _ = s.admit([]byte(call)) })},
		{"limits", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			leave, _ := s.clients.enter("x", true)
			leave()
		})},
		{"stream", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = newStream(patient{w, s.limits.write}, r) })},
		{"logAndMetrics", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			ctx, record := s.called(r.Context(), message{method: "tools/call", tool: "clanker_version"}, "http")
			s.finish(ctx, record, 500)
		})},
	} {
		b.Run(part.name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:1/mcp", strings.NewReader(""))
			r.Header.Set("Authorization", "Bearer correct horse")
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				part.handler.ServeHTTP(w, r)
			}
		})
	}
}
