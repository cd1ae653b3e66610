package kubernetes

import (
	"context"
	"fmt"
	"strings"
	"time"

	"clanker/adapters"
)

// verifyLimit is how long looking at the outcome may take.
const verifyLimit = 30 * time.Second

// mostSentences is how many objects the sentence about the outcome names.
const mostSentences = 5

// verify reads what was touched again, and tells what is different from before.
func (w *work) verify(ctx context.Context, touches []touch, o *adapters.Outcome) {
	if w.reads() {
		return
	}
	if len(touches) == 0 {
		o.Verified = "nothing was looked at afterwards: what it touches is not known"
		return
	}
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	now, err := w.reread(ctx, touches)
	if err != nil {
		o.Verified = "it could not be looked at afterwards: " + err.Error()
		return
	}
	at := w.runner.driver.now().UTC()
	var sentences []string
	for _, t := range touches {
		if t.action == adapters.ActionRun {
			kind, name := nameOf(t.either())
			sentences = append(sentences, fmt.Sprintf("the hook %s %s was run", kind, name))
			continue
		}
		seen := touch{before: t.before, after: now[w.idOf(t.either())]}
		changes := w.changes(seen, at)
		o.Observed = append(o.Observed, changes...)
		sentences = append(sentences, seen.sentence(changes))
	}
	if more := len(sentences) - mostSentences; more > 0 {
		sentences = append(sentences[:mostSentences], fmt.Sprintf("%d more", more))
	}
	o.Verified = strings.Join(sentences, "; ")
}

// changes are the differences between before and now.
func (w *work) changes(t touch, at time.Time) []adapters.Change {
	o := t.either()
	if !o.exists() {
		return nil
	}
	kind, name := nameOf(o)
	scope := w.access.session.scope(o.GetNamespace(), o.GetLabels())
	change := func(field string, before, after any) adapters.Change {
		return adapters.Change{
			Resource: w.idOf(o), Provider: Provider, Kind: kind, Name: name, Scope: scope, Field: field, Before: before, After: after,
			At: at, Actor: w.access.target.Identity,
		}
	}
	switch {
	case !t.before.exists():
		return []adapters.Change{change("resource", nil, "created")}
	case !t.after.exists():
		return []adapters.Change{change("resource", "there", nil)}
	}
	var changes []adapters.Change
	for _, f := range t.fields() {
		changes = append(changes, change(f.Name, word(f.Before), word(f.After)))
	}
	return changes
}

// sentence tells what became of an object.
func (t touch) sentence(changes []adapters.Change) string {
	o := t.either()
	if !o.exists() {
		return "it does not exist"
	}
	kind, name := nameOf(o)
	what := fmt.Sprintf("%s %s", kind, name)
	switch {
	case !t.after.exists():
		return what + " is gone"
	case t.after.GetDeletionTimestamp() != nil:
		return what + " is being deleted"
	case t.before.exists() && t.after.GetUID() != t.before.GetUID():
		return what + " was deleted and created again"
	case !t.before.exists():
		return what + " exists now" + t.readiness()
	case len(changes) == 0:
		return what + " is as it was" + t.readiness()
	}
	var parts []string
	for _, c := range changes[:min(len(changes), mostSentences)] {
		parts = append(parts, fmt.Sprintf("%s %s -> %s", c.Field, orNone(c.Before), orNone(c.After)))
	}
	return what + ": " + strings.Join(parts, ", ") + t.readiness()
}

// readiness tells how many replicas are wanted and ready.
func (t touch) readiness() string {
	wanted, ok := numberAt(t.after, "spec", "replicas")
	if !ok {
		return ""
	}
	ready, _ := numberAt(t.after, "status", "readyReplicas") // left out when it is none
	return fmt.Sprintf(" (%d wanted, %d ready)", wanted, ready)
}

func orNone(value any) string {
	if value == nil {
		return "none"
	}
	return fmt.Sprint(value)
}
