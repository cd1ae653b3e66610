//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const patience = 20 * time.Second // for what must come, so that a hang is a failure and not a test that never ends

// bodies sends bodies that are too large, with their length and without: they are refused, and not kept in memory.
func bodies(t *testing.T, p program) {
	s := p.start(t, nil, "--demo")
	before := s.memory(t)
	for _, size := range []int64{1 << 20, 5 << 20, 64 << 20} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d MiB, chunked %t", size>>20, chunked), func(t *testing.T) {
				var wait sync.WaitGroup
				for range 4 {
					wait.Go(func() {
						status, text, err := upload(s.url, size, chunked)
						if assert.NoError(t, err) {
							assert.Equal(t, http.StatusRequestEntityTooLarge, status, text)
							assert.Contains(t, text, "at most 262144 bytes")
						}
					})
				}
				wait.Wait()
				s.stillServes(t)
			})
		}
	}
	peak := resident(t, s.process.Pid, "VmHWM")
	t.Logf("resident: %.1f MiB before, %.1f MiB after, %.1f MiB at most", before, s.memory(t), peak)
	assert.Less(t, peak, before+40)

	status, _, err := upload(newUnguarded(t, nil).url, 5<<20, true)
	require.NoError(t, err)
	assert.NotEqual(t, http.StatusRequestEntityTooLarge, status, "mcp-go alone reads it all, or the size proves nothing")
}

// upload posts so many bytes, which are a message with one long string.
func upload(url string, size int64, chunked bool) (int, string, error) {
	const head, tail = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"`, `"}}`
	fill := io.LimitReader(letters{}, size-int64(len(head)+len(tail)))
	request, err := http.NewRequest(http.MethodPost, url, io.MultiReader(strings.NewReader(head), fill, strings.NewReader(tail)))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	if request.ContentLength = size; chunked {
		request.ContentLength = -1
	}
	own := &http.Transport{}
	defer own.CloseIdleConnections()
	response, err := (&http.Client{Transport: own, Timeout: patience}).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// letters never end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// stillServes asks as a client that has nothing to do with the flood, and has to be answered.
func (s *workspace) stillServes(t testing.TB) {
	t.Helper()
	began := time.Now()
	a := newAgent(s.url, "bystander", "2026-07-28")
	defer a.http.CloseIdleConnections()
	got, err := a.ask(t.Context(), "bystander", demoQuestions[0].text)
	require.NoError(t, err, "a client that does no harm must be served")
	assert.Equal(t, "", demoQuestions[0].fault(got, "bystander"))
	t.Logf("a bystander was answered after %s", time.Since(began).Round(time.Millisecond))
}

// connections opens many and does not finish what it sends. The workspace serves others and closes them all: those whose
// header is slow after 5 s, those whose body is after 15.
func connections(t *testing.T, p program) {
	const halfOpen, slow = 1000, 50
	s := p.start(t, nil, "--demo")
	s.stillServes(t)
	files, memory := s.descriptors(t), s.memory(t)
	var wait sync.WaitGroup
	closed := make(chan time.Duration, halfOpen+slow)
	hold := func(sends string, drip bool) {
		wait.Go(func() {
			took, err := held(address(t, s.url), sends, drip)
			assert.NoError(t, err)
			closed <- took
		})
	}
	for i := range halfOpen {
		hold([]string{"", "POST /mcp HTTP/1.1\r\nHost: x\r\n", "P"}[i%3], false)
	}
	for range slow {
		hold("POST /mcp HTTP/1.1\r\nHost: "+address(t, s.url)+"\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", true)
	}
	patiently := make(chan error, 1)
	bare := address(t, newUnguarded(t, nil).url)
	go func() {
		_, err := held(bare, "P", false)
		patiently <- err
	}()
	eventually(t, patience, func() (bool, string) {
		open := s.descriptors(t) - files
		return open >= halfOpen+slow || len(closed) > 0, fmt.Sprintf("only %d connections are open", open)
	})
	s.stillServes(t)
	peak := s.memory(t)
	wait.Wait()
	close(closed)
	var longest time.Duration
	for took := range closed {
		longest = max(longest, took)
	}
	s.stillServes(t)
	t.Logf("%d connections, the last closed after %s; resident %.1f MiB before, %.1f with them", halfOpen+slow, longest.Round(time.Millisecond), memory, peak)
	assert.Less(t, longest, 30*time.Second)
	assert.Less(t, peak, memory+60)
	assert.Empty(t, patiently, "mcp-go alone waits, or this test proves nothing")
	eventually(t, patience, func() (bool, string) {
		open := s.descriptors(t)
		return open <= files+5, fmt.Sprintf("%d files are open, there were %d", open, files)
	})
}

// held connects, sends something, then at most a byte a second, and returns how long it took the other side to hang up.
func held(address, sends string, drip bool) (time.Duration, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	began := time.Now()
	if err := errors.Join(conn.SetDeadline(began.Add(2*patience)), write(conn, sends)); err != nil {
		return 0, err
	}
	gone := make(chan error, 1)
	go func() { // until the end of what it answers, or the reset
		_, err := io.Copy(io.Discard, conn)
		gone <- err
	}()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case err := <-gone:
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				return 0, fmt.Errorf("still open after %s", time.Since(began))
			}
			return time.Since(began), nil
		case <-ticker.C:
			if drip {
				_ = write(conn, " ") // fails once the other side has gone, which the reader notices
			}
		}
	}
}

func write(conn net.Conn, text string) error {
	_, err := io.WriteString(conn, text)
	return err
}

// pipeline sends many requests on one connection before it reads: each is answered, in its turn.
func pipeline(t *testing.T, p program) {
	const requests = 10_000
	s := p.unlimited().start(t, nil, "--demo")
	conn, err := net.Dial("tcp", address(t, s.url))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(3*patience)))
	go func() {
		out := bufio.NewWriter(conn)
		for i := range requests {
			fmt.Fprint(out, request(address(t, s.url), fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"ping"}`, i)))
		}
		_ = out.Flush() // fails when the test is over already
	}()
	in := bufio.NewReader(conn)
	for i := range requests {
		response, err := http.ReadResponse(in, nil)
		require.NoError(t, err, "request %d", i)
		require.Equal(t, http.StatusOK, response.StatusCode)
		var reply struct{ ID int }
		require.NoError(t, json.NewDecoder(response.Body).Decode(&reply))
		require.Equal(t, i, reply.ID)
		_, _ = io.Copy(io.Discard, response.Body)
		if i%1000 == 0 {
			s.stillServes(t)
		}
	}
}

// request spells a POST of a message, with more headers if there are any.
func request(address, body string, headers ...string) string {
	more := ""
	for _, header := range headers {
		more += header + "\r\n"
	}
	return fmt.Sprintf("POST /mcp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", address, more, len(body), body)
}

// greedy asks as fast as it can: it is told to slow down and when to come again. Clients beside it are served as ever, and new ones
// let in. The burst is the one that everybody has; the rate is one that even a slow machine goes beyond.
func greedy(t *testing.T, p program) {
	p.more = append(slices.Clip(p.more), "CLANKER_LIMITS_RATE=10")
	s := p.start(t, nil, "--demo")
	polite := newAgent(s.url, "polite", "2025-11-25")
	defer polite.http.CloseIdleConnections()
	require.NoError(t, polite.open(t.Context()))
	wild := newAgent(s.url, "wild", "") // a script, which does not say who it is
	defer wild.http.CloseIdleConnections()
	var wait sync.WaitGroup
	var served, told atomic.Int64
	for range 8 {
		wait.Go(func() {
			for range 100 {
				_, err := wild.ask(t.Context(), "wild", everything)
				over, ok := errors.AsType[*refused](err)
				switch {
				case err == nil:
					served.Add(1)
				case assert.True(t, ok, "%v", err) && assert.Equal(t, http.StatusTooManyRequests, over.status):
					assert.Contains(t, over.body, `"retryAfterMs"`)
					assert.NotEmpty(t, over.header.Get("Retry-After"))
					told.Add(1)
				}
			}
		})
	}
	for range 50 {
		newcomer := newAgent(s.url, "newcomer", "2025-06-18")
		assert.NoError(t, newcomer.open(t.Context()))
		newcomer.http.CloseIdleConnections()
		got, err := polite.ask(t.Context(), "polite", demoQuestions[0].text)
		require.NoError(t, err)
		require.Empty(t, demoQuestions[0].fault(got, "polite"))
	}
	wait.Wait()
	t.Logf("of 800 calls %d were served, %d told to wait", served.Load(), told.Load())
	assert.GreaterOrEqual(t, served.Load(), int64(200), "the burst is everybody's right")
	assert.Positive(t, told.Load())
}

// abandoned opens sessions that nobody ends.
func abandoned(t *testing.T, p program) {
	const sessions = 5000
	s := p.unlimited().start(t, nil, "--demo")
	s.stillServes(t)
	before := s.memory(t)
	first := newAgent(s.url, "first", "2025-06-18")
	require.NoError(t, first.open(t.Context()))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			a := newAgent(s.url, "gone", "2025-11-25")
			defer a.http.CloseIdleConnections()
			for range sessions / 8 {
				if !assert.NoError(t, a.open(t.Context())) {
					return
				}
			}
		})
	}
	wait.Wait()
	grown := s.memory(t) - before
	t.Logf("%d abandoned sessions: %.1f MiB more resident", sessions, grown)
	assert.Less(t, grown, 64.0, "sessions of clients that went away must not pile up")
	last := newAgent(s.url, "last", "2025-06-18")
	require.NoError(t, last.open(t.Context()))
	got, err := last.ask(t.Context(), "last", demoQuestions[0].text)
	require.NoError(t, err)
	assert.Empty(t, demoQuestions[0].fault(got, "last"))
	s.stillServes(t)
}
