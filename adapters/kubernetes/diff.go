package kubernetes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// difference is one field of a pod template that two revisions have differently. It never holds the value of a variable, an
// argument or an annotation: those are where secrets are.
type difference struct {
	field         string
	before, after any
}

// restartedAnnotation is what kubectl rollout restart writes.
const restartedAnnotation = "kubectl.kubernetes.io/restartedAt"

// diffTemplates compares two pod templates, in a fixed order: containers by name, then what they share. What differs in no
// field that is looked at is still told, as "template".
func diffTemplates(before, after *corev1.PodTemplateSpec) []difference {
	old, now := byName(before), byName(after)
	names := keysOf(old, now)
	var found []difference
	for _, name := range names {
		suffix := "." + name
		if len(names) == 1 {
			suffix = ""
		}
		found = append(found, diffContainer(old[name], now[name], suffix)...)
	}
	configs := diffConfigs(&before.Spec, &after.Spec)
	found = append(append(found, configs...), diffShared(before, after)...)
	inBoth := func(name string) bool { return old[name] != nil && now[name] != nil }
	was, is := untold(before, inBoth, len(configs) > 0), untold(after, inBoth, len(configs) > 0)
	if !equality.Semantic.DeepEqual(was, is) {
		found = append(found, difference{"template", nil, "changed"})
	}
	return found
}

func byName(t *corev1.PodTemplateSpec) map[string]*corev1.Container {
	index := map[string]*corev1.Container{}
	all := containersOf(&t.Spec)
	for i := range all {
		index[all[i].Name] = &all[i]
	}
	return index
}

// keysOf are the keys of both maps, sorted.
func keysOf[K cmp.Ordered, V any](a, b map[K]V) []K {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// diffContainer compares two containers, either of which may be missing.
func diffContainer(before, after *corev1.Container, suffix string) []difference {
	empty := &corev1.Container{}
	old, now := cmp.Or(before, empty), cmp.Or(after, empty)
	found := appendDifference(nil, "image"+suffix, word(old.Image), word(now.Image))
	if before == nil || after == nil {
		return found // the image says that it came or went
	}
	found = append(found, diffMarks("env.", suffix, env(old.Env), env(now.Env))...)
	found = append(found, diffResources(old.Resources.Requests, now.Resources.Requests, ".request"+suffix)...)
	found = append(found, diffResources(old.Resources.Limits, now.Resources.Limits, ".limit"+suffix)...)
	if !slices.Equal(old.Command, now.Command) || !slices.Equal(old.Args, now.Args) {
		found = append(found, difference{"command" + suffix, nil, "changed"})
	}
	found = appendDifference(found, "ports"+suffix, listed(ports(old)), listed(ports(now)))
	found = appendProbe(found, "probe.readiness"+suffix, old.ReadinessProbe, now.ReadinessProbe)
	found = appendProbe(found, "probe.liveness"+suffix, old.LivenessProbe, now.LivenessProbe)
	return appendProbe(found, "probe.startup"+suffix, old.StartupProbe, now.StartupProbe)
}

// diffMarks tells what came, went or has another value, by its name and never by its value.
func diffMarks[V any](prefix, suffix string, before, after map[string]V) []difference {
	var found []difference
	for _, name := range keysOf(before, after) {
		old, had := before[name]
		now, has := after[name]
		field := prefix + name + suffix
		switch {
		case !has:
			found = append(found, difference{field, adapters.SomeValue, nil})
		case !had:
			found = append(found, difference{field, nil, adapters.SomeValue})
		case !equality.Semantic.DeepEqual(old, now):
			found = append(found, difference{field, adapters.SomeValue, adapters.AnotherValue})
		}
	}
	return found
}

func env(variables []corev1.EnvVar) map[string]corev1.EnvVar {
	index := map[string]corev1.EnvVar{}
	for _, v := range variables {
		index[v.Name] = v
	}
	return index
}

// diffResources compares what is requested or allowed, under the names that the metrics have: cpu.request, memory.limit.
func diffResources(before, after corev1.ResourceList, suffix string) []difference {
	var found []difference
	for _, name := range keysOf(before, after) {
		found = appendDifference(found, string(name)+suffix, amount(before, name), amount(after, name))
	}
	return found
}

func amount(list corev1.ResourceList, name corev1.ResourceName) any {
	if q, ok := list[name]; ok {
		return q.String()
	}
	return nil
}

func ports(c *corev1.Container) []string {
	var spelled []string
	for _, p := range c.Ports {
		port := strings.TrimLeft(fmt.Sprintf("%s %d/%s", p.Name, p.ContainerPort, cmp.Or(p.Protocol, corev1.ProtocolTCP)), " ")
		if p.HostPort != 0 {
			port += fmt.Sprintf(", %d of the node", p.HostPort)
		}
		spelled = append(spelled, port)
	}
	slices.Sort(spelled)
	return spelled
}

// appendProbe spells what differs between two probes; where that is not spelled, it says so.
func appendProbe(found []difference, field string, before, after *corev1.Probe) []difference {
	old, now := probe(before), probe(after)
	if old == now && !equality.Semantic.DeepEqual(before, after) {
		now += " (changed)"
	}
	return appendDifference(found, field, word(old), word(now))
}

// probe spells a probe without what may hold a secret: arguments, headers and the query of a path.
func probe(p *corev1.Probe) string {
	if p == nil {
		return ""
	}
	how := "exec"
	switch {
	case p.HTTPGet != nil:
		path, _, _ := strings.Cut(p.HTTPGet.Path, "?")
		how = "http :" + p.HTTPGet.Port.String() + path
	case p.TCPSocket != nil:
		how = "tcp :" + p.TCPSocket.Port.String()
	case p.GRPC != nil:
		how = fmt.Sprintf("grpc :%d", p.GRPC.Port)
	}
	return fmt.Sprintf("%s after %ds, every %ds, for %ds, %d times", how, p.InitialDelaySeconds, p.PeriodSeconds, p.TimeoutSeconds, p.FailureThreshold)
}

// diffConfigs compares the names of the ConfigMaps and Secrets that pods use, in whatever way.
func diffConfigs(before, after *corev1.PodSpec) []difference {
	used, uses := configsOf(before), configsOf(after)
	found := appendDifference(nil, "configs", listed(namesIn(used, "configmap")), listed(namesIn(uses, "configmap")))
	return appendDifference(found, "secrets", listed(namesIn(used, "secret")), listed(namesIn(uses, "secret")))
}

// diffShared compares what the containers share.
func diffShared(before, after *corev1.PodTemplateSpec) []difference {
	found := appendDifference(nil, "service_account", word(before.Spec.ServiceAccountName), word(after.Spec.ServiceAccountName))
	for _, key := range keysOf(before.Labels, after.Labels) {
		if key != "pod-template-hash" && key != "controller-revision-hash" { // by these the controller tells revisions apart
			found = appendDifference(found, "label."+key, word(before.Labels[key]), word(after.Labels[key]))
		}
	}
	restarted := func(key, _ string) bool { return key == restartedAnnotation }
	old, now := maps.Clone(before.Annotations), maps.Clone(after.Annotations)
	maps.DeleteFunc(old, restarted)
	maps.DeleteFunc(now, restarted)
	found = append(found, diffMarks("annotation.", "", old, now)...)
	return appendDifference(found, "restarted", word(before.Annotations[restartedAnnotation]), word(after.Annotations[restartedAnnotation]))
}

// untold is a template without what has a field of its own, and without the containers that only one of two templates has:
// that they came or went is told. So are other ConfigMaps and Secrets, of which volumes and mounts follow.
func untold(t *corev1.PodTemplateSpec, inBoth func(container string) bool, otherConfigs bool) *corev1.PodTemplateSpec {
	rest := t.DeepCopy()
	rest.ObjectMeta = metav1.ObjectMeta{}
	rest.Spec.ServiceAccountName, rest.Spec.DeprecatedServiceAccount = "", ""
	if otherConfigs {
		rest.Spec.Volumes, rest.Spec.ImagePullSecrets = nil, nil
	}
	for _, containers := range []*[]corev1.Container{&rest.Spec.InitContainers, &rest.Spec.Containers} {
		*containers = slices.DeleteFunc(*containers, func(c corev1.Container) bool { return !inBoth(c.Name) })
		for i := range *containers {
			c := &(*containers)[i]
			c.Image, c.Command, c.Args, c.Env, c.Ports = "", nil, nil, nil, nil
			c.Resources.Requests, c.Resources.Limits = nil, nil
			c.ReadinessProbe, c.LivenessProbe, c.StartupProbe = nil, nil, nil
			if otherConfigs {
				c.EnvFrom, c.VolumeMounts = nil, nil
			}
		}
	}
	return rest
}

func appendDifference(found []difference, field string, before, after any) []difference {
	if equality.Semantic.DeepEqual(before, after) {
		return found
	}
	return append(found, difference{field, before, after})
}

// word and listed make nothing of what is empty, so that a change reads "nothing -> x".
func word(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func listed(names []string) any {
	if len(names) == 0 {
		return nil
	}
	return names
}
