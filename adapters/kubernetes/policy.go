package kubernetes

import (
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"clanker/adapters"
)

func (s *session) buildAutoscalers() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.autoscalers {
		a := &s.estate.autoscalers[i]
		made := s.resource(adapters.KindAutoscaler, a, autoscalerState(a))
		made.Attributes = attributes(map[string]any{
			"min_replicas": float64(deref(a.Spec.MinReplicas, 1)), "max_replicas": float64(a.Spec.MaxReplicas),
			"current_replicas": float64(a.Status.CurrentReplicas), "desired_replicas": float64(a.Status.DesiredReplicas),
			"target": a.Spec.ScaleTargetRef.Kind + "/" + a.Spec.ScaleTargetRef.Name, "metrics": autoscalerMetrics(a),
		})
		made.Metrics = map[string]float64{
			adapters.MetricReplicasDesired: float64(a.Status.DesiredReplicas), adapters.MetricReplicasReady: float64(a.Status.CurrentReplicas),
		}
		if kind, ok := ownerKinds[a.Spec.ScaleTargetRef.Kind]; ok {
			made.Relations = []adapters.Relation{s.relation(adapters.RelationScales, kind, a.Namespace, a.Spec.ScaleTargetRef.Name)}
		}
		found = append(found, made)
	}
	return found
}

// autoscalerState: one that cannot read its target or its metrics does nothing; one at its maximum cannot do more.
func autoscalerState(a *autoscalingv2.HorizontalPodAutoscaler) state {
	st := healthy
	for _, c := range a.Status.Conditions {
		at := c.LastTransitionTime.Time
		switch {
		case c.Reason == "ScalingDisabled": // its target is scaled to zero on purpose
			return healthySince(at)
		case c.Type == autoscalingv2.AbleToScale && c.Status == corev1.ConditionFalse && c.Reason != "BackoffBoth" && c.Reason != "BackoffDownscale",
			c.Type == autoscalingv2.ScalingActive && c.Status == corev1.ConditionFalse:
			return state{adapters.HealthUnhealthy, join(c.Reason, c.Message), at}
		case c.Type == autoscalingv2.ScalingLimited && c.Status == corev1.ConditionTrue && c.Reason == "TooManyReplicas":
			st = state{adapters.HealthDegraded, fmt.Sprintf("at its maximum of %d replicas: %s", a.Spec.MaxReplicas, oneLine(c.Message)), at}
		}
	}
	return st
}

// autoscalerMetrics spells what the autoscaler looks at: "cpu 84%/70%".
func autoscalerMetrics(a *autoscalingv2.HorizontalPodAutoscaler) []string {
	var spelled []string
	for _, m := range a.Spec.Metrics {
		if m.Type != autoscalingv2.ResourceMetricSourceType || m.Resource == nil {
			spelled = append(spelled, string(m.Type))
			continue
		}
		now := "unknown"
		for _, c := range a.Status.CurrentMetrics {
			if c.Resource != nil && c.Resource.Name == m.Resource.Name && c.Resource.Current.AverageUtilization != nil {
				now = fmt.Sprintf("%d%%", *c.Resource.Current.AverageUtilization)
			}
		}
		goal := m.Resource.Target.AverageValue.String()
		if m.Resource.Target.AverageUtilization != nil {
			goal = fmt.Sprintf("%d%%", *m.Resource.Target.AverageUtilization)
		}
		spelled = append(spelled, fmt.Sprintf("%s %s/%s", m.Resource.Name, now, goal))
	}
	return spelled
}

func (s *session) buildBudgets() []adapters.Resource {
	workloads := s.selectables().workloads
	var found []adapters.Resource
	for i := range s.estate.budgets {
		b := &s.estate.budgets[i]
		made := s.resource(adapters.KindBudget, b, budgetState(b))
		pairs := map[string]any{
			"disruptions_allowed": float64(b.Status.DisruptionsAllowed), "current_healthy": float64(b.Status.CurrentHealthy),
			"desired_healthy": float64(b.Status.DesiredHealthy), "expected_pods": float64(b.Status.ExpectedPods),
		}
		if b.Spec.MinAvailable != nil {
			pairs["min_available"] = b.Spec.MinAvailable.String()
		}
		if b.Spec.MaxUnavailable != nil {
			pairs["max_unavailable"] = b.Spec.MaxUnavailable.String()
		}
		made.Attributes = pairs
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil {
			selector = labels.Nothing() // the API server would not have taken it
		}
		for _, w := range workloads[b.Namespace] {
			if selector.Matches(w.labels) {
				made.Relations = append(made.Relations, s.relation(adapters.RelationProtects, w.kind, b.Namespace, w.name))
			}
		}
		made.Relations = sortRelations(made.Relations)
		found = append(found, made)
	}
	return found
}

// budgetState: a budget that allows no disruption because everything it protects is there is as meant.
func budgetState(b *policyv1.PodDisruptionBudget) state {
	if b.Status.ObservedGeneration < b.Generation {
		return state{health: adapters.HealthUnknown, reason: "the controller has not seen its last change"}
	}
	if b.Status.DisruptionsAllowed > 0 || b.Status.CurrentHealthy >= b.Status.DesiredHealthy || b.Status.ExpectedPods == 0 {
		return healthy
	}
	st := state{adapters.HealthDegraded, fmt.Sprintf("no disruption allowed: %d of %d required pods healthy", b.Status.CurrentHealthy, b.Status.DesiredHealthy), b.CreationTimestamp.Time}
	if b.Status.CurrentHealthy == 0 {
		st.health = adapters.HealthUnhealthy
	}
	for _, c := range b.Status.Conditions {
		if c.Type == policyv1.DisruptionAllowedCondition && c.Status == metav1.ConditionFalse {
			st.since = c.LastTransitionTime.Time
		}
	}
	return st
}
