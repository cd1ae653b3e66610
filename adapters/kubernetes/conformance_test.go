package kubernetes

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"clanker/adapters"
	"clanker/adapters/adaptertest"
)

// many is more than two pages.
const many = 2*pageSize + 7

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Harness{
		Open: openWith,
		Faults: []adaptertest.Fault{adaptertest.Denied, adaptertest.Expired, adaptertest.Throttled, adaptertest.Slow,
			adaptertest.Partial, adaptertest.Many, adaptertest.Canaries},
		Want: []adaptertest.Want{
			{Kind: adapters.KindCluster, Name: "prod"}, {Kind: adapters.KindNode, Name: "node-1"}, {Kind: adapters.KindNodePool, Name: "main"},
			{Kind: adapters.KindNamespace, Name: "production", Scope: adapters.Scope{Environment: "production"}},
			{Kind: adapters.KindDeployment, Name: "checkout-api", Scope: adapters.Scope{Cluster: "prod", Namespace: "production"}},
			{Kind: adapters.KindStatefulSet, Name: "session-cache"}, {Kind: adapters.KindDaemonSet, Name: "agent"},
			{Kind: adapters.KindPod, Name: "session-cache-1"}, {Kind: adapters.KindJob, Name: "backup-29300000"}, {Kind: adapters.KindCronJob, Name: "backup"},
			{Kind: adapters.KindService, Name: "checkout-api"}, {Kind: adapters.KindIngress, Name: "shop"}, {Kind: adapters.KindVolumeClaim, Name: "orders"},
			{Kind: adapters.KindVolume, Name: "pv-1"}, {Kind: adapters.KindAutoscaler, Name: "checkout-api"}, {Kind: adapters.KindBudget, Name: "checkout-api"},
			{Kind: adapters.KindRelease, Name: "shop"},
		},
		Logs:     adapters.Query{Name: "checkout-api"},
		ManyKind: adapters.KindPod, ManyCount: many,
	})
}

func openWith(t *testing.T, f adaptertest.Fault) adapters.Adapter {
	objects := estateObjects()
	switch f {
	case adaptertest.Many:
		objects = nil
		for n := range many {
			objects = append(objects, running("production", fmt.Sprintf("web-%d", n), app("web"), "web:1"))
		}
	case adaptertest.Canaries:
		plant(objects)
	}
	api := newFakeAPI(t, objects...)
	api.logs = []string{"2026-11-20T09:00:01.5Z starting", "2026-11-20T09:00:02.25Z ERROR cannot reach orders-postgres", "2026-11-20T09:00:03Z listening on :8080"}
	switch f {
	case adaptertest.Canaries:
		api.logs = nil
		for i, line := range adaptertest.LogLines() {
			api.logs = append(api.logs, fmt.Sprintf("2026-11-20T09:00:%02dZ %s", i, line))
		}
	case adaptertest.Denied:
		api.fault = forbid
	case adaptertest.Expired:
		api.fault = expire
	case adaptertest.Throttled:
		api.fault = throttle
	case adaptertest.Slow:
		api.fault = hang
	case adaptertest.Partial:
		api.fault = func(w http.ResponseWriter, r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, "/nodes") && forbid(w, r)
		}
	}
	return driverFor(t, api)
}
