//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

// connected reads clanker_version: who the workspace is in each cluster.
func connected(t *testing.T, _ *world, s *workspace) {
	raw := s.post(t, "tools/call", map[string]any{"name": "clanker_version", "arguments": map[string]any{}})
	for _, word := range []string{"prod-cluster", "staging-cluster", "admin", "v1.36.3"} {
		assert.Contains(t, string(raw), word)
	}
	assert.NotContains(t, string(raw), "CANARY")
}

// clients asks the same with a real MCP client, over HTTP and over stdio: the answer is the same.
func clients(t *testing.T, w *world, s *workspace) {
	web, err := client.NewStreamableHttpClient(s.url)
	require.NoError(t, err)
	require.NoError(t, web.Start(t.Context()))
	t.Run("http", func(t *testing.T) { converse(t, web, s) })

	pipe, err := client.NewStdioMCPClient(w.clanker, w.environment(w.admins), "mcp", "--transport", "stdio")
	require.NoError(t, err)
	t.Run("stdio", func(t *testing.T) { converse(t, pipe, s) })
}

func converse(t *testing.T, c *client.Client, s *workspace) {
	defer c.Close()
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion, hello.Params.ClientInfo = mcp.LATEST_PROTOCOL_VERSION, mcp.Implementation{Name: "e2e", Version: "1"}
	_, err := c.Initialize(t.Context(), hello)
	require.NoError(t, err)
	tools, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
	require.NoError(t, err)
	assert.Len(t, tools.Tools, 3)

	began := time.Now()
	result, err := c.CallTool(t.Context(), mcp.CallToolRequest{Params: mcp.CallToolParams{
		Name:      "clanker_route_question",
		Arguments: map[string]any{"question": "Are all services in the payments namespace healthy?", "context": "prod-cluster"},
	}})
	require.NoError(t, err)
	raw, err := json.Marshal(result)
	require.NoError(t, err)
	r := decode(t, raw)
	r.check(t, s.schema, time.Since(began))
	assert.Equal(t, router.VerdictHealthy, r.Answer.Verdict, "%s", r.Text)
}
