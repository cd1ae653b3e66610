package claims_test

import (
	"testing"

	"github.com/tmc/langchaingo/llms"

	"clanker/adapters/demo"
	"clanker/router"
	"clanker/router/agent/agenttest"
	"clanker/router/agent/toolbox"
)

// calls are what the tools are asked for of the demo estate.
var calls = []llms.FunctionCall{
	{Name: "list_resources", Arguments: `{"kinds":["deployment","statefulset","cache","database"],"environment":"production"}`},
	{Name: "list_resources", Arguments: `{"kinds":["pod"],"namespace":"production","metrics":["restarts"],"limit":60}`},
	{Name: "get_resource", Arguments: `{"name":"session-cache"}`},
	{Name: "get_resource", Arguments: `{"name":"checkout-api","kind":"deployment","namespace":"production"}`},
	{Name: "query_metrics", Arguments: `{"metric":"memory.ofLimit","kinds":["pod"],"limit":12}`},
	{Name: "query_metrics", Arguments: `{"metric":"latency.p99"}`},
	{Name: "list_changes", Arguments: `{"namespace":"production","time":"last 24 hours"}`},
	{Name: "get_logs", Arguments: `{"name":"checkout-api","limit":30}`},
	{Name: "get_topology", Arguments: `{"name":"checkout-api"}`},
	{Name: "list_resources", Arguments: `{"kinds":["node"]}`},
	{Name: "list_resources", Arguments: `{"kinds":["instance","queue","bucket","function"]}`},
}

// estate is what the tools say of the demo estate.
func estate(t testing.TB) (texts []string) {
	t.Helper()
	box := toolbox.New(agenttest.Desk(t, agenttest.Estate(t, demo.New), router.Question{}))
	for _, call := range calls {
		texts = append(texts, box.Call(t.Context(), call).Text)
	}
	return texts
}
