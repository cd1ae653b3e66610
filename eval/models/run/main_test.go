package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/eval/models"
)

// measured runs the command with a shell script in the place of the program, where a table is there already.
func measured(t *testing.T, script string, refs ...string) (log, table string, err error) {
	t.Helper()
	dir := t.TempDir()
	program, path := filepath.Join(dir, "clanker"), filepath.Join(dir, "RESULTS.md")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o700))
	require.NoError(t, os.WriteFile(path, []byte("as it was"), 0o600))
	var out strings.Builder
	err = run(t.Context(), &purse{models.Binary{Path: program}, 0.545}, refs, path, &out)
	written, readErr := os.ReadFile(path)
	require.NoError(t, readErr)
	return out.String(), string(written), err
}

const answer = `echo '{"status": "ok", "summary": "session-cache", "usage": {"elapsedMs": 1500, "model": {"name": "a/b", "steps": 2, "toolCalls": 3, "costUsd": "0.01"}}}'`

func TestRun(t *testing.T) {
	t.Parallel()
	log, table, err := measured(t, answer, "a/b", "c/d")
	require.NoError(t, err)
	assert.Contains(t, log, "failed a/b cause (ok, 1.5 s)")
	assert.Contains(t, log, "passed c/d hour (ok, 1.5 s)")
	assert.Regexp(t, `\| a/b \| 2 of 25 \| 75 \| 0 \| 0 \| 0\.2500 \| 1\.5 \| 0 \|`, table)
}

// Without a model there is nothing to measure, which is no error; the table stays as it is.
func TestRunWithoutModels(t *testing.T) {
	t.Parallel()
	log, table, err := measured(t, `echo '{"providers": [{"provider": "openai", "error": "there is no key"}]}'`)
	require.NoError(t, err)
	assert.Contains(t, log, "no model to ask: set the key of a provider")
	assert.Equal(t, "as it was", table)
}

// Whatever the models, no more is spent than somebody said: what was measured until then is no table.
func TestRunWithoutMoney(t *testing.T) {
	t.Parallel()
	log, table, err := measured(t, answer, "a/b", "c/d", "e/f")
	require.EqualError(t, err, "the money is spent: set DOLLARS to more, or MODELS to fewer")
	assert.Equal(t, 55, strings.Count(log, "\n"))
	assert.Equal(t, "as it was", table)
}

func TestRunWithoutAnswers(t *testing.T) {
	t.Parallel()
	_, table, err := measured(t, `echo '{"status": "error", "usage": {}}'; exit 5`, "a/b")
	require.EqualError(t, err, "no model answered any question: see above")
	assert.Equal(t, "as it was", table)
	_, table, err = measured(t, "exit 2", "a/b")
	require.Error(t, err)
	assert.Equal(t, "as it was", table)
}
