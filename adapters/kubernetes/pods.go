package kubernetes

import (
	"context"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// pod is what is kept of a pod while thousands are read: the resource, and what the kinds above it need to know.
type pod struct {
	adapters.Resource
	owner  ref // its top-level controller; zero for a bare pod
	ready  bool
	active bool // neither finished nor being deleted
	claims []string
	need   demand
}

// ref names an object within a namespace.
type ref struct {
	kind adapters.Kind
	name string
}

var podList = target{path: core, resource: "pods", namespaced: true}

func readPods(ctx context.Context, s *session) {
	t := podList
	if !s.logging && !s.query.Wants(adapters.KindPod) && !s.query.Wants(adapters.KindVolumeClaim) {
		t.fields = "status.phase!=Succeeded" // they explain nobody's fault
	}
	pages(ctx, s, t, func(page *corev1.PodList) {
		for i := range page.Items {
			s.estate.pods = append(s.estate.pods, s.newPod(&page.Items[i]))
		}
	})
}

func (s *session) newPod(p *corev1.Pod) pod {
	st := podState(p, s.at)
	ready, _, _ := readiness(p)
	owner := topOwner(p.OwnerReferences, p.Labels)
	made := pod{
		Resource: s.resource(adapters.KindPod, p, st), owner: owner, ready: ready, need: demandOf(&p.Spec),
		active: p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed,
		claims: claimsOf(&p.Spec),
	}
	made.Attributes = podAttributes(p)
	made.Metrics = made.need.metrics()
	made.Metrics[adapters.MetricRestarts] = float64(restarts(p))
	made.Relations = s.podRelations(p, owner)
	return made
}

func podAttributes(p *corev1.Pod) map[string]any {
	waiting, exitCode := trouble(p)
	phase := string(p.Status.Phase)
	if p.DeletionTimestamp != nil {
		phase = "Terminating"
	}
	pairs := templateAttributes(&p.Spec)
	pairs["phase"], pairs["node"], pairs["waiting_reason"] = phase, p.Spec.NodeName, waiting
	pairs["created"] = timestamp(&p.CreationTimestamp)
	if exitCode != nil {
		pairs["exit_code"] = float64(*exitCode)
	}
	return attributes(pairs)
}

// trouble returns the first reason a container waits for and the last code a container exited with, if any.
func trouble(p *corev1.Pod) (waiting string, exitCode *int32) {
	for _, c := range allStatuses(p) {
		if c.State.Waiting != nil && waiting == "" {
			waiting = c.State.Waiting.Reason
		}
		for _, t := range []*corev1.ContainerStateTerminated{c.State.Terminated, c.LastTerminationState.Terminated} {
			if t != nil && exitCode == nil && t.ExitCode != 0 {
				exitCode = &t.ExitCode
			}
		}
	}
	return waiting, exitCode
}

func restarts(p *corev1.Pod) (sum int32) {
	for _, c := range allStatuses(p) {
		sum += c.RestartCount
	}
	return sum
}

func (s *session) podRelations(p *corev1.Pod, owner ref) []adapters.Relation {
	relations := s.templateRelations(p.Namespace, &p.Spec)
	if owner.name != "" {
		relations = append(relations, s.relation(adapters.RelationOwnedBy, owner.kind, p.Namespace, owner.name))
	}
	if p.Spec.NodeName != "" {
		relations = append(relations, s.relation(adapters.RelationRunsOn, adapters.KindNode, "", p.Spec.NodeName))
	}
	return sortRelations(relations)
}

// ownerKinds are the controllers of this vocabulary, by their API kind.
var ownerKinds = map[string]adapters.Kind{
	"Deployment": adapters.KindDeployment, "StatefulSet": adapters.KindStatefulSet, "DaemonSet": adapters.KindDaemonSet,
	"ReplicaSet": adapters.KindReplicaSet, "Job": adapters.KindJob, "CronJob": adapters.KindCronJob,
	"Node": adapters.KindNode, "PersistentVolumeClaim": adapters.KindVolumeClaim, "Pod": adapters.KindPod,
	"Service": adapters.KindService, "Ingress": adapters.KindIngress, "HorizontalPodAutoscaler": adapters.KindAutoscaler,
	"PersistentVolume": adapters.KindVolume, "Namespace": adapters.KindNamespace, "PodDisruptionBudget": adapters.KindBudget,
	"Gateway": adapters.KindGateway,
}

// topOwner returns the controller at the top. A ReplicaSet that a Deployment made is named after it and its template's
// hash, which the pod's label repeats: no further read is needed to know the Deployment.
func topOwner(owners []metav1.OwnerReference, labels map[string]string) ref {
	for _, o := range owners {
		kind, known := ownerKinds[o.Kind]
		if !deref(o.Controller, false) || !known || kind == adapters.KindNode { // a mirror pod's node is not its workload
			continue
		}
		if hash := labels["pod-template-hash"]; kind == adapters.KindReplicaSet && hash != "" {
			if deployment, ok := strings.CutSuffix(o.Name, "-"+hash); ok {
				return ref{adapters.KindDeployment, deployment}
			}
		}
		return ref{kind, o.Name}
	}
	return ref{}
}

func claimsOf(spec *corev1.PodSpec) []string {
	var claims []string
	for _, v := range spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			claims = append(claims, v.PersistentVolumeClaim.ClaimName)
		}
	}
	return claims
}

func (s *session) buildPods() []adapters.Resource {
	found := make([]adapters.Resource, 0, len(s.estate.pods))
	for _, p := range s.estate.pods {
		if used, ok := s.estate.podUsage[p.Scope.Namespace+"/"+p.Name]; ok {
			p.need.measure(p.Metrics, used)
		}
		found = append(found, p.Resource)
	}
	return found
}

// volatile is what of a reason differs between the pods of one workload: counts and times.
var volatile = regexp.MustCompile(`\d+`)

// worst returns the reason of the pod that explains best why a workload is not serving: the reason that most pods share, and
// of those the longest-standing.
func worst(pods []pod) string {
	var reasons []string
	for _, p := range pods {
		if p.active && p.Health == adapters.HealthUnhealthy || p.active && p.Health == adapters.HealthDegraded {
			reasons = append(reasons, p.Reason)
		}
	}
	slices.Sort(reasons)
	best, most := "", 0
	counts := map[string]int{}
	for _, reason := range reasons {
		class := volatile.ReplaceAllString(reason, "")
		if counts[class]++; counts[class] >= most {
			best, most = reason, counts[class]
		}
	}
	return best
}
