package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/router"
)

// moving is what of a read is never the same.
type moving struct {
	At    adapters.Position `json:"at"`
	Since time.Time         `json:"since,omitzero"`
}

// Keep keeps a look; see [router.Memory]. A look that is kept already stays as it is.
func (s *Store) Keep(ctx context.Context, l router.Look) error {
	same, reads := l, []moving{} // what is the same the next time, unless something has changed, and the rest
	same.AnswerID, same.Asker, same.At, same.Read = "", "", time.Time{}, nil
	for _, g := range l.Read {
		reads = append(reads, moving{At: g.At, Since: g.Query.Since})
		g.At, g.Query.Since = 0, time.Time{}
		same.Read = append(same.Read, g)
	}
	document, err := adapters.Canonical(same)
	if err != nil {
		return fmt.Errorf("keep the look %s: %w", l.AnswerID, err)
	}
	rest, err := adapters.Canonical(reads)
	if err != nil {
		return fmt.Errorf("keep the look %s: %w", l.AnswerID, err)
	}
	err = s.note(ctx, func(ctx context.Context, tx statements) error {
		hash := short(document)
		nums, err := keepContents(ctx, tx, map[content]string{hash: string(document)})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO looks (answer, asker, key, at, content, reads) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			l.AnswerID, storable(l.Asker), hashed(l.Key), micros(l.At), nums[hash], string(rest))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the look %s: %w", l.AnswerID, err)
	}
	return nil
}

// hashed is a key as looks are found by it.
func hashed(key string) int64 {
	hash := short([]byte(key))
	return int64(binary.BigEndian.Uint64(hash[:]))
}

// Look returns the newest look that w wants; see [router.Memory].
func (r *Reader) Look(ctx context.Context, w router.Which) (l router.Look, found bool, err error) {
	where, args := wanted(w)
	err = r.read(ctx, func(ctx context.Context, db queries) error {
		l, err = scanLook(db.QueryRowContext(ctx, lookRows+where+` ORDER BY l.seq DESC LIMIT 1`, args...))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return router.Look{}, false, nil
	}
	if err != nil {
		return router.Look{}, false, fmt.Errorf("read an earlier look: %w", err)
	}
	return l, true, nil
}

const lookRows = `SELECT l.answer, l.asker, l.at, l.reads, c.document FROM looks l JOIN contents c ON c.num = l.content`

// wanted is the condition for what is wanted.
func wanted(w router.Which) (string, []any) {
	var all []string
	var args []any
	want := func(condition string, arg any) {
		all, args = append(all, condition), append(args, arg)
	}
	if w.AnswerID != "" {
		want(`l.answer = ?`, storable(w.AnswerID))
	}
	if w.Asker != "" {
		want(`l.asker = ?`, storable(w.Asker))
	}
	if w.Key != "" {
		want(`l.key = ?`, hashed(w.Key))
	}
	if !w.Before.IsZero() {
		want(`l.at <= ?`, micros(w.Before))
	}
	if len(all) == 0 {
		return "", nil
	}
	return ` WHERE ` + strings.Join(all, " AND "), args
}

func scanLook(row interface{ Scan(...any) error }) (l router.Look, err error) {
	var answer, asker, rest, document string
	var at int64
	if err := row.Scan(&answer, &asker, &at, &rest, &document); err != nil {
		return l, err
	}
	var reads []moving
	if err := errors.Join(json.Unmarshal([]byte(document), &l), json.Unmarshal([]byte(rest), &reads)); err != nil || len(reads) != len(l.Read) {
		return l, fmt.Errorf("the look %s cannot be read: %w", answer, err)
	}
	l.AnswerID, l.Asker, l.At = answer, asker, moment(at)
	for i, read := range reads {
		l.Read[i].At, l.Read[i].Query.Since = read.At, read.Since
	}
	return l, nil
}
