package adapters

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestNewIDIsReadableAndReversible(t *testing.T) {
	scope := Scope{Cluster: "arn:aws:eks:us-east-1:1:cluster/prod", Namespace: "web", Environment: "production"}
	id := NewID("kubernetes", KindDeployment, scope, "a/b c")
	assert.Equal(t, "kubernetes/arn:aws:eks:us-east-1:1:cluster%2Fprod/web/deployment/a%2Fb%20c", id)
	assert.Equal(t, "a/b c", IDName(id))
	assert.Equal(t, KindDeployment, IDKind(id))
	assert.Empty(t, IDName("%zz"))
	assert.Empty(t, IDKind("short"))
}

func TestEnvironmentOf(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"prod"}, "production"}, {[]string{"", "web", "prod-cluster"}, "production"}, {[]string{"product-api"}, ""},
		{[]string{"gke_acme_europe-west1_staging"}, "staging"}, {[]string{"QA"}, "test"}, {[]string{"dev", "prod"}, "development"}, {nil, ""},
	} {
		assert.Equal(t, c.want, EnvironmentOf(c.names...), "%v", c.names)
	}
}

func TestQueryMatches(t *testing.T) {
	r := Resource{Provider: "kubernetes", Kind: KindPod, Name: "checkout-api-7d9f-x1", Labels: map[string]string{"app": "shop"},
		Scope:     Scope{Cluster: "prod", Namespace: "web", Environment: "production"},
		Relations: []Relation{{Type: RelationOwnedBy, Target: "kubernetes/prod/web/deployment/checkout-api"}}}
	for name, c := range map[string]struct {
		q    Query
		want bool
	}{
		"all":                {Query{}, true},
		"kind":               {Query{Kinds: []Kind{KindNode, KindPod}}, true},
		"other kind":         {Query{Kinds: []Kind{KindNode}}, false},
		"own name, any case": {Query{Name: "Checkout-API-7d9f-x1"}, true},
		"owner's name":       {Query{Name: "checkout-api"}, true},
		"label":              {Query{Name: "shop"}, true},
		"part of a name":     {Query{Name: "checkout"}, false},
		"namespace":          {Query{Scope: Scope{Namespace: "web"}}, true},
		"other namespace":    {Query{Scope: Scope{Namespace: "payments"}}, false},
		"unknown region":     {Query{Scope: Scope{Region: "us-east-1"}}, false},
		"provider":           {Query{Providers: []string{"aws"}}, false},
	} {
		assert.Equal(t, c.want, c.q.Matches(r), name)
	}
}

func TestLogFilterKeeps(t *testing.T) {
	for text, bad := range map[string]bool{
		"level=error msg=lost": true, "WARN slow": true, "dial tcp: i/o timeout": true, "E1122 14:02:11 sync.go:7] x": true, "connection refused": true,
		"order placed": false, "0 terrors": false, "listening": false,
	} {
		assert.Equal(t, bad, LogFilter{Errors: true}.Keeps(text), text)
		assert.True(t, LogFilter{}.Keeps(text), text)
	}
	assert.True(t, LogFilter{Grep: "ORDER"}.Keeps("order placed"))
	assert.False(t, LogFilter{Grep: "order", Errors: true}.Keeps("order placed"))
}

func TestNames(t *testing.T) {
	a, b := Name{Name: "Redis", Kind: KindService}, Name{Name: "redis", Kind: KindCache}
	names := NewNames([]Name{a, b, a, {}})
	assert.Equal(t, []Name{a, b}, names.Find("REDIS"))
	assert.Equal(t, []string{"redis"}, names.Folds())
	assert.Equal(t, names, NewNames([]Name{b, a}))
	assert.Zero(t, Names{}.Len())
}

func TestDiffComparesOnlyWhatWasObserved(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	deployment := func(name, cluster string, health Health, image string) Resource {
		scope := Scope{Cluster: cluster}
		return Resource{ID: NewID("kubernetes", KindDeployment, scope, name), Provider: "kubernetes", Kind: KindDeployment, Name: name,
			Scope: scope, Health: health, Attributes: map[string]any{"image": image}, Observed: at}
	}
	read := func(cluster string, err *SourceError) Source {
		return Source{Provider: "kubernetes", Scope: Scope{Cluster: cluster}, Error: err}
	}
	before := Snapshot{Resources: []Resource{deployment("api", "a", HealthHealthy, "v1"), deployment("gone", "a", HealthHealthy, "v1"), deployment("dark", "b", HealthHealthy, "v1")},
		Sources: []Source{read("a", nil), read("b", nil)}}
	after := Snapshot{At: at, Resources: []Resource{deployment("api", "a", HealthDegraded, "v2"), deployment("new", "a", HealthHealthy, "v1")},
		Sources: []Source{read("a", nil), read("b", &SourceError{Reason: TimedOut})}}

	var got []string
	for _, c := range Diff(before, after) {
		assert.Equal(t, at, c.At)
		got = append(got, c.Name+" "+c.Field)
	}
	assert.Equal(t, []string{"api health", "api image", "gone resource", "new resource"}, got, "dark was not observed: unknown, not gone")
	assert.Empty(t, Diff(before, before))
}
