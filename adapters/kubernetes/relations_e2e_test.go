//go:build e2e

package kubernetes_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/kubernetes"
	"clanker/adapters/kubernetes/kubetest"
)

const related = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: orders-postgres, namespace: shop}
spec: {selector: {app: orders-postgres}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: orders-postgres, namespace: shop}
spec:
  replicas: 1
  serviceName: orders-postgres
  selector: {matchLabels: {app: orders-postgres}}
  template:
    metadata: {labels: {app: orders-postgres}}
    spec: {containers: [{name: app, image: "registry.local/postgres:16"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout-api, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: checkout-api}}
  template:
    metadata: {labels: {app: checkout-api}}
    spec:
      containers:
        - name: app
          image: "registry.local/checkout-api:v1"
          args: ["--queue=amqp://guest:c4n4ry-args@rabbit.shop.svc:5672/c4n4ry-path", "--token", "c4n4ry-token"]
          env:
            - {name: DATABASE_HOST, value: orders-postgres}
            - {name: DATABASE_URL, value: "postgres://c4n4ry-user:c4n4ry-password@orders-postgres:5432/c4n4ry-db?key=c4n4ry-query"}
            - {name: DATABASE_PASSWORD, value: c4n4ry-password}
            - {name: REPORTS_URL, value: "https://c4n4ry-user:c4n4ry-password@reports.example.com/c4n4ry-path#c4n4ry"}
`

// TestReferencesOnARealCluster: a deployment whose environment names a service depends on what is behind it, with the proof, and
// of the values nothing comes out but the hosts.
func TestReferencesOnARealCluster(t *testing.T) {
	c := kubetest.Start(t, kubetest.Options{Name: "prod"})
	require.NoError(t, c.Apply(t.Context(), related))
	path, err := c.Kubeconfig("admin")
	require.NoError(t, err)
	w := adapters.NewWorkspace(kubernetes.Open(kubernetes.Options{Kubeconfig: path}))
	s, err := w.Query(t.Context(), adapters.Query{})
	require.NoError(t, err)
	g := adapters.NewGraph(s.Resources)
	const caller, service = "kubernetes/prod/shop/deployment/checkout-api", "kubernetes/prod/shop/service/orders-postgres"
	var found []string
	for _, step := range g.Search([]string{"kubernetes/prod/shop/statefulset/orders-postgres"}, adapters.Dependents, 9) {
		found = append(found, step.ID)
	}
	assert.Equal(t, []string{"kubernetes/prod/shop/statefulset/orders-postgres", service, caller}, found)
	assert.Contains(t, g.Edges(), adapters.Edge{From: caller, Type: adapters.RelationUses, To: service, Evidence: "env DATABASE_HOST = orders-postgres"})
	assert.Contains(t, g.Edges(), adapters.Edge{From: caller, Type: adapters.RelationUses, To: "kubernetes/prod/shop/service/rabbit", Evidence: "arg --queue = rabbit.shop.svc"})
	assert.Equal(t, []string{"reports.example.com (env REPORTS_URL)"}, g.Resource(caller).Attributes["connects_to"])
	all, err := json.Marshal(s)
	require.NoError(t, err)
	assert.NotContains(t, string(all), "c4n4ry")
}
