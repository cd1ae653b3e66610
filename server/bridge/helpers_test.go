package bridge

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server"
)

const (
	hello  = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	ready  = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	modern = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`
)

// ask is a question with an id.
func ask(id int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"clanker_version"}}`, id)
}

// workspace behaves as one that listens: /healthz, sessions, and what a test adds.
type workspace struct {
	*httptest.Server
	instance string
	answer   func(w http.ResponseWriter, r *http.Request, m message) // of requests but initialize; says who it is when nil
	stream   http.HandlerFunc                                        // of GET; refuses when nil
	odd      func(http.ResponseWriter, *http.Request, message) bool  // reports whether it has dealt with the message

	mu       sync.Mutex
	sessions map[string]bool
	seen     []seen
}

// seen is a request that arrived.
type seen struct {
	method string
	header http.Header
	body   string
}

// start serves a workspace until the test ends: at addr, or on a free port. The address is one that no outgoing connection
// gets, so that its port is still free when it is started anew.
func start(t testing.TB, instance, addr string) *workspace {
	t.Helper()
	w := &workspace{instance: instance, sessions: map[string]bool{}}
	w.Server = httptest.NewUnstartedServer(w)
	l, err := net.Listen("tcp", cmp.Or(addr, "127.8.7.6:0"))
	require.NoError(t, err)
	require.NoError(t, w.Listener.Close())
	w.Listener = l
	w.Start()
	t.Cleanup(w.kill)
	return w
}

// kill ends it at once, with all connections.
func (w *workspace) kill() {
	w.Listener.Close()
	w.CloseClientConnections()
	w.Close()
}

func (w *workspace) record() Record {
	return Record{Health: server.Health{Clanker: "v1", Instance: w.instance, PID: os.Getpid()}, URL: w.URL + "/mcp"}
}

func (w *workspace) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/healthz" {
		_ = json.NewEncoder(out).Encode(w.record().Health)
		return
	}
	body, _ := io.ReadAll(r.Body)
	session := r.Header.Get(sessionHeader)
	w.mu.Lock()
	w.seen = append(w.seen, seen{r.Method, r.Header, string(body)})
	known := session == "" || w.sessions[session]
	w.mu.Unlock()
	m := look(body)
	switch {
	case w.odd != nil && w.odd(out, r, m):
	case !known:
		http.Error(out, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"unknown session"}}`, http.StatusNotFound)
	case r.Method == http.MethodGet && w.stream != nil:
		w.stream(out, r)
	case r.Method == http.MethodGet:
		out.WriteHeader(http.StatusMethodNotAllowed)
	case r.Method == http.MethodDelete:
	case m.Method == initialize:
		w.open(out, m)
	case m.Method == "" && !m.identified():
		out.Header().Set("Content-Type", jsonMedia)
		out.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(out, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"is not JSON"}}`)
	case !m.request():
		out.WriteHeader(http.StatusAccepted)
	case w.answer != nil:
		w.answer(out, r, m)
	default:
		w.say(out, m)
	}
}

func (w *workspace) open(out http.ResponseWriter, m message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	session := fmt.Sprintf("%s-%d", w.instance, len(w.sessions))
	w.sessions[session] = true
	out.Header().Set("Content-Type", jsonMedia)
	out.Header().Set(sessionHeader, session)
	fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-06-18","serverInfo":{"name":%q}}}`, m.ID, w.instance)
}

// say answers a request with who this is.
func (w *workspace) say(out http.ResponseWriter, m message) {
	out.Header().Set("Content-Type", jsonMedia)
	fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":{"by":%q}}`, m.ID, w.instance)
}

// saw returns what arrived so far whose body contains the text, by HTTP method.
func (w *workspace) saw(method, text string) (found []seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen {
		if s.method == method && strings.Contains(s.body, text) {
			found = append(found, s)
		}
	}
	return found
}

// client is one that started us on stdio.
type client struct {
	t    testing.TB
	in   *io.PipeWriter
	out  *bufio.Reader
	done chan error
	logs *logs
}

// begin serves a client from the place; a workspace that serves alone says "alone".
func begin(t testing.TB, place Place, token string) *client {
	t.Helper()
	fromClient, toServe := io.Pipe()
	fromServe, toClient := io.Pipe()
	c := &client{t: t, in: toServe, out: bufio.NewReader(fromServe), done: make(chan error, 1), logs: &logs{}}
	go func() {
		err := Serve(t.Context(), place, fromClient, toClient, Options{Alone: alonely, Token: func(context.Context) string { return token },
			Logger: slog.New(slog.NewTextHandler(c.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), patience: 300 * time.Millisecond, prompt: time.Second})
		_ = toClient.Close()
		c.done <- err
	}()
	t.Cleanup(func() { _ = toServe.Close() })
	return c
}

// alonely answers every request with who it is and what it has been told so far.
func alonely(_ context.Context, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	var told []string
	for lines.Scan() {
		m := look(lines.Bytes())
		told = append(told, m.Method)
		if m.request() {
			text, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": m.ID, "result": map[string]any{"by": "alone", "told": told}})
			if _, err := out.Write(append(text, '\n')); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

func (c *client) send(line string) {
	c.t.Helper()
	_, err := io.WriteString(c.in, line+"\n")
	require.NoError(c.t, err)
}

// next is the next line that the client gets.
func (c *client) next() string {
	c.t.Helper()
	line, err := c.out.ReadString('\n')
	require.NoError(c.t, err, c.logs.String())
	return line
}

// open sends what a client of the session era says first.
func (c *client) open() {
	c.t.Helper()
	c.send(hello)
	assert.Contains(c.t, c.next(), "serverInfo")
	c.send(ready)
}

// end closes the input, and wants nothing more to be said.
func (c *client) end() {
	c.t.Helper()
	require.NoError(c.t, c.in.Close())
	rest, err := io.ReadAll(c.out)
	require.NoError(c.t, err)
	assert.Empty(c.t, string(rest))
	require.NoError(c.t, <-c.done)
}

// placeOf returns a place with the record of a workspace.
func placeOf(t testing.TB, w *workspace) Place {
	t.Helper()
	place := Place{filepath.Join(t.TempDir(), "clanker", "workspace.json")}
	publish(t, place, w)
	return place
}

func publish(t testing.TB, place Place, w *workspace) {
	t.Helper()
	_, err := place.Publish(w.record())
	require.NoError(t, err)
}

// logs collects what is logged.
type logs struct {
	mu  sync.Mutex
	buf strings.Builder
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
