//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const healthCall = `{"jsonrpc":"2.0","method":"tools/call","id":1,"params":{"name":"clanker_route_question","arguments":{"question":"Are all services in production healthy?"}}}`

// BenchmarkStart measures from the start of the process to its first answered call, over stdio on the demo estate, against
// a process of the same binary that only prints its version.
func BenchmarkStart(b *testing.B) {
	clanker := build(b)
	var answered, bare time.Duration
	for b.Loop() {
		bare += clanker.run(b, "", "version")
		answered += clanker.run(b, healthCall+"\n", "mcp", "--transport", "stdio", "--demo")
	}
	info, err := os.Stat(clanker.clanker)
	require.NoError(b, err)
	b.ReportMetric(float64(answered.Milliseconds())/float64(b.N), "answered-ms")
	b.ReportMetric(float64(bare.Milliseconds())/float64(b.N), "version-ms")
	b.ReportMetric(answered.Seconds()/bare.Seconds(), "ratio")
	b.ReportMetric(float64(info.Size())/1e6, "binary-MB")
}

// run returns how long a process took to read its input, answer and end.
func (p program) run(b *testing.B, input string, arguments ...string) time.Duration {
	b.Helper()
	command := p.command(nil, arguments...)
	command.Stdin = strings.NewReader(input)
	began := time.Now()
	out, err := command.Output()
	require.NoError(b, err)
	require.NotEmpty(b, bytes.TrimSpace(out))
	return time.Since(began)
}

// calls is what a workspace answers while its memory is watched.
const calls = 100_000

// BenchmarkMemory measures what the process holds when idle, and after many health answers on the demo estate.
func BenchmarkMemory(b *testing.B) {
	s := build(b).start(b, nil, "--demo")
	idle := resident(b, s.process.Pid, "VmRSS")
	for b.Loop() {
		flood(b, s.url)
	}
	after := resident(b, s.process.Pid, "VmRSS")
	b.ReportMetric(idle, "idle-MiB")
	b.ReportMetric(after, "after-MiB")
	b.ReportMetric(after/idle, "ratio")
}

// flood makes the calls from sixteen clients that keep their connections.
func flood(b *testing.B, url string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for range calls / 16 {
				request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(healthCall))
				if err != nil {
					b.Error(err)
					return
				}
				request.Header.Set("Content-Type", "application/json")
				response, err := client.Do(request)
				if err != nil {
					b.Error(err)
					return
				}
				n, err := io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if err != nil || n < 1000 || response.StatusCode != http.StatusOK {
					b.Errorf("status %d, %d bytes, %v", response.StatusCode, n, err)
					return
				}
			}
		})
	}
	wait.Wait()
}
