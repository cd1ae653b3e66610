package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/version"

	"clanker/adapters"
)

// apiVersion is open to everybody who is signed in, so it tells whether the API server answers.
var apiVersion = target{resource: "version", tool: "version"}

func readAPIServer(ctx context.Context, s *session) {
	start := s.now()
	var info version.Info
	err := s.raw(ctx, "/version", &info)
	s.estate.version = info.GitVersion
	s.record(apiVersion, "", start, 1, err)
}

func (s *session) buildNamespaces() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.namespaces {
		n := &s.estate.namespaces[i]
		made := s.resource(adapters.KindNamespace, n, namespaceState(n, s.at))
		made.Attributes = attributes(map[string]any{"phase": string(n.Status.Phase)})
		found = append(found, made)
	}
	return found
}

// namespaceState: a namespace has no health of its own, except that it may be unable to go.
func namespaceState(n *corev1.Namespace, now time.Time) state {
	if n.DeletionTimestamp == nil || now.Sub(n.DeletionTimestamp.Time) < stopGrace {
		return state{}
	}
	reason := "Terminating for " + age(now.Sub(n.DeletionTimestamp.Time))
	for _, c := range n.Status.Conditions {
		if c.Status == corev1.ConditionTrue {
			return state{adapters.HealthDegraded, join(reason+", "+c.Reason, c.Message), n.DeletionTimestamp.Time}
		}
	}
	return state{adapters.HealthDegraded, reason, n.DeletionTimestamp.Time}
}

func (s *session) buildNodes() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.nodes {
		n := &s.estate.nodes[i]
		made := s.resource(adapters.KindNode, n, nodeState(n))
		made.Scope.Zone = n.Labels[corev1.LabelTopologyZone]
		made.Attributes = nodeAttributes(n)
		made.Metrics = s.capacity([]*corev1.Node{n})
		made.Relations = []adapters.Relation{s.relation(adapters.RelationRunsOn, adapters.KindCluster, "", s.cluster.display())}
		found = append(found, made)
	}
	return found
}

func nodeAttributes(n *corev1.Node) map[string]any {
	var roles, taints []string
	for _, label := range slices.Sorted(maps.Keys(n.Labels)) {
		if role, ok := strings.CutPrefix(label, "node-role.kubernetes.io/"); ok {
			roles = append(roles, role)
		}
	}
	for _, t := range n.Spec.Taints {
		taints = append(taints, t.ToString())
	}
	slices.Sort(taints) // who adds and removes them keeps no order
	info := n.Status.NodeInfo
	pairs := map[string]any{
		"version": info.KubeletVersion, "os": info.OSImage, "architecture": info.Architecture, "runtime": info.ContainerRuntimeVersion,
		"instance_type": n.Labels[corev1.LabelInstanceTypeStable], "zone": n.Labels[corev1.LabelTopologyZone], "region": n.Labels[corev1.LabelTopologyRegion],
		"roles": roles, "taints": taints, "nodepool": poolOf(n), "created": timestamp(&n.CreationTimestamp),
	}
	if n.Spec.Unschedulable {
		pairs["cordoned"] = true
	}
	return attributes(pairs)
}

// nodeState: a node that is not ready serves nothing; one under pressure or cordoned still runs what it has.
func nodeState(n *corev1.Node) state {
	var reasons []string
	since := time.Time{}
	readySeen := state{health: adapters.HealthUnknown, reason: "its kubelet has not reported"}
	for _, c := range n.Status.Conditions {
		switch {
		case c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue:
			readySeen = healthySince(c.LastTransitionTime.Time)
		case c.Type == corev1.NodeReady:
			readySeen = state{adapters.HealthUnhealthy, join("NotReady, "+c.Reason, c.Message), c.LastTransitionTime.Time}
		case c.Status == corev1.ConditionTrue && slices.Contains(pressures, c.Type):
			reasons, since = append(reasons, join(string(c.Type), c.Message)), c.LastTransitionTime.Time
		}
	}
	if n.Spec.Unschedulable {
		reasons = append(reasons, "cordoned")
		since = cmp.Or(since, cordonedAt(n))
	}
	if readySeen.health != adapters.HealthHealthy || len(reasons) == 0 {
		return readySeen
	}
	return state{adapters.HealthDegraded, strings.Join(reasons, "; "), since}
}

// pressures are the node conditions that are faults when they hold.
var pressures = []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeNetworkUnavailable}

func cordonedAt(n *corev1.Node) time.Time {
	for _, t := range n.Spec.Taints {
		if t.Key == corev1.TaintNodeUnschedulable && t.TimeAdded != nil {
			return t.TimeAdded.Time
		}
	}
	return time.Time{}
}

// capacity adds up what workloads may use on the nodes and, if it was measured on all of them, what they use.
func (s *session) capacity(nodes []*corev1.Node) map[string]float64 {
	m := map[string]float64{}
	var sum usage
	measured := 0
	for _, n := range nodes {
		m[adapters.MetricCPUCapacity] += quantity(n.Status.Allocatable.Cpu())
		m[adapters.MetricMemoryCapacity] += quantity(n.Status.Allocatable.Memory())
		for i := range s.estate.nodeUsage {
			if u := &s.estate.nodeUsage[i]; u.Name == n.Name {
				sum.cpu, sum.memory = sum.cpu+quantity(u.Usage.Cpu()), sum.memory+quantity(u.Usage.Memory())
				measured++
				break
			}
		}
	}
	if measured == len(nodes) && measured > 0 {
		m[adapters.MetricCPUUsage], m[adapters.MetricMemoryUsage] = sum.cpu, sum.memory
		// The system's own use counts, its reserve does not: a full node may come out a little above one.
		ratio(m, adapters.MetricCPUUtilization, min(sum.cpu, m[adapters.MetricCPUCapacity]), m[adapters.MetricCPUCapacity])
		ratio(m, adapters.MetricMemoryUtilization, min(sum.memory, m[adapters.MetricMemoryCapacity]), m[adapters.MetricMemoryCapacity])
	}
	return m
}

// poolLabels are where the managed offerings write a node's pool.
var poolLabels = []string{
	"eks.amazonaws.com/nodegroup", "cloud.google.com/gke-nodepool", "kubernetes.azure.com/agentpool", "agentpool",
	"doks.digitalocean.com/node-pool", "karpenter.sh/nodepool",
}

func poolOf(n *corev1.Node) string {
	for _, label := range poolLabels {
		if pool := n.Labels[label]; pool != "" {
			return pool
		}
	}
	return ""
}

func (s *session) buildNodePools() []adapters.Resource {
	pools := map[string][]*corev1.Node{}
	for i := range s.estate.nodes {
		if pool := poolOf(&s.estate.nodes[i]); pool != "" {
			pools[pool] = append(pools[pool], &s.estate.nodes[i])
		}
	}
	var found []adapters.Resource
	for _, name := range slices.Sorted(maps.Keys(pools)) {
		found = append(found, s.group(adapters.KindNodePool, name, pools[name]))
	}
	return found
}

// buildCluster returns the cluster, if its API server answers.
func (s *session) buildCluster() []adapters.Resource {
	if s.missing("", apiVersion) {
		return nil
	}
	var all []*corev1.Node
	for i := range s.estate.nodes {
		all = append(all, &s.estate.nodes[i])
	}
	made := s.group(adapters.KindCluster, s.cluster.display(), all)
	made.Attributes["version"], made.Attributes["context"] = s.estate.version, s.cluster.name
	made.Attributes["judged"] = "nodes" // its health says nothing of what runs on them
	if s.missing("", nodes.target) {
		made.Health, made.Reason, made.Metrics = adapters.HealthUnknown, "the API server answers, but its nodes could not be read", nil
	}
	attributes(made.Attributes)
	return []adapters.Resource{made}
}

// display is what people call the cluster.
func (c *cluster) display() string { return adapters.ClusterName(c.alias) }

// group makes the resource of several nodes: a pool or the whole cluster.
func (s *session) group(kind adapters.Kind, name string, nodes []*corev1.Node) adapters.Resource {
	scope := s.scope("", nil)
	var types, zones, faults []string
	bad := 0
	for _, n := range nodes {
		types = append(types, n.Labels[corev1.LabelInstanceTypeStable])
		zones = append(zones, n.Labels[corev1.LabelTopologyZone])
		if st := nodeState(n); st.health != adapters.HealthHealthy {
			faults = append(faults, join(n.Name, st.reason))
			if st.health != adapters.HealthDegraded {
				bad++
			}
		}
	}
	health := adapters.HealthHealthy
	switch {
	case len(nodes) > 0 && bad == len(nodes):
		health = adapters.HealthUnhealthy
	case len(faults) > 0:
		health = adapters.HealthDegraded
	}
	m := s.capacity(nodes)
	m[adapters.MetricNodes] = float64(len(nodes))
	types, zones = distinct(types), distinct(zones)
	pairs := map[string]any{"instance_types": types, "zones": zones}
	if len(types) == 1 {
		pairs["instance_type"] = types[0]
	}
	return adapters.Resource{
		ID: adapters.NewID(Provider, kind, scope, name), Provider: Provider, Kind: kind, Name: name, Scope: scope, Health: health,
		Reason: faultsReason(faults, len(nodes)), Attributes: attributes(pairs), Metrics: m, Observed: s.at.UTC(),
	}
}

// faultsReason names the first nodes at fault.
func faultsReason(faults []string, total int) string {
	if len(faults) == 0 {
		return ""
	}
	slices.Sort(faults)
	return fmt.Sprintf("%d/%d nodes at fault: %s", len(faults), total, strings.Join(faults[:min(3, len(faults))], "; "))
}

// distinct sorts, and drops what is empty or double.
func distinct(words []string) []string {
	slices.Sort(words)
	return slices.DeleteFunc(slices.Compact(words), func(w string) bool { return w == "" })
}
