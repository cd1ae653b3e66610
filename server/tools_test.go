package server

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/router"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tokens estimates what a text costs a model.
func tokens(text string) int { return len(text) / 4 }

// call runs a tool as a client would, by the protocol and without a transport.
func call(t testing.TB, s *Server, tool, arguments string) toolResult {
	t.Helper()
	answer, err := json.Marshal(s.mcp.HandleMessage(context.Background(), []byte(callBody(tool, arguments))))
	require.NoError(t, err)
	return decode(t, string(answer))
}

func TestToolsListIsTheGoldenOneAndSmall(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	got, err := json.Marshal(s.mcp.HandleMessage(context.Background(), []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)))
	require.NoError(t, err)
	assert.Less(t, tokens(string(got)), 1200, "every agent pays for this in every conversation")
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, append(got, '\n'), "", "  "))
	const golden = "testdata/tools.golden.json"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, pretty.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), pretty.String(), "after a deliberate change: go test ./server -run Golden -update")
}

func TestInstructionsAreShort(t *testing.T) {
	assert.Less(t, tokens(instructions), 230)
}

func TestVersionTellsConnectionsAndFixes(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	got := call(t, s, "clanker_version", `{}`).Result
	validate(t, s, "clanker_version", got.StructuredContent)
	assert.False(t, got.IsError)
	require.Len(t, got.Content, 1)
	assert.Equal(t, "clanker v0.1.0 (abc1234), up 0s, 1 of 2 connections work\n"+
		"aws  PROBLEM expiredCredentials  fix: run: aws sso login\n"+
		"kubernetes  prod  (default)  ok  as admin", got.Content[0].Text)
}

func TestVersionIsValidWithoutConnections(t *testing.T) {
	s, _ := newServer(echo, func(context.Context) []adapters.Connection { return nil })
	validate(t, s, "clanker_version", call(t, s, "clanker_version", `{}`).Result.StructuredContent)
}

func TestVersionTextCannotBeForged(t *testing.T) {
	s, _ := newServer(echo, func(context.Context) []adapters.Connection {
		return []adapters.Connection{{Provider: "kubernetes", Identity: "x\naws  ok\u202e\x1b[2J"}}
	})
	text := call(t, s, "clanker_version", `{}`).Result.Content[0].Text
	assert.Equal(t, 1, strings.Count(text, "\n"), text)
	assert.NotContains(t, text, "\u202e")
	assert.NotContains(t, text, "\x1b")
}

// A driver that ignores its context must not keep an agent from learning that the workspace is up.
func TestVersionDoesNotWaitForADriverThatHangs(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s, _ := newServer(echo, func(context.Context) []adapters.Connection { <-release; return nil })
	s.limits.probe /= 100
	got := call(t, s, "clanker_version", `{}`).Result
	validate(t, s, "clanker_version", got.StructuredContent)
	assert.Contains(t, got.Content[0].Text, "timeout")
}

func TestRouteAnswersWithObjectAndText(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	got := call(t, s, "clanker_route_question", `{"question":"Is it up?","limit":5,"context":"prod"}`).Result
	validate(t, s, "clanker_route_question", got.StructuredContent)
	var answer router.Answer
	require.NoError(t, json.Unmarshal(got.StructuredContent, &answer))
	require.Len(t, got.Content, 1)
	assert.Equal(t, router.Text(answer, router.TextLimits{}), got.Content[0].Text)
}

func TestRoutePassesArgumentsOn(t *testing.T) {
	var asked router.Question
	s, _ := newServer(func(ctx context.Context, q router.Question) (router.Answer, error) { asked = q; return echo(ctx, q) }, oneConnection)
	call(t, s, "clanker_route_question", `{"question":"Is it up?","limit":5,"context":"prod"}`)
	assert.Equal(t, router.Question{Text: "Is it up?", Limit: 5, Context: "prod",
		Asker: policies.Principal{ID: "unknown", Kind: policies.Agent}}, asked)
}

func TestOnlyStatusErrorIsAnError(t *testing.T) {
	for _, status := range []router.Status{router.StatusOK, router.StatusPartial, router.StatusNoData, router.StatusNeedsInput, router.StatusUnsupported, router.StatusError} {
		s, _ := newServer(func(_ context.Context, q router.Question) (router.Answer, error) { return answerWith(q, status), nil }, oneConnection)
		got := call(t, s, "clanker_route_question", `{"question":"Is it up?"}`).Result
		assert.Equal(t, status == router.StatusError, got.IsError, status)
		validate(t, s, "clanker_route_question", got.StructuredContent)
	}
}

func TestFailuresBecomeErrorResults(t *testing.T) {
	cases := map[string]struct {
		route   routerFunc
		connect connectorFunc
		tool    string
		says    string
	}{
		"route fails": {func(context.Context, router.Question) (router.Answer, error) {
			return router.Answer{}, context.DeadlineExceeded
		}, oneConnection, "clanker_route_question", "deadline exceeded"},
		"route panics":    {func(context.Context, router.Question) (router.Answer, error) { panic("hunter2") }, oneConnection, "clanker_route_question", "internal error"},
		"connector panic": {echo, func(context.Context) []adapters.Connection { panic("hunter2") }, "clanker_version", "internal"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, logged := newServer(c.route, c.connect)
			arguments := map[string]string{"clanker_version": `{}`, "clanker_route_question": `{"question":"Is it up?"}`}[c.tool]
			got := call(t, s, c.tool, arguments).Result
			require.Len(t, got.Content, 1)
			assert.Contains(t, got.Content[0].Text, c.says)
			assert.NotContains(t, got.Content[0].Text, "hunter2", "a panic's text has not been redacted")
			assert.Equal(t, c.says != "deadline exceeded", bytes.Contains([]byte(logged.String()), []byte("hunter2")))
		})
	}
}

func TestToolsSayByTheirHintsWhichOnesOnlyRead(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	for _, tool := range s.tools() {
		reads := tool.Tool.Name != "clanker_run_command"
		assert.Equal(t, reads, *tool.Tool.Annotations.ReadOnlyHint, tool.Tool.Name)
		assert.Equal(t, !reads, *tool.Tool.Annotations.DestructiveHint, tool.Tool.Name)
	}
}
