package peer

import (
	"context"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listening returns a checked listener on a free port, and what it refuses.
func listening(t *testing.T, allowed func(int) bool) (net.Listener, <-chan error) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refusals := make(chan error, 100)
	l := Listen(inner, allowed, func(_ net.Addr, reason error) { refusals <- reason })
	t.Cleanup(func() { _ = l.Close() })
	return l, refusals
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestOwnConnectionsPass(t *testing.T) {
	l, refusals := listening(t, SameUser)
	client := dial(t, l)
	served, err := l.Accept()
	require.NoError(t, err)
	assert.Equal(t, client.LocalAddr().String(), served.RemoteAddr().String())
	assert.IsType(t, &net.TCPConn{}, served, "net/http half-closes it")
	assert.Empty(t, refusals)
	require.NoError(t, served.Close())
}

func TestConnectionsOfOthersAreClosed(t *testing.T) {
	l, refusals := listening(t, func(int) bool { return false })
	client := dial(t, l)
	_, err := client.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	assert.ErrorContains(t, <-refusals, "another user")
}

func TestWhoCannotBeToldIsRefused(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	client, err := net.Dial("tcp", inner.Addr().String())
	require.NoError(t, err)
	require.NoError(t, client.Close()) // before anybody looks
	refusals := make(chan error, 1)
	l := Listen(inner, func(int) bool { return true }, func(_ net.Addr, reason error) { refusals <- reason })
	require.ErrorIs(t, <-refusals, ErrNoOwner)
	require.NoError(t, l.Close())
}

// A lookup that takes long keeps nobody else from being served.
func TestLookupsRunBesideEachOther(t *testing.T) {
	var first atomic.Bool
	asked, release := make(chan bool), make(chan bool)
	l, _ := listening(t, func(int) bool {
		if first.CompareAndSwap(false, true) {
			close(asked)
			<-release
		}
		return true
	})
	dial(t, l)
	<-asked
	second := dial(t, l)
	served, err := l.Accept()
	require.NoError(t, err)
	assert.Equal(t, second.LocalAddr().String(), served.RemoteAddr().String())
	close(release)
	_, err = l.Accept()
	require.NoError(t, err)
}

func TestClosingLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	l, _ := listening(t, SameUser)
	clients := []net.Conn{dial(t, l), dial(t, l), dial(t, l), dial(t, l), dial(t, l), dial(t, l)} // nobody accepts them
	require.NoError(t, l.Close())
	for _, client := range clients {
		_, err := client.Read(make([]byte, 1))
		assert.Error(t, err, "it must be closed")
	}
	_, err := l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	assert.ErrorIs(t, l.Close(), net.ErrClosed)
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 20*time.Second, time.Millisecond) // +1: the poll itself
}

func TestClosingTheListenerBelowEndsIt(t *testing.T) {
	l, _ := listening(t, SameUser)
	require.NoError(t, l.(*listener).Listener.Close())
	_, err := l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

// Too many open files may pass: whoever accepts is told, waits, and tries again.
func TestPassingErrorsArePassedOn(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := Listen(&crowded{Listener: inner}, SameUser, func(net.Addr, error) {})
	defer func() { _ = l.Close() }()
	_, err = l.Accept()
	require.ErrorIs(t, err, syscall.EMFILE)
	dial(t, l)
	served, err := l.Accept()
	require.NoError(t, err)
	require.NoError(t, served.Close())
}

// crowded has no file left at first.
type crowded struct {
	net.Listener
	failed atomic.Bool
}

func (c *crowded) Accept() (net.Conn, error) {
	if c.failed.CompareAndSwap(false, true) {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return c.Listener.Accept()
}

func TestDialTalksToOurselvesOnly(t *testing.T) {
	l, _ := listening(t, SameUser)
	go func() { _, _ = l.Accept() }()
	c, err := Dial(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, l.Close())
	_, err = Dial(t.Context(), "tcp", l.Addr().String())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestDialGivesUpOnWhoNeverAccepts(t *testing.T) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = deaf.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err = Dial(ctx, "tcp", deaf.Addr().String())
	assert.ErrorIs(t, err, ErrNoOwner)
}

// BenchmarkConnection is the life of a connection, with its owner looked up and without.
func BenchmarkConnection(b *testing.B) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	checked := Listen(inner, SameUser, func(_ net.Addr, reason error) { b.Error(reason) })
	for name, l := range map[string]net.Listener{"plain": plain, "checked": checked} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c, err := net.Dial("tcp", l.Addr().String())
				require.NoError(b, err)
				served, err := l.Accept()
				require.NoError(b, err)
				require.NoError(b, served.Close())
				require.NoError(b, c.Close())
			}
		})
		require.NoError(b, l.Close())
	}
}
