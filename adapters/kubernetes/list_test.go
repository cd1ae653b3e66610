package kubernetes

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"clanker/adapters"
)

// listAll reads from a fake cluster with the objects, and fails the test if a call failed.
func listAll(t *testing.T, q adapters.Query, objects ...runtime.Object) []adapters.Resource {
	t.Helper()
	api := newFakeAPI(t, objects...)
	d := Open(Options{Kubeconfig: writeConfig(t, map[string]string{"prod": api.clusterEntry()}), Now: func() time.Time { return anHourLater }})
	found, sources, err := d.List(t.Context(), q)
	require.NoError(t, err)
	for _, s := range sources {
		require.Nil(t, s.Error, s.Call)
	}
	return found
}

func TestServiceHealth(t *testing.T) {
	off, broken := deployment("production", "web", "web:1", 0, 0), deployment("production", "web", "web:1", 1, 0)
	bare := service("production", "web")
	bare.Spec.Selector = nil
	external := service("production", "web")
	external.Spec.Type, external.Spec.Selector = corev1.ServiceTypeExternalName, nil
	leaving := slice("production", "web", true, false)
	leaving.Endpoints[1].Conditions.Terminating = new(true)
	balanced := service("production", "web")
	balanced.Spec.Type = corev1.ServiceTypeLoadBalancer
	for _, c := range []struct {
		name    string
		objects []runtime.Object
		health  adapters.Health
		reason  string
	}{
		{"serves", []runtime.Object{service("production", "web"), slice("production", "web", true, true)}, "healthy", ""},
		{"in part", []runtime.Object{service("production", "web"), slice("production", "web", true, false), crashing("production", "web-1", app("web"))},
			"degraded", "1/2 endpoints ready: CrashLoopBackOff, exit code 1, 14 restarts"},
		{"not at all", []runtime.Object{service("production", "web"), slice("production", "web", false), broken, crashing("production", "web-1", app("web"))},
			"unhealthy", "no ready endpoints: CrashLoopBackOff, exit code 1, 14 restarts"},
		{"one on its way out", []runtime.Object{service("production", "web"), leaving}, "healthy", ""},
		{"nothing to select", []runtime.Object{service("production", "web")}, "unhealthy", "no ready endpoints: nothing matches its selector"},
		{"workload without pods", []runtime.Object{service("production", "web"), broken}, "unhealthy", "no ready endpoints: deployment web has no pods"},
		{"scaled to zero", []runtime.Object{service("production", "web"), off}, "healthy", ""},
		{"without a selector", []runtime.Object{bare}, "healthy", ""},
		{"external name", []runtime.Object{external}, "healthy", ""},
		{"no address from the cloud", []runtime.Object{balanced, slice("production", "web", true)}, "degraded", "no load balancer address for 60m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := find(t, listAll(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindService}}, c.objects...), adapters.KindService, "web")
			assert.Equal(t, c.health, got.Health)
			assert.Equal(t, c.reason, got.Reason)
		})
	}
}

func TestClaimHealth(t *testing.T) {
	wait := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{ObjectMeta: named("", "slow", nil), VolumeBindingMode: &wait}
	claim := func(phase corev1.PersistentVolumeClaimPhase) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: named("production", "data", nil), Spec: corev1.PersistentVolumeClaimSpec{StorageClassName: new("slow")},
			Status: corev1.PersistentVolumeClaimStatus{Phase: phase}}
	}
	user := running("production", "db-0", nil, "db:1")
	user.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}
	for _, c := range []struct {
		name    string
		objects []runtime.Object
		health  adapters.Health
		reason  string
	}{
		{"bound", []runtime.Object{claim(corev1.ClaimBound)}, "healthy", ""},
		{"waits for a consumer", []runtime.Object{claim(corev1.ClaimPending), class}, "healthy", ""},
		{"has a consumer and is pending", []runtime.Object{claim(corev1.ClaimPending), class, user}, "unhealthy", "Pending for 60m: no volume was bound"},
		{"pending at once", []runtime.Object{claim(corev1.ClaimPending)}, "unhealthy", "Pending for 60m: no volume was bound"},
		{"lost", []runtime.Object{claim(corev1.ClaimLost)}, "unhealthy", "Lost: the volume it was bound to is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := find(t, listAll(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindVolumeClaim}}, c.objects...), adapters.KindVolumeClaim, "data")
			assert.Equal(t, c.health, got.Health)
			assert.Equal(t, c.reason, got.Reason)
		})
	}
}

func TestCronJobHealth(t *testing.T) {
	run := func(name string, made time.Duration, kind batchv1.JobConditionType) *batchv1.Job {
		m := ownedBy(named("production", name, nil), "CronJob", "backup")
		m.CreationTimestamp = at(made)
		return &batchv1.Job{ObjectMeta: m, Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: kind, Status: "True", Reason: "BackoffLimitExceeded"}}}}
	}
	cron := &batchv1.CronJob{ObjectMeta: named("production", "backup", nil), Status: batchv1.CronJobStatus{LastSuccessfulTime: new(at(0))}}
	q := adapters.Query{Kinds: []adapters.Kind{adapters.KindCronJob}}
	assert.Equal(t, adapters.HealthHealthy, listAll(t, q, cron, run("a", 0, batchv1.JobFailed), run("b", time.Minute, batchv1.JobComplete))[0].Health)
	failed := listAll(t, q, cron, run("a", 0, batchv1.JobComplete), run("b", time.Minute, batchv1.JobFailed))[0]
	assert.Equal(t, adapters.HealthDegraded, failed.Health)
	assert.Equal(t, "last run b failed: BackoffLimitExceeded, last success 60m ago", failed.Reason)
	cron.Spec.Suspend = new(true)
	assert.Equal(t, "suspended: last run b failed: BackoffLimitExceeded, last success 60m ago", listAll(t, q, cron, run("b", time.Minute, batchv1.JobFailed))[0].Reason)
	halted := listAll(t, q, cron)[0]
	assert.Equal(t, adapters.HealthHealthy, halted.Health)
	assert.Equal(t, "suspended", halted.Reason)
}

// TestTimesOfRuns: when a job ran is told, and what has not happened is absent.
func TestTimesOfRuns(t *testing.T) {
	found := listAll(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindJob, adapters.KindCronJob}},
		&batchv1.CronJob{ObjectMeta: named("production", "backup", nil), Status: batchv1.CronJobStatus{LastScheduleTime: new(at(time.Minute)), LastSuccessfulTime: new(at(2 * time.Minute))}},
		&batchv1.Job{ObjectMeta: named("production", "ran", nil), Status: batchv1.JobStatus{StartTime: new(at(time.Minute)), CompletionTime: new(at(2 * time.Minute))}},
		&batchv1.Job{ObjectMeta: named("production", "runs", nil), Status: batchv1.JobStatus{StartTime: new(at(time.Minute))}})
	const first, second = "2026-11-20T09:01:00Z", "2026-11-20T09:02:00Z"
	backup := find(t, found, adapters.KindCronJob, "backup").Attributes
	assert.Equal(t, []any{first, second}, []any{backup["last_schedule"], backup["last_success"]})
	ran, runs := find(t, found, adapters.KindJob, "ran").Attributes, find(t, found, adapters.KindJob, "runs").Attributes
	assert.Equal(t, []any{first, second}, []any{ran["started"], ran["completed"]})
	assert.Equal(t, first, runs["started"])
	assert.NotContains(t, runs, "completed")
}

func TestJobCarriesItsPodsReason(t *testing.T) {
	job := &batchv1.Job{ObjectMeta: named("production", "migrate", nil), Status: batchv1.JobStatus{Failed: 1,
		Conditions: []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: "True", Reason: "BackoffLimitExceeded"}}}}
	failed := running("production", "migrate-x2v44", nil, "migrate:1")
	failed.ObjectMeta = ownedBy(failed.ObjectMeta, "Job", "migrate")
	failed.Status.Phase = corev1.PodFailed
	failed.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, FinishedAt: at(time.Minute)}}
	q := adapters.Query{Kinds: []adapters.Kind{adapters.KindJob}}
	assert.Equal(t, "BackoffLimitExceeded; app failed: exit code 3", listAll(t, q, job, failed)[0].Reason)
	stuck := crashing("production", "migrate-x2v44", nil)
	stuck.ObjectMeta = failed.ObjectMeta
	job.Status = batchv1.JobStatus{Active: 1}
	got := listAll(t, q, job, stuck)[0]
	assert.Equal(t, adapters.HealthUnhealthy, got.Health)
	assert.Equal(t, "CrashLoopBackOff, exit code 1, 14 restarts", got.Reason)
}

func TestWorkloadCarriesItsPodsReason(t *testing.T) {
	found := listAll(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindStatefulSet, adapters.KindService}}, estateObjects()...)
	cache := find(t, found, adapters.KindStatefulSet, "session-cache")
	assert.Equal(t, "1/2 ready: CrashLoopBackOff, exit code 1, 14 restarts", cache.Reason)
	assert.Equal(t, adapters.HealthDegraded, cache.Health)
	assert.InDelta(t, 2, cache.Metrics[adapters.MetricReplicasDesired], 0)
	checkout := find(t, found, adapters.KindService, "checkout-api")
	assert.Equal(t, []adapters.Relation{{Type: adapters.RelationSelects, Target: "kubernetes/prod/production/deployment/checkout-api"}}, checkout.Relations)
}

func TestPodBelongsToItsDeployment(t *testing.T) {
	found := listAll(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Name: "checkout-api"}, estateObjects()...)
	require.Len(t, found, 3)
	assert.Equal(t, []adapters.Relation{
		{Type: adapters.RelationOwnedBy, Target: "kubernetes/prod/production/deployment/checkout-api"},
		{Type: adapters.RelationRunsOn, Target: "kubernetes/prod/node/node-1"},
		{Type: adapters.RelationUses, Target: "kubernetes/prod/production/config/secret%2Fcheckout-db"},
	}, found[0].Relations)
	assert.Equal(t, []string{"checkout-db"}, found[0].Attributes["secrets"])
}

func TestUsage(t *testing.T) {
	objects := append(estateObjects(), usageObjects()...)
	q := adapters.Query{Kinds: []adapters.Kind{adapters.KindPod, adapters.KindCluster, adapters.KindDeployment}, Metrics: []string{adapters.MetricMemoryOfLimit}}
	found := listAll(t, q, objects...)
	pod := find(t, found, adapters.KindPod, "checkout-api-7c9f8d5b6-x2v44")
	assert.InDelta(t, 0.9, pod.Metrics[adapters.MetricMemoryOfLimit], 0.001)
	assert.InDelta(t, 0.25, pod.Metrics[adapters.MetricCPUUsage], 0)
	whole := find(t, found, adapters.KindDeployment, "checkout-api")
	assert.InDelta(t, 0.75, whole.Metrics[adapters.MetricCPUUsage], 0)
	cluster := find(t, found, adapters.KindCluster, "prod")
	assert.InDelta(t, 0.5, cluster.Metrics[adapters.MetricMemoryUtilization], 0)
	assert.InDelta(t, 2, cluster.Metrics[adapters.MetricNodes], 0)
	assert.Equal(t, "r6g.2xlarge", cluster.Attributes["instance_type"])
	assert.Equal(t, "nodes", cluster.Attributes["judged"], "its health says nothing of its workloads")
	assert.NotContains(t, find(t, found, adapters.KindPod, "session-cache-0").Metrics, adapters.MetricMemoryUsage, "not measured is absent, not zero")
}

func TestNoMetricsServer(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	_, sources, err := driverFor(t, api).List(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Metrics: []string{adapters.MetricMemoryUsage}})
	require.NoError(t, err)
	at := slices.IndexFunc(sources, func(s adapters.Source) bool { return s.Error != nil })
	require.GreaterOrEqual(t, at, 0)
	assert.Equal(t, adapters.FeatureDisabled, sources[at].Error.Reason)
	assert.Equal(t, "kubectl top pods -A --context prod", sources[at].Call)
	assert.Contains(t, sources[at].Error.Fix, "kubectl apply --context prod -f https://github.com/kubernetes-sigs/metrics-server/")
}

func TestNamespacedAccount(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	api.fault = func(w http.ResponseWriter, r *http.Request) bool {
		return !strings.Contains(r.URL.Path, "/namespaces/default/") && strings.HasSuffix(r.URL.Path, "pods") && forbid(w, r)
	}
	api.add(t, running("default", "mine", nil, "x:1"))
	found, sources, err := driverFor(t, api).List(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Len(t, sources, 2)
	denied := sources[0].Error
	require.NotNil(t, denied)
	assert.Equal(t, "list pods at cluster scope", denied.Permission)
	assert.Equal(t, "kubectl create clusterrolebinding clanker-view --clusterrole=view --user=jane --context prod", denied.Fix)
	assert.Contains(t, denied.Detail, "only namespace default was tried instead")
	assert.Equal(t, "kubectl get pods -n default --context prod", sources[1].Call)
	assert.Equal(t, 1, sources[1].Count)
}

// TestNamesOfANamespacedAccount: the namespaces that its contexts name are known, although namespaces cannot be listed.
func TestNamesOfANamespacedAccount(t *testing.T) {
	api := newFakeAPI(t, deployment("web", "shop", "shop:1", 1, 1))
	api.fault = func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/api") && !strings.Contains(r.URL.Path, "/namespaces/web/") && r.Method == http.MethodGet && forbid(w, r)
	}
	d := Open(Options{Kubeconfig: manyContexts(t, api, "a", "a=jane/web", "b=jane/shop")})
	names := adapters.NewWorkspace(d).Names(t.Context(), true)
	for name, kind := range map[string]adapters.Kind{"web": adapters.KindNamespace, "shop": adapters.KindDeployment} {
		require.NotEmpty(t, names.Find(name), name)
		assert.Equal(t, kind, names.Find(name)[0].Kind)
	}
	assert.Equal(t, adapters.KindNamespace, names.Find("shop")[1].Kind)
	api.fault = expire
	assert.Zero(t, adapters.NewWorkspace(d).Names(t.Context(), true).Len(), "who cannot sign in has no namespace")
}

// TestWhatItsNamespaceTells: what could be read of the account's own namespace is judged, although the cluster's list is refused.
func TestWhatItsNamespaceTells(t *testing.T) {
	api := newFakeAPI(t, service("default", "web"), slice("default", "web", true), service("production", "web"))
	api.fault = func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Path == "/apis/discovery.k8s.io/v1/endpointslices" && forbid(w, r)
	}
	found, _, err := driverFor(t, api).List(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindService}})
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, adapters.HealthHealthy, found[0].Health)
	assert.Equal(t, adapters.HealthUnknown, found[1].Health)
	assert.Equal(t, "its endpoint slices could not be read", found[1].Reason)
}

func TestConfigsAreNamesAlone(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	api.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/secrets") || strings.HasSuffix(r.URL.Path, "/configmaps") {
			assert.Contains(t, r.Header.Get("Accept"), "as=PartialObjectMetadataList")
			assert.NotRegexp(t, `(^|,)application/[a-z.]+(,|$)`, r.Header.Get("Accept"), "never the objects themselves")
		}
		return false
	}
	found, _, err := driverFor(t, api).List(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindConfig, adapters.KindRelease}})
	require.NoError(t, err)
	find(t, found, adapters.KindConfig, "secret/checkout-db")
	find(t, found, adapters.KindConfig, "configmap/checkout-db")
	release := find(t, found, adapters.KindRelease, "shop")
	assert.Equal(t, "3", release.Attributes["revision"])
	assert.Len(t, found, 3)
}

func TestEventsOfAWorkload(t *testing.T) {
	event := func(name, kind, involved string) *corev1.Event {
		return &corev1.Event{ObjectMeta: named("production", name, nil), Type: "Warning", Reason: "BackOff", LastTimestamp: at(time.Minute),
			InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: "production", Name: involved}}
	}
	found := listAll(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindEvent}, Name: "checkout-api"},
		event("a", "Pod", "checkout-api-7c9f8d5b6-x2v44"), event("b", "Deployment", "checkout-api"), event("c", "Pod", "checkout-api-worker-5f6d7c8b9-x2v44"))
	require.Len(t, found, 2)
	assert.Equal(t, "pod/checkout-api-7c9f8d5b6-x2v44", found[0].Attributes["involved"])
}

func TestGateway(t *testing.T) {
	g := &gateway{ObjectMeta: named("production", "edge", nil)}
	g.Status.Conditions = []metav1.Condition{{Type: "Accepted", Status: "True"}, {Type: "Programmed", Status: "True"}}
	r := &httpRoute{ObjectMeta: named("production", "shop", nil)}
	r.Spec.ParentRefs = []objectRef{{Name: "edge"}}
	r.Spec.Rules = append(r.Spec.Rules, struct {
		BackendRefs []objectRef `json:"backendRefs"`
	}{[]objectRef{{Name: "checkout-api"}}})
	found := listAll(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindGateway}}, g, r)
	require.Len(t, found, 1)
	assert.Equal(t, adapters.HealthHealthy, found[0].Health)
	assert.Equal(t, []adapters.Relation{{Type: adapters.RelationRoutesTo, Target: "kubernetes/prod/production/service/checkout-api"}}, found[0].Relations)
}

func TestAClaimWhoseStorageClassMayNotBeRead(t *testing.T) {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: named("production", "data", nil), Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending}}
	api := newFakeAPI(t, claim)
	api.fault = func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "/"+storageClassList) && forbid(w, r)
	}
	d := Open(Options{Kubeconfig: writeConfig(t, map[string]string{"prod": api.clusterEntry()}), Now: func() time.Time { return anHourLater }})
	found, sources, err := d.List(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindVolumeClaim}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, adapters.HealthUnknown, found[0].Health)
	assert.Contains(t, found[0].Reason, "its storage class may not be read")
	for _, s := range sources {
		assert.Nil(t, s.Error, "the answer is whole without it: %s", s.Call)
	}
}

// TestReadingTwiceIsNoChange: counts and clocks that go on in an estate to which nothing happens are no changes.
func TestReadingTwiceIsNoChange(t *testing.T) {
	read := func(passed time.Duration, objects []runtime.Object) adapters.Snapshot {
		d := Open(Options{Kubeconfig: writeConfig(t, map[string]string{"prod": newFakeAPI(t, objects...).clusterEntry()}), Now: func() time.Time { return anHourLater.Add(passed) }})
		w := adapters.NewWorkspace(d)
		w.Now = func() time.Time { return anHourLater.Add(passed) }
		snapshot, err := w.Query(t.Context(), adapters.Query{})
		require.NoError(t, err)
		return snapshot
	}
	estate := func() []runtime.Object {
		tainted, balanced := node("node-3", corev1.ConditionTrue), service("production", "front")
		tainted.Spec.Taints = []corev1.Taint{{Key: "a", Effect: corev1.TaintEffectNoSchedule}, {Key: "b", Effect: corev1.TaintEffectNoSchedule}}
		balanced.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}, {IP: "192.0.2.2"}}
		return append(estateObjects(), tainted, balanced)
	}
	before, after := estate(), estate()
	slices.Reverse(after) // in whatever order they come
	for _, o := range after {
		switch o := o.(type) {
		case *corev1.Pod:
			for i := range o.Status.ContainerStatuses {
				if c := &o.Status.ContainerStatuses[i]; c.RestartCount > 0 {
					c.RestartCount++
				}
			}
		case *autoscalingv2.HorizontalPodAutoscaler:
			for i := range o.Status.CurrentMetrics {
				o.Status.CurrentMetrics[i].Resource.Current.AverageUtilization = new(int32(1))
			}
		case *batchv1.CronJob:
			o.Status.LastScheduleTime, o.Status.LastSuccessfulTime = new(at(time.Hour)), new(at(time.Hour))
			o.Status.Active = []corev1.ObjectReference{{Name: "backup-29300060"}}
		case *policyv1.PodDisruptionBudget:
			o.Status.CurrentHealthy++
		case *corev1.Node:
			slices.Reverse(o.Spec.Taints)
		case *corev1.Service:
			slices.Reverse(o.Status.LoadBalancer.Ingress)
		}
	}
	assert.Empty(t, adapters.Diff(read(0, before), read(time.Minute, after)))
}
