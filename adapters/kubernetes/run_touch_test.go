package kubernetes

import (
	"strings"
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

// TestChartsAreBound: a registry could serve one chart to those who look, and another to helm once they have approved.
func TestChartsAreBound(t *testing.T) {
	t.Parallel()
	const chart = "oci://registry.test/charts/web"
	for argv, want := range map[string]string{
		"upgrade web " + chart + " --version=1.2.3":                   "name it by its digest",
		"install web " + chart:                                        "name it by its digest",
		"upgrade web " + chart + "@sha256:" + strings.Repeat("a", 64): "",
		"show values " + chart:                                        "",
	} {
		c, err := adapters.ParseCommand(append([]string{"helm"}, strings.Fields(argv)...))
		require.NoError(t, err, argv)
		err = (&work{runner: NewRunner(RunnerOptions{}), command: c}).copyChart()
		if want == "" {
			assert.NoError(t, err, argv)
			continue
		}
		assert.ErrorContains(t, err, want, argv)
	}
}
