package kubernetes

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"clanker/adapters"
)

// The parts of the Gateway API that are read. Its own module would bring much for little.
type (
	gatewayList struct {
		metav1.TypeMeta
		metav1.ListMeta `json:"metadata"`
		Items           []gateway `json:"items"`
	}
	gateway struct {
		metav1.TypeMeta
		metav1.ObjectMeta `json:"metadata"`
		Spec              struct {
			GatewayClassName string `json:"gatewayClassName"`
			Listeners        []struct {
				Name     string  `json:"name"`
				Hostname *string `json:"hostname"`
			} `json:"listeners"`
		} `json:"spec"`
		Status struct {
			Addresses []struct {
				Value string `json:"value"`
			} `json:"addresses"`
			Conditions []metav1.Condition `json:"conditions"`
		} `json:"status"`
	}
	httpRouteList struct {
		metav1.TypeMeta
		metav1.ListMeta `json:"metadata"`
		Items           []httpRoute `json:"items"`
	}
	httpRoute struct {
		metav1.TypeMeta
		metav1.ObjectMeta `json:"metadata"`
		Spec              struct {
			ParentRefs []objectRef `json:"parentRefs"`
			Rules      []struct {
				BackendRefs []objectRef `json:"backendRefs"`
			} `json:"rules"`
		} `json:"spec"`
	}
	objectRef struct {
		Kind      *string `json:"kind"`
		Name      string  `json:"name"`
		Namespace *string `json:"namespace"`
	}
)

// DeepCopyObject implements [runtime.Object]. Nothing here copies lists, so a shallow copy is enough.
func (l *gatewayList) DeepCopyObject() runtime.Object { c := *l; return &c }

// DeepCopyObject implements [runtime.Object].
func (l *httpRouteList) DeepCopyObject() runtime.Object { c := *l; return &c }

// DeepCopyObject implements [runtime.Object].
func (g *gateway) DeepCopyObject() runtime.Object { c := *g; return &c }

// DeepCopyObject implements [runtime.Object].
func (r *httpRoute) DeepCopyObject() runtime.Object { c := *r; return &c }

func (s *session) buildGateways() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.gateways {
		g := &s.estate.gateways[i]
		made := s.resource(adapters.KindGateway, g, gatewayState(g.Status.Conditions))
		var hosts, addresses []string
		for _, l := range g.Spec.Listeners {
			if host := deref(l.Hostname, ""); host != "" && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
		for _, a := range g.Status.Addresses {
			addresses = append(addresses, a.Value)
		}
		made.Attributes = attributes(map[string]any{"class": g.Spec.GatewayClassName, "hosts": hosts, "addresses": addresses})
		made.Relations = s.gatewayRoutes(g)
		found = append(found, made)
	}
	return found
}

// gatewayState: Accepted and Programmed have to hold; a condition that is missing was not set by the controller yet.
func gatewayState(conditions []metav1.Condition) state {
	var since metav1.Time
	for _, kind := range []string{"Accepted", "Programmed"} {
		at := slices.IndexFunc(conditions, func(c metav1.Condition) bool { return c.Type == kind })
		if at < 0 {
			return state{health: adapters.HealthUnknown, reason: "no controller has taken it up"}
		}
		c := conditions[at]
		switch c.Status {
		case metav1.ConditionFalse:
			return state{adapters.HealthUnhealthy, join(kind+" is false, "+c.Reason, c.Message), c.LastTransitionTime.Time}
		case metav1.ConditionUnknown:
			return state{adapters.HealthUnknown, join(kind+" is unknown, "+c.Reason, c.Message), c.LastTransitionTime.Time}
		default: // it holds
		}
		since = c.LastTransitionTime
	}
	return healthySince(since.Time)
}

// gatewayRoutes are the services that the HTTP routes of a gateway lead to.
func (s *session) gatewayRoutes(g *gateway) []adapters.Relation {
	var relations []adapters.Relation
	for i := range s.estate.httpRoutes {
		r := &s.estate.httpRoutes[i]
		attached := slices.ContainsFunc(r.Spec.ParentRefs, func(p objectRef) bool {
			return p.Name == g.Name && deref(p.Namespace, r.Namespace) == g.Namespace && cmp.Or(deref(p.Kind, ""), "Gateway") == "Gateway"
		})
		if !attached {
			continue
		}
		for _, rule := range r.Spec.Rules {
			for _, b := range rule.BackendRefs {
				if cmp.Or(deref(b.Kind, ""), "Service") == "Service" {
					relations = append(relations, s.relation(adapters.RelationRoutesTo, adapters.KindService, deref(b.Namespace, r.Namespace), b.Name))
				}
			}
		}
	}
	return sortRelations(relations)
}
