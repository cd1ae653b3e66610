package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
)

var start = time.Date(2026, 3, 14, 14, 2, 11, 0, time.UTC)

type routerFunc func(context.Context, router.Question) (router.Answer, error)

func (f routerFunc) Route(ctx context.Context, q router.Question) (router.Answer, error) {
	return f(ctx, q)
}

// Recent knows one answer.
func (f routerFunc) Recent(id string) (router.Answer, bool) {
	return answerWith(router.Question{Text: "Is it up?"}, router.StatusOK), id == "01J"
}

type connectorFunc func(context.Context) []adapters.Connection

func (f connectorFunc) Connections(ctx context.Context) []adapters.Connection { return f(ctx) }

// answerWith is a small answer of the given status.
func answerWith(q router.Question, status router.Status) router.Answer {
	return router.Answer{Schema: router.AnswerSchema, AnswerID: "01J", Question: q.Text, Status: status,
		Summary:  "1 of 2 services is not healthy.",
		Coverage: router.Coverage{Complete: true, Checked: []router.Checked{}, NotChecked: []router.NotChecked{}}}
}

func echo(_ context.Context, q router.Question) (router.Answer, error) {
	return answerWith(q, router.StatusOK), nil
}

func oneConnection(context.Context) []adapters.Connection {
	return []adapters.Connection{
		{Provider: "aws", Problem: &adapters.SourceError{Reason: adapters.ExpiredCredentials, Fix: "run: aws sso login"}},
		{Provider: "kubernetes", Name: "prod", Identity: "admin", Default: true},
	}
}

// logs collects what the server logs.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func newServer(r routerFunc, c connectorFunc) (*Server, *logs) {
	l := &logs{}
	return New(r, c, Options{Build: Build{Version: "v0.1.0", Commit: "abc1234"}, Now: func() time.Time { return start },
		Logger: slog.New(slog.NewTextHandler(l, nil))}), l
}

// serve runs s on a free port until the test ends, and returns its address and how to stop it early.
func serve(t testing.TB, s *Server) (addr string, stop func()) {
	t.Helper()
	l, err := Listen("127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.ServeHTTP(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func echoServer(t testing.TB) string {
	t.Helper()
	s, _ := newServer(echo, oneConnection)
	addr, _ := serve(t, s)
	return addr
}

// callBody is the message of a tool call.
func callBody(tool, arguments string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + `}}`
}

// response is what came back over HTTP.
type response struct {
	status int
	header http.Header
	body   string
}

// send sends body to the URL with the headers, given as name, value, ...; Host is one of them.
func send(t testing.TB, method, url, body string, headers ...string) response {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		} else if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return response{got.StatusCode, got.Header, string(text)}
}

// toolResult is a tools/call response.
type toolResult struct {
	Error *struct {
		Code    int
		Message string
	}
	Result struct {
		Content           []struct{ Type, Text string }
		StructuredContent json.RawMessage
		IsError           bool
	}
}

func decode(t testing.TB, body string) toolResult {
	t.Helper()
	var got toolResult
	require.NoError(t, json.Unmarshal([]byte(body), &got), body)
	return got
}

// validate checks structuredContent against the output schema that the server publishes for the tool.
func validate(t testing.TB, s *Server, tool string, content []byte) {
	t.Helper()
	published, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.mcp.GetTool(tool).Tool.RawOutputSchema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("mem:///tool.json", published))
	schema, err := compiler.Compile("mem:///tool.json")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value), string(content))
}
