package adapters

import (
	"cmp"
	"slices"
	"strings"
)

// Name is something the workspace has seen, as the matcher needs it to recognise it in a question.
type Name struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Provider string `json:"provider"`
	Scope    Scope  `json:"scope,omitzero"`
}

// Names is an immutable, sorted set of what the workspace has seen: services, namespaces, clusters. The zero value is
// empty. The same set gives the same route for the same question.
type Names struct {
	byFold map[string][]Name
	folds  []string // sorted

	providers []string // that are connected, sorted; nil if nobody has said
}

// Connected returns the names together with the providers that they could have come from.
func (n Names) Connected(providers []string) Names {
	n.providers = append([]string{}, providers...)
	return n
}

// Providers are those that are connected, sorted; ok is false if that is not known, as where there is no workspace.
func (n Names) Providers() (providers []string, ok bool) { return n.providers, n.providers != nil }

// NewNames indexes names; duplicates are dropped and the order of the argument does not matter.
func NewNames(names []Name) Names {
	index := make(map[string][]Name, len(names))
	for _, name := range names {
		fold := strings.ToLower(name.Name)
		if fold != "" && !slices.Contains(index[fold], name) {
			index[fold] = append(index[fold], name)
		}
	}
	folds := make([]string, 0, len(index))
	for fold, same := range index {
		slices.SortFunc(same, compareNames)
		folds = append(folds, fold)
	}
	slices.Sort(folds)
	return Names{byFold: index, folds: folds}
}

// NamesOf collects the names in a set of resources: their own, and the clusters, namespaces, regions and accounts they
// live in come from resources of those kinds.
func NamesOf(resources []Resource) Names {
	names := make([]Name, 0, len(resources))
	for _, r := range resources {
		names = append(names, Name{Name: r.Name, Kind: r.Kind, Provider: r.Provider, Scope: r.Scope})
	}
	return NewNames(names)
}

// Find returns what goes by the name, without regard to case, sorted by kind, provider and scope.
func (n Names) Find(name string) []Name { return n.byFold[strings.ToLower(name)] }

// Folds returns every name once, in lower case, sorted.
func (n Names) Folds() []string { return n.folds }

// Len returns how many distinct names there are.
func (n Names) Len() int { return len(n.folds) }

func compareNames(a, b Name) int {
	return cmp.Or(
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Provider, b.Provider),
		cmp.Compare(a.Scope.Account, b.Scope.Account), cmp.Compare(a.Scope.Region, b.Scope.Region),
		cmp.Compare(a.Scope.Cluster, b.Scope.Cluster), cmp.Compare(a.Scope.Namespace, b.Scope.Namespace),
	)
}
