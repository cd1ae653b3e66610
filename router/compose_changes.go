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
	shown := d.data.Changes[:min(len(d.data.Changes), d.asked.Limit)]
	d.answer.Changes = answerChanges(shown)
	d.truncated(len(d.data.Changes), len(shown))
	return d.say(fmt.Sprintf("%d changes in %s", len(d.data.Changes), d.data.Place))
}

// lastEvent returns the newest deployment: of changes that are sorted newest first, those made together with the first
// that belongs to an event. Providers count revisions for each resource anew, so changes belong together when they share
// the event's name and its resource, or its instant. Changes without any event come back as they are.
func lastEvent(changes []adapters.Change) []adapters.Change {
	i := slices.IndexFunc(changes, func(c adapters.Change) bool { return c.Event != "" })
	if i < 0 {
		return changes
	}
	last := changes[i]
	var together []adapters.Change
	for _, c := range changes[i:] {
		if c.Event == last.Event && c.Provider == last.Provider && (c.Resource == last.Resource || c.At.Equal(last.At)) {
			together = append(together, c)
		}
	}
	return together
}

func answerChanges(changes []adapters.Change) []AnswerChange {
	rows := make([]AnswerChange, 0, len(changes))
	for _, c := range changes {
		rows = append(rows, AnswerChange{
			At: c.At.UTC().Truncate(time.Millisecond), Kind: c.Kind, Ref: c.Resource, Name: c.Name, Location: location(c.Scope), Field: c.Field,
			Old: c.Before, New: c.After, Actor: c.Actor, Event: c.Event, Source: c.Provider,
		})
	}
	return rows
}
