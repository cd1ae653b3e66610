package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/router"
)

// Stood returns the resources that q matches as they were known at a position, sorted by ID; the newest position is as good
// as any later one. Reason and relations are as they were when each was first seen so.
func (r *Reader) Stood(ctx context.Context, q adapters.Query, at adapters.Position) (resources []adapters.Resource, err error) {
	err = r.read(ctx, func(ctx context.Context, db queries) error {
		return each(ctx, db, func(rows *sql.Rows) error {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			resource, err := readDocument(text)
			if q.Matches(resource) {
				resources = append(resources, resource)
			}
			return err
		}, `SELECT c.document FROM versions v JOIN contents c ON c.num = v.content
			WHERE v.seq IN (SELECT max(seq) FROM versions WHERE seq <= ? GROUP BY resource)`, int64(at))
	})
	if err != nil {
		return nil, fmt.Errorf("read what was known at the position %d: %w", at, err)
	}
	slices.SortFunc(resources, func(a, b adapters.Resource) int { return cmp.Compare(a.ID, b.ID) })
	return resources, nil
}

// Looks returns the looks since a time, in the order in which they were kept. After an error it ends.
func (r *Reader) Looks(ctx context.Context, since time.Time) iter.Seq2[router.Look, error] {
	return func(yield func(router.Look, error) bool) {
		err := each(ctx, r.db, func(rows *sql.Rows) error {
			l, err := scanLook(rows)
			if err == nil && !yield(l, nil) {
				return errStop
			}
			return err
		}, lookRows+` WHERE l.at >= ? ORDER BY l.seq`, micros(since))
		if err != nil && !errors.Is(err, errStop) {
			yield(router.Look{}, fmt.Errorf("read the looks: %w", err))
		}
	}
}

// stride is how many positions are read at a time.
const stride = 10_000

// Seen returns all changes since a time that were seen of the resources that q matches, oldest first. After an error it ends.
func (r *Reader) Seen(ctx context.Context, q adapters.Query, since time.Time) iter.Seq2[adapters.Change, error] {
	return func(yield func(adapters.Change, error) bool) {
		after, err := positionAt(ctx, r.db, since.Add(-time.Microsecond))
		var newest int64
		if err == nil {
			newest, err = position(ctx, r.db)
		}
		for ; err == nil && after < newest; after += stride {
			var changes []adapters.Change
			changes, err = r.Between(ctx, []adapters.Query{q}, adapters.Position(after), adapters.Position(min(after+stride, newest)))
			for _, c := range changes {
				if !c.At.Before(since) && !yield(c, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(adapters.Change{}, fmt.Errorf("read the changes: %w", err))
		}
	}
}

// Stats is how much is kept of what was observed.
type Stats struct {
	Tables []TableStats `json:"tables"`
	Oldest time.Time    `json:"oldest,omitzero"` // from when on all is kept
}

// TableStats is how much one table has. Bytes are about what its rows and their indexes take.
type TableStats struct {
	Name  string `json:"name"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// Table returns the figures of one table.
func (s Stats) Table(name string) TableStats {
	i := slices.IndexFunc(s.Tables, func(t TableStats) bool { return t.Name == name })
	if i < 0 {
		return TableStats{Name: name}
	}
	return s.Tables[i]
}

// Bytes are those of all tables.
func (s Stats) Bytes() (sum int64) {
	for _, t := range s.Tables {
		sum += t.Bytes
	}
	return sum
}

// tables are those of the history, with what a row and its indexes take beside its long columns (bytes, in SQLite; a test
// measures it), and what those take.
func tables() []struct {
	name, long string
	row        int64
} {
	return []struct {
		name, long string
		row        int64
	}{
		{"contents", "octet_length(document)", 50},
		{"resources", "2 * octet_length(id) + octet_length(identity)", 110},
		{"versions", "0", 75},
		{"changes", "octet_length(field) + coalesce(octet_length(was), 0) + coalesce(octet_length(now), 0)", 12},
		{"queries", "octet_length(document) + octet_length(places)", 60},
		{"looks", "2 * octet_length(answer) + 2 * octet_length(asker) + octet_length(reads)", 90},
	}
}

// Stats tells how much is kept. It reads all of it.
func (r *Reader) Stats(ctx context.Context) (s Stats, err error) {
	var since int64
	err = r.db.QueryRowContext(ctx, `SELECT since FROM history`).Scan(&since)
	s.Oldest = moment(since)
	for _, t := range tables() {
		has := TableStats{Name: t.name}
		if err == nil {
			err = r.db.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(`+t.long+`), 0) FROM `+t.name).Scan(&has.Rows, &has.Bytes)
		}
		has.Bytes += has.Rows * t.row
		s.Tables = append(s.Tables, has)
	}
	if err != nil {
		return Stats{}, fmt.Errorf("measure the history: %w", err)
	}
	return s, nil
}
