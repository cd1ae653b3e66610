//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters/kubernetes/kubetest"
	"clanker/policies/approval"
)

// changedWorld changes one thing after it was proposed; people approve what they were shown, and it does not run any more.
func changedWorld(t *testing.T, e estate) {
	e.scale(t, 2)
	counting, folder := e.tool(t), t.TempDir()
	config, object := filepath.Join(folder, "kubeconfig"), filepath.Join(folder, "web.yaml")
	copyFile(t, e.kubeconfig, config, 0o600)
	write := func(path, text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	const labelled = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: limits, namespace: shop}\ndata: {most: \"%d\"}\n"
	write(object, fmt.Sprintf(labelled, 1))
	e.kubeconfig = config
	g := e.gateWith(t, []string{counting.dir})
	alice := g.enrol(t, "alice")[0]
	viewer, err := e.cluster.Kubeconfig("viewer")
	require.NoError(t, err)
	for _, change := range []struct {
		name, line string
		change     func()
	}{
		{"replicas", wanted, func() { e.scale(t, 3) }},
		{"manifest", "kubectl apply -f " + object, func() { write(object, fmt.Sprintf(labelled, 999)) }},
		{"manifest is a link", "kubectl apply -f " + object, func() {
			write(filepath.Join(folder, "other.yaml"), fmt.Sprintf(labelled, 998))
			require.NoError(t, os.Remove(object))
			require.NoError(t, os.Symlink(filepath.Join(folder, "other.yaml"), object))
		}},
		{"program", wanted, func() { appendTo(t, filepath.Join(counting.dir, "kubectl"), "x") }},
		{"user", wanted, func() { copyFile(t, viewer, config, 0o600) }},
		{"context", wanted, func() { replaceIn(t, config, "current-context: prod-cluster", "current-context: nobody") }},
		{"object", wanted, func() {
			require.NoError(t, e.cluster.Apply(t.Context(), strings.ReplaceAll(manifest(t, "gate"), "web:v1", "web:v2")))
		}},
	} {
		proposed := g.propose(t, change.line)
		change.change()
		require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve), change.name)
		got := g.over(t, proposed.ProposalID)
		assert.Contains(t, []approval.State{approval.Stale, approval.Failed}, got.State, "%s: %s", change.name, got.Text)
		assert.Empty(t, counting.told(t, "runs"), change.name)
		t.Logf("%s: %s: %.160s", change.name, got.State, got.Why)
		fresh, err := e.cluster.Kubeconfig("admin", "system:masters")
		require.NoError(t, err)
		copyFile(t, fresh, config, 0o600)
	}
	g.verified(t)
	proposed := g.propose(t, wanted)
	require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve))
	assert.Equal(t, approval.Succeeded, g.over(t, proposed.ProposalID).State, "what has not changed runs")
	assert.Len(t, counting.told(t, "runs"), 1)
}

func copyFile(t testing.TB, from, to string, mode os.FileMode) {
	t.Helper()
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, text, mode))
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path)) // it may be in use
	require.NoError(t, os.WriteFile(path, append(before, text...), 0o700))
}

func replaceIn(t testing.TB, path, before, after string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), before)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), before, after, 1)), 0o600))
}

// otherCluster gives the context of the proposal's cluster to another one, in which everything has the same name.
func otherCluster(t *testing.T, e estate) {
	other := kubetest.Start(t, kubetest.Options{Name: "prod-cluster", Nodes: 1, NoMetrics: true})
	require.NoError(t, other.Apply(t.Context(), manifest(t, "gate")))
	require.NoError(t, other.WaitFor(t.Context(), "web", other.Available("shop", "web")))
	there, err := other.Kubeconfig("admin", "system:masters")
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "kubeconfig")
	copyFile(t, e.kubeconfig, config, 0o600)
	e.kubeconfig = config
	a := e.attacked(t)
	copyFile(t, there, config, 0o600)
	require.NoError(t, a.says(a.alice, a.proposal.ProposalID, approval.Approve))
	got := a.over(t, a.proposal.ProposalID)
	assert.Equal(t, approval.Stale, got.State, got.Text)
	assert.Contains(t, got.Why, "the target")
	assert.Equal(t, a.before, e.written(t))
	assert.Equal(t, int32(2), estate{cluster: other}.replicas(t))
}

// plantedTool puts programs named kubectl in front of the real one, where others could have put them.
func plantedTool(t *testing.T, e estate) {
	real, open, script, shared := e.tool(t), e.tool(t), t.TempDir(), e.tool(t)
	require.NoError(t, os.Chmod(open.dir, 0o777))
	require.NoError(t, os.Chmod(filepath.Join(shared.dir, "kubectl"), 0o775))
	require.NoError(t, os.WriteFile(filepath.Join(script, "kubectl"), []byte("#!/bin/sh\ntouch "+script+"/ran\n"), 0o700))
	t.Chdir(open.dir)
	g := e.gateWith(t, []string{".", "", open.dir, shared.dir, script, "../" + filepath.Base(open.dir), real.dir})
	got := g.tool(t, map[string]any{"argv": []string{"kubectl", "get", "pods"}, "reason": "to look"})
	assert.Equal(t, approval.Succeeded, got.State, got.Text)
	assert.Len(t, real.told(t, "runs"), 1, "the one that only we can change")
	for _, planted := range []tool{open, shared} {
		assert.Empty(t, planted.told(t, "asked"))
		assert.Empty(t, planted.told(t, "runs"))
	}
	assert.NoFileExists(t, filepath.Join(script, "ran"))
}

// hostileVariables starts the workspace with variables that steer tools and loaders. The tool gets none of them.
func hostileVariables(t *testing.T, e estate) {
	counting := e.tool(t)
	var names []string
	for _, variable := range []string{
		"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "GODEBUG", "GOTRACEBACK", "GOCOVERDIR", "KUBECTL_EXTERNAL_DIFF", "KUBECTL_KUBERC",
		"KUBECTL_COMMAND_HEADERS", "KUBECTL_PLUGINS_PATH", "KUBERC", "KUBE_EDITOR", "EDITOR", "TF_CLI_ARGS", "TF_CLI_ARGS_apply", "TF_LOG", "TF_DATA_DIR", "HELM_PLUGINS",
		"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_PROFILE", "AWS_ENDPOINT_URL", "XDG_CONFIG_HOME", "TMPDIR",
	} {
		value := filepath.Join(t.TempDir(), "evil-"+variable)
		if strings.HasSuffix(variable, "PROXY") {
			value = "http://127.0.0.1:1/evil-" + variable
		}
		if variable == "TMPDIR" { // the workspace's own files need a folder that is there
			require.NoError(t, os.MkdirAll(value, 0o700))
		}
		e.more = append(e.more, variable+"="+value)
		names = append(names, variable)
	}
	g := e.gateWith(t, []string{counting.dir})
	got := g.tool(t, map[string]any{"argv": []string{"kubectl", "get", "pods"}, "reason": "to look"})
	require.Equal(t, approval.Succeeded, got.State, got.Text)
	given := strings.Join(counting.told(t, "environment"), "\n")
	t.Log(given)
	for word := range strings.FieldsSeq(given) {
		name, value, _ := strings.Cut(word, "=")
		assert.Contains(t, []string{"HOME", "TMPDIR", "PATH", "LANG", "KUBECONFIG", "KUBERC"}, name)
		if name != "TMPDIR" && name != "HOME" && name != "PATH" && name != "KUBECONFIG" { // they are in the workspace's folder for temporary files
			assert.NotContains(t, value, "evil-")
		}
	}
	assert.Contains(t, given, "KUBERC=off")
	assert.NotEmpty(t, names)
}

// aliases are preferences of kubectl that turn a read into a deletion, and put other flags into a command.
func aliases(t *testing.T, e estate) {
	const preferences = `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
aliases: [{name: get, command: delete, prependArgs: [deployment/web, -n, shop]}]
defaults: [{command: scale, options: [{name: replicas, default: "0"}, {name: dry-run, default: server}]}]
`
	e.scale(t, 2)
	e.home = t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(e.home, ".kube"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(e.home, ".kube", "kuberc"), []byte(preferences), 0o600))
	e.more = append(e.more, "KUBERC="+filepath.Join(e.home, ".kube", "kuberc"), "KUBECTL_KUBERC=true")
	g := e.gate(t)
	before := e.written(t)
	got := g.tool(t, map[string]any{"argv": []string{"kubectl", "get", "deployments", "-n", "shop"}, "reason": "to look"})
	assert.Contains(t, got.Outcome.Stdout, "web", got.Text)
	assert.Equal(t, before, e.written(t))
	alice := g.enrol(t, "alice")[0]
	proposed := g.propose(t, "kubectl scale deployment/web --replicas=3 -n shop")
	require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve))
	assert.Equal(t, approval.Succeeded, g.over(t, proposed.ProposalID).State)
	assert.Equal(t, int32(3), e.replicas(t))
}

// signInProgram is named by a kubeconfig; planning a command must not run it.
func signInProgram(t *testing.T, e estate) {
	counting := e.tool(t)
	require.NoError(t, os.Rename(filepath.Join(counting.dir, "kubectl"), filepath.Join(counting.dir, "evil-login")))
	config := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
apiVersion: v1
kind: Config
current-context: prod-cluster
contexts: [{name: prod-cluster, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %s/evil-login}}}]
`, counting.dir), 0o600))
	e.kubeconfig = config
	g := e.gate(t)
	for _, line := range []string{"kubectl get pods", wanted, "kubectl get pods --context=prod-cluster"} {
		got := g.tool(t, map[string]any{"argv": strings.Fields(line), "reason": "to look"})
		assert.True(t, got.IsError)
		assert.Contains(t, got.Text, "is not among the programs that may")
	}
	assert.Empty(t, counting.told(t, "runs"))
	assert.Empty(t, counting.told(t, "asked"))
}
