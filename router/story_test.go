package router_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/intents"
	"clanker/router"
)

// The story that the product was first told with, on the demo estate: each question has to bring its facts.
func TestStory(t *testing.T) {
	catalog, err := intents.Load(intents.Default())
	require.NoError(t, err)
	matcher, err := router.NewMatcher(catalog)
	require.NoError(t, err)
	now := time.Date(2026, 11, 22, 14, 2, 11, 0, time.UTC)
	clock := func() time.Time { return now }
	estate, err := demo.New(clock)
	require.NoError(t, err)
	w := adapters.NewWorkspace(estate)
	w.Now = clock
	r := router.New(matcher, w, router.Options{Now: clock})
	for _, c := range []struct {
		question string
		words    []string // that the text holds
	}{
		{"What instance type is prod-cluster running?", []string{"r6g.2xlarge", "3 nodes", "62%"}},
		{"Are all services in the production namespace healthy?", []string{"DEGRADED  1 of 14 services not healthy in namespace production: session-cache"}},
		{"Are all services in production healthy?", []string{"DEGRADED", "session-cache"}},
		{"What changed in the last deployment?", []string{"replicas 2 -> 3", "v1.4.2", "by github-actions, 47m ago", "Unhealthy 23m after, healthy now"}},
		{"What changed before checkout-api got slow?", []string{"most likely session-cache health healthy -> degraded", "by elasticache", "23m before, itself, image", "its config, config", "the symptom"}},
		{"what changed around 13:37", []string{"about then, health", "21m before, image", "(from: question)"}},
		{"which change broke production?", []string{"most likely checkout-api image v1.4.1 -> v1.4.2", "by github-actions", "uses it"}},
		{"who changed something before session-cache went down?", []string{"most likely checkout-api image", "session-cache degraded 25m ago"}},
		{"what changed since my last check?", []string{"no look of yours is kept", "v1.4.2"}},
		{"Why is checkout-api latency elevated right now?", []string{"session-cache", "latency.p99", "v1.4.2"}},
		{"Which pods are using more than 80% of their memory limit?", []string{"search", "payments"}},
		{"what depends on session-cache?", []string{"checkout-api", "uses -> cache session-cache"}},
		{"is rabbitmq healthy?", []string{"HEALTHY  rabbitmq is healthy", "statefulset"}},
		{"is rabitmq healthy?", []string{"rabbitmq is healthy", `read "rabitmq" as rabbitmq`}},
		{"is rabbitmq healthy in staging?", []string{"NO DATA", "it is in kubernetes prod-cluster/production"}},
		{"why is orders-migrate failing?", []string{"CRITICAL", "BackoffLimitExceeded", "staging-cluster/staging"}},
		{"show the errors in the logs of checkout-api", []string{"session lookup failed", "lines like this"}},
		{"show logs of checkout-api", []string{"--- untrusted text from logs"}},
	} {
		t.Run(c.question, func(t *testing.T) {
			a, err := r.Route(t.Context(), router.Question{Text: c.question})
			require.NoError(t, err)
			text := router.Text(a, router.TextLimits{})
			t.Log("\n" + c.question + "\n" + text)
			assert.True(t, a.Demo)
			assert.Contains(t, a.Summary, "(demo data)")
			assert.Contains(t, text, "DEMO DATA")
			if a.Intent.Topic == intents.TopicHealth {
				assert.LessOrEqual(t, len(text)/4, 600, "tokens")
			}
			assert.LessOrEqual(t, len(text)/4, 1500, "tokens")
			for _, word := range c.words {
				assert.Contains(t, strings.ReplaceAll(text, " %", "%"), word)
			}
		})
	}
}
