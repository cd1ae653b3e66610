//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
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

const versionCall = `{"jsonrpc":"2.0","method":"tools/call","id":1,"params":{"name":"clanker_version","arguments":{}}}`

// BenchmarkMemory measures what the process holds when idle, and after 300,000 health answers on the demo estate.
func BenchmarkMemory(b *testing.B) {
	p := build(b)
	s := p.unlimited().start(b, nil, "--demo")
	idle := resident(b, s.process.Pid, "VmRSS")
	for b.Loop() {
		flood(b, s.url, healthCall, 16, 300_000)
	}
	after := resident(b, s.process.Pid, "VmRSS")
	b.ReportMetric(idle, "idle-MiB")
	b.ReportMetric(after, "after-MiB")
	b.ReportMetric(after/idle, "ratio")
}

// BenchmarkCPU measures the time on the processor that the process spends on a call, and how many it answers a second.
func BenchmarkCPU(b *testing.B) {
	p := build(b)
	for name, call := range map[string]string{"version": versionCall, "health": healthCall} {
		for _, clients := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/clients=%d", name, clients), func(b *testing.B) {
				const calls = 20_000
				s := p.unlimited().start(b, nil, "--demo")
				flood(b, s.url, call, clients, calls/10)
				before, began := processor(b, s.process.Pid), time.Now()
				for b.Loop() {
					flood(b, s.url, call, clients, calls)
				}
				done := float64(b.N * calls)
				b.ReportMetric(float64((processor(b, s.process.Pid)-before).Microseconds())/done, "cpu-us/call")
				b.ReportMetric(done/time.Since(began).Seconds(), "calls/s")
			})
		}
	}
}

// processor is the time that the process has spent on the processor, in its own code and in the kernel.
func processor(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(b, err)
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from the third on: the second is the name
	const tick = 10 * time.Millisecond                                        // USER_HZ, on every Linux that Go runs on
	var sum time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.Atoi(field)
		require.NoError(b, err)
		sum += time.Duration(ticks) * tick
	}
	return sum
}

// flood makes so many calls from clients that keep their connections.
func flood(b *testing.B, url, call string, clients, calls int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for range calls / clients {
				if err := once(ctx, client, url, call); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
}

func once(ctx context.Context, client *http.Client, url, call string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(call))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil || n < 1000 || response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d, %d bytes, %w", response.StatusCode, n, err)
	}
	return nil
}
