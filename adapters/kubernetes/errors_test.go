package kubernetes

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// forbidAs refuses a user as RBAC does.
func forbidAs(user string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden, fmt.Sprintf(`pods is forbidden: User "%s" cannot list resource "pods"`, user))
		return true
	}
}

// TestNobodyIsSignedIn: nothing is ever to be granted to everybody who can reach the API server.
func TestNobodyIsSignedIn(t *testing.T) {
	api := newFakeAPI(t)
	entry := "clusters: [{name: c, cluster: " + api.clusterEntry() + "}]\n"
	nobody, bare := writeFile(t, entry+"contexts: [{name: a, context: {cluster: c}}]\n"), writeFile(t, entry+"contexts: [{name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n")
	tokened := writeConfig(t, map[string]string{"a": api.clusterEntry()})
	for _, c := range []struct {
		name, file string
		fault      func(http.ResponseWriter, *http.Request) bool
		reason     adapters.Reason
		fix        string
	}{
		{"no user", nobody, forbidAs("system:anonymous"), adapters.NoCredentials, `sign in: give context "a" in ` + nobody},
		{"user without credentials", bare, forbidAs("system:anonymous"), adapters.NoCredentials, `sign in: give user "u" in ` + bare},
		{"no name told", bare, forbidAs(""), adapters.NoCredentials, `sign in: give user "u" in ` + bare},
		{"not even heard", bare, expire, adapters.NoCredentials, `sign in: give user "u" in ` + bare},
		{"anonymous all the same", tokened, forbidAs("system:anonymous"), adapters.NoCredentials, `renew the token of user "jane-user"`},
		{"through a proxy that signs in", bare, forbidAs("joe"), adapters.PermissionDenied, "--user=joe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			api.fault = c.fault
			_, sources, err := Open(Options{Kubeconfig: c.file}).List(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}})
			require.NoError(t, err)
			require.NotEmpty(t, sources)
			for _, s := range sources {
				assert.Equal(t, c.reason, s.Error.Reason)
				assert.Contains(t, s.Error.Fix, c.fix)
				assert.False(t, strings.Contains(s.Error.Fix, "create") && c.reason == adapters.NoCredentials, s.Error.Fix)
			}
		})
	}
}

// TestSecretsAreNotAskedFor: most users may not list secrets; that takes nothing from an answer that is not about releases,
// and is never to be mended by a grant.
func TestSecretsAreNotAskedFor(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	api.fault = func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "/secrets") && forbid(w, r)
	}
	for name, c := range map[string]struct {
		kinds  []adapters.Kind
		denied int
	}{
		"by name":       {[]adapters.Kind{adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindRelease}, 0},
		"everything":    {nil, 0},
		"releases":      {[]adapters.Kind{adapters.KindRelease}, 2},
		"with the pods": {[]adapters.Kind{adapters.KindRelease, adapters.KindPod}, 2},
		"configuration": {[]adapters.Kind{adapters.KindConfig}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, sources, err := driverFor(t, api).List(t.Context(), adapters.Query{Kinds: c.kinds})
			require.NoError(t, err)
			denied := 0
			for _, s := range sources {
				if s.Error != nil && s.Error.Reason == adapters.PermissionDenied {
					denied++
					assert.Contains(t, s.Error.Permission, "list secrets")
					assert.NotContains(t, s.Error.Fix, "kubectl")
				}
			}
			assert.Equal(t, c.denied, denied)
		})
	}
}

// TestConnectedMeansAllowed: a context is connected when its user may list something, be it in one namespace alone.
func TestConnectedMeansAllowed(t *testing.T) {
	api := newFakeAPI(t)
	d := driverFor(t, api)
	for allowed, want := range map[string]adapters.Reason{
		"": adapters.PermissionDenied, "/api/v1/namespaces/default/pods": "", "/apis/apps/v1/namespaces/default/deployments": "", "/api/v1/nodes": "",
	} {
		api.fault = func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodGet && r.URL.Path != "/version" && r.URL.Path != allowed && forbid(w, r)
		}
		got := d.Connections(t.Context())[0]
		assert.Equal(t, "jane", got.Identity)
		if want == "" {
			assert.Nil(t, got.Problem, allowed)
			continue
		}
		require.NotNil(t, got.Problem)
		assert.Equal(t, want, got.Problem.Reason)
		assert.Equal(t, "list pods in namespace default", got.Problem.Permission)
		assert.Equal(t, "kubectl create rolebinding clanker-view --clusterrole=view --user=jane -n default --context prod", got.Problem.Fix)
	}
	for _, open := range []string{"/version", "nothing"} {
		api.fault = func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path != open && forbidAs("system:anonymous")(w, r)
		}
		bare := writeFile(t, "clusters: [{name: c, cluster: "+api.clusterEntry()+"}]\ncontexts: [{name: a, context: {cluster: c}}]\n")
		problem := Open(Options{Kubeconfig: bare}).Connections(t.Context())[0].Problem
		require.NotNil(t, problem)
		assert.Equal(t, adapters.NoCredentials, problem.Reason)
	}
}
