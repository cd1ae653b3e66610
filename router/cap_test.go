package router

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/intents"
)

// usual are the thirty questions that people ask most, at the default limit and at the highest.
var usual = []string{
	"Are all services in production healthy?", "are all services healthy?", "is checkout-api healthy?", "which pods are failing?",
	"which services are degraded?", "list all pods", "list all deployments", "how many nodes do we have?",
	"What instance type is prod-cluster running?", "list namespaces", "list all services in production", "what images are running?",
	"Which pods are using more than 80% of their memory limit?", "top 10 pods by memory", "top 5 pods by cpu", "cpu usage of checkout-api",
	"how many queries per second is orders-postgres handling?", "What changed in the last deployment?", "what changed today?",
	"what changed in checkout-api?", "Why is checkout-api latency elevated right now?", "why is orders-migrate failing?",
	"why is checkout-api unhealthy?", "show logs of checkout-api", "show the errors in the logs of checkout-api", "show recent events",
	"what depends on session-cache?", "what does checkout-api depend on?", "show me the topology", "what providers are connected?",
}

// huge is an estate of 10,000 pods, a third of them in trouble, of which all belong to a deployment, run on a node, use one
// cache and have warnings, changes and logs.
func huge() *fake {
	f := crashing()
	cache := f.resources[0].ID
	for i := range 10_000 {
		health, reason := adapters.HealthHealthy, ""
		if i%3 == 0 {
			health, reason = adapters.HealthUnhealthy, "CrashLoopBackOff: OOMKilled, exit code 137, back-off 5m0s restarting failed container"
		}
		owner := id(adapters.KindDeployment, fmt.Sprintf("api-%04d", i/10))
		if i < 500 {
			owner = id(adapters.KindDeployment, "checkout-api")
		}
		node := fmt.Sprintf("ip-10-0-%d-%d.eu-central-1.compute.internal", i/100, i%100)
		pod := resource(adapters.KindPod, fmt.Sprintf("api-%04d-6d4cf56db6-%05d", i/10, i), health, reason,
			to(adapters.RelationOwnedBy, owner), to(adapters.RelationRunsOn, id(adapters.KindNode, node)))
		pod.Metrics = map[string]float64{adapters.MetricMemoryOfLimit: 0.95, adapters.MetricMemoryUsage: 1 << 30, adapters.MetricCPUUsage: 0.25}
		pod.Attributes = map[string]any{"image": "registry.example.com/team/api:v1.4.2", "images": []string{"registry.example.com/team/api:v1.4.2"}}
		f.resources = append(f.resources, pod)
		f.written = append(f.written, adapters.LogLine{Resource: pod.ID, Container: "app", At: ago(time.Duration(i) * time.Second), Text: `{"level":"error","msg":"cannot <reach> the cache & give up","attempt":` + fmt.Sprint(i) + `}`})
		if i%10 == 0 {
			f.resources = append(f.resources, resource(adapters.KindDeployment, fmt.Sprintf("api-%04d", i/10), health, reason, to(adapters.RelationUses, cache)),
				resource(adapters.KindNode, node, health, reason), resource(adapters.KindNamespace, fmt.Sprintf("team-%04d", i/10), "", ""))
			event := resource(adapters.KindEvent, pod.Name+".1", "", "BackOff")
			event.Attributes = map[string]any{"type": "Warning", "involved": "Pod/" + pod.Name, "message": "Back-off restarting failed container app in pod"}
			f.resources = append(f.resources, event)
			change := deployed("image", "registry.example.com/team/api:v1.4.1", "registry.example.com/team/api:v1.4.2")
			change.At = ago(time.Duration(i) * time.Second)
			f.changed = append(f.changed, change)
		}
	}
	for i := range 40 { // of every read, forty clusters say no
		failed := denied
		failed.Scope = adapters.Scope{Cluster: fmt.Sprintf("cluster-%02d", i)}
		f.failures = append(f.failures, failed)
	}
	for i := range 100 {
		f.connections = append(f.connections, adapters.Connection{Provider: "kubernetes", Name: fmt.Sprintf("cluster-%02d", i), Identity: "system:serviceaccount:ci:reader"})
	}
	names := adapters.NamesOf(f.resources)
	f.known = &names
	return f
}

func shippedRouter(t *testing.T, w Workspace, now time.Time) *Router {
	t.Helper()
	catalog, err := intents.Load(intents.Default())
	require.NoError(t, err)
	m, err := NewMatcher(catalog)
	require.NoError(t, err)
	return New(m, w, Options{Now: func() time.Time { return now }})
}

// TestNoAnswerCostsMoreThanItMay: neither the text nor the object of an answer to a usual question is above 6,000 tokens,
// whatever the size of the estate and the limit.
func TestNoAnswerCostsMoreThanItMay(t *testing.T) {
	require.Len(t, usual, 30)
	estate, err := demo.New(func() time.Time { return noon })
	require.NoError(t, err)
	w := adapters.NewWorkspace(estate)
	w.Now = func() time.Time { return noon }
	for name, w := range map[string]Workspace{"demo": w, "10,000 pods": huge()} {
		r := shippedRouter(t, w, noon)
		for _, question := range usual {
			for _, limit := range []int{0, MaxLimit} {
				a, err := r.Route(t.Context(), Question{Text: question, Limit: limit})
				require.NoError(t, err)
				object, err := json.Marshal(a)
				require.NoError(t, err)
				validate(t, a)
				text := Text(a, TextLimits{})
				t.Logf("%-11s %-60s limit %3d: text %5d, object %5d tokens, %s", name, question, limit, len(text)/4, len(object)/4, a.Status)
				assert.Contains(t, []Status{StatusOK, StatusPartial}, a.Status, question)
				assert.LessOrEqual(t, len(text), mostBytes, "%s: %s", name, question)
				assert.LessOrEqual(t, len(object), DefaultBytes, "%s: %s", name, question)
				if a.Intent.Topic == intents.TopicHealth && limit == 0 {
					assert.Less(t, len(text)/4, 600, question)
				}
			}
		}
	}
}
