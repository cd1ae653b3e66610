package suggest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
	"clanker/router"
)

// Options say what proposals are made for.
type Options struct {
	Layers []intents.Layer                        // of the catalogue that is in use
	Suites []eval.Suite                           // that must not fare worse; what the intents say of themselves is asked too
	Names  adapters.Names                         // that are known when questions are asked
	Least  int                                    // questions of a group; less than 2 counts as 2
	Intent func(tool string) (id string, ok bool) // the intent that a tool stands for; nil: no tool does
}

// Proposal is an intent that would have answered questions which went to a model, and what is known of it.
type Proposal struct {
	ID        string        `json:"id"`
	Extends   bool          `json:"extends"`         // an intent that is there gets further examples; else it is new
	YAML      string        `json:"yaml"`            // a file of intents
	Questions []string      `json:"questions"`       // that it is made of, the oldest first
	LeftOut   []string      `json:"leftOut"`         // of its questions, why they cannot be examples
	First     time.Time     `json:"first"`           // when the first of them was asked
	Last      time.Time     `json:"last"`            // and the last
	Asked     int           `json:"asked"`           // how often they were asked, with repetitions
	Tokens    router.Tokens `json:"tokens"`          // that all of that took
	Cost      router.Cost   `json:"costMicroUsd"`    // of the times whose cost is known; null if there are none
	Unpriced  int           `json:"unpriced"`        // times whose cost is not known
	Doubts    []string      `json:"doubts"`          // what a person should look at
	Compared  int           `json:"compared"`        // questions that were asked with it and without
	Harm      []string      `json:"harm"`            // those that it takes though they are not its own, and examples of others that are lost
	Drift     []string      `json:"drift"`           // those near the edge of other intents that fare worse, for it is learned beside them
	HeldOut   HeldOut       `json:"heldOut"`         // its own questions, each asked without having been learned
	Fault     string        `json:"fault,omitempty"` // why it is given up; empty if it passed
}

// HeldOut is how questions fared that an intent had not learned.
type HeldOut struct {
	Asked int `json:"asked"`
	Right int `json:"right"`
}

// proposer is the state of one [Propose].
type proposer struct {
	Options
	catalog *intents.Catalog
	matcher *router.Matcher
	words   *words
	learned memory
	taken   map[string]bool // ids
}

// memory keeps what was learned, for drafts that are tried again with other risks: these are not learned.
type memory map[string][]byte

var _ router.Cache = memory{}

// Load returns what was stored under the key.
func (m memory) Load(key string) ([]byte, bool) {
	value, ok := m[key]
	return value, ok
}

// Store keeps the value.
func (m memory) Store(key string, value []byte) { m[key] = value }

// Propose makes an intent of each group of questions, checks it, and returns all of them, also those that are given up: first those
// that would have answered most questions. It fails with [intents.Errors] if the catalogue does, or when ctx ends.
func Propose(ctx context.Context, all []router.Investigation, o Options) ([]Proposal, error) {
	p := &proposer{Options: o, learned: memory{}, taken: map[string]bool{}}
	p.Least = max(p.Least, 2)
	if p.Intent == nil {
		p.Intent = func(string) (string, bool) { return "", false }
	}
	var err error
	if p.catalog, p.matcher, err = load(p.Layers, p.learned); err != nil {
		return nil, fmt.Errorf("load the intents in use: %w", err)
	}
	p.words = newWords(p.catalog)
	drafts := p.drafts(p.groups(all))
	if err := p.prove(ctx, drafts); err != nil {
		return nil, err
	}
	proposals := make([]Proposal, len(drafts))
	for i, d := range drafts {
		proposals[i] = d.proposal()
	}
	return proposals, nil
}

// drafts makes an intent of each group, those of most questions first. Groups that the same intent answers are one.
func (p *proposer) drafts(groups []*group) []*draft {
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(b.asked(), a.asked()) })
	var all []*draft
	for _, g := range groups {
		d := p.draft(g)
		if i := slices.IndexFunc(all, func(o *draft) bool { return o.extends != nil && o.extends == d.extends }); i >= 0 {
			all[i].all = append(all[i].all, g.all...)
			continue
		}
		all = append(all, d)
	}
	return all
}

// proposal is what is to be told of a draft.
func (d *draft) proposal() Proposal {
	r := d.result
	r.ID, r.Extends, r.Doubts, r.Asked = d.intent.ID, d.extends != nil, append([]string{}, d.doubts...), d.asked()
	r.LeftOut, r.Harm, r.Drift = append([]string{}, r.LeftOut...), append([]string{}, r.Harm...), append([]string{}, r.Drift...)
	for _, q := range d.all {
		r.Questions = append(r.Questions, q.Question)
		for _, one := range q.times {
			r.count(one)
		}
	}
	return r
}

// count adds one time that a question was asked.
func (r *Proposal) count(one router.Investigation) {
	if r.First.IsZero() || one.At.Before(r.First) {
		r.First = one.At
	}
	if one.At.After(r.Last) {
		r.Last = one.At
	}
	r.Tokens = r.Tokens.Plus(one.Tokens)
	if one.Cost == nil {
		r.Unpriced++
		return
	}
	if r.Cost == nil {
		r.Cost = new(int64)
	}
	*r.Cost += *one.Cost
}

func load(layers []intents.Layer, caches ...router.Cache) (*intents.Catalog, *router.Matcher, error) {
	catalog, err := intents.LoadAll(layers...)
	if err != nil {
		return nil, nil, err
	}
	matcher, err := router.NewMatcher(catalog, caches...)
	return catalog, matcher, err
}
