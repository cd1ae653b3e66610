package server

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"clanker/server/reload"
	"clanker/server/telemetry"
)

// watchedServer is one that has all that is watched from outside.
func watchedServer(t testing.TB, profile bool) string {
	t.Helper()
	metrics := telemetry.NewMetrics(telemetry.Subject{Version: "v0.1.0", Tools: ToolNames(), Providers: []string{"kubernetes"}})
	broken := func() []reload.Problem {
		return []reload.Problem{{What: "intents", Detail: "intents/mine.yaml:3:5: unknown key", Faults: 2, Since: start}}
	}
	s := New(routerFunc(echo), connectorFunc(oneConnection), Options{Build: Build{Version: "v0.1.0"}, Metrics: metrics, Profile: profile,
		Problems: broken, Demo: true, Now: func() time.Time { return start }})
	addr, _ := serve(t, s)
	return "http://" + addr
}

func TestWatching(t *testing.T) {
	url := watchedServer(t, false)
	health := send(t, "GET", url+"/healthz", "")
	assert.Equal(t, http.StatusOK, health.status)
	assert.Contains(t, health.body, `{"clanker":"v0.1.0","instance":"`)
	assert.Contains(t, health.body, `"demo":true`)
	ready := send(t, "GET", url+"/readyz", "")
	assert.Equal(t, http.StatusOK, ready.status)
	assert.Contains(t, ready.body, `{"ready":true,"problems":[{"what":"intents","detail":"intents/mine.yaml:3:5: unknown key","faults":2`)
	send(t, "POST", url+"/mcp", callBody("clanker_version", `{}`))
	send(t, "POST", url+"/mcp", "[]")
	metrics := send(t, "GET", url+"/metrics", "").body
	assert.Contains(t, metrics, `clanker_calls_total{status="ok",tool="clanker_version"} 1`)
	assert.Contains(t, metrics, `clanker_requests_refused_total{reason="json"} 1`)
	assert.Contains(t, metrics, `clanker_calls_running 0`)
	assert.Equal(t, http.StatusMethodNotAllowed, send(t, "POST", url+"/healthz", `{}`).status)
	assert.Equal(t, http.StatusForbidden, send(t, "GET", url+"/metrics", "", "Host", "evil.example").status)
	assert.Equal(t, http.StatusForbidden, send(t, "GET", url+"/healthz", "", "Origin", "http://evil.example").status)
	assert.Equal(t, http.StatusNotFound, send(t, "GET", url+"/debug/pprof/goroutine", "").status, "not unless a flag says so")
	assert.Equal(t, http.StatusOK, send(t, "GET", watchedServer(t, true)+"/debug/pprof/goroutine?debug=1", "").status)
}

func TestVersionTellsWhatIsBroken(t *testing.T) {
	text := decode(t, send(t, "POST", watchedServer(t, false)+"/mcp", callBody("clanker_version", `{}`)).body).Result.Content[0].Text
	assert.Contains(t, text, "PROBLEM  intents since 2026-03-14T14:02:11Z: intents/mine.yaml:3:5: unknown key (1 of 2)")
}
