package router

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clanker/adapters"
)

// changes answers with what changed in the time that was asked for, or with the last change of each resource; an intent
// whose id ends in "last" asks for the last deployment alone.
func (r *Router) changes(ctx context.Context, d *draft) error {
	snapshot, err := r.workspace.Changes(ctx, d.query)
	if err != nil {
		return err
	}
	d.read(snapshot)
	d.data.Changes = upTo(d.until(), snapshot.Changes, changedAt)
	d.data.Total = len(d.data.Changes)
	if d.variant() == "last" {
		d.data.Changes = lastEvent(d.data.Changes)
	}
	d.found = len(d.data.Changes) > 0
	if !d.found && d.nowhere() {
		return nil
	}
	d.addChanges(d.data.Changes)
	return d.say(fmt.Sprintf("%d changes in %s", len(d.data.Changes), d.data.Place))
}

// lastEvent returns the newest deployment: of changes that are sorted newest first, those made together in the newest event
// that is more than a scaling, and how the same thing was scaled since: people do both for one deployment. Without such an
// event the newest of any kind will do, and changes without any event come back as they are.
func lastEvent(changes []adapters.Change) []adapters.Change {
	isEvent := func(c adapters.Change) bool { return c.Event != "" }
	i := slices.IndexFunc(changes, func(c adapters.Change) bool { return isEvent(c) && c.Field != "replicas" })
	if i < 0 {
		i = slices.IndexFunc(changes, isEvent)
	}
	if i < 0 {
		return changes
	}
	var last []adapters.Change
	for _, c := range changes {
		if madeTogether(c, changes[i]) || c.Resource == changes[i].Resource && c.Field == "replicas" && c.At.After(changes[i].At) {
			last = append(last, c)
		}
	}
	return last
}

// madeTogether reports whether two changes belong to one event. Providers count revisions for each resource anew, so they
// share the event's name and its resource, or its instant.
func madeTogether(a, b adapters.Change) bool {
	return a.Event == b.Event && a.Provider == b.Provider && (a.Resource == b.Resource || a.At.Equal(b.At))
}

func (d *draft) addChanges(changes []adapters.Change) {
	for _, c := range changes {
		d.rows.addChange(AnswerChange{
			At: c.At.UTC().Truncate(time.Millisecond), Kind: c.Kind, Ref: c.Resource, Name: c.Name, Location: location(c.Scope), Field: c.Field,
			Old: c.Before, New: c.After, Actor: c.Actor, Event: c.Event, Source: c.Provider,
		})
	}
}
