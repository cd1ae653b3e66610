package demo

import (
	"fmt"
	"hash/fnv"
	"maps"
	"time"

	"clanker/adapters"
)

// pods are the pods of a workload, as its controller would have made them: a new image gives new names, so a deployment
// of the story replaces its pods without the story having to say so.
func (s *story) pods(r resource, workload adapters.Resource, estate []resource) []adapters.Resource {
	if r.State.Replicas == nil {
		return nil
	}
	nodes := s.nodes(workload.Scope.Cluster, estate)
	pods := make([]adapters.Resource, *r.State.Replicas)
	for i := range pods {
		pods[i] = s.pod(r, workload, i)
		if len(nodes) > 0 {
			node := nodes[(i+len(r.Name))%len(nodes)]
			pods[i].Attributes["node"] = node.Name
			pods[i].Scope.Zone = node.Scope.Zone
			pods[i].Relations = append(pods[i].Relations, adapters.Relation{Type: adapters.RelationRunsOn, Target: node.ID})
		}
	}
	return pods
}

func (s *story) pod(r resource, workload adapters.Resource, i int) adapters.Resource {
	pod := adapters.Resource{
		Provider: workload.Provider, Kind: adapters.KindPod, Name: podName(r, i), Scope: workload.Scope,
		Health: adapters.HealthHealthy, Labels: map[string]string{"app": r.Name}, Since: workload.Since,
		Attributes: map[string]any{"image": r.State.Image, "phase": "Running"},
		Metrics:    map[string]float64{adapters.MetricRestarts: float64(r.State.Restarts)},
		Relations:  []adapters.Relation{{Type: adapters.RelationOwnedBy, Target: workload.ID}},
	}
	maps.Copy(pod.Labels, workload.Labels)
	pod.ID = adapters.NewID(pod.Provider, pod.Kind, pod.Scope, pod.Name)
	if i >= r.State.ready() {
		pod.Health, pod.Reason = adapters.HealthUnhealthy, r.State.Waiting
		pod.Attributes["waiting_reason"] = r.State.Waiting
	}
	r.State.measure(pod.Metrics, 1, spread(i, len(workload.Name)))
	return pod
}

// spread gives each pod its own share of the load, within 4 % of the usual.
func spread(i, seed int) float64 { return 0.96 + 0.02*float64((i+seed)%5) }

// podName follows the controllers: an ordinal for a stateful set, a hash of the template for a deployment.
func podName(r resource, i int) string {
	template := r.State.Image
	if !r.State.restarted.IsZero() {
		template += r.State.restarted.String()
	}
	pod := []any{r.Name, template, i}
	if n := r.State.replaced[i]; n > 0 {
		pod = append(pod, " ", n)
	}
	switch r.Kind {
	case adapters.KindStatefulSet:
		return fmt.Sprintf("%s-%d", r.Name, i)
	case adapters.KindDeployment:
		return fmt.Sprintf("%s-%s-%s", r.Name, word(9, r.Name, template), word(5, pod...))
	default:
		return fmt.Sprintf("%s-%s", r.Name, word(5, pod...))
	}
}

// word is a name of n letters as Kubernetes makes them, the same for the same seed.
func word(n int, seed ...any) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, seed...) // a hash never fails to write
	sum, text := h.Sum64(), make([]byte, n)
	for i := range text {
		text[i] = letters[sum%uint64(len(letters))]
		sum /= uint64(len(letters))
	}
	return string(text)
}

func (s *story) nodes(cluster string, estate []resource) []adapters.Resource {
	var nodes []adapters.Resource
	for _, r := range estate {
		if r.Kind == adapters.KindNode && s.Places[r.In].Cluster == cluster {
			nodes = append(nodes, s.compile(r, time.Time{}))
		}
	}
	return nodes
}
