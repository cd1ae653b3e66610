package agent_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router/agent"
	"clanker/router/agent/cost"
	"clanker/router/agent/models"
	"clanker/router/agent/modeltest"
)

// What a trial says of models that can be used, and of those that cannot.
func TestTry(t *testing.T) {
	t.Parallel()
	ask := func(city string) modeltest.Call {
		return modeltest.Call{Tool: "read_temperature", Arguments: `{"city":"` + city + `"}`}
	}
	answer := modeltest.Turn{Text: "43 °C in Oslo, 58 in Quito."}
	for name, test := range map[string]struct {
		turns                  []modeltest.Turn
		tools, parallel, right bool
		steps                  int
		problem                adapters.Reason
	}{
		"at once":      {[]modeltest.Turn{{Calls: []modeltest.Call{ask("Oslo"), ask("Quito")}}, answer}, true, true, true, 2, ""},
		"one by one":   {[]modeltest.Turn{{Calls: []modeltest.Call{ask("Oslo")}}, {Calls: []modeltest.Call{ask("Quito")}}, answer}, true, false, true, 3, ""},
		"no tools":     {[]modeltest.Turn{answer}, false, false, true, 1, ""},
		"invented":     {[]modeltest.Turn{{Calls: []modeltest.Call{ask("Oslo")}}, {Text: "12 degrees in both"}}, true, false, false, 2, ""},
		"part of it":   {[]modeltest.Turn{{Calls: []modeltest.Call{ask("Oslo")}}, {Text: "143 in Oslo, 58 in Quito"}}, true, false, false, 2, ""},
		"another part": {[]modeltest.Turn{{Calls: []modeltest.Call{ask("Oslo")}}, {Text: "43 in Oslo, 158 in Quito"}}, true, false, false, 2, ""},
		"never enough": {[]modeltest.Turn{{Calls: []modeltest.Call{ask("Paris")}, Repeat: true}}, false, false, false, 3, ""},
		"nonsense":     {[]modeltest.Turn{{Calls: []modeltest.Call{{Tool: "rm", Arguments: `[`}}}, answer}, false, false, true, 2, ""},
		"refused key":  {[]modeltest.Turn{{Error: &modeltest.Failure{Kind: modeltest.BadKey}}}, false, false, false, 1, adapters.ExpiredCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := cost.NewBooks()
			trial, err := trying(t, modeltest.Script{Turns: test.turns}, books, agent.DefaultLimits()).Try(t.Context(), "openai/gpt-5.4")
			require.NoError(t, err)
			assert.Equal(t, [3]bool{test.tools, test.parallel, test.right}, [3]bool{trial.Tools, trial.Parallel, trial.Right})
			assert.Equal(t, test.tools && test.right, trial.Works())
			assert.Equal(t, test.steps, trial.Steps)
			spent, err := books.Spent(t.Context(), time.Time{}, time.Time{}, "clanker models test")
			require.NoError(t, err)
			assert.Equal(t, test.steps, spent.Calls, "every request is in the books")
			if test.problem == "" {
				assert.Nil(t, trial.Problem)
				return
			}
			assert.Equal(t, test.problem, trial.Problem.Reason)
			assert.NotEmpty(t, trial.Problem.Fix)
		})
	}
}

// Whatever the provider, what can be used is seen to be, and what does not answer is not waited for.
func TestTryEveryProvider(t *testing.T) {
	t.Parallel()
	both := []modeltest.Call{{Tool: "read_temperature", Arguments: `{"city":"Oslo"}`}, {Tool: "read_temperature", Arguments: `{"city":"Quito"}`}}
	works := modeltest.Script{Turns: []modeltest.Turn{{Calls: both}, {When: "58", Text: "43 °C in Oslo, 58 in Quito."}}}
	hangs := modeltest.Script{Turns: []modeltest.Turn{{Text: "too late", Hold: modeltest.HoldBefore}}}
	hurry := agent.DefaultLimits()
	hurry.Time = 50 * time.Millisecond
	for _, ref := range []string{"anthropic/claude-opus-4-6", "cohere/command-a-03-2025", "google/gemini-2.5-flash", "google/gemini-3-pro", "ollama/gemma4:31b", "openai/gpt-5.4"} {
		trial, err := trying(t, works, cost.NewBooks(), agent.DefaultLimits()).Try(t.Context(), ref)
		require.NoError(t, err)
		assert.True(t, trial.Works() && trial.Parallel, "%+v", trial)
		trial, err = trying(t, hangs, cost.NewBooks(), hurry).Try(t.Context(), ref)
		require.NoError(t, err)
		assert.Equal(t, adapters.LimitReached, trial.Problem.Reason, ref)
	}
}

// The limit of a day holds for trials too.
func TestTryWithinTheDay(t *testing.T) {
	t.Parallel()
	limits := agent.DefaultLimits()
	limits.Daily = new(int64(1))
	trial, err := trying(t, modeltest.Script{Turns: []modeltest.Turn{{Text: "58", Repeat: true}}}, cost.NewBooks(), limits).Try(t.Context(), "openai/gpt-5.4")
	require.NoError(t, err)
	assert.Equal(t, adapters.LimitReached, trial.Problem.Reason)
	assert.Zero(t, trial.Steps)
}

func TestTryUnknown(t *testing.T) {
	t.Parallel()
	a := trying(t, modeltest.Script{Turns: []modeltest.Turn{{Text: "58", Repeat: true}}}, cost.NewBooks(), agent.DefaultLimits())
	trial, err := a.Try(t.Context(), "nobody/knows")
	require.NoError(t, err)
	assert.Equal(t, adapters.Unsupported, trial.Problem.Reason)
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = a.Try(ended, "openai/gpt-5.4")
	require.ErrorIs(t, err, context.Canceled)
}

func trying(t *testing.T, script modeltest.Script, books agent.Books, limits agent.Limits) *agent.Agent {
	t.Helper()
	server := modeltest.Start(t, script)
	key := func(context.Context) (string, error) { return "key", nil }
	all := models.Settings{Providers: map[string]models.Provider{"ollama": {URL: server.Base("ollama")}}}
	for _, name := range []string{"anthropic", "cohere", "google", "openai"} {
		all.Providers[name] = models.Provider{Key: key, URL: server.Base(name)}
	}
	reached, err := models.New(all)
	require.NoError(t, err)
	prices, err := cost.Load("")
	require.NoError(t, err)
	return agent.New(agent.Options{Books: books, Settings: agent.Settings{Models: reached, Prices: prices, Limits: limits}})
}
