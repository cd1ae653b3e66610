package router

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/intents"
)

// Symptom is what a question on changes asks the causes of: when it began, what it is, and who says so.
type Symptom struct {
	At       time.Time  `json:"at"`
	Earliest *time.Time `json:"earliest,omitempty" jsonschema_description:"it was seen, not told: it began between earliest and at"`
	Ref      string     `json:"ref,omitempty"`
	What     string     `json:"what,omitempty" jsonschema_description:"in words: session-cache degraded"`
	From     string     `json:"from" jsonschema:"enum=question,enum=provider,enum=history,enum=event,enum=now" jsonschema_description:"who says when it began; now: nobody does"`
}

// Who says when a symptom began.
const (
	fromQuestion = "question"
	fromProvider = "provider"
	fromHistory  = "history"
	fromEvent    = "event"
	fromNow      = "now"
)

// is reports whether a change is the symptom itself: that the resource's health fell, or an event about it, at that time.
// Whose symptom it is may be seen at a neighbour of the named resource.
func (s Symptom) is(c adapters.Change, named bool) bool {
	return !isSetting(c) && (named || c.Resource == s.Ref) && !begun(c).After(s.At.Add(noticing)) && !c.At.Before(s.At.Add(-noticing))
}

// words tell the symptom and since when it is.
func (s Symptom) words(now time.Time) string {
	switch {
	case s.From == fromNow:
		return "nothing tells when it began, so counted from now"
	case s.What == "":
		return "counted from " + s.At.Format("15:04Z")
	}
	return fmt.Sprintf("%s %s ago", s.What, roughly(now.Sub(s.At)))
}

// moment is the time of the symptom that the question gives.
func (d *draft) moment() (Symptom, bool) {
	span, _ := d.data.Slots["time"].(intents.TimeRange)
	at, ok := span.Moment(d.started)
	return Symptom{At: stamp(at), From: fromQuestion}, ok
}

// symptom finds when what was asked about began: the question says, or the resource that it names, or else one that is related
// to that.
func (r *Router) symptom(ctx context.Context, d *draft, s *scene) (Symptom, error) {
	if asked, ok := d.moment(); ok {
		return asked, nil
	}
	for hops := range 2 {
		signs, err := r.signs(ctx, s, hops)
		if err != nil {
			return Symptom{}, err
		}
		if len(signs) > 0 {
			return best(signs, hops == 0), nil
		}
	}
	return Symptom{At: stamp(d.started), From: fromNow}, nil
}

// sureness orders who says when something began, the surest first.
var sureness = map[string]int{fromProvider: 0, fromHistory: 1, fromEvent: 2}

// best is the surest of the signs. Of several of one resource and its parts it is the first, which the others follow from; of
// strangers it is the newest.
func best(signs []Symptom, kin bool) Symptom {
	return slices.MinFunc(signs, func(a, b Symptom) int {
		age := a.At.Compare(b.At)
		if !kin {
			age = -age
		}
		return cmp.Or(cmp.Compare(sureness[a.From], sureness[b.From]), age, cmp.Compare(a.Ref, b.Ref))
	})
}

// signs says when the resources at a distance from the named ones fell ill. When no provider does, it asks the memory about those
// that are ill.
func (r *Router) signs(ctx context.Context, s *scene, hops int) ([]Symptom, error) {
	var signs []Symptom
	var ill []string
	for _, step := range s.steps {
		resource := s.graph.Resource(step.ID)
		if resource == nil || step.Hops != hops {
			continue
		}
		if sign, ok := s.sign(resource); ok {
			signs = append(signs, sign)
		} else if troubled(*resource) {
			ill = append(ill, resource.ID)
		}
	}
	if len(signs) == 0 && len(ill) > 0 && r.memory != nil {
		sightings, err := r.memory.Sightings(ctx, ill)
		if err != nil {
			return nil, err
		}
		signs = s.seenSigns(ill, sightings)
	}
	for i := range signs {
		signs[i].What = join(" ", adapters.IDName(signs[i].Ref), s.relation(signs[i].Ref), signs[i].What)
	}
	return signs, nil
}

// seenSigns are those of the memory.
func (s *scene) seenSigns(ids []string, sightings map[string]Sighting) []Symptom {
	var signs []Symptom
	for _, id := range ids {
		if seen := sightings[id]; !seen.Since.IsZero() {
			signs = append(signs, Symptom{At: stamp(seen.Since), Ref: id, From: fromHistory, What: string(s.graph.Resource(id).Health)})
		}
	}
	return signs
}

// relation says what a resource is to the named one, in parentheses.
func (s *scene) relation(id string) string {
	i := slices.IndexFunc(s.steps, func(step adapters.Step) bool { return step.ID == id })
	if i < 0 || s.steps[i].Hops == 0 {
		return ""
	}
	return "(" + neighbour(s.steps[i]) + ")"
}

// sign says when one resource fell ill, if it is or was: what its provider says now, else the last time that its health fell,
// else its last warning.
func (s *scene) sign(r *adapters.Resource) (Symptom, bool) {
	if troubled(*r) && !r.Since.IsZero() {
		return Symptom{At: stamp(r.Since), Ref: r.ID, From: fromProvider, What: string(r.Health)}, true
	}
	for _, tells := range []func(adapters.Change) bool{worsens, warned} {
		for _, c := range s.changes {
			if c.Resource == r.ID && tells(c) && c.At.After(s.recent) {
				return signOf(c), true
			}
		}
	}
	return Symptom{}, false
}

// worsens reports whether a change is a fall of health.
func worsens(c adapters.Change) bool {
	return c.Field == deltaHealth && sickness(c.After) > max(sickness(c.Before), 0)
}

// calm are the events that tell of no trouble.
var calm = []string{"NodeReady", "NodeSchedulable", "RegisteredNode", "SuccessfulRescale"}

// warned reports whether a change is an event that tells of trouble.
func warned(c adapters.Change) bool {
	reason, ok := strings.CutPrefix(c.Field, adapters.EventField)
	return ok && !slices.Contains(calm, reason)
}

func signOf(c adapters.Change) Symptom {
	s := Symptom{At: stamp(c.At), Ref: c.Resource, From: fromProvider, What: value(c.After)}
	switch {
	case warned(c):
		s.From, s.What = fromEvent, strings.TrimPrefix(c.Field, adapters.EventField)
	case seen(c):
		s.From, s.Earliest = fromHistory, instant(c.Earliest)
	}
	return s
}
