package intents

import (
	"cmp"
	"slices"

	"clanker/adapters"
)

// totals adds a metric up by namespace and spells the five largest sums, in bytes where the metric is: production 12.3,
// batch 0.4. What was not measured is left out, so without any measurement it is "unknown".
func totals(rs []adapters.Resource, metric string) string {
	type total struct {
		place string
		sum   float64
	}
	var all []total
	for _, r := range rs {
		measured, ok := r.Metrics[metric]
		if !ok {
			continue
		}
		i := slices.IndexFunc(all, func(t total) bool { return t.place == r.Scope.Namespace })
		if i < 0 {
			i, all = len(all), append(all, total{place: r.Scope.Namespace})
		}
		all[i].sum += measured
	}
	if len(all) == 0 {
		return unknown
	}
	slices.SortStableFunc(all, func(a, b total) int { return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.place, b.place)) })
	var texts []string
	for _, t := range all[:min(len(all), 5)] {
		amount := numberText(t.sum)
		if unit := adapters.UnitOf(metric); unit == adapters.UnitBytes || unit == adapters.UnitBytesPerDay {
			amount = bytesText(t.sum)
		}
		texts = append(texts, t.place+" "+amount)
	}
	return more(texts, len(all))
}
