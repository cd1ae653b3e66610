//go:build e2e

package kubernetes_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
	"clanker/adapters/adaptertest"
	"clanker/adapters/kubernetes"
	"clanker/adapters/kubernetes/kubetest"
)

// pageful is more than two pages of the driver.
const pageful = 1007

const estate = `
apiVersion: v1
kind: Namespace
metadata: {name: production}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout-api, namespace: production, annotations: %[2]s}
spec:
  replicas: 2
  selector: {matchLabels: {app: checkout-api}}
  template:
    metadata: {labels: %[1]s, annotations: %[2]s}
    spec: {containers: [{name: app, image: "registry.local/checkout-api:v1", args: %[4]s, env: %[3]s}]}
---
apiVersion: v1
kind: Service
metadata: {name: checkout-api, namespace: production, annotations: %[2]s}
spec: {selector: {app: checkout-api}, ports: [{port: 80}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: half}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: half}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: gone, namespace: production}
`

// TestConformanceOnARealCluster runs the suite of all drivers against a real API server, with the faults it can have. It
// cannot refuse everything: its version and its list of APIs are open to all.
func TestConformanceOnARealCluster(t *testing.T) {
	c := kubetest.Start(t, kubetest.Options{Name: "prod", Containers: []string{"app"}})
	require.NoError(t, c.Apply(t.Context(), planted(t)))
	var budgets strings.Builder
	for n := range pageful {
		fmt.Fprintf(&budgets, "---\n{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: budget-%d, namespace: production}, spec: {selector: {matchLabels: {n: \"%d\"}}}}\n", n, n)
	}
	require.NoError(t, c.Apply(t.Context(), budgets.String()))
	require.NoError(t, c.WaitFor(t.Context(), "checkout-api", c.Available("production", "checkout-api")))
	require.NoError(t, c.WriteLog("app", false, append(adaptertest.LogLines(), "ERROR cannot reach orders-postgres")...))
	gone, err := c.ServiceAccountKubeconfig(t.Context(), "production", "gone")
	require.NoError(t, err)
	require.NoError(t, c.Clientset.CoreV1().ServiceAccounts("production").Delete(t.Context(), "gone", metav1.DeleteOptions{}))

	adaptertest.Run(t, adaptertest.Harness{
		Open: func(t *testing.T, f adaptertest.Fault) adapters.Adapter {
			path := gone
			if f != adaptertest.Expired {
				path = signIn(t, c, f)
			}
			return kubernetes.Open(kubernetes.Options{Kubeconfig: path})
		},
		Faults: []adaptertest.Fault{adaptertest.Expired, adaptertest.Slow, adaptertest.Partial, adaptertest.Many, adaptertest.Canaries},
		Want: []adaptertest.Want{
			{Kind: adapters.KindNode, Name: "node-1"}, {Kind: adapters.KindNamespace, Name: "production", Scope: adapters.Scope{Environment: "production"}},
			{Kind: adapters.KindDeployment, Name: "checkout-api", Scope: adapters.Scope{Cluster: "prod", Namespace: "production"}},
			{Kind: adapters.KindService, Name: "checkout-api"}, {Kind: adapters.KindBudget, Name: "budget-0"},
		},
		Logs:     adapters.Query{Name: "checkout-api"},
		ManyKind: adapters.KindBudget, ManyCount: pageful,
	})
	for _, user := range []string{"admin", "half"} {
		writes, err := c.Writes(user)
		require.NoError(t, err)
		assert.Empty(t, writes, "the driver only reads")
	}
}

// signIn makes the fault: a user who may do less, or an API server that hangs until the check is over.
func signIn(t *testing.T, c *kubetest.Cluster, f adaptertest.Fault) string {
	user := "admin"
	switch f {
	case adaptertest.Partial:
		user = "half"
	case adaptertest.Slow:
		require.NoError(t, c.Pause())
		t.Cleanup(func() { assert.NoError(t, c.Resume()) })
	}
	path, err := c.Kubeconfig(user)
	require.NoError(t, err)
	return path
}

// planted is the estate with the suite's secrets in labels, annotations, arguments and the environment.
func planted(t *testing.T) string {
	type variable struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	labels, annotations := map[string]string{"app": "checkout-api"}, map[string]string{}
	var environment []variable
	var arguments []string
	for _, secret := range adaptertest.Secrets() {
		if secret.Label {
			labels[secret.Key] = secret.Value
		}
		annotations[secret.Key] = secret.Value
		environment = append(environment, variable{secret.Key, secret.Value})
		arguments = append(arguments, "--"+secret.Key+"="+secret.Value)
	}
	var filled []any
	for _, part := range []any{labels, annotations, environment, arguments} {
		text, err := json.Marshal(part)
		require.NoError(t, err)
		filled = append(filled, string(text))
	}
	return fmt.Sprintf(estate, filled...)
}
