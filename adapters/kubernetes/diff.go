package kubernetes

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

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
	names := slices.Sorted(maps.Keys(old))
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, ok := old[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var found []difference
	for _, name := range names {
		suffix := "." + name
		if len(names) == 1 {
			suffix = ""
		}
		found = append(found, diffContainer(old[name], now[name], suffix)...)
	}
	uses, used := configsOf(&after.Spec), configsOf(&before.Spec)
	found = appendDifference(found, "configs", listed(namesIn(used, "configmap")), listed(namesIn(uses, "configmap")))
	found = appendDifference(found, "secrets", listed(namesIn(used, "secret")), listed(namesIn(uses, "secret")))
	found = appendDifference(found, "restarted", word(before.Annotations[restartedAnnotation]), word(after.Annotations[restartedAnnotation]))
	if len(found) == 0 && !equality.Semantic.DeepEqual(withoutHash(before), withoutHash(after)) {
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

// diffContainer compares two containers, either of which may be missing.
func diffContainer(before, after *corev1.Container, suffix string) []difference {
	empty := &corev1.Container{}
	old, now := cmp.Or(before, empty), cmp.Or(after, empty)
	found := appendDifference(nil, "image"+suffix, word(old.Image), word(now.Image))
	if before == nil || after == nil {
		return found // the image says that it came or went
	}
	found = append(found, diffEnv(old.Env, now.Env)...)
	found = append(found, diffResources(old.Resources, now.Resources, suffix)...)
	if !slices.Equal(old.Command, now.Command) || !slices.Equal(old.Args, now.Args) {
		found = append(found, difference{"command" + suffix, nil, "changed"})
	}
	return found
}

// diffEnv tells which variables were set, removed or set to something else, by their names.
func diffEnv(before, after []corev1.EnvVar) []difference {
	old, now := env(before), env(after)
	var found []difference
	for _, name := range slices.Sorted(maps.Keys(old)) {
		value, still := now[name]
		switch {
		case !still:
			found = append(found, difference{"env." + name, "set", nil})
		case !equality.Semantic.DeepEqual(old[name], value):
			found = append(found, difference{"env." + name, "set", "set to another value"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, had := old[name]; !had {
			found = append(found, difference{"env." + name, nil, "set"})
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

// diffResources compares requests and limits, under the names that the metrics have.
func diffResources(before, after corev1.ResourceRequirements, suffix string) []difference {
	var found []difference
	for _, r := range []struct {
		field    string
		name     corev1.ResourceName
		old, now corev1.ResourceList
	}{
		{adapters.MetricCPURequest, corev1.ResourceCPU, before.Requests, after.Requests},
		{adapters.MetricCPULimit, corev1.ResourceCPU, before.Limits, after.Limits},
		{adapters.MetricMemoryRequest, corev1.ResourceMemory, before.Requests, after.Requests},
		{adapters.MetricMemoryLimit, corev1.ResourceMemory, before.Limits, after.Limits},
	} {
		found = appendDifference(found, r.field+suffix, amount(r.old, r.name), amount(r.now, r.name))
	}
	return found
}

func amount(list corev1.ResourceList, name corev1.ResourceName) any {
	if q, ok := list[name]; ok {
		return q.String()
	}
	return nil
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

// withoutHash drops the label by which the controller tells revisions apart.
func withoutHash(t *corev1.PodTemplateSpec) *corev1.PodTemplateSpec {
	plain := t.DeepCopy()
	delete(plain.Labels, "pod-template-hash")
	delete(plain.Labels, "controller-revision-hash")
	return plain
}
