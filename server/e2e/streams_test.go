//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// streams cuts connections and opens them again, and has clients that never read.
func streams(t *testing.T, p program) {
	s := p.unlimited().start(t, nil, "--demo")
	s.stillServes(t)
	files, goroutines := s.descriptors(t), s.figure(t, "go_goroutines")
	t.Run("a cut stream is opened again", func(t *testing.T) { reopened(t, s) })
	t.Run("streams that nobody reads", func(t *testing.T) { unread(t, s) })
	t.Run("answers that nobody reads", func(t *testing.T) { deaf(t, s) })
	eventually(t, patience, func() (bool, string) {
		open, running := s.descriptors(t), s.figure(t, "go_goroutines")
		return open <= files+5 && running <= goroutines+10, fmt.Sprintf("%d files are open, there were %d; %.0f goroutines, there were %.0f", open, files, running, goroutines)
	})
}

// reopened goes on with a session after its connections were cut, many times.
func reopened(t *testing.T, s *workspace) {
	a := newAgent(s.url, "cut", "2025-11-25")
	defer a.http.CloseIdleConnections()
	require.NoError(t, a.open(t.Context()))
	for i := range 100 {
		ctx, cut := context.WithCancel(t.Context())
		stream, err := a.listen(ctx)
		require.NoError(t, err, "round %d", i)
		require.Equal(t, "text/event-stream", stream.Header.Get("Content-Type"))
		cut()
		_, err = io.Copy(io.Discard, stream.Body)
		require.ErrorIs(t, err, context.Canceled)
		a.http.CloseIdleConnections()
		got, err := a.ask(t.Context(), "again", demoQuestions[0].text)
		require.NoError(t, err, "round %d", i)
		require.Empty(t, demoQuestions[0].fault(got, "again"))
	}
	require.NoError(t, a.close(t.Context()))
	_, err := a.listen(t.Context())
	gone, ok := errors.AsType[*refused](err)
	require.True(t, ok, "an ended session has no stream: %v", err)
	assert.Equal(t, http.StatusNotFound, gone.status)
}

// unread opens streams and leaves them alone.
func unread(t *testing.T, s *workspace) {
	before := s.memory(t)
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	var agents []*agent
	for i := range 200 {
		a := newAgent(s.url, fmt.Sprint("unread-", i), "2025-06-18")
		defer a.http.CloseIdleConnections()
		require.NoError(t, a.open(ctx))
		_, err := a.listen(ctx)
		require.NoError(t, err)
		agents = append(agents, a)
	}
	s.stillServes(t)
	assert.Less(t, s.memory(t), before+40)
	for _, a := range agents {
		require.NoError(t, a.close(t.Context()))
	}
}

// deaf asks and asks on one connection and reads nothing: at some point the workspace takes no more, and nobody else notices.
func deaf(t *testing.T, s *workspace) {
	before := s.memory(t)
	var wait sync.WaitGroup
	stuck := make(chan net.Conn, 20)
	for range cap(stuck) {
		wait.Go(func() {
			conn, err := shout(address(t, s.url))
			assert.NoError(t, err)
			stuck <- conn
		})
	}
	wait.Wait()
	close(stuck)
	s.stillServes(t)
	after := s.memory(t)
	t.Logf("%d clients that do not read: resident %.1f MiB before, %.1f MiB with them", cap(stuck), before, after)
	assert.Less(t, after, before+60)
	for conn := range stuck {
		require.NoError(t, conn.Close())
	}
}

// shout writes requests until no more are taken.
func shout(address string) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	calls := strings.Repeat(request(address, healthCall), 50)
	for range 10_000 {
		if err := conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			return conn, err
		}
		if err := write(conn, calls); errors.Is(err, os.ErrDeadlineExceeded) {
			return conn, nil
		} else if err != nil {
			return conn, err
		}
	}
	return conn, errors.New("it takes requests without end, and their answers must be somewhere")
}

// cancellation breaks off questions while the provider is being asked, by hanging up and by the notification: the calls
// to the provider end.
func cancellation(t *testing.T, p program) {
	held := newHeldProvider(t)
	s := p.unlimited().serve(t, held.kubeconfig)
	for _, way := range []struct {
		name, revision string
		stop           func(t *testing.T, a *agent, hangUp func())
	}{
		{"hanging up without a session", "", func(_ *testing.T, _ *agent, hangUp func()) { hangUp() }},
		{"hanging up in a session", "2025-06-18", func(_ *testing.T, _ *agent, hangUp func()) { hangUp() }},
		{"hanging up in the newest revision", "2026-07-28", func(_ *testing.T, _ *agent, hangUp func()) { hangUp() }},
		{"by notification", "2025-11-25", func(t *testing.T, a *agent, _ func()) {
			assert.NoError(t, a.notify(t.Context(), "notifications/cancelled", map[string]any{"requestId": "slow"}))
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			a := newAgent(s.url, way.name, way.revision)
			defer a.http.CloseIdleConnections()
			require.NoError(t, a.open(t.Context()))
			ctx, hangUp := context.WithCancel(t.Context())
			defer hangUp()
			ended := make(chan bool)
			go func() {
				defer close(ended)
				_, _ = a.ask(ctx, "slow", everything) // broken off one way or the other
			}()
			eventually(t, patience, func() (bool, string) { return held.running.Load() > 0, "the provider is not asked" })
			began := time.Now()
			way.stop(t, a, hangUp)
			eventually(t, patience, func() (bool, string) {
				return held.running.Load() == 0, fmt.Sprintf("%d calls to the provider go on", held.running.Load())
			})
			t.Logf("the provider calls ended after %s", time.Since(began).Round(time.Millisecond))
			hangUp()
			<-ended
		})
	}
}
