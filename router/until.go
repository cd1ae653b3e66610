package router

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/intents"
)

// Queries look back to a moment, and questions may ask for a time that has ended: "yesterday", "between 14:00 and 15:00".
// What came later is cut here, after the read.

// until is the end of the time range that was asked for, if that has passed; zero means now.
func (d *draft) until() time.Time {
	for _, value := range d.data.Slots {
		if span, ok := value.(intents.TimeRange); ok {
			if _, end := span.Resolve(d.started); end.Before(d.started) {
				return end
			}
		}
	}
	return time.Time{}
}

// upTo returns what is dated before the end; what has no date stays.
func upTo[T any](end time.Time, all []T, at func(T) time.Time) []T {
	if end.IsZero() {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return !at(one).Before(end) })
}

func changedAt(c adapters.Change) time.Time { return c.At }

// inTime drops events and troubles that are younger than the time asked for. A measurement is of now, and stays.
func (d *draft) inTime(resources []adapters.Resource) []adapters.Resource {
	return upTo(d.until(), resources, func(r adapters.Resource) time.Time {
		if r.Kind == adapters.KindEvent || d.intent.Verdict {
			return r.Since
		}
		return time.Time{}
	})
}

// sinceDeployment finds the deployment that "since the last deployment" counts from: the last of what the question
// names, or of anything in its place. It reports false, with the answer, if none is on record.
func (r *Router) sinceDeployment(ctx context.Context, d *draft, hit MatchHit) (bool, error) {
	span, _ := hit.Slots["time"].(intents.TimeRange)
	switch {
	case span.AfterLook():
		r.sinceLook(ctx, d, hit, span)
		return true, nil
	case !span.AfterDeployment():
		return true, nil
	}
	q := adapters.Query{Providers: d.query.Providers, Kinds: deployable, Name: d.query.Name, Scope: d.query.Scope}
	snapshot, err := r.deployments(ctx, q)
	if err != nil {
		return false, err
	}
	d.read(snapshot)
	d.found = false // what was read so far is no answer
	made := lastDeployed(snapshot.Changes)
	if len(made) == 0 || made[len(made)-1].Event == "" {
		d.answer.Summary = fmt.Sprintf("no deployment on record in %s to count from; give a time instead", d.data.Place)
		return false, nil
	}
	last := made[len(made)-1] // scaling comes after what it is for
	d.warn("the last deployment was %s at %s", last.Event, last.At.UTC().Format(time.RFC3339))
	hit.Slots["time"] = span.From(last.At)
	d.query.Since = last.At
	return true, nil
}

// sinceLook finds the asker's last look, at whatever it was, that "since my last check" counts from; without one the last day
// has to do.
func (r *Router) sinceLook(ctx context.Context, d *draft, hit MatchHit, span intents.TimeRange) {
	at := d.started.Add(-leadTime)
	look, ok, err := r.newestLook(ctx, d)
	switch {
	case err != nil:
		d.warn("when you looked last is not known, so this is of the last day: %v", err)
	case !ok:
		d.warn("no look of yours is kept, so this is of the last day")
	case d.asked.Asker.Claimed() == "":
		at = look.At
		d.warn("who asks is not known, so this is since anybody looked last, at %s", at.UTC().Format(time.RFC3339))
	default:
		at = look.At
		d.warn("you looked last at %s (%s)", at.UTC().Format(time.RFC3339), Clipped(Printable(look.Question), 80))
	}
	hit.Slots["time"] = span.From(at)
	d.query.Since = at
}

func (r *Router) newestLook(ctx context.Context, d *draft) (Look, bool, error) {
	if r.memory == nil {
		return Look{}, false, nil
	}
	ctx, done := context.WithTimeout(ctx, remembering)
	defer done()
	return r.memory.Look(ctx, Which{Asker: d.asked.Asker.Claimed()})
}

// deployable are the kinds that are rolled out.
var deployable = []adapters.Kind{adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet, adapters.KindRelease}

// manyLines is how far back a log is read when its last lines are too young: as far as a search looks.
const manyLines = 5000
