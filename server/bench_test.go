package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/intents"
	"clanker/router"
	"clanker/server"
	"clanker/server/telemetry"
)

const healthQuestion = "Are all services in production healthy?"

// estate is the reading path over the demo estate, as the program wires it.
func estate(b testing.TB) (*router.Router, *adapters.Workspace) {
	b.Helper()
	driver, err := demo.New(time.Now)
	require.NoError(b, err)
	workspace := adapters.NewWorkspace(driver)
	catalog, err := intents.Load(intents.Default())
	require.NoError(b, err)
	matcher, err := router.NewMatcher(catalog)
	require.NoError(b, err)
	return router.New(matcher, workspace, router.Options{}), workspace
}

// product serves the demo estate and returns its URL.
func product(b testing.TB, r *router.Router, w *adapters.Workspace) string {
	b.Helper()
	l, err := server.Listen("127.0.0.1:0")
	require.NoError(b, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	logger, err := telemetry.NewLogger(io.Discard, telemetry.Options{Format: telemetry.Text})
	require.NoError(b, err)
	metrics := telemetry.NewMetrics(telemetry.Subject{Tools: server.ToolNames(), Providers: []string{"aws", "gcp", "kubernetes"}})
	unlimited := server.Limits{Rate: 1e9, Burst: 1e9, Running: 1e6, Sessions: 1e6}
	s := server.New(r, w, server.Options{Logger: logger, Metrics: metrics, Limits: unlimited})
	go func() { done <- s.ServeHTTP(ctx, l) }()
	b.Cleanup(func() { stop(); require.NoError(b, <-done) })
	return "http://" + l.Addr().String() + "/mcp"
}

// bare serves mcp-go alone, whose tools return the same every time.
func bare(b *testing.B, constant map[string]*mcp.CallToolResult) string {
	b.Helper()
	m := mcpserver.NewMCPServer("bare", "1")
	for name, result := range constant {
		m.AddTool(mcp.NewTool(name), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { return result, nil })
	}
	web := httptest.NewServer(mcpserver.NewStreamableHTTPServer(m, mcpserver.WithStateLess(true)))
	b.Cleanup(web.Close)
	return web.URL + "/mcp"
}

// body is the message that calls the tool.
func body(tool, arguments string) string {
	return `{"jsonrpc":"2.0","method":"tools/call","id":1,"params":{"name":"` + tool + `","arguments":` + arguments + `}}`
}

// Both tools on the demo estate, as the program serves them (limits, log, metrics), against mcp-go alone returning the same
// as a constant: both over loopback HTTP with keep-alive, in turns. The goal for ratio, the share of the bare server's
// requests per second, is at least 0.5.
func BenchmarkTools(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(200)) // as clanker mcp sets it, for both servers
	r, w := estate(b)
	ours, constant := product(b, r, w), map[string]*mcp.CallToolResult{}
	calls := []string{body("clanker_version", `{}`), body("clanker_route_question", `{"question":"`+healthQuestion+`"}`)}
	names := server.ToolNames()[:len(calls)]
	for i, name := range names {
		constant[name] = sample(b, ours, calls[i])
	}
	theirs := bare(b, constant)
	for i, name := range names {
		for _, clients := range []int{1, 16, 50} {
			b.Run(fmt.Sprintf("%s/clients=%d", name, clients), func(b *testing.B) { compare(b, calls[i], ours, theirs, clients) })
		}
	}
}

func compare(b *testing.B, call, ours, theirs string, clients int) {
	var mine, bares load
	for b.Loop() {
		mine.add(b, ours, call, clients)
		bares.add(b, theirs, call, clients)
	}
	b.ReportMetric(mine.rate(), "req/s")
	b.ReportMetric(bares.rate(), "bare-req/s")
	b.ReportMetric(mine.rate()/bares.rate(), "ratio")
	b.ReportMetric(mine.p99(), "p99-ms")
	b.ReportMetric(bares.p99(), "bare-p99-ms")
}

// sample is what a call returns.
func sample(b *testing.B, url, call string) *mcp.CallToolResult {
	b.Helper()
	got, err := http.Post(url, "application/json", strings.NewReader(call))
	require.NoError(b, err)
	defer func() { require.NoError(b, got.Body.Close()) }()
	var reply struct{ Result mcp.CallToolResult }
	require.NoError(b, json.NewDecoder(got.Body).Decode(&reply))
	require.NotNil(b, reply.Result.StructuredContent)
	return &reply.Result
}

// load collects how long requests took.
type load struct {
	took    []time.Duration
	elapsed time.Duration
}

// round is how many requests one round sends, over all clients.
const round = 800

func (l *load) add(b *testing.B, url, call string, clients int) {
	b.Helper()
	var wait sync.WaitGroup
	took := make([][]time.Duration, clients)
	begun := time.Now()
	for i := range clients {
		wait.Go(func() { took[i] = ask(b, url, call, round/clients) })
	}
	wait.Wait()
	l.elapsed += time.Since(begun)
	l.took = append(l.took, slices.Concat(took...)...)
}

// ask sends requests one after the other on one connection, which it keeps.
func ask(b *testing.B, url, call string, requests int) []time.Duration {
	own := &http.Transport{}
	defer own.CloseIdleConnections()
	client := &http.Client{Transport: own}
	var took []time.Duration
	for range requests {
		begun := time.Now()
		got, err := client.Post(url, "application/json", strings.NewReader(call))
		if err != nil {
			b.Error(err)
			return took
		}
		n, err := io.Copy(io.Discard, got.Body)
		_ = got.Body.Close()
		if err != nil || got.StatusCode != http.StatusOK || n == 0 {
			b.Errorf("status %d, %d bytes, %v", got.StatusCode, n, err)
		}
		took = append(took, time.Since(begun))
	}
	return took
}

func (l *load) rate() float64 { return float64(len(l.took)) / l.elapsed.Seconds() }

func (l *load) p99() float64 {
	slices.Sort(l.took)
	return float64(l.took[len(l.took)*99/100].Microseconds()) / 1000
}
