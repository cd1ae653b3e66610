package kubernetes

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// state is what an object says about its own health. The zero value is for kinds that have none.
type state struct {
	health adapters.Health
	reason string
	since  time.Time
}

var healthy = state{health: adapters.HealthHealthy}

func healthySince(t time.Time) state { return state{health: adapters.HealthHealthy, since: t} }

// resource makes what all kinds have in common.
func (s *session) resource(kind adapters.Kind, object metav1.Object, st state) adapters.Resource {
	scope := s.scope(object.GetNamespace(), object.GetLabels())
	if kind == adapters.KindNamespace { // its own name tells, as it does for what is in it
		scope.Environment = s.scope(object.GetName(), object.GetLabels()).Environment
	}
	if st.since.After(s.at) { // its clock is ahead of ours
		st.since = s.at
	}
	return adapters.Resource{
		ID: adapters.NewID(Provider, kind, scope, object.GetName()), Provider: Provider, Kind: kind, Name: object.GetName(), Scope: scope,
		Health: st.health, Reason: st.reason, Since: utc(st.since), Labels: object.GetLabels(), Observed: s.at.UTC(),
	}
}

// scope says where an object lives. Its environment is what its labels say, or else its namespace's or its cluster's name.
func (s *session) scope(namespace string, labels map[string]string) adapters.Scope {
	return adapters.Scope{
		Cluster: s.cluster.name, Namespace: namespace,
		Environment: adapters.EnvironmentOf(labels["environment"], labels["env"], labels["app.kubernetes.io/environment"],
			namespace, s.cluster.name, s.cluster.alias),
	}
}

// id makes the ID of another object of the same cluster, for relations.
func (s *session) id(kind adapters.Kind, namespace, name string) string {
	return adapters.NewID(Provider, kind, adapters.Scope{Cluster: s.cluster.name, Namespace: namespace}, name)
}

// relation is one edge to another object of the same cluster.
func (s *session) relation(edge adapters.RelationType, kind adapters.Kind, namespace, name string) adapters.Relation {
	return adapters.Relation{Type: edge, Target: s.id(kind, namespace, name)}
}

// sortRelations sorts and drops doubles: two containers may use one secret, and two variables name one service.
func sortRelations(relations []adapters.Relation) []adapters.Relation {
	slices.SortFunc(relations, func(a, b adapters.Relation) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Evidence, b.Evidence))
	})
	return slices.CompactFunc(relations, func(a, b adapters.Relation) bool { return a.Type == b.Type && a.Target == b.Target })
}

// attributes leaves out what is empty: an attribute that does not apply is absent.
func attributes(pairs map[string]any) map[string]any {
	for key, value := range pairs {
		switch v := value.(type) {
		case string:
			if v == "" {
				delete(pairs, key)
			}
		case []string:
			if len(v) == 0 {
				delete(pairs, key)
			}
		case nil:
			delete(pairs, key)
		}
	}
	return pairs
}

// timestamp spells a time for an attribute; the zero time is nothing.
func timestamp(t *metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// deref returns what p points to, or fallback.
func deref[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}
