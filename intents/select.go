package intents

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"clanker/adapters"
)

// Selection is what an intent selects from the resources that were read.
type Selection struct {
	Resources  []adapters.Resource // that where holds for, sorted, cut to the intent's own limit
	Total      int                 // resources before where
	Unmeasured int                 // resources that where could not judge, because something it needs was not measured
}

// Select applies where, sort and limit of the intent. Without a sort the order is kept; ties go by id, and what sort
// cannot judge comes last. It fails on an expression that meets values of a type it cannot handle.
func (in *Intent) Select(rs []adapters.Resource, s Slots, now time.Time) (Selection, error) {
	m := newMachine(s, now)
	node, _ := s["node"].(string)
	selection := Selection{Total: len(rs)}
	for i := range rs {
		if node != "" && !onNode(&rs[i], node) {
			selection.Total--
			continue
		}
		keep, err := in.keeps(m, &rs[i])
		switch {
		case errors.Is(err, errUnmeasured):
			selection.Unmeasured++
		case err != nil:
			return Selection{}, err
		case keep:
			selection.Resources = append(selection.Resources, rs[i])
		}
	}
	if err := in.sort(m, selection.Resources); err != nil {
		return Selection{}, err
	}
	if limit, err := strconv.Atoi(s.fill(in.limit)); err == nil && limit < len(selection.Resources) {
		selection.Resources = selection.Resources[:limit]
	}
	return selection, nil
}

func (in *Intent) keeps(m *machine, r *adapters.Resource) (bool, error) {
	if in.where == nil {
		return true, nil
	}
	m.look(r, in.where.formula)
	value, err := m.run(in.where.program)
	keep, _ := value.(bool)
	return keep, err
}

// onNode reports whether the resource is the node or runs on it.
func onNode(r *adapters.Resource, node string) bool {
	if r.Kind == adapters.KindNode && strings.EqualFold(r.Name, node) {
		return true
	}
	if name, ok := r.Attributes["node"].(string); ok && strings.EqualFold(name, node) {
		return true
	}
	return slices.ContainsFunc(r.Relations, func(rel adapters.Relation) bool {
		return rel.Type == adapters.RelationRunsOn && strings.EqualFold(adapters.IDName(rel.Target), node)
	})
}

// keyed is a resource's place in the order.
type keyed struct {
	resource adapters.Resource
	key      any // string, float64 or nil
}

func (in *Intent) sort(m *machine, rs []adapters.Resource) error {
	if in.order == nil {
		return nil
	}
	order := make([]keyed, len(rs))
	for i := range rs {
		m.look(&rs[i], in.order.formula)
		key, err := m.run(in.order.program)
		if err != nil && !errors.Is(err, errUnmeasured) {
			return err
		}
		order[i] = keyed{rs[i], sortKey(key)}
	}
	slices.SortFunc(order, func(a, b keyed) int {
		return cmp.Or(compareKeys(a.key, b.key, in.order.down), cmp.Compare(a.resource.ID, b.resource.ID))
	})
	for i := range order {
		rs[i] = order[i].resource
	}
	return nil
}

// sortKey makes numbers and booleans one type.
func sortKey(key any) any {
	switch key := key.(type) {
	case int:
		return float64(key)
	case bool:
		if key {
			return 1.0
		}
		return 0.0
	case string, float64:
		return key
	}
	return nil
}

// compareKeys orders numbers before texts, and what has no key last, whatever the direction.
func compareKeys(a, b any, down bool) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	c := 0
	switch a := a.(type) {
	case float64:
		c = cmp.Compare(a, b.(float64))
	case string:
		c = cmp.Compare(a, b.(string))
	}
	if down {
		return -c
	}
	return c
}

func rank(key any) int {
	switch key.(type) {
	case float64:
		return 0
	case string:
		return 1
	}
	return 2
}
