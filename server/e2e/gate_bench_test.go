//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
)

// BenchmarkGate measures, over MCP and on a real cluster, how long a proposal takes until it is pending, how long an approval
// takes until the command has been started, and the same read with the gate's tool and with the tool that the gate runs.
func BenchmarkGate(b *testing.B) {
	const each = 25 // proposals of a workspace: more than 30 that wait are too many
	e := newEstate(b)
	e.program = e.unlimited()
	e.more = append(e.more, "CLANKER_APPROVAL_PENDING=100", "CLANKER_APPROVAL_HOURLY=1000")
	var pending, started, read, bare []time.Duration
	for b.Loop() {
		counting := e.tool(b)
		g := e.gateWith(b, []string{counting.dir})
		alice := g.enrol(b, "alice")[0]
		g.tool(b, map[string]any{"argv": []string{"kubectl", "get", "pods", "-n", "shop"}, "reason": "connects"})
		for i := range each {
			began := time.Now()
			proposed := g.propose(b, fmt.Sprintf("kubectl annotate configmap/kube-root-ca.crt -n shop n=%d --overwrite", i))
			pending = append(pending, time.Since(began))
			asked, err := g.asks(alice, proposed.ProposalID, approval.Approve)
			require.NoError(b, err)
			proof, runs := alice.sign(asked.Statement), len(counting.told(b, "runs"))
			began = time.Now()
			require.NoError(b, g.answer(asked.Statement, proof))
			eventually(b, patience, func() (bool, string) { return len(counting.told(b, "runs")) > runs, "it does not run" })
			started = append(started, time.Since(began))
			require.Equal(b, approval.Succeeded, g.over(b, proposed.ProposalID).State)

			began = time.Now()
			got := g.tool(b, map[string]any{"argv": []string{"kubectl", "get", "pods", "-n", "shop"}, "reason": "to look"})
			read = append(read, time.Since(began))
			require.Equal(b, approval.Succeeded, got.State)
			command := e.command([]string{e.kubeconfig}, strings.Fields("get pods -n shop")...)
			command.Path = counting.dir + "/kubectl"
			began = time.Now()
			require.NoError(b, command.Run())
			bare = append(bare, time.Since(began))
		}
	}
	for name, took := range map[string][]time.Duration{"pending": pending, "started": started, "read": read, "kubectl": bare} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
	b.ReportMetric(pending[len(pending)/2].Seconds()/bare[len(bare)/2].Seconds(), "pending/kubectl")
	b.ReportMetric(started[len(started)/2].Seconds()/bare[len(bare)/2].Seconds(), "started/kubectl")
	b.ReportMetric(read[len(read)/2].Seconds()/bare[len(bare)/2].Seconds(), "read/kubectl")
}
