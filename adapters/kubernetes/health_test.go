package kubernetes

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// healthCase is a minimal object and what is to be made of it, an hour after it was made.
type healthCase struct {
	name   string
	object string // JSON
	health adapters.Health
	reason string
	since  time.Duration // after start; zero is not compared
}

func testHealth[T any](t *testing.T, cases []healthCase, derive func(*T) state) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			object := new(T)
			require.NoError(t, json.Unmarshal([]byte(c.object), object))
			got := derive(object)
			assert.Equal(t, c.health, got.health)
			assert.Equal(t, c.reason, got.reason)
			if c.since != 0 {
				assert.Equal(t, start.Add(c.since), got.since.UTC())
			}
		})
	}
}

var anHourLater = start.Add(time.Hour)

func TestPodHealth(t *testing.T) {
	const ready = `"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-11-20T09:01:00Z"}]`
	const unready = `"startTime":"2026-11-20T09:00:00Z","conditions":[{"type":"Ready","status":"False","lastTransitionTime":"2026-11-20T09:17:00Z","message":"containers with unready status: [app]"}]`
	testHealth(t, []healthCase{
		{"running", `{"status":{"phase":"Running",` + ready + `}}`, "healthy", "", time.Minute},
		{"completed", `{"status":{"phase":"Succeeded"}}`, "healthy", "", 0},
		{"evicted", `{"status":{"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."}}`, "unhealthy", "Evicted: The node was low on resource: memory.", 0},
		{"exit code", `{"status":{"phase":"Failed","containerStatuses":[{"name":"app","state":{"terminated":{"exitCode":3,"reason":"Error","finishedAt":"2026-11-20T09:05:00Z"}}}]}}`,
			"unhealthy", "app failed: exit code 3", 5 * time.Minute},
		{"crash loop", `{"status":{"phase":"Running",` + unready + `,"containerStatuses":[{"name":"app","restartCount":14,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},
			"lastState":{"terminated":{"exitCode":1,"reason":"Error"}}}]}}`, "unhealthy", "CrashLoopBackOff, exit code 1, 14 restarts", 17 * time.Minute},
		{"out of memory", `{"status":{"phase":"Running",` + unready + `,"containerStatuses":[{"name":"app","restartCount":1,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
			"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}}`, "unhealthy", "CrashLoopBackOff, OOMKilled, exit code 137, 1 restart", 0},
		{"out of memory, runs again", `{"status":{"phase":"Running",` + ready + `,"containerStatuses":[{"name":"app","restartCount":2,"state":{"running":{}},
			"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","finishedAt":"2026-11-20T09:55:00Z"}}}]}}`, "degraded", "restarting: app: OOMKilled, exit code 137, 2 restarts", 0},
		{"crashed long ago", `{"status":{"phase":"Running",` + ready + `,"containerStatuses":[{"name":"app","restartCount":2,"state":{"running":{}},
			"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","finishedAt":"2026-11-20T09:05:00Z"}}}]}}`, "healthy", "", 0},
		{"image", `{"status":{"phase":"Pending",` + unready + `,"containerStatuses":[{"name":"app","state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \"nope:1\""}}}]}}`,
			"unhealthy", `ImagePullBackOff: Back-off pulling image "nope:1"`, 0},
		{"missing config", `{"status":{"phase":"Pending",` + unready + `,"containerStatuses":[{"name":"app","state":{"waiting":{"reason":"CreateContainerConfigError","message":"configmap \"app\" not found"}}}]}}`,
			"unhealthy", `CreateContainerConfigError: configmap "app" not found`, 0},
		{"init container", `{"status":{"phase":"Pending",` + unready + `,"initContainerStatuses":[{"name":"migrate","restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
			"lastState":{"terminated":{"exitCode":2}}}],"containerStatuses":[{"name":"app","state":{"waiting":{"reason":"PodInitializing"}}}]}}`, "unhealthy", "migrate: CrashLoopBackOff, exit code 2, 3 restarts", 0},
		{"unschedulable", `{"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available: 3 Insufficient cpu.","lastTransitionTime":"2026-11-20T09:02:00Z"}]}}`,
			"unhealthy", "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.", 2 * time.Minute},
		{"gated", `{"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated","message":"waiting"}]}}`, "unknown", "SchedulingGated: waiting", 0},
		{"creating", `{"status":{"phase":"Pending","startTime":"2026-11-20T09:58:00Z","containerStatuses":[{"name":"app","state":{"waiting":{"reason":"ContainerCreating"}}}]}}`, "unknown", "starting", 0},
		{"creating for long", `{"status":{"phase":"Pending","startTime":"2026-11-20T09:30:00Z","containerStatuses":[{"name":"app","state":{"waiting":{"reason":"ContainerCreating"}}}]}}`,
			"unhealthy", "ContainerCreating for 30m", 30 * time.Minute},
		{"not ready", `{"status":{"phase":"Running",` + unready + `,"containerStatuses":[{"name":"app","state":{"running":{}}}]}}`,
			"unhealthy", "not ready for 43m: containers with unready status: [app]", 17 * time.Minute},
		{"stopping", `{"metadata":{"deletionTimestamp":"2026-11-20T10:00:20Z","deletionGracePeriodSeconds":30},"status":{"phase":"Running",` + ready + `}}`, "unknown", "Terminating", 59*time.Minute + 50*time.Second},
		{"cannot stop", `{"metadata":{"deletionTimestamp":"2026-11-20T09:30:00Z","finalizers":["example.com/hold"]},"status":{"phase":"Running",` + ready + `}}`,
			"degraded", "Terminating for 30m: example.com/hold", 30 * time.Minute},
		{"empty", `{}`, "unknown", "starting", 0},
	}, func(p *corev1.Pod) state {
		if p.CreationTimestamp.IsZero() && p.Status.StartTime == nil {
			p.CreationTimestamp = at(58 * time.Minute)
		}
		return podState(p, anHourLater)
	})
}

func TestRolloutHealth(t *testing.T) {
	const cause = "CrashLoopBackOff, exit code 1, 14 restarts"
	for _, c := range []struct {
		name  string
		r     rollout
		cause string
		want  state
	}{
		{"all ready", rollout{desired: 3, ready: 3, updated: 3}, "", state{health: "healthy"}},
		{"scaled to zero", rollout{}, "", state{health: "healthy", reason: "scaled to 0"}},
		{"scaled to zero, not seen yet", rollout{generation: 1}, "", state{health: "unknown", reason: "the controller has not seen generation 1 yet (only 0)"}},
		{"no node for it", rollout{idle: "scaled to 0: no node matches"}, "", state{health: "healthy", reason: "scaled to 0: no node matches"}},
		{"paused", rollout{desired: 2, ready: 2, updated: 1, paused: true}, "", state{health: "healthy", reason: "paused"}},
		{"paused, none ready", rollout{desired: 2, paused: true}, "", state{health: "unhealthy", reason: "paused: 0/2 ready"}},
		{"paused at zero", rollout{paused: true}, "", state{health: "healthy", reason: "paused: scaled to 0"}},
		{"some ready", rollout{desired: 3, ready: 1, updated: 3}, cause, state{health: "degraded", reason: "1/3 ready: " + cause}},
		{"none ready", rollout{desired: 2, updated: 2}, cause, state{health: "unhealthy", reason: "0/2 ready: " + cause}},
		{"none ready, pods not read", rollout{desired: 2, updated: 2}, "", state{health: "unhealthy", reason: "0/2 ready"}},
		{"rolling out", rollout{desired: 3, ready: 2, updated: 1}, "", state{health: "degraded", reason: "2/3 ready: rolling out"}},
		{"past its deadline", rollout{desired: 3, ready: 3, updated: 1, stuck: "rollout past its deadline"}, cause, state{health: "degraded", reason: "rollout past its deadline: " + cause}},
		{"past its deadline, none ready", rollout{desired: 3, updated: 3, stuck: "rollout past its deadline"}, cause, state{health: "unhealthy", reason: "0/3 ready: " + cause + "; rollout past its deadline"}},
		{"new pods do not come up", rollout{desired: 3, ready: 3, updated: 1}, cause, state{health: "degraded", reason: "rollout at 1/3: " + cause}},
		{"behind", rollout{desired: 3, ready: 3, updated: 3, observed: 4, generation: 5}, "", state{health: "unknown", reason: "the controller has not seen generation 5 yet (only 4)"}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, c.r.state(c.cause)) })
	}
}

func TestNodeHealth(t *testing.T) {
	const ready = `{"type":"Ready","status":"True","lastTransitionTime":"2026-11-20T09:01:00Z"}`
	testHealth(t, []healthCase{
		{"ready", `{"status":{"conditions":[` + ready + `]}}`, "healthy", "", time.Minute},
		{"not ready", `{"status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown","message":"Kubelet stopped posting node status.","lastTransitionTime":"2026-11-20T09:02:00Z"}]}}`,
			"unhealthy", "NotReady, NodeStatusUnknown: Kubelet stopped posting node status.", 2 * time.Minute},
		{"pressure", `{"status":{"conditions":[` + ready + `,{"type":"DiskPressure","status":"True","message":"kubelet has disk pressure"}]}}`, "degraded", "DiskPressure: kubelet has disk pressure", 0},
		{"cordoned", `{"spec":{"unschedulable":true,"taints":[{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule","timeAdded":"2026-11-20T09:03:00Z"}]},"status":{"conditions":[` + ready + `]}}`,
			"degraded", "cordoned", 3 * time.Minute},
		{"silent", `{}`, "unknown", "its kubelet has not reported", 0},
	}, nodeState)
}

func TestJobHealth(t *testing.T) {
	testHealth(t, []healthCase{
		{"complete", `{"status":{"conditions":[{"type":"Complete","status":"True"}]}}`, "healthy", "", 0},
		{"failed", `{"status":{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"Job has reached the specified backoff limit","lastTransitionTime":"2026-11-20T09:04:00Z"}]}}`,
			"unhealthy", "BackoffLimitExceeded: Job has reached the specified backoff limit", 4 * time.Minute},
		{"suspended", `{"status":{"conditions":[{"type":"Suspended","status":"True"}]}}`, "healthy", "suspended", 0},
		{"trying again", `{"status":{"active":1,"failed":2}}`, "degraded", "2 failed attempts, trying again", 0},
		{"running", `{"status":{"active":1}}`, "healthy", "", 0},
	}, func(j *batchv1.Job) state { return jobState(j, "") })
}

func TestAutoscalerHealth(t *testing.T) {
	testHealth(t, []healthCase{
		{"fine", `{"status":{"conditions":[{"type":"AbleToScale","status":"True"},{"type":"ScalingActive","status":"True"}]}}`, "healthy", "", 0},
		{"no metrics", `{"status":{"conditions":[{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric","message":"no metrics returned"}]}}`, "unhealthy", "FailedGetResourceMetric: no metrics returned", 0},
		{"no target", `{"status":{"conditions":[{"type":"AbleToScale","status":"False","reason":"FailedGetScale","message":"deployments.apps \"x\" not found"}]}}`, "unhealthy", `FailedGetScale: deployments.apps "x" not found`, 0},
		{"at its maximum", `{"spec":{"maxReplicas":10},"status":{"conditions":[{"type":"ScalingLimited","status":"True","reason":"TooManyReplicas","message":"the desired replica count is more than the maximum replica count"}]}}`,
			"degraded", "at its maximum of 10 replicas: the desired replica count is more than the maximum replica count", 0},
		{"at its minimum", `{"status":{"conditions":[{"type":"ScalingLimited","status":"True","reason":"TooFewReplicas"}]}}`, "healthy", "", 0},
		{"off", `{"status":{"conditions":[{"type":"ScalingActive","status":"False","reason":"ScalingDisabled"}]}}`, "healthy", "", 0},
	}, autoscalerState)
}

func TestBudgetHealth(t *testing.T) {
	testHealth(t, []healthCase{
		{"room", `{"status":{"disruptionsAllowed":1,"currentHealthy":3,"desiredHealthy":2,"expectedPods":3}}`, "healthy", "", 0},
		{"no room, all there", `{"status":{"currentHealthy":2,"desiredHealthy":2,"expectedPods":2}}`, "healthy", "", 0},
		{"too few", `{"status":{"currentHealthy":1,"desiredHealthy":2,"expectedPods":2}}`, "degraded", "no disruption allowed: 1 of 2 required pods healthy", 0},
		{"none", `{"status":{"currentHealthy":0,"desiredHealthy":2,"expectedPods":2}}`, "unhealthy", "no disruption allowed: 0 of 2 required pods healthy", 0},
		{"nothing to protect", `{"status":{"desiredHealthy":1}}`, "healthy", "", 0},
	}, budgetState)
}

func TestGatewayHealth(t *testing.T) {
	condition := func(kind string, status metav1.ConditionStatus) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: "Because", Message: "of this", LastTransitionTime: at(time.Minute)}
	}
	assert.Equal(t, adapters.HealthHealthy, gatewayState([]metav1.Condition{condition("Accepted", "True"), condition("Programmed", "True")}).health)
	assert.Equal(t, state{"unhealthy", "Programmed is false, Because: of this", start.Add(time.Minute)},
		gatewayState([]metav1.Condition{condition("Accepted", "True"), condition("Programmed", "False")}))
	assert.Equal(t, adapters.HealthUnknown, gatewayState(nil).health)
}

// FuzzPodHealth: whatever an API server sends, something is said about it, and what is not healthy has a reason.
func FuzzPodHealth(f *testing.F) {
	f.Add([]byte(`{"status":{"phase":"Running","containerStatuses":[{"state":{"waiting":{"reason":"x"}}}]}}`))
	f.Add([]byte(`{"metadata":{"deletionTimestamp":"2026-11-20T09:30:00Z"},"spec":{"containers":[{"resources":{"limits":{"cpu":"1e9"}}}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p corev1.Pod
		if json.Unmarshal(data, &p) != nil {
			return
		}
		s := (&Driver{now: func() time.Time { return anHourLater }}).session(&cluster{name: "prod"}, adapters.Query{})
		made := s.newPod(&p)
		require.NotEmpty(t, made.Health)
		require.Equal(t, made.Health != adapters.HealthHealthy, made.Reason != "", "%s %q", made.Health, made.Reason)
		require.False(t, made.Since.After(made.Observed))
	})
}
