package kubernetes

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"clanker/adapters"
)

// changesOf reads from a fake cluster, and returns what of each change a test compares.
func changesOf(t *testing.T, q adapters.Query, objects ...runtime.Object) []adapters.Change {
	t.Helper()
	api := newFakeAPI(t, objects...)
	d := Open(Options{Kubeconfig: writeConfig(t, map[string]string{"prod": api.clusterEntry()}), Now: func() time.Time { return anHourLater }})
	found, sources, err := d.Changes(t.Context(), q)
	require.NoError(t, err)
	for _, s := range sources {
		require.Nil(t, s.Error, s.Call)
	}
	for i := range found {
		found[i].Resource, found[i].Provider, found[i].Scope = "", "", adapters.Scope{}
	}
	return found
}

func TestLastDeployment(t *testing.T) {
	const by = "argocd-controller (release 7)"
	change := func(field string, before, after any, when time.Duration, actor string) adapters.Change {
		return adapters.Change{Kind: adapters.KindDeployment, Name: "checkout-api", Field: field, Before: before, After: after,
			At: start.Add(when), Actor: actor, Event: "checkout-api revision 7"}
	}
	assert.Equal(t, []adapters.Change{
		change("replicas", 2.0, 3.0, 31*time.Minute, ""),
		change("image", "shop/checkout-api:v1.4.1", "shop/checkout-api:v1.4.2", 30*time.Minute, by),
		change("env.ADDED", nil, adapters.SomeValue, 30*time.Minute, by),
		change("env.MODE", adapters.SomeValue, adapters.AnotherValue, 30*time.Minute, by),
	}, changesOf(t, adapters.Query{Name: "checkout-api"}, estateObjects()...))
}

func TestScaling(t *testing.T) {
	first := revision{number: 1, at: start, set: "a"}
	second := revision{number: 2, at: start.Add(10 * time.Minute), set: "b"}
	ev := func(set string, from, to int, minute int) scaling {
		return scaling{set, from, to, start.Add(time.Duration(minute) * time.Minute)}
	}
	for _, c := range []struct {
		name   string
		events []scaling
		r      revision
		want   []resize
	}{
		{"nothing", nil, second, nil},
		{"first start", []scaling{ev("a", 0, 3, 0)}, first, nil},
		{"scaled", []scaling{ev("a", 0, 2, 0), ev("a", 2, 3, 5)}, first, []resize{{ev("a", 2, 3, 5), false}}},
		{"to zero and back", []scaling{ev("a", 2, 0, 5), ev("a", 0, 2, 7)}, first, []resize{{ev("a", 2, 0, 5), false}, {ev("a", 0, 2, 7), false}}},
		{"a rollout of the same size", []scaling{ev("b", 0, 1, 10), ev("a", 3, 2, 11), ev("b", 1, 2, 11), ev("a", 2, 0, 12), ev("b", 2, 3, 12)}, second, nil},
		{"one whose own set is the last to move", []scaling{ev("a", 3, 0, 10), ev("b", 0, 1, 11), ev("b", 1, 3, 12)}, second, nil},
		{"a rollout that grows", []scaling{ev("b", 0, 2, 10), ev("a", 2, 1, 11), ev("b", 2, 3, 11), ev("a", 1, 0, 12)}, second, []resize{{ev("b", 2, 3, 11), true}}},
		{"two revisions in one second", []scaling{ev("a", 0, 2, 10), ev("b", 0, 2, 10), ev("a", 2, 0, 10), ev("b", 2, 3, 10)}, second, []resize{{ev("b", 2, 3, 10), true}}},
		{"a rollout that shrinks", []scaling{ev("b", 0, 1, 10), ev("a", 3, 1, 11), ev("b", 1, 2, 11), ev("a", 1, 0, 12)}, second, []resize{{ev("b", 3, 2, 11), true}}},
		{"a rollout half way", []scaling{ev("b", 0, 1, 10), ev("a", 3, 2, 11)}, second, nil},
		{"scaled after a rollout", []scaling{ev("b", 0, 2, 10), ev("a", 2, 0, 11), ev("b", 2, 5, 20)}, second, []resize{{ev("b", 2, 5, 20), false}}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, scalingsIn(c.events, c.r, time.Time{})) })
	}
}

// TestScalingWithoutEvents: when the events are gone, the replica sets still carry the counts.
func TestScalingWithoutEvents(t *testing.T) {
	d := deployment("production", "web", "web:2", 5, 5)
	d.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl", Subresource: "scale", Time: new(at(40 * time.Minute)), FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{}}}`)}}
	old, now := replicaSet("web", "bbbbbbbb", "1", 0, template("web", "web:1")), replicaSet("web", "cccccccc", "2", time.Minute, template("web", "web:2"))
	old.Annotations[desiredAnnotation], now.Annotations[desiredAnnotation] = "2", "5"
	found := changesOf(t, adapters.Query{}, d, old, now)
	require.Len(t, found, 2)
	assert.Equal(t, adapters.Change{Kind: adapters.KindDeployment, Name: "web", Field: "replicas", Before: 2.0, After: 5.0,
		At: start.Add(40 * time.Minute), Actor: "kubectl", Event: "web scaled"}, found[0])
}

func TestRollback(t *testing.T) {
	d := deployment("production", "web", "web:1", 1, 1)
	d.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl-rollout", Time: new(at(50 * time.Minute)), FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{}}}`)}}
	found := changesOf(t, adapters.Query{}, d,
		replicaSet("web", "bbbbbbbb", "3", 0, template("web", "web:1")), replicaSet("web", "cccccccc", "2", 30*time.Minute, template("web", "web:2")))
	require.Len(t, found, 1)
	assert.Equal(t, "web:2", found[0].Before)
	assert.Equal(t, "web:1", found[0].After)
	assert.Equal(t, start.Add(50*time.Minute), found[0].At)
}

func TestChangesSince(t *testing.T) {
	objects := []runtime.Object{deployment("production", "web", "web:3", 1, 1)}
	for i, image := range []string{"web:1", "web:2", "web:3"} {
		objects = append(objects, replicaSet("web", []string{"bbbbbbbb", "cccccccc", "dddddddd"}[i], []string{"1", "2", "3"}[i], time.Duration(i*10)*time.Minute, template("web", image)))
	}
	fields := func(since time.Duration) (found []string) {
		for _, c := range changesOf(t, adapters.Query{Since: start.Add(since)}, objects...) {
			found = append(found, c.Event+" "+c.Field)
		}
		return found
	}
	assert.Equal(t, []string{"web revision 3 image", "web revision 2 image", "web created resource"}, fields(0))
	assert.Equal(t, []string{"web revision 3 image"}, fields(20*time.Minute))
	assert.Empty(t, fields(21*time.Minute))
}

func TestControllerRevisions(t *testing.T) {
	revision := func(number int64, image string) *appsv1.ControllerRevision {
		raw, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template("db", image)}})
		require.NoError(t, err)
		m := ownedBy(named("production", "db-"+image[3:], nil), "StatefulSet", "db")
		m.CreationTimestamp = at(time.Duration(number) * time.Minute)
		return &appsv1.ControllerRevision{ObjectMeta: m, Revision: number, Data: runtime.RawExtension{Raw: raw}}
	}
	found := changesOf(t, adapters.Query{}, &appsv1.StatefulSet{ObjectMeta: named("production", "db", nil)}, revision(1, "db:1"), revision(2, "db:2"))
	require.Len(t, found, 1)
	assert.Equal(t, "db revision 2", found[0].Event)
	assert.Equal(t, "db:2", found[0].After)
}

func TestHelmUpgrade(t *testing.T) {
	secret := func(version string, status string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: named("production", "sh.helm.release.v1.shop.v"+version, map[string]string{"owner": "helm", "name": "shop", "version": version, "status": status}), Type: "helm.sh/release.v1"}
	}
	found := changesOf(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindRelease}}, secret("9", "superseded"), secret("10", "deployed"))
	require.Len(t, found, 1)
	assert.Equal(t, adapters.Change{Kind: adapters.KindRelease, Name: "shop", Field: "revision", Before: "9", After: "10", At: start, Actor: "helm", Event: "shop revision 10"}, found[0])
}

func httpProbe(path, header string) *corev1.Probe {
	return &corev1.Probe{PeriodSeconds: 10, TimeoutSeconds: 1, FailureThreshold: 3, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
		Path: path, Port: intstr.FromInt32(8080), HTTPHeaders: []corev1.HTTPHeader{{Name: "Authorization", Value: header}},
	}}}
}

// TestProbesThatDifferInWhatIsNotTold: that a header or an argument is another one is told, and neither of them.
func TestProbesThatDifferInWhatIsNotTold(t *testing.T) {
	const spelled = "http :8080/ready after 0s, every 10s, for 1s, 3 times"
	assert.Equal(t, []difference{{"probe.startup", spelled, spelled + " (changed)"}}, appendProbe(nil, "probe.startup", httpProbe("/ready", "a"), httpProbe("/ready", "b")))
	assert.Empty(t, appendProbe(nil, "probe.startup", httpProbe("/ready", "a"), httpProbe("/ready", "a")))
	exec := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"psql", "--password=canary"}}}}
	assert.Equal(t, "exec after 0s, every 0s, for 0s, 0 times", probe(exec))
}

func TestDiffTemplates(t *testing.T) {
	base := func(edit func(*corev1.PodTemplateSpec)) *corev1.PodTemplateSpec {
		made := template("web", "web:1", corev1.EnvVar{Name: "A", Value: "1"}, corev1.EnvVar{Name: "B", Value: "2"})
		if edit != nil {
			edit(&made)
		}
		return &made
	}
	for name, c := range map[string]struct {
		edit func(*corev1.PodTemplateSpec)
		want []difference
	}{
		"nothing": {nil, nil},
		"hash":    {func(p *corev1.PodTemplateSpec) { p.Labels["pod-template-hash"] = "x" }, nil},
		"env": {func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "B", Value: "s3cret"}, {Name: "C"}}
		},
			[]difference{{"env.A", adapters.SomeValue, nil}, {"env.B", adapters.SomeValue, adapters.AnotherValue}, {"env.C", nil, adapters.SomeValue}}},
		"memory": {func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Resources = needs("500m", "1Gi") },
			[]difference{{"memory.request", "512Mi", "1Gi"}, {"memory.limit", "512Mi", "1Gi"}}},
		"sidecar": {func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "proxy", Image: "envoy:1"})
		}, []difference{{"image.proxy", nil, "envoy:1"}}},
		"command": {func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Args = []string{"--password=x"} }, []difference{{"command", nil, "changed"}}},
		"config": {func(p *corev1.PodTemplateSpec) {
			p.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}}}
		}, []difference{{"secrets", nil, []string{"tls"}}}},
		"restart": {func(p *corev1.PodTemplateSpec) {
			p.Annotations = map[string]string{restartedAnnotation: "2026-11-20T09:30:00Z"}
		},
			[]difference{{"restarted", nil, "2026-11-20T09:30:00Z"}}},
		"config by another way": {func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}}
			p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "settings", MountPath: "/etc/web"}}
		}, []difference{{"configs", nil, []string{"settings"}}}},
		"device": {func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"] = resource.MustParse("1")
		}, []difference{{"nvidia.com/gpu.request", nil, "1"}, {"nvidia.com/gpu.limit", nil, "1"}}},
		"ports": {func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 80, HostPort: 8080}, {ContainerPort: 53, Protocol: "UDP"}}
		}, []difference{{"ports", nil, []string{"53/UDP", "http 80/TCP, 8080 of the node"}}}},
		"probe": {func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].ReadinessProbe = httpProbe("/ready?token=canary", "canary")
		}, []difference{{"probe.readiness", nil, "http :8080/ready after 0s, every 10s, for 1s, 3 times"}}},
		"account": {func(p *corev1.PodTemplateSpec) {
			p.Spec.ServiceAccountName, p.Spec.DeprecatedServiceAccount = "web", "web"
		}, []difference{{"service_account", nil, "web"}}},
		"label":    {func(p *corev1.PodTemplateSpec) { p.Labels["tier"] = "front" }, []difference{{"label.tier", nil, "front"}}},
		"checksum": {func(p *corev1.PodTemplateSpec) { p.Annotations = map[string]string{"checksum/config": "canary"} }, []difference{{"annotation.checksum/config", nil, adapters.SomeValue}}},
		"two things, of which one has no name here": {func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Image, p.Spec.HostNetwork = "web:2", true }, []difference{{"image", "web:1", "web:2"}, {"template", nil, "changed"}}},
		"sidecars of two": {func(p *corev1.PodTemplateSpec) {
			p.Spec.InitContainers = append(p.Spec.InitContainers, corev1.Container{Name: "wait", Image: "wait:1", TTY: true})
			p.Spec.Containers[0].Env[0].Value = "canary"
		}, []difference{{"env.A.app", adapters.SomeValue, adapters.AnotherValue}, {"image.wait", nil, "wait:1"}}},
		"other": {func(p *corev1.PodTemplateSpec) { p.Spec.PriorityClassName = "high" }, []difference{{"template", nil, "changed"}}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, diffTemplates(base(nil), base(c.edit))) })
	}
}
