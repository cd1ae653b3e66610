package server

import (
	"context"
	"net/http"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

// Only what is answered is a call: what has no id is a notification, which nobody answers.
func TestNotificationsAreNoCalls(t *testing.T) {
	s, logged := newServer(echo, oneConnection)
	addr, _ := serve(t, s)
	got := send(t, "POST", "http://"+addr+"/mcp", `{"jsonrpc":"2.0","method":"tools/call","params":{"name":"clanker_version"}}`)
	assert.Equal(t, http.StatusAccepted, got.status)
	assert.NotContains(t, logged.String(), "msg=call")
}

// Whoever takes clanker_version back is logged as that, and not as answered that nothing was heard in time.
func TestCancellingVersion(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan bool)
	s, logged := newServer(echo, func(context.Context) []adapters.Connection { cancel(); <-release; return nil })
	defer close(release)
	ctx, r := s.called(ctx, message{id: mcp.NewRequestId(1), method: "tools/call", tool: "clanker_version"}, "http")
	result, err := s.version(ctx, toolCall("clanker_version", nil))
	assert.NoError(t, err)
	assert.True(t, result.IsError)
	s.finish(ctx, r, 0)
	assert.Contains(t, logged.String(), "status=cancelled")
}
