package store

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// FuzzContent wants the content of two resources to be the same when there is no difference between them as they are kept,
// and only then.
func FuzzContent(f *testing.F) {
	f.Add(`{"labels":{"a":"b"}}`, `{"labels":{"ab":""}}`)
	f.Add(`{"attributes":{"a":["b","c"]}}`, `{"attributes":{"a":["b"],"c":true}}`)
	f.Add(`{"attributes":{"a":"b"}}`, `{"labels":{"a":"b"}}`)
	f.Add(`{"attributes":{"a":{"b":1}, "restarts": 1}}`, `{"attributes":{"a":{"b":2}}}`)
	f.Add(`{"health":"h"}`, `{"scope":{"namespace":"h"}}`)
	f.Add(`{"attributes":{"a":"s1"}}`, `{"attributes":{"a":1}}`)
	f.Fuzz(func(t *testing.T, one, other string) {
		var c contents
		a, b, ok := parsed(one), parsed(other), true
		for _, r := range []*adapters.Resource{a, b} {
			ok = ok && r != nil
		}
		if !ok {
			return
		}
		hashA, err := c.of(a)
		require.NoError(t, err)
		hashB, err := c.of(b)
		require.NoError(t, err)
		keptA, keptB := kept(t, &c, a), kept(t, &c, b)
		changes := adapters.Diff(adapters.Snapshot{Resources: []adapters.Resource{keptA}}, adapters.Snapshot{Resources: []adapters.Resource{keptB}})
		same := len(changes) == 0 && a.Scope == b.Scope && a.Name == b.Name && a.Kind == b.Kind && a.Provider == b.Provider
		assert.Equal(t, same, hashA == hashB, "%s\n%s\n%v", one, other, changes)
	})
}

// parsed is a resource with the types that drivers use; nil when the text is none.
func parsed(text string) *adapters.Resource {
	r, err := readDocument(text)
	if err != nil {
		return nil
	}
	r.ID = "id"
	for key, value := range r.Attributes {
		if list, ok := value.([]string); value == nil || ok && len(list) == 0 {
			delete(r.Attributes, key) // nothing, to drivers
		}
	}
	return &r
}

func kept(t *testing.T, c *contents, r *adapters.Resource) adapters.Resource {
	t.Helper()
	text, err := c.document(*r)
	require.NoError(t, err)
	again, err := readDocument(text)
	require.NoError(t, err)
	return again
}

func TestDocument(t *testing.T) {
	t.Parallel()
	var c contents
	r := adapters.Resource{ID: "id", Reason: "why", Labels: map[string]string{"pod-template-hash": "x", "app": "web"}, Link: "https://x",
		Attributes: map[string]any{"restarts": 3.0, "image": "v1"}, Metrics: map[string]float64{"cpu": 1}, Relations: []adapters.Relation{{Type: "uses", Target: "db"}}}
	text, err := c.document(r)
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":"id","provider":"","kind":"","name":"","scope":{},"reason":"why","labels":{"app":"web"},"attributes":{"image":"v1"},"relations":[{"type":"uses","target":"db"}]}`, text)
	assert.Len(t, r.Attributes, 2, "the caller's stay")
	_, err = c.of(&adapters.Resource{ID: "id", Attributes: map[string]any{"a": func() {}}})
	assert.ErrorContains(t, err, "attribute a of id")
}

func BenchmarkContent(b *testing.B) {
	r := adapters.Resource{ID: "kubernetes/prod/shop/pod/web-1234567890-abcde", Provider: "kubernetes", Kind: adapters.KindPod, Name: "web-1234567890-abcde",
		Scope: adapters.Scope{Cluster: "prod", Namespace: "shop", Environment: "production"}, Health: adapters.HealthHealthy,
		Labels: map[string]string{"pod-template-hash": "1234567890"}, Attributes: map[string]any{"images": []string{"registry.example/shop/web:v1.2.3"}, "containers": []string{"web"}}}
	for i := range 6 {
		r.Labels[fmt.Sprint("app.kubernetes.io/label-", i)] = "value of it"
		r.Attributes[fmt.Sprint("attribute_", i)] = "value of it"
	}
	var c contents
	b.ReportAllocs()
	for b.Loop() {
		_, _ = c.of(&r)
	}
	text, _ := json.Marshal(r)
	b.ReportMetric(float64(len(text)), "bytes-of-JSON")
}
