package router

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// wired is an estate from the record that people type to the volume: what hangs together is proved by addresses.
func wired() *fake {
	record := adapters.Resource{ID: "cloudflare/acme/record/api.example.com", Provider: "cloudflare", Kind: adapters.KindRecord, Name: "api.example.com",
		Scope: adapters.Scope{Account: "acme"}, Attributes: map[string]any{"points_to": "203.0.113.7"}}
	balancer := adapters.Resource{ID: "aws/acme/us-east-1/loadbalancer/shop-lb", Provider: "aws", Kind: adapters.KindBalancer, Name: "shop-lb",
		Scope: cacheScope, Attributes: map[string]any{"addresses": []string{"203.0.113.7"}}, Health: adapters.HealthHealthy}
	ingress := resource(adapters.KindIngress, "shop", adapters.HealthHealthy, "", to(adapters.RelationRoutesTo, id(adapters.KindService, "checkout-api")))
	ingress.Attributes = map[string]any{"hosts": []string{"api.example.com"}, "addresses": []string{"203.0.113.7"}}
	uses := to(adapters.RelationUses, id(adapters.KindService, "orders-postgres"))
	uses.Evidence = "env ORDERS_DB_HOST = orders-postgres"
	missing := to(adapters.RelationUses, id(adapters.KindService, "gone"))
	missing.Evidence = "arg --gone = gone.production.svc"
	pod := resource(adapters.KindPod, "orders-postgres-0", adapters.HealthHealthy, "", to(adapters.RelationOwnedBy, id(adapters.KindStatefulSet, "orders-postgres")), to(adapters.RelationRunsOn, id(adapters.KindNode, "node-1")))
	return &fake{resources: []adapters.Resource{record, balancer, ingress, pod,
		resource(adapters.KindService, "checkout-api", adapters.HealthHealthy, "", to(adapters.RelationSelects, id(adapters.KindDeployment, "checkout-api"))),
		resource(adapters.KindDeployment, "checkout-api", adapters.HealthHealthy, "", uses, missing),
		resource(adapters.KindDeployment, "loner", adapters.HealthHealthy, ""),
		resource(adapters.KindService, "orders-postgres", adapters.HealthHealthy, "", to(adapters.RelationSelects, id(adapters.KindStatefulSet, "orders-postgres"))),
		resource(adapters.KindStatefulSet, "orders-postgres", adapters.HealthUnhealthy, "0/1 ready", to(adapters.RelationMounts, id(adapters.KindVolumeClaim, "data-0"))),
		resource(adapters.KindVolumeClaim, "data-0", adapters.HealthHealthy, "", to(adapters.RelationMounts, id(adapters.KindVolume, "pv-1"))),
		resource(adapters.KindVolume, "pv-1", adapters.HealthHealthy, ""),
		resource(adapters.KindNode, "node-1", adapters.HealthHealthy, ""),
	}}
}

func TestTopologyAnswers(t *testing.T) {
	r := shippedRouter(t, wired(), noon)
	for _, c := range []struct {
		question, intent, summary string
		rows                      []string // name, hops, through
	}{
		{"What depends on orders-postgres?", "topology.dependents",
			"1 thing depends on orders-postgres: checkout-api (env ORDERS_DB_HOST); through them service checkout-api, ingress shop, loadbalancer shop-lb, record api.example.com",
			[]string{"checkout-api 1 uses -> service orders-postgres", "checkout-api 2 selects -> deployment checkout-api", "shop 3 routesTo -> service checkout-api",
				"shop-lb 4 routesTo -> ingress shop", "api.example.com 5 routesTo -> loadbalancer shop-lb"}},
		{"what breaks if the volume pv-1 goes down", "topology.dependents", "1 thing depends on pv-1: volumeclaim data-0; through them orders-postgres, service orders-postgres, checkout-api, service checkout-api, ingress shop, and 2 more", nil},
		{"what does checkout-api use?", "topology.dependencies", "checkout-api depends on 2 things: service gone (arg --gone), service orders-postgres (env ORDERS_DB_HOST); through them orders-postgres, volumeclaim data-0, volume pv-1",
			[]string{"gone 1 <- uses deployment checkout-api", "orders-postgres 1 <- uses deployment checkout-api", "orders-postgres 2 <- selects service orders-postgres",
				"data-0 3 <- mounts statefulset orders-postgres", "pv-1 4 <- mounts volumeclaim data-0"}},
		{"what is behind api.example.com?", "topology.behind", "behind api.example.com: loadbalancer shop-lb (record api.example.com); through them ingress shop, service checkout-api, checkout-api", nil},
		{"where does api.example.com point to", "topology.behind", "behind api.example.com: loadbalancer shop-lb (record api.example.com); through them ingress shop, service checkout-api, checkout-api", nil},
		{"how is checkout-api exposed", "topology.behind", "behind checkout-api; in front of it: ingress shop; through them loadbalancer shop-lb, record api.example.com", nil},
		{"path from api.example.com to orders-postgres", "topology.path",
			"api.example.com to orders-postgres in 5 steps: record api.example.com -> loadbalancer shop-lb -> ingress shop -> service checkout-api -> checkout-api -> service orders-postgres", nil},
		{"path from pv-1 to api.example.com", "topology.path",
			"pv-1 to api.example.com in 8 steps: volume pv-1 <- volumeclaim data-0 <- orders-postgres <- service orders-postgres <- checkout-api <- service checkout-api <- ingress shop <- loadbalancer shop-lb <- record api.example.com", nil},
		{"path from loner to pv-1", "topology.path", "no relation that was read leads from loner to pv-1; not looked at: what config maps, secrets and code say", nil},
		{"what depends on loner", "topology.dependents", "nothing that was read depends on loner; not looked at: what config maps, secrets and code say", nil},
		{"what depends on node-1", "topology.dependents", "1 thing depends on node-1: pod orders-postgres-0; through them orders-postgres, service orders-postgres, checkout-api, service checkout-api, ingress shop, and 2 more", nil},
		{"what depends on nobody-knows", "topology.dependents", `Nothing that could be read goes by the service name "nobody-knows".`, nil},
	} {
		t.Run(c.question, func(t *testing.T) {
			a, err := r.Route(t.Context(), Question{Text: c.question})
			require.NoError(t, err)
			validate(t, a)
			require.NotNil(t, a.Intent)
			assert.Equal(t, c.intent, a.Intent.ID)
			assert.Equal(t, c.summary, a.Summary)
			var rows []string
			for _, item := range a.Items {
				rows = append(rows, fmt.Sprint(item.Name, " ", item.Fields["hops"], " ", item.Fields["through"]))
			}
			if c.rows != nil {
				assert.Equal(t, c.rows, rows)
			}
			for i := 1; i < len(a.Items) && c.intent != "topology.behind"; i++ {
				assert.LessOrEqual(t, a.Items[i-1].Fields["hops"], a.Items[i].Fields["hops"], "direct before transitive")
			}
		})
	}
}

func TestTopologyShowsEvidence(t *testing.T) {
	r := shippedRouter(t, wired(), noon)
	a, err := r.Route(t.Context(), Question{Text: "what depends on orders-postgres"})
	require.NoError(t, err)
	assert.Contains(t, a.Graph.Edges, GraphEdge{From: id(adapters.KindDeployment, "checkout-api"), Relation: adapters.RelationUses,
		To: id(adapters.KindService, "orders-postgres"), Evidence: "env ORDERS_DB_HOST = orders-postgres"})
	assert.Equal(t, "env ORDERS_DB_HOST = orders-postgres", a.Items[0].Fields["evidence"])
	text := Text(a, TextLimits{})
	assert.Contains(t, text, "env ORDERS_DB_HOST = orders-postgres")
	assert.NotContains(t, text, "\n  uses -> ", "rows say it all")
	a, err = r.Route(t.Context(), Question{Text: "show the topology of checkout-api"})
	require.NoError(t, err)
	assert.Contains(t, Text(a, TextLimits{}), "  uses -> service orders-postgres  (env ORDERS_DB_HOST = orders-postgres)\n")
}

// TestTopologyLooksBeyondItsPlace: the place in a question says where the named resource is; what depends on it may be elsewhere.
func TestTopologyLooksBeyondItsPlace(t *testing.T) {
	f := wired()
	f.resources = append(f.resources, resource(adapters.KindNamespace, "production", "", ""))
	staging := resource(adapters.KindService, "orders-postgres", adapters.HealthHealthy, "")
	staging.Scope.Namespace, staging.Scope.Environment = "staging", "staging"
	staging.ID = adapters.NewID("kubernetes", staging.Kind, staging.Scope, staging.Name)
	other := resource(adapters.KindDeployment, "other", adapters.HealthHealthy, "", to(adapters.RelationUses, staging.ID))
	f.resources = append(f.resources, staging, other)
	r := shippedRouter(t, f, noon)
	a, err := r.Route(t.Context(), Question{Text: "what depends on orders-postgres in staging"})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(a.Summary, "1 thing depends on orders-postgres: other"), a.Summary)
	a, err = r.Route(t.Context(), Question{Text: "what depends on orders-postgres"})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(a.Summary, "2 things depend on orders-postgres: "), a.Summary)
}

func TestTopologyEndsARing(t *testing.T) {
	ring := func(n int) []adapters.Resource {
		var resources []adapters.Resource
		for i := range n {
			next := id(adapters.KindDeployment, fmt.Sprintf("d%03d", (i+1)%n)) // the last uses the first
			resources = append(resources, resource(adapters.KindDeployment, fmt.Sprintf("d%03d", i), "", "", to(adapters.RelationUses, next), to(adapters.RelationUses, next)))
		}
		return resources
	}
	a := route(t, &fake{resources: ring(12)}, Question{Text: "show topology of d005"})
	validate(t, a)
	assert.Len(t, a.Graph.Nodes, 5, "two hops each way")
	assert.Len(t, a.Graph.Edges, 4, "an edge is told once")
	assert.True(t, slices.IsSortedFunc(a.Graph.Edges, compareEdges))
	a = route(t, &fake{resources: ring(30)}, Question{Text: "what depends on d005"})
	assert.Len(t, a.Items, chainHops)
	assert.Equal(t, "d004", a.Items[0].Name)
}

func TestGraphHasABound(t *testing.T) {
	f := shop()
	for i := range 500 {
		f.resources = append(f.resources, resource(adapters.KindDeployment, fmt.Sprintf("user-%03d", i), "", "", to(adapters.RelationUses, f.resources[0].ID)))
	}
	a := route(t, f, Question{Text: "what depends on session-cache"})
	validate(t, a)
	assert.Less(t, len(a.Graph.Nodes), 200)
	assert.Equal(t, len(a.Items)+len(a.Graph.Nodes)+len(a.Graph.Edges), a.Truncation.Returned)
	text := Text(a, TextLimits{})
	assert.LessOrEqual(t, len(text), usualBytes)
	assert.Contains(t, text, `more: clanker_route_question {"cursor": "`)
}
