package reload

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxNamed bounds how many names [Changes] gives of one kind of change.
const maxNamed = 10

// Changes says in words how one set of things became another: "+added ~replaced -removed", each with names in order. The
// maps hold what each thing is, in any form that differs when the thing does.
func Changes(before, after map[string]string) string {
	var added, replaced, removed []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if old, ok := before[name]; !ok {
			added = append(added, "+"+name)
		} else if old != after[name] {
			replaced = append(replaced, "~"+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; !ok {
			removed = append(removed, "-"+name)
		}
	}
	return strings.Join(slices.Concat(few(added), few(replaced), few(removed)), " ")
}

func few(names []string) []string {
	if len(names) <= maxNamed {
		return names
	}
	more := fmt.Sprintf("(%s%d more)", names[0][:1], len(names)-maxNamed)
	return append(slices.Clone(names[:maxNamed]), more)
}
