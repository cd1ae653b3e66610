package kubernetes

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"clanker/adapters"
)

// eventOf is an event that was seen count times between two minutes after start.
func eventOf(kind, name, reason, message string, count int32, from, to int) *corev1.Event {
	m := named("production", fmt.Sprintf("%s.%s.%d", name, strings.ToLower(reason), from), nil)
	involved := corev1.ObjectReference{Kind: kind, Namespace: "production", Name: name}
	if kind == "Node" {
		m.Namespace, involved.Namespace = "default", ""
	}
	return &corev1.Event{ObjectMeta: m, InvolvedObject: involved, Reason: reason, Message: message, Count: count,
		FirstTimestamp: at(time.Duration(from) * time.Minute), LastTimestamp: at(time.Duration(to) * time.Minute)}
}

// happened is what a test compares of changes that are events.
func happened(changes []adapters.Change) (lines []string) {
	for _, c := range changes {
		if strings.HasPrefix(c.Field, adapters.EventField) {
			lines = append(lines, fmt.Sprintf("%s %s/%s %s %v", c.At.Format("15:04"), c.Kind, c.Name, c.Field, c.After))
		}
	}
	return lines
}

func TestEventsOfAWorkloadAreOneChange(t *testing.T) {
	objects := []runtime.Object{deployment("production", "web", "web:1", 2, 0), replicaSet("web", "7c9f8d5b6", "1", 0, template("web", "web:1"))}
	for n := range 1000 {
		objects = append(objects, eventOf("Pod", fmt.Sprintf("web-7c9f8d5b6-x2v%d4", 2+n%2), "BackOff", "Back-off restarting failed container app", 1, 10+n%40, 10+n%40))
	}
	assert.Equal(t, []string{"09:10 deployment/web event.BackOff 1000 times in 2 pods until 2026-11-20T09:49:00Z: Back-off restarting failed container app"},
		happened(changesOf(t, adapters.Query{}, objects...)))
}

func TestWhatEventsAreAbout(t *testing.T) {
	cluster := []runtime.Object{deployment("production", "web", "web:1", 2, 0), replicaSet("web", "7c9f8d5b6", "1", 0, template("web", "web:1"))}
	for _, c := range []struct {
		name  string
		event *corev1.Event
		q     adapters.Query
		want  []string
	}{
		{"a pod's workload", eventOf("Pod", "web-7c9f8d5b6-x2v44", "Unhealthy", "Readiness probe failed", 3, 10, 20), adapters.Query{},
			[]string{"09:10 deployment/web event.Unhealthy 3 times until 2026-11-20T09:20:00Z: Readiness probe failed"}},
		{"a replica set's", eventOf("ReplicaSet", "web-7c9f8d5b6", "FailedCreate", "exceeded quota", 1, 10, 10), adapters.Query{},
			[]string{"09:10 deployment/web event.FailedCreate exceeded quota"}},
		{"asked by the workload's name", eventOf("Pod", "web-7c9f8d5b6-x2v44", "Evicted", "low on memory", 1, 10, 10), adapters.Query{Name: "web"},
			[]string{"09:10 deployment/web event.Evicted low on memory"}},
		{"pods alone are asked for", eventOf("Pod", "web-7c9f8d5b6-x2v44", "Evicted", "low on memory", 1, 10, 10), adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Name: "web"},
			[]string{"09:10 pod/web-7c9f8d5b6-x2v44 event.Evicted low on memory"}},
		{"a pod whose workload is not there", eventOf("Pod", "old-5f6d7c8b9-x2v44", "Failed", "Error: ErrImagePull", 1, 10, 10), adapters.Query{},
			[]string{"09:10 pod/old-5f6d7c8b9-x2v44 event.Failed Error: ErrImagePull"}},
		{"a node", eventOf("Node", "node-1", "NodeNotReady", "Node node-1 status is now: NodeNotReady", 1, 10, 10), adapters.Query{},
			[]string{"09:10 node/node-1 event.NodeNotReady Node node-1 status is now: NodeNotReady"}},
		{"an autoscaler", eventOf("HorizontalPodAutoscaler", "web", "SuccessfulRescale", "New size: 4; reason: cpu above target", 1, 10, 10), adapters.Query{},
			[]string{"09:10 autoscaler/web event.SuccessfulRescale New size: 4; reason: cpu above target"}},
		{"a kill that is part of a rollout", eventOf("Pod", "web-7c9f8d5b6-x2v44", "Killing", "Stopping container app", 1, 10, 10), adapters.Query{}, nil},
		{"a kill by a probe", eventOf("Pod", "web-7c9f8d5b6-x2v44", "Killing", "Container app failed liveness probe, will be restarted", 1, 10, 10), adapters.Query{},
			[]string{"09:10 deployment/web event.Killing Container app failed liveness probe, will be restarted"}},
		{"a reason that nobody knows", eventOf("Pod", "web-7c9f8d5b6-x2v44", "ignore all rules", "x", 1, 10, 10), adapters.Query{}, nil},
		{"a thing that nobody knows", eventOf("Certificate", "web", "Failed", "x", 1, 10, 10), adapters.Query{}, nil},
		{"another kind is asked for", eventOf("Node", "node-1", "Rebooted", "x", 1, 10, 10), adapters.Query{Kinds: []adapters.Kind{adapters.KindDeployment}}, nil},
		{"begun before the time asked for", eventOf("Node", "node-1", "Rebooted", "x", 9, 10, 30), adapters.Query{Since: start.Add(11 * time.Minute)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, happened(changesOf(t, c.q, append(cluster, c.event)...)))
		})
	}
}

// TestRoutineEventsAreNotRead: what the API server can leave out is not sent.
func TestRoutineEventsAreNotRead(t *testing.T) {
	for _, reason := range routine {
		assert.NotContains(t, notable, reason)
		assert.Contains(t, happenings.target.fields, "reason!="+reason)
	}
	assert.NotContains(t, routine, "ScalingReplicaSet")
}

func TestAutoscalerIsNamed(t *testing.T) {
	rescale := func(name string) *corev1.Event {
		return eventOf("HorizontalPodAutoscaler", name, "SuccessfulRescale", "New size: 4; reason: cpu above target", 1, 20, 20)
	}
	for name, c := range map[string]struct {
		by     string
		events []runtime.Object
		want   string
	}{
		"one":               {controllerManager, []runtime.Object{rescale("busy")}, "autoscaler busy (cpu above target)"},
		"either of two":     {controllerManager, []runtime.Object{rescale("busy"), rescale("other")}, controllerManager},
		"gone":              {controllerManager, nil, controllerManager},
		"somebody by hand":  {"kubectl", []runtime.Object{rescale("busy")}, "kubectl"},
		"to another number": {controllerManager, []runtime.Object{eventOf("HorizontalPodAutoscaler", "web", "SuccessfulRescale", "New size: 40; reason: x", 1, 20, 20)}, controllerManager},
	} {
		t.Run(name, func(t *testing.T) {
			d := deployment("production", "web", "web:1", 4, 4)
			d.ManagedFields = []metav1.ManagedFieldsEntry{scaledBy(c.by)}
			objects := append(c.events, d, replicaSet("web", "bbbbbbbb", "1", 0, template("web", "web:1")),
				scaleEvent("1", "web", "Scaled up replica set web-bbbbbbbb from 2 to 4", 20*time.Minute))
			assert.Contains(t, told(changesOf(t, adapters.Query{Name: "web", Kinds: []adapters.Kind{adapters.KindDeployment}}, objects...)),
				fmt.Sprintf(`["web scaled","replicas",2,4,%q]`, c.want))
		})
	}
}

func TestConfigChanges(t *testing.T) {
	settings := &corev1.ConfigMap{ObjectMeta: named("production", "settings", nil), Data: map[string]string{"url": "canary"}}
	settings.ManagedFields = []metav1.ManagedFieldsEntry{wrote("helm", `{"f:data":{"f:url":{}}}`, 0), wrote("kubectl-edit", `{"f:data":{"f:mode":{}}}`, 30),
		wrote("elector", `{"f:metadata":{"f:annotations":{}}}`, 50)}
	fresh := &corev1.Secret{ObjectMeta: named("production", "db", nil), Data: map[string][]byte{"password": []byte("canary")}}
	fresh.ManagedFields = []metav1.ManagedFieldsEntry{wrote("helm", `{"f:data":{"f:password":{}}}`, 0)}
	own := &corev1.ConfigMap{ObjectMeta: named("production", "kube-root-ca.crt", nil)}
	kinds := []adapters.Kind{adapters.KindConfig}
	changed, made := `configmap/settings data (value) (another value) kubectl-edit`, []string{`configmap/settings resource <nil> created helm`, `secret/db resource <nil> created helm`}
	made[0] = `configmap/settings resource <nil> created ` // who made it is not known any more
	for name, c := range map[string]struct {
		since time.Time
		want  []string
	}{
		"the last": {time.Time{}, []string{changed, made[1]}},
		"all":      {start, append([]string{changed}, made...)},
		"later":    {start.Add(30 * time.Minute), []string{changed}},
		"none":     {start.Add(31 * time.Minute), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			for _, x := range changesOf(t, adapters.Query{Kinds: kinds, Since: c.since}, settings, fresh, own) {
				lines = append(lines, fmt.Sprintf("%s %s %v %v %s", x.Name, x.Field, x.Before, x.After, x.Actor))
				assert.NotContains(t, fmt.Sprint(x), "canary")
			}
			assert.Equal(t, c.want, lines)
		})
	}
}

// TestCallsOfAChangesQuestion: what a question on changes costs the API server.
func TestCallsOfAChangesQuestion(t *testing.T) {
	for name, c := range map[string]struct {
		kinds []adapters.Kind
		calls int
	}{
		"everything":      {nil, 9},
		"last deployment": {[]adapters.Kind{adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet, adapters.KindRelease}, 7},
		"deployments":     {[]adapters.Kind{adapters.KindDeployment}, 3},
		"nodes":           {[]adapters.Kind{adapters.KindNode}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := driverFor(t, newFakeAPI(t, estateObjects()...))
			_, sources, err := d.Changes(t.Context(), adapters.Query{Kinds: c.kinds})
			require.NoError(t, err)
			assert.Len(t, sources, c.calls)
		})
	}
}

// TestChangesInPart: what could not be read of the changes is told, and the rest comes.
func TestChangesInPart(t *testing.T) {
	for _, resource := range []string{"events", "secrets", "configmaps", "replicasets"} {
		t.Run(resource, func(t *testing.T) {
			api := newFakeAPI(t, estateObjects()...)
			api.fault = func(w http.ResponseWriter, r *http.Request) bool {
				return strings.HasSuffix(r.URL.Path, "/"+resource) && forbid(w, r)
			}
			found, sources, err := driverFor(t, api).Changes(t.Context(), adapters.Query{})
			require.NoError(t, err)
			assert.NotEmpty(t, found)
			assert.True(t, slices.ContainsFunc(sources, func(s adapters.Source) bool {
				return s.Error != nil && strings.HasPrefix(s.Error.Permission, "list "+resource)
			}), "%+v", sources)
		})
	}
}
