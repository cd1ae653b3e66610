package server_test

import (
	"context"
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
	go func() { done <- server.New(r, w, server.Options{}).ServeHTTP(ctx, l) }()
	b.Cleanup(func() { stop(); require.NoError(b, <-done) })
	return "http://" + l.Addr().String() + "/mcp"
}

// bare serves mcp-go alone, whose tool returns the same answer every time.
func bare(b *testing.B, constant router.Answer) string {
	b.Helper()
	result := &mcp.CallToolResult{StructuredContent: constant,
		Content: []mcp.Content{mcp.NewTextContent(router.Text(constant, router.TextLimits{}))}}
	m := mcpserver.NewMCPServer("bare", "1")
	m.AddTool(mcp.NewTool("clanker_route_question"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { return result, nil })
	web := httptest.NewServer(mcpserver.NewStreamableHTTPServer(m, mcpserver.WithStateLess(true)))
	b.Cleanup(web.Close)
	return web.URL + "/mcp"
}

// body is the message that asks the question, which holds no quotes.
func body(question string) string {
	return `{"jsonrpc":"2.0","method":"tools/call","id":1,"params":{"name":"clanker_route_question","arguments":{"question":"` + question + `"}}}`
}

// A question on the demo estate, against mcp-go alone returning the same answer as a constant: both over loopback HTTP
// with keep-alive, in turns. The goal for ratio, the share of the bare server's requests per second, is at least 0.5.
func BenchmarkRouteQuestion(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(200)) // as clanker mcp sets it, for both servers
	r, w := estate(b)
	answer, err := r.Route(b.Context(), router.Question{Text: healthQuestion})
	require.NoError(b, err)
	require.Equal(b, router.VerdictDegraded, answer.Verdict)
	ours, theirs := product(b, r, w), bare(b, answer)
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			var mine, bares load
			for b.Loop() {
				mine.add(b, ours, clients)
				bares.add(b, theirs, clients)
			}
			b.ReportMetric(mine.rate(), "req/s")
			b.ReportMetric(bares.rate(), "bare-req/s")
			b.ReportMetric(mine.rate()/bares.rate(), "ratio")
			b.ReportMetric(mine.p99(), "p99-ms")
			b.ReportMetric(bares.p99(), "bare-p99-ms")
		})
	}
}

// load collects how long requests took.
type load struct {
	took    []time.Duration
	elapsed time.Duration
}

// round is how many requests one round sends, over all clients.
const round = 320

func (l *load) add(b *testing.B, url string, clients int) {
	b.Helper()
	var wait sync.WaitGroup
	took := make([][]time.Duration, clients)
	begun := time.Now()
	for i := range clients {
		wait.Go(func() { took[i] = ask(b, url, round/clients) })
	}
	wait.Wait()
	l.elapsed += time.Since(begun)
	l.took = append(l.took, slices.Concat(took...)...)
}

// ask sends requests one after the other on one connection, which it keeps.
func ask(b *testing.B, url string, requests int) []time.Duration {
	own := &http.Transport{}
	defer own.CloseIdleConnections()
	client := &http.Client{Transport: own}
	var took []time.Duration
	for range requests {
		begun := time.Now()
		got, err := client.Post(url, "application/json", strings.NewReader(body(healthQuestion)))
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
