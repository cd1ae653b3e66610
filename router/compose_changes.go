package router

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/intents"
)

// changes answers with what changed in the time that was asked for, or with the last change of each resource, newest first.
// The last word of the intent's id may ask for more: "last" for the last deployment alone, with how its health is since;
// "before" and "impact" for what led to a symptom, the likeliest cause first. A question on the time around an instant gets
// what is nearest to that first.
func (r *Router) changes(ctx context.Context, d *draft) error {
	if v := d.variant(); v == "before" || v == "impact" {
		if done, err := r.causes(ctx, d); done || err != nil {
			return err
		}
	}
	symptom, timed := d.moment()
	if timed {
		d.query.Since = earlier(d.query.Since, symptom.At)
	}
	read := r.workspace.Changes
	if d.variant() == "last" {
		read = r.deployments
	}
	snapshot, err := read(ctx, d.query)
	if err != nil {
		return err
	}
	d.read(snapshot)
	if timed {
		return d.blame(ranking{symptom: symptom}, snapshot.Changes)
	}
	changes := d.timeline(snapshot.Changes)
	if d.data.Total = len(changes); d.variant() == "last" {
		return r.lastDeployment(ctx, d, changes)
	}
	return d.tell(changes)
}

// earlier is how far back to look for what may bear on an instant: from an hour before, or a day if the question has no
// beginning.
func earlier(since, at time.Time) time.Time {
	if since.IsZero() {
		return at.Add(-leadTime)
	}
	return at.Add(-time.Hour)
}

// tell makes an answer of changes, in their order.
func (d *draft) tell(changes []adapters.Change) error {
	d.data.Changes, d.found = changes, len(changes) > 0
	if !d.found && d.unchanged() {
		return nil
	}
	for _, c := range changes {
		d.addChange(c, "")
	}
	return d.say(fmt.Sprintf("%d changes in %s", len(changes), d.data.Place))
}

// unchanged ends an answer that found no change when nothing goes by the name that the question gives. Else it says from when to
// when was looked, if the question said so in words.
func (d *draft) unchanged() bool {
	if !d.part(d.query.Name) && d.nowhere() {
		return true
	}
	if span, ok := d.data.Slots["time"].(intents.TimeRange); ok && !span.AfterLook() {
		end := d.until()
		if end.IsZero() {
			end = d.started
		}
		d.warn("looked at what changed from %s to %s", d.query.Since.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
	}
	return false
}

// generated is what workloads append to their names for those of their pods.
var generated = regexp.MustCompile(`^(.+?)(-[a-z0-9]+)?(-[bcdfghjklmnpqrstvwxz0-9]{5}|-[0-9]+)$`)

// part reports whether a name is one that something known gives its pods, which are not among the names.
func (d *draft) part(name string) bool {
	found := generated.FindStringSubmatch(name)
	return found != nil && (len(d.names.Find(found[1])) > 0 || len(d.names.Find(found[1]+found[2])) > 0)
}

// blame makes an answer of changes, the likeliest cause of a symptom first.
func (d *draft) blame(k ranking, changes []adapters.Change) error {
	groups := k.rank(d.timeline(changes))
	d.data.Changes, d.found = nil, len(groups) > 0
	for _, group := range groups {
		for _, l := range group {
			d.data.Changes = append(d.data.Changes, l.Change)
			d.addChange(l.Change, l.why)
		}
	}
	d.answer.Symptom, d.data.Total = &k.symptom, len(d.data.Changes)
	d.data.Symptom = k.symptom.words(d.started)
	if late := slices.IndexFunc(groups, func(g []lead) bool { return g[0].stage == afterwards }); late >= 0 {
		d.warn("what came after the symptom is no cause of it, and ranks last: %s", adapters.Count(len(slices.Concat(groups[late:]...)), "change"))
	}
	if !d.found && d.unchanged() {
		return nil
	}
	d.data.Lead = leadWords(groups)
	return d.say(fmt.Sprintf("%d changes in %s", len(d.data.Changes), d.data.Place))
}

// leadWords say what was changed that is the likeliest cause, why, and who did it; nothing if it is not known to have to do with
// the symptom. If it is something that only happened, they also say what was changed before.
func leadWords(groups [][]lead) string {
	suspected := func(g []lead) bool { return g[0].stage == beforehand && !g[0].alien }
	if len(groups) == 0 || !suspected(groups[0]) {
		return ""
	}
	text := groupWords(groups[0], mostMade)
	made := slices.IndexFunc(groups, func(g []lead) bool { return suspected(g) && isSetting(g[0].Change) })
	if made > 0 {
		text += ", before that " + groupWords(groups[made], 1)
	}
	return text
}

// groupWords say what was changed together, why it may be the cause, and who did it.
func groupWords(group []lead, most int) string {
	changes := make([]adapters.Change, 0, len(group))
	for _, l := range group {
		changes = append(changes, l.Change)
	}
	return fmt.Sprintf("%s (%s)", madeWords(changes, most), join(", ", group[0].why, byWords(changes)))
}

// mostMade is how many changes made together a sentence tells.
const mostMade = 3

// madeWords say what was changed together: checkout-api image v1.4.1 -> v1.4.2, replicas 2 -> 3.
func madeWords(changes []adapters.Change, most int) string {
	var words []string
	for i, c := range changes[:min(len(changes), most)] {
		text := fieldWords(Printable(c.Field), c.Before, c.After)
		if i == 0 || changes[i-1].Resource != c.Resource {
			text = Printable(c.Name) + " " + text
		}
		words = append(words, text)
	}
	text := strings.Join(words, ", ")
	if more := len(changes) - len(words); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// byWords say who made changes, as far as that is told.
func byWords(changes []adapters.Change) string {
	i := slices.IndexFunc(changes, func(c adapters.Change) bool { return c.Actor != "" })
	if i < 0 {
		return ""
	}
	return "by " + cut(Printable(changes[i].Actor), 40)
}

func (d *draft) addChange(c adapters.Change, why string) {
	d.rows.addChange(AnswerChange{
		At: stamp(c.At), Earliest: instant(c.Earliest), Kind: c.Kind, Ref: c.Resource, Name: c.Name, Location: location(c.Scope), Field: c.Field,
		Old: c.Before, New: c.After, Actor: c.Actor, Event: c.Event, Source: c.Provider, Why: why,
	})
}

func (d *draft) addChanges(changes []adapters.Change) {
	for _, c := range changes {
		d.addChange(c, "")
	}
}
