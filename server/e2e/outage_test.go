//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
)

const everything = "Are all services healthy?"

// outage takes staging-cluster away, first so that requests on open connections are never answered, then for good. The
// other cluster's part of the answer must be there each time.
func outage(t *testing.T, w *world, s *workspace) {
	require.Equal(t, []string{"prod-cluster", "staging-cluster"}, targets(s.ask(t, everything)))

	require.NoError(t, w.staging.Pause())
	began := time.Now()
	frozen := s.ask(t, everything)
	t.Logf("answer with a frozen API server after %s", time.Since(began).Round(time.Millisecond))
	assertWithoutStaging(t, frozen, adapters.TimedOut, adapters.Unreachable)

	require.NoError(t, w.staging.Resume())
	require.NoError(t, w.staging.WaitFor(t.Context(), "staging-cluster", w.staging.Serving))
	assert.Equal(t, []string{"prod-cluster", "staging-cluster"}, targets(s.ask(t, everything)), "it must recover")

	w.staging.Kill()
	began = time.Now()
	dead := s.ask(t, everything)
	t.Logf("answer with a dead API server after %s", time.Since(began).Round(time.Millisecond))
	assertWithoutStaging(t, dead, adapters.Unreachable)
}

func assertWithoutStaging(t *testing.T, r reply, reasons ...adapters.Reason) {
	t.Helper()
	assert.Equal(t, router.StatusPartial, r.Answer.Status, "%s", r.Text)
	assert.Equal(t, []string{"prod-cluster"}, targets(r), "%s", r.Text)
	assert.Contains(t, r.names(), "cart")
	require.NotEmpty(t, r.Answer.Coverage.NotChecked, "%s", r.Text)
	for _, missing := range r.Answer.Coverage.NotChecked {
		assert.Equal(t, "staging-cluster", missing.Target)
		assert.True(t, slices.Contains(reasons, missing.Reason), "%s: %s", missing.What, missing.Reason)
		assert.NotEmpty(t, missing.Fix, "%s", missing.What)
	}
}

// broken lists a kubeconfig that is not YAML beside one that works: the fault is named, the rest is answered.
func broken(t *testing.T, w *world, _ *workspace) {
	torn := filepath.Join(t.TempDir(), "torn.yaml")
	require.NoError(t, os.WriteFile(torn, []byte("apiVersion: v1\nkind: [Config\n"), 0o600))
	r := w.serve(t, torn, w.admins[0]).ask(t, everything)
	assert.Contains(t, r.Text, torn)
	assert.False(t, r.Answer.Coverage.Complete)
	assert.Contains(t, r.names(), "cart", "%s", r.Text)
}
