package kubernetes

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// manyContexts is a kubeconfig with contexts of the form name=user/namespace, all of one cluster. A user's token is its name.
func manyContexts(t *testing.T, api *fakeAPI, current string, contexts ...string) string {
	var entries, users []string
	for _, c := range contexts {
		name, rest, _ := strings.Cut(c, "=")
		user, namespace, _ := strings.Cut(rest, "/")
		entries = append(entries, fmt.Sprintf("- {name: %s, context: {cluster: c, user: %s, namespace: %q}}", name, user, namespace))
		if entry := fmt.Sprintf("- {name: %s, user: {token: %s}}", user, user); !slices.Contains(users, entry) {
			users = append(users, entry)
		}
	}
	return writeFile(t, fmt.Sprintf("current-context: %s\nclusters: [{name: c, cluster: %s}]\ncontexts:\n%s\nusers:\n%s\n",
		current, api.clusterEntry(), strings.Join(entries, "\n"), strings.Join(users, "\n")))
}

// TestEachClusterIsReadOnce: contexts and files that lead to one API server do not multiply what is in it.
func TestEachClusterIsReadOnce(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	three := manyContexts(t, api, "b", "a=jane/web", "b=jane/shop", "c=joe/web")
	other := manyContexts(t, api, "z", "z=jane/")
	for name, c := range map[string]struct {
		kubeconfig, cluster string
		want                []string
	}{
		"all":              {three, "", []string{"b", "b"}},
		"by name":          {three, "c", []string{"c", "c"}},
		"two files":        {other + string(os.PathListSeparator) + three, "", []string{"z", "z"}},
		"verified and not": {writeConfig(t, map[string]string{"one": api.clusterEntry(), "two": "{insecure-skip-tls-verify: true, server: '" + api.URL + "'}"}), "", []string{"one", "one", "two", "two"}},
	} {
		t.Run(name, func(t *testing.T) {
			q := adapters.Query{Kinds: []adapters.Kind{adapters.KindNode}, Scope: adapters.Scope{Cluster: c.cluster}}
			found, _, err := Open(Options{Kubeconfig: c.kubeconfig}).List(t.Context(), q)
			require.NoError(t, err)
			var contexts []string
			for _, r := range found {
				contexts = append(contexts, r.Scope.Cluster)
			}
			assert.Equal(t, c.want, contexts)
		})
	}
	var details []string
	for _, c := range Open(Options{Kubeconfig: three}).Connections(t.Context()) {
		details = append(details, c.Name+" "+c.Detail)
	}
	assert.Equal(t, []string{"a v1.36.3; same cluster and user as context b", "b v1.36.3; same cluster and user as context a", "c v1.36.3"}, details)
}

// TestAnotherUserOfTheCluster: when the first context's credentials count for nothing, those of the next are used.
func TestAnotherUserOfTheCluster(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	file := manyContexts(t, api, "a", "a=old/", "b=barred/", "c=joe/")
	refusal := func(w http.ResponseWriter, r *http.Request) bool {
		switch r.Header.Get("Authorization") {
		case "Bearer old":
			return expire(w, r)
		case "Bearer barred":
			return r.Method == http.MethodGet && r.URL.Path != "/version" && forbid(w, r)
		}
		return false
	}
	api.fault = refusal
	q := adapters.Query{Kinds: []adapters.Kind{adapters.KindNode, adapters.KindCluster}}
	found, sources, err := Open(Options{Kubeconfig: file}).List(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, found, 3)
	for _, s := range sources {
		assert.Nil(t, s.Error)
		assert.Equal(t, "c", s.Scope.Cluster)
	}
	api.fault = expire
	found, sources, err = Open(Options{Kubeconfig: file}).List(t.Context(), q)
	require.NoError(t, err)
	assert.Empty(t, found)
	require.Len(t, sources, 1)
	assert.Equal(t, "a", sources[0].Scope.Cluster, "the one that is meant is the one to mend")
}

// TestNamespacesOfAllContexts: an account that may read its namespaces alone has all of them read, whichever context is used.
func TestNamespacesOfAllContexts(t *testing.T) {
	api := newFakeAPI(t, running("web", "a", nil, "x:1"), running("shop", "b", nil, "x:1"), running("other", "c", nil, "x:1"))
	api.fault = func(w http.ResponseWriter, r *http.Request) bool { return r.URL.Path == "/api/v1/pods" && forbid(w, r) }
	d := Open(Options{Kubeconfig: manyContexts(t, api, "a", "a=jane/web", "b=jane/shop", "c=joe/other")})
	found, sources, err := d.List(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}})
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Contains(t, sources[0].Error.Detail, "only namespace web, shop was tried instead")
}
