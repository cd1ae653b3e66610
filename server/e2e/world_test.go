//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clanker/adapters/kubernetes/kubetest"
)

// world is what all questions are asked about.
type world struct {
	program
	prod, staging *kubetest.Cluster
	admins        []string // kubeconfigs of somebody who may do everything in both clusters, and could write
}

// program is the clanker binary, the empty home directory it runs in, and what else is in its environment.
type program struct {
	clanker, home string
	more          []string
}

// newWorld builds the binary and starts both clusters.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{program: build(t)}
	var wait sync.WaitGroup
	var failed [2]error
	wait.Go(func() {
		w.prod, failed[0] = kubetest.New(t.Context(), kubetest.Options{Name: "prod-cluster", Containers: []string{"cart", "web"}})
	})
	wait.Go(func() {
		w.staging, failed[1] = kubetest.New(t.Context(), kubetest.Options{Name: "staging-cluster", Nodes: 1, NoMetrics: true})
	})
	wait.Wait()
	t.Cleanup(w.close)
	require.NoError(t, failed[0])
	require.NoError(t, failed[1])
	w.admins = []string{as(t, w.prod, "admin"), as(t, w.staging, "admin")}
	w.populate(t)
	return w
}

func (w *world) close() {
	for _, cluster := range []*kubetest.Cluster{w.prod, w.staging} {
		if cluster != nil {
			cluster.Close()
		}
	}
}

// populate fills the clusters and waits until everything is as well, or as broken, as it is meant to be.
func (w *world) populate(t *testing.T) {
	t.Helper()
	for _, name := range []string{"analytics", "payments", "shop", "vault"} {
		require.NoError(t, w.prod.Apply(t.Context(), manifest(t, name)))
	}
	require.NoError(t, w.prod.Apply(t.Context(), version(t, "v1.4.1", "2")))
	require.NoError(t, w.staging.Apply(t.Context(), manifest(t, "staging")))
	await := func(c *kubetest.Cluster, what string, done kubetest.Condition) {
		require.NoError(t, c.WaitFor(t.Context(), what, done))
	}
	await(w.prod, "payments-api", w.prod.Available("payments", "payments-api"))
	await(w.prod, "storefront", w.prod.Available("shop", "storefront"))
	await(w.prod, "checkout-api", w.prod.Available("delivery", "checkout-api"))
	await(w.prod, "cart", w.prod.Waiting("shop", "cart", "CrashLoopBackOff"))
	await(w.prod, "search", w.prod.Waiting("shop", "search", "CrashLoopBackOff"))
	await(w.prod, "catalog", w.prod.Waiting("shop", "catalog", "ImagePullBackOff"))
	await(w.prod, "giant", w.prod.Unschedulable("shop", "giant"))
	await(w.prod, "ledger", w.prod.Waiting("vault", "ledger", "CrashLoopBackOff"))
	await(w.staging, "payments-api", w.staging.Waiting("payments", "payments-api", "CrashLoopBackOff"))
}

// build makes the real program, with the flags that make build uses.
func build(t testing.TB) program {
	t.Helper()
	p := program{clanker: filepath.Join(t.TempDir(), "clanker"), home: t.TempDir()}
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w", "-o", p.clanker, "clanker/server/clanker")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "build clanker: %s", out)
	return p
}

func manifest(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
	require.NoError(t, err)
	return string(text)
}

// version is the manifest of checkout-api at a version, with so many replicas.
func version(t *testing.T, version, replicas string) string {
	t.Helper()
	return strings.NewReplacer("VERSION", version, "REPLICAS", replicas).Replace(manifest(t, "delivery"))
}

// as returns the kubeconfig of a user. Each call signs a new certificate into the same file, so ask once for each user.
func as(t testing.TB, c *kubetest.Cluster, user string) string {
	t.Helper()
	path, err := c.Kubeconfig(user)
	require.NoError(t, err)
	return path
}
