package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/adaptertest"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// clock is one that a test can put forward.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// after opens the estate and lets time pass.
func after(t testing.TB, passed time.Duration) *Demo {
	c := &clock{start}
	d, err := New(c.now)
	require.NoError(t, err)
	c.at = start.Add(passed)
	return d
}

func read(t testing.TB, d *Demo, q adapters.Query) adapters.Snapshot {
	w := adapters.NewWorkspace(d)
	w.Now = d.now
	snapshot, err := w.Query(t.Context(), q)
	require.NoError(t, err)
	return snapshot
}

// servingKinds are those of the question for unhealthy services.
var servingKinds = []adapters.Kind{adapters.KindService, adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet,
	adapters.KindCache, adapters.KindDatabase}

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Harness{
		Open: func(t *testing.T, f adaptertest.Fault) adapters.Adapter {
			d, err := open(func() time.Time { return start }, "story.yaml", suffering(f))
			require.NoError(t, err)
			return d
		},
		// A driver without a provider cannot be refused or kept waiting.
		Faults: []adaptertest.Fault{adaptertest.Many, adaptertest.Canaries},
		Want: []adaptertest.Want{
			{Kind: adapters.KindDeployment, Name: "checkout-api", Scope: adapters.Scope{Environment: "production", Namespace: "production"}},
			{Kind: adapters.KindCache, Name: "session-cache", Scope: adapters.Scope{Environment: "production", Region: "us-east-1"}},
			{Kind: adapters.KindPod, Name: "rabbitmq-2"},
		},
		Logs:     adapters.Query{Name: "checkout-api"},
		ManyKind: adapters.KindPod, ManyCount: 29 - 2 + 600,
		Now: func() time.Time { return start },
	})
}

// suffering is the story with a fault.
func suffering(f adaptertest.Fault) string {
	switch f {
	case adaptertest.Many:
		return strings.Replace(storyYAML, "  - at: -24m", "  - {at: -24m, resource: production/deployment/inventory, set: {replicas: 600}}\n  - at: -24m", 1)
	case adaptertest.Canaries:
		return planted(storyYAML)
	default:
		return storyYAML
	}
}

// planted puts every canary into a workload's labels, attributes and reason, into a change and into the logs.
func planted(text string) string {
	var labels, attributes, logs strings.Builder
	for i, s := range adaptertest.Secrets() {
		fmt.Fprintf(&labels, "%s: %q, ", s.Key, s.Value)
		fmt.Fprintf(&attributes, "note_%d: %q, ", i, s.Key+"="+s.Value)
	}
	for _, line := range adaptertest.LogLines() {
		fmt.Fprintf(&logs, "\n  - {resource: production/deployment/checkout-api, container: app, from: -1m, text: %q}", line)
	}
	text = strings.Replace(text, "labels: {app: checkout-api", "labels: {"+labels.String()+"app: checkout-api", 1)
	text = strings.Replace(text, "attributes: {configs: [checkout-flags,", "attributes: {"+attributes.String()+"configs: [checkout-flags,", 1)
	return strings.Replace(text, "\nlogs:", "\nlogs:"+logs.String(), 1)
}

func TestWhatTheArticleTells(t *testing.T) {
	const (
		checkout = "kubernetes/prod-cluster/production/deployment/checkout-api"
		cluster  = "kubernetes/prod-cluster/cluster/prod-cluster"
		workers  = "kubernetes/prod-cluster/production/deployment/report-workers"
		staging  = "kubernetes/staging-cluster/staging/deployment/orders-api"
		orders   = "kubernetes/prod-cluster/production/deployment/orders-api"
		cache    = "aws/prod/us-east-1/production/cache/session-cache"
		postgres = "aws/prod/us-east-1/production/database/orders-postgres"
		backups  = "aws/prod/us-east-1/bucket/orders-backups"
		gateway  = "aws/prod/us-east-1/gateway/shop-gateway"
		registry = "registry.acme-shop.example/"
	)
	passing := &clock{start}
	d, err := New(passing.now)
	require.NoError(t, err)
	for _, c := range []struct {
		after time.Duration
		id    string
		field string
		want  any
	}{
		{0, cluster, "instance_type", "r6g.2xlarge"},
		{0, cluster, adapters.MetricNodes, 3.0},
		{0, cluster, adapters.MetricMemoryUtilization, 0.62},
		{0, cache, "health", adapters.HealthDegraded},
		{0, cache, "reason", "1/2 nodes available, automatic failover disabled"},
		{0, cache, "since", start.Add(-25 * time.Minute)},
		{0, cache, "multi_az", false},
		{0, checkout, "health", adapters.HealthHealthy},
		{0, checkout, "image", registry + "checkout-api:v1.4.2"},
		{0, checkout, "replicas", 3.0},
		{0, checkout, adapters.MetricReplicasReady, 3.0},
		{0, checkout, adapters.MetricCPUOfLimit, 0.94},
		{0, checkout, adapters.MetricLatencyP99, 1.84},
		{0, postgres, adapters.MetricQueryRate, 2100.0},
		{0, postgres, "public", true},
		{0, workers, "replicas", 4.0},
		{0, workers, adapters.MetricCPUOfRequest, 0.03},
		{0, workers, adapters.MetricCostMonthly, 140.0},
		{0, backups, "compressed", false},
		{0, gateway, "rate_limit", false},
		{5*time.Minute - 1, staging, "health", adapters.HealthHealthy},
		{5 * time.Minute, staging, "health", adapters.HealthDegraded},
		{5 * time.Minute, staging, "since", start.Add(5 * time.Minute)},
		{5 * time.Minute, staging, adapters.MetricReplicasReady, 1.0},
		{12 * time.Minute, staging, "health", adapters.HealthHealthy},
		{12 * time.Minute, staging, "reason", ""},
		{30*time.Minute - 1, orders, "image", registry + "orders-api:v3.2.0"},
		{30 * time.Minute, orders, "image", registry + "orders-api:v3.3.0"},
		{60*time.Minute - 1, cache, "health", adapters.HealthDegraded},
		{60 * time.Minute, cache, "health", adapters.HealthHealthy},
		{60 * time.Minute, cache, "automatic_failover", true},
		{61 * time.Minute, checkout, adapters.MetricLatencyP99, 0.29},
		{1000 * time.Hour, cache, "health", adapters.HealthHealthy},
	} {
		t.Run(fmt.Sprintf("%s %s %s", c.after, adapters.IDName(c.id), c.field), func(t *testing.T) {
			passing.at = start.Add(c.after)
			assert.Equal(t, c.want, field(t, d, c.id, c.field))
		})
	}
}

// field returns one fact about a resource: of its own, an attribute or a metric.
func field(t *testing.T, d *Demo, id, name string) any {
	for _, r := range read(t, d, adapters.Query{}).Resources {
		if r.ID != id {
			continue
		}
		facts := map[string]any{"health": r.Health, "reason": r.Reason, "since": r.Since}
		for key, value := range r.Metrics {
			facts[key] = value
		}
		maps.Copy(facts, r.Attributes)
		require.Contains(t, facts, name, id)
		return facts[name]
	}
	require.Fail(t, "no such resource", id)
	return nil
}

func TestWhatIsNotHealthy(t *testing.T) {
	cache := []string{"production session-cache"}
	for passed, want := range map[time.Duration][]string{
		0:                cache,
		6 * time.Minute:  {"production session-cache", "staging orders-api"},
		13 * time.Minute: cache,
		61 * time.Minute: nil,
	} {
		snapshot := read(t, after(t, passed), adapters.Query{Kinds: servingKinds})
		var unwell []string
		production := 0
		for _, r := range snapshot.Resources {
			if r.Scope.Environment == "production" {
				production++
			}
			if r.Health != adapters.HealthHealthy {
				unwell = append(unwell, r.Scope.Environment+" "+r.Name)
			}
		}
		assert.Equal(t, want, unwell, "after %s", passed)
		assert.Equal(t, 14, production, "services in production")
		assert.True(t, snapshot.Demo)
	}
}

func TestPodsFollowTheirWorkloads(t *testing.T) {
	d := after(t, 6*time.Minute)
	scope := adapters.Scope{Namespace: "production"}
	pods := read(t, d, adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Name: "checkout-api", Scope: scope}).Resources
	require.Len(t, pods, 3)
	over := 0
	for _, r := range read(t, d, adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Scope: scope}).Resources {
		assert.Equal(t, adapters.HealthHealthy, r.Health, r.ID)
		if r.Metrics[adapters.MetricMemoryOfLimit] > 0.8 {
			over++
		}
	}
	assert.Positive(t, over, "some pods use more than 80 % of their memory limit")
	failing := read(t, d, adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Name: "orders-api", Scope: adapters.Scope{Namespace: "staging"}}).Resources
	require.Len(t, failing, 2)
	var reasons []string
	for _, pod := range failing {
		reasons = append(reasons, pod.Reason)
	}
	assert.ElementsMatch(t, []string{"", "CrashLoopBackOff"}, reasons)
	was := read(t, d, adapters.Query{Name: "orders-api", Scope: scope}).Resources
	is := read(t, after(t, time.Hour), adapters.Query{Name: "orders-api", Scope: scope}).Resources
	assert.NotEqual(t, was[len(was)-1].ID, is[len(is)-1].ID, "a deployment replaces the pods")
}

func TestTheLastDeployment(t *testing.T) {
	workloads := []adapters.Kind{adapters.KindDeployment, adapters.KindStatefulSet}
	for passed, want := range map[time.Duration][]string{
		0: {"checkout-api image registry.acme-shop.example/checkout-api:v1.4.1 -> registry.acme-shop.example/checkout-api:v1.4.2",
			"checkout-api replicas 2 -> 3",
			"checkout-api configs [checkout-settings] -> [checkout-flags checkout-settings]",
			"checkout-api env.SESSION_CACHE_TIMEOUT (value) -> (another value)"},
		31 * time.Minute: {"orders-api image registry.acme-shop.example/orders-api:v3.2.0 -> registry.acme-shop.example/orders-api:v3.3.0"},
	} {
		snapshot, err := adapters.NewWorkspace(after(t, passed)).Changes(t.Context(), adapters.Query{Kinds: workloads, Scope: adapters.Scope{Environment: "production"}})
		require.NoError(t, err)
		newest := slices.IndexFunc(snapshot.Changes, func(c adapters.Change) bool { return c.Event != "" })
		require.GreaterOrEqual(t, newest, 0)
		var last []string
		for _, c := range snapshot.Changes {
			if c.Event == snapshot.Changes[newest].Event {
				last = append(last, fmt.Sprint(c.Name, " ", c.Field, " ", c.Before, " -> ", c.After))
				assert.Equal(t, "github-actions", c.Actor)
			}
		}
		assert.Equal(t, want, last, "after %s", passed)
	}
}

// TestTheTimeline: what led to the state that the article tells of, over all providers, and who did it.
func TestTheTimeline(t *testing.T) {
	snapshot, err := adapters.NewWorkspace(after(t, 0)).Changes(t.Context(), adapters.Query{Since: start.Add(-30 * time.Hour)})
	require.NoError(t, err)
	var lines []string
	for _, c := range snapshot.Changes {
		lines = append(lines, strings.TrimRight(fmt.Sprint(c.At.Sub(start), " ", c.Name, " ", c.Field, " ", c.Actor), " "))
	}
	assert.Equal(t, []string{
		"-24m0s checkout-api event.Unhealthy",
		"-25m0s session-cache health elasticache",
		"-47m0s checkout-api image github-actions",
		"-47m0s checkout-api replicas github-actions",
		"-47m0s checkout-api configs github-actions",
		"-47m0s checkout-api env.SESSION_CACHE_TIMEOUT github-actions",
		"-3h5m0s configmap/checkout-settings data mira",
		"-5h20m0s acme-shop.example record.images.acme-shop.example mira",
		"-6h8m0s ip-10-0-3-112.ec2.internal event.Rebooted",
		"-6h12m0s ip-10-0-3-112.ec2.internal event.NodeNotReady",
		"-26h0m0s acme-shop.example min_tls mira",
	}, lines)
	for _, call := range []string{"kubectl get events -A --field-selector involvedObject.kind=Node --context prod-cluster", "GET https://api.cloudflare.com/client/v4/user/audit_logs"} {
		assert.True(t, slices.ContainsFunc(snapshot.Sources, func(s adapters.Source) bool { return s.Call == call && s.Count == 2 }), call)
	}
}

// TestWhatHappenedSinceTheLastChange: a health or an event does not hide what was made before it.
func TestWhatHappenedSinceTheLastChange(t *testing.T) {
	found, _, err := after(t, 13*time.Minute).Changes(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindDeployment}})
	require.NoError(t, err)
	var fields []string
	for _, c := range found {
		fields = append(fields, c.Scope.Environment+" "+c.Name+" "+c.Field)
	}
	assert.Equal(t, []string{"staging orders-api health", "staging orders-api event.BackOff", "staging orders-api health",
		"production checkout-api event.Unhealthy", "production checkout-api image", "production checkout-api replicas",
		"production checkout-api configs", "production checkout-api env.SESSION_CACHE_TIMEOUT",
		"production web-frontend image", "production orders-api image"}, fields)
}

func TestLogsShowTheOverflow(t *testing.T) {
	lines, sources, err := after(t, 0).Logs(t.Context(), adapters.Query{Name: "checkout-api", Log: adapters.LogFilter{Errors: true, Tail: 5}})
	require.NoError(t, err)
	require.Len(t, lines, 15, "five lines of each of three pods")
	assert.Contains(t, lines[0].Text, "session-cache:6379: i/o timeout")
	assert.NotEqual(t, lines[0].Text, lines[1].Text)
	assert.Equal(t, "kubectl logs deployment/checkout-api -n production --context prod-cluster --all-pods", sources[0].Call)
	later, _, err := after(t, 2*time.Hour).Logs(t.Context(), adapters.Query{Name: "checkout-api", Since: start.Add(61 * time.Minute), Log: adapters.LogFilter{Errors: true}})
	require.NoError(t, err)
	assert.Empty(t, later, "the cache is back")
	previous, _, err := after(t, 0).Logs(t.Context(), adapters.Query{Name: "search", Log: adapters.LogFilter{Previous: true}})
	require.NoError(t, err)
	assert.Len(t, previous, 1)
}

func TestEveryConnectionIsMarked(t *testing.T) {
	d := after(t, 0)
	reached := map[string]bool{}
	for _, c := range d.Connections(t.Context()) {
		assert.True(t, c.Demo, "%s %s", c.Provider, c.Name)
		reached[c.Provider] = true
	}
	for _, provider := range d.Providers() {
		assert.True(t, reached[provider], provider)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		after(b, 0)
	}
}

func BenchmarkList(b *testing.B) {
	d := after(b, 0)
	for _, c := range []struct {
		name string
		q    adapters.Query
	}{
		{"health", adapters.Query{Kinds: servingKinds, Scope: adapters.Scope{Environment: "production"}}},
		{"names", adapters.Query{NamesOnly: true}},
		{"all", adapters.Query{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found, _, err := d.List(b.Context(), c.q); err != nil || len(found) < 14 {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
