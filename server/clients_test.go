package server

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClientsHaveTheirOwnAllowance(t *testing.T) {
	at := start
	c := newClients(func() time.Time { return at }, Limits{Rate: 2, Burst: 3, Running: 10, Sessions: 1})
	for range 3 {
		leave, over := c.enter("greedy", true)
		require.Nil(t, over)
		leave()
	}
	_, over := c.enter("greedy", true)
	require.NotNil(t, over)
	assert.Equal(t, "rate", over.reason)
	assert.Equal(t, 500*time.Millisecond, over.retry)
	assert.Equal(t, "1", over.retryAfter())
	_, other := c.enter("modest", true)
	assert.Nil(t, other, "the others have their turn")
	at = at.Add(500 * time.Millisecond)
	_, over = c.enter("greedy", true)
	assert.Nil(t, over, "after the wait it goes on")
	c.limit(Limits{Rate: 1000, Burst: 1000, Running: 10, Sessions: 1})
	at = at.Add(time.Second)
	for range 9 {
		_, over = c.enter("greedy", true)
		assert.Nil(t, over, "new limits count at once")
	}
	_, over = c.enter("greedy", true)
	require.NotNil(t, over)
	assert.Equal(t, "concurrency", over.reason)
}

// Names are the caller's own word: a new one for each request must not fill the memory, nor buy more than the others have.
func TestManyNamesShareAnAllowance(t *testing.T) {
	c := newClients(func() time.Time { return start }, Limits{Rate: 1, Burst: 2, Running: 5, Sessions: 1})
	refused := 0
	leave, _ := c.enter(strings.Repeat("x", maxMessage), true)
	leave()
	for i := range 3 * mostClients {
		if _, over := c.enter(fmt.Sprint(i), true); over != nil {
			refused++
		}
	}
	assert.LessOrEqual(t, len(c.known), mostClients+1)
	assert.Greater(t, refused, mostClients)
	for name := range c.known {
		assert.LessOrEqual(t, len(name), maxClient)
	}
	free := newClients(func() time.Time { return start }, Limits{Rate: 1, Burst: 2, Running: 5, Sessions: 1})
	for i := range 3 * mostClients {
		leave, over := free.enter(fmt.Sprint(i%7), true)
		if over == nil {
			leave()
		}
	}
	assert.Len(t, free.known, 7)
}

func TestTooManyRequestsAreToldWhen(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.clients.limit(Limits{Rate: 1, Burst: 1, Running: 5, Sessions: 10})
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	require.Equal(t, http.StatusOK, send(t, "POST", url, callBody("clanker_version", `{}`)).status)
	got := send(t, "POST", url, callBody("clanker_version", `{}`))
	assert.Equal(t, http.StatusTooManyRequests, got.status)
	assert.NotEmpty(t, got.header.Get("Retry-After"))
	assert.Contains(t, got.body, `"id":1`)
	assert.Contains(t, got.body, "requests a second from this client: slow down")
	assert.Contains(t, got.body, `"retryAfterMs"`)
	assert.Equal(t, http.StatusOK, send(t, "POST", url, modernCall("clanker_version", `{}`, ""), "Mcp-Protocol-Version", "2026-07-28",
		"Mcp-Method", "tools/call", "Mcp-Name", "clanker_version").status, "another client")
	assert.Equal(t, http.StatusOK, send(t, "GET", "http://"+addr+"/healthz", "").status, "whoever watches is not counted")
}

// Clients that crash leave sessions behind; the one used longest ago makes room.
func TestSessionsMakeRoom(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.clients.limit(Limits{Rate: 1000, Burst: 1000, Running: 5, Sessions: 2})
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	begin := func() string { return send(t, "POST", url, initialize).header.Get("Mcp-Session-Id") }
	ping := func(id string) int {
		return send(t, "POST", url, `{"jsonrpc":"2.0","id":2,"method":"ping"}`, "Mcp-Session-Id", id).status
	}
	first, second := begin(), begin()
	assert.Equal(t, http.StatusOK, ping(first))
	third := begin()
	assert.Equal(t, http.StatusNotFound, ping(second), "used longest ago")
	assert.Equal(t, http.StatusOK, ping(first))
	assert.Equal(t, http.StatusOK, ping(third))
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() { begin() })
	}
	wait.Wait()
	assert.Equal(t, http.StatusNotFound, ping(first))
}

func TestTokens(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.Demand("correct horse")
	addr, _ := serve(t, s)
	for name, c := range map[string]struct {
		path, authorization string
		status              int
	}{
		"none":        {"/mcp", "", 401},
		"wrong":       {"/mcp", "Bearer wrong horse", 401},
		"other":       {"/mcp", "Basic correct horse", 401},
		"prefix":      {"/mcp", "Bearer correct", 401},
		"bare":        {"/mcp", "correct horse", 401},
		"right":       {"/mcp", "Bearer correct horse", 200},
		"case":        {"/", "bearer correct horse", 200},
		"a 404":       {"/nothing", "", 401},
		"the metrics": {"/metrics", "", 401},
	} {
		got := send(t, "POST", "http://"+addr+c.path, callBody("clanker_version", `{}`), "Authorization", c.authorization)
		assert.Equal(t, c.status, got.status, name)
		if c.status == 401 {
			assert.Equal(t, "Bearer", got.header.Get("WWW-Authenticate"), name)
			assert.Contains(t, got.body, "Authorization: Bearer TOKEN", name)
		}
	}
	assert.Equal(t, http.StatusOK, send(t, "GET", "http://"+addr+"/healthz", "").status)
	s.Demand("")
	assert.Equal(t, http.StatusOK, send(t, "POST", "http://"+addr+"/mcp", callBody("clanker_version", `{}`)).status, "no token any more")
}
