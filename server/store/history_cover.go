package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"clanker/adapters"
)

// asked is a row of the table queries: what was asked for, and when that could be told.
type asked struct {
	key    content
	query  adapters.Query
	shape  content
	places []place
	last   int64
}

// place is one that answered or failed in the newest observation, at [asked.last], or did before.
type place struct {
	Provider string         `json:"provider"`
	Scope    adapters.Scope `json:"scope,omitzero"`
	State    string         `json:"state,omitempty"`    // in the newest observation: answered or failed; empty: nothing was said of it
	Answered int64          `json:"answered,omitempty"` // when it last did before
}

const (
	answered = "answered"
	failed   = "failed"
)

// selecting is the query without what does not select resources: with another of that it is the same question.
func selecting(q adapters.Query) adapters.Query {
	return adapters.Query{Providers: q.Providers, Kinds: q.Kinds, Name: q.Name, Scope: q.Scope}
}

// placesOf are the places that a snapshot looked at, sorted, each once. One of several calls that fails is enough.
func placesOf(s adapters.Snapshot) []place {
	var places []place
	for _, source := range s.Sources {
		state := answered
		if source.Error != nil {
			state = failed
		}
		i := slices.IndexFunc(places, func(p place) bool { return p.Provider == source.Provider && p.Scope == source.Scope })
		switch {
		case i < 0:
			places = append(places, place{Provider: source.Provider, Scope: source.Scope, State: state})
		case state == failed:
			places[i].State = failed
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), slices.Compare(a.words(), b.words()))
	})
	return places
}

func (p place) words() []string {
	return []string{p.Scope.Account, p.Scope.Region, p.Scope.Zone, p.Scope.Environment, p.Scope.Cluster, p.Scope.Namespace}
}

// after is what is known of the places once a later observation has been to some of them.
func (a asked) after(now []place) []place {
	for _, p := range a.places {
		if p.State == answered && !a.failed(p.overlaps) {
			p.Answered = a.last
		}
		p.State = ""
		i := slices.IndexFunc(now, func(n place) bool { return n.Provider == p.Provider && n.Scope == p.Scope })
		switch {
		case i >= 0:
			now[i].Answered = p.Answered
		case p.Answered > 0:
			now = append(now, p)
		}
	}
	return now
}

func (p place) overlaps(other place) bool {
	return p.Provider == other.Provider && (p.Scope.Contains(other.Scope) || other.Scope.Contains(p.Scope))
}

// failed reports whether a place like that failed in the newest observation.
func (a asked) failed(like func(place) bool) bool {
	return slices.ContainsFunc(a.places, func(p place) bool { return p.State == failed && like(p) })
}

// told is when the query last brought the resource, or would have: a place that it can be in answered, and none failed
// then. It is 0 when it never did.
func (a asked) told(r adapters.Resource) (newest int64) {
	if !a.query.Matches(r) {
		return 0
	}
	holds := func(p place) bool { return p.Provider == r.Provider && p.Scope.Contains(r.Scope) }
	for _, p := range a.places {
		switch {
		case !holds(p):
		case p.State == answered && !a.failed(holds):
			newest = max(newest, a.last)
		default:
			newest = max(newest, p.Answered)
		}
	}
	return newest
}

// cover is all that was ever asked for.
type cover []asked

// told is when any of it last told of the resource.
func (c cover) told(r adapters.Resource) (newest int64) {
	for _, a := range c {
		newest = max(newest, a.told(r))
	}
	return newest
}

// of returns the query of that key, or a new one.
func (c cover) of(key content) asked {
	i := slices.IndexFunc(c, func(a asked) bool { return a.key == key })
	if i < 0 {
		return asked{key: key}
	}
	return c[i]
}

func readCover(ctx context.Context, db queries) (c cover, err error) {
	err = each(ctx, db, func(rows *sql.Rows) error {
		var a asked
		var key, shape []byte
		var document, places string
		if err := rows.Scan(&key, &document, &shape, &places, &a.last); err != nil {
			return err
		}
		copy(a.key[:], key)
		copy(a.shape[:], shape)
		if err := json.Unmarshal([]byte(document), &a.query); err != nil {
			return fmt.Errorf("read a row of the table queries: %w", err)
		}
		if err := json.Unmarshal([]byte(places), &a.places); err != nil {
			return fmt.Errorf("read a row of the table queries: %w", err)
		}
		c = append(c, a)
		return nil
	}, `SELECT key, document, shape, places, last FROM queries ORDER BY key`)
	return c, err
}
