package router

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// comeAndGo are the kinds that what runs them makes and removes all the time: what was seen of them is told only to those who
// ask for them.
var comeAndGo = []adapters.Kind{adapters.KindPod, adapters.KindReplicaSet, adapters.KindJob, adapters.KindEvent}

// timeline makes one stream, newest first, of what the providers tell and of what was seen: within the time that was asked
// for, each change once, those that were made together next to each other.
func (d *draft) timeline(changes []adapters.Change) []adapters.Change {
	changes = upTo(d.until(), slices.Clone(changes), begun)
	told := len(changes)
	changes = slices.DeleteFunc(changes, func(c adapters.Change) bool { return seen(c) && (d.noise(c.Field) || d.passing(c)) })
	if left := told - len(changes); left > 0 {
		d.warn("left out: %s that were seen of pods and other things that come and go with what runs them", adapters.Count(left, "change"))
	}
	var stream []adapters.Change
	for _, group := range grouped(once(changes)) {
		slices.SortStableFunc(group, func(a, b adapters.Change) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Resource, b.Resource), cmp.Compare(placeOf(a), placeOf(b)))
		})
		stream = append(stream, group...)
	}
	return stream
}

// seen reports whether a change was seen by looking twice, so that nobody knows its time or its author.
func seen(c adapters.Change) bool { return !c.Earliest.IsZero() }

// begun is the first moment at which a change may have been made.
func begun(c adapters.Change) time.Time {
	if seen(c) {
		return c.Earliest
	}
	return c.At
}

// passing reports whether a change is of something that comes and goes, though the question is not about such things.
func (d *draft) passing(c adapters.Change) bool {
	return slices.Contains(comeAndGo, c.Kind) && !slices.Contains(d.query.Kinds, c.Kind) && !strings.EqualFold(c.Name, d.query.Name)
}

// retelling is how far apart the times are that two sources give for one change.
const retelling = 2 * time.Minute

// once leaves out what another source tells as well: of changes that are sorted newest first, those that make a field what it
// already is.
func once(changes []adapters.Change) []adapters.Change {
	kept := make([]adapters.Change, 0, len(changes))
	last := map[[2]string]int{} // where the change is that came next, by resource and field
	for _, c := range changes {
		key := [2]string{c.Resource, c.Field}
		i, known := last[key]
		if known && retold(c, kept[i]) {
			kept[i] = better(kept[i], c)
			continue
		}
		last[key] = len(kept)
		kept = append(kept, c)
	}
	return kept
}

// retold reports whether two changes of one field are one, told twice. Those who saw a resource come know its health, others
// that it was created.
func retold(a, b adapters.Change) bool {
	near := begun(a).Sub(b.At) <= retelling && begun(b).Sub(a.At) <= retelling
	if a.Field == deltaWhole {
		return near && (a.Before == nil) == (b.Before == nil)
	}
	return near && reflect.DeepEqual(a.After, b.After) && (a.Before == nil || b.Before == nil || reflect.DeepEqual(a.Before, b.Before))
}

// better is the one of two tellings of a change that knows its time, with all that either knows.
func better(a, b adapters.Change) adapters.Change {
	if seen(a) && !seen(b) {
		a, b = b, a
	}
	if a.Actor == "" {
		a.Actor = b.Actor
	}
	if a.Event == "" {
		a.Event = b.Event
	}
	if a.Before == nil && a.Field != deltaWhole {
		a.Before = b.Before
	}
	return a
}

// isSetting reports whether a change was made to a resource, rather than that something happened to it.
func isSetting(c adapters.Change) bool {
	return c.Field != deltaHealth && !strings.HasPrefix(c.Field, adapters.EventField)
}

// grouped puts changes together that were made together, in the order of the first of each.
func grouped(changes []adapters.Change) [][]adapters.Change {
	var groups [][]adapters.Change
	known := map[string]int{}
	for _, c := range changes {
		resource, instant := groupKeys(c)
		i, ok := known[resource]
		if !ok {
			i, ok = known[instant]
		}
		if !ok {
			i = len(groups)
			groups = append(groups, nil)
		}
		known[resource], known[instant] = i, i
		groups[i] = append(groups[i], c)
	}
	return groups
}

// groupKeys name what a change shares with those that were made with it. Providers count revisions for each resource anew, so
// they share the event's name and its resource, or its instant; without an event, both.
func groupKeys(c adapters.Change) (resource, instant string) {
	at := c.At.UTC().Format(time.RFC3339Nano)
	if c.Event == "" {
		key := fmt.Sprintf("%q %s %s", c.Resource, at, c.Earliest.UTC().Format(time.RFC3339Nano))
		return key, key
	}
	return fmt.Sprintf("%q %q of %q", c.Provider, c.Event, c.Resource), fmt.Sprintf("%q %q at %s", c.Provider, c.Event, at)
}
