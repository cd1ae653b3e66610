package router

import (
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

// manyLines is how far back a log is read when its last lines are too young: as far as a search looks.
const manyLines = 5000
