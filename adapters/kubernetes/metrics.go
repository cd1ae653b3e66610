package kubernetes

import (
	"context"

	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"

	"clanker/adapters"
)

// usage is what something uses at the moment, in cores and bytes.
type usage struct{ cpu, memory float64 }

var podMetrics = target{path: metrics, resource: "pods", namespaced: true, tool: "top pods"}

func readPodUsage(ctx context.Context, s *session) {
	used := map[string]usage{}
	pages(ctx, s, podMetrics, func(page *metricsv1beta1.PodMetricsList) {
		for i := range page.Items {
			p := &page.Items[i]
			var sum usage
			for _, c := range p.Containers {
				sum.cpu += quantity(c.Usage.Cpu())
				sum.memory += quantity(c.Usage.Memory())
			}
			used[p.Namespace+"/"+p.Name] = sum
		}
	})
	s.estate.podUsage = used
}

// workloadMetrics adds up what a workload's active pods request and use. Use is absent unless it was measured for every one
// of them: half a sum would read as half the load.
func (s *session) workloadMetrics(pods []pod) map[string]float64 {
	var need demand
	var used usage
	var restarted float64
	measured, active := 0, 0
	for _, p := range pods {
		if !p.active {
			continue
		}
		active++
		need = need.plus(p.need)
		restarted += p.Metrics[adapters.MetricRestarts]
		if u, ok := s.estate.podUsage[p.Scope.Namespace+"/"+p.Name]; ok {
			used.cpu, used.memory = used.cpu+u.cpu, used.memory+u.memory
			measured++
		}
	}
	if active == 0 {
		return map[string]float64{}
	}
	m := need.metrics()
	m[adapters.MetricRestarts] = restarted
	if measured == active {
		need.measure(m, used)
	}
	return m
}
