package peer

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// lookups is how many connections are looked up at once.
const lookups = 4

// Listen returns a listener that hands out the connections of l whose other end belongs to an allowed user, see [SameUser].
// Others, and those whose owner cannot be told, are closed and given to refused with the reason. Both functions are called
// by several goroutines at once. Close closes l, waits for lookups that run, and leaves nothing behind.
func Listen(l net.Listener, allowed func(uid int) bool, refused func(from net.Addr, reason error)) net.Listener {
	checked := &listener{Listener: l, allowed: allowed, refused: refused, accepted: make(chan result), closed: make(chan struct{})}
	checked.end = sync.OnceFunc(func() { close(checked.closed) })
	for range lookups {
		checked.workers.Go(checked.work)
	}
	return checked
}

type listener struct {
	net.Listener
	allowed  func(uid int) bool
	refused  func(net.Addr, error)
	accepted chan result
	closed   chan struct{}
	end      func()
	workers  sync.WaitGroup
}

type result struct {
	conn net.Conn
	err  error
}

// Accept returns the next connection of an allowed user.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case next := <-l.accepted:
		return next.conn, next.err
	case <-l.closed:
		return nil, fmt.Errorf("accept on %s: %w", l.Addr(), net.ErrClosed)
	}
}

// Close closes the listener.
func (l *listener) Close() error {
	l.end()
	err := l.Listener.Close()
	l.workers.Wait()
	return err
}

// work accepts until the listener is closed. Errors that may pass, such as too many open files, go to whoever accepts,
// who knows how long to wait.
func (l *listener) work() {
	for {
		conn, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			l.end()
			return
		}
		if err == nil && !l.passes(conn) {
			continue
		}
		select {
		case l.accepted <- result{conn, err}:
		case <-l.closed:
			if conn != nil {
				_ = conn.Close() // nobody is left to serve it
			}
			return
		}
	}
}

func (l *listener) passes(conn net.Conn) bool {
	uid, err := Owner(conn)
	if err == nil && !l.allowed(uid) {
		err = fmt.Errorf("the connection belongs to uid %d, another user", uid)
	}
	if err == nil {
		return true
	}
	_ = conn.Close() // what it could say is of no use to anyone
	l.refused(conn.RemoteAddr(), err)
	return false
}
