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

const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web, env: staging}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "web:v1", env: [{name: DB_PASSWORD, value: canary-hunter2}]}]}
`

func TestRunner(t *testing.T) {
	c := kubetest.Start(t, kubetest.Options{Name: "prod", NoMetrics: true})
	require.NoError(t, c.Apply(t.Context(), shop))
	require.NoError(t, c.WaitFor(t.Context(), "web", c.Available("shop", "web")))
	path, err := c.Kubeconfig("admin", "system:masters")
	require.NoError(t, err)
	r := kubernetes.NewRunner(kubernetes.RunnerOptions{Options: kubernetes.Options{Kubeconfig: path}, Path: []string{c.Tools()}})
	for _, argv := range [][]string{
		{"kubectl", "get", "pods", "-n", "shop"},
		{"kubectl", "scale", "deployment/web", "-n", "shop", "--replicas=5"},
		{"kubectl", "set", "image", "deployment/web", "-n", "shop", "app=web:v2"},
		{"kubectl", "rollout", "restart", "deployment/web", "-n", "shop"},
		{"kubectl", "rollout", "undo", "deployment/web", "-n", "shop"},
		{"kubectl", "label", "deploy", "web", "-n", "shop", "env=prod", "--overwrite"},
		{"kubectl", "cordon", "node-1"},
		{"kubectl", "drain", "node-1", "--ignore-daemonsets"},
		{"kubectl", "expose", "deploy/web", "-n", "shop", "--port=80"},
		{"kubectl", "delete", "deployment/web", "-n", "shop"},
	} {
		cmd, err := adapters.ParseCommand(argv)
		require.NoError(t, err)
		p, err := r.Plan(t.Context(), cmd)
		require.NoError(t, err)
		text, _ := json.MarshalIndent(p, "", " ")
		t.Logf("%s\n%s", text, p.Preview.Text)
		o, err := r.Run(t.Context(), p, nil)
		require.NoError(t, err)
		assert.True(t, o.OK(), o)
		text, _ = json.MarshalIndent(o, "", " ")
		t.Logf("%s", text)
	}
}
