package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"

	"clanker/adapters"
)

// news is what of an observation is new.
type news struct {
	*observation
	known *known
	asked cover
	at    int64 // the newest position
	tells int64 // the newest that the observation could tell
	steps []*step
}

// step takes one resource to another version.
type step struct {
	is       *adapters.Resource // nil: gone
	hash     content
	was      *sighted // nil: it was never seen
	told     bool     // of a resource that was not there: that it was not
	earliest int64
	document string
	content  int64 // its number; 0: gone
}

// sort finds the steps, by ID, and leaves out what somebody has seen later than this observation.
func (n *news) sort(ctx context.Context, db queries) error {
	d := n.known.compare(n.observation)
	var ids []string
	for _, i := range d.fresh {
		ids = append(ids, n.Resources[i].ID)
	}
	before, err := sightedOf(ctx, db, ids)
	if err != nil {
		return err
	}
	once := map[string]bool{}
	for _, i := range d.fresh {
		if r := &n.Resources[i]; !once[r.ID] {
			once[r.ID] = true
			n.add(&step{is: r, hash: n.hash[i], was: before[r.ID]}, *r)
		}
	}
	for _, m := range d.changed {
		n.add(&step{is: &n.Resources[m.i], hash: n.hash[m.i], was: m.as}, m.as.identity)
	}
	for _, as := range d.gone {
		n.add(&step{was: as}, as.identity)
	}
	slices.SortFunc(n.steps, func(a, b *step) int { return cmp.Compare(a.id(), b.id()) })
	return nil
}

func (s *step) identity() adapters.Resource {
	if s.is != nil {
		return *s.is
	}
	return s.was.identity
}

func (s *step) id() string { return s.identity().ID }

// add takes a step, unless it was seen later than this that all is otherwise: then this observation cannot tell what was
// kept since.
func (n *news) add(s *step, identity adapters.Resource) {
	last := n.asked.told(identity)
	s.told = last > 0 || s.was != nil
	if s.was != nil {
		last = max(last, s.was.at)
	}
	if last > n.observation.at && last <= n.observation.at+overlap.Microseconds() {
		if s.was != nil {
			n.tells = min(n.tells, s.was.seq-1)
		}
		return
	}
	s.earliest = min(last, n.observation.at)
	n.steps = append(n.steps, s)
}

// sightedOf are the rows of these resources.
func sightedOf(ctx context.Context, db queries, ids []string) (map[string]*sighted, error) {
	found := map[string]*sighted{}
	for few := range slices.Chunk(ids, batch) {
		args := make([]any, len(few))
		for i, id := range few {
			args[i] = id
		}
		err := each(ctx, db, func(rows *sql.Rows) error {
			r, err := scanSighted(rows)
			if err == nil {
				found[r.identity.ID] = r
			}
			return err
		}, `SELECT `+sightedColumns+` FROM resources WHERE id IN (`+places(len(few))+`)`, args...)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// write keeps the steps, and that the history has begun.
func (n *news) write(ctx context.Context, tx statements) error {
	changes, err := n.changes(ctx, tx)
	if err != nil {
		return err
	}
	if err := n.writeContents(ctx, tx); err != nil {
		return err
	}
	if n.tells == n.at {
		n.tells += int64(len(n.steps))
	}
	if err := n.writeSteps(ctx, tx, changes); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE history SET seq = ?1, since = CASE WHEN since = 0 THEN ?2 ELSE since END`, n.at, n.observation.at)
	return err
}

// changes are the differences that the steps make, by resource. Both sides are compared as they are kept; a resource that
// is seen where nobody had looked before is no difference.
func (n *news) changes(ctx context.Context, db queries) (map[string][]adapters.Change, error) {
	was, err := n.documents(ctx, db)
	if err != nil {
		return nil, err
	}
	var before, after adapters.Snapshot
	for _, s := range n.steps {
		before.Sources = append(before.Sources, adapters.Source{Provider: s.identity().Provider}) // answers for all
		if s.was != nil && s.was.content != 0 {
			before.Resources = append(before.Resources, was[s.was.content])
		}
		if s.is == nil {
			continue
		}
		if s.document, err = n.known.contents.document(*s.is); err != nil {
			return nil, err
		}
		if is, err := readDocument(s.document); err != nil {
			return nil, err
		} else if s.told {
			after.Resources = append(after.Resources, is)
		}
	}
	after.Sources = before.Sources
	changes := map[string][]adapters.Change{}
	for _, c := range adapters.Diff(before, after) {
		changes[c.Resource] = append(changes[c.Resource], c)
	}
	return changes, nil
}

// documents are what the resources of the steps were.
func (n *news) documents(ctx context.Context, db queries) (map[int64]adapters.Resource, error) {
	var nums []int64
	for _, s := range n.steps {
		if s.was != nil && s.was.content != 0 {
			nums = append(nums, s.was.content)
		}
	}
	documents := map[int64]adapters.Resource{}
	for few := range slices.Chunk(nums, batch) {
		err := each(ctx, db, func(rows *sql.Rows) error {
			var num int64
			var text string
			if err := rows.Scan(&num, &text); err != nil {
				return err
			}
			r, err := readDocument(text)
			documents[num] = r
			return err
		}, `SELECT num, document FROM contents WHERE num IN (`+numbers(few)+`)`)
		if err != nil {
			return nil, err
		}
	}
	return documents, nil
}

// writeContents keeps what the resources are, and finds its numbers.
func (n *news) writeContents(ctx context.Context, tx statements) error {
	texts := map[content]string{}
	for _, s := range n.steps {
		if s.is != nil {
			texts[s.hash] = s.document
		}
	}
	nums, err := keepContents(ctx, tx, texts)
	for _, s := range n.steps {
		if s.is != nil {
			s.content = nums[s.hash]
		}
	}
	return err
}

// keepContents keeps documents that are not kept yet, and returns the numbers of all.
func keepContents(ctx context.Context, tx statements, texts map[content]string) (map[content]int64, error) {
	var rows [][]any
	var hashes []any
	for _, hash := range slices.SortedFunc(maps.Keys(texts), func(a, b content) int { return bytes.Compare(a[:], b[:]) }) {
		rows = append(rows, []any{hash[:], texts[hash]})
		hashes = append(hashes, hash[:])
	}
	if err := insertAll(ctx, tx, `contents (hash, document)`, rows, ` ON CONFLICT DO NOTHING`); err != nil {
		return nil, err
	}
	nums := make(map[content]int64, len(texts))
	for few := range slices.Chunk(hashes, batch) {
		err := each(ctx, tx, func(rows *sql.Rows) error {
			var num int64
			var hash []byte
			err := rows.Scan(&num, &hash)
			nums[content(hash)] = num
			return err
		}, `SELECT num, hash FROM contents WHERE hash IN (`+places(len(few))+`)`, few...)
		if err != nil {
			return nil, err
		}
	}
	return nums, nil
}

// writeSteps gives each step a position.
func (n *news) writeSteps(ctx context.Context, tx statements, changes map[string][]adapters.Change) error {
	var versions, fields, resources [][]any
	for _, s := range n.steps {
		n.at++
		after := n.after(s, changes[s.id()])
		after.identity.ID = "" // it has a column
		identity, err := adapters.Canonical(after.identity)
		if err != nil {
			return err
		}
		resources = append(resources, []any{after.num, s.id(), string(identity), after.hash[:], null(after.content), after.seq, after.at, after.first, after.since, after.last})
		versions = append(versions, []any{n.at, after.num, after.at, s.earliest, null(after.content)})
		for _, c := range changes[s.id()] {
			was, now, err := values(c)
			if err != nil {
				return err
			}
			fields = append(fields, []any{n.at, storable(c.Field), was, now})
		}
	}
	return errors.Join(
		insertAll(ctx, tx, `versions (seq, resource, at, earliest, content)`, versions, ``),
		insertAll(ctx, tx, `changes (seq, field, was, now)`, fields, ` ON CONFLICT DO NOTHING`),
		insertAll(ctx, tx, `resources (`+sightedColumns+`)`, resources, ` ON CONFLICT (id) DO UPDATE SET identity = excluded.identity, hash = excluded.hash,
			content = excluded.content, seq = excluded.seq, at = excluded.at, since = excluded.since, last = excluded.last`))
}

// after is what is known of a resource after its step, which is at the newest position.
func (n *news) after(s *step, changes []adapters.Change) sighted {
	r := sighted{num: n.at, first: n.observation.at}
	if s.was != nil {
		r = *s.was
	}
	r.seq, r.at, r.content, r.last = n.at, n.observation.at, s.content, 0
	if s.is == nil {
		r.last = s.earliest
	} else {
		r.hash, r.identity = s.hash, s.is.Identity()
	}
	if s.was != nil && s.is != nil && slices.ContainsFunc(changes, func(c adapters.Change) bool { return c.Field == "health" || c.Field == "resource" }) {
		r.since = n.observation.at
	}
	return r
}

// values are both sides of a change as they are kept.
func values(c adapters.Change) (was, now sql.NullString, err error) {
	for _, side := range []struct {
		value any
		into  *sql.NullString
	}{{c.Before, &was}, {c.After, &now}} {
		if side.value == nil {
			continue
		}
		text, err := adapters.Canonical(side.value)
		if err != nil {
			return was, now, err
		}
		*side.into = sql.NullString{String: string(text), Valid: true}
	}
	return was, now, nil
}

// writeQuery keeps that the query was asked, and who could tell.
func (n *news) writeQuery(ctx context.Context, tx statements) error {
	before := n.asked.of(n.key)
	where, err := adapters.Canonical(before.after(placesOf(n.Snapshot)))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO queries (key, document, shape, places, first, last) VALUES (?2, ?5, ?3, ?6, ?1, ?1)
		ON CONFLICT (key) DO UPDATE SET shape = excluded.shape, places = excluded.places, last = `+strings.ReplaceAll(latest, "last", "queries.last"),
		n.observation.at, n.key[:], n.shape[:], overlap.Microseconds(), n.query, string(where))
	return err
}

// most is how many steps one transaction takes: with more it could take longer than it may.
const most = 5000

// batch is how many rows one statement has.
const batch = 500

// insertAll inserts rows, many with each statement: a database may be far away.
func insertAll(ctx context.Context, tx statements, into string, rows [][]any, then string) error {
	for few := range slices.Chunk(rows, batch) {
		row := "(" + places(len(few[0])) + ")"
		_, err := tx.ExecContext(ctx, `INSERT INTO `+into+` VALUES `+strings.Repeat(row+",", len(few)-1)+row+then, slices.Concat(few...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// places are so many parameters.
func places(n int) string { return strings.Repeat("?,", n-1) + "?" }

// storable is text as every database takes it.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
