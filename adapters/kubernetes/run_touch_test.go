package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func workOn(name string) *work {
	return &work{access: &access{session: &session{cluster: &cluster{name: name}}}}
}

// TestTwiceAnother: a file with one object twice would be shown as the first and end as the second.
func TestTwiceAnother(t *testing.T) {
	t.Parallel()
	w := workOn("prod")
	pod := func(privileged string) touch {
		return touch{action: adapters.ActionCreate,
			after: anObject(t, "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {privileged: "+privileged+"}}")}
	}
	_, err := w.sorted([]touch{pod("false"), pod("true")})
	require.ErrorContains(t, err, "pod web is there twice")
	once, err := w.sorted([]touch{pod("false"), pod("false")})
	require.NoError(t, err)
	assert.Len(t, once, 1)
	manifest := "{apiVersion: v1, kind: Pod, metadata: {name: web}, a: 1}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: web}, a: 2}"
	_, err = w.contents("release", &release{Manifest: manifest})
	require.ErrorContains(t, err, "pod web is there twice")
}

// TestEnvironmentIsNotChosen: policies ask less of what is outside production, and whoever proposes does not say what that is.
func TestEnvironmentIsNotChosen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{kind: ClusterRoleBinding, metadata: {name: staging, labels: {environment: staging}}}":   "production",
		"{kind: Pod, metadata: {name: staging, namespace: shop, labels: {environment: staging}}}": "production",
		"{kind: Pod, metadata: {name: web, namespace: staging}}":                                  "staging",
		"{kind: Namespace, metadata: {name: staging}}":                                            "staging",
		"{kind: Node, metadata: {name: dev}}":                                                     "production",
	} {
		assert.Equal(t, want, workOn("prod").environment(touch{after: anObject(t, "{apiVersion: v1, "+text[1:])}), text)
	}
	node := anObject(t, "{apiVersion: v1, kind: Node, metadata: {name: dev}}")
	assert.Equal(t, "unknown", workOn("main").environment(touch{before: node}), "not the environment of the command's namespace")
	labelled := anObject(t, "{apiVersion: v1, kind: Node, metadata: {name: a, labels: {environment: test}}}")
	assert.Equal(t, "test", workOn("main").environment(touch{before: labelled}))
}
