package adapters

import (
	"net/url"
	"strings"
	"time"
)

// Kind says what a [Resource] is, in the words an operator uses, the same over all providers: an EC2 instance, a droplet
// and a Hetzner server are all [KindInstance].
type Kind string

// The kinds that drivers report. Kubernetes keeps its own words for its workload controllers, because people ask by them.
const (
	KindCluster     Kind = "cluster"
	KindNamespace   Kind = "namespace"
	KindNode        Kind = "node"
	KindNodePool    Kind = "nodepool"
	KindDeployment  Kind = "deployment"
	KindStatefulSet Kind = "statefulset"
	KindDaemonSet   Kind = "daemonset"
	KindReplicaSet  Kind = "replicaset"
	KindPod         Kind = "pod"
	KindJob         Kind = "job"
	KindCronJob     Kind = "cronjob"
	KindService     Kind = "service"
	KindIngress     Kind = "ingress"
	KindGateway     Kind = "gateway"
	KindVolumeClaim Kind = "volumeclaim"
	KindVolume      Kind = "volume"
	KindAutoscaler  Kind = "autoscaler"
	KindBudget      Kind = "disruptionbudget"
	KindEvent       Kind = "event"
	KindRelease     Kind = "release"
	KindConfig      Kind = "config" // a ConfigMap or Secret, by name only: never its content
	KindInstance    Kind = "instance"
	KindDatabase    Kind = "database"
	KindCache       Kind = "cache"
	KindQueue       Kind = "queue"
	KindBucket      Kind = "bucket"
	KindBackup      Kind = "backup"
	KindFunction    Kind = "function"
	KindBalancer    Kind = "loadbalancer"
	KindDNSZone     Kind = "dnszone"
	KindRepository  Kind = "repository"
	KindPullRequest Kind = "pullrequest"
	KindWorkflow    Kind = "workflow"
	KindImage       Kind = "image" // of machines and containers
	KindRegistry    Kind = "registry"
	KindSecret      Kind = "secret" // of a secret store, by name only: never its content
	KindKey         Kind = "key"    // of a key store, an SSH key, an access key: never the key itself
	KindCertificate Kind = "certificate"
	KindIdentity    Kind = "identity" // a user, group, service account or service principal
	KindRole        Kind = "role"
	KindPolicy      Kind = "policy"
	KindNetwork     Kind = "network"
	KindSubnet      Kind = "subnet"
	KindFirewall    Kind = "firewall" // a firewall or one of its rules, a security group, a network policy
	KindAddress     Kind = "address"  // an IP address that is reserved
	KindSnapshot    Kind = "snapshot"
	KindLogStore    Kind = "logstore" // a log group, a workspace of logs
	KindAlert       Kind = "alert"    // an alarm, an alert rule, a finding
	KindTopic       Kind = "topic"
	KindTable       Kind = "table"
	KindStack       Kind = "stack" // what a template deployed
	KindDomain      Kind = "domain"
	KindRecord      Kind = "record"  // a DNS record
	KindAccount     Kind = "account" // an account, subscription, project, resource group or organisation
	KindInvoice     Kind = "invoice"
	KindIssue       Kind = "issue"
	KindCommit      Kind = "commit"
	KindBranch      Kind = "branch"
	KindRunner      Kind = "runner"
	KindWebhook     Kind = "webhook"
	KindApp         Kind = "app" // an application on a platform that runs it: App Service, a worker, App Platform
	KindAdvice      Kind = "recommendation"
)

// Health is what a driver derived from the provider's own status fields. The empty value says that a resource of this
// kind has no health (a namespace, an event).
type Health string

// Health values, from best to worst; HealthUnknown says that the provider did not tell, never that all is well.
const (
	HealthHealthy   Health = "healthy"
	HealthUnknown   Health = "unknown"
	HealthDegraded  Health = "degraded"
	HealthUnhealthy Health = "unhealthy"
)

// Healths are all values of [Health], from worst to best.
func Healths() []Health {
	return []Health{HealthUnhealthy, HealthDegraded, HealthUnknown, HealthHealthy}
}

// Scope says where a resource lives. Empty fields do not apply, or, in a [Query], do not filter.
type Scope struct {
	Account     string `json:"account,omitempty"`     // cloud account, project, subscription or organisation
	Region      string `json:"region,omitempty"`      // provider's own region name
	Zone        string `json:"zone,omitempty"`        // availability zone
	Environment string `json:"environment,omitempty"` // production, staging, development, test: see [Environment]
	Cluster     string `json:"cluster,omitempty"`     // for Kubernetes the name of the kubeconfig context
	Namespace   string `json:"namespace,omitempty"`
}

// RelationType names an edge of the topology, read from the resource that holds it: pod ownedBy deployment.
type RelationType string

// The edges that drivers report.
const (
	RelationOwnedBy  RelationType = "ownedBy"  // pod -> its top-level controller
	RelationRunsOn   RelationType = "runsOn"   // pod -> node, node -> cluster
	RelationSelects  RelationType = "selects"  // service -> workload
	RelationRoutesTo RelationType = "routesTo" // ingress, gateway, DNS record -> service
	RelationMounts   RelationType = "mounts"   // workload -> claim, claim -> volume
	RelationUses     RelationType = "uses"     // workload -> config, database, cache, queue
	RelationScales   RelationType = "scales"   // autoscaler -> workload
	RelationProtects RelationType = "protects" // disruption budget -> workload
)

// Relation is one edge of the topology, from the resource that holds it to Target.
type Relation struct {
	Type   RelationType `json:"type"`
	Target string       `json:"target"` // ID of a resource, made by [NewID]
	// Evidence is what proves the relation where the provider does not say it itself: "env DATABASE_HOST = orders-postgres".
	// It never holds a secret.
	Evidence string `json:"evidence,omitempty"`
}

// Resource is one thing that a provider reported, at the moment it reported it.
//
// Attributes hold what the provider calls configuration (image, instance_type, multi_az, public), under snake_case
// names, as strings, booleans, float64s, or slices of strings. Neither Attributes nor Labels may carry a secret; the
// [Workspace] redacts what slips through, and adaptertest plants canaries to see that it does.
type Resource struct {
	ID         string             `json:"id"` // see [NewID]
	Provider   string             `json:"provider"`
	Kind       Kind               `json:"kind"`
	Name       string             `json:"name"`
	Scope      Scope              `json:"scope"`
	Health     Health             `json:"health,omitempty"`
	Reason     string             `json:"reason,omitempty"` // why it is not healthy, or serves nothing though healthy ("scaled to 0"), in the provider's own words
	Labels     map[string]string  `json:"labels,omitempty"`
	Attributes map[string]any     `json:"attributes,omitempty"`
	Metrics    map[string]float64 `json:"metrics,omitempty"` // by the Metric names; absent means not measured
	Relations  []Relation         `json:"relations,omitempty"`
	Since      time.Time          `json:"since,omitzero"` // since when Health is what it is, if the provider tells
	Link       string             `json:"link,omitempty"` // provider's console page
	Observed   time.Time          `json:"observed"`
}

// NewID returns the identity of a resource: the same in every observation, unique over all providers, and readable:
// provider/account/region/cluster/namespace/kind/name without the empty parts. Parts are path-escaped, since context
// names and ARNs contain slashes.
func NewID(provider string, kind Kind, s Scope, name string) string {
	var id strings.Builder
	id.WriteString(url.PathEscape(provider))
	for _, part := range []string{s.Account, s.Region, s.Cluster, s.Namespace, string(kind), name} {
		if part != "" {
			id.WriteByte('/')
			id.WriteString(url.PathEscape(part))
		}
	}
	return id.String()
}

// IDName returns the name at the end of an ID made by [NewID].
func IDName(id string) string { return idPart(id, 1) }

// IDKind returns the kind in an ID made by [NewID].
func IDKind(id string) Kind { return Kind(idPart(id, 2)) }

// IDProvider returns the provider in an ID made by [NewID].
func IDProvider(id string) string {
	provider, _, _ := strings.Cut(id, "/")
	return unescaped(provider)
}

// IDScope returns what an ID made by [NewID] says of where the resource is: the parts of its scope that are not empty.
func IDScope(id string) []string {
	parts := strings.Split(id, "/")
	if len(parts) < 4 {
		return nil
	}
	parts = parts[1 : len(parts)-2]
	for i := range parts {
		parts[i] = unescaped(parts[i])
	}
	return parts
}

func idPart(id string, fromEnd int) string {
	parts := strings.Split(id, "/")
	if len(parts) < fromEnd {
		return ""
	}
	return unescaped(parts[len(parts)-fromEnd])
}

// unescaped is a part of an ID as it was; empty when it is none.
func unescaped(part string) string {
	part, _ = url.PathUnescape(part)
	return part
}

// environments maps the spellings people use to the four environments of the vocabulary.
var environments = map[string]string{
	"production": "production", "prod": "production", "prd": "production", "live": "production",
	"staging": "staging", "stage": "staging", "stg": "staging", "preprod": "staging", "uat": "staging",
	"development": "development", "dev": "development",
	"test": "test", "testing": "test", "qa": "test",
}

// Environment returns the vocabulary's word for an environment as a person or a label spells it ("prod" is production),
// and whether it is one.
func Environment(word string) (string, bool) {
	environment, ok := environments[strings.ToLower(word)]
	return environment, ok
}

// EnvironmentOf returns the environment that one of the names (a label's value, a namespace, a cluster) tells, the first
// that does, looking at whole words: "prod-cluster" is production, "product-api" is nothing.
func EnvironmentOf(names ...string) string {
	for _, name := range names {
		words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_./:@ ", r) })
		for _, word := range words {
			if environment, ok := Environment(word); ok {
				return environment
			}
		}
	}
	return ""
}
