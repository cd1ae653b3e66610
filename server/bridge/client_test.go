package bridge

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mcpclient "github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
	"clanker/server"
)

// echo answers every question with itself.
type echo struct{ by string }

func (e echo) Route(_ context.Context, q router.Question) (router.Answer, error) {
	return router.Answer{Schema: router.AnswerSchema, AnswerID: "01J", Question: q.Text, Status: router.StatusOK, Summary: "said by " + e.by,
		Coverage: router.Coverage{Complete: true, Checked: []router.Checked{}, NotChecked: []router.NotChecked{}}}, nil
}

func (echo) Recent(string) (router.Answer, bool) { return router.Answer{}, false }

func (echo) Connections(context.Context) []adapters.Connection { return nil }

// real serves a workspace of this product at addr, and leaves its record, until stop is called.
func real(t *testing.T, place Place, addr, by string) (at string, stop func()) {
	t.Helper()
	l, err := server.Listen(addr)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	s := server.New(echo{by}, echo{by}, server.Options{Build: server.Build{Version: "v1"}})
	_, err = place.Publish(Record{Health: s.Health(), URL: "http://" + l.Addr().String() + "/mcp"})
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- s.ServeHTTP(ctx, l) }()
	return l.Addr().String(), func() {
		cancel()
		require.NoError(t, <-done)
	}
}

// What agents are made of speaks both eras of the protocol through the bridge, and a restart in between.
func TestClientsOfBothEras(t *testing.T) {
	for _, version := range []string{mcp.LATEST_PROTOCOL_VERSION, mcp.LATEST_LEGACY_PROTOCOL_VERSION} {
		place := Place{filepath.Join(t.TempDir(), "clanker", "workspace.json")}
		addr, stop := real(t, place, "127.8.7.6:0", "first")
		fromClient, toServe := io.Pipe()
		fromServe, toClient := io.Pipe()
		done := make(chan error, 1)
		go func() {
			done <- Serve(context.Background(), place, fromClient, toClient, Options{Alone: alonely, patience: 300 * time.Millisecond})
		}()
		var options []mcpclient.ClientOption
		if version == mcp.LATEST_LEGACY_PROTOCOL_VERSION {
			options = append(options, mcpclient.WithLegacyProtocolOnly())
		}
		c := mcpclient.NewClient(transport.NewIO(fromServe, toServe, io.NopCloser(strings.NewReader(""))), options...)
		require.NoError(t, c.Start(t.Context()))
		_, err := c.Initialize(t.Context(), mcp.InitializeRequest{Params: mcp.InitializeParams{
			ProtocolVersion: version, ClientInfo: mcp.Implementation{Name: "test", Version: "1"}}})
		require.NoError(t, err)
		assert.Equal(t, version, c.ProtocolVersion())
		assert.Equal(t, "said by first", asked(t, c))
		stop()
		_, stop = real(t, place, addr, "second")
		assert.Equal(t, "said by second", asked(t, c))
		require.NoError(t, toServe.Close())
		require.NoError(t, <-done)
		require.NoError(t, toClient.Close())
		require.NoError(t, c.Close())
		stop()
	}
}

// asked uses the list of tools and a tool, and returns the summary of the answer.
func asked(t *testing.T, c *mcpclient.Client) string {
	t.Helper()
	tools, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
	require.NoError(t, err)
	assert.NotEmpty(t, tools.Tools)
	answer, err := c.CallTool(t.Context(), mcp.CallToolRequest{Params: mcp.CallToolParams{Name: "clanker_route_question", Arguments: map[string]any{"question": "Größe?"}}})
	require.NoError(t, err)
	summary, _ := answer.StructuredContent.(map[string]any)["summary"].(string)
	return summary
}
