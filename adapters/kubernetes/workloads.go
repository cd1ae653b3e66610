package kubernetes

import (
	"cmp"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

const revisionAnnotation = "deployment.kubernetes.io/revision"

// rollout is what the workload controllers' statuses have in common.
type rollout struct {
	desired, ready, updated int32
	observed, generation    int64
	stuck                   string // the controller's own words when it gave up
	idle                    string // why none are desired
	paused                  bool   // nothing is rolled out until somebody resumes it
	since                   time.Time
}

// state is what is compared with what should be, and whether somebody has halted that on purpose.
func (r rollout) state(cause string) state {
	st := r.compared(cause)
	if r.paused {
		st.reason = join("paused", st.reason)
	}
	return st
}

// compared compares what is with what should be. cause is the reason of the workload's pods, if they were read.
func (r rollout) compared(cause string) state {
	behind := r.observed < r.generation
	switch {
	case r.desired == 0 && r.stuck == "" && !behind:
		return state{adapters.HealthHealthy, cmp.Or(r.idle, "scaled to 0"), r.since}
	case r.ready < r.desired:
		return r.short(cause)
	case r.stuck != "":
		return state{adapters.HealthDegraded, join(r.stuck, cause), r.since}
	case behind:
		return state{adapters.HealthUnknown, fmt.Sprintf("the controller has not seen generation %d yet (only %d)", r.generation, r.observed), time.Time{}}
	case r.updated < r.desired && cause != "": // the old pods still serve, the new ones do not come up
		return state{adapters.HealthDegraded, fmt.Sprintf("rollout at %d/%d: %s", r.updated, r.desired, cause), r.since}
	}
	return state{health: adapters.HealthHealthy, since: r.since}
}

// short is the state with fewer ready pods than there should be.
func (r rollout) short(cause string) state {
	health := adapters.HealthDegraded
	if r.ready == 0 {
		health = adapters.HealthUnhealthy
	}
	count := fmt.Sprintf("%d/%d ready", r.ready, r.desired)
	switch {
	case cause != "" && r.stuck != "":
		cause += "; " + r.stuck
	case cause == "" && r.stuck != "":
		cause = r.stuck
	case cause == "" && r.updated < r.desired && !r.paused:
		cause = "rolling out"
	}
	return state{health, join(count, cause), r.since}
}

// dated returns since when the workload is as it is: its pods tell more exactly than its controller, which knows only whether
// enough of them are ready.
func (r rollout) dated(own []pod, cause string) time.Time {
	unready := unreadySpan(own)
	switch {
	case r.desired > 0 && r.ready == 0:
		return cmp.Or(unready.last, r.since)
	case r.ready < r.desired || r.updated < r.desired && cause != "":
		return cmp.Or(unready.first, r.since)
	case r.since.IsZero(): // a controller that keeps no time: all are ready since the last one is
		return readySpan(own).last
	}
	return r.since
}

// span is from when the first to when the last of several pods became what they are.
type span struct{ first, last time.Time }

func (s span) with(at time.Time) span {
	if at.IsZero() {
		return s
	}
	if s.first.IsZero() || at.Before(s.first) {
		s.first = at
	}
	if at.After(s.last) {
		s.last = at
	}
	return s
}

// unreadySpan is that of the pods that should serve and do not: some are missing since its first, none is left since its last.
func unreadySpan(pods []pod) span { return spanOf(pods, false) }

func readySpan(pods []pod) span { return spanOf(pods, true) }

func spanOf(pods []pod, ready bool) (s span) {
	for _, p := range pods {
		if p.active && p.ready == ready {
			s = s.with(p.Since)
		}
	}
	return s
}

// metrics adds what should run and what is ready to what its pods need and use.
func (r rollout) metrics(m map[string]float64) map[string]float64 {
	m[adapters.MetricReplicasDesired], m[adapters.MetricReplicasReady] = float64(r.desired), float64(r.ready)
	return m
}

// workload makes the resource of a controller with its pods.
func (s *session) workload(kind adapters.Kind, object metav1.Object, template *corev1.PodTemplateSpec, r rollout) adapters.Resource {
	own := s.podsOf(kind, object.GetNamespace(), object.GetName())
	cause := worst(own)
	r.since = r.dated(own, cause)
	made := s.resource(kind, object, r.state(cause))
	made.Metrics = r.metrics(s.workloadMetrics(own))
	made.Attributes = templateAttributes(&template.Spec)
	made.Attributes["replicas"] = float64(r.desired)
	for attribute, label := range map[string]string{"chart": "helm.sh/chart", "app_version": "app.kubernetes.io/version"} {
		if value := object.GetLabels()[label]; value != "" {
			made.Attributes[attribute] = value
		}
	}
	made.Relations = s.templateRelations(object.GetNamespace(), &template.Spec)
	s.link(&made, template)
	return made
}

// podsOf returns the pods whose top-level controller it is.
func (s *session) podsOf(kind adapters.Kind, namespace, name string) []pod {
	s.index.Do(func() {
		s.owned = map[string][]pod{}
		for _, p := range s.estate.pods {
			key := s.id(p.owner.kind, p.Scope.Namespace, p.owner.name)
			s.owned[key] = append(s.owned[key], p)
		}
	})
	return s.owned[s.id(kind, namespace, name)]
}

func (s *session) buildDeployments() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.deployments {
		d := &s.estate.deployments[i]
		made := s.workload(adapters.KindDeployment, d, &d.Spec.Template, deploymentRollout(d))
		made.Attributes["revision"] = d.Annotations[revisionAnnotation]
		made.Attributes["strategy"] = string(d.Spec.Strategy.Type)
		if d.Spec.Paused {
			made.Attributes["paused"] = true
		}
		attributes(made.Attributes)
		found = append(found, made)
	}
	return found
}

func deploymentRollout(d *appsv1.Deployment) rollout {
	r := rollout{
		desired: deref(d.Spec.Replicas, 1), ready: d.Status.ReadyReplicas, updated: d.Status.UpdatedReplicas,
		observed: d.Status.ObservedGeneration, generation: d.Generation, paused: d.Spec.Paused,
	}
	var stuckSince time.Time
	for _, c := range d.Status.Conditions {
		holds, at := c.Status == corev1.ConditionTrue, c.LastTransitionTime.Time
		switch {
		case c.Type == appsv1.DeploymentAvailable && holds == (r.ready >= r.desired): // else it is that some may be missing
			r.since = at
		case c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded":
			r.stuck, stuckSince = join("rollout past its deadline", c.Message), at
		case c.Type == appsv1.DeploymentReplicaFailure && holds:
			r.stuck, stuckSince = join(c.Reason, c.Message), at
		}
	}
	if r.stuck != "" && r.ready >= r.desired {
		r.since = stuckSince
	}
	return r
}

func (s *session) buildStatefulSets() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.statefulSets {
		set := &s.estate.statefulSets[i]
		made := s.workload(adapters.KindStatefulSet, set, &set.Spec.Template, statefulSetRollout(set))
		made.Attributes["revision"] = set.Status.UpdateRevision
		for _, claim := range set.Spec.VolumeClaimTemplates {
			for n := range deref(set.Spec.Replicas, 1) {
				name := fmt.Sprintf("%s-%s-%d", claim.Name, set.Name, n)
				made.Relations = append(made.Relations, s.relation(adapters.RelationMounts, adapters.KindVolumeClaim, set.Namespace, name))
			}
		}
		made.Relations = sortRelations(made.Relations)
		attributes(made.Attributes)
		found = append(found, made)
	}
	return found
}

func statefulSetRollout(set *appsv1.StatefulSet) rollout {
	updated := set.Status.UpdatedReplicas
	if set.Status.UpdateRevision == set.Status.CurrentRevision { // the count starts at zero when nothing is being rolled out
		updated = set.Status.Replicas
	}
	return rollout{
		desired: deref(set.Spec.Replicas, 1), ready: set.Status.ReadyReplicas, updated: updated,
		observed: set.Status.ObservedGeneration, generation: set.Generation,
	}
}

func (s *session) buildDaemonSets() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.daemonSets {
		set := &s.estate.daemonSets[i]
		found = append(found, s.workload(adapters.KindDaemonSet, set, &set.Spec.Template, rollout{
			desired: set.Status.DesiredNumberScheduled, ready: set.Status.NumberReady, updated: set.Status.UpdatedNumberScheduled,
			observed: set.Status.ObservedGeneration, generation: set.Generation, idle: "scaled to 0: no node matches",
		}))
	}
	return found
}

func (s *session) buildReplicaSets() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.replicaSets {
		set := &s.estate.replicaSets[i]
		r := rollout{
			desired: deref(set.Spec.Replicas, 1), ready: set.Status.ReadyReplicas, updated: set.Status.Replicas,
			observed: set.Status.ObservedGeneration, generation: set.Generation,
		}
		made := s.workload(adapters.KindReplicaSet, set, &set.Spec.Template, r)
		made.Attributes["revision"] = set.Annotations[revisionAnnotation]
		if owner := topOwner(set.OwnerReferences, nil); owner.name != "" {
			made.Relations = sortRelations(append(made.Relations, s.relation(adapters.RelationOwnedBy, owner.kind, set.Namespace, owner.name)))
		}
		attributes(made.Attributes)
		found = append(found, made)
	}
	return found
}
