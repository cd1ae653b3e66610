package cli

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router/agent"
	"clanker/router/agent/models"
	"clanker/server/config"
)

// The configuration says of each provider of models what the program does.
func TestConfigAgreesWithModels(t *testing.T) {
	t.Parallel()
	docs := map[string]string{}
	for _, k := range config.Keys() {
		docs[k.Path] = k.Doc
	}
	none, err := models.New(models.Settings{})
	require.NoError(t, err)
	sections := 0
	for path := range docs {
		if strings.HasPrefix(path, "models.") && strings.HasSuffix(path, ".url") {
			sections++
		}
	}
	listed := none.Providers(t.Context())
	assert.Len(t, listed, sections)
	for _, l := range listed {
		assert.Contains(t, docs["models."+l.Provider+".url"], l.URL+" is used.")
		key, configurable := docs["models."+l.Provider+".key"]
		assert.Equal(t, configurable, l.Error != "", "%s: %s", l.Provider, l.Error)
		if variable := regexp.MustCompile(`set (\w+),`).FindStringSubmatch(l.Error); configurable {
			assert.Contains(t, key, "$"+variable[1])
		}
	}
}

// What the configuration leaves open is what an agent does without one.
func TestConfigAgreesWithAgent(t *testing.T) {
	t.Parallel()
	a := &app{config: config.Default(), getenv: func(string) string { return "" }}
	s, _, err := a.modelSettings(&modelKeys{masks: &a.known})
	require.NoError(t, err)
	assert.Equal(t, agent.DefaultLimits(), s.Limits)
}

// Each limit of the configuration is the one that an agent keeps to, and so are its models.
func TestAgentKeepsToTheConfig(t *testing.T) {
	t.Parallel()
	a := &app{config: config.Default(), getenv: func(string) string { return "" }}
	m := &a.config.Models
	m.Default, m.Research, m.Aliases = "quick", "openai/gpt-5.4", []string{"quick=google/gemini-2.5-flash"}
	m.Steps, m.Seconds, m.Tokens, m.Cents, m.Daily = 3, 7, 9000, 5, config.Daily{Cents: 6, Tokens: 8000}
	s, opened, err := a.modelSettings(&modelKeys{masks: &a.known})
	require.NoError(t, err)
	assert.Equal(t, agent.Limits{Steps: 3, Time: 7 * time.Second, Tokens: 9000, Cost: new(int64(50_000)), Output: agent.DefaultLimits().Output,
		Daily: new(int64(60_000)), DailyUnpriced: 8000}, s.Limits)
	for ref, want := range map[string]string{"": "google/gemini-2.5-flash", s.Research: "openai/gpt-5.4", "research": "openai/gpt-5.4"} {
		name, err := opened.Resolve(ref)
		require.NoError(t, err)
		assert.Equal(t, want, name, ref)
	}
}
