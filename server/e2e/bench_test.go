//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/adapters/kubernetes/kubetest"
)

// fleet is a deployment and its service, to be filled in with its name, its replicas and its tag.
const fleet = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: default}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      containers:
        - name: main
          image: registry.local/%[1]s:%[3]s
          env: [{name: LOG_LEVEL, value: info}, {name: REGION, value: us-east-1}]
          resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 100m, memory: 64Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: default}
spec: {selector: {app: %[1]s}, ports: [{port: 80}]}
`

const replicas = 50 // pods of each deployment; the first deployment is broken

// BenchmarkHealth measures a health answer over many pods: its time, what the clanker process has resident afterwards and
// at most, and the tokens of its text.
func BenchmarkHealth(b *testing.B) {
	clanker := build(b)
	cluster := kubetest.Start(b, kubetest.Options{Name: "prod-cluster", Nodes: 100, NoMetrics: true})
	config := as(b, cluster, "admin")
	for _, size := range []int{1000, 10_000} {
		grow(b, cluster, size)
		b.Run(fmt.Sprintf("pods=%d", size), func(b *testing.B) {
			b.Run("services", func(b *testing.B) { measure(b, clanker.serve(b, config), everything) })
			b.Run("cluster", func(b *testing.B) { measure(b, clanker.serve(b, config), "Check the health of my cluster") })
		})
	}
}

// grow deploys until there are so many pods, and waits until they run.
func grow(b *testing.B, cluster *kubetest.Cluster, pods int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	began := time.Now()
	for i := range pods / replicas {
		require.NoError(b, cluster.Apply(ctx, fmt.Sprintf(fleet, name(i), replicas, tag(i))))
	}
	require.NoError(b, cluster.WaitFor(ctx, name(0), cluster.Created("default", name(0))))
	for i := range pods/replicas - 1 {
		require.NoError(b, cluster.WaitFor(ctx, name(i+1), cluster.Available("default", name(i+1))))
	}
	b.Logf("%d pods after %s", pods, time.Since(began).Round(time.Second))
}

func name(i int) string { return fmt.Sprintf("fleet-%03d", i) }

func tag(i int) string {
	if i == 0 {
		return "v1-unready"
	}
	return "v1"
}

func measure(b *testing.B, s *workspace, question string) {
	r := s.ask(b, question) // connects, and learns the names
	for b.Loop() {
		r = s.ask(b, question)
	}
	require.NotEmpty(b, r.Answer.Items, "%s", r.Text)
	rows := 0
	for _, evidence := range r.Answer.Evidence {
		rows += evidence.Rows
	}
	b.ReportMetric(float64(rows), "objects")
	b.ReportMetric(float64(tokens(r.Text)), "tokens")
	b.ReportMetric(resident(b, s.process.Pid, "VmRSS"), "MiB-resident")
	b.ReportMetric(resident(b, s.process.Pid, "VmHWM"), "MiB-peak")
}

// resident reads a figure of the process in MiB.
func resident(b testing.TB, pid int, field string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err, "this benchmark reads /proc, which Linux has")
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kilobytes, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			require.NoError(b, err)
			return kilobytes / 1024
		}
	}
	require.Failf(b, "no such field", "%s", field)
	return 0
}
