package cli

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval/approvaltest"
	"clanker/router"
	"clanker/server/config"
	"clanker/server/store"
	"clanker/server/store/storetest"
)

// What models cost is told by day, asker and model, never as nothing where nobody knows, with what is left of today.
func TestModelsUsage(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	s, err := store.Open(t.Context(), dir, store.Options{})
	require.NoError(t, err)
	for _, c := range []struct {
		id, asker string
		days      int
		cost      router.Cost
	}{
		{"a", "claude", -7, new(int64(9))}, {"b", "claude", -1, new(int64(12_300))}, {"c", "", 0, nil}, {"d", "claude\x1b[2J", 0, new(int64(1_000_000))}, {"e", "codex", 0, nil}, {"f", "codex", 0, new(int64(1))},
	} {
		call := storetest.Call(c.id, 0)
		call.Asker, call.Cost, call.At = c.asker, c.cost, call.At.AddDate(0, 0, c.days)
		require.NoError(t, s.Reserve(t.Context(), call, router.SpendLimit{}))
	}
	require.NoError(t, s.Close())
	assert.Equal(t, `day         asker      model                       calls  tokens in  tokens out  US dollars
2026-11-22  claude     anthropic/claude-haiku-4-5  1      70         30          0.0123
2026-11-23  -          anthropic/claude-haiku-4-5  1      70         30          unknown
2026-11-23  claude[2J  anthropic/claude-haiku-4-5  1      70         30          1.00
2026-11-23  codex      anthropic/claude-haiku-4-5  2      140        60          0.000001 and unknown

today: 1.000001 US dollars spent, 3.999999 left; 200 tokens without a price, 1999800 left
`, usageOf(t, dir))
	assert.JSONEq(t, `{"spent": [
		{"day": "2026-11-23", "model": "anthropic/claude-haiku-4-5", "calls": 1, "inputTokens": 70, "outputTokens": 30, "costUsd": "unknown", "unpricedTokens": 100},
		{"day": "2026-11-23", "asker": "claude\u001b[2J", "model": "anthropic/claude-haiku-4-5", "calls": 1, "inputTokens": 70, "outputTokens": 30, "costUsd": "1.00"},
		{"day": "2026-11-23", "asker": "codex", "model": "anthropic/claude-haiku-4-5", "calls": 2, "inputTokens": 140, "outputTokens": 60, "costUsd": "0.000001", "unpricedTokens": 100}],
		"today": {"spentUsd": "1.000001", "leftUsd": "3.999999", "unpricedTokens": 200, "unpricedTokensLeft": 1999800}}`, usageOf(t, dir, "--days", "1", "-o", "json"))
}

// usageOf is what the command prints at noon.
func usageOf(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	a := &app{stdout: &out, now: func() time.Time { return approvaltest.Noon() }, config: config.Default(), noColor: true}
	a.config.State = dir
	cmd := a.modelsUsageCommand()
	cmd.SetArgs(args)
	cmd.SetContext(t.Context())
	require.NoError(t, cmd.Execute())
	return out.String()
}

func TestModelsUsageRefuses(t *testing.T) {
	t.Parallel()
	for _, days := range []string{"0", "-1", "36501"} {
		code, _, stderr := clanker(t, "", "models", "usage", "--days", days)
		assert.Equal(t, exitUsage, code)
		assert.Contains(t, stderr, "--days "+days+": want 1 to 36500")
	}
	code, _, stderr := clanker(t, "", "models", "usage", "--state", filepath.Join(t.TempDir(), "none"))
	assert.Equal(t, exitError, code)
	assert.Contains(t, stderr, "name the folder of a workspace")
}
