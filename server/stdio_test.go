package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
)

// talk pipes the lines in and returns what came out, each line of which must be a JSON-RPC message.
func talk(t *testing.T, s *Server, lines ...string) []toolResult {
	t.Helper()
	var got []toolResult
	for _, line := range said(t, s, lines...) {
		got = append(got, decode(t, line))
	}
	return got
}

// said are the lines that s says to the client.
func said(t *testing.T, s *Server, lines ...string) []string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, s.ServeStdio(t.Context(), strings.NewReader(strings.Join(lines, "\n")), &out))
	said := slices.Collect(strings.Lines(out.String()))
	for _, line := range said {
		require.True(t, json.Valid([]byte(line)), line)
	}
	return said
}

func TestClientOverStdio(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.ServeStdio(context.Background(), fromClient, toClient) }()
	c := connect(t, client.NewClient(transport.NewIO(fromServer, toServer, io.NopCloser(strings.NewReader("")))))
	exercise(t, c)
	require.NoError(t, toServer.Close())
	require.NoError(t, <-done)
	require.NoError(t, toClient.Close())
	require.NoError(t, c.Close())
}

// A question can be piped in: the end of the input is not the end of the answer.
func TestEndOfInputFinishesWhatRuns(t *testing.T) {
	s, _ := newServer(func(ctx context.Context, q router.Question) (router.Answer, error) {
		select {
		case <-time.After(20 * time.Millisecond):
			return echo(ctx, q)
		case <-ctx.Done():
			return router.Answer{}, ctx.Err()
		}
	}, oneConnection)
	got := talk(t, s, initialize, callBody("clanker_route_question", question), callBody("clanker_route_question", question))
	require.Len(t, got, 3)
	assert.False(t, got[1].Result.IsError || got[2].Result.IsError)
}

func TestEveryBadLineIsAnsweredAndTheNextOneRead(t *testing.T) {
	for line, says := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/ca`: "cut off",
		`hello`:                             "is not JSON",
		callBody("kubectl", `{}`):           "unknown tool",
		strings.Repeat(" ", maxMessage+1):   "",
		strings.Repeat("x", maxMessage+1):   "at most 262144 bytes",
		strings.Repeat("x", 3*maxMessage+7): "at most 262144 bytes",
		`{"jsonrpc":"2.0","id":1,"method":"initialize","method":"tools/call"}`: "stands twice",
	} {
		s, _ := newServer(echo, oneConnection)
		got := talk(t, s, line, "", callBody("clanker_version", `{}`)+"\r")
		if says != "" {
			require.Len(t, got, 2, "%.40s", line)
			require.NotNil(t, got[0].Error)
			assert.Contains(t, got[0].Error.Message, says)
		}
		assert.Contains(t, got[len(got)-1].Result.Content[0].Text, "clanker v0.1.0", "%.40s", line)
	}
}

func TestStoppingStdioFinishesWhatRuns(t *testing.T) {
	asked, release := make(chan bool), make(chan bool)
	s, _ := newServer(func(ctx context.Context, q router.Question) (router.Answer, error) {
		close(asked)
		<-release
		return echo(ctx, q)
	}, oneConnection)
	in, write := io.Pipe()
	defer func() { _ = write.Close() }()
	var out logs
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.ServeStdio(ctx, in, &out) }()
	_, err := io.WriteString(write, callBody("clanker_route_question", question)+"\n")
	require.NoError(t, err)
	<-asked
	cancel()
	close(release)
	require.NoError(t, <-done)
	assert.Contains(t, out.String(), "structuredContent")
}

func TestStdioDoesNotWaitForEver(t *testing.T) {
	s, _ := newServer(func(ctx context.Context, _ router.Question) (router.Answer, error) {
		<-ctx.Done()
		return router.Answer{}, ctx.Err()
	}, oneConnection)
	s.limits.grace = time.Millisecond
	err := s.ServeStdio(t.Context(), strings.NewReader(callBody("clanker_route_question", question)), io.Discard)
	assert.ErrorContains(t, err, "not everything was answered")
}

// A client that asks and does not read cannot keep the process from being stopped.
func TestStdioThatNobodyReadsIsLeft(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.limits.grace = 10 * time.Millisecond
	in, toServer := io.Pipe()
	defer func() { _ = toServer.Close() }()
	unread, out := io.Pipe()
	defer func() { _ = unread.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.ServeStdio(ctx, in, out) }()
	_, err := io.WriteString(toServer, initialize+"\n")
	require.NoError(t, err)
	_, err = unread.Read(make([]byte, 1)) // it is being answered
	require.NoError(t, err)
	cancel()
	assert.ErrorContains(t, <-done, "not everything was answered")
}

// Every request of a flood is answered: with its result, or with when to try again.
func TestStdioFloodIsAnswered(t *testing.T) {
	s, _ := newServer(echo, func(context.Context) []adapters.Connection { return nil })
	s.clients.limit(Limits{Rate: 1, Burst: 10, Running: 10, Sessions: 1})
	lines := slices.Repeat([]string{callBody("clanker_version", `{}`)}, 100)
	refused := 0
	for _, line := range said(t, s, lines...) {
		if answer := decode(t, line); answer.Error != nil {
			refused++
			assert.Equal(t, tooManyCode, answer.Error.Code)
			assert.Contains(t, line, `"retryAfterMs"`)
			assert.Contains(t, line, `"id":1`)
		}
	}
	assert.Equal(t, len(lines)-10, refused)
}

// What a client says of its own request counts however fast it says it, and however much it has running.
func TestStdioHearsACancellationThatFollowsAtOnce(t *testing.T) {
	s, logged := newServer(func(ctx context.Context, _ router.Question) (router.Answer, error) {
		<-ctx.Done()
		return router.Answer{}, ctx.Err()
	}, oneConnection)
	s.clients.limit(Limits{Rate: 1000, Burst: 1000, Running: 100, Sessions: 1})
	var lines []string
	for id := range 100 {
		lines = append(lines, withToken(id, "t"), fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, id))
	}
	assert.Empty(t, said(t, s, lines...), "nobody waits for an answer")
	assert.Equal(t, 100, strings.Count(logged.String(), "status=cancelled"))
}

func TestOnlyRequestsAreAnswered(t *testing.T) {
	for line, answered := range map[string]bool{
		`{"jsonrpc":"2.0","id":1,"result":{}}`:                                                 false,
		`{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}`:                           false,
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`:                               false,
		`{"jsonrpc":"2.0","method":"notifications/cancelled"}`:                                 false,
		`{"jsonrpc":"2.0","method":"tools/call","params":{"name":"clanker_version"}}`:          false,
		`{"jsonrpc":"2.0","id":1,"method":"notifications/cancelled","params":{"requestId":1}}`: true,
		`{"jsonrpc":"2.0","id":1,"method":"ping"}`:                                             true,
	} {
		s, _ := newServer(echo, oneConnection)
		assert.Equal(t, answered, len(said(t, s, line)) == 1, line)
	}
}

func TestReadErrorsAreReported(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	err := s.ServeStdio(t.Context(), io.MultiReader(strings.NewReader("\n"), broken{}), io.Discard)
	assert.ErrorContains(t, err, "read a message")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
