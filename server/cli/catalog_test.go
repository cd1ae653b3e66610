package cli

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
	"clanker/server/config"
	"clanker/server/reload"
)

const moodIntent = `- id: team.mood
  topic: health
  description: The mood of the team.
  examples: [how is the mood]
  patterns: ["how is the mood"]
  action: list
  answer: splendid
`

// lines makes a channel of what is written.
type lines chan string

func (l lines) Write(text []byte) (int, error) {
	l <- string(bytes.TrimSpace(text))
	return len(text), nil
}

// wants waits for a line of the log that holds the text, and returns it.
func (l lines) wants(t *testing.T, text string) string {
	t.Helper()
	late := time.After(10 * time.Minute)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return line
			}
		case <-late:
			require.Failf(t, "not in the log", "%q", text)
		}
	}
}

// TestLiveIntents tells the day of somebody who edits intents beside a workspace that runs.
func TestLiveIntents(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "intents")
	a := &app{now: time.Now, config: config.Default()}
	a.config.Intents.Dirs = []string{dir}
	require.NoError(t, os.Mkdir(dir, 0o755))
	catalog, matcher, err := a.matcher()
	require.NoError(t, err)
	r := router.New(matcher, adapters.NewWorkspace(), router.Options{})
	understands := func() bool {
		match := r.Match(t.Context(), "how is the mood?")
		return match.Outcome == router.Hit && match.Hits[0].Intent.ID == "team.mood"
	}

	log := make(lines, 100)
	live := reload.New(reload.Options{Log: slog.New(slog.NewTextHandler(log, nil))}, a.liveIntents(r, catalog))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { live.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	live.Trigger()
	log.wants(t, `msg="nothing new" what=intents`) // and the watches are laid
	assert.False(t, understands())

	file, err := os.Create(filepath.Join(dir, "mood.yaml"))
	require.NoError(t, err)
	for part := range strings.Lines(moodIntent) {
		_, err = file.WriteString(part)
		require.NoError(t, err)
	}
	require.NoError(t, file.Close())
	saved := time.Now()
	assert.Contains(t, log.wants(t, `msg=reloaded what=intents`), "changes=+team.mood ")
	t.Logf("live after %s", time.Since(saved))
	assert.True(t, understands())

	require.NoError(t, os.WriteFile(file.Name(), []byte(strings.Replace(moodIntent, "topic: health", "topic: helth", 1)), 0o644))
	line := log.wants(t, `msg="reload failed, what was loaded before stays in use" what=intents`)
	assert.Contains(t, line, "mood.yaml:2:10: ")
	assert.Contains(t, line, "did you mean health?")
	assert.True(t, understands(), "the old intents stay")
	require.Len(t, live.Problems(), 1)
	assert.Equal(t, 1, live.Problems()[0].Faults)

	require.NoError(t, os.WriteFile(file.Name(), []byte(strings.Replace(moodIntent, "splendid", "grim", 1)), 0o644))
	assert.Contains(t, log.wants(t, `msg=reloaded what=intents`), "changes=~team.mood ")
	assert.Empty(t, live.Problems())

	require.NoError(t, os.WriteFile(filepath.Join(dir, "vocabulary.yaml"), []byte("concepts: {mood: [mood]}\n"), 0o644))
	assert.Contains(t, log.wants(t, `msg=reloaded what=intents`), "changes=~vocabulary ")
	require.NoError(t, os.Remove(file.Name()))
	assert.Contains(t, log.wants(t, `msg=reloaded what=intents`), "changes=-team.mood ")
	assert.False(t, understands())
	require.NoError(t, os.RemoveAll(dir))
	log.wants(t, `msg="reload failed, what was loaded before stays in use" what=intents`)
	require.NoError(t, os.Mkdir(dir, 0o755))
	assert.Contains(t, log.wants(t, `msg=reloaded what=intents`), "changes=~vocabulary ")
}
