package router

import (
	"cmp"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents/strict"
)

const mostNear = 3

// nearest returns the known names that somebody may have meant by a name that nothing goes by in that slot: those that
// contain it or that it contains, and those within a third of its letters; nearest first, at most three. It is looser than
// what the matcher takes on its own, since it only asks.
func nearest(slot, name string, names adapters.Names) []string {
	type near struct {
		name     string
		distance int
	}
	var found []near
	want := strings.ToLower(name)
	for _, fold := range names.Folds() {
		if !slices.ContainsFunc(names.Find(fold), func(n adapters.Name) bool { return goesIn(slot, n.Kind) }) {
			continue
		}
		distance := strict.Distance(want, fold, max(2, len(want)/3)+1)
		if len(fold) > 2 && len(want) > 2 && (strings.Contains(fold, want) || strings.Contains(want, fold)) {
			distance = min(distance, 2)
		}
		if distance <= max(2, len(want)/3) {
			found = append(found, near{names.Find(fold)[0].Name, distance})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name)) })
	best := make([]string, 0, mostNear)
	for _, n := range found[:min(len(found), mostNear)] {
		best = append(best, n.name)
	}
	return best
}

// goesIn reports whether a thing of the kind can be meant in the slot.
func goesIn(slot string, kind adapters.Kind) bool {
	switch slot {
	case "cluster":
		return kind == adapters.KindCluster
	case "namespace":
		return kind == adapters.KindNamespace
	default:
		return kind != adapters.KindCluster && kind != adapters.KindNamespace
	}
}
