package intents

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clanker/adapters"
)

// workloads are the kinds that an answer counts as one, and that a service of the same name only fronts.
var workloads = []adapters.Kind{adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet}

// distinct leaves out the services that front a workload of their own name: people mean one thing by it, and count it once.
func distinct(rs []adapters.Resource) []adapters.Resource {
	type place struct{ provider, cluster, namespace, name string }
	at := func(r *adapters.Resource) place {
		return place{r.Provider, r.Scope.Cluster, r.Scope.Namespace, r.Name}
	}
	fronted := make(map[place]bool, len(rs))
	for i := range rs {
		if slices.Contains(workloads, rs[i].Kind) {
			fronted[at(&rs[i])] = true
		}
	}
	fronts := func(r adapters.Resource) bool { return r.Kind == adapters.KindService && fronted[at(&r)] }
	if !slices.ContainsFunc(rs, fronts) {
		return rs
	}
	return slices.DeleteFunc(slices.Clone(rs), fronts)
}

// tally counts resources by kind, most first: 25 pods, 12 workloads, 3 nodes.
func tally(rs []adapters.Resource) string {
	counts := map[string]int{}
	for i := range rs {
		noun := string(rs[i].Kind)
		if slices.Contains(workloads, rs[i].Kind) {
			noun = "workload"
		}
		counts[noun]++
	}
	var texts []string
	for _, noun := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(counts[b]-counts[a], strings.Compare(a, b)) }) {
		texts = append(texts, plural(counts[noun], noun))
	}
	return strings.Join(texts, ", ")
}

// called is a resource's name, with its namespace or cluster, or else its provider, before it where others in the list go by the same
// name.
func called(r adapters.Resource, among []adapters.Resource) string {
	for i := range among {
		switch other := &among[i]; {
		case other.Name != r.Name:
		case other.Scope.Cluster != r.Scope.Cluster:
			return cmp.Or(strings.Trim(r.Scope.Cluster+"/"+r.Scope.Namespace, "/"), r.Provider) + "/" + r.Name
		case other.Scope.Namespace != r.Scope.Namespace:
			return cmp.Or(r.Scope.Namespace, r.Provider) + "/" + r.Name
		}
	}
	return r.Name
}

// standing tells how what goes by a name is, in every place where something does: web is healthy; or 2 places have web:
// staging/web is unhealthy: 0/1 ready; production/web is healthy. Of each place the first tells, so the worst come first.
func standing(rs []adapters.Resource, name any) string {
	all := heads(rs, name)
	var texts []string
	for _, r := range all[:min(len(all), 4)] {
		text := called(r, all) + " is " + cmp.Or(string(r.Health), "without a health of its own")
		if r.Reason != "" {
			text += ": " + r.Reason
		}
		texts = append(texts, text)
	}
	switch len(all) {
	case 0:
		return unknown
	case 1:
		return texts[0]
	}
	list := strings.Join(texts, "; ")
	if rest := len(all) - len(texts); rest > 0 {
		list += fmt.Sprintf("; and %d more", rest)
	}
	return fmt.Sprintf("%d places have %v: %s", len(all), name, list)
}

// heads is the first resource of each namespace and cluster, those that bear the name itself before their parts.
func heads(rs []adapters.Resource, asked any) []adapters.Resource {
	name := fmt.Sprint(asked)
	var first []adapters.Resource
	for _, exact := range []bool{true, false} {
		for _, r := range rs {
			taken := func(h adapters.Resource) bool {
				return h.Scope.Cluster == r.Scope.Cluster && h.Scope.Namespace == r.Scope.Namespace && h.Provider == r.Provider
			}
			if exact == strings.EqualFold(r.Name, name) && !slices.ContainsFunc(first, taken) {
				first = append(first, r)
			}
		}
	}
	return first
}

// latest is the newest change, of a list that begins with it, and what was made of the same thing at once. What was made comes
// before what only happened: a warning since then is not the last change.
func latest(changes []adapters.Change) []adapters.Change {
	if len(changes) == 0 {
		return nil
	}
	first := changes[max(0, slices.IndexFunc(changes, func(c adapters.Change) bool {
		return c.Field != "health" && !strings.HasPrefix(c.Field, adapters.EventField)
	}))]
	return slices.DeleteFunc(slices.Clone(changes), func(c adapters.Change) bool { return c.Resource != first.Resource || !c.At.Equal(first.At) })
}
