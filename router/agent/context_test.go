package agent_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters/demo"
	"clanker/router"
	"clanker/router/agent"
	"clanker/router/agent/agenttest"
	"clanker/router/agent/cost"
	"clanker/router/agent/models"
	"clanker/router/agent/modeltest"
)

// given is an agent with a model of an Ollama that gives it so many tokens, and is asked for that once.
func given(t *testing.T, tokens int, turns ...modeltest.Turn) *agent.Agent {
	t.Helper()
	scripted, asked := modeltest.Start(t, modeltest.Script{Turns: turns}), new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/ps" {
			assert.EqualValues(t, 1, asked.Add(1))
			fmt.Fprintf(w, `{"models":[{"name":"gemma4:31b","context_length":%d}]}`, tokens)
			return
		}
		r.URL.Path = "/ollama" + r.URL.Path
		scripted.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	reached, err := models.New(models.Settings{Default: "ollama/gemma4:31b", Providers: map[string]models.Provider{"ollama": {URL: server.URL}}})
	require.NoError(t, err)
	prices, err := cost.Load("")
	require.NoError(t, err)
	return agent.New(agent.Options{Books: cost.NewBooks(), Settings: agent.Settings{Models: reached, Prices: prices, Limits: agent.DefaultLimits()}, Now: agenttest.Clock})
}

// Ollama would cut what is more than it gives a model, the question first, and the model would answer something else.
func TestAskWithinWhatOllamaGives(t *testing.T) {
	t.Parallel()
	const larger = "OLLAMA_CONTEXT_LENGTH"
	looks := modeltest.Turn{Calls: []modeltest.Call{{Tool: "get_resource", Arguments: `{"name":"session-cache"}`}}}
	for tokens, want := range map[int]router.Status{0: router.StatusOK, 2048: router.StatusError, 4096: router.StatusPartial, 65536: router.StatusOK} {
		a := given(t, tokens, looks, modeltest.Turn{Text: "It is degraded.", Expect: modeltest.Expect{Alone: tokens == 4096}, Repeat: true})
		answer, err := agenttest.Router(t, agenttest.Estate(t, demo.New), a).Route(t.Context(), router.Question{Text: agenttest.Curious})
		require.NoError(t, err)
		assert.Equal(t, want, answer.Status, "%d: %s", tokens, answer.Summary)
		told := answer.Summary + strings.Join(answer.Warnings, "")
		if want == router.StatusOK {
			assert.NotContains(t, told, larger)
		} else {
			assert.Contains(t, told, larger, tokens)
		}
	}
}

// What failed was not cut off.
func TestAFailureOfOllamaIsToldAsItIs(t *testing.T) {
	t.Parallel()
	a := given(t, 2048, modeltest.Turn{Error: &modeltest.Failure{Kind: modeltest.BadKey}})
	answer, err := agenttest.Router(t, agenttest.Estate(t, demo.New), a).Route(t.Context(), router.Question{Text: agenttest.Curious})
	require.NoError(t, err)
	assert.Contains(t, answer.Summary, "HTTP status 401")
}

func TestTryTellsWhatOllamaGives(t *testing.T) {
	t.Parallel()
	both := modeltest.Turn{Calls: []modeltest.Call{{Tool: "read_temperature", Arguments: `{"city":"Oslo"}`}, {Tool: "read_temperature", Arguments: `{"city":"Quito"}`}}}
	for tokens, works := range map[int]bool{4096: false, 16384: true} {
		trial, err := given(t, tokens, both, modeltest.Turn{Text: "43 in Oslo, 58 in Quito"}).Try(t.Context(), "")
		require.NoError(t, err)
		require.Equal(t, works, trial.Works(), tokens)
		if !works {
			assert.Contains(t, trial.Problem.Detail, "it takes 4096 tokens")
			assert.Contains(t, trial.Problem.Fix, "OLLAMA_CONTEXT_LENGTH")
		}
	}
	trial, err := given(t, 4096, modeltest.Turn{Text: "43 in Oslo, 58 in Quito"}).Try(t.Context(), "")
	require.NoError(t, err)
	assert.Nil(t, trial.Problem, "it calls no tools, which is what is wrong with it")
}
