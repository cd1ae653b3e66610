package store

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	settling = 5 * time.Second        // how long other processes have to come back after the database was away
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
}

// attend makes this process known.
func attend(ctx context.Context, config *pgx.ConnConfig, db queries, instance string) (*session, error) {
	p := &session{config: config, db: db, instance: instance, stopped: make(chan struct{})}
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
			_, _ = conn.WaitForNotification(ctx) // nobody sends one: it ends with the connection
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

// alive takes a process for dead only when it has had the time to come back: after the database was away all locks are free.
func (p *session) alive(ctx context.Context, instance string) (bool, error) {
	since := p.since.Load()
	if since == nil || time.Since(*since) < settling {
		return true, nil
	}
	var held bool
	err := p.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND (classid::bigint << 32) | objid::bigint = hashtextextended(?, 0))`, instance).Scan(&held)
	return held || p.since.Load() != since, err
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
