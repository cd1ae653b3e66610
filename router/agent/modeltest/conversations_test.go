package modeltest_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/router"
	"clanker/router/agent"
	"clanker/router/agent/agenttest"
	"clanker/router/agent/cost"
	"clanker/router/agent/models"
	"clanker/router/agent/modeltest"
)

// workspace answers from the demo estate, and asks models at the server what no intent covers.
func workspace(t *testing.T, server *modeltest.Server, most time.Duration) *router.Router {
	t.Helper()
	settings := models.Settings{Providers: map[string]models.Provider{}, Getenv: func(name string) string {
		return map[bool]string{true: "the-key"}[strings.HasSuffix(name, "_API_KEY")]
	}}
	for _, name := range []string{"anthropic", "cohere", "google", "ollama", "openai"} {
		settings.Providers[name] = models.Provider{URL: server.Base(name)}
	}
	opened, err := models.New(settings)
	require.NoError(t, err)
	prices, err := cost.Load("")
	require.NoError(t, err)
	limits := agent.DefaultLimits()
	limits.Time = most
	investigator := agent.New(agent.Options{Settings: agent.Settings{Models: opened, Prices: prices, Limits: limits}, Books: cost.NewBooks(), Now: agenttest.Clock})
	return agenttest.Router(t, agenttest.Estate(t, demo.New), investigator)
}

// everyone is a model of each provider, and of each wire.
var everyone = []string{"anthropic/claude-opus-4-6", "cohere/command-a-03-2025", "google/gemini-2.5-flash", "google/gemini-3-pro", "ollama/gemma4:31b", "openai/gpt-5.4"}

// The conversations that others use are understood by the agent over each wire format, and end as they say.
func TestConversationsWithTheAgent(t *testing.T) {
	t.Parallel()
	const long, some, short = time.Minute, 9 * time.Second, time.Second // some is too short to wait for 7 s while reading
	for name, want := range map[string]struct {
		time   time.Duration
		status router.Status
		has    string // in the summary, or in what to do about what was not checked
		reason adapters.Reason
	}{
		"parallel":         {long, router.StatusOK, "session-cache is degraded", ""},
		"session_cache":    {long, router.StatusOK, "1/2 nodes available, automatic failover disabled", ""},
		"invented_number":  {long, router.StatusOK, "48213 [unverified]", ""},
		"unknown_tool":     {long, router.StatusOK, "session-cache is degraded", ""},
		"malformed_call":   {long, router.StatusOK, "session-cache is degraded", ""},
		"obeying":          {long, router.StatusOK, "There was nothing to obey", ""},
		"endless_loop":     {long, router.StatusPartial, "I could not find out more", ""},
		"truncation":       {long, router.StatusPartial, "and the reason for", ""},
		"refusal":          {long, router.StatusError, "refused", adapters.Refused},
		"filtered":         {long, router.StatusError, "", adapters.Refused},
		"context_overflow": {long, router.StatusError, "ask for less at once", adapters.Unsupported},
		"overflow_once":    {long, router.StatusPartial, "session-cache is degraded", ""},
		"error":            {long, router.StatusError, "HTTP status 500", adapters.Unreachable},
		"rate_limit":       {some, router.StatusError, "ask again in 7s", adapters.RateLimited},
		"timeout":          {short, router.StatusError, "are over", adapters.LimitReached},
		"cut_stream":       {long, router.StatusError, "", adapters.Unreachable},
	} {
		for _, model := range everyone {
			t.Run(name+" "+model, func(t *testing.T) {
				t.Parallel()
				server := modeltest.Start(t, modeltest.Conversation(t, name))
				q := router.Question{Text: "compare how session-cache and orders-postgres are set up", Model: model}
				a, err := workspace(t, server, want.time).Route(t.Context(), q)
				require.NoError(t, err)
				assert.Zero(t, server.Left())
				assert.Equal(t, want.status, a.Status, a.Summary)
				if use := a.Usage.Model; name == "parallel" {
					assert.Equal(t, []int{2, 2, 4500, 100}, []int{use.Steps, use.ToolCalls, use.Input, use.Output}, "as the vendor says")
					assert.Len(t, server.Requests(), 2)
				}
				said := a.Summary
				if want.reason != "" && assert.NotEmpty(t, a.Coverage.NotChecked) {
					missed := a.Coverage.NotChecked[0]
					assert.Equal(t, want.reason, missed.Reason, a.Summary)
					said += missed.Fix
				}
				assert.Contains(t, said, want.has)
			})
		}
	}
}

// Two questions to two models at once, which both wait for their first answer: neither is told what the other asked and read.
func TestTwoConversationsWithTheAgentAtOnce(t *testing.T) {
	t.Parallel()
	for n, model := range everyone {
		other := everyone[(n+1)%len(everyone)]
		t.Run(model+" and "+other, func(t *testing.T) {
			t.Parallel()
			var script modeltest.Script
			for _, c := range [][2]string{{"session-cache", "orders-postgres"}, {"orders-postgres", "session-cache"}} {
				script.Turns = append(script.Turns,
					modeltest.Turn{When: "how " + c[0], Calls: []modeltest.Call{{Tool: "get_resource", Arguments: `{"name":"` + c[0] + `"}`}}, Hold: modeltest.HoldBefore},
					modeltest.Turn{When: "name: " + c[0], Text: c[0] + " was read.", Expect: modeltest.Expect{Has: []string{"how " + c[0]}, Lacks: []string{"how " + c[1], "name: " + c[1]}}})
			}
			server := modeltest.Start(t, script)
			r := workspace(t, server, time.Minute)
			var both sync.WaitGroup
			for model, name := range map[string]string{model: "session-cache", other: "orders-postgres"} {
				both.Go(func() {
					a, err := r.Route(t.Context(), router.Question{Text: "compare how " + name + " is set up with what is usual", Model: model})
					assert.NoError(t, err)
					assert.Equal(t, []string{name + " was read. (demo data)", model}, []string{a.Summary, a.Usage.Model.Name})
					assert.Equal(t, []any{2, 1}, []any{a.Usage.Model.Steps, a.Usage.Model.ToolCalls})
				})
			}
			<-server.Held()
			<-server.Held()
			server.Release()
			both.Wait()
			assert.Zero(t, server.Left())
		})
	}
}
