package router

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/intents"
)

// remembering bounds what memory may add to the time of an answer.
const remembering = 3 * time.Second

// remember says what changed since an earlier look, and keeps this one. A memory that fails takes no answer away: the reader
// is told that nothing is kept.
func (r *Router) remember(ctx context.Context, d *draft) {
	if r.memory == nil || d.intent == nil || d.settled || d.blind() || d.unfounded() {
		return
	}
	if d.notKept != nil { // who has failed already is not asked again
		d.warn("%v", d.notKept)
		return
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), remembering)
	defer done()
	look, err := d.look(r.now())
	if err != nil {
		d.warn("%v", &adapters.NotKept{Err: err})
		return
	}
	unknown := errors.Join(r.since(ctx, d, look), r.sighted(ctx, d))
	if err := r.memory.Keep(ctx, look); err != nil {
		d.warn("%v", &adapters.NotKept{Err: err})
	} else if unknown != nil {
		d.warn("what changed since is not known: %v", unknown)
	}
}

// look is what is kept of the answer.
func (d *draft) look(now time.Time) (Look, error) {
	slots := ReadableSlots(d.data.Slots)
	meaning, err := json.Marshal([]any{d.intent.ID, slots, d.asked.Context, d.only})
	if err != nil {
		return Look{}, fmt.Errorf("name the question: %w", err)
	}
	sum := sha256.Sum256(meaning)
	listed := d.listed()
	for name, value := range slots { // what somebody typed, or looks for, may be a secret
		if text, ok := value.(string); ok {
			slots[name] = adapters.RedactText(text)
		}
	}
	return Look{AnswerID: d.answer.AnswerID, Asker: d.asked.Asker.Claimed(), Question: adapters.RedactText(d.asked.Text), Key: hex.EncodeToString(sum[:16]), At: now,
		Read: d.glances, Listed: listed[:min(len(listed), MostListed)], Subject: d.subject(slots, listed), Partial: !d.whole() || d.finding != nil}, nil
}

// listed are the resources that the answer shows, on whichever page.
func (d *draft) listed() []string {
	var refs []string
	for i := range d.rows.items {
		refs = append(refs, d.rows.items[i].Ref)
	}
	for _, row := range d.rows.graph {
		refs = append(refs, row.node.Ref)
	}
	for i := range d.rows.changes {
		refs = append(refs, d.rows.changes[i].Ref)
	}
	return distinct(refs)
}

// distinct keeps the first of each, in order, and none that is empty.
func distinct(refs []string) []string {
	known := map[string]bool{"": true}
	return slices.DeleteFunc(refs, func(ref string) bool {
		again := known[ref]
		known[ref] = true
		return again
	})
}

// mostSubject is how many resources "they" may be.
const mostSubject = 20

// subject is what the answer is about: the resources that the question names, if any is shown, else what is shown, else what
// was looked at.
func (d *draft) subject(slots map[string]any, listed []string) Subject {
	refs := listed
	if len(refs) == 0 { // all is well: they are what was looked at
		for i := range d.data.Read {
			refs = append(refs, d.data.Read[i].ID)
		}
	}
	if d.query.Name != "" {
		named := slices.DeleteFunc(slices.Clone(listed), func(ref string) bool { return adapters.IDName(ref) != d.query.Name })
		if len(named) > 0 {
			refs = named
		}
	}
	return Subject{Intent: d.intent.ID, Slots: slots, Refs: slices.Clone(refs[:min(len(refs), mostSubject)])}
}

// since fills in the delta.
func (r *Router) since(ctx context.Context, d *draft, now Look) error {
	told := d.intent.Action == intents.ActionChanges
	if len(now.Read) == 0 && !told {
		return nil
	}
	before, ok, err := r.reference(ctx, d, now.Key)
	if err != nil || !ok {
		return err
	}
	if told {
		if !before.time.Before(d.query.Since) && d.until().IsZero() { // else the answer does not tell of all since then
			d.differ(before, deltaOf(d.toldSince(before.time), d.noise))
		}
		return nil
	}
	changes, err := r.between(ctx, before, now)
	if err != nil {
		return err
	}
	d.compare(before, now, changes)
	return nil
}

// between is what was seen to change between the reads of an earlier look and the same reads of this one, oldest first. What
// two reads cover is told once.
func (r *Router) between(ctx context.Context, before reference, now Look) ([]adapters.Change, error) {
	var all []adapters.Change
	known := map[string]bool{}
	for _, g := range now.Read {
		changes, err := r.memory.Between(ctx, []adapters.Query{g.Query}, before.position(g.Query), g.At)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			key := fmt.Sprintf("%q %q %d %v %v", c.Resource, c.Field, c.At.UnixNano(), c.Before, c.After)
			if !known[key] {
				known[key] = true
				all = append(all, c)
			}
		}
	}
	if len(now.Read) > 1 {
		slices.SortStableFunc(all, func(a, b adapters.Change) int { return a.At.Compare(b.At) })
	}
	return all, nil
}

// toldSince are those of the changes that the answer tells of which came after a time, oldest first.
func (d *draft) toldSince(at time.Time) []adapters.Change {
	changes := slices.DeleteFunc(slices.Clone(d.data.Changes), func(c adapters.Change) bool { return !c.At.After(at) })
	slices.SortStableFunc(changes, func(a, b adapters.Change) int { return a.At.Compare(b.At) })
	return changes
}

// compare makes the delta of what either look showed; of a health question, which shows only what is not well, of all that it
// covers but what comes and goes by itself.
func (d *draft) compare(before reference, now Look, changes []adapters.Change) {
	shown := map[string]bool{}
	for _, ref := range slices.Concat(before.look.Listed, now.Listed) {
		shown[ref] = true
	}
	all := max(len(now.Listed), len(before.look.Listed)) >= MostListed
	changes = slices.DeleteFunc(changes, func(c adapters.Change) bool {
		covered := d.intent.Verdict && (c.Field == deltaHealth || c.Kind != adapters.KindPod && c.Kind != adapters.KindJob)
		then := before.look.AnswerID == "" && (c.Field == deltaHealth || c.Field == deltaWhole) // what was shown then is not known
		return !all && !covered && !then && !shown[c.Resource]
	})
	delta := deltaOf(changes, d.noise)
	if before.look.Key == now.Key && !all && !before.look.Partial && !now.Partial {
		delta.relisted(before.look.Listed, now.Listed, now.At)
	}
	d.differ(before, delta)
}

// differ puts a delta into the answer.
func (d *draft) differ(before reference, delta *Delta) {
	delta.ComparedTo, delta.ComparedAt, delta.By = before.look.AnswerID, stamp(before.time), before.by
	delta.close()
	d.answer.Delta = delta
}

// whole reports whether all could be read: what is missing from an answer in part may be there all the same.
func (d *draft) whole() bool {
	return !slices.ContainsFunc(d.sources, func(s adapters.Source) bool { return s.Error != nil })
}

// blind reports whether nothing could be read: such an answer is no look.
func (d *draft) blind() bool {
	return len(d.sources) > 0 && !slices.ContainsFunc(d.sources, providerRead)
}

// unfounded reports whether a model found nothing out: what the asker saw last is what was answered before.
func (d *draft) unfounded() bool { return d.finding != nil && (d.finding.Summary == "" || !d.found) }

// noise reports whether nobody wants to hear of a field.
func (d *draft) noise(field string) bool { return adapters.Noise(field, d.intent.Noise...) }

// mostSighted is how many rows are looked up.
const mostSighted = 200

// sighted tells since when the rows that are not well have not been, where the provider does not, and which of them flap.
func (r *Router) sighted(ctx context.Context, d *draft) error {
	var refs []string
	for i := range d.rows.items {
		if item := &d.rows.items[i]; ill(adapters.Health(item.Status)) && len(refs) < mostSighted {
			refs = append(refs, item.Ref)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	sightings, err := r.memory.Sightings(ctx, refs)
	if err != nil {
		return err
	}
	for i := range d.rows.items {
		item := &d.rows.items[i]
		s, ok := sightings[item.Ref]
		if !ok || !ill(adapters.Health(item.Status)) {
			continue
		}
		if item.Since == nil {
			item.Since = instant(s.Since)
		}
		if s.Flaps >= flapping {
			item.Reason = join("; ", item.Reason, fmt.Sprintf("flapping: its health changed %d times in an hour", s.Flaps))
		}
	}
	return nil
}

// flapping is how many changes of health in an hour are worth a word.
const flapping = 3
