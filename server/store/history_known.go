package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"clanker/adapters"
)

// known is what this process knows of the resources that are there, so that an estate that did not change is compared
// without reading it. Other processes write, too: [known.refresh] reads what is newer than what it has.
type known struct {
	mu       sync.Mutex
	contents contents
	at       int64 // the position up to which it knows all
	byID     map[string]*sighted
	round    int // of comparing
}

// sighted is a row of the table resources.
type sighted struct {
	num, seq               int64
	identity               adapters.Resource
	hash                   content
	content                int64 // 0: it is gone
	at, first, since, last int64
	round                  int // in which it was last met
}

const sightedColumns = `num, id, identity, hash, content, seq, at, first, since, last`

func scanSighted(rows *sql.Rows) (*sighted, error) {
	r := &sighted{}
	var identity string
	var hash []byte
	var content sql.NullInt64
	var id string
	if err := rows.Scan(&r.num, &id, &identity, &hash, &content, &r.seq, &r.at, &r.first, &r.since, &r.last); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(identity), &r.identity); err != nil || len(hash) != len(r.hash) {
		return nil, fmt.Errorf("the row of %s in the table resources cannot be read: %w", id, err)
	}
	r.identity.ID, r.hash, r.content = id, [16]byte(hash), content.Int64
	return r, nil
}

// refresh reads what others have written meanwhile.
func (k *known) refresh(ctx context.Context, db queries) error {
	newest, err := position(ctx, db)
	if err != nil || newest == k.at {
		return err
	}
	if k.byID == nil || newest < k.at { // older than before: somebody has put a backup there
		k.at, k.byID = 0, map[string]*sighted{}
	}
	// Of the first time those that are gone are left out.
	err = each(ctx, db, func(rows *sql.Rows) error {
		r, err := scanSighted(rows)
		if err == nil {
			k.learn(r)
			newest = max(newest, r.seq)
		}
		return err
	}, `SELECT `+sightedColumns+` FROM resources WHERE seq > ?1 AND (?1 > 0 OR content IS NOT NULL)`, k.at)
	if err == nil {
		k.at = newest
	}
	return err
}

func (k *known) learn(r *sighted) {
	if r.content == 0 {
		delete(k.byID, r.identity.ID)
		return
	}
	k.byID[r.identity.ID] = r
}

// position is the newest there is.
func position(ctx context.Context, db queries) (newest int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT seq FROM history`).Scan(&newest)
	return newest, err
}

// observation is a snapshot with the content of each of its resources.
type observation struct {
	adapters.Snapshot
	at    int64 // microseconds
	key   content
	query string
	shape content
	hash  []content // of the resources
}

// difference is what of an observation is not as it is known.
type difference struct {
	fresh   []int      // resources of the observation that are not known to be there
	changed []met      // that are known to be otherwise
	gone    []*sighted // that it should have brought
}

type met struct {
	i  int
	as *sighted
}

func (d difference) none() bool { return len(d.fresh)+len(d.changed)+len(d.gone) == 0 }

// compare finds what is not as it is known. A health that is unknown because a source failed is no news.
func (k *known) compare(o *observation) difference {
	var d difference
	k.round++
	for i := range o.Resources {
		r := &o.Resources[i]
		as, ok := k.byID[r.ID]
		switch {
		case ephemeral(r.Kind) || ok && as.round == k.round:
		case !ok:
			d.fresh = append(d.fresh, i)
		case as.hash != o.hash[i] && (r.Health != adapters.HealthUnknown || o.Observed(*r)):
			d.changed = append(d.changed, met{i, as})
		}
		if ok {
			as.round = k.round
		}
	}
	for _, as := range k.byID {
		if as.round != k.round && o.Observed(as.identity) {
			d.gone = append(d.gone, as)
		}
	}
	slices.SortFunc(d.gone, func(a, b *sighted) int { return cmp.Compare(a.identity.ID, b.identity.ID) })
	return d
}

// ephemeral are the kinds of which each is seen for a while and never again: they are told by their own time.
func ephemeral(k adapters.Kind) bool { return k == adapters.KindEvent }

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
