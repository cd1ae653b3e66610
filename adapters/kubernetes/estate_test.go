package kubernetes

import (
	"fmt"
	"maps"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"

	"clanker/adapters/adaptertest"
)

// start is when the fixtures were made.
var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func at(after time.Duration) metav1.Time { return metav1.NewTime(start.Add(after)) }

func named(namespace, name string, labels map[string]string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels, UID: types.UID(namespace + name), CreationTimestamp: at(0)}
}

func ownedBy(m metav1.ObjectMeta, kind, name string) metav1.ObjectMeta {
	m.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: new(true)}}
	return m
}

func annotated(m metav1.ObjectMeta, pairs ...string) metav1.ObjectMeta {
	m.Annotations = map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m.Annotations[pairs[i]] = pairs[i+1]
	}
	return m
}

func app(name string) map[string]string { return map[string]string{"app": name} }

func needs(cpu, memory string) corev1.ResourceRequirements {
	list := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	return corev1.ResourceRequirements{Requests: list, Limits: list}
}

func template(name, image string, env ...corev1.EnvVar) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: app(name)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image, Env: env, Resources: needs("500m", "512Mi")}}},
	}
}

// running is a pod that serves.
func running(namespace, name string, labels map[string]string, image string) *corev1.Pod {
	t := template("", image)
	t.Spec.NodeName = "node-1"
	return &corev1.Pod{ObjectMeta: named(namespace, name, labels), Spec: t.Spec, Status: corev1.PodStatus{
		Phase: corev1.PodRunning, StartTime: new(at(0)),
		Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: at(time.Minute)}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: "app", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at(0)}}}},
	}}
}

// crashing is a pod whose container does not stay up.
func crashing(namespace, name string, labels map[string]string) *corev1.Pod {
	p := running(namespace, name, labels, "cache:7")
	p.Status.Conditions[0] = corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: at(17 * time.Minute), Message: "containers with unready status: [app]"}
	p.Status.ContainerStatuses[0] = corev1.ContainerStatus{
		Name: "app", RestartCount: 14, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 5m0s restarting failed container"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: at(time.Hour)}},
	}
	return p
}

func deployment(namespace, name, image string, desired, ready int32) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: named(namespace, name, app(name)),
		Spec:       appsv1.DeploymentSpec{Replicas: &desired, Template: template(name, image)},
		Status: appsv1.DeploymentStatus{Replicas: desired, ReadyReplicas: ready, UpdatedReplicas: desired, AvailableReplicas: ready,
			Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, LastTransitionTime: at(time.Minute)}}},
	}
}

func service(namespace, name string) *corev1.Service {
	return &corev1.Service{ObjectMeta: named(namespace, name, app(name)), Spec: corev1.ServiceSpec{
		Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.0.0.1", Selector: app(name), Ports: []corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolTCP}},
	}}
}

func slice(namespace, service string, ready ...bool) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: named(namespace, service+"-x1", map[string]string{"kubernetes.io/service-name": service}), AddressType: discoveryv1.AddressTypeIPv4}
	for i, ok := range ready {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{fmt.Sprintf("10.1.0.%d", i+1)}, Conditions: discoveryv1.EndpointConditions{Ready: &ok}})
	}
	return s
}

func node(name string, ready corev1.ConditionStatus) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: named("", name, map[string]string{corev1.LabelInstanceTypeStable: "r6g.2xlarge", corev1.LabelTopologyZone: "us-east-1a", "eks.amazonaws.com/nodegroup": "main"}),
		Status: corev1.NodeStatus{
			Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("64Gi")},
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready, Reason: "KubeletNotReady", Message: "container runtime is down", LastTransitionTime: at(0)}},
		},
	}
}

// replicaSet is one revision of a deployment.
func replicaSet(deployment, hash, revision string, made time.Duration, t corev1.PodTemplateSpec) *appsv1.ReplicaSet {
	m := annotated(ownedBy(named("production", deployment+"-"+hash, app(deployment)), "Deployment", deployment), revisionAnnotation, revision, causeAnnotation, "release "+revision)
	m.CreationTimestamp = at(made)
	return &appsv1.ReplicaSet{ObjectMeta: m, Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0)), Template: t}}
}

func scaleEvent(name, deployment, message string, when time.Duration) *corev1.Event {
	return &corev1.Event{
		ObjectMeta: named("production", name, nil), Reason: "ScalingReplicaSet", Message: message, Type: "Normal", LastTimestamp: at(when),
		InvolvedObject: corev1.ObjectReference{Kind: "Deployment", Namespace: "production", Name: deployment}, Count: 1,
	}
}

// checkoutPod belongs to checkout-api by its replica set.
func checkoutPod(n int) *corev1.Pod {
	p := running("production", fmt.Sprintf("checkout-api-7c9f8d5b6-x2v%d4", n+4), map[string]string{"app": "checkout-api", "pod-template-hash": "7c9f8d5b6"}, "shop/checkout-api:v1.4.2")
	p.ObjectMeta = ownedBy(p.ObjectMeta, "ReplicaSet", "checkout-api-7c9f8d5b6")
	p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "checkout-db"}}}}
	return p
}

// checkoutAPI was rolled out from v1.4.1 with two replicas to v1.4.2 with three.
func checkoutAPI() []runtime.Object {
	d := deployment("production", "checkout-api", "shop/checkout-api:v1.4.2", 3, 3)
	d.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "argocd-controller", Operation: metav1.ManagedFieldsOperationUpdate, Time: new(at(30 * time.Minute)),
		FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{},"f:template":{}}}`)}}
	objects := []runtime.Object{d, service("production", "checkout-api"), slice("production", "checkout-api", true, true, true),
		replicaSet("checkout-api", "5f6d7c8b9", "6", 0, template("checkout-api", "shop/checkout-api:v1.4.1", corev1.EnvVar{Name: "MODE", Value: "slow"})),
		replicaSet("checkout-api", "7c9f8d5b6", "7", 30*time.Minute, template("checkout-api", "shop/checkout-api:v1.4.2", corev1.EnvVar{Name: "MODE", Value: "fast"}, corev1.EnvVar{Name: "ADDED", Value: "x"})),
		scaleEvent("checkout-api.1", "checkout-api", "Scaled up replica set checkout-api-7c9f8d5b6 from 0 to 2", 30*time.Minute),
		scaleEvent("checkout-api.2", "checkout-api", "Scaled down replica set checkout-api-5f6d7c8b9 from 2 to 1", 31*time.Minute),
		scaleEvent("checkout-api.3", "checkout-api", "Scaled up replica set checkout-api-7c9f8d5b6 from 2 to 3", 31*time.Minute),
		scaleEvent("checkout-api.4", "checkout-api", "Scaled down replica set checkout-api-5f6d7c8b9 from 1 to 0", 32*time.Minute),
	}
	for n := range 3 {
		objects = append(objects, checkoutPod(n))
	}
	return objects
}

// sessionCache is a stateful set with one pod of two in a crash loop.
func sessionCache() []runtime.Object {
	set := &appsv1.StatefulSet{ObjectMeta: named("production", "session-cache", app("session-cache")),
		Spec:   appsv1.StatefulSetSpec{Replicas: new(int32(2)), Template: template("session-cache", "cache:7")},
		Status: appsv1.StatefulSetStatus{Replicas: 2, ReadyReplicas: 1, CurrentRevision: "a", UpdateRevision: "a"}}
	up, down := running("production", "session-cache-0", app("session-cache"), "cache:7"), crashing("production", "session-cache-1", app("session-cache"))
	up.ObjectMeta, down.ObjectMeta = ownedBy(up.ObjectMeta, "StatefulSet", "session-cache"), ownedBy(down.ObjectMeta, "StatefulSet", "session-cache")
	return []runtime.Object{set, up, down, service("production", "session-cache"), slice("production", "session-cache", true, false)}
}

// estateObjects is a small cluster with something of every kind.
func estateObjects() []runtime.Object {
	objects := []runtime.Object{
		&corev1.Namespace{ObjectMeta: named("", "production", nil)}, &corev1.Namespace{ObjectMeta: named("", "kube-system", nil)},
		node("node-1", corev1.ConditionTrue), node("node-2", corev1.ConditionTrue),
		&appsv1.DaemonSet{ObjectMeta: named("kube-system", "agent", app("agent")), Spec: appsv1.DaemonSetSpec{Template: template("agent", "agent:1")},
			Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 2, NumberReady: 2, UpdatedNumberScheduled: 2}},
		&batchv1.CronJob{ObjectMeta: named("production", "backup", nil), Spec: batchv1.CronJobSpec{Schedule: "0 3 * * *"}},
		&batchv1.Job{ObjectMeta: ownedBy(named("production", "backup-29300000", nil), "CronJob", "backup"),
			Status: batchv1.JobStatus{Succeeded: 1, Conditions: []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}}},
		&networkingv1.Ingress{ObjectMeta: named("production", "shop", nil), Spec: networkingv1.IngressSpec{
			DefaultBackend: &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "checkout-api"}}}},
		&corev1.PersistentVolumeClaim{ObjectMeta: named("production", "orders", nil), Spec: corev1.PersistentVolumeClaimSpec{VolumeName: "pv-1"},
			Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound, Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")}}},
		&corev1.PersistentVolume{ObjectMeta: named("", "pv-1", nil), Spec: corev1.PersistentVolumeSpec{Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")}}},
		&storagev1.StorageClass{ObjectMeta: named("", "standard", nil)},
		&autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: named("production", "checkout-api", nil), Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: "checkout-api"}, MaxReplicas: 10}},
		&policyv1.PodDisruptionBudget{ObjectMeta: named("production", "checkout-api", nil), Spec: policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: app("checkout-api")}},
			Status: policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: 1, CurrentHealthy: 3, DesiredHealthy: 2, ExpectedPods: 3}},
		&corev1.Secret{ObjectMeta: named("production", "sh.helm.release.v1.shop.v3", map[string]string{"owner": "helm", "name": "shop", "version": "3", "status": "deployed"}), Type: "helm.sh/release.v1"},
		&corev1.Secret{ObjectMeta: named("production", "checkout-db", nil), Data: map[string][]byte{"password": []byte("hunter2")}},
		&corev1.ConfigMap{ObjectMeta: named("production", "checkout-db", nil), Data: map[string]string{"host": "orders-postgres"}},
	}
	return append(append(objects, checkoutAPI()...), sessionCache()...)
}

// usageObjects is what a metrics server adds: node-1 and node-2 at half their memory, the checkout pods at 90 % of theirs.
func usageObjects() []runtime.Object {
	used := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	}
	objects := []runtime.Object{
		&metricsv1beta1.NodeMetrics{ObjectMeta: named("", "node-1", nil), Usage: used("4", "32Gi")},
		&metricsv1beta1.NodeMetrics{ObjectMeta: named("", "node-2", nil), Usage: used("4", "32Gi")},
	}
	for n := range 3 {
		objects = append(objects, &metricsv1beta1.PodMetrics{ObjectMeta: checkoutPod(n).ObjectMeta,
			Containers: []metricsv1beta1.ContainerMetrics{{Name: "app", Usage: used("250m", "483183821")}}})
	}
	return objects
}

// plant puts secrets wherever people leave them.
func plant(objects []runtime.Object) {
	for _, o := range objects {
		object, ok := o.(metav1.Object)
		if !ok {
			continue
		}
		m := object.GetAnnotations()
		if m == nil {
			m = map[string]string{}
		}
		own := map[string]string{}
		maps.Copy(own, object.GetLabels())
		for _, s := range adaptertest.Secrets() {
			m[s.Key] = s.Value
			if s.Label {
				own[s.Key] = s.Value
			}
		}
		object.SetAnnotations(m)
		object.SetLabels(own)
		plantSpec(o)
	}
}

func plantSpec(o runtime.Object) {
	var variables []corev1.EnvVar
	var args []string
	for _, s := range adaptertest.Secrets() {
		variables = append(variables, corev1.EnvVar{Name: s.Key, Value: s.Value})
		args = append(args, "--"+strings.ToLower(s.Key)+"="+s.Value)
	}
	fill := func(spec *corev1.PodSpec) {
		for i := range spec.Containers {
			spec.Containers[i].Env, spec.Containers[i].Args = append(spec.Containers[i].Env, variables...), args
		}
	}
	switch x := o.(type) {
	case *corev1.Pod:
		fill(&x.Spec)
		for i := range x.Status.ContainerStatuses {
			if w := x.Status.ContainerStatuses[i].State.Waiting; w != nil {
				w.Reason, w.Message = "CreateContainerError", "cannot start with "+strings.Join(args[7:10], " ")
			}
		}
	case *appsv1.Deployment:
		fill(&x.Spec.Template.Spec)
	case *appsv1.ReplicaSet:
		if x.Annotations[revisionAnnotation] == "7" {
			fill(&x.Spec.Template.Spec)
		}
		x.Annotations[causeAnnotation] = "kubectl run " + strings.Join(args, " ")
	case *corev1.ConfigMap:
		for _, s := range adaptertest.Secrets() {
			x.Data[s.Key] = s.Value
		}
	case *corev1.Event:
		x.Message += " " + strings.Join(args, " ")
	}
}
