package kubernetes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"clanker/adapters"
)

// available gives a deployment its condition, and when that came about.
func available(d *appsv1.Deployment, holds corev1.ConditionStatus, minute int) *appsv1.Deployment {
	d.Status.Conditions[0] = appsv1.DeploymentCondition{Type: appsv1.DeploymentAvailable, Status: holds, LastTransitionTime: at(time.Duration(minute) * time.Minute)}
	return d
}

func statefulSet(replicas, ready int32) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{ObjectMeta: named("production", "web", nil), Spec: appsv1.StatefulSetSpec{Replicas: &replicas, Template: template("web", "web:1")},
		Status: appsv1.StatefulSetStatus{Replicas: replicas, ReadyReplicas: ready}}
}

// TestSinceWhen: a health has been what it is since the cluster says so, and not since something else happened.
func TestSinceWhen(t *testing.T) {
	of := func(p *corev1.Pod, kind string) *corev1.Pod {
		p.ObjectMeta = ownedBy(p.ObjectMeta, kind, "web")
		return p
	}
	ready := func(name, kind string) *corev1.Pod {
		return of(running("production", name, app("web"), "web:1"), kind)
	}
	down := func(name, kind string, minute int) *corev1.Pod {
		p := of(crashing("production", name, app("web")), kind)
		p.Status.Conditions[0].LastTransitionTime = at(time.Duration(minute) * time.Minute)
		return p
	}
	empty := slice("production", "web")
	empty.ManagedFields = []metav1.ManagedFieldsEntry{wrote("kube-controller-manager", "{}", 33), wrote("kube-controller-manager", "{}", 21)}
	evicted := running("production", "web", nil, "web:1")
	evicted.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: at(19 * time.Minute)}}}
	rolling := available(deployment("production", "web", "web:2", 1, 1), "True", 3)
	rolling.Status.UpdatedReplicas = 0
	starting := ready("web-b", "Deployment")
	starting.Status.StartTime, starting.Status.Conditions[0] = new(at(58*time.Minute)), corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: at(58 * time.Minute)}
	const deploymentKind, statefulKind, serviceKind, podKind = adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindService, adapters.KindPod
	for _, c := range []struct {
		name    string
		kind    adapters.Kind
		objects []runtime.Object
		health  adapters.Health
		minute  int // -1: it is not known
	}{
		{"a deployment that serves", deploymentKind, []runtime.Object{available(deployment("production", "web", "web:1", 2, 2), "True", 3)}, "healthy", 3},
		{"one that may miss a pod, and does", deploymentKind, []runtime.Object{available(deployment("production", "web", "web:1", 4, 3), "True", 3), ready("web-a", "Deployment"), down("web-b", "Deployment", 17)}, "degraded", 17},
		{"one that misses ever more", deploymentKind, []runtime.Object{available(deployment("production", "web", "web:1", 3, 1), "False", 30), down("web-a", "Deployment", 17), down("web-b", "Deployment", 30)}, "degraded", 17},
		{"one that has none left", deploymentKind, []runtime.Object{available(deployment("production", "web", "web:1", 2, 0), "False", 17), down("web-a", "Deployment", 17), down("web-b", "Deployment", 30)}, "unhealthy", 30},
		{"one that is rolled out while it serves", deploymentKind, []runtime.Object{rolling, ready("web-a", "Deployment"), starting}, "healthy", 3},
		{"one without pods", deploymentKind, []runtime.Object{available(deployment("production", "web", "web:1", 2, 0), "False", 22)}, "unhealthy", 22},
		{"one whose condition is of another time", deploymentKind, []runtime.Object{available(deployment("production", "web", "web:1", 2, 1), "True", 3)}, "degraded", -1},
		{"a stateful set that serves", statefulKind, []runtime.Object{statefulSet(1, 1), ready("web-0", "StatefulSet")}, "healthy", 1},
		{"one that misses a pod", statefulKind, []runtime.Object{statefulSet(2, 1), ready("web-0", "StatefulSet"), down("web-1", "StatefulSet", 17)}, "degraded", 17},
		{"a service that misses endpoints", serviceKind, []runtime.Object{service("production", "web"), slice("production", "web", true, false, false), ready("web-a", "Deployment"), down("web-b", "Deployment", 17), down("web-c", "Deployment", 30)}, "degraded", 17},
		{"one that has lost the last", serviceKind, []runtime.Object{service("production", "web"), slice("production", "web", false, false), down("web-a", "Deployment", 17), down("web-b", "Deployment", 30)}, "unhealthy", 30},
		{"one whose pods are gone", serviceKind, []runtime.Object{service("production", "web"), empty}, "unhealthy", 33},
		{"an evicted pod", podKind, []runtime.Object{evicted}, "unhealthy", 19},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := find(t, listAll(t, adapters.Query{Kinds: []adapters.Kind{c.kind}}, c.objects...), c.kind, "web")
			assert.Equal(t, c.health, got.Health, got.Reason)
			want := time.Time{}
			if c.minute >= 0 {
				want = start.Add(time.Duration(c.minute) * time.Minute)
			}
			assert.Equal(t, want, got.Since)
		})
	}
}
