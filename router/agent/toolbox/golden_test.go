package toolbox_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestResults holds what each tool returns to a file, for eyes.
func TestResults(t *testing.T) {
	for _, c := range []struct {
		file, tool, arguments string
		ok                    bool
	}{
		{"list", "list_resources", `{"kinds":["pods"],"namespace":"production","metrics":["memory.ofLimit"],"limit":"5"}`, true},
		{"list-unhealthy", "list_resources", `{"kinds":["service","cache"],"status":"nothealthy"}`, true},
		{"list-events", "list_resources", `{"kinds":["event"],"limit":4}`, true},
		{"list-nothing", "list_resources", `{"kinds":["pod"],"namespace":"prodution"}`, true},
		{"list-elsewhere", "list_resources", `{"name":"rabbitmq","environment":"staging"}`, true},
		{"list-no-kind", "list_resources", `{"kinds":["blob"]}`, false},
		{"list-everything", "list_resources", `{}`, false},
		{"list-droplets", "list_resources", `{"kinds":["droplets","github repositories"],"limit":3}`, true},
		{"list-provider", "list_resources", `{"kinds":["droplets"],"provider":"azure"}`, false},
		{"get", "get_resource", `{"name":"checkout-api","kind":"deployment","namespace":null}`, true},
		{"get-id", "get_resource", `{"name":"aws/prod/us-east-1/production/cache/session-cache"}`, true},
		{"get-many", "get_resource", `{"name":"search"}`, true},
		{"metrics", "query_metrics", `{"metric":"memory.ofLimit","kinds":["pod"],"limit":5}`, true},
		{"metrics-latency", "query_metrics", `{"metric":"latency.p99","kinds":["service"]}`, true},
		{"metrics-unknown", "query_metrics", `{"metric":"latency.p95"}`, false},
		{"changes", "list_changes", `{"namespace":"production","time":"2h","limit":6}`, true},
		{"changes-when", "list_changes", `{"time":"since the dawn of time"}`, false},
		{"changes-nothing", "list_changes", `{"name":"checkout-app"}`, true},
		{"logs", "get_logs", `{"name":"checkout-api","errors":"true","limit":4}`, true},
		{"logs-nothing", "get_logs", `{"name":"checkout-app"}`, true},
		{"topology", "get_topology", `{"name":"checkout-api","direction":"dependencies"}`, true},
		{"topology-around", "get_topology", `{"name":"session-cache","hops":1}`, true},
		{"topology-nothing", "get_topology", `{"name":"checkout-app","namespace":"production"}`, true},
		{"find", "find_intents", `{"about":"pods close to their memory limit"}`, true},
		{"intent", "intent_metrics-memory-limit", `{"percent":85,"kind":"pod"}`, true},
		{"intent-health", "intent_health-services", `{"environment":"prod"}`, true},
		{"intent-logs", "logs.errors.of", `{"service":"checkout-api"}`, true},
		{"intent-nobody", "intent_health-of", `{"service":"chekout-apo"}`, true},
		{"intent-without", "intent_cost-of", `{}`, false},
		{"unknown-tool", "list_resource", `{}`, false},
		{"malformed", "list_resources", `{"kinds":["pod"`, false},
		{"not-a-parameter", "get_logs", `{"name":"web","lines":5,"limit":1000}`, false},
	} {
		t.Run(c.file, func(t *testing.T) {
			result := ask(t, box(t), c.tool, c.arguments)
			assert.Equal(t, c.ok, result.OK)
			got := result.Text + "\n== rows " + asJSON(t, result.Rows) + "\n== arguments " + string(result.Arguments) +
				"\n== resources " + asJSON(t, result.Resources) + "\n== foreign " + asJSON(t, result.Foreign) + "\n"
			file := filepath.Join("testdata", c.file+".golden")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}
