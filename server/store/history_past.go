package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/router"
)

// past reads what was seen to change of the resources that some queries match.
type past struct {
	db    queries
	known *known
	of    []adapters.Query
	most  int // changes that are read; more are an error
}

// mostChanges are as many as are compared for one answer, and more than anybody reads.
const mostChanges = 20_000

// matching are the resources that the queries match, by number: those that are there, and those that went after a position.
func (p past) matching(ctx context.Context, after int64) (map[int64]*sighted, error) {
	p.known.mu.Lock()
	defer p.known.mu.Unlock()
	if err := p.known.refresh(ctx, p.db); err != nil {
		return nil, err
	}
	found := map[int64]*sighted{}
	take := func(r *sighted) {
		if slices.ContainsFunc(p.of, func(q adapters.Query) bool { return q.Matches(r.identity) }) {
			found[r.num] = r
		}
	}
	for _, r := range p.known.byID {
		take(r)
	}
	return found, each(ctx, p.db, func(rows *sql.Rows) error {
		r, err := scanSighted(rows)
		if err == nil {
			take(r)
		}
		return err
	}, `SELECT `+sightedColumns+` FROM resources WHERE content IS NULL AND seq > ?`, after)
}

// between returns the changes after one position up to another, oldest first. Where there are many, only those of the
// resources that match are read.
func (p past) between(ctx context.Context, after, upTo int64) ([]adapters.Change, error) {
	if after >= upTo {
		return nil, nil
	}
	of, err := p.matching(ctx, after)
	if err != nil {
		return nil, err
	}
	where := fmt.Sprintf(`v.seq > %d AND v.seq <= %d`, after, upTo)
	if upTo-after <= 8*int64(len(of)) {
		few, err := p.read(ctx, of, where)
		return inOrder(few), err
	}
	var all []located
	for few := range slices.Chunk(slices.Sorted(maps.Keys(of)), batch) {
		some, err := p.read(ctx, of, where+` AND v.resource IN (`+numbers(few)+`)`)
		if err != nil {
			return nil, err
		}
		if all = append(all, some...); p.most > 0 && len(all) > p.most {
			return nil, router.ErrTooMuch
		}
	}
	return inOrder(all), nil
}

// lastOfEach returns the newest change of each resource that is matched, oldest first.
func (p past) lastOfEach(ctx context.Context) ([]adapters.Change, error) {
	of, err := p.matching(ctx, 0)
	if err != nil {
		return nil, err
	}
	var newest []int64
	for _, r := range of {
		newest = append(newest, r.seq)
	}
	slices.Sort(newest)
	var all []located
	for few := range slices.Chunk(newest, batch) {
		some, err := p.read(ctx, of, `v.seq IN (`+numbers(few)+`)`)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return inOrder(all), nil
}

// located is a change with its position.
type located struct {
	seq int64
	adapters.Change
}

func inOrder(all []located) []adapters.Change {
	slices.SortFunc(all, func(a, b located) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.Field, b.Field)) })
	changes := make([]adapters.Change, len(all))
	for i, c := range all {
		changes[i] = c.Change
	}
	return changes
}

// read reads changes, and leaves out those of other resources.
func (p past) read(ctx context.Context, of map[int64]*sighted, where string) ([]located, error) {
	found := []located{}
	err := each(ctx, p.db, func(rows *sql.Rows) error {
		var c located
		var num, at, earliest int64
		var was, now sql.NullString
		if err := rows.Scan(&c.seq, &num, &at, &earliest, &c.Field, &was, &now); err != nil {
			return err
		}
		r, ok := of[num]
		if !ok {
			return nil
		}
		c.Resource, c.Provider, c.Kind, c.Name, c.Scope = r.identity.ID, r.identity.Provider, r.identity.Kind, r.identity.Name, r.identity.Scope
		c.At, c.Earliest = moment(at), moment(earliest)
		err := errors.Join(readValue(was, &c.Before), readValue(now, &c.After))
		if found = append(found, c); p.most > 0 && len(found) > p.most {
			return router.ErrTooMuch
		}
		return err
	}, `SELECT v.seq, v.resource, v.at, v.earliest, c.field, c.was, c.now FROM versions v JOIN changes c ON c.seq = v.seq WHERE `+where)
	return found, err
}

// readValue reads one side of a change.
func readValue(text sql.NullString, into *any) error {
	if !text.Valid {
		return nil
	}
	if err := json.Unmarshal([]byte(text.String), into); err != nil {
		return fmt.Errorf("read a row of the table changes: %w", err)
	}
	*into = listed(*into)
	return nil
}

// Sightings tells when resources were seen; see [router.Memory].
func (r *Reader) Sightings(ctx context.Context, ids []string) (map[string]router.Sighting, error) {
	sightings := map[string]router.Sighting{}
	err := r.read(ctx, func(ctx context.Context, db queries) error {
		rows, err := sightedOf(ctx, db, ids)
		if err != nil {
			return err
		}
		asked, err := readCover(ctx, db)
		if err != nil {
			return err
		}
		var unsteady []int64 // numbers
		for id, row := range rows {
			s := router.Sighting{First: moment(row.first), Last: moment(row.last), Since: moment(row.since)}
			if row.content == 0 {
				s.Gone = moment(row.at)
			} else {
				s.Last = moment(max(row.at, asked.told(row.identity)))
			}
			if row.since != 0 {
				unsteady = append(unsteady, row.num)
			}
			sightings[id] = s
		}
		return flaps(ctx, db, unsteady, sightings)
	})
	if err != nil {
		return nil, fmt.Errorf("read when resources were seen: %w", err)
	}
	return sightings, nil
}

// flapping is how far back changes of health are counted.
const flapping = time.Hour

// flaps counts the changes of health.
func flaps(ctx context.Context, db queries, nums []int64, sightings map[string]router.Sighting) error {
	if len(nums) == 0 {
		return nil
	}
	oldest := slices.MinFunc(slices.Collect(maps.Values(sightings)), func(a, b router.Sighting) int { return a.Last.Compare(b.Last) }).Last
	after, err := positionAt(ctx, db, oldest.Add(-flapping))
	if err != nil {
		return err
	}
	for few := range slices.Chunk(nums, batch) {
		err := each(ctx, db, func(rows *sql.Rows) error {
			var id string
			var at int64
			if err := rows.Scan(&id, &at); err != nil {
				return err
			}
			s := sightings[id]
			if when := moment(at); when.After(s.Last.Add(-flapping)) && !when.After(s.Last) {
				s.Flaps++
			}
			sightings[id] = s
			return nil
		}, `SELECT r.id, v.at FROM resources r JOIN versions v ON v.resource = r.num JOIN changes c ON c.seq = v.seq AND c.field = 'health'
			WHERE v.seq > ? AND r.num IN (`+numbers(few)+`)`, after)
		if err != nil {
			return err
		}
	}
	return nil
}
