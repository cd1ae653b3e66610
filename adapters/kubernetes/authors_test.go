package kubernetes

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"clanker/adapters"
)

const (
	ownsTemplate = `{"f:spec":{"f:template":{}}}`
	ownsReplicas = `{"f:spec":{"f:replicas":{}}}`
)

func wrote(manager, fields string, minute int) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, Time: new(at(time.Duration(minute) * time.Minute)), FieldsV1: metav1.NewFieldsV1(fields)}
}

// scaledBy is what the API server keeps of a write to the scale subresource: no time.
func scaledBy(manager string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, Subresource: "scale", FieldsV1: metav1.NewFieldsV1(ownsReplicas)}
}

// told is what a test compares of changes.
func told(changes []adapters.Change) (lines []string) {
	for _, c := range changes {
		raw, _ := json.Marshal([]any{c.Event, c.Field, c.Before, c.After, c.Actor})
		lines = append(lines, string(raw))
	}
	return lines
}

// TestWhoChangedIt: nobody is named rather than the wrong one.
func TestWhoChangedIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []metav1.ManagedFieldsEntry
		want   string
	}{
		{"one", []metav1.ManagedFieldsEntry{wrote("helm", ownsTemplate, 0), wrote("argocd", ownsTemplate, 10)}, "argocd (release 2)"},
		{"two in one second", []metav1.ManagedFieldsEntry{wrote("helm", ownsTemplate, 10), wrote("argocd", ownsTemplate, 10)}, "release 2"},
		{"the same twice", []metav1.ManagedFieldsEntry{wrote("helm", ownsTemplate, 10), wrote("helm", ownsTemplate, 10)}, "helm (release 2)"},
		{"a later one who changed nothing", []metav1.ManagedFieldsEntry{wrote("argocd", ownsTemplate, 10), wrote("kubectl", ownsTemplate, 40)}, "release 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := deployment("production", "web", "web:2", 1, 1)
			d.ManagedFields = c.fields
			found := changesOf(t, adapters.Query{}, d, replicaSet("web", "bbbbbbbb", "1", 0, template("web", "web:1")), replicaSet("web", "cccccccc", "2", 10*time.Minute, template("web", "web:2")))
			require.Len(t, found, 1)
			assert.Equal(t, c.want, found[0].Actor)
		})
	}
}

// TestToolsAreNamed: a tool is named with what it rolled out, and only when it is the one who did.
func TestToolsAreNamed(t *testing.T) {
	written := map[string]string{kustomizeLabel: "apps", fluxHelmLabel: "shop"}
	for _, c := range []struct {
		manager, cause string
		written        map[string]string
		want           string
	}{
		{"argocd-controller", "", map[string]string{argocdTracking: "shop:apps/Deployment:production/web"}, "argocd-controller (application shop)"},
		{"argocd-controller", "", map[string]string{argocdLabel: "shop"}, "argocd-controller (application shop)"},
		{"kustomize-controller", "v2", written, "kustomize-controller (kustomization apps; v2)"},
		{"helm-controller", "", written, "helm-controller (release shop)"},
		{"helm", "", map[string]string{helmAnnotation: "shop"}, "helm (release shop)"},
		{"kubectl-edit", "", written, "kubectl-edit"},
		{"argocd-controller", "", nil, "argocd-controller"},
		{"", "v2", written, "v2"},
		{"", "", written, ""},
	} {
		object := &metav1.ObjectMeta{Labels: c.written, Annotations: c.written}
		assert.Equal(t, c.want, author{via: toolsOf(object)}.actor(c.manager, c.cause), "%+v", c)
	}
	d := annotated(deployment("production", "web", "web:2", 1, 1).ObjectMeta, helmAnnotation, "shop")
	d.ManagedFields = []metav1.ManagedFieldsEntry{wrote("helm", ownsTemplate, 10)}
	found := changesOf(t, adapters.Query{}, &appsv1.Deployment{ObjectMeta: d}, replicaSet("web", "bbbbbbbb", "1", 0, template("web", "web:1")), replicaSet("web", "cccccccc", "2", 10*time.Minute, template("web", "web:2")))
	require.Len(t, found, 1)
	assert.Equal(t, "helm (release shop; release 2)", found[0].Actor)
}

// TestScalingIsNoRevision: who scales a deployment while or right after it is rolled out makes a change of its own.
func TestScalingIsNoRevision(t *testing.T) {
	const minute = 10
	for _, c := range []struct {
		name   string
		fields []metav1.ManagedFieldsEntry
		want   string
	}{
		{"autoscaler", []metav1.ManagedFieldsEntry{wrote("argocd", ownsTemplate, minute), scaledBy("kube-controller-manager")}, `["web scaled","replicas",2,4,"kube-controller-manager"]`},
		{"either of two", []metav1.ManagedFieldsEntry{wrote("argocd", ownsTemplate, minute), scaledBy("keda"), scaledBy("kubectl")}, `["web scaled","replicas",2,4,""]`},
		{"edited apart", []metav1.ManagedFieldsEntry{wrote("argocd", ownsTemplate, minute), wrote("kubectl-edit", ownsReplicas, minute)}, `["web scaled","replicas",2,4,"kubectl-edit"]`},
		{"edited with the template", []metav1.ManagedFieldsEntry{wrote("argocd", `{"f:spec":{"f:replicas":{},"f:template":{}}}`, minute)}, `["web revision 2","replicas",2,4,""]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := deployment("production", "web", "web:2", 4, 4)
			d.ManagedFields = c.fields
			found := changesOf(t, adapters.Query{}, d,
				replicaSet("web", "bbbbbbbb", "1", 0, template("web", "web:1")), replicaSet("web", "cccccccc", "2", minute*time.Minute, template("web", "web:2")),
				scaleEvent("1", "web", "Scaled up replica set web-cccccccc from 0 to 2", minute*time.Minute),
				scaleEvent("2", "web", "Scaled down replica set web-bbbbbbbb from 2 to 0", minute*time.Minute),
				scaleEvent("3", "web", "Scaled up replica set web-cccccccc from 2 to 4", minute*time.Minute))
			require.Len(t, found, 2)
			assert.Equal(t, c.want, told(found[1:])[0])
		})
	}
}

// TestCreationIsAChange: the last deployment of what was never changed is its first.
func TestCreationIsAChange(t *testing.T) {
	d := deployment("production", "web", "web:1", 2, 2)
	d.ManagedFields = []metav1.ManagedFieldsEntry{wrote("helm", `{"f:spec":{"f:replicas":{},"f:template":{}}}`, 0)}
	first := replicaSet("web", "bbbbbbbb", "1", 0, template("web", "web:1"))
	whole := []string{`["web created","resource",null,"created","helm"]`, `["web created","image",null,"web:1","helm"]`, `["web created","replicas",null,2,"helm"]`}
	for name, c := range map[string]struct {
		q       adapters.Query
		objects []runtime.Object
		want    []string
	}{
		"the last":        {adapters.Query{}, []runtime.Object{d, first}, whole},
		"since":           {adapters.Query{Since: start}, []runtime.Object{d, first}, whole},
		"later":           {adapters.Query{Since: start.Add(time.Minute)}, []runtime.Object{d, first}, nil},
		"history cut off": {adapters.Query{}, []runtime.Object{d, replicaSet("web", "bbbbbbbb", "7", 0, template("web", "web:1"))}, nil},
		"rolled out":      {adapters.Query{}, []runtime.Object{d, first, replicaSet("web", "cccccccc", "2", time.Minute, template("web", "web:2"))}, []string{`["web revision 2","image","web:1","web:2","release 2"]`}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, told(changesOf(t, c.q, c.objects...))) })
	}
	d.ManagedFields = append(d.ManagedFields, scaledBy("kubectl"))
	assert.NotContains(t, told(changesOf(t, adapters.Query{}, d, first)), whole[2], "how many it was made with is no longer known")

	raw, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template("agent", "agent:1")}})
	require.NoError(t, err)
	agent := &appsv1.DaemonSet{ObjectMeta: named("production", "agent", nil)}
	revision := &appsv1.ControllerRevision{ObjectMeta: ownedBy(named("production", "agent-1", nil), "DaemonSet", "agent"), Revision: 1, Data: runtime.RawExtension{Raw: raw}}
	assert.Equal(t, []string{`["agent created","resource",null,"created",""]`, `["agent created","image",null,"agent:1",""]`}, told(changesOf(t, adapters.Query{}, agent, revision)))
}
