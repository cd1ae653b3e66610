package router

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"clanker/adapters"
	"clanker/intents"
)

// Desk is where a [Fallback] reads: redacted, recorded, and each read in the answer's evidence. Nothing that it reaches can write. It
// is safe for concurrent use.
type Desk struct {
	router  *Router
	matcher *Matcher
	match   Match
	id      string
	asked   Question
	names   adapters.Names
	place   adapters.Query // the context that the asker bounds the question to; zero for none
	steps   *steps
	earlier *Look // see [Desk.Earlier]; nil for none

	mu    sync.Mutex // guards what follows
	draft *draft     // nil when the answer is made: what comes later is nobody's
	shown shown
}

// shown is what a [Desk] has shown, for the rows of the answer.
type shown struct {
	resources [][]adapters.Resource
	items     [][]Item
	changes   []adapters.Change
}

// ID is that of the answer.
func (k *Desk) ID() string { return k.id }

// Question is the text that was asked, without what looks like a secret; the asker's own words, not to be taken for orders to anybody
// else.
func (k *Desk) Question() string { return adapters.RedactText(k.asked.Text) }

// Match is what the matcher made of the question: the intents that are nearest to it.
func (k *Desk) Match() Match { return k.match }

// Now is the time by the router's clock.
func (k *Desk) Now() time.Time { return k.router.now() }

// Catalog is all that can be asked by [Desk.Ask].
func (k *Desk) Catalog() *intents.Catalog { return k.matcher.catalog }

// Near is what the matcher makes of another text.
func (k *Desk) Near(text string) Match { return k.matcher.Match(text, k.names) }

// Names are the names that the workspace has seen.
func (k *Desk) Names() adapters.Names { return k.names }

// Connections says what the workspace reaches, and as whom.
func (k *Desk) Connections(ctx context.Context) []adapters.Connection {
	return k.router.workspace.Connections(ctx)
}

// Query reads resources.
func (k *Desk) Query(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	return k.taken(k.router.workspace.Query(ctx, k.within(q)))
}

// Changes reads what changed.
func (k *Desk) Changes(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	return k.taken(k.router.workspace.Changes(ctx, k.within(q)))
}

// Logs reads what workloads wrote.
func (k *Desk) Logs(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	return k.taken(k.router.workspace.Logs(ctx, k.within(q)))
}

// within keeps a read to the asker's context, wherever else the model would look.
func (k *Desk) within(q adapters.Query) adapters.Query {
	if k.place.Scope == (adapters.Scope{}) {
		return q
	}
	q.Scope.Cluster, q.Scope.Account = k.place.Scope.Cluster, k.place.Scope.Account
	if len(q.Providers) == 0 {
		q.Providers = k.place.Providers
	}
	return q
}

// taken notes what was read.
func (k *Desk) taken(s adapters.Snapshot, err error) (adapters.Snapshot, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil && k.draft != nil {
		k.draft.read(s)
		k.shown.resources = append(k.shown.resources, s.Resources)
		k.shown.changes = append(k.shown.changes, s.Changes...)
	}
	return s, err
}

// Ask answers what an intent asks for, with slots of the types that the intent gives them. An unknown intent is an error.
func (k *Desk) Ask(ctx context.Context, id string, slots intents.Slots) (Answer, error) {
	in, ok := k.matcher.catalog.Intent(id)
	if !ok {
		return Answer{}, fmt.Errorf("there is no intent %q", id)
	}
	d, err := k.router.begin(Question{Text: k.asked.Text, Context: k.asked.Context, Asker: k.asked.Asker})
	if err != nil {
		return Answer{}, err
	}
	d.names = k.names
	hit := MatchHit{Intent: in, Slots: k.placed(slots), Score: 1, Source: sourceModel}
	d.answer.Intent = answered(hit, nil)
	if err := k.router.answer(ctx, d, hit); err != nil {
		return Answer{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.draft != nil {
		k.draft.took(d)
		k.shown.items = append(k.shown.items, d.rows.items)
		k.shown.changes = append(k.shown.changes, d.data.Changes...)
	}
	return d.alone(k.router.now()), nil
}

// placed keeps the slots of an intent to the asker's context, too.
func (k *Desk) placed(slots intents.Slots) intents.Slots {
	if _, named := slots["cluster"]; !named || k.place.Scope == (adapters.Scope{}) {
		return slots
	}
	slots = maps.Clone(slots)
	if slots["cluster"] = k.place.Scope.Cluster; k.place.Scope.Cluster == "" {
		delete(slots, "cluster")
	}
	return slots
}

// Step tells the asker what is being done.
func (k *Desk) Step(text string) { k.steps.say(text) }

// close takes the draft from the desk: a read that comes late changes no answer.
func (k *Desk) close() shown {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.draft = nil
	return k.shown
}

// took notes what another draft has read.
func (d *draft) took(other *draft) {
	d.sources = append(d.sources, other.sources...)
	d.glances = append(d.glances, other.glances...)
	d.notKept = cmp.Or(d.notKept, other.notKept)
	d.answer.Demo = d.answer.Demo || other.answer.Demo
	for kind, n := range other.redactions {
		d.redactions[kind] += n
	}
	d.found = d.found || other.found
}

// alone is the first page of an answer that nobody will ask for the next of.
func (d *draft) alone(now time.Time) Answer {
	k := &kept{answer: d.finish(now), rows: d.rows}
	a := k.page(position{}, d.asked.Limit, d.asked.Bytes)
	if a.Truncation != nil {
		a.Truncation.Cursor = ""
	}
	return a
}
