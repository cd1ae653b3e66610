package kubernetes

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func TestBrokenKubeconfig(t *testing.T) {
	const clusters = "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
	for _, c := range []struct {
		name, content, detail, fix string
	}{
		{"empty", "", "no contexts in FILE", "aws eks update-kubeconfig"},
		{"not YAML", "apiVersion: v1\nkind: Config\nclusters: [\n", "FILE:", "correct FILE:"},
		{"not a mapping", "- just\n- a list\n", "FILE: ", "correct FILE"},
		{"base64", "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: https://x\n    certificate-authority-data: '!!!'\n", "FILE:7: ", "correct FILE:7"},
		{"missing cluster", "contexts: [{name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n", `cluster "c" was not found for context "a"`, "correct the context in FILE"},
		{"missing user", clusters + "contexts: [{name: a, context: {cluster: c, user: u}}]\n", `user "u" was not found for context "a"`, "kubectl config delete-context a"},
		{"missing CA file", "clusters: [{name: c, cluster: {server: 'https://x', certificate-authority: /nowhere/ca.pem}}]\ncontexts: [{name: a, context: {cluster: c}}]\n",
			"/nowhere/ca.pem", "correct the context in FILE"},
		{"auth provider", "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {auth-provider: {name: oidc}}}]\n",
			`no Auth Provider found for name "oidc"`, "replace the auth-provider of user \"u\" in FILE by a credential plugin"},
		{"missing current context", clusters + "current-context: gone\ncontexts: [{name: a, context: {cluster: c}}]\n", `FILE: current-context "gone" does not exist`, "kubectl config use-context NAME"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := writeFile(t, c.content)
			connections := Open(Options{Kubeconfig: file, Timeout: time.Second}).Connections(t.Context())
			var told []string
			for _, connection := range connections {
				if p := connection.Problem; p != nil && p.Reason == adapters.NotConfigured {
					told = append(told, p.Detail+" | "+p.Fix)
				}
			}
			require.Len(t, told, 1)
			assert.Contains(t, told[0], strings.ReplaceAll(c.detail, "FILE", file))
			assert.Contains(t, told[0], strings.ReplaceAll(c.fix, "FILE", file))
		})
	}
}

func TestNoKubeconfig(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	t.Setenv("KUBECONFIG", "")
	k := load([]string{"/nowhere/config"}, "", "")
	require.Len(t, k.broken, 1)
	assert.Equal(t, "no kubeconfig: looked for /nowhere/config, and this is not a pod", k.broken[0].problem.Detail)
	for asked, d := range map[string]*Driver{"--kubeconfig": Open(Options{Kubeconfig: "/nowhere/config"}), "KUBECONFIG": Open(Options{})} {
		if asked == "KUBECONFIG" {
			t.Setenv("KUBECONFIG", "/nowhere/config")
		}
		_, sources, err := d.List(t.Context(), adapters.Query{})
		var problem *adapters.SourceError
		require.ErrorAs(t, err, &problem)
		assert.Equal(t, adapters.NotConfigured, problem.Reason)
		assert.Equal(t, "/nowhere/config does not exist", problem.Detail)
		assert.Contains(t, problem.Fix, "correct the path in "+asked)
		assert.Len(t, sources, 1)
		assert.Equal(t, "/nowhere/config", d.Connections(t.Context())[0].Name)
	}
}

// TestKubeconfigList: one broken file and one dead cluster do not hide the cluster that works.
func TestKubeconfigList(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	closed := httptest.NewServer(nil)
	closed.Close()
	good := writeConfig(t, map[string]string{"prod": api.clusterEntry(), "dead": "{server: '" + closed.URL + "'}"})
	bad := writeFile(t, "clusters: [")
	t.Setenv("KUBECONFIG", strings.Join([]string{bad, good, "/nowhere/config"}, string(os.PathListSeparator)))
	found, sources, err := Open(Options{}).List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.Len(t, found, 2)
	byContext := map[string]*adapters.SourceError{}
	for _, s := range sources {
		byContext[s.Scope.Cluster] = s.Error
	}
	require.Len(t, byContext, 3)
	assert.Nil(t, byContext["prod"])
	assert.Equal(t, adapters.NotConfigured, byContext[""].Reason)
	assert.Equal(t, adapters.Unreachable, byContext["dead"].Reason)
	assert.Contains(t, byContext["dead"].Fix, "nothing listens at "+closed.URL)
	var details []string
	for _, s := range sources {
		if s.Error != nil {
			details = append(details, s.Error.Detail)
		}
	}
	assert.Contains(t, details, "/nowhere/config does not exist")
}

func TestOneDeadClusterOfTwo(t *testing.T) {
	api, dead := newFakeAPI(t, estateObjects()...), newFakeAPI(t)
	dead.fault = hang
	d := Open(Options{Kubeconfig: writeConfig(t, map[string]string{"prod": api.clusterEntry(), "dead": dead.clusterEntry()}), Timeout: 2 * time.Second})
	found, sources, err := d.List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.NotEmpty(t, found)
	late := 0
	for _, s := range sources {
		if s.Error != nil {
			late++
			assert.Equal(t, adapters.TimedOut, s.Error.Reason)
			assert.Equal(t, "dead", s.Scope.Cluster)
		}
	}
	assert.Equal(t, 1, late, "said once")
}

func TestKubeconfigIsReadAgain(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	api.token = "new"
	file := writeConfig(t, map[string]string{"prod": api.clusterEntry()})
	d := Open(Options{Kubeconfig: file})
	_, sources, err := d.List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.Equal(t, adapters.ExpiredCredentials, sources[0].Error.Reason)
	assert.Equal(t, fmt.Sprintf("renew the token of user %q in %s", "jane-user", file), sources[0].Error.Fix)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(content), "t0ken", "new", 1)), 0o600))
	found, _, err := d.List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.Len(t, found, 2)
}

func TestContextByName(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	const arn = "arn:aws:eks:us-east-1:123456789012:cluster/prod-cluster"
	file := writeFile(t, fmt.Sprintf(`clusters: [{name: %q, cluster: %s}, {name: gke_shop_europe-west1_web, cluster: %s}]
contexts: [{name: main, context: {cluster: %q}}, {name: gke_shop_europe-west1_web, context: {cluster: gke_shop_europe-west1_web}}]
current-context: main
`, arn, api.clusterEntry(), api.clusterEntry(), arn))
	d := Open(Options{Kubeconfig: file})
	for name, want := range map[string]string{"main": "main", "MAIN": "main", arn: "main", "prod-cluster": "main", "web": "gke_shop_europe-west1_web", "other": ""} {
		q := namespacesOnly
		q.Scope.Cluster = name
		found, _, err := d.List(t.Context(), q)
		require.NoError(t, err)
		if want == "" {
			assert.Empty(t, found)
			continue
		}
		require.NotEmpty(t, found, name)
		assert.Equal(t, want, found[0].Scope.Cluster)
	}
}

// TestClusterThroughWorkspace: what was asked for by a cluster's own name is not filtered out for its context's long name.
func TestClusterThroughWorkspace(t *testing.T) {
	const long = "arn:aws:eks:us-east-1:123456789012:cluster/prod-cluster"
	api := newFakeAPI(t, estateObjects()...)
	d := Open(Options{Kubeconfig: writeConfig(t, map[string]string{fmt.Sprintf("%q", long): api.clusterEntry()})})
	q := namespacesOnly
	q.Scope.Cluster = "prod-cluster"
	snapshot, err := adapters.NewWorkspace(d).Query(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, snapshot.Resources, 2)
	assert.Equal(t, long, snapshot.Resources[0].Scope.Cluster)
}

func TestClusterName(t *testing.T) {
	for name, want := range map[string]string{
		"prod": "prod", "arn:aws:eks:eu-west-1:1:cluster/x": "x", "gke_p_z_my_cluster": "my_cluster",
		"jane@web.eu-west-1.eksctl.io": "web", "kubernetes-admin@kubernetes": "kubernetes", "gke_": "gke_", "": "",
	} {
		assert.Equal(t, want, adapters.ClusterName(name), name)
	}
}

// FuzzKubeconfig: whatever is in the file, opening it says what works and what does not, and starts nothing.
func FuzzKubeconfig(f *testing.F) {
	f.Add("clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\ncontexts: [{name: a, context: {cluster: c}}]\ncurrent-context: a\n")
	f.Add("users: [{name: u, user: {exec: {command: x, apiVersion: client.authentication.k8s.io/v1}}}]")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, content string) {
		file := filepath.Join(t.TempDir(), "config")
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		k := load([]string{file}, "", "")
		require.NotZero(t, len(k.clusters)+len(k.broken))
		for _, b := range k.broken {
			require.NotEmpty(t, b.problem.Detail)
			require.NotEmpty(t, b.problem.Fix)
		}
	})
}
