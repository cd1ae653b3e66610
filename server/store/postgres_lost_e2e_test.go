//go:build e2e

package store_test

import (
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/server/store"
	"clanker/server/store/pgtest"
	"clanker/server/store/storetest"
)

// end ends the connection that tells that a process is alive, as the server sees it.
func end(t *testing.T, server *pgtest.Server, s *store.Store) {
	t.Helper()
	require.NoError(t, server.Execute("db1", `SELECT pg_terminate_backend(pid) `+lockOf(s)))
}

// stays wants a process to be alive for another all the time.
func stays(t *testing.T, s, other *store.Store, during time.Duration) {
	t.Helper()
	for end := time.Now().Add(during); time.Now().Before(end); {
		alive, err := other.Alive(t.Context(), s.Instance())
		require.NoError(t, err)
		require.True(t, alive)
	}
}

// A process that only loses its connection lives: it has the time to come back, also where the others lost none.
func TestALostConnectionIsNoDeath(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	p := shared(server)(t)
	s, other := p.Open(t), beside(t, p).Open(t)
	storetest.Gone(t, other, "2-AAAAAAAAAAAAAAAAAAAAAAAAAA") // by now it believes what it sees
	for range 2 {
		end(t, server, s)
		stays(t, s, other, 2*time.Second)
	}
}

// A connection of which only this end is left is noticed, and made again.
func TestADeadConnectionIsMadeAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	p := shared(server)(t)
	other := p.Open(t)
	between := &wire{to: filepath.Join(folderOf(t, p.Database), ".s.PGSQL.5432")}
	here := beside(t, p)
	here.Database = "postgres://postgres@/db1?host=" + url.QueryEscape(between.listen(t))
	s, err := store.Open(t.Context(), here.Dir, store.Options{Database: here.Database, Patience: time.Second})
	require.NoError(t, err)
	require.True(t, holds(server, s))
	between.cut()
	end(t, server, s)
	require.Eventually(t, func() bool { return !holds(server, s) }, 10*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return holds(server, s) }, 30*time.Second, 100*time.Millisecond)
	stays(t, s, other, time.Second)
	require.Eventually(t, func() bool { // once each connection has been found to be dead
		_, err := s.Append(t.Context(), approval.Event{Type: approval.EventRefused, Body: approval.Refused{Why: "nothing of the kind"}})
		return err == nil
	}, 30*time.Second, 100*time.Millisecond)
	require.NoError(t, s.Close())
}

// holds reports whether a process holds the lock that tells that it is alive.
func holds(server *pgtest.Server, s *store.Store) bool {
	return server.Execute("db1", `DO $$ BEGIN IF NOT EXISTS (SELECT `+lockOf(s)+`) THEN RAISE 'it does not'; END IF; END $$`) == nil
}

func lockOf(s *store.Store) string {
	return `FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND (classid::bigint << 32) | objid::bigint = hashtextextended('` + s.Instance() + `', 0)`
}

func folderOf(t *testing.T, address string) string {
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Query().Get("host")
}

// wire leads to a server, and can go silent without a word to either end.
type wire struct {
	to string

	mu    sync.Mutex
	ended chan struct{}
}

func (w *wire) listen(t *testing.T) (folder string) {
	folder, err := os.MkdirTemp("", "pg") // the name of a socket may not be long
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	w.ended = make(chan struct{})
	l, err := net.Listen("unix", filepath.Join(folder, ".s.PGSQL.5432"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	go func() {
		for {
			near, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			go w.carry(near)
		}
	}()
	return folder
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.ended)
	w.ended = make(chan struct{})
}

func (w *wire) carry(near net.Conn) {
	far, err := net.Dial("unix", w.to)
	if err != nil {
		_ = near.Close()
		return
	}
	w.mu.Lock()
	ended := w.ended
	w.mu.Unlock()
	pass := func(to, from net.Conn) {
		buffer := make([]byte, 64<<10)
		for {
			n, err := from.Read(buffer)
			select {
			case <-ended:
				return // and neither end hears of it
			default:
			}
			if _, errTo := to.Write(buffer[:n]); err != nil || errTo != nil {
				_ = to.(interface{ CloseWrite() error }).CloseWrite()
				return
			}
		}
	}
	go pass(far, near)
	pass(near, far)
}
