package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server/config"
	"clanker/server/telemetry"
)

// What a command printed is kept until somebody wants it anew; a file is read each time.
func TestModelKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	write := func(key string) { require.NoError(t, os.WriteFile(path, []byte(key), 0o600)) }
	k := &modelKeys{masks: &masks{}}
	find := func(from config.Secret) string {
		key, err := k.find(t.Context(), "openai", from)
		require.NoError(t, err)
		return key
	}
	printed, read := config.Secret{Command: []string{"cat", path}}, config.Secret{File: path}
	write("first-key")
	assert.Equal(t, []string{"first-key", "first-key"}, []string{find(printed), find(read)})
	write("second-key")
	assert.Equal(t, []string{"first-key", "second-key"}, []string{find(printed), find(read)})
	k.forget("anthropic")
	assert.Equal(t, "first-key", find(printed), "the key of somebody else was refused")
	k.forget("openai")
	assert.Equal(t, "second-key", find(printed))
	write("third-key")
	k.forget("")
	assert.Equal(t, "third-key", find(printed))
	require.NoError(t, os.Remove(path))
	assert.Equal(t, "third-key", find(printed))
	assert.Equal(t, map[string]string{"openai": "third-key"}, k.masks.found, "what was found is masked in logs")
	_, err := k.find(t.Context(), "openai", read)
	require.Error(t, err)
	_, err = k.find(t.Context(), "openai", config.Secret{Command: []string{"false"}})
	require.Error(t, err, "a failure is not kept either")
}

// However many ask at once, a command that may bother a person runs once.
func TestModelKeysRunACommandOnce(t *testing.T) {
	t.Parallel()
	count := filepath.Join(t.TempDir(), "count")
	k := &modelKeys{masks: &masks{}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			key, err := k.find(t.Context(), "openai", config.Secret{Command: []string{"sh", "-c", "echo >> " + count + "; echo the-only-key"}})
			assert.NoError(t, err)
			assert.Equal(t, "the-only-key", key)
		})
	}
	all.Wait()
	lines, err := os.ReadFile(count)
	require.NoError(t, err)
	assert.Equal(t, "\n", string(lines))
}

// A command that hangs holds up nobody but those who wait for its key, and them no longer than they want.
func TestModelKeysWaitForOneCommandAlone(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	k, hanging := &modelKeys{masks: &masks{}}, config.Secret{Command: []string{"cat", pipe}}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		key, err := k.find(t.Context(), "anthropic", hanging)
		assert.NoError(t, err)
		assert.Equal(t, "late-key", key)
	})
	person, err := os.OpenFile(pipe, os.O_WRONLY, 0) // returns when the command reads
	require.NoError(t, err)
	key, err := k.find(t.Context(), "openai", config.Secret{Command: []string{"echo", "other-key"}})
	require.NoError(t, err)
	assert.Equal(t, "other-key", key)
	impatient, done := context.WithCancel(t.Context())
	done()
	_, err = k.find(impatient, "anthropic", hanging)
	require.ErrorIs(t, err, context.Canceled)
	k.forget("")
	_, err = person.WriteString("late-key")
	require.NoError(t, err)
	require.NoError(t, person.Close())
	waiting.Wait()
}

// Every secret that was found is masked in logs, the last one of each sort.
func TestMasks(t *testing.T) {
	t.Parallel()
	var m masks
	k := &modelKeys{masks: &m}
	getenv := k.masking(func(name string) string {
		return map[string]string{"OPENAI_API_KEY": "openai-secret", "COHERE_API_KEY": "none", "OPENAI_BASE_URL": "https://example.com"}[name]
	})
	for _, name := range []string{"OPENAI_API_KEY", "COHERE_API_KEY", "OPENAI_BASE_URL"} {
		getenv(name)
	}
	require.NoError(t, m.put("token", "own-token-secret"))
	k.mask("cohere", "cohere-secret-1")
	k.mask("cohere", "cohere-secret-2")
	require.Error(t, m.put("token", "short"), "it is too short to be masked")
	var out strings.Builder
	logger, err := telemetry.NewLogger(&out, telemetry.Options{Format: "text", Known: &m.Known})
	require.NoError(t, err)
	logger.Info("openai-secret own-token-secret cohere-secret-2 none https://example.com")
	assert.NotContains(t, out.String(), "secret")
	assert.Contains(t, out.String(), "none https://example.com")
}

// A key of the environment is masked in logs as soon as a model is opened with it.
func TestKeysOfTheEnvironmentAreMasked(t *testing.T) {
	t.Parallel()
	a := &app{config: config.Default(), getenv: func(name string) string { return map[string]string{"OPENAI_API_KEY": "openai-secret"}[name] }}
	opened, err := a.models(&modelKeys{masks: &a.known})
	require.NoError(t, err)
	_, err = opened.Open(t.Context(), "openai/gpt-5.4")
	require.NoError(t, err)
	var out strings.Builder
	logger, err := telemetry.NewLogger(&out, telemetry.Options{Format: "text", Known: &a.known.Known})
	require.NoError(t, err)
	logger.Info("openai-secret")
	assert.NotContains(t, out.String(), "secret")
}
