package kubernetes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"

	"clanker/adapters"
)

// endpoints counts a service's addresses, from its endpoint slices, and tells when those were written last.
type endpoints struct {
	ready, total int
	written      time.Time
}

// endpointsOf counts the addresses of every service, by namespace/name. An address in two slices, as of a service with two
// ports, counts once.
func (s *session) endpointsOf() map[string]endpoints {
	ready, written := map[string]map[string]bool{}, map[string]time.Time{}
	for i := range s.estate.endpointSlices {
		slice := &s.estate.endpointSlices[i]
		key := slice.Namespace + "/" + slice.Labels["kubernetes.io/service-name"]
		if ready[key] == nil {
			ready[key] = map[string]bool{}
		}
		if at, err := time.Parse(time.RFC3339, slice.Annotations[writtenAnnotation]); err == nil && at.After(written[key]) {
			written[key] = at
		}
		for _, e := range slice.Endpoints {
			if deref(e.Conditions.Terminating, false) { // on its way out, as in every rollout: not missing
				continue
			}
			for _, address := range e.Addresses {
				ready[key][address] = ready[key][address] || deref(e.Conditions.Ready, true)
			}
		}
	}
	counts := make(map[string]endpoints, len(ready))
	for key, addresses := range ready {
		count := endpoints{total: len(addresses), written: written[key]}
		for _, ok := range addresses {
			if ok {
				count.ready++
			}
		}
		counts[key] = count
	}
	return counts
}

func (s *session) buildServices() []adapters.Resource {
	counts := s.endpointsOf()
	selected := s.selectables()
	var found []adapters.Resource
	for i := range s.estate.services {
		service := &s.estate.services[i]
		behind := selected.of(service)
		made := s.resource(adapters.KindService, service, s.serviceState(service, counts[service.Namespace+"/"+service.Name], behind))
		made.Attributes = serviceAttributes(service)
		if count, ok := counts[service.Namespace+"/"+service.Name]; ok {
			made.Metrics = map[string]float64{adapters.MetricReplicasReady: float64(count.ready), adapters.MetricReplicasDesired: float64(count.total)}
		}
		for _, w := range behind.workloads {
			made.Relations = append(made.Relations, s.relation(adapters.RelationSelects, w.kind, service.Namespace, w.name))
		}
		made.Relations = sortRelations(made.Relations)
		s.pointOutside(&made, service)
		found = append(found, made)
	}
	return found
}

// serviceState: a service serves when addresses behind it are ready. One without a selector is somebody else's to fill, and
// one in front of nothing but workloads scaled to zero is off on purpose.
func (s *session) serviceState(service *corev1.Service, count endpoints, behind selection) state {
	if st, ok := pendingBalancer(service, s.at); ok {
		return st
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName || len(service.Spec.Selector) == 0 && count.total == 0 {
		return healthy
	}
	if s.missing(service.Namespace, endpointSlices.target) {
		return state{health: adapters.HealthUnknown, reason: "its endpoint slices could not be read"}
	}
	cause, unready := worst(behind.pods), unreadySpan(behind.pods)
	switch {
	case count.ready == 0 && behind.off:
		return healthy
	case count.ready == 0:
		reason := join("no ready endpoints", cmp.Or(cause, behind.absence(count, s.missing(service.Namespace, pods.target))))
		return state{adapters.HealthUnhealthy, reason, cmp.Or(unready.last, count.written)}
	case count.ready < count.total:
		return state{adapters.HealthDegraded, join(fmt.Sprintf("%d/%d endpoints ready", count.ready, count.total), cause), cmp.Or(unready.first, count.written)}
	case behind.desired > count.ready && cause != "":
		return state{adapters.HealthDegraded, join(fmt.Sprintf("%d/%d endpoints ready", count.ready, behind.desired), cause), cmp.Or(unready.first, count.written)}
	}
	return healthy
}

// pendingBalancer is the state of a service that still has no address from its cloud.
func pendingBalancer(service *corev1.Service, now time.Time) (state, bool) {
	waits := service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0
	since := service.CreationTimestamp.Time
	if !waits || now.Sub(since) < startGrace {
		return state{}, false
	}
	return state{adapters.HealthDegraded, "no load balancer address for " + age(now.Sub(since)), since}, true
}

func serviceAttributes(service *corev1.Service) map[string]any {
	var ports []string
	for _, p := range service.Spec.Ports {
		port := strconv.Itoa(int(p.Port))
		if target := p.TargetPort.String(); target != "0" && target != port {
			port += "->" + target
		}
		ports = append(ports, port+"/"+string(p.Protocol))
	}
	var addresses []string
	for _, a := range service.Status.LoadBalancer.Ingress {
		addresses = append(addresses, cmp.Or(a.Hostname, a.IP))
	}
	slices.Sort(addresses)
	var selector []string
	for _, key := range slices.Sorted(maps.Keys(service.Spec.Selector)) {
		selector = append(selector, key+"="+service.Spec.Selector[key])
	}
	return attributes(map[string]any{
		"type": string(service.Spec.Type), "cluster_ip": service.Spec.ClusterIP, "ports": ports, "addresses": addresses,
		"external_name": service.Spec.ExternalName, "selector": selector,
	})
}

// selectables index what services can select, by namespace.
type selectables struct {
	pods      map[string][]*pod
	workloads map[string][]workloadLabels
}

// workloadLabels is a workload with the labels its pods get.
type workloadLabels struct {
	ref
	labels  labels.Set
	desired int32
}

// selection is what is behind one service.
type selection struct {
	pods      []pod
	workloads []workloadLabels
	desired   int
	off       bool // workloads are there, and all of them are scaled to zero
}

func (s *session) selectables() selectables {
	index := selectables{map[string][]*pod{}, map[string][]workloadLabels{}}
	for i := range s.estate.pods {
		p := &s.estate.pods[i]
		index.pods[p.Scope.Namespace] = append(index.pods[p.Scope.Namespace], p)
	}
	add := func(namespace string, kind adapters.Kind, name string, template map[string]string, desired int32) {
		index.workloads[namespace] = append(index.workloads[namespace], workloadLabels{ref{kind, name}, template, desired})
	}
	for _, d := range s.estate.deployments {
		add(d.Namespace, adapters.KindDeployment, d.Name, d.Spec.Template.Labels, deref(d.Spec.Replicas, 1))
	}
	for _, d := range s.estate.statefulSets {
		add(d.Namespace, adapters.KindStatefulSet, d.Name, d.Spec.Template.Labels, deref(d.Spec.Replicas, 1))
	}
	for _, d := range s.estate.daemonSets {
		add(d.Namespace, adapters.KindDaemonSet, d.Name, d.Spec.Template.Labels, d.Status.DesiredNumberScheduled)
	}
	return index
}

// of returns what the service selects.
func (x selectables) of(service *corev1.Service) selection {
	var found selection
	if len(service.Spec.Selector) == 0 {
		return found
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	for _, w := range x.workloads[service.Namespace] {
		if selector.Matches(w.labels) {
			found.workloads = append(found.workloads, w)
			found.desired += int(w.desired)
		}
	}
	for _, p := range x.pods[service.Namespace] {
		if !p.active || !selector.Matches(labels.Set(p.Labels)) {
			continue
		}
		found.pods = append(found.pods, *p)
	}
	found.off = len(found.workloads) > 0 && found.desired == 0
	return found
}

// absence says why there are no ready endpoints when no pod says so itself.
func (found selection) absence(count endpoints, podsUnread bool) string {
	switch {
	case podsUnread, count.total > 0, len(found.pods) > 0:
		return ""
	case len(found.workloads) > 0:
		return fmt.Sprintf("%s %s has no pods", found.workloads[0].kind, found.workloads[0].name)
	default:
		return "nothing matches its selector"
	}
}

func (s *session) buildIngresses() []adapters.Resource {
	counts := s.endpointsOf()
	var found []adapters.Resource
	for i := range s.estate.ingresses {
		in := &s.estate.ingresses[i]
		backends := ingressBackends(in)
		made := s.resource(adapters.KindIngress, in, s.routeState(in.Namespace, backends, counts))
		var hosts, addresses []string
		for _, rule := range in.Spec.Rules {
			if rule.Host != "" && !slices.Contains(hosts, rule.Host) {
				hosts = append(hosts, rule.Host)
			}
		}
		for _, a := range in.Status.LoadBalancer.Ingress {
			addresses = append(addresses, cmp.Or(a.Hostname, a.IP))
		}
		slices.Sort(addresses)
		made.Attributes = attributes(map[string]any{
			"class": deref(in.Spec.IngressClassName, ""), "hosts": hosts, "addresses": addresses, "tls": len(in.Spec.TLS) > 0,
		})
		for _, name := range backends {
			made.Relations = append(made.Relations, s.relation(adapters.RelationRoutesTo, adapters.KindService, in.Namespace, name))
		}
		found = append(found, made)
	}
	return found
}

// ingressBackends returns the names of the services an ingress routes to, sorted, each once.
func ingressBackends(in *networkingv1.Ingress) []string {
	var names []string
	add := func(b *networkingv1.IngressBackend) {
		if b != nil && b.Service != nil {
			names = append(names, b.Service.Name)
		}
	}
	add(in.Spec.DefaultBackend)
	for _, rule := range in.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			add(&path.Backend)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// routeState is that of the services behind a route: all of them without endpoints, and it serves nothing.
func (s *session) routeState(namespace string, backends []string, counts map[string]endpoints) state {
	if s.missing(namespace, services.target, endpointSlices.target) {
		return state{health: adapters.HealthUnknown, reason: "the services behind it could not be read"}
	}
	var faults []string
	for _, name := range backends {
		at := slices.IndexFunc(s.estate.services, func(x corev1.Service) bool { return x.Namespace == namespace && x.Name == name })
		switch {
		case at < 0:
			faults = append(faults, "service "+name+" does not exist")
		case len(s.estate.services[at].Spec.Selector) > 0 && counts[namespace+"/"+name].ready == 0:
			faults = append(faults, "service "+name+" has no ready endpoints")
		}
	}
	switch {
	case len(faults) == 0:
		return healthy
	case len(faults) == len(backends):
		return state{health: adapters.HealthUnhealthy, reason: strings.Join(faults, "; ")}
	default:
		return state{health: adapters.HealthDegraded, reason: strings.Join(faults, "; ")}
	}
}
