package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

// The article's call: no initialize, no session, any Accept header or none.
func TestBarePostIsAnsweredInJSON(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	addr, _ := serve(t, s)
	for _, path := range []string{"/", "/mcp"} {
		for _, accept := range []string{"*/*", "", "application/json", "application/json, text/event-stream"} {
			got := send(t, "POST", "http://"+addr+path, callBody("clanker_route_question", question), "Accept", accept)
			assert.Equal(t, http.StatusOK, got.status, path)
			assert.Equal(t, "application/json", got.header.Get("Content-Type"))
			assert.Empty(t, got.header.Get("Mcp-Session-Id"))
			validate(t, s, "clanker_route_question", decode(t, got.body).Result.StructuredContent)
		}
	}
}

func TestSessionsBeginAndEnd(t *testing.T) {
	url := "http://" + echoServer(t) + "/mcp"
	begun := send(t, "POST", url, initialize)
	require.Equal(t, http.StatusOK, begun.status, begun.body)
	id := begun.header.Get("Mcp-Session-Id")
	require.NotEmpty(t, id)
	ping := `{"jsonrpc":"2.0","id":2,"method":"ping"}`
	assert.Equal(t, http.StatusOK, send(t, "POST", url, ping, "Mcp-Session-Id", id).status)
	assert.Equal(t, http.StatusAccepted, send(t, "POST", url, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, "Mcp-Session-Id", id).status)
	assert.Equal(t, http.StatusOK, send(t, "DELETE", url, "", "Mcp-Session-Id", id).status)
	assert.Equal(t, http.StatusNotFound, send(t, "POST", url, ping, "Mcp-Session-Id", id).status)
	assert.Equal(t, http.StatusNotFound, send(t, "DELETE", url, "", "Mcp-Session-Id", id).status)
}

// connect returns an initialized client of mcp-go, as agents use it.
func connect(t testing.TB, c *client.Client) *client.Client {
	t.Helper()
	require.NoError(t, c.Start(t.Context()))
	_, err := c.Initialize(t.Context(), mcp.InitializeRequest{Params: mcp.InitializeParams{
		ProtocolVersion: mcp.LATEST_PROTOCOL_VERSION, ClientInfo: mcp.Implementation{Name: "test", Version: "1"}}})
	require.NoError(t, err)
	return c
}

func httpClient(t testing.TB, url string, legacy bool, options ...transport.StreamableHTTPCOption) *client.Client {
	t.Helper()
	over, err := transport.NewStreamableHTTP(url, append(options, transport.WithHTTPLogger(slog.New(slog.DiscardHandler)))...)
	require.NoError(t, err)
	if legacy {
		return connect(t, client.NewClient(over, client.WithLegacyProtocolOnly()))
	}
	return connect(t, client.NewClient(over))
}

func toolCall(name string, arguments map[string]any) mcp.CallToolRequest {
	return mcp.CallToolRequest{Params: mcp.CallToolParams{Name: name, Arguments: arguments}}
}

// exercise uses every tool through a client.
func exercise(t testing.TB, c *client.Client) {
	t.Helper()
	tools, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
	require.NoError(t, err)
	require.Len(t, tools.Tools, 3)
	version, err := c.CallTool(t.Context(), toolCall("clanker_version", nil))
	require.NoError(t, err)
	assert.False(t, version.IsError)
	asked := fmt.Sprintf("Is %p healthy?", c)
	answer, err := c.CallTool(t.Context(), toolCall("clanker_route_question", map[string]any{"question": asked}))
	require.NoError(t, err)
	assert.Equal(t, asked, answer.StructuredContent.(map[string]any)["question"], "the answer to one's own question")
}

func TestClientOverHTTP(t *testing.T) {
	addr := echoServer(t)
	for _, path := range []string{"", "/", "/mcp"} {
		for version, c := range map[string]*client.Client{
			mcp.LATEST_PROTOCOL_VERSION:        httpClient(t, "http://"+addr+path, false),
			mcp.LATEST_LEGACY_PROTOCOL_VERSION: httpClient(t, "http://"+addr+path, true, transport.WithContinuousListening()),
		} {
			assert.Equal(t, version, c.ProtocolVersion())
			exercise(t, c)
			assert.NoError(t, c.Close())
		}
	}
}

// Fifty agents at once, and nothing is left of them when they have gone.
func TestManyClientsLeaveNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	s, _ := newServer(echo, oneConnection)
	addr, stop := serve(t, s)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			own := &http.Transport{}
			defer own.CloseIdleConnections()
			c := httpClient(t, "http://"+addr+"/mcp", true, transport.WithHTTPBasicClient(&http.Client{Transport: own}), transport.WithContinuousListening())
			exercise(t, c)
			assert.NoError(t, c.Close())
		})
	}
	wait.Wait()
	stop()
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 20*time.Second, 10*time.Millisecond, "goroutines are left") // +1: the poll itself
}

// listening opens the stream of a new session.
func listening(t *testing.T, url string) *http.Response {
	t.Helper()
	stream := listen(t, url, send(t, "POST", url, initialize).header.Get("Mcp-Session-Id"))
	require.Equal(t, "text/event-stream", stream.Header.Get("Content-Type"))
	return stream
}

// listen asks for the stream of a session.
func listen(t *testing.T, url, id string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Mcp-Session-Id", id)
	stream, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = stream.Body.Close() })
	return stream
}

// A stream of a session that has ended says nothing any more, and would hold up the end of the server.
func TestStreamsEndWithTheirSession(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.clients.limit(Limits{Rate: 1000, Burst: 1000, Running: 5, Sessions: 1})
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	for name, end := range map[string]func(id string){
		"deleted":   func(id string) { send(t, "DELETE", url, "", "Mcp-Session-Id", id) },
		"made room": func(string) { send(t, "POST", url, initialize) },
	} {
		id := send(t, "POST", url, initialize).header.Get("Mcp-Session-Id")
		stream := listen(t, url, id)
		require.Equal(t, http.StatusOK, stream.StatusCode, name)
		end(id)
		_, err := io.ReadAll(stream.Body)
		assert.NoError(t, err, name)
	}
}

func TestStreamsAreCounted(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.clients.limit(Limits{Rate: 1000, Burst: 1000, Running: 1, Sessions: 5})
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	id := send(t, "POST", url, initialize).header.Get("Mcp-Session-Id")
	require.Equal(t, http.StatusOK, listen(t, url, id).StatusCode)
	more := listen(t, url, id)
	assert.Equal(t, http.StatusTooManyRequests, more.StatusCode)
	assert.NotEmpty(t, more.Header.Get("Retry-After"))
	assert.Equal(t, http.StatusOK, send(t, "POST", url, callBody("clanker_version", `{}`), "Mcp-Session-Id", id).status, "a stream leaves room for requests")
}

// A client that only listens keeps its session: it is asked whether it is there, which counts as use.
func TestStreamsAreKeptAlive(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.limits.session = 2 * time.Second // asked four times as often, which a busy machine still answers in time
	addr, _ := serve(t, s)
	lines := bufio.NewScanner(listening(t, "http://"+addr+"/mcp").Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
	}
	assert.Contains(t, lines.Text(), `"method":"ping"`)
}

// Stopping ends streams, which have nothing to finish, and waits for the questions that are being answered.
func TestStoppingFinishesWhatRuns(t *testing.T) {
	asked, release := make(chan bool), make(chan bool)
	s, _ := newServer(func(ctx context.Context, q router.Question) (router.Answer, error) {
		asked <- true
		select {
		case <-release:
			return echo(ctx, q)
		case <-ctx.Done():
			return router.Answer{}, ctx.Err()
		}
	}, oneConnection)
	addr, stop := serve(t, s)
	stream := listening(t, "http://"+addr+"/mcp")
	answered := make(chan response, 1)
	go func() {
		answered <- send(t, "POST", "http://"+addr+"/mcp", callBody("clanker_route_question", question))
	}()
	<-asked
	stopped := make(chan bool)
	go func() { stop(); close(stopped) }()
	_, err := bufio.NewReader(stream.Body).ReadString('\n')
	require.Error(t, err, "the stream ends first")
	close(release)
	assert.False(t, decode(t, (<-answered).body).Result.IsError)
	<-stopped
}

// A listener that breaks ends the server, and waits no longer for what does not end.
func TestBrokenListenerEndsTheServer(t *testing.T) {
	asked := make(chan bool)
	s, _ := newServer(func(ctx context.Context, _ router.Question) (router.Answer, error) {
		asked <- true
		<-ctx.Done()
		return router.Answer{}, ctx.Err()
	}, oneConnection)
	s.limits.grace = time.Millisecond
	l, err := Listen("127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- s.ServeHTTP(t.Context(), l) }()
	go func() {
		r, err := http.Post("http://"+l.Addr().String()+"/mcp", "application/json", strings.NewReader(callBody("clanker_route_question", question)))
		if err == nil {
			_ = r.Body.Close()
		}
	}()
	<-asked
	require.NoError(t, l.Close())
	assert.ErrorContains(t, <-done, "use of closed network connection")
}

func TestStoppingCutsOffWhatDoesNotEnd(t *testing.T) {
	asked := make(chan bool)
	s, logged := newServer(func(ctx context.Context, _ router.Question) (router.Answer, error) {
		asked <- true
		<-ctx.Done()
		return router.Answer{}, ctx.Err()
	}, oneConnection)
	s.limits.grace = time.Millisecond
	addr, stop := serve(t, s)
	go func() {
		r, err := http.Post("http://"+addr+"/mcp", "application/json", strings.NewReader(callBody("clanker_route_question", question)))
		if err == nil {
			_ = r.Body.Close()
		}
	}()
	<-asked
	stop()
	assert.Contains(t, logged.String(), "stopped before everything was answered")
}

// An answer may take longer than a request may take to be read.
func TestReadTimeoutDoesNotCutOffAnAnswer(t *testing.T) {
	s, _ := newServer(nil, oneConnection)
	s.limits.read = 200 * time.Millisecond
	s.router = routerFunc(func(ctx context.Context, q router.Question) (router.Answer, error) {
		select {
		case <-time.After(5 * s.limits.read):
			return echo(ctx, q)
		case <-ctx.Done():
			return router.Answer{}, ctx.Err()
		}
	})
	addr, _ := serve(t, s)
	got := send(t, "POST", "http://"+addr+"/mcp", callBody("clanker_route_question", question))
	assert.False(t, decode(t, got.body).Result.IsError, got.body)
}

func TestSlowBodiesAreCutOff(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.limits.read = 20 * time.Millisecond
	addr, _ := serve(t, s)
	body := &stalled{release: make(chan struct{})}
	defer close(body.release)
	r, err := http.NewRequest("POST", "http://"+addr+"/mcp", body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	got, err := http.DefaultClient.Do(r)
	if err == nil {
		assert.Equal(t, http.StatusBadRequest, got.StatusCode)
		_ = got.Body.Close()
	}
}

// stalled is a body that never comes.
type stalled struct{ release chan struct{} }

func (s *stalled) Read([]byte) (int, error) {
	<-s.release
	return 0, context.Canceled
}

// Callers without a session all use id 1: one must not be able to cancel another's question.
func TestNobodyCancelsAnothersQuestionWithoutASession(t *testing.T) {
	asked, release := make(chan bool), make(chan bool)
	s, _ := newServer(func(ctx context.Context, q router.Question) (router.Answer, error) {
		asked <- true
		<-release
		if ctx.Err() != nil {
			return router.Answer{}, ctx.Err()
		}
		return echo(ctx, q)
	}, oneConnection)
	addr, _ := serve(t, s)
	answered := make(chan response, 1)
	go func() {
		answered <- send(t, "POST", "http://"+addr+"/mcp", callBody("clanker_route_question", question))
	}()
	<-asked
	got := send(t, "POST", "http://"+addr+"/mcp", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	assert.Equal(t, http.StatusAccepted, got.status)
	modern := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`
	got = send(t, "POST", "http://"+addr+"/mcp", modern, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "notifications/cancelled", "Mcp-Session-Id", "invented")
	assert.Equal(t, http.StatusAccepted, got.status, got.body)
	close(release)
	assert.False(t, decode(t, (<-answered).body).Result.IsError)
}
