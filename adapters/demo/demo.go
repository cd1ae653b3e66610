// Package demo is a driver without a provider: an invented estate in memory, over several providers at once, so that the
// program can be tried, shown and tested on a machine that is signed in to nothing.
//
// The estate is story.yaml: what there is, and what happens to it. Time moves in it, counted from the start of the
// workspace, so that a question asked twice can have two answers: a staging service fails after five minutes and is back
// after twelve, there is a deployment after half an hour, and the cache fails over after an hour. The estate is a function
// of the story, the start and the clock alone: a fixed clock gives a fixed estate.
//
// Commands change it, in memory and until the workspace ends: see [Demo.Run]. The story goes on around them.
//
// The driver plays by the rules of [adapters.Adapter] like any other. Its resources carry the provider they pretend to
// come from, its sources the call that would have brought them, and the identity "demo"; each of its connections says
// Demo, and from that every answer says so too. Nothing uses it unless it was asked for.
//
// What List returns belongs to the caller, who may write to it.
package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clanker/adapters"
)

// Name is the name of the driver, and the identity in all its sources.
const Name = "demo"

var (
	_ adapters.Adapter   = (*Demo)(nil)
	_ adapters.Changer   = (*Demo)(nil)
	_ adapters.Logger    = (*Demo)(nil)
	_ adapters.Several   = (*Demo)(nil)
	_ adapters.Fictional = (*Demo)(nil)
	_ adapters.Runner    = (*Demo)(nil)
)

// Demo is the invented estate. It is safe for concurrent use: nothing in it changes after [New] but that the epochs are
// replaced by others when a command has run.
type Demo struct {
	now         func() time.Time
	start       time.Time
	commands    sync.Mutex              // one runs at a time
	events      []event                 // the story's and those of commands, by time
	epochs      atomic.Pointer[[]epoch] // by time, never empty
	kinds       []adapters.Kind
	providers   []string
	connections []adapters.Connection
	story       *story
}

// New opens the estate; its story starts now. An error is a mistake in story.yaml and names the place.
func New(now func() time.Time) (*Demo, error) { return open(now, "story.yaml", storyYAML) }

func open(now func() time.Time, file, text string) (*Demo, error) {
	s, err := load(file, text)
	if err != nil {
		return nil, fmt.Errorf("open the demo estate: %w", err)
	}
	d := &Demo{now: now, start: now().UTC(), story: s, events: s.Events}
	epochs := s.timeline(d.start, d.events)
	d.epochs.Store(&epochs)
	kinds, providers := map[adapters.Kind]bool{}, map[string]bool{}
	for _, g := range epochs[0].groups {
		kinds[g.kind], providers[g.place.Provider] = true, true
	}
	d.kinds, d.providers = slices.Sorted(maps.Keys(kinds)), slices.Sorted(maps.Keys(providers))
	for _, c := range s.Connections {
		where := s.Places[c.In]
		d.connections = append(d.connections, adapters.Connection{Provider: where.Provider, Name: c.Name, Identity: Name,
			Scope: where.Scope, Detail: c.Detail, Default: c.Default, Demo: true})
	}
	return d, nil
}

// Name returns "demo". The resources name the providers they pretend to come from: see [Demo.Providers].
func (d *Demo) Name() string { return Name }

// Providers returns the providers that the estate speaks for, sorted.
func (d *Demo) Providers() []string { return slices.Clone(d.providers) }

// Demo says that all of it is invented.
func (d *Demo) Demo() bool { return true }

// Kinds returns the kinds in the estate, sorted.
func (d *Demo) Kinds() []adapters.Kind { return slices.Clone(d.kinds) }

// Connections returns what the story pretends to be connected to.
func (d *Demo) Connections(context.Context) []adapters.Connection { return slices.Clone(d.connections) }

// List returns the resources of the estate as they are now.
func (d *Demo) List(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("list the demo estate: %w", err)
	}
	now := d.now().UTC()
	covered, size := covering(d.at(now).groups, q)
	found := make([]adapters.Resource, 0, size)
	sources := make([]adapters.Source, 0, len(covered))
	for _, g := range covered {
		before := len(found)
		for _, r := range g.resources {
			if q.Matches(r) && (r.Kind != adapters.KindEvent || !r.Since.Before(q.Since)) {
				found = append(found, handOut(r, now, q.NamesOnly))
			}
		}
		sources = append(sources, source(g.place, g.call, now, len(found)-before))
	}
	return found, orNothing(sources, q, now), nil
}

// Changes returns the changes of the story so far, newest first: those since q.Since, or the last that was made to each resource
// and what has happened to it since.
func (d *Demo) Changes(ctx context.Context, q adapters.Query) ([]adapters.Change, []adapters.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("list the changes of the demo estate: %w", err)
	}
	now := d.now().UTC()
	e := d.at(now)
	var found []adapters.Change
	last := map[string]time.Time{} // made to each resource
	for _, c := range e.changes {
		if !q.Matches(adapters.Resource{Provider: c.Provider, Kind: c.Kind, Name: c.Name, Scope: c.Scope}) {
			continue
		}
		made, known := last[c.Resource]
		if !known && c.Field != "health" && !strings.HasPrefix(c.Field, adapters.EventField) {
			last[c.Resource] = c.At
		}
		if q.Since.IsZero() && (!known || c.At.Equal(made)) || !q.Since.IsZero() && !c.At.Before(q.Since) {
			found = append(found, c)
		}
	}
	return found, orNothing(changeSources(e.groups, q, found, now), q, now), nil
}

// covering returns the groups that a read of q calls, and how many resources they hold.
func covering(groups []*group, q adapters.Query) (covered []*group, size int) {
	for _, g := range groups {
		if g.covers(q) {
			covered = append(covered, g)
			size += len(g.resources)
		}
	}
	return covered, size
}

// changeSources has one entry for each place that q covers and that keeps a record of changes.
func changeSources(groups []*group, q adapters.Query, found []adapters.Change, now time.Time) []adapters.Source {
	var sources []adapters.Source
	covered, _ := covering(groups, q)
	for _, g := range covered {
		same := func(s adapters.Source) bool { return s.Call == g.changes && s.Scope == g.place.Scope }
		if g.changes == "" || slices.ContainsFunc(sources, same) {
			continue
		}
		count := 0
		for _, c := range found {
			scope := c.Scope
			scope.Zone = g.place.Zone
			if c.Provider == g.place.Provider && scope == g.place.Scope {
				count++
			}
		}
		sources = append(sources, source(g.place, g.changes, now, count))
	}
	return sources
}

// at returns the epoch that a moment lies in.
func (d *Demo) at(now time.Time) epoch {
	epochs := *d.epochs.Load()
	i := sort.Search(len(epochs), func(i int) bool { return epochs[i].from.After(now) })
	return epochs[max(i-1, 0)]
}

// orNothing keeps the promise that every read has a source, also where the estate has no place that was asked for.
func orNothing(sources []adapters.Source, q adapters.Query, now time.Time) []adapters.Source {
	if len(sources) > 0 {
		return sources
	}
	return []adapters.Source{source(place{Provider: Name, Scope: q.Scope}, "demo estate", now, 0)}
}

// source is the evidence of a call that was not made. It took a millisecond, since reading memory takes no time worth
// telling and a fixed clock shall give a fixed answer.
func source(where place, call string, now time.Time, count int) adapters.Source {
	return adapters.Source{Provider: where.Provider, Call: call, Identity: Name, Scope: where.Scope, At: now,
		Took: time.Millisecond, Count: count}
}

// handOut stamps a resource with the time of the read. Its maps stay those of the story, which nobody writes to.
func handOut(r adapters.Resource, now time.Time, namesOnly bool) adapters.Resource {
	r.Observed = now
	if namesOnly {
		r.Attributes, r.Metrics = nil, nil
	}
	return r
}
