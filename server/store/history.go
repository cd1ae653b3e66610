package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/router"
)

var (
	_ adapters.History = (*Store)(nil)
	_ router.Memory    = (*Store)(nil)
)

// overlap is how much later than a read another may have been made that was kept before it. What differs by more was
// written before somebody set the clock back.
const overlap = time.Minute

// Record keeps an observation; see [adapters.History] and the package's manual. Of an estate that did not change it keeps
// when it was observed, and nothing else.
func (s *Store) Record(ctx context.Context, snapshot adapters.Snapshot) (adapters.Position, error) {
	at, err := s.record(ctx, snapshot)
	if err != nil {
		return 0, fmt.Errorf("keep what was observed: %w", err)
	}
	return adapters.Position(at), nil
}

func (s *Store) record(ctx context.Context, snapshot adapters.Snapshot) (at int64, err error) {
	q := snapshot.Query
	if q.NamesOnly || len(q.Kinds) > 0 && !slices.ContainsFunc(q.Kinds, func(k adapters.Kind) bool { return !ephemeral(k) }) {
		err := s.read(ctx, func(ctx context.Context, db queries) error { at, err = position(ctx, db); return err })
		return at, err
	}
	o, err := s.known.observe(snapshot)
	if err != nil {
		return 0, err
	}
	if at, ok, err := s.confirm(ctx, o); err != nil || ok {
		return at, err
	}
	for done := false; !done && err == nil; {
		err = s.note(ctx, func(ctx context.Context, tx statements) error {
			at, done, err = s.known.write(ctx, tx, o)
			return err
		})
	}
	return at, err
}

// observe finds the contents of a snapshot.
func (k *known) observe(s adapters.Snapshot) (*observation, error) {
	q, err := adapters.Canonical(selecting(s.Query))
	if err != nil {
		return nil, err
	}
	shape, err := adapters.Canonical(placesOf(s))
	if err != nil {
		return nil, err
	}
	o := &observation{Snapshot: s, at: micros(s.At), query: string(q), key: short(q), shape: short(shape), hash: make([]content, len(s.Resources))}
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range s.Resources {
		if o.hash[i], err = k.contents.of(&s.Resources[i]); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// confirm keeps that all is as it is known, and reports whether it is.
func (s *Store) confirm(ctx context.Context, o *observation) (at int64, ok bool, err error) {
	err = s.read(ctx, func(ctx context.Context, db queries) error {
		s.known.mu.Lock()
		defer s.known.mu.Unlock()
		if err := s.known.refresh(ctx, db); err != nil {
			return err
		}
		at, ok = s.known.at, s.known.compare(o).none()
		return nil
	})
	if err != nil || !ok {
		return 0, false, err
	}
	err = s.note(ctx, func(ctx context.Context, tx statements) error {
		result, err := tx.ExecContext(ctx, `UPDATE queries SET last = `+latest+` WHERE key = ?2 AND shape = ?3`, o.at, o.key[:], o.shape[:], overlap.Microseconds())
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		ok = n == 1
		return err
	})
	return at, ok, err
}

// latest is the later of two times, unless the clock was set back between them.
const latest = `CASE WHEN last > ?1 AND last <= ?1 + ?4 THEN last ELSE ?1 END`

// write keeps what is not as it is known, or a part of it, and reports whether that is all: others have to wait meanwhile.
func (k *known) write(ctx context.Context, tx statements, o *observation) (at int64, done bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(ctx, tx); err != nil {
		return 0, false, err
	}
	asked, err := readCover(ctx, tx)
	if err != nil {
		return 0, false, err
	}
	n := news{observation: o, known: k, asked: asked, at: k.at, tells: k.at}
	if err := n.sort(ctx, tx); err != nil {
		return 0, false, err
	}
	if len(n.steps) > most {
		n.steps = n.steps[:most]
		return 0, false, n.write(ctx, tx)
	}
	if err := n.write(ctx, tx); err != nil {
		return 0, false, err
	}
	return n.tells, true, n.writeQuery(ctx, tx)
}

// Changes returns what was seen to change of the resources that q matches, since q.Since, newest first; without that the
// last change of each.
func (r *Reader) Changes(ctx context.Context, q adapters.Query) (changes []adapters.Change, err error) {
	err = r.read(ctx, func(ctx context.Context, db queries) error {
		p := past{db: db, known: &r.known, of: []adapters.Query{q}}
		if q.Since.IsZero() {
			changes, err = p.lastOfEach(ctx)
			return err
		}
		after, err := positionAt(ctx, db, q.Since.Add(-time.Microsecond))
		if err != nil {
			return err
		}
		newest, err := position(ctx, db)
		if err != nil {
			return err
		}
		changes, err = p.between(ctx, after, newest)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what was seen to change: %w", err)
	}
	changes = slices.DeleteFunc(changes, func(c adapters.Change) bool { return c.At.Before(q.Since) })
	slices.Reverse(changes)
	return changes, nil
}

// Between returns what was seen to change; see [router.Memory].
func (r *Reader) Between(ctx context.Context, of []adapters.Query, after, upTo adapters.Position) (changes []adapters.Change, err error) {
	if after >= upTo || len(of) == 0 {
		return nil, nil
	}
	err = r.read(ctx, func(ctx context.Context, db queries) error {
		p := past{db: db, known: &r.known, of: of, most: mostChanges}
		changes, err = p.between(ctx, int64(after), int64(upTo))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what was seen to change between two looks: %w", err)
	}
	return changes, nil
}

// PositionAt returns the position at a time, and when what is kept begins; see [router.Memory].
func (r *Reader) PositionAt(ctx context.Context, at time.Time) (p adapters.Position, first time.Time, err error) {
	err = r.read(ctx, func(ctx context.Context, db queries) error {
		var since int64
		if err := db.QueryRowContext(ctx, `SELECT since FROM history`).Scan(&since); err != nil {
			return err
		}
		newest, err := positionAt(ctx, db, at)
		p, first = adapters.Position(newest), moment(since)
		return err
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("find where the history stood at %s: %w", at.UTC().Format(time.RFC3339), err)
	}
	return p, first, nil
}

// positionAt is that of the newest version of that time or before; 0 when there is none.
func positionAt(ctx context.Context, db queries, at time.Time) (seq int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT coalesce((SELECT seq FROM versions WHERE at <= ? ORDER BY at DESC, seq DESC LIMIT 1), 0)`, micros(at)).Scan(&seq)
	return seq, err
}

// numbers are whole numbers as a list in SQL.
func numbers(all []int64) string {
	text := make([]byte, 0, 8*len(all))
	for _, n := range all {
		text = append(fmt.Appendf(text, "%d", n), ',')
	}
	return string(text[:max(0, len(text)-1)])
}

// null is a number that 0 stands for nothing in.
func null(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: n != 0} }
