package adapters

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Change is one field of one resource that went from one value to another.
type Change struct {
	Resource string    `json:"resource"` // ID
	Provider string    `json:"provider"`
	Kind     Kind      `json:"kind"`
	Name     string    `json:"name"`
	Scope    Scope     `json:"scope,omitzero"`
	Field    string    `json:"field"` // image, replicas, health, env.ADDED; "resource" when it appeared or went; see also [EventField]
	Before   any       `json:"before,omitempty"`
	After    any       `json:"after,omitempty"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor,omitempty"`   // who or what did it, when the provider tells
	Event    string    `json:"event,omitempty"`   // changes made together share it: "revision 7"
	Earliest time.Time `json:"earliest,omitzero"` // when it was last seen as before: somebody saw the change at At, and it happened between; zero when the provider tells the time itself
}

// EventField begins the field of a change that is an event which happened to a resource, and no setting that somebody made:
// "event.BackOff", with what the provider says of it as its After. It is told once, at the time when it began, however often it
// happened.
const EventField = "event."

// headlines are what people ask of a change first: the beginnings of fields, in this order.
var headlines = []string{"resource", "revision", "image", "replicas"}

// CompareFields orders the fields of changes that were made together: what people ask for first, then the rest by name, so that
// a sentence that has room for few of them names the new image and not a variable.
func CompareFields(a, b string) int {
	rank := func(field string) uint {
		head, _, _ := strings.Cut(field, ".")
		return uint(slices.Index(headlines, head)) // none is the last
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// What stands for the values of a field whose values are never told, such as an environment variable's: that there is one, and
// that there is another one than before.
const (
	SomeValue    = "(value)"
	AnotherValue = "(another value)"
)

// Diff returns what differs between two observations of the same query, in a fixed order (resource, then field).
//
// Only what both observations really saw is compared: a resource that is missing after a source of its provider and
// cluster failed is unknown, not gone. Observation time, metrics and relations are not compared: they always move; nor is
// [Noise].
func Diff(before, after Snapshot) []Change {
	old, now := byID(before.Resources), byID(after.Resources)
	var changes []Change
	for _, id := range union(old, now) {
		was, had := old[id]
		is, has := now[id]
		switch {
		case had && has:
			changes = append(changes, diffResource(was, is, after.At)...)
		case has && before.Observed(is):
			changes = append(changes, changeOf(is, "resource", nil, string(is.Health), after.At))
		case had && after.Observed(was):
			changes = append(changes, changeOf(was, "resource", string(was.Health), nil, after.At))
		}
	}
	return changes
}

func diffResource(was, is Resource, at time.Time) []Change {
	var changes []Change
	add := func(field string, before, after any) {
		if !reflect.DeepEqual(before, after) && !Noise(field) {
			changes = append(changes, changeOf(is, field, before, after, at))
		}
	}
	add("health", string(was.Health), string(is.Health))
	for _, key := range union(was.Attributes, is.Attributes) {
		add(key, was.Attributes[key], is.Attributes[key])
	}
	for _, key := range union(was.Labels, is.Labels) {
		add("label."+key, present(was.Labels, key), present(is.Labels, key))
	}
	return changes
}

// Observed reports whether the snapshot can tell that a resource does not exist: its provider answered, and no call
// that covers it failed.
func (s Snapshot) Observed(r Resource) bool {
	if !s.Query.Matches(r) {
		return false
	}
	answered := false
	for _, source := range s.Sources {
		if source.Provider != r.Provider || !source.Scope.Contains(r.Scope) {
			continue
		}
		if source.Error != nil {
			return false
		}
		answered = true
	}
	return answered
}

func changeOf(r Resource, field string, before, after any, at time.Time) Change {
	return Change{Resource: r.ID, Provider: r.Provider, Kind: r.Kind, Name: r.Name, Scope: r.Scope,
		Field: field, Before: before, After: after, At: at}
}

func byID(resources []Resource) map[string]Resource {
	index := make(map[string]Resource, len(resources))
	for _, r := range resources {
		index[r.ID] = r
	}
	return index
}

func union[V any](a, b map[string]V) []string {
	keys := make(map[string]bool, len(a)+len(b))
	for key := range a {
		keys[key] = true
	}
	for key := range b {
		keys[key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}

func present(labels map[string]string, key string) any {
	if value, ok := labels[key]; ok {
		return value
	}
	return nil
}

// ShortImages leaves the repository out of two images that differ in their tag alone: v1.4.1 and v1.4.2.
func ShortImages(before, after string) (string, string) {
	a, b := strings.LastIndexByte(before, ':'), strings.LastIndexByte(after, ':')
	if a > 0 && a == b && before[:a] == after[:b] && !strings.ContainsAny(before[a:]+after[b:], "/ ") {
		return before[a+1:], after[b+1:]
	}
	return before, after
}
