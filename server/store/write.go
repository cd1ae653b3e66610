package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// patience is how long the database has for one call, unless [Options] say otherwise: an answer does not hang when it does.
const patience = 3 * time.Second

// patiently bounds a call.
func (r *Reader) patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, cmp.Or(r.patience, patience), errPatience)
}

// kind is what is written: that of which nothing may be lost, or what was observed.
type kind int

const (
	ledger kind = iota
	history
)

// write changes the ledger in one transaction. When it returns without an error, all of it has reached the disk; after an
// error there is nothing, unless the connection was lost while it was committed: then nobody knows.
//
// Writers of the ledger take turns, in this process and between processes, from before do is called until all is committed.
// So what do reads first is still so when it writes. It asks with the context that it is given, which ends in time.
func (s *Store) write(ctx context.Context, do func(context.Context, statements) error) error {
	return s.transact(ctx, ledger, s.writer, do)
}

// note is write for the history, with turns of its own in PostgreSQL; in the one file there is one turn for both. With SQLite
// it does not wait for the disk: after a power failure the newest notes may be missing, always from the end, and nothing else
// is lost; a process that is killed loses none. Keep short what do does: everybody else waits.
func (s *Store) note(ctx context.Context, do func(context.Context, statements) error) error {
	return s.transact(ctx, history, s.notes, do)
}

func (s *Store) transact(ctx context.Context, k kind, db *sql.DB, do func(context.Context, statements) error) error {
	ctx, cancel := s.patiently(ctx)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return s.because(ctx, ctx.Err())
	}
	return s.because(ctx, s.dialect.transact(ctx, db, k, func(tx statements) error { return do(ctx, tx) }))
}

// transact does something in one transaction, when it is its turn: all of it is kept afterwards, or none of it.
func (d *dialect) transact(ctx context.Context, db *sql.DB, k kind, do func(statements) error) error {
	tx, err := db.BeginTx(ctx, nil)
	for d.busy(err) && ctx.Err() == nil {
		tx, err = db.BeginTx(ctx, nil) // has waited for a millisecond: with longer ones a busy process would keep the others out
	}
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if turn := d.turn[k]; turn != "" {
		if _, err := tx.ExecContext(ctx, turn); err != nil {
			return err
		}
	}
	if err := do(d.on(tx)); err != nil {
		return err
	}
	return tx.Commit()
}

// read gives the database some time for what do asks. What do sees may change between two queries.
func (r *Reader) read(ctx context.Context, do func(context.Context, queries) error) error {
	ctx, cancel := r.patiently(ctx)
	defer cancel()
	return r.because(ctx, do(ctx, r.db))
}

// ask is read for what has a result.
func ask[T any](ctx context.Context, r *Reader, do func(context.Context, queries) (T, error)) (result T, err error) {
	err = r.read(ctx, func(ctx context.Context, db queries) (err error) {
		result, err = do(ctx, db)
		return err
	})
	return result, err
}

var errPatience = errors.New("the database does not answer: look whether it runs, and whether this machine reaches it")

// oneLine is an error of a driver that writes several.
type oneLine struct{ error }

func (e oneLine) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }

func (e oneLine) Unwrap() error { return e.error }

// because says what to do about an error, or why the context ended where that is why.
func (r *Reader) because(ctx context.Context, err error) error {
	if err == nil || r.dialect == nil {
		return err
	}
	if remedy := r.dialect.remedy(err); remedy != "" {
		return fmt.Errorf("%s: %w", remedy, oneLine{err})
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}
