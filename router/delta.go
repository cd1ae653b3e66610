package router

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// mostDelta is how many changes a delta shows in each of its lists; the rest is counted.
const mostDelta = 12

// deltaHealth and deltaWhole are fields of changes: the health, and the resource as such.
const (
	deltaHealth = "health"
	deltaWhole  = "resource"
	deltaListed = "listed"
)

// fold makes one change of all that happened to one field of one resource.
type fold struct {
	first, last adapters.Change
	times       int
}

// folded puts changes, oldest first, together by resource and field, and sorts them by both.
func folded(changes []adapters.Change) []fold {
	at := map[[2]string]int{}
	var folds []fold
	for _, c := range changes {
		key := [2]string{c.Resource, c.Field}
		i, known := at[key]
		if !known {
			i = len(folds)
			at[key] = i
			folds = append(folds, fold{first: c})
		}
		folds[i].last = c
		folds[i].times++
	}
	slices.SortFunc(folds, func(a, b fold) int {
		return cmp.Or(cmp.Compare(a.first.Resource, b.first.Resource), cmp.Compare(a.first.Field, b.first.Field))
	})
	return folds
}

// deltaOf tells the changes since an earlier look. noise says which fields do not count.
func deltaOf(changes []adapters.Change, noise func(field string) bool) *Delta {
	folds := folded(changes)
	made := map[string]bool{} // resources that are new as such: their fields are not changes
	for _, f := range folds {
		if f.first.Field == deltaWhole {
			made[f.first.Resource] = true
		}
	}
	d := &Delta{}
	for _, f := range folds {
		switch {
		case f.first.Field == deltaWhole:
			d.appeared(f)
		case !made[f.first.Resource] && !noise(f.first.Field):
			d.changed(f)
		}
	}
	return d
}

// appeared tells of a resource that came or went, or that was made anew.
func (d *Delta) appeared(f fold) {
	was, is := f.first.Before != nil, f.last.After != nil
	item := DeltaItem{Ref: f.last.Resource, Kind: f.last.Kind, Name: f.last.Name, Location: location(f.last.Scope), At: stamp(f.last.At)}
	switch {
	case was && is:
		d.Modified = append(d.Modified, f.change("there", "made anew"))
	case is:
		d.Added = append(d.Added, item)
	case was:
		d.Removed = append(d.Removed, item)
	}
}

// changed tells of a field. One that is what it was is told of only when it is the health: it flaps.
func (d *Delta) changed(f fold) {
	c := f.change(f.first.Before, f.last.After)
	same := reflect.DeepEqual(c.Before, c.After)
	switch {
	case f.first.Field != deltaHealth:
		if !same {
			d.Modified = append(d.Modified, c)
		}
	case same:
		d.Modified = append(d.Modified, c)
	case sickness(c.After) == 0 && sickness(c.Before) > 0:
		d.Recovered = append(d.Recovered, c)
	case sickness(c.After) > max(sickness(c.Before), 0):
		d.Degraded = append(d.Degraded, c)
	default:
		d.Modified = append(d.Modified, c)
	}
}

func (f fold) change(before, after any) DeltaChange {
	c := DeltaChange{Ref: f.last.Resource, Kind: f.last.Kind, Name: f.last.Name, Location: location(f.last.Scope), Field: f.last.Field,
		Before: before, After: after, At: stamp(f.last.At)}
	if f.times > 1 {
		c.Times = f.times
	}
	return c
}

// sickness ranks health; -1 is unknown, which is neither better nor worse than anything.
func sickness(health any) int {
	text, _ := health.(string)
	return slices.Index([]string{string(adapters.HealthHealthy), string(adapters.HealthDegraded), string(adapters.HealthUnhealthy)}, text)
}

func stamp(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }

// told reports whether a list of the delta tells of the resource.
func (d *Delta) told() map[string]bool {
	refs := map[string]bool{}
	for _, list := range [][]DeltaItem{d.Added, d.Removed} {
		for _, item := range list {
			refs[item.Ref] = true
		}
	}
	for _, list := range [][]DeltaChange{d.Modified, d.Recovered, d.Degraded} {
		for _, c := range list {
			refs[c.Ref] = true
		}
	}
	return refs
}

// relisted tells of what came into the answer or left it though nothing else is told of it: a metric moved.
func (d *Delta) relisted(then, now []string, at time.Time) {
	told := d.told()
	tell := func(refs, others []string, listed bool) {
		known := map[string]bool{}
		for _, ref := range others {
			known[ref] = true
		}
		for _, ref := range refs {
			if !known[ref] && !told[ref] {
				d.Modified = append(d.Modified, DeltaChange{Ref: ref, Kind: adapters.IDKind(ref), Name: adapters.IDName(ref),
					Field: deltaListed, Before: !listed, After: listed, At: stamp(at)})
			}
		}
	}
	tell(now, then, true)
	tell(then, now, false)
	slices.SortFunc(d.Modified, func(a, b DeltaChange) int { return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Field, b.Field)) })
}

// close counts what is told, and cuts it to what an answer has room for.
func (d *Delta) close() {
	d.Changed = len(d.Added)+len(d.Removed)+len(d.Modified)+len(d.Recovered)+len(d.Degraded) > 0
	d.Added, d.Removed = cutTo(d, d.Added), cutTo(d, d.Removed)
	d.Modified, d.Recovered, d.Degraded = cutTo(d, d.Modified), cutTo(d, d.Recovered), cutTo(d, d.Degraded)
}

func cutTo[T any](d *Delta, list []T) []T {
	d.More += max(0, len(list)-mostDelta)
	return list[:min(len(list), mostDelta)]
}

// deltaWords are what a line of text says of a delta: what got worse first.
func (d *Delta) words(most int) []string {
	var words []string
	for _, list := range [][]DeltaChange{d.Degraded, d.Recovered, d.Modified} {
		for _, c := range list {
			words = append(words, c.words())
		}
	}
	for _, item := range d.Added {
		words = append(words, "new "+string(item.Kind)+" "+item.Name)
	}
	for _, item := range d.Removed {
		words = append(words, "gone: "+string(item.Kind)+" "+item.Name)
	}
	if left := len(words) - most + d.More; left > 0 && len(words) > most {
		return append(words[:most], adapters.Count(left, "more change"))
	} else if d.More > 0 {
		words = append(words, adapters.Count(d.More, "more change"))
	}
	return words
}

func (c DeltaChange) words() string {
	before, after := value(c.Before), value(c.After)
	switch {
	case c.Field == deltaListed && c.After == true:
		return c.Name + " came in"
	case c.Field == deltaListed:
		return c.Name + " left"
	case c.Field == deltaHealth && c.Times > 1:
		return c.Name + " " + before + " -> " + shout(after) + " (changed " + adapters.Count(c.Times, "time") + ")"
	case c.Field == deltaHealth:
		return c.Name + " " + before + " -> " + shout(after)
	case c.Field == deltaWhole:
		return c.Name + " was made anew"
	}
	return c.Name + " " + fieldWords(c.Field, c.Before, c.After)
}

// shout is a health as the first line of an answer writes it, unless all is well.
func shout(health string) string {
	if health == string(adapters.HealthHealthy) {
		return health
	}
	return strings.ToUpper(health)
}

// weight is about how many bytes the delta holds.
func (d *Delta) weight() int {
	if d == nil {
		return 0
	}
	n := 100
	for _, list := range [][]DeltaItem{d.Added, d.Removed} {
		for _, item := range list {
			n += 150 + len(item.Ref) + len(item.Name) + len(item.Location)
		}
	}
	for _, list := range [][]DeltaChange{d.Modified, d.Recovered, d.Degraded} {
		for _, c := range list {
			n += 200 + len(c.Ref) + len(c.Name) + len(c.Location) + len(c.Field) + weigh(c.Before) + weigh(c.After)
		}
	}
	return n
}
