package kubernetes

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"clanker/adapters"
)

// among are the services that the workloads of these tests may name.
func among() []runtime.Object {
	headless := service("shop", "rabbit")
	headless.Spec.ClusterIP = corev1.ClusterIPNone
	other := service("data", "orders")
	other.Spec.Ports[0].Port = 5432
	return []runtime.Object{service("shop", "redis"), headless, other, service("shop", "caller"), service("shop", "fast")}
}

func calling(env []corev1.EnvVar, args ...string) *appsv1.Deployment {
	d := deployment("shop", "caller", "caller:1", 1, 1)
	d.Spec.Template.Spec.Containers[0].Env, d.Spec.Template.Spec.Containers[0].Args = env, args
	return d
}

var topologyQuery = adapters.Query{Kinds: []adapters.Kind{adapters.KindDeployment, adapters.KindService, adapters.KindCronJob}}

// proved are the relations of a resource that need a proof, and the hosts that it leaves to be looked up elsewhere.
func proved(r adapters.Resource) (relations, hosts []string) {
	for _, rel := range r.Relations {
		if rel.Evidence != "" {
			relations = append(relations, rel.Target+": "+rel.Evidence)
		}
	}
	hosts, _ = r.Attributes["connects_to"].([]string)
	return relations, hosts
}

func TestReferences(t *testing.T) {
	const redis, orders, rabbit = "kubernetes/prod/shop/service/redis", "kubernetes/prod/data/service/orders", "kubernetes/prod/shop/service/rabbit"
	for _, c := range []struct {
		name, value string
		relation    string
		host        string
	}{
		{"REDIS_HOST", "redis", redis + ": env REDIS_HOST = redis", ""},
		{"REDIS_HOST_1", "redis.", redis + ": env REDIS_HOST_1 = redis", ""},
		{"CACHE", "redis:80", redis + ": env CACHE = redis", ""},
		{"CACHE", "redis:6379", "", ""}, // redis serves no such port: it may be a user and a password
		{"CACHE", "redis", "", ""},
		{"redisAddr", "redis:6379", redis + ": env redisAddr = redis", ""},
		{"PGHOST", "orders.data", orders + ": env PGHOST = orders.data", "orders.data (env PGHOST)"},
		{"ORDERS", "orders.data:5432", orders + ": env ORDERS = orders.data", ""},
		{"DB_HOST", "orders.data.svc", orders + ": env DB_HOST = orders.data.svc", ""},
		{"DB_HOST", "orders.data.svc.cluster.local", orders + ": env DB_HOST = orders.data.svc.cluster.local", ""},
		{"DATABASE_URL", "postgres://app:s3cr3t@orders.data/orders?sslmode=disable", orders + ": env DATABASE_URL has host orders.data", "orders.data (env DATABASE_URL)"},
		{"BROKERS", "rabbit-0.rabbit:5672,rabbit-1.rabbit:5672", rabbit + ": env BROKERS = rabbit-0.rabbit", "rabbit-0.rabbit (env BROKERS) rabbit-1.rabbit (env BROKERS)"},
		{"AMQP", "amqp://$(USER):$(PASS)@rabbit-0.rabbit.shop.svc.cluster.local", rabbit + ": env AMQP = rabbit-0.rabbit.shop.svc.cluster.local", ""},
		{"UPSTREAM", "http://$(REDIS_SERVICE_HOST):$(REDIS_SERVICE_PORT)/", redis + ": env UPSTREAM = redis", ""},
		{"TARGET", "$(REDIS_SERVICE_HOST)", redis + ": env TARGET = redis", ""},
		{"DB_HOST", "orders.c1.rds.amazonaws.com", "", "orders.c1.rds.amazonaws.com (env DB_HOST)"},
		{"HOOK", "https://hooks.example.com/services/T0/B0/s3cr3t", "", "hooks.example.com (env HOOK)"},
		{"DB_HOST", "10.2.3.4", "", "10.2.3.4 (env DB_HOST)"},
		{"DB_HOST", "nobody", "", ""},
		{"MODE", "fast", "", ""},
		{"OTEL_SERVICE_NAME", "redis", "", ""},
		{"GHOST", "redis", "", ""},
		{"REDIS_PASSWORD", "redis", "", ""},
		{"REDIS_PASSWORD", "redis:80", "", ""},
		{"REDIS_HOST_TOKEN", "redis", "", ""},
		{"PUBLIC_URL", "https://redis", "", ""},
		{"CORS_ALLOWED_ORIGINS", "https://shop.example.com", "", ""},
		{"NO_PROXY", "redis,orders.data.svc", "", ""},
		{"SELF_HOST", "redis", "", ""},
		{"LOGIN", "john.doe:5432", "", ""},
		{"OWN_HOST", "caller", "", ""}, // the service in front of it
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			found := listAll(t, topologyQuery, append(among(), calling([]corev1.EnvVar{{Name: c.name, Value: c.value}}))...)
			relations, hosts := proved(find(t, found, adapters.KindDeployment, "caller"))
			assert.Equal(t, fmt.Sprint(nonEmpty(c.relation)), fmt.Sprint(relations))
			assert.Equal(t, fmt.Sprint(nonEmpty(c.host)), fmt.Sprint(hosts))
		})
	}
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func TestReferencesInArguments(t *testing.T) {
	const redis = "kubernetes/prod/shop/service/redis: "
	for _, c := range []struct {
		args     []string
		relation string
	}{
		{[]string{"--redis-addr=redis:6379"}, redis + "arg --redis-addr = redis"},
		{[]string{"--redis-addr", "redis:6379"}, redis + "arg --redis-addr = redis"},
		{[]string{"serve", "http://redis/path"}, redis + "arg = redis"},
		{[]string{"--redis-password", "redis"}, ""},
		{[]string{"--password", "http://redis"}, redis + "arg --password has host redis"}, // whatever it is, the host is not the secret
		{[]string{"-predis=redis:80"}, ""},
		{[]string{"redis"}, ""},
		{[]string{"--verbose", "redis"}, ""},
	} {
		found := listAll(t, topologyQuery, append(among(), calling(nil, c.args...))...)
		relations, _ := proved(find(t, found, adapters.KindDeployment, "caller"))
		assert.Equal(t, nonEmpty(c.relation), relations, c.args)
	}
}

func TestReferencesOfCronJobsAndServices(t *testing.T) {
	cron := &batchv1.CronJob{ObjectMeta: named("shop", "backup", nil)}
	cron.Spec.JobTemplate.Spec.Template = template("backup", "backup:1", corev1.EnvVar{Name: "DB_HOST", Value: "orders.data.svc"})
	alias, outside, manual := service("shop", "alias"), service("shop", "outside"), service("shop", "manual")
	for _, s := range []*corev1.Service{alias, outside, manual} {
		s.Spec.Selector = nil
	}
	alias.Spec.Type, alias.Spec.ExternalName = corev1.ServiceTypeExternalName, "orders.data.svc.cluster.local"
	outside.Spec.Type, outside.Spec.ExternalName = corev1.ServiceTypeExternalName, "Orders.c1.rds.amazonaws.com."
	endpoints := &discoveryv1.EndpointSlice{ObjectMeta: named("shop", "manual-1", map[string]string{discoveryv1.LabelServiceName: "manual"}),
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"203.0.113.9"}}, {Addresses: []string{"203.0.113.8"}}}}
	found := listAll(t, topologyQuery, append(among(), cron, alias, outside, manual, endpoints)...)
	relations, _ := proved(find(t, found, adapters.KindCronJob, "backup"))
	assert.Equal(t, []string{"kubernetes/prod/data/service/orders: env DB_HOST = orders.data.svc"}, relations)
	relations, _ = proved(find(t, found, adapters.KindService, "alias"))
	assert.Equal(t, []string{"kubernetes/prod/data/service/orders: external name = orders.data.svc.cluster.local"}, relations)
	assert.Equal(t, []string{"orders.c1.rds.amazonaws.com (external name)"}, find(t, found, adapters.KindService, "outside").Attributes["points_to"])
	assert.Equal(t, []string{"203.0.113.8 (endpoint)", "203.0.113.9 (endpoint)"}, find(t, found, adapters.KindService, "manual").Attributes["points_to"])
	assert.NotContains(t, find(t, found, adapters.KindService, "redis").Attributes, "points_to", "its addresses are its pods")
}

// TestReferencesLeakNothing: of values that hold an address and a secret, the secret stays, wherever it stands.
func TestReferencesLeakNothing(t *testing.T) {
	const canary = "c4n4ry"
	var env []corev1.EnvVar
	var args []string
	for i, value := range []string{
		"postgres://%s:pw@redis/db", "postgres://u:%s@redis/db", "postgres://u:%s/x@redis/db", "postgres://%s:80/x@redis", "postgres://u:p@%s@redis/db",
		"http://redis/%s", "http://redis?%s", "http://redis#%s", "%s:80@redis", "redis:%s", "%s://redis", "redis,%s", "http://redis,http://u:%s@redis", "%s",
		"host=redis password=%s", "u:%s@tcp(redis:3306)/db", "Server=redis;Password=%s", "jdbc:sqlserver://redis;password=%s", "s3://%s/x", "%s:5432", "redis %s",
	} {
		env = append(env, corev1.EnvVar{Name: fmt.Sprintf("DB_%d_HOST", i), Value: fmt.Sprintf(value, canary)}, corev1.EnvVar{Name: fmt.Sprintf("PASSWORD_%d", i), Value: fmt.Sprintf(value, canary)})
		args = append(args, fmt.Sprintf("--host-%d="+value, i, canary), "--addr", fmt.Sprintf(value, canary), fmt.Sprintf(value, canary), "-p"+fmt.Sprintf(value, canary), "--token", canary+".example.com")
	}
	found := listAll(t, topologyQuery, append(among(), calling(env, args...))...)
	caller := find(t, found, adapters.KindDeployment, "caller")
	text, err := json.Marshal(caller)
	require.NoError(t, err)
	assert.NotContains(t, string(text), canary)
	relations, _ := proved(caller)
	assert.Len(t, relations, 1, "the service is still found")
}

// TestReferencesNeedTheServices: where services were not read, only what can be nothing else is told, and the attributes are
// the same in every read.
func TestReferencesNeedTheServices(t *testing.T) {
	caller := calling([]corev1.EnvVar{{Name: "REDIS_HOST", Value: "redis"}, {Name: "DB_HOST", Value: "orders.data.svc"}, {Name: "MAIL_HOST", Value: "mail.example.com"}})
	alone := find(t, listAll(t, adapters.Query{Kinds: []adapters.Kind{adapters.KindDeployment}}, append(among(), caller)...), adapters.KindDeployment, "caller")
	relations, hosts := proved(alone)
	assert.Equal(t, []string{"kubernetes/prod/data/service/orders: env DB_HOST = orders.data.svc"}, relations)
	assert.Equal(t, []string{"mail.example.com (env MAIL_HOST)"}, hosts)
	both := find(t, listAll(t, topologyQuery, append(among(), caller)...), adapters.KindDeployment, "caller")
	assert.Equal(t, alone.Attributes, both.Attributes)
}
