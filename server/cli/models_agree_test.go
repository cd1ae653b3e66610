package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router/agent"
	"clanker/server/config"
)

// Each limit of the configuration is the one that an agent keeps to, and so are its models.
func TestAgentKeepsToTheConfig(t *testing.T) {
	t.Parallel()
	a := &app{config: config.Default(), getenv: func(string) string { return "" }}
	m := &a.config.Models
	m.Default, m.Research, m.Aliases = "quick", "openai/gpt-5.4", []string{"quick=google/gemini-2.5-flash"}
	m.Steps, m.Seconds, m.Tokens, m.Cents, m.Daily = 3, 7, 9000, 5, config.Daily{Cents: 6, Tokens: 8000}
	s, err := a.modelSetup(&modelKeys{masks: &a.known})
	require.NoError(t, err)
	assert.Equal(t, agent.Limits{Steps: 3, Time: 7 * time.Second, Tokens: 9000, Cost: new(int64(50_000)), Output: agent.DefaultLimits().Output,
		Daily: new(int64(60_000)), DailyUnpriced: 8000}, s.settings.Limits)
	for ref, want := range map[string]string{"": "google/gemini-2.5-flash", s.settings.Research: "openai/gpt-5.4", "research": "openai/gpt-5.4"} {
		name, err := s.models.Resolve(ref)
		require.NoError(t, err)
		assert.Equal(t, want, name, ref)
	}
}
