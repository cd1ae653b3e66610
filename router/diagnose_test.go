package router

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func TestCauseComesBeforeSymptom(t *testing.T) {
	sick := func(kind adapters.Kind, name, reason string) adapters.Resource {
		return resource(kind, name, adapters.HealthUnhealthy, reason)
	}
	pressured := resource(adapters.KindNode, "n2", adapters.HealthDegraded, "MemoryPressure")
	sorted := byCause([]adapters.Resource{
		sick(adapters.KindIngress, "i", "no backend"), sick(adapters.KindService, "s", "no ready endpoints"), pressured,
		sick(adapters.KindDeployment, "d", "MinimumReplicasUnavailable"), resource(adapters.KindNode, "n3", adapters.HealthHealthy, ""),
		sick(adapters.KindPod, "a-loop", "CrashLoopBackOff"), sick(adapters.KindPod, "b-oom", "OOMKilled, exit code 137"),
		sick(adapters.KindCache, "c", "1/2 nodes"), sick(adapters.KindVolumeClaim, "v", "Pending"), sick(adapters.KindNode, "n1", "NotReady"),
		resource(adapters.KindDeployment, "e", adapters.HealthHealthy, ""),
	})
	var order []string
	for _, r := range sorted {
		order = append(order, r.Name)
	}
	assert.Equal(t, []string{"n1", "v", "b-oom", "a-loop", "n2", "c", "d", "s", "i", "e", "n3"}, order)
}

func TestDiagnosisReadsTheLogsOfWhatFails(t *testing.T) {
	now := noon
	pod := resource(adapters.KindPod, "api-1", adapters.HealthUnhealthy, "CrashLoopBackOff")
	pod.Metrics = map[string]float64{adapters.MetricRestarts: 3}
	fresh := resource(adapters.KindPod, "api-2", adapters.HealthUnhealthy, "Error")
	pulling := resource(adapters.KindPod, "api-3", adapters.HealthUnhealthy, "ImagePullBackOff: not found")
	well := resource(adapters.KindPod, "api-4", adapters.HealthHealthy, "")
	asked := adapters.Query{Name: "api"}
	read := func(pods ...adapters.Resource) []adapters.Query {
		return (&diagnosis{parts: pods}).logQueries(asked, now)
	}
	queries := read(well, pod, fresh, pulling)
	require.Len(t, queries, 3)
	assert.Equal(t, "api-1", queries[0].Name)
	assert.True(t, queries[1].Log.Previous)
	assert.Equal(t, "api-2", queries[2].Name)

	assert.Empty(t, read(), "no pods, no logs")
	queries = read(well)
	require.Len(t, queries, 1, "what seems well may log errors")
	assert.True(t, queries[0].Log.Errors)
	assert.Equal(t, now.Add(-time.Hour), queries[0].Since)

	var crowd []adapters.Resource
	for i := range fewPods + 1 {
		crowd = append(crowd, resource(adapters.KindPod, fmt.Sprintf("api-%d", i), adapters.HealthHealthy, ""))
	}
	assert.Empty(t, read(crowd...), "not of a crowd")
	assert.Len(t, read(append(crowd, pod, pod, pod)...), 2*mostFailing)
}

func TestDiagnosisOfAnImageThatCannotBePulledReadsNoLogs(t *testing.T) {
	f := shop().ill("checkout-api-a", adapters.HealthUnhealthy, "ImagePullBackOff: checkout-api:v9 not found").
		ill("checkout-api-b", adapters.HealthUnhealthy, "ImagePullBackOff: checkout-api:v9 not found")
	a := route(t, f, Question{Text: "why is checkout-api failing"})
	assert.Equal(t, VerdictCritical, a.Verdict)
	assert.Contains(t, a.Summary, "2 of 2 pods, such as checkout-api-a, (unhealthy: ImagePullBackOff")
	assert.Equal(t, adapters.KindPod, a.Items[0].Kind)
}

func TestDiagnosisTellsTheChangeBeforeTheTrouble(t *testing.T) {
	f := crashing()
	late := deployed("image", "checkout-api:v1.4.2", "checkout-api:v1.4.3")
	late.At, late.Event = ago(time.Minute), "checkout-api revision 9"
	f.changed = append([]adapters.Change{late}, f.changed...)
	a := route(t, f, Question{Text: "why is checkout-api failing"})
	require.Len(t, a.Changes, 2)
	assert.Equal(t, "checkout-api revision 8", a.Changes[0].Event)
	assert.Contains(t, a.Summary, "4m before it began")

	f.changed = []adapters.Change{late}
	a = route(t, f, Question{Text: "why is checkout-api failing"})
	assert.Contains(t, a.Summary, "9m after it began")
}

func TestDiagnosisDoesNotBlameWhatMerelyUsesTheSame(t *testing.T) {
	f := shop()
	f.resources = append(f.resources, resource(adapters.KindDeployment, "web", adapters.HealthUnhealthy, "broken", to(adapters.RelationUses, id(adapters.KindDeployment, "checkout-api"))))
	a := route(t, f, Question{Text: "why is checkout-api failing"})
	assert.Equal(t, VerdictHealthy, a.Verdict)
	assert.NotContains(t, a.Summary, "web")
}

func TestLatencyThatWasNotMeasuredIsNotHealthy(t *testing.T) {
	a := route(t, shop(), Question{Text: "why is checkout-api slow"})
	assert.Equal(t, VerdictUnknown, a.Verdict)
	assert.Contains(t, a.Warnings[0], "latency was not measured")
	f := shop().mutate("checkout-api", func(r *adapters.Resource) {
		r.Metrics = map[string]float64{adapters.MetricLatencyP99: 0.2}
	})
	a = route(t, f, Question{Text: "why is checkout-api slow"})
	assert.Equal(t, VerdictHealthy, a.Verdict)
	assert.Contains(t, a.Summary, "latency.p99 200 ms")
}

func TestTroubleOutsideOfTheNamespaceIsDisclosed(t *testing.T) {
	f := shop().ill("session-cache", adapters.HealthDegraded, "1/2 nodes available")
	a := route(t, f, Question{Text: "are all services healthy in the production namespace"})
	validate(t, a)
	assert.Equal(t, VerdictHealthy, a.Verdict)
	require.Len(t, a.Warnings, 1)
	assert.Contains(t, a.Warnings[0], "cache session-cache is degraded")
}

func TestKnownElsewhere(t *testing.T) {
	a := route(t, shop(), Question{Text: "is checkout-api healthy in staging"})
	assert.Equal(t, StatusNoData, a.Status)
	assert.Equal(t, `Nothing named "checkout-api" in staging; it is in kubernetes prod/production.`, a.Summary)
}

func TestLastEvent(t *testing.T) {
	at := func(resource, event string, minutes int) adapters.Change {
		return adapters.Change{Resource: resource, Event: event, Provider: "kubernetes", At: ago(time.Duration(minutes) * time.Minute)}
	}
	scaled := func(resource string, minutes int) adapters.Change {
		c := at(resource, resource+" scaled", minutes)
		c.Field = "replicas"
		return c
	}
	for _, c := range []struct {
		name    string
		changes []adapters.Change
		want    int
	}{
		{"scaled after its rollout", []adapters.Change{scaled("a", 1), at("a", "r2", 2), at("a", "r1", 9)}, 2},
		{"another is scaled after the rollout", []adapters.Change{scaled("b", 1), at("a", "r2", 2)}, 1},
		{"nothing but scaling", []adapters.Change{scaled("b", 1), scaled("a", 2)}, 1},
		{"scaled before the rollout", []adapters.Change{at("a", "r2", 1), scaled("a", 2)}, 1},
		{"none", nil, 0},
		{"no events at all", []adapters.Change{at("a", "", 1), at("b", "", 2)}, 2},
		{"a bare change is passed over", []adapters.Change{at("a", "", 1), at("b", "r2", 2), at("b", "r1", 9)}, 1},
		{"one event of one resource", []adapters.Change{at("a", "r2", 1), at("a", "r2", 2), at("a", "r1", 9)}, 2},
		{"the same number elsewhere", []adapters.Change{at("a", "r2", 1), at("b", "r2", 5)}, 1},
		{"one release of two resources", []adapters.Change{at("a", "shop 4", 1), at("b", "shop 4", 1)}, 2},
	} {
		assert.Len(t, lastEvent(c.changes), c.want, c.name)
	}
}

func TestLinesAlikeAreToldOnce(t *testing.T) {
	line := func(text string) adapters.LogLine { return adapters.LogLine{Text: text} }
	kept, alike := lastOfAlike([]adapters.LogLine{line("request 1 failed"), line("slow: 18 ms"), line("request 22 failed"), line("slow: 7 ms"), line("done")})
	assert.Equal(t, []adapters.LogLine{line("request 22 failed"), line("slow: 7 ms"), line("done")}, kept)
	assert.Equal(t, []int{2, 2, 1}, alike)
	kept, _ = lastOfAlike(nil)
	assert.Empty(t, kept)
}
