package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/router"
)

// Reserve keeps what a call of a model may cost at most, before it is made, or returns a [*router.LimitError] when that would
// be more than the limit allows. Whoever reserves takes turns, between processes too, so that all together never get more.
// What is reserved counts as spent until [Store.Settle] says what it was; so does that of a process that has died.
func (s *Store) Reserve(ctx context.Context, spend router.Spend, limit router.SpendLimit) error {
	err := spend.Check()
	if err == nil {
		err = s.write(ctx, func(ctx context.Context, tx statements) error {
			spent, err := spentSince(ctx, tx, limit.From, time.Time{}, "")
			if err == nil {
				err = limit.Allow(spent, spend)
			}
			if err == nil {
				err = reserve(ctx, tx, spend)
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("reserve what a call of %s may cost: %w", spend.Model, err)
	}
	return nil
}

func reserve(ctx context.Context, tx statements, s router.Spend) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO spend (id, answer, asker, model, at, input, cached, output, cost) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.ID, s.Answer, storable(s.Asker), storable(s.Model), micros(s.At), s.Tokens.In, s.Tokens.Cached, s.Tokens.Out, s.Cost)
	return err
}

// Settle keeps what a call did cost, which may also be more than was reserved for it. A call that was not reserved is an
// error. What was asked for has been spent, so give it a context that does not end with the question.
func (s *Store) Settle(ctx context.Context, id string, tokens router.Tokens, cost router.Cost) error {
	err := router.Spend{Tokens: tokens, Cost: cost}.Check()
	if err == nil {
		err = s.write(ctx, func(ctx context.Context, tx statements) error {
			result, err := tx.ExecContext(ctx, `UPDATE spend SET input = ?, cached = ?, output = ?, cost = ? WHERE id = ?`, tokens.In, tokens.Cached, tokens.Out, cost, id)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				return cmp.Or(err, errors.New("it was not reserved"))
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("keep what the call %s of a model did cost: %w", id, err)
	}
	return nil
}

// Spent sums up what calls cost that began since from and before to, all of them where to is zero, for one asker or, where
// that is empty, for all. With a zero to it includes what is dated later than now.
func (r *Reader) Spent(ctx context.Context, from, to time.Time, asker string) (router.Spent, error) {
	spent, err := ask(ctx, r, func(ctx context.Context, db queries) (router.Spent, error) {
		return spentSince(ctx, db, from, to, asker)
	})
	if err != nil {
		return router.Spent{}, fmt.Errorf("sum up what models cost: %w", err)
	}
	return spent, nil
}

// sums are the columns of a [router.Spent]. PostgreSQL sums into numerics.
const sums = `count(*), CAST(coalesce(sum(input), 0) AS BIGINT), CAST(coalesce(sum(cached), 0) AS BIGINT), CAST(coalesce(sum(output), 0) AS BIGINT),
	CAST(coalesce(sum(cost), 0) AS BIGINT),
	CAST(coalesce(sum(CASE WHEN cost IS NULL THEN input END), 0) AS BIGINT), CAST(coalesce(sum(CASE WHEN cost IS NULL THEN cached END), 0) AS BIGINT),
	CAST(coalesce(sum(CASE WHEN cost IS NULL THEN output END), 0) AS BIGINT)`

// summed are the places of those columns.
func summed(s *router.Spent) []any {
	return []any{&s.Calls, &s.Tokens.In, &s.Tokens.Cached, &s.Tokens.Out, &s.Cost, &s.Unpriced.In, &s.Unpriced.Cached, &s.Unpriced.Out}
}

// between are the calls since ?1 and before ?2, or all since ?1 where ?2 is 0.
const between = ` FROM spend WHERE at >= ?1 AND (CAST(?2 AS BIGINT) = 0 OR at < ?2)`

func spentSince(ctx context.Context, db queries, from, to time.Time, asker string) (s router.Spent, err error) {
	err = db.QueryRowContext(ctx, `SELECT `+sums+between+` AND (CAST(?3 AS TEXT) = '' OR asker = ?3)`, micros(from), micros(to), storable(asker)).Scan(summed(&s)...)
	return s, err
}

// DaySpent is what one asker spent on one model on one day.
type DaySpent struct {
	Day   time.Time // when it began, in UTC
	Asker string
	Model string
	router.Spent
}

// day is how long one of UTC is, in microseconds.
const day = int64(24 * time.Hour / time.Microsecond)

// SpentBy sums up as [Reader.Spent] does, by day, asker and model, in that order.
func (r *Reader) SpentBy(ctx context.Context, from, to time.Time) ([]DaySpent, error) {
	var all []DaySpent
	err := r.read(ctx, func(ctx context.Context, db queries) error {
		return each(ctx, db, func(rows *sql.Rows) error {
			var d DaySpent
			var number int64
			err := rows.Scan(append([]any{&number, &d.Asker, &d.Model}, summed(&d.Spent)...)...)
			d.Day = time.UnixMicro(number * day).UTC()
			all = append(all, d)
			return err
		}, fmt.Sprintf(`SELECT at / %d, asker, model, `, day)+sums+between+` GROUP BY 1, 2, 3`, micros(from), micros(to))
	})
	if err != nil {
		return nil, fmt.Errorf("sum up what models cost: %w", err)
	}
	slices.SortFunc(all, func(a, b DaySpent) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Asker, b.Asker), cmp.Compare(a.Model, b.Model))
	})
	return all, nil
}

// Note keeps what a model looked into. One that is kept already stays as it is.
func (s *Store) Note(ctx context.Context, i router.Investigation) error {
	document, err := adapters.Canonical(i)
	if err == nil {
		err = s.note(ctx, func(ctx context.Context, tx statements) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO investigations (answer, at, document) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, i.Answer, micros(i.At), string(document))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("keep what a model looked into for %s: %w", i.Answer, err)
	}
	return nil
}

// Investigations returns the newest that models looked into since a time, the newest first; limit 0 means all.
func (r *Reader) Investigations(ctx context.Context, since time.Time, limit int) ([]router.Investigation, error) {
	var all []router.Investigation
	err := r.read(ctx, func(ctx context.Context, db queries) error {
		return each(ctx, db, func(rows *sql.Rows) error {
			var text string
			var i router.Investigation
			err := rows.Scan(&text)
			if err == nil {
				err = json.Unmarshal([]byte(text), &i)
			}
			all = append(all, i)
			return err
		}, `SELECT document FROM investigations WHERE at >= ? ORDER BY at DESC, answer DESC LIMIT ?`, micros(since), cmp.Or(max(limit, 0), math.MaxInt))
	})
	if err != nil {
		return nil, fmt.Errorf("read what models looked into: %w", err)
	}
	return all, nil
}
