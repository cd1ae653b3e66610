package cli

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server/config"
)

// TestTheCodeIsForPeople: an agent's program reads the standard error of what it started.
func TestTheCodeIsForPeople(t *testing.T) {
	t.Parallel()
	for _, led := range []bool{false, true} {
		var said bytes.Buffer
		h := &gatehouse{app: &app{led: led, stderr: &said, log: slog.New(slog.NewTextHandler(&said, nil))}}
		h.page.Store(&page{host: "localhost:39394"})
		h.announce("abcd-efgh")
		assert.NotEqual(t, led, bytes.Contains(said.Bytes(), []byte("abcd")), "%v: %s", led, said.String())
	}
}

// TestThePageTakesAnotherPort: passkeys belong to the name, so any will do.
func TestThePageTakesAnotherPort(t *testing.T) {
	t.Parallel()
	a := &app{log: slog.New(slog.DiscardHandler)}
	a.config.Operators.Listen = config.Default().Operators.Listen
	if l, err := net.Listen("tcp", a.config.Operators.Listen); err == nil { // else it is taken already
		defer func() { _ = l.Close() }()
	}
	p := &page{app: a}
	require.NoError(t, p.listen())
	if p.other != nil {
		require.NoError(t, p.other.Close())
	}
	require.NoError(t, p.listener.Close())
}

// TestThePageHasBothAddresses: a browser takes localhost for either.
func TestThePageHasBothAddresses(t *testing.T) {
	t.Parallel()
	a := &app{log: slog.New(slog.DiscardHandler)}
	a.config.Operators.Listen = "127.0.0.1:0"
	p := &page{app: a}
	require.NoError(t, p.listen())
	if p.other == nil { // a machine without IPv6
		return
	}
	_, port, err := net.SplitHostPort(p.host)
	require.NoError(t, err)
	_, err = net.Listen("tcp", "[::1]:"+port)
	require.ErrorIs(t, err, syscall.EADDRINUSE, "nobody else can have it")
	require.NoError(t, errors.Join(p.other.Close(), p.listener.Close()))
	squatter, err := net.Listen("tcp", "[::1]:"+port)
	require.NoError(t, err)
	defer func() { _ = squatter.Close() }()
	a.config.Operators.Listen = "127.0.0.1:" + port
	require.ErrorContains(t, p.listen(), "browsers would take for the operator page")
	l, err := net.Listen("tcp", a.config.Operators.Listen)
	require.NoError(t, err, "it holds none when it cannot have both")
	require.NoError(t, l.Close())
}
