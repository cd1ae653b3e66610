package kubernetes

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"clanker/adapters"
)

// templateAttributes are the attributes of a pod or a pod template: what runs, never with which values.
func templateAttributes(spec *corev1.PodSpec) map[string]any {
	var images, containers []string
	for _, c := range containersOf(spec) {
		images, containers = append(images, c.Image), append(containers, c.Name)
	}
	pairs := map[string]any{"images": images, "containers": containers}
	if len(spec.Containers) > 0 {
		pairs["image"] = spec.Containers[0].Image
	}
	uses := configsOf(spec)
	pairs["configs"], pairs["secrets"] = namesIn(uses, "configmap"), namesIn(uses, "secret")
	return attributes(pairs)
}

// containersOf returns a pod's containers in the order they start.
func containersOf(spec *corev1.PodSpec) []corev1.Container {
	return slices.Concat(spec.InitContainers, spec.Containers)
}

// templateRelations are the claims that a pod or its template mounts, and the ConfigMaps and Secrets it uses.
func (s *session) templateRelations(namespace string, spec *corev1.PodSpec) []adapters.Relation {
	var relations []adapters.Relation
	for _, claim := range claimsOf(spec) {
		relations = append(relations, s.relation(adapters.RelationMounts, adapters.KindVolumeClaim, namespace, claim))
	}
	for _, c := range configsOf(spec) {
		relations = append(relations, s.relation(adapters.RelationUses, adapters.KindConfig, namespace, c.id()))
	}
	return sortRelations(relations)
}

// config names a ConfigMap or a Secret.
type config struct{ kind, name string }

// id is the name of its resource: a ConfigMap and a Secret of one namespace may share a name.
func (c config) id() string { return c.kind + "/" + c.name }

func namesIn(configs []config, kind string) []string {
	var names []string
	for _, c := range configs {
		if c.kind == kind {
			names = append(names, c.name)
		}
	}
	return names
}

// configsOf returns the names of the ConfigMaps and Secrets a pod uses, sorted, by all the ways there are.
func configsOf(spec *corev1.PodSpec) []config {
	var uses []config
	add := func(kind, name string) {
		if name != "" && !slices.Contains(uses, config{kind, name}) {
			uses = append(uses, config{kind, name})
		}
	}
	for _, v := range spec.Volumes {
		configsOfVolume(v, add)
	}
	for _, c := range containersOf(spec) {
		configsOfContainer(c, add)
	}
	for _, pull := range spec.ImagePullSecrets {
		add("secret", pull.Name)
	}
	slices.SortFunc(uses, func(a, b config) int { return cmp.Compare(a.id(), b.id()) })
	return uses
}

func configsOfVolume(v corev1.Volume, add func(kind, name string)) {
	if v.ConfigMap != nil {
		add("configmap", v.ConfigMap.Name)
	}
	if v.Secret != nil {
		add("secret", v.Secret.SecretName)
	}
	if v.Projected == nil {
		return
	}
	for _, p := range v.Projected.Sources {
		if p.ConfigMap != nil && p.ConfigMap.Name != "kube-root-ca.crt" { // in every pod, put there by the cluster
			add("configmap", p.ConfigMap.Name)
		}
		if p.Secret != nil {
			add("secret", p.Secret.Name)
		}
	}
}

func configsOfContainer(c corev1.Container, add func(kind, name string)) {
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef != nil {
			add("configmap", from.ConfigMapRef.Name)
		}
		if from.SecretRef != nil {
			add("secret", from.SecretRef.Name)
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}
		if r := e.ValueFrom.ConfigMapKeyRef; r != nil {
			add("configmap", r.Name)
		}
		if r := e.ValueFrom.SecretKeyRef; r != nil {
			add("secret", r.Name)
		}
	}
}

// demand is what a pod's containers request and are limited to, in cores and bytes. A limit that one container lacks is
// none for the pod: what it may use is not bounded.
type demand struct {
	cpuRequest, cpuLimit, memoryRequest, memoryLimit float64
	containers                                       int
	cpuLimited, memoryLimited                        int
}

func demandOf(spec *corev1.PodSpec) demand {
	var d demand
	for _, c := range runningContainers(spec) {
		d.containers++
		d.cpuRequest += quantity(c.Resources.Requests.Cpu())
		d.memoryRequest += quantity(c.Resources.Requests.Memory())
		if limit := c.Resources.Limits.Cpu(); !limit.IsZero() {
			d.cpuLimit += quantity(limit)
			d.cpuLimited++
		}
		if limit := c.Resources.Limits.Memory(); !limit.IsZero() {
			d.memoryLimit += quantity(limit)
			d.memoryLimited++
		}
	}
	return d
}

// runningContainers are those that run together: init containers count when they are sidecars.
func runningContainers(spec *corev1.PodSpec) []corev1.Container {
	running := slices.Clone(spec.Containers)
	for _, c := range spec.InitContainers {
		if deref(c.RestartPolicy, "") == corev1.ContainerRestartPolicyAlways {
			running = append(running, c)
		}
	}
	return running
}

// metrics returns what is requested and allowed; what is not set is absent.
func (d demand) metrics() map[string]float64 {
	m := map[string]float64{}
	put(m, adapters.MetricCPURequest, d.cpuRequest)
	put(m, adapters.MetricMemoryRequest, d.memoryRequest)
	if d.cpuLimited == d.containers {
		put(m, adapters.MetricCPULimit, d.cpuLimit)
	}
	if d.memoryLimited == d.containers {
		put(m, adapters.MetricMemoryLimit, d.memoryLimit)
	}
	return m
}

// measure adds what is used, and how much that is of what is requested and allowed.
func (d demand) measure(m map[string]float64, used usage) {
	m[adapters.MetricCPUUsage], m[adapters.MetricMemoryUsage] = used.cpu, used.memory
	ratio(m, adapters.MetricCPUOfRequest, used.cpu, m[adapters.MetricCPURequest])
	ratio(m, adapters.MetricCPUOfLimit, used.cpu, m[adapters.MetricCPULimit])
	ratio(m, adapters.MetricMemoryOfRequest, used.memory, m[adapters.MetricMemoryRequest])
	ratio(m, adapters.MetricMemoryOfLimit, used.memory, m[adapters.MetricMemoryLimit])
}

func put(m map[string]float64, name string, value float64) {
	if value > 0 {
		m[name] = value
	}
}

func ratio(m map[string]float64, name string, part, whole float64) {
	if whole > 0 {
		m[name] = part / whole
	}
}

func quantity(q *resource.Quantity) float64 { return q.AsApproximateFloat64() }

// plus adds up what pods request and are limited to, for the workload above them.
func (d demand) plus(other demand) demand {
	return demand{
		cpuRequest: d.cpuRequest + other.cpuRequest, cpuLimit: d.cpuLimit + other.cpuLimit,
		memoryRequest: d.memoryRequest + other.memoryRequest, memoryLimit: d.memoryLimit + other.memoryLimit,
		containers: d.containers + other.containers, cpuLimited: d.cpuLimited + other.cpuLimited, memoryLimited: d.memoryLimited + other.memoryLimited,
	}
}
