package kubernetes

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"

	"clanker/adapters"
)

// What a workload connects to is read off its pod template: addresses in the values of its environment and in its arguments.
// Such values hold secrets, so nothing leaves this file but host names and the names of variables and flags. The content of
// ConfigMaps and Secrets is never read, and pods are not looked at: their controllers stand for them.

// mention is an address that a template names.
type mention struct {
	adapters.Address
	where string // "env DATABASE_HOST", "arg --upstream"
	meant bool   // it is an address by what surrounds it, and no word that happens to look like one
}

// mentionsIn returns the addresses that a template names, in the order in which they stand there.
func mentionsIn(spec *corev1.PodSpec) []mention {
	var found []mention
	for _, c := range containersOf(spec) {
		for _, e := range c.Env {
			value := e.Value
			if deref(spec.EnableServiceLinks, true) {
				value = withServiceHosts(value)
			}
			found = append(found, mentions("env "+e.Name, e.Name, value, value != e.Value)...)
		}
		found = append(found, mentionsInArgs(slices.Concat(c.Command, c.Args))...)
	}
	return found
}

// serviceHost is the variable that holds the address of a service, in the value of another.
var serviceHost, servicePort = regexp.MustCompile(`\$\(([A-Z0-9_]+)_SERVICE_HOST\)`), regexp.MustCompile(`:\$\([A-Z0-9_]+_SERVICE_PORT(_[A-Z0-9_]+)?\)`)

func withServiceHosts(value string) string {
	return servicePort.ReplaceAllString(serviceHost.ReplaceAllStringFunc(value, func(variable string) string {
		name := serviceHost.FindStringSubmatch(variable)[1]
		return strings.ReplaceAll(strings.ToLower(name), "_", "-")
	}), "")
}

// flag is a flag that is spelled out; of short ones the value may follow without a space.
var flag = regexp.MustCompile(`^--[A-Za-z][A-Za-z0-9._-]*$`)

// mentionsInArgs reads --flag=value, --flag value, and URLs that stand alone.
func mentionsInArgs(words []string) []mention {
	var found []mention
	for i, word := range words {
		name, value, assigned := strings.Cut(word, "=")
		switch {
		case flag.MatchString(name) && assigned:
			found = append(found, mentions("arg "+name, name, value, false)...)
		case flag.MatchString(word) && i+1 < len(words):
			found = append(found, mentions("arg "+word, word, words[i+1], false)...)
		case i == 0 || !flag.MatchString(words[i-1]):
			if strings.Contains(word, "://") {
				found = append(found, mentions("arg", "", word, false)...)
			}
		}
	}
	return found
}

// mentions are the addresses in one value. That of a name which tells a secret is only looked at as the URL it may be.
func mentions(where, name, value string, meant bool) []mention {
	if aboutItself(name) {
		return nil
	}
	var found []mention
	for _, a := range adapters.Addresses(value) {
		if a.Scheme == "" && adapters.SecretKey(name) {
			continue
		}
		found = append(found, mention{a, where, meant || a.Scheme != "" || namesAddress(name)})
	}
	return found
}

// The words by which a name tells that its value is an address, and that it is the workload's own or that of its clients.
var (
	addressWords = strings.Fields("host hosts hostname hostnames addr addrs address addresses endpoint endpoints url urls uri uris server servers broker brokers upstream upstreams backend backends nodes seeds peers dsn")
	addressEnds  = strings.Fields("host hostname addr url uri endpoint")
	ownWords     = strings.Fields("origin origins cors public external redirect callback allowed advertise advertised listen listener listeners bind self cookie canonical site frontend no ingress")
)

// wordsOf splits the name of a variable or flag: DB_HOST, --db-host and dbHost are all db and host. Numbers at the end are dropped.
func wordsOf(name string) []string {
	var spaced strings.Builder
	before := ' '
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			spaced.WriteByte(' ')
		}
		spaced.WriteRune(unicode.ToLower(r))
		before = r
	}
	words := strings.FieldsFunc(spaced.String(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for len(words) > 1 && strings.Trim(words[len(words)-1], "0123456789") == "" {
		words = words[:len(words)-1]
	}
	return words
}

func namesAddress(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	return slices.Contains(addressWords, last) || last != "ghost" && last != "curl" &&
		slices.ContainsFunc(addressEnds, func(end string) bool { return strings.HasSuffix(last, end) })
}

func aboutItself(name string) bool {
	return slices.ContainsFunc(wordsOf(name), func(word string) bool { return slices.Contains(ownWords, word) })
}

// link adds to a workload the services that its template names, and the hosts that may be somebody else's.
func (s *session) link(made *adapters.Resource, template *corev1.PodTemplateSpec) {
	var hosts []string
	for _, m := range mentionsIn(&template.Spec) {
		if namespace, name, ok := s.serviceNamed(made.Scope.Namespace, m); ok && !s.selects(namespace, name, made.Scope.Namespace, template.Labels) {
			uses := s.relation(adapters.RelationUses, adapters.KindService, namespace, name)
			uses.Evidence = adapters.Proof(m.where, m.Host)
			made.Relations = append(made.Relations, uses)
		}
		if m.meant && strings.ContainsAny(m.Host, ".:") && !ofCluster(m.Host) {
			hosts = append(hosts, adapters.Reference(m.Host, m.where))
		}
	}
	slices.Sort(hosts)
	if hosts = slices.Compact(hosts); len(hosts) > 0 {
		made.Attributes["connects_to"] = hosts
	}
	made.Relations = sortRelations(made.Relations)
}

// serviceNamed resolves a host as the pods of a namespace would: NAME, NAME.NAMESPACE, NAME.NAMESPACE.svc and the whole name,
// each with or without the pod of a headless service before it. What only looks like a service is one when there is such a
// service; whether there is, is known when services are read, as they are for questions about how things hang together.
func (s *session) serviceNamed(own string, m mention) (namespace, name string, ok bool) {
	if host, whole := clusterName(m.Host); whole {
		labels := strings.Split(host, ".")
		if len(labels) != 2 && len(labels) != 3 {
			return "", "", false
		}
		return labels[len(labels)-1], labels[len(labels)-2], true
	}
	labels := strings.Split(m.Host, ".")
	var found []*corev1.Service
	consider := func(namespace, name string, headless bool) {
		service := s.serviceIndex()[namespace+"/"+name]
		if service != nil && (!headless || service.Spec.ClusterIP == corev1.ClusterIPNone) && (m.meant || hasPort(service, m.Port)) {
			found = append(found, service)
		}
	}
	switch len(labels) {
	case 1:
		consider(own, labels[0], false)
	case 2:
		consider(labels[1], labels[0], false)
		consider(own, labels[1], true)
	case 3:
		consider(labels[2], labels[1], true)
	default: // no name of a service has as many
	}
	if len(found) != 1 {
		return "", "", false
	}
	return found[0].Namespace, found[0].Name, true
}

// clusterName cuts the ending off that only names of this cluster's services have.
func clusterName(host string) (name string, ok bool) {
	if name, ok = strings.CutSuffix(strings.TrimSuffix(host, ".cluster.local"), ".svc"); !ok {
		return "", false
	}
	return name, true
}

func ofCluster(host string) bool {
	_, ok := clusterName(host)
	return ok
}

func hasPort(service *corev1.Service, port int) bool {
	return slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return int(p.Port) == port })
}

// selects reports whether a service is in front of pods with these labels.
func (s *session) selects(namespace, name, podNamespace string, pod labels.Set) bool {
	service := s.serviceIndex()[namespace+"/"+name]
	return service != nil && namespace == podNamespace && len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(pod)
}

func (s *session) servicesByName() map[string]*corev1.Service {
	index := make(map[string]*corev1.Service, len(s.estate.services))
	for i := range s.estate.services {
		service := &s.estate.services[i]
		index[service.Namespace+"/"+service.Name] = service
	}
	return index
}

// mostEndpoints are how many addresses of a service that selects nothing are told.
const mostEndpoints = 20

// pointOutside adds to services without pods where they lead: to another name, or to the endpoints that somebody keeps.
func (s *session) pointOutside(made *adapters.Resource, service *corev1.Service) {
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		s.pointTo(made, service.Spec.ExternalName, "external name")
		return
	}
	if len(service.Spec.Selector) > 0 {
		return
	}
	for _, slice := range s.estate.endpointSlices {
		if slice.Namespace == service.Namespace && slice.Labels[discoveryv1.LabelServiceName] == service.Name {
			for _, e := range slice.Endpoints[:min(len(slice.Endpoints), mostEndpoints)] {
				for _, address := range e.Addresses {
					s.pointTo(made, address, "endpoint")
				}
			}
		}
	}
}

func (s *session) pointTo(made *adapters.Resource, host, where string) {
	for _, a := range adapters.Addresses(host) {
		if namespace, name, ok := s.serviceNamed(made.Scope.Namespace, mention{Address: a, where: where}); ok && ofCluster(a.Host) {
			route := s.relation(adapters.RelationRoutesTo, adapters.KindService, namespace, name)
			route.Evidence = adapters.Proof(where, a.Host)
			made.Relations = sortRelations(append(made.Relations, route))
			continue
		}
		known, _ := made.Attributes["points_to"].([]string)
		if entry := adapters.Reference(a.Host, where); !slices.Contains(known, entry) {
			made.Attributes["points_to"] = append(known, entry)
			slices.Sort(made.Attributes["points_to"].([]string))
		}
	}
}
