package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

// withToken is a call of clanker_route_question that asks for progress.
func withToken(id int, token string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"clanker_route_question","arguments":{"question":"q%d"},"_meta":{"progressToken":%q}}}`, id, id, token)
}

// events are the messages of a stream, in order.
func events(t testing.TB, body string) []string {
	t.Helper()
	var messages []string
	for event := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		data, ok := strings.CutPrefix(event, "event: message\ndata: ")
		require.True(t, ok, event)
		require.True(t, json.Valid([]byte(data)), data)
		messages = append(messages, data)
	}
	return messages
}

// slow answers after the client has had the time to hear so many ticks.
func slow(ticks int, tick time.Duration) routerFunc {
	return func(ctx context.Context, q router.Question) (router.Answer, error) {
		if q.Step != nil {
			q.Step("asking kubernetes")
		}
		select {
		case <-time.After(time.Duration(ticks) * tick):
			return echo(ctx, q)
		case <-ctx.Done():
			return router.Answer{}, ctx.Err()
		}
	}
}

const both = "application/json, text/event-stream"

// Many calls of one session at once, each with its progress: every notification is on the stream of its own call and comes
// before its result, which mcp-go alone does not manage.
func TestProgressIsOnTheStreamOfItsCall(t *testing.T) {
	s, _ := newServer(slow(100, 2*time.Millisecond), oneConnection)
	s.limits.progress = 2 * time.Millisecond
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	session := send(t, "POST", url, initialize).header.Get("Mcp-Session-Id")
	var wait sync.WaitGroup
	for id := range 20 {
		wait.Go(func() {
			got := send(t, "POST", url, withToken(id, fmt.Sprintf("token-%d", id)), "Mcp-Session-Id", session, "Accept", both)
			assert.Equal(t, "text/event-stream", got.header.Get("Content-Type"))
			messages := events(t, got.body)
			require.Greater(t, len(messages), 1)
			for i, message := range messages[:len(messages)-1] {
				assert.Contains(t, message, fmt.Sprintf(`"message":"asking kubernetes","progress":%d,"progressToken":"token-%d"`, i+1, id))
			}
			assert.Contains(t, messages[len(messages)-1], fmt.Sprintf(`"question":"q%d"`, id))
		})
	}
	wait.Wait()
	plain := send(t, "POST", url, callBody("clanker_version", `{}`), "Mcp-Session-Id", session, "Accept", both)
	assert.Equal(t, "application/json", plain.header.Get("Content-Type"), "a session that once heard progress gets plain answers again")
}

func TestProgressIsForThoseWhoTakeIt(t *testing.T) {
	s, _ := newServer(slow(100, 2*time.Millisecond), oneConnection)
	s.limits.progress = 2 * time.Millisecond
	addr, _ := serve(t, s)
	for name, c := range map[string]struct{ body, accept string }{
		"no stream":     {withToken(1, "t"), "application/json"},
		"any":           {withToken(1, "t"), "*/*"},
		"stream weight": {withToken(1, "t"), "application/json, text/event-stream;q=0"},
		"no token":      {callBody("clanker_route_question", question), both},
	} {
		got := send(t, "POST", "http://"+addr+"/mcp", c.body, "Accept", c.accept)
		assert.Equal(t, "application/json", got.header.Get("Content-Type"), name)
		assert.False(t, decode(t, got.body).Result.IsError, name)
	}
}

// A revision without sessions: progress and log messages for one request, as that request says.
func TestModernRequestsHearProgressAndLogs(t *testing.T) {
	s, _ := newServer(slow(100, 2*time.Millisecond), oneConnection)
	s.limits.progress = 2 * time.Millisecond
	addr, _ := serve(t, s)
	body := modernCall("clanker_route_question", question, `"progressToken":7,"io.modelcontextprotocol/logLevel":"debug",`)
	got := send(t, "POST", "http://"+addr+"/mcp", body, "Accept", both, "Mcp-Protocol-Version", mcp.LATEST_PROTOCOL_VERSION,
		"Mcp-Method", "tools/call", "Mcp-Name", "clanker_route_question")
	messages := events(t, got.body)
	assert.Contains(t, messages[0], `"data":"asking kubernetes","level":"debug"`)
	assert.Contains(t, messages[1], `"progressToken":7`)
	assert.Contains(t, messages[len(messages)-1], `"structuredContent"`)
}

// modernCall is a tool call of the newest revision.
func modernCall(tool, arguments, meta string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{%s"io.modelcontextprotocol/protocolVersion":%q,`+
		`"io.modelcontextprotocol/clientInfo":{"name":"modern","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`, tool, arguments, meta, mcp.LATEST_PROTOCOL_VERSION)
}

// Nobody's level is another's: callers without a session cannot set one.
func TestLogLevelsAreOfOneSession(t *testing.T) {
	s, _ := newServer(slow(0, 0), oneConnection)
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	session := send(t, "POST", url, initialize).header.Get("Mcp-Session-Id")
	level := `{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"debug"}}`
	send(t, "POST", url, level, "Mcp-Session-Id", session)
	send(t, "POST", url, level)
	ask := callBody("clanker_route_question", question)
	assert.Contains(t, send(t, "POST", url, ask, "Accept", both, "Mcp-Session-Id", session).body, "asking kubernetes")
	assert.NotContains(t, send(t, "POST", url, ask, "Accept", both).body, "asking kubernetes")
}

func TestProgressOnStdio(t *testing.T) {
	s, _ := newServer(slow(100, 2*time.Millisecond), oneConnection)
	s.limits.progress = 2 * time.Millisecond
	lines := said(t, s, initialize, withToken(5, "t"))
	require.Greater(t, len(lines), 2)
	assert.Contains(t, lines[1], "notifications/progress")
	assert.Contains(t, lines[len(lines)-1], `"id":5`, "the result is last")
}

// Cancelling stops the call itself, whoever it is: the provider's context ends.
func TestCancellingStopsTheCall(t *testing.T) {
	asked, cancelled := make(chan context.Context), make(chan bool)
	hang := func(ctx context.Context, _ router.Question) (router.Answer, error) {
		asked <- ctx
		<-ctx.Done()
		close(cancelled)
		return router.Answer{}, ctx.Err()
	}
	s, logged := newServer(hang, oneConnection)
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	session := send(t, "POST", url, initialize).header.Get("Mcp-Session-Id")
	ended := make(chan response, 1)
	go func() { ended <- send(t, "POST", url, withToken(9, "t"), "Mcp-Session-Id", session, "Accept", both) }()
	call := <-asked
	other := send(t, "POST", url, initialize).header.Get("Mcp-Session-Id")
	cancel := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}`
	send(t, "POST", url, cancel, "Mcp-Session-Id", other)
	assert.NoError(t, call.Err(), "another session cancelled it")
	send(t, "POST", url, cancel, "Mcp-Session-Id", session)
	<-cancelled
	<-ended
	assert.Eventually(t, func() bool { return strings.Contains(logged.String(), "status=cancelled") }, 20*time.Second, time.Millisecond)
}

// A client that has all it may have running must be able to take some of it back.
func TestCancellingNeedsNoRoom(t *testing.T) {
	asked := make(chan bool)
	s, _ := newServer(func(ctx context.Context, _ router.Question) (router.Answer, error) {
		asked <- true
		<-ctx.Done()
		return router.Answer{}, ctx.Err()
	}, oneConnection)
	s.clients.limit(Limits{Rate: 1000, Burst: 1000, Running: 1, Sessions: 1})
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	session := send(t, "POST", url, initialize).header.Get("Mcp-Session-Id")
	ended := make(chan response, 1)
	go func() { ended <- send(t, "POST", url, withToken(9, "t"), "Mcp-Session-Id", session) }()
	<-asked
	require.Equal(t, http.StatusTooManyRequests, send(t, "POST", url, withToken(10, "t"), "Mcp-Session-Id", session).status)
	cancel := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}`
	require.Equal(t, http.StatusAccepted, send(t, "POST", url, cancel, "Mcp-Session-Id", session).status)
	assert.True(t, decode(t, (<-ended).body).Result.IsError)
}

// What opens a subscription is acknowledged before it is answered, every time: mcp-go alone forgets it now and then.
func TestSubscriptionsAreAcknowledged(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.clients.limit(Limits{Rate: 10_000, Burst: 10_000, Running: 10, Sessions: 1})
	addr, _ := serve(t, s)
	body := `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
		`"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`
	var heard [][]string
	for range 200 {
		got := send(t, "POST", "http://"+addr+"/mcp", body, "Accept", both, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "subscriptions/listen")
		require.Equal(t, "text/event-stream", got.header.Get("Content-Type"), got.body)
		heard = append(heard, events(t, got.body))
		heard = append(heard, said(t, s, body))
	}
	for _, messages := range heard {
		require.Len(t, messages, 2)
		assert.Contains(t, messages[0], "notifications/subscriptions/acknowledged")
		assert.Contains(t, messages[1], `"result"`)
	}
}

func TestHangingUpStopsTheCall(t *testing.T) {
	asked, cancelled := make(chan bool), make(chan bool)
	s, _ := newServer(func(ctx context.Context, _ router.Question) (router.Answer, error) {
		asked <- true
		<-ctx.Done()
		close(cancelled)
		return router.Answer{}, ctx.Err()
	}, oneConnection)
	addr, _ := serve(t, s)
	ctx, hangUp := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, "POST", "http://"+addr+"/mcp", strings.NewReader(callBody("clanker_route_question", question)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	go func() {
		if got, err := http.DefaultClient.Do(request); err == nil {
			_ = got.Body.Close()
		}
	}()
	<-asked
	hangUp()
	<-cancelled
}

// A client that sees its stream cut in the middle has at least what was said before.
func TestNotificationsAreSentWhenTheyHappen(t *testing.T) {
	release := make(chan bool)
	s, _ := newServer(func(ctx context.Context, q router.Question) (router.Answer, error) {
		q.Step("asking kubernetes")
		<-release
		return echo(ctx, q)
	}, oneConnection)
	s.limits.progress = time.Millisecond
	addr, _ := serve(t, s)
	request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+addr+"/mcp", strings.NewReader(withToken(1, "t")))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", both)
	got, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = got.Body.Close() }()
	lines := bufio.NewScanner(got.Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
	}
	assert.Contains(t, lines.Text(), "notifications/progress")
	close(release)
}

// On stdio nothing is said to somebody who took the question back.
func TestCancellingOnStdio(t *testing.T) {
	asked := make(chan bool, 1)
	s, logged := newServer(func(ctx context.Context, _ router.Question) (router.Answer, error) {
		asked <- true
		<-ctx.Done()
		return router.Answer{}, ctx.Err()
	}, oneConnection)
	in, toServer := io.Pipe()
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- s.ServeStdio(t.Context(), in, &out) }()
	say := func(line string) {
		_, err := io.WriteString(toServer, line+"\n")
		require.NoError(t, err)
	}
	say(withToken(7, "t"))
	<-asked
	say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`)
	require.NoError(t, toServer.Close())
	require.NoError(t, <-done)
	assert.Empty(t, out.String())
	assert.Contains(t, logged.String(), "status=cancelled")
}

// A client that asks and does not read must not hold its place for ever.
func TestWhoDoesNotReadIsCutOff(t *testing.T) {
	s, _ := newServer(func(_ context.Context, q router.Question) (router.Answer, error) {
		answer := answerWith(q, router.StatusOK)
		answer.Warnings = []string{strings.Repeat("x", 16<<20)} // more than the kernel keeps for him
		return answer, nil
	}, oneConnection)
	s.limits.write = 10 * time.Millisecond
	addr, _ := serve(t, s)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	body := callBody("clanker_route_question", question)
	_, err = fmt.Fprintf(conn, "POST /mcp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", addr, len(body), body)
	require.NoError(t, err)
	assert.Eventually(t, func() bool {
		s.clients.mu.Lock()
		defer s.clients.mu.Unlock()
		asker, ok := s.clients.known[""]
		return ok && asker.running == 0
	}, 10*time.Second, 5*time.Millisecond)
}
