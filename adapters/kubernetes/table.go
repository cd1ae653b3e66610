package kubernetes

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"

	"clanker/adapters"
)

// row says what a kind is made from, and how. Its own list comes first.
type row struct {
	kind     adapters.Kind
	from     []*source
	build    func(*session) []adapters.Resource
	named    bool // its names are those of its own list
	ondemand bool // read only when it is asked for by name
}

// table is every kind this driver returns. To add one, add its list below and a row here.
var table = []row{
	{kind: adapters.KindCluster, from: sources(nodes, nodeUsage, apiServer), build: (*session).buildCluster},
	{kind: adapters.KindNamespace, from: sources(namespaces), build: (*session).buildNamespaces, named: true},
	{kind: adapters.KindNode, from: sources(nodes, nodeUsage), build: (*session).buildNodes, named: true},
	{kind: adapters.KindNodePool, from: sources(nodes, nodeUsage), build: (*session).buildNodePools},
	{kind: adapters.KindDeployment, from: sources(deployments, pods, podUsage), build: (*session).buildDeployments, named: true},
	{kind: adapters.KindStatefulSet, from: sources(statefulSets, pods, podUsage), build: (*session).buildStatefulSets, named: true},
	{kind: adapters.KindDaemonSet, from: sources(daemonSets, pods, podUsage), build: (*session).buildDaemonSets, named: true},
	{kind: adapters.KindReplicaSet, from: sources(replicaSets, pods), build: (*session).buildReplicaSets, named: true, ondemand: true},
	{kind: adapters.KindPod, from: sources(pods, podUsage), build: (*session).buildPods, named: true},
	{kind: adapters.KindJob, from: sources(jobs, pods), build: (*session).buildJobs, named: true},
	{kind: adapters.KindCronJob, from: sources(cronJobs, jobs), build: (*session).buildCronJobs, named: true},
	{kind: adapters.KindService, from: sources(services, endpointSlices, pods, deployments, statefulSets, daemonSets), build: (*session).buildServices, named: true},
	{kind: adapters.KindIngress, from: sources(ingresses, services, endpointSlices), build: (*session).buildIngresses, named: true},
	{kind: adapters.KindGateway, from: sources(gateways, httpRoutes), build: (*session).buildGateways, named: true},
	{kind: adapters.KindVolumeClaim, from: sources(claims, storageClasses, pods), build: (*session).buildClaims, named: true},
	{kind: adapters.KindVolume, from: sources(volumes), build: (*session).buildVolumes, named: true},
	{kind: adapters.KindAutoscaler, from: sources(autoscalers), build: (*session).buildAutoscalers, named: true},
	{kind: adapters.KindBudget, from: sources(budgets, deployments, statefulSets), build: (*session).buildBudgets, named: true},
	{kind: adapters.KindEvent, from: sources(events), build: (*session).buildEvents, named: true, ondemand: true},
	{kind: adapters.KindRelease, from: sources(releases), build: (*session).buildReleases},
	{kind: adapters.KindConfig, from: sources(configMaps, secrets), build: (*session).buildConfigs, ondemand: true},
}

// rowsFor returns the rows that a query asks for. A query without kinds gets all but those that are plenty and of little use
// unasked; a query of a namespace leaves out what lies in none.
func rowsFor(q adapters.Query) []row {
	return slices.DeleteFunc(slices.Clone(table), func(r row) bool {
		unasked := len(q.Kinds) == 0 && (r.ondemand || q.Scope.Namespace != "" && !r.from[0].target.namespaced)
		return unasked || !q.Wants(r.kind)
	})
}

// secretList is the resource that most users may not list, for good reasons.
const secretList = "secrets"

// storageClassList is what the view role of a namespace does not reach.
const storageClassList = "storageclasses"

func sources(s ...*source) []*source { return s }

// The API groups that are read.
const (
	core         = "/api/v1"
	apps         = "/apis/apps/v1"
	batch        = "/apis/batch/v1"
	networking   = "/apis/networking.k8s.io/v1"
	gatewayAPI   = "/apis/gateway.networking.k8s.io/v1"
	metricsGroup = "metrics.k8s.io"
	metrics      = "/apis/" + metricsGroup + "/v1beta1"
)

// estate is what the lists of one read brought, each in its own field, so that they can be read at the same time.
type estate struct {
	names          map[adapters.Kind][]adapters.Resource
	version        string // of the API server
	namespaces     []corev1.Namespace
	nodes          []corev1.Node
	nodeUsage      []metricsv1beta1.NodeMetrics
	pods           []pod
	podUsage       map[string]usage
	deployments    []appsv1.Deployment
	statefulSets   []appsv1.StatefulSet
	daemonSets     []appsv1.DaemonSet
	replicaSets    []appsv1.ReplicaSet
	revisions      []appsv1.ControllerRevision
	jobs           []batchv1.Job
	cronJobs       []batchv1.CronJob
	services       []corev1.Service
	endpointSlices []discoveryv1.EndpointSlice
	ingresses      []networkingv1.Ingress
	gateways       []gateway
	httpRoutes     []httpRoute
	claims         []corev1.PersistentVolumeClaim
	volumes        []corev1.PersistentVolume
	storageClasses []storagev1.StorageClass
	autoscalers    []autoscalingv2.HorizontalPodAutoscaler
	budgets        []policyv1.PodDisruptionBudget
	events         []corev1.Event
	releases       []metav1.PartialObjectMetadata
	configMaps     []metav1.PartialObjectMetadata
	secrets        []metav1.PartialObjectMetadata
}

// The lists.
var (
	apiServer  = &source{target: apiVersion, read: readAPIServer}
	namespaces = kept(target{path: core, resource: "namespaces"},
		func(l *corev1.NamespaceList) []corev1.Namespace { return l.Items },
		func(e *estate) *[]corev1.Namespace { return &e.namespaces })
	nodes = kept(target{path: core, resource: "nodes"},
		func(l *corev1.NodeList) []corev1.Node { return l.Items },
		func(e *estate) *[]corev1.Node { return &e.nodes })
	nodeUsage = usageOnly(kept(target{path: metrics, resource: "nodes", tool: "top nodes"},
		func(l *metricsv1beta1.NodeMetricsList) []metricsv1beta1.NodeMetrics { return l.Items },
		func(e *estate) *[]metricsv1beta1.NodeMetrics { return &e.nodeUsage }))
	pods        = &source{target: podList, read: readPods}
	podUsage    = usageOnly(&source{target: podMetrics, read: readPodUsage})
	deployments = kept(target{path: apps, resource: "deployments", namespaced: true},
		func(l *appsv1.DeploymentList) []appsv1.Deployment { return l.Items },
		func(e *estate) *[]appsv1.Deployment { return &e.deployments })
	statefulSets = kept(target{path: apps, resource: "statefulsets", namespaced: true},
		func(l *appsv1.StatefulSetList) []appsv1.StatefulSet { return l.Items },
		func(e *estate) *[]appsv1.StatefulSet { return &e.statefulSets })
	daemonSets = kept(target{path: apps, resource: "daemonsets", namespaced: true},
		func(l *appsv1.DaemonSetList) []appsv1.DaemonSet { return l.Items },
		func(e *estate) *[]appsv1.DaemonSet { return &e.daemonSets })
	replicaSets = kept(target{path: apps, resource: "replicasets", namespaced: true},
		func(l *appsv1.ReplicaSetList) []appsv1.ReplicaSet { return l.Items },
		func(e *estate) *[]appsv1.ReplicaSet { return &e.replicaSets })
	jobs = kept(target{path: batch, resource: "jobs", namespaced: true},
		func(l *batchv1.JobList) []batchv1.Job { return l.Items },
		func(e *estate) *[]batchv1.Job { return &e.jobs })
	cronJobs = kept(target{path: batch, resource: "cronjobs", namespaced: true},
		func(l *batchv1.CronJobList) []batchv1.CronJob { return l.Items },
		func(e *estate) *[]batchv1.CronJob { return &e.cronJobs })
	services = kept(target{path: core, resource: "services", namespaced: true},
		func(l *corev1.ServiceList) []corev1.Service { return l.Items },
		func(e *estate) *[]corev1.Service { return &e.services })
	endpointSlices = kept(target{path: "/apis/discovery.k8s.io/v1", resource: "endpointslices", namespaced: true},
		func(l *discoveryv1.EndpointSliceList) []discoveryv1.EndpointSlice { return dated(l.Items) },
		func(e *estate) *[]discoveryv1.EndpointSlice { return &e.endpointSlices })
	ingresses = kept(target{path: networking, resource: "ingresses", namespaced: true},
		func(l *networkingv1.IngressList) []networkingv1.Ingress { return l.Items },
		func(e *estate) *[]networkingv1.Ingress { return &e.ingresses })
	gateways = kept(target{path: gatewayAPI, resource: "gateways", namespaced: true, optional: true},
		func(l *gatewayList) []gateway { return l.Items }, func(e *estate) *[]gateway { return &e.gateways })
	httpRoutes = kept(target{path: gatewayAPI, resource: "httproutes", namespaced: true, optional: true},
		func(l *httpRouteList) []httpRoute { return l.Items }, func(e *estate) *[]httpRoute { return &e.httpRoutes })
	claims = kept(target{path: core, resource: "persistentvolumeclaims", namespaced: true},
		func(l *corev1.PersistentVolumeClaimList) []corev1.PersistentVolumeClaim { return l.Items },
		func(e *estate) *[]corev1.PersistentVolumeClaim { return &e.claims })
	volumes = kept(target{path: core, resource: "persistentvolumes"},
		func(l *corev1.PersistentVolumeList) []corev1.PersistentVolume { return l.Items },
		func(e *estate) *[]corev1.PersistentVolume { return &e.volumes })
	storageClasses = kept(target{path: "/apis/storage.k8s.io/v1", resource: storageClassList},
		func(l *storagev1.StorageClassList) []storagev1.StorageClass { return l.Items },
		func(e *estate) *[]storagev1.StorageClass { return &e.storageClasses })
	autoscalers = kept(target{path: "/apis/autoscaling/v2", resource: "horizontalpodautoscalers", namespaced: true},
		func(l *autoscalingv2.HorizontalPodAutoscalerList) []autoscalingv2.HorizontalPodAutoscaler {
			return l.Items
		},
		func(e *estate) *[]autoscalingv2.HorizontalPodAutoscaler { return &e.autoscalers })
	budgets = kept(target{path: "/apis/policy/v1", resource: "poddisruptionbudgets", namespaced: true},
		func(l *policyv1.PodDisruptionBudgetList) []policyv1.PodDisruptionBudget { return l.Items },
		func(e *estate) *[]policyv1.PodDisruptionBudget { return &e.budgets })
	events = kept(target{path: core, resource: "events", namespaced: true},
		func(l *corev1.EventList) []corev1.Event { return l.Items },
		func(e *estate) *[]corev1.Event { return &e.events })
	releases = metadataOf(target{path: core, resource: secretList, namespaced: true, labels: "owner=helm", fields: "type=helm.sh/release.v1"},
		func(e *estate) *[]metav1.PartialObjectMetadata { return &e.releases })
	configMaps = metadataOf(target{path: core, resource: "configmaps", namespaced: true},
		func(e *estate) *[]metav1.PartialObjectMetadata { return &e.configMaps })
	secrets = metadataOf(target{path: core, resource: secretList, namespaced: true},
		func(e *estate) *[]metav1.PartialObjectMetadata { return &e.secrets })
)

// forReleases is the most kinds that a query has of which releases are what it is about, and not one thing among many.
const forReleases = 2

// incidental reports whether the answer is whole without the target: storage classes, which only a claim that waits makes
// worth a look, and says so itself; and releases, when they are among the many kinds that a query names.
func (t target) incidental(q adapters.Query) bool {
	return t.resource == storageClassList || t.resource == secretList && t.labels != "" && (len(q.Kinds) == 0 || len(q.Kinds) > forReleases)
}

// usageOnly makes a source that is read only when the question names a metric of use: the metrics API is one more thing
// that can be missing, and a health answer must not be partial for that.
func usageOnly(s *source) *source {
	s.wanted = func(q adapters.Query) bool {
		return slices.ContainsFunc(q.Metrics, func(metric string) bool {
			return strings.HasPrefix(metric, "cpu.") || strings.HasPrefix(metric, "memory.")
		})
	}
	return s
}
