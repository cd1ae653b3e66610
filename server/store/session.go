package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	settling = 5 * time.Second        // how long a process has to come back that has lost its connection
	beating  = 5 * time.Second        // how often a connection is tried
	again    = 200 * time.Millisecond // between attempts to connect
)

// session is the presence of a process that shares a PostgreSQL database: a connection of its own that holds an advisory lock
// with its name, and one that the version of the schema is in use. When the connection is lost it is made again.
type session struct {
	config   *pgx.ConnConfig
	db       queries
	instance string
	since    atomic.Pointer[time.Time] // when the locks were taken; nil while they are not held
	stop     context.CancelFunc
	stopped  chan struct{}

	mu     sync.Mutex
	missed map[string]absence // processes that hold no lock
}

// absence is since when a process was seen to hold no lock, on one connection of the one that looks.
type absence struct {
	on          *time.Time
	first, last time.Time
}

// attend makes this process known.
func attend(ctx context.Context, config *pgx.ConnConfig, db queries, instance string) (*session, error) {
	p := &session{config: config, db: db, instance: instance, stopped: make(chan struct{}), missed: map[string]absence{}}
	conn, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	var running context.Context
	running, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	go p.stay(running, conn)
	return p, nil
}

// take connects and takes the locks. A lock that the server has not yet taken from the connection before is waited for.
func (p *session) take(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, p.config)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, `SELECT pg_advisory_lock_shared($1, $2)`, lockSpace, lockVersion+knows(p.instance))
	if err == nil {
		_, err = conn.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, p.instance)
	}
	if err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // it is of no use
		return nil, err
	}
	now := time.Now()
	p.since.Store(&now)
	return conn, nil
}

// stay holds the locks until the context ends.
func (p *session) stay(ctx context.Context, conn *pgx.Conn) {
	defer close(p.stopped)
	for ctx.Err() == nil {
		if conn != nil {
			p.hold(ctx, conn)
			p.since.Store(nil)
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			_ = conn.Close(last)
			cancel()
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
			conn, _ = p.take(ctx) // why not is told by whoever wants something of the database
		}
	}
	if conn != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
	}
}

// hold returns when the connection is lost. A server or a network that has gone without a word is noticed by asking.
func (p *session) hold(ctx context.Context, conn *pgx.Conn) {
	for err := error(nil); err == nil && ctx.Err() == nil; {
		pause, cancel := context.WithTimeout(ctx, beating)
		_, _ = conn.WaitForNotification(pause) // nobody sends one: it ends with the connection, too
		cancel()
		brief, cancel := context.WithTimeout(ctx, patience)
		err = conn.Ping(brief)
		cancel()
	}
}

// alive takes a process for dead only when it has had the time to come back: its connection may have been lost, or all were
// when the database was away.
func (p *session) alive(ctx context.Context, instance string) (bool, error) {
	since := p.since.Load()
	if since == nil {
		return true, nil
	}
	var held bool
	err := p.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND (classid::bigint << 32) | objid::bigint = hashtextextended(?, 0))`, instance).Scan(&held)
	if err != nil || p.since.Load() != since {
		return true, err
	}
	return p.present(instance, held, since), nil
}

// present reports whether a process holds its lock, or held it just now. What was seen long ago says nothing of that.
func (p *session) present(instance string, held bool, on *time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held {
		delete(p.missed, instance)
		return true
	}
	now := time.Now()
	a := p.missed[instance]
	if a.on != on || now.Sub(a.last) > 4*settling {
		a = absence{on: on, first: now}
	}
	a.last = now
	p.missed[instance] = a
	return now.Sub(a.first) < settling
}

func (p *session) outlast(ctx context.Context, tx statements, has, want int) (func() error, error) {
	for version := has; version < want; version++ {
		var free bool
		err := tx.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock(?, ?)`, lockSpace, lockVersion+version).Scan(&free)
		if err != nil {
			return nil, err
		}
		if !free {
			return nil, errOlder
		}
	}
	return func() error { return nil }, nil
}

func (p *session) close() error {
	p.stop()
	<-p.stopped
	return nil
}
