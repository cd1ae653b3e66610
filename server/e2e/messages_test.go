//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// messages sends what no client should: each is refused with a JSON-RPC error that says why, at once, and runs nothing.
func messages(t *testing.T, p program) {
	counted := newProvider(t)
	s := p.unlimited().serve(t, counted.kubeconfig)
	bare, lax := newUnguarded(t, nil), []string{}
	call := func(arguments string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"clanker_route_question","arguments":` + arguments + `}}`
	}
	ping := func(id string) string { return `{"jsonrpc":"2.0","id":` + id + `,"method":"ping"}` }
	for name, c := range map[string]struct {
		body   string
		status int
		says   string // in the error
	}{
		"deep arrays":                  {call(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), 400, "nests deeper"},
		"deep objects":                 {call(strings.Repeat(`{"a":`, 40_000) + "1" + strings.Repeat("}", 40_000)), 400, "nests deeper"},
		"deep and cut off":             {strings.Repeat("[", 200_000), 400, "batches"},
		"a key twice":                  {`{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}`, 400, "twice"},
		"a key twice, once escaped":    {`{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"tools/call"}`, 400, "twice"},
		"an argument twice":            {call(`{"question":"a","question":"b"}`), 400, "twice"},
		"a key in another case":        {`{"jsonrpc":"2.0","id":1,"METHOD":"ping"}`, 400, "must be written"},
		"a key with a long s":          {`{"j\u017fonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}`, 400, "must be written"},
		"an inner key in another case": {`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"clanker_version"}}`, 400, "must be written"},
		"not UTF-8":                    {call("{\"question\":\"\xff\"}"), 400, "UTF-8"},
		"an overlong encoding":         {call("{\"question\":\"\xc0\xaf\"}"), 400, "UTF-8"},
		"a surrogate in UTF-8":         {call("{\"question\":\"\xed\xa0\x80\"}"), 400, "UTF-8"},
		"a NUL byte":                   {call("{\"question\":\"a\x00b\"}"), 400, "not JSON"},
		"a NUL byte behind":            {ping("1") + "\x00", 400, ""},
		"a byte order mark":            {"\ufeff" + ping("1"), 400, "not JSON"},
		"a batch":                      {"[" + ping("1") + "," + ping("2") + "]", 400, "one message at a time"},
		"an empty batch":               {"[]", 400, "one message at a time"},
		"nothing":                      {"", 400, "cut off"},
		"null":                         {"null", 400, "JSON object"},
		"a string":                     {`"ping"`, 400, "JSON object"},
		"two messages":                 {ping("1") + "\n" + ping("2"), 400, "something follows"},
		"no method":                    {`{"jsonrpc":"2.0","id":1}`, 400, "method"},
		"a method of null":             {`{"jsonrpc":"2.0","id":1,"method":null}`, 400, "method"},
		"a method of another type":     {`{"jsonrpc":"2.0","id":1,"method":7}`, 400, "method"},
		"an empty method":              {`{"jsonrpc":"2.0","id":1,"method":""}`, 400, "method"},
		"no version":                   {`{"id":1,"method":"ping"}`, 400, "2.0"},
		"another version":              {`{"jsonrpc":"1.0","id":1,"method":"ping"}`, 400, "2.0"},
		"a version of another type":    {`{"jsonrpc":2.0,"id":1,"method":"ping"}`, 400, "2.0"},
		"an empty object":              {`{}`, 400, "2.0"},
		"a result nobody asked for":    {`{"jsonrpc":"2.0","id":1,"result":{"a":1}}`, 400, ""},
		"id null":                      {ping("null"), 400, "id"},
		"id true":                      {ping("true"), 400, "id"},
		"id an object":                 {ping("{}"), 400, "id"},
		"id a list":                    {ping("[1]"), 400, "id"},
		"id a fraction":                {ping("1.5"), 400, "id"},
		"id out of every range":        {ping("1e400"), 400, "id"},
		"id no client can compare":     {ping("123456789012345678901234567890"), 400, "id"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := deliver(t, s.url, request(address(t, s.url), c.body))
			assert.Equal(t, c.status, status, "%.300s", body)
			var reply struct {
				JSONRPC string
				Error   *struct {
					Code    int
					Message string
				}
			}
			require.NoError(t, json.Unmarshal([]byte(body), &reply), "%.300s", body)
			require.NotNil(t, reply.Error, "%.300s", body)
			assert.Equal(t, "2.0", reply.JSONRPC)
			assert.Negative(t, reply.Error.Code)
			assert.Contains(t, reply.Error.Message, c.says)
			assert.Less(t, len(reply.Error.Message), 400, "an error is not an echo")
			if status, body := deliver(t, bare.url, request(address(t, bare.url), c.body)); status < 300 && !strings.Contains(body, `"error"`) {
				lax = append(lax, name)
			}
		})
	}
	slices.Sort(lax)
	t.Logf("mcp-go alone takes: %s", strings.Join(lax, "; "))
	assert.Contains(t, lax, "an argument twice", "it is us who refuse it, or this test proves nothing")
	assert.Zero(t, counted.asked.Load(), "nothing of this may reach a provider")
	s.ask(t, everything)
	assert.Positive(t, counted.asked.Load(), "a good message does")
	t.Run("ids come back", func(t *testing.T) { idsComeBack(t, s) })
	t.Run("headers", func(t *testing.T) { headers(t, s) })
}

// idsComeBack sends the ids that clients use: each comes back as it was.
func idsComeBack(t *testing.T, s *workspace) {
	for _, id := range []string{`0`, `-1`, `9007199254740991`, `"x"`, `""`, `"\u00e9"`, `"` + strings.Repeat("x", 100_000) + `"`} {
		status, body := deliver(t, s.url, request(address(t, s.url), `{"jsonrpc":"2.0","id":`+id+`,"method":"ping"}`))
		assert.Equal(t, http.StatusOK, status, body)
		var reply struct{ ID json.RawMessage }
		require.NoError(t, json.Unmarshal([]byte(body), &reply))
		assert.JSONEq(t, id, string(reply.ID))
	}
	status, body := deliver(t, s.url, request(address(t, s.url), `{"jsonrpc":"2.0","id":"\ud800","method":"ping"}`))
	assert.Less(t, status, 500, "half of a surrogate pair is no text, which JSON cannot tell: %s", body)
}

// headers sends too many, too long and contradicting ones.
func headers(t *testing.T, s *workspace) {
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	var many []string
	for i := range 10_000 {
		many = append(many, fmt.Sprintf("X-%d: %s", i, strings.Repeat("y", 20)))
	}
	for name, raw := range map[string]string{
		"a header of 1 MiB":     request(address(t, s.url), ping, "X-Long: "+strings.Repeat("x", 1<<20)),
		"10,000 headers":        request(address(t, s.url), ping, many...),
		"a long session":        request(address(t, s.url), ping, "Mcp-Session-Id: "+strings.Repeat("x", 60_000)),
		"two lengths":           request(address(t, s.url), ping, "Content-Length: 7"),
		"a length and chunks":   request(address(t, s.url), "0\r\n\r\n", "Transfer-Encoding: chunked"),
		"two hosts":             request(address(t, s.url), ping, "Host: evil.test"),
		"no host":               "POST /mcp HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		"an empty host":         request("", ping),
		"another host in URL":   strings.Replace(request(address(t, s.url), ping), "/mcp", "http://evil.test/mcp", 1),
		"a proxy's CONNECT":     "CONNECT " + address(t, s.url) + " HTTP/1.1\r\nHost: " + address(t, s.url) + "\r\n\r\n",
		"another origin":        request(address(t, s.url), ping, "Origin: http://evil.test"),
		"no origin":             request(address(t, s.url), ping, "Origin: null"),
		"an empty origin":       request(address(t, s.url), ping, "Origin: "),
		"two origins":           request(address(t, s.url), ping, "Origin: http://"+address(t, s.url), "Origin: http://evil.test"),
		"an unknown revision":   request(address(t, s.url), ping, "MCP-Protocol-Version: 1999-01-01"),
		"a newline in a header": request(address(t, s.url), ping, "X: a\n b\x00"),
		"not HTTP":              "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			status, body := deliver(t, s.url, raw)
			assert.GreaterOrEqual(t, status, 400, "%.300s", body)
			assert.Less(t, status, 500, "%.300s", body)
		})
	}
}

// deliver sends a request as it stands on a connection of its own, and returns the response.
func deliver(t *testing.T, url, raw string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address(t, url))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	go func() { _ = write(conn, raw) }() // fails when the answer comes before the end of the request
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}
