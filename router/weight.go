package router

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// itemWeight is what an item weighs without its texts.
const itemWeight = 300

// weight is about how many bytes an item holds: its texts, and generously what goes with them.
func (i *Item) weight() int {
	n := itemWeight + len(i.Ref) + len(i.Name) + len(i.Provider) + len(i.Location) + len(i.Reason) + len(i.Link) + 64*len(i.Metrics)
	for name, value := range i.Fields {
		n += 64 + len(name) + weigh(value)
	}
	return n
}

func (c *AnswerChange) weight() int {
	return 300 + len(c.Ref) + len(c.Name) + len(c.Location) + len(c.Field) + weigh(c.Old) + weigh(c.New) + len(c.Actor) + len(c.Event) + len(c.Why)
}

// weigh estimates a value of an attribute.
func weigh(value any) int {
	n := 16
	switch v := value.(type) {
	case string:
		n += len(v)
	case []string:
		for _, s := range v {
			n += 16 + len(s)
		}
	case []any:
		for _, element := range v {
			n += weigh(element)
		}
	case map[string]any:
		for name, element := range v {
			n += len(name) + weigh(element)
		}
	}
	return n
}

// weight is about how many bytes the answer holds: its texts, and generously what goes with them.
func (a *Answer) weight() int {
	n := 1000 + len(a.Question) + len(a.NormalizedQuestion) + len(a.Summary) + len(a.Explanation) + 200*len(a.Scope) + 40*len(a.Untrusted)
	for _, claim := range a.Unverified {
		n += 4 + len(claim)
	}
	for i := range a.Items {
		n += a.Items[i].weight()
	}
	for i := range a.Changes {
		n += a.Changes[i].weight()
	}
	for i := range a.Evidence {
		n += 160 + len(a.Evidence[i].Source) + len(a.Evidence[i].Target)
	}
	for i := range a.Coverage.Checked {
		n += 100 + len(a.Coverage.Checked[i].What) + len(a.Coverage.Checked[i].Target) + len(a.Coverage.Checked[i].Identity)
	}
	for i := range a.Coverage.NotChecked {
		c := &a.Coverage.NotChecked[i]
		n += 200 + len(c.What) + len(c.Detail) + len(c.Permission) + len(c.Fix)
	}
	for _, w := range a.Warnings {
		n += 16 + len(w)
	}
	n += a.Delta.weight()
	if a.Graph != nil {
		n += 200*len(a.Graph.Nodes) + 250*len(a.Graph.Edges)
	}
	return n
}

// spare leaves out of what is beside the rows as much as it takes to keep that within so many bytes, evenly and from the
// end, and says how much that is: first of what a model told, then of where it was looked, then of what is missing and warned of.
func (a *Answer) spare(bytes int) {
	for a.longer(bytes) && len(a.Unverified) > mostUnverified {
		a.Unverified = half(a.Unverified)
	}
	if a.longer(bytes) {
		a.Explanation = cutMarked(a.Explanation, bytes/8)
	}
	c, entries := &a.Coverage, a.beside()
	for a.longer(bytes) && len(a.Evidence)+len(a.Scope)+len(c.Checked) > 3 {
		a.Evidence, a.Scope, c.Checked = half(a.Evidence), half(a.Scope), half(c.Checked)
	}
	for a.longer(bytes) && len(c.NotChecked)+len(a.Warnings) > 2 {
		c.NotChecked, a.Warnings = half(c.NotChecked), half(a.Warnings)
	}
	if n := entries - a.beside(); n > 0 {
		a.Warnings = append(a.Warnings, fmt.Sprintf("%d entries of evidence, scope, coverage and warnings are left out for their length: narrow the question", n))
	}
}

// beside is how many entries the lists have that go with the rows.
func (a *Answer) beside() int {
	return len(a.Evidence) + len(a.Scope) + len(a.Coverage.Checked) + len(a.Coverage.NotChecked) + len(a.Warnings)
}

// half is the first half of a list, rounded up, without room for more.
func half[T any](list []T) []T { return slices.Clip(list[:(len(list)+1)/2]) }

// shorten cuts the texts of rows that are too long for a page of their own.
func (a *Answer) shorten() {
	const most = 500 // characters
	a.Items = slices.Clone(a.Items)
	for i := range a.Items {
		item := &a.Items[i]
		item.Reason, item.Fields = cut(item.Reason, most), maps.Clone(item.Fields)
		for name, value := range item.Fields {
			item.Fields[name] = shortened(value, most)
		}
	}
	a.Changes = slices.Clone(a.Changes)
	for i := range a.Changes {
		a.Changes[i].Old, a.Changes[i].New = shortened(a.Changes[i].Old, most), shortened(a.Changes[i].New, most)
	}
}

// shortened is a value, or the beginning of it in words.
func shortened(value any, most int) any {
	if s, ok := value.(string); ok {
		return cut(s, most)
	}
	if text, err := json.Marshal(value); err == nil && len(text) > most {
		return cut(string(text), most)
	}
	return value
}
