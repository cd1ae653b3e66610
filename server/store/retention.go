package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Retention is how much of the history is kept.
type Retention struct {
	Age   time.Duration // what is older goes; 0: nothing goes for its age
	Bytes int64         // what is beyond goes, the oldest first; 0: nothing goes for its size. It is measured as [Reader.Stats] does
}

// Pruned is what was removed, in rows.
type Pruned struct {
	Before         time.Time `json:"before,omitzero"` // what is older is gone; zero when nothing is
	Looks          int64     `json:"looks"`
	Changes        int64     `json:"changes"`
	Versions       int64     `json:"versions"`
	Questions      int64     `json:"questions"`
	Investigations int64     `json:"investigations"`
	Calls          int64     `json:"calls"` // of models
	Resources      int64     `json:"resources"`
	Contents       int64     `json:"contents"`
}

func (p *Pruned) add(more Pruned) {
	p.Before = more.Before
	for _, n := range [][2]*int64{{&p.Looks, &more.Looks}, {&p.Changes, &more.Changes}, {&p.Versions, &more.Versions},
		{&p.Questions, &more.Questions}, {&p.Investigations, &more.Investigations}, {&p.Calls, &more.Calls}, {&p.Resources, &more.Resources}, {&p.Contents, &more.Contents}} {
		*n[0] += *n[1]
	}
}

// rounds is how often what is too much is measured again: each time it is about halved at least, since the estimate of what
// to remove is not exact.
const rounds = 10

// Prune removes what is too old or too much, in small transactions, so that others can write between them: changes, looks,
// what is no longer needed for them, and what models looked into and cost. What is known of resources that are there stays, and so does the ledger. The file
// of SQLite does not get smaller: what is free in it is used again.
func (s *Store) Prune(ctx context.Context, keep Retention) (Pruned, error) {
	var done Pruned
	var before time.Time
	if keep.Age > 0 {
		before = s.now().Add(-keep.Age)
		removed, err := s.prune(ctx, before)
		done.add(removed)
		if err != nil {
			return done, err
		}
	}
	for range rounds {
		next, err := s.tooMuch(ctx, keep.Bytes)
		if err != nil || !next.After(before) {
			return done, err
		}
		removed, err := s.prune(ctx, next)
		done.add(removed)
		if before = next; err != nil {
			return done, err
		}
	}
	return done, nil
}

// Prunable tells what [Store.Prune] would remove, as far as that is known beforehand: not the resources and contents that
// nothing needs any more after that.
func (r *Reader) Prunable(ctx context.Context, keep Retention, now time.Time) (p Pruned, err error) {
	if p.Before, err = r.tooMuch(ctx, keep.Bytes); err != nil {
		return p, err
	}
	if old := now.Add(-keep.Age); keep.Age > 0 && old.After(p.Before) {
		p.Before = old
	}
	for _, w := range p.sweeps()[:early] {
		if err := r.db.QueryRowContext(ctx, `SELECT count(*) FROM `+w.table+` WHERE `+w.which, micros(p.Before)).Scan(w.count); err != nil {
			return p, fmt.Errorf("find what of the history is too old: %w", err)
		}
	}
	return p, nil
}

// tooMuch is the time before which so much is that without it the history has no more than that many bytes, or a little more;
// zero when it has no more.
func (r *Reader) tooMuch(ctx context.Context, bytes int64) (time.Time, error) {
	if bytes <= 0 {
		return time.Time{}, nil
	}
	stats, err := r.Stats(ctx)
	if err != nil || stats.Bytes() <= bytes {
		return time.Time{}, err
	}
	table := "versions" // the one that most of it belongs to
	if stats.Table("looks").Bytes > stats.Table("versions").Bytes+stats.Table("changes").Bytes {
		table = "looks"
	}
	rows := stats.Table(table).Rows
	surplus := rows - int64(float64(rows)*0.95*float64(bytes)/float64(stats.Bytes()))
	var at int64
	err = r.db.QueryRowContext(ctx, `SELECT coalesce((SELECT at FROM `+table+` ORDER BY at LIMIT 1 OFFSET ?), 0)`, min(surplus, rows-1)).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("find what of the history is too much: %w", err)
	}
	return moment(at + 1), nil
}

// sweep is the removal of rows from one table. Which they are is asked again when they are removed: somebody may have begun
// to need them meanwhile.
type sweep struct {
	count             *int64
	table, key, which string
}

// early is how many of the sweeps depend on none before them.
const early = 6

// sweeps are in an order in which all is right if the next one never comes. Of the versions, those go that another one has
// followed before ?1, and those that say that a resource is gone, which is as good as to say nothing. What models cost stays for
// another day: what was spent today counts, whatever is kept.
func (p *Pruned) sweeps() []sweep {
	return []sweep{
		{&p.Looks, "looks", "seq", `at < ?1`},
		{&p.Questions, "queries", "key", `last < ?1`},
		{&p.Investigations, "investigations", "answer", `at < ?1`},
		{&p.Calls, "spend", "id", fmt.Sprintf(`at < ?1 - %d`, day)},
		{&p.Changes, "changes", "seq", `EXISTS (SELECT 1 FROM versions v WHERE v.seq = changes.seq AND v.at < ?1)`},
		{&p.Versions, "versions", "seq", `at < ?1 AND (EXISTS (SELECT 1 FROM versions w WHERE w.resource = versions.resource AND w.seq > versions.seq AND w.at < ?1)
			OR content IS NULL AND NOT EXISTS (SELECT 1 FROM versions w WHERE w.resource = versions.resource AND w.seq < versions.seq AND w.at >= ?1))`},
		{&p.Resources, "resources", "num", `content IS NULL AND at < ?1 AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.resource = resources.num)`},
		{&p.Contents, "contents", "num", `CAST(?1 AS BIGINT) > 0 AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.content = contents.num)
			AND NOT EXISTS (SELECT 1 FROM looks l WHERE l.content = contents.num) AND NOT EXISTS (SELECT 1 FROM resources r WHERE r.content = contents.num)`},
	}
}

// prune removes what is older.
func (s *Store) prune(ctx context.Context, before time.Time) (Pruned, error) {
	p := Pruned{Before: before}
	for _, w := range p.sweeps() {
		if err := s.sweep(ctx, w, micros(before)); err != nil {
			return p, fmt.Errorf("prune the %s of the history: %w", w.table, err)
		}
	}
	err := s.note(ctx, func(ctx context.Context, tx statements) error {
		_, err := tx.ExecContext(ctx, `UPDATE history SET since = ?1 WHERE since > 0 AND since < ?1`, micros(before))
		return err
	})
	return p, err
}

func (s *Store) sweep(ctx context.Context, w sweep, before int64) error {
	var keys []any
	err := each(ctx, s.db, func(rows *sql.Rows) error {
		var key any
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	}, `SELECT DISTINCT `+w.key+` FROM `+w.table+` WHERE `+w.which+` ORDER BY `+w.key, before)
	if err != nil {
		return err
	}
	for few := range slices.Chunk(keys, batch) {
		err := s.note(ctx, func(ctx context.Context, tx statements) error {
			result, err := tx.ExecContext(ctx, `DELETE FROM `+w.table+` WHERE `+w.which+` AND `+w.key+` IN (`+list(2, len(few))+`)`, append([]any{before}, few...)...)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			*w.count += n
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
