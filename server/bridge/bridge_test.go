package bridge

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithoutAWorkspaceItServesAlone(t *testing.T) {
	c := begin(t, Place{filepath.Join(t.TempDir(), "clanker", "workspace.json")}, "")
	c.send(ask(1))
	assert.Contains(t, c.next(), `"by":"alone","told":["tools/call"]`)
	c.end()
	assert.Contains(t, c.logs.String(), `msg="serving alone" because="no workspace runs"`)
}

func TestASessionIsOpenedUsedAndEnded(t *testing.T) {
	w := start(t, "one", "")
	c := begin(t, placeOf(t, w), "secret")
	c.open()
	c.send(ask(1))
	assert.JSONEq(t, `{"jsonrpc":"2.0","id":1,"result":{"by":"one"}}`, c.next())
	c.end()
	for _, s := range w.saw(http.MethodPost, "") {
		assert.Equal(t, "Bearer secret", s.header.Get("Authorization"))
		assert.Equal(t, "application/json", s.header.Get("Content-Type"))
		assert.Equal(t, "application/json, text/event-stream", s.header.Get("Accept"))
		opening := s.body == hello
		assert.Equal(t, opening, s.header.Get(sessionHeader) == "", s.body)
		assert.Equal(t, opening, s.header.Get(versionHeader) == "", s.body)
	}
	call := w.saw(http.MethodPost, "tools/call")[0]
	assert.Equal(t, "one-0", call.header.Get(sessionHeader))
	assert.Equal(t, "2025-06-18", call.header.Get(versionHeader))
	assert.Empty(t, call.header.Get("Mcp-Method"))
	ended := w.saw(http.MethodDelete, "")
	require.Len(t, ended, 1)
	assert.Equal(t, "one-0", ended[0].header.Get(sessionHeader))
}

// Revision 2026-07-28 repeats in headers what the message says.
func TestMessagesWithoutASessionCarryTheirHeaders(t *testing.T) {
	w := start(t, "one", "")
	c := begin(t, placeOf(t, w), "")
	for i, message := range []struct{ method, params, name string }{
		{"server/discover", ``, ""},
		{"tools/call", `"name":"clanker_version",`, "clanker_version"},
		{"tools/call", `"name":"größer\n",`, "=?base64?Z3LDtsOfZXIK?="},
		{"prompts/get", `"name":"=?base64?",`, "=?base64?PT9iYXNlNjQ/?="},
		{"resources/read", `"uri":"clanker://answers/1","name":"x",`, "clanker://answers/1"},
	} {
		c.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s%s}}`, i, message.method, message.params, modern))
		assert.Contains(t, c.next(), fmt.Sprintf(`"id":%d,`, i))
		got := w.saw(http.MethodPost, fmt.Sprintf(`"id":%d,`, i))[0].header
		assert.Equal(t, message.method, got.Get("Mcp-Method"))
		assert.Equal(t, message.name, got.Get("Mcp-Name"))
		assert.Equal(t, "2026-07-28", got.Get(versionHeader))
		assert.Empty(t, got.Get(sessionHeader))
	}
	c.end()
	assert.Empty(t, w.saw(http.MethodDelete, ""))
}

func TestStreamsBecomeLines(t *testing.T) {
	w := start(t, "one", "")
	w.answer = func(out http.ResponseWriter, _ *http.Request, m message) {
		out.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		fmt.Fprintf(out, ": hello\r\n\r\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n")
		fmt.Fprintf(out, "id: 7\ndata: {\"jsonrpc\":\"2.0\",\ndata: \"id\":%s,\"result\":{}}\n\n", m.ID)
	}
	c := begin(t, placeOf(t, w), "")
	c.send(ask(1))
	assert.Contains(t, c.next(), "notifications/progress")
	assert.Equal(t, `{"jsonrpc":"2.0","id":1,"result":{}}`+"\n", c.next())
	c.end()
}

func TestRefusalsKeepTheIDOfWhatIsRefused(t *testing.T) {
	w := start(t, "one", "")
	w.answer = func(out http.ResponseWriter, _ *http.Request, _ message) {
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(out, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"slow down"}}`)
	}
	c := begin(t, placeOf(t, w), "")
	c.send(ask(8))
	assert.JSONEq(t, `{"jsonrpc":"2.0","id":8,"error":{"code":-32600,"message":"slow down"}}`, c.next())
	c.send(`hello`)
	assert.Contains(t, c.next(), "is not JSON")
	c.send(strings.Repeat("z", 5<<20))
	assert.Contains(t, c.next(), "is not JSON")
	assert.Less(t, len(w.saw(http.MethodPost, "zzz")[0].body), 1<<20, "no more than is needed to see that it is too long")
	c.send("\r")
	c.end()
}

func TestAnswersThatAreNoneAreErrors(t *testing.T) {
	for says, answer := range map[string]http.HandlerFunc{
		"502 Bad Gateway": func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusBadGateway) },
		"is no message":   func(out http.ResponseWriter, _ *http.Request) { out.Header().Set("Content-Type", "application/json") },
		"unexpected EOF":  func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusAccepted) },
		"interrupted":     func(out http.ResponseWriter, _ *http.Request) { out.Header().Set("Content-Type", "text/event-stream") },
		"is no message ": func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(out, "data: x\n\n")
		},
	} {
		w := start(t, "one", "")
		w.answer = func(out http.ResponseWriter, r *http.Request, _ message) { answer(out, r) }
		c := begin(t, placeOf(t, w), "")
		c.send(ask(1))
		line := c.next()
		assert.Contains(t, line, `"id":1`)
		assert.Contains(t, line, `"code":-32603`)
		assert.Contains(t, line, strings.TrimSpace(says))
		c.end()
	}
}

// The workspace speaks by itself, asks the client, and gets its answer.
func TestTheWorkspaceIsHeard(t *testing.T) {
	w := start(t, "one", "")
	w.stream = func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(out, `data: {"jsonrpc":"2.0","id":"ping-1","method":"ping"}`+"\n\n")
		_ = http.NewResponseController(out).Flush()
		<-r.Context().Done()
	}
	c := begin(t, placeOf(t, w), "")
	c.open()
	assert.Contains(t, c.next(), `"method":"ping"`)
	c.send(`{"jsonrpc":"2.0","id":"ping-1","result":{}}`)
	c.send(ask(1))
	assert.Contains(t, c.next(), `"id":1`)
	assert.Len(t, w.saw(http.MethodPost, "ping-1"), 1)
	c.end()
}

func TestRequestsRunBesideEachOther(t *testing.T) {
	w := start(t, "one", "")
	second := make(chan bool)
	w.answer = func(out http.ResponseWriter, _ *http.Request, m message) {
		if string(m.ID) == "1" {
			<-second
		}
		w.say(out, m)
	}
	c := begin(t, placeOf(t, w), "")
	c.send(ask(1))
	c.send(ask(2))
	assert.Contains(t, c.next(), `"id":2`)
	close(second)
	assert.Contains(t, c.next(), `"id":1`)
	c.end()
}

// With a session the workspace is told what is cancelled; without one there is nothing but to hang up.
func TestCancellingReachesTheWorkspace(t *testing.T) {
	w := start(t, "one", "")
	asked, gone := make(chan bool), make(chan bool)
	w.answer = func(_ http.ResponseWriter, r *http.Request, _ message) {
		close(asked)
		<-r.Context().Done()
		close(gone)
	}
	c := begin(t, placeOf(t, w), "")
	c.send(ask(1))
	<-asked
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	<-gone
	c.end()
	assert.Empty(t, w.saw(http.MethodPost, "cancelled"))

	with := start(t, "two", "")
	left := make(chan bool)
	with.answer = func(out http.ResponseWriter, r *http.Request, m message) {
		if string(m.ID) == "2" {
			with.say(out, m)
			return
		}
		left <- true
		<-r.Context().Done() // nothing is said to who took it back
		left <- true
	}
	c = begin(t, placeOf(t, with), "")
	c.open()
	c.send(ask(1))
	<-left
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	<-left
	c.send(ask(2))
	assert.Contains(t, c.next(), `"id":2`)
	assert.Len(t, with.saw(http.MethodPost, "cancelled"), 1)
	c.end()
}

// However many requests hang, one more is answered, and any of them can be cancelled.
func TestRequestsThatHangKeepNothingWaiting(t *testing.T) {
	w := start(t, "one", "")
	gone, release := make(chan bool), make(chan bool)
	w.answer = func(out http.ResponseWriter, r *http.Request, m message) {
		select {
		case <-release:
			w.say(out, m)
		case <-r.Context().Done():
			close(gone)
		}
	}
	c := begin(t, placeOf(t, w), "")
	for id := range maxRunning + 1 {
		c.send(ask(id))
	}
	assert.JSONEq(t, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"error":{"code":-32603,"message":"256 requests are running: wait for one of them to end"}}`, maxRunning), c.next())
	assert.Eventually(t, func() bool { return len(w.saw(http.MethodPost, `"id":7,`)) == 1 }, 20*time.Second, time.Millisecond)
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`)
	<-gone
	close(release)
	for range maxRunning - 1 {
		assert.Contains(t, c.next(), `"by":"one"`)
	}
	c.end()
}

func TestTheEndOfTheInputFinishesWhatRuns(t *testing.T) {
	w := start(t, "one", "")
	asked, release := make(chan bool), make(chan bool)
	w.answer = func(out http.ResponseWriter, r *http.Request, m message) {
		if m.Method == listen {
			out.Header().Set("Content-Type", "text/event-stream")
			_ = http.NewResponseController(out).Flush()
			<-r.Context().Done() // as long as the client is there
			return
		}
		close(asked)
		<-release
		w.say(out, m)
	}
	c := begin(t, placeOf(t, w), "")
	c.send(`{"jsonrpc":"2.0","id":9,"method":"subscriptions/listen","params":{` + modern + `}}`)
	c.send(ask(1))
	<-asked
	require.NoError(t, c.in.Close())
	close(release)
	assert.Contains(t, c.next(), `"id":1`)
	require.NoError(t, <-c.done)
}

func TestNothingIsLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	w := start(t, "one", "")
	for range 5 {
		c := begin(t, placeOf(t, w), "")
		c.open()
		c.send(ask(1))
		c.next()
		c.end()
	}
	w.kill()
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 20*time.Second, 10*time.Millisecond) // +1: the poll itself
}

// A workspace that hangs is no reason to wait for ever, neither for the client nor for who ends us.
func TestAWorkspaceThatHangsKeepsNobody(t *testing.T) {
	w := start(t, "one", "")
	gone := make(chan bool, 2)
	w.odd = func(_ http.ResponseWriter, r *http.Request, _ message) bool {
		<-r.Context().Done()
		gone <- true
		return true
	}
	c := begin(t, placeOf(t, w), "")
	c.send(hello)
	line := c.next()
	assert.Contains(t, line, `"id":0`)
	assert.Contains(t, line, `"code":-32603`)
	<-gone
	c.send(ready)
	c.end()
	<-gone
}
