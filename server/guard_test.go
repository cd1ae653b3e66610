package server

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const question = `{"question":"Are all services in production healthy?"}`

// Every request that should not get through, and what it is told. PORT stands for the port of the server.
func TestHostileRequestsAreRefused(t *testing.T) {
	good := callBody("clanker_route_question", question)
	cases := map[string]struct {
		method, path, body string
		headers            []string
		status             int
		says               string
	}{
		"foreign host":              {"POST", "/mcp", good, []string{"Host", "evil.example:PORT"}, 403, "is not this server"},
		"foreign host, no port":     {"POST", "/mcp", good, []string{"Host", "evil.example"}, 403, "is not this server"},
		"our name, no port":         {"POST", "/mcp", good, []string{"Host", "127.0.0.1"}, 403, "is not this server"},
		"our name, other port":      {"POST", "/mcp", good, []string{"Host", "localhost:1"}, 403, "is not this server"},
		"other loopback":            {"POST", "/mcp", good, []string{"Host", "127.0.0.2:PORT"}, 403, "is not this server"},
		"our name as a prefix":      {"POST", "/mcp", good, []string{"Host", "localhost.evil.example:PORT"}, 403, "is not this server"},
		"foreign host on a 404":     {"POST", "/nothing", good, []string{"Host", "evil.example:PORT"}, 403, "is not this server"},
		"foreign host with GET":     {"GET", "/", "", []string{"Host", "evil.example:PORT"}, 403, "is not this server"},
		"foreign origin":            {"POST", "/mcp", good, []string{"Origin", "http://evil.example"}, 403, "refused"},
		"null origin":               {"POST", "/mcp", good, []string{"Origin", "null"}, 403, "refused"},
		"other port's origin":       {"POST", "/mcp", good, []string{"Origin", "http://localhost:1"}, 403, "refused"},
		"https origin":              {"POST", "/", good, []string{"Origin", "https://127.0.0.1:PORT"}, 403, "refused"},
		"foreign origin with GET":   {"GET", "/mcp", "", []string{"Origin", "http://evil.example"}, 403, "refused"},
		"foreign origin on a 404":   {"DELETE", "/nothing", "", []string{"Origin", "http://evil.example"}, 403, "refused"},
		"cross-site by the browser": {"POST", "/mcp", good, []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross-origin"},
		"same-site by the browser":  {"POST", "/mcp", good, []string{"Sec-Fetch-Site", "same-site"}, 403, "cross-origin"},
		"cross-site reading":        {"GET", "/metrics", "", []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross-origin"},
		"preflight":                 {"OPTIONS", "/mcp", "", []string{"Origin", "http://evil.example", "Access-Control-Request-Method", "POST"}, 403, "refused"},
		"no content type":           {"POST", "/mcp", good, []string{"Content-Type", ""}, 415, "Content-Type: application/json"},
		"a form":                    {"POST", "/mcp", good, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "Content-Type: application/json"},
		"plain text":                {"POST", "/", good, []string{"Content-Type", "text/plain"}, 415, "Content-Type: application/json"},
		"plain text on a 404":       {"POST", "/nothing", good, []string{"Content-Type", "text/plain"}, 415, "Content-Type: application/json"},
		"json in another charset":   {"POST", "/mcp", good, []string{"Content-Type", "application/json; charset=utf-16"}, 415, "Content-Type: application/json"},
		"broken content type":       {"POST", "/mcp", good, []string{"Content-Type", "application/json; ="}, 415, "Content-Type: application/json"},
		"one byte too many":         {"POST", "/mcp", strings.Repeat(" ", maxMessage+1), nil, 413, "at most 262144 bytes"},
		"1 MiB":                     {"POST", "/mcp", strings.Repeat("x", 1<<20), nil, 413, "at most 262144 bytes"},
		"5 MiB":                     {"POST", "/", strings.Repeat("x", 5<<20), nil, 413, "at most 262144 bytes"},
		"5 MiB on a 404":            {"POST", "/nothing", strings.Repeat("x", 5<<20), nil, 413, "at most 262144 bytes"},
		"unknown path":              {"POST", "/nothing", good, nil, 404, "MCP is on / and /mcp"},
		"path below":                {"POST", "/mcp/", good, nil, 404, "MCP is on / and /mcp"},
		"doubled slash":             {"POST", "//mcp", good, nil, 404, "MCP is on / and /mcp"},
		"path that climbs":          {"POST", "/x/../mcp", good, nil, 404, "MCP is on / and /mcp"},
		"well-known":                {"GET", "/.well-known/oauth-authorization-server", "", nil, 404, "MCP is on / and /mcp"},
		"browser opens it":          {"GET", "/", "", []string{"Accept", "text/html"}, 405, "POST JSON-RPC"},
		"stream without session":    {"GET", "/mcp", "", []string{"Accept", "text/event-stream"}, 405, "POST JSON-RPC"},
		"stream, unknown session":   {"GET", "/mcp", "", []string{"Accept", "text/event-stream", "Mcp-Session-Id", "forged"}, 404, "unknown or ended session"},
		"call, unknown session":     {"POST", "/mcp", good, []string{"Mcp-Session-Id", "forged"}, 404, "unknown or ended session"},
		"end of an unknown session": {"DELETE", "/mcp", "", []string{"Mcp-Session-Id", "forged"}, 404, "unknown or ended session"},
		"end of no session":         {"DELETE", "/mcp", "", nil, 405, "POST JSON-RPC"},
		"put":                       {"PUT", "/mcp", good, nil, 405, "POST JSON-RPC"},
		"unknown method":            {"BREW", "/", "", nil, 405, "POST JSON-RPC"},
		"an answer without session": {"POST", "/mcp", `{"jsonrpc":"2.0","id":1,"result":{}}`, nil, 400, "needs the Mcp-Session-Id"},
		"unknown revision":          {"POST", "/mcp", good, []string{"Mcp-Protocol-Version", "2020-01-01"}, 400, `protocol revision \"2020-01-01\" is unknown`},
		"headers left out":          {"POST", "/mcp", modernCall("kubectl", `{}`, ""), nil, 400, "-32020"},
		"headers of another call":   {"POST", "/mcp", modernCall("kubectl", `{}`, ""), []string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "clanker_version"}, 400, "-32020"},
		"headers of another method": {"POST", "/mcp", modernCall("kubectl", `{}`, ""), []string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/list", "Mcp-Name", "kubectl"}, 400, "-32020"},
		"headers of this call":      {"POST", "/mcp", modernCall("kubectl", `{}`, ""), []string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "kubectl"}, 400, `unknown tool \"kubectl\"`},
		"empty body":                {"POST", "/mcp", "", nil, 400, "cut off after 0 bytes"},
		"truncated":                 {"POST", "/mcp", good[:len(good)-20], nil, 400, "cut off after"},
		"not JSON":                  {"POST", "/mcp", "hello", nil, 400, "is not JSON"},
		"a batch":                   {"POST", "/mcp", "[" + good + "]", nil, 400, "one message at a time"},
		"two messages":              {"POST", "/mcp", good + good, nil, 400, "something follows"},
		"not UTF-8":                 {"POST", "/mcp", strings.Replace(good, "Are", "\xff\xfe", 1), nil, 400, "not UTF-8"},
		"a key twice":               {"POST", "/mcp", strings.Replace(good, `{"name"`, `{"name":"x","name"`, 1), nil, 400, `key \"name\" stands twice`},
		"wrong case":                {"POST", "/mcp", strings.Replace(good, `"params"`, `"Params"`, 1), nil, 400, `key \"Params\" must be written \"params\"`},
		"unknown tool":              {"POST", "/mcp", callBody("kubectl", `{}`), nil, 200, `unknown tool \"kubectl\": params.name is one of clanker_version, clanker_route_question`},
		"unknown protocol method":   {"POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"shell/exec"}`, nil, 200, "shell/exec"},
	}
	addr := echoServer(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			headers := make([]string, len(c.headers))
			for i := range c.headers {
				headers[i] = strings.ReplaceAll(c.headers[i], "PORT", port)
			}
			got := send(t, c.method, "http://"+addr+c.path, c.body, headers...)
			assert.Equal(t, c.status, got.status, got.body)
			assert.Contains(t, got.body, c.says)
			require.NotNil(t, decode(t, got.body).Error, "every refusal is a JSON-RPC error")
			assert.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
			assert.Equal(t, "frame-ancestors 'none'", got.header.Get("Content-Security-Policy"))
			for header := range got.header {
				assert.NotContains(t, header, "Access-Control", "no page from elsewhere may read an answer")
			}
		})
	}
}

func TestOwnNamesAndOriginsAreServed(t *testing.T) {
	addr := echoServer(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port} {
		assert.Equal(t, http.StatusOK, send(t, "POST", "http://"+addr+"/mcp", callBody("clanker_version", `{}`), "Host", host).status, host)
		assert.Equal(t, http.StatusOK, send(t, "POST", "http://"+addr+"/mcp", callBody("clanker_version", `{}`), "Host", host, "Origin", "http://"+host).status, host)
	}
}

// A chunked body has no length to look at beforehand.
func TestChunkedBodiesAreLimited(t *testing.T) {
	r, err := http.NewRequest("POST", "http://"+echoServer(t)+"/mcp", struct{ *strings.Reader }{strings.NewReader(strings.Repeat(" ", 1<<20))})
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = -1
	got, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = got.Body.Close() }()
	assert.Equal(t, http.StatusRequestEntityTooLarge, got.StatusCode)
}

// Whoever asks before sending a body that is too large is told at once, and sends nothing.
func TestLargeBodiesAreNotAskedFor(t *testing.T) {
	addr := echoServer(t)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /mcp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", addr, 64<<20)
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "413")
}

func TestListenTakesLoopbackAddressesOnly(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", "127.3.2.1:0"} {
		l, err := Listen(addr)
		require.NoError(t, err, addr)
		assert.NoError(t, l.Close())
	}
	for addr, says := range map[string]string{
		"0.0.0.0:39393":       "only loopback addresses are served, because whoever reaches the port asks with this machine's credentials: write 127.0.0.1:39393",
		":39393":              "write 127.0.0.1:39393",
		"[::]:1":              "only loopback",
		"192.168.1.4:1":       "only loopback",
		"example.com:1":       "only loopback",
		"localhost.evil.io:1": "only loopback",
		"127.0.0.1":           "write host:port, for instance 127.0.0.1:39393",
		"":                    "write host:port",
		"127.0.0.1:http":      "the port must be a number",
		"127.0.0.1:65536":     "the port must be a number",
		"127.0.0.1:-1":        "the port must be a number",
	} {
		l, err := Listen(addr)
		require.Nil(t, l, addr)
		assert.ErrorContains(t, err, says, addr)
	}
}

func TestListenOnATakenPortSaysWhatToDo(t *testing.T) {
	addr := echoServer(t)
	_, err := Listen(addr)
	assert.ErrorContains(t, err, "the port is taken by clanker v0.1.0, pid "+strconv.Itoa(os.Getpid())+", since 2026-03-14T14:02:11Z: agents can use it as it is, at http://"+addr+"/mcp; stop it with: kill "+strconv.Itoa(os.Getpid()))
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	_, err = Listen(other.Listener.Addr().String())
	assert.ErrorContains(t, err, "the port is taken, and not by a clanker of yours (probe "+other.Listener.Addr().String()+": GET /healthz answers 404 Not Found and not as a clanker does): choose another one")
}

func TestServeHTTPRefusesOtherListeners(t *testing.T) {
	folder, err := os.MkdirTemp("", "s") // the name of a socket may not be long
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(folder) }()
	l, err := net.Listen("unix", filepath.Join(folder, "s"))
	require.NoError(t, err)
	s, _ := newServer(echo, oneConnection)
	assert.ErrorContains(t, s.ServeHTTP(t.Context(), l), "only loopback")
}

func TestServeHTTPReportsAListenerThatFails(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	s, _ := newServer(echo, oneConnection)
	assert.ErrorContains(t, s.ServeHTTP(t.Context(), l), "serve on 127.0.0.1:")
}
