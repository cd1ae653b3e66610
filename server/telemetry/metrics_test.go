package telemetry

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func metrics() *Metrics {
	return NewMetrics(Subject{Version: "1.2.3", Commit: "abc", Tools: []string{"clanker_version", "clanker_route_question"},
		Providers: []string{"kubernetes", "aws"}, Now: func() time.Time { return time.UnixMilli(1_700_000_000_500) }})
}

func TestMetricsCount(t *testing.T) {
	t.Parallel()
	m := metrics()
	m.Running(1)
	m.Running(1)
	m.Running(-1)
	m.Sessions(3)
	m.Call("clanker_version", "ok", 2*time.Millisecond, 300)
	m.Call("clanker_version", "panic", time.Minute, 0)
	m.Source(adapters.Source{Provider: "aws", Took: time.Second})
	m.Source(adapters.Source{Provider: "aws", Error: &adapters.SourceError{Reason: adapters.RateLimited}})
	m.Refused("crossSite")
	m.Reloaded("intents", nil)
	m.Reloaded("intents", errors.New("line 3"))
	page := scrape(t, m.Handler())
	for _, want := range []string{
		`clanker_calls_running 1`, `clanker_sessions_open 3`,
		`clanker_calls_total{status="ok",tool="clanker_version"} 1`,
		`clanker_calls_total{status="panic",tool="clanker_version"} 1`,
		`clanker_calls_total{status="error",tool="clanker_route_question"} 0`,
		`clanker_call_duration_seconds_bucket{tool="clanker_version",le="0.001"} 0`,
		`clanker_call_duration_seconds_bucket{tool="clanker_version",le="0.0025"} 1`,
		`clanker_call_duration_seconds_bucket{tool="clanker_version",le="30"} 1`,
		`clanker_call_duration_seconds_count{tool="clanker_version"} 2`,
		`clanker_call_bytes_sum{tool="clanker_version"} 300`,
		`clanker_provider_calls_total{outcome="ok",provider="aws"} 1`,
		`clanker_provider_calls_total{outcome="rateLimited",provider="aws"} 1`,
		`clanker_provider_calls_total{outcome="timeout",provider="kubernetes"} 0`,
		`clanker_provider_call_duration_seconds_sum{provider="aws"} 1`,
		`clanker_requests_refused_total{reason="crossSite"} 1`,
		`clanker_requests_refused_total{reason="host"} 0`,
		`clanker_reloads_total{result="success",what="intents"} 1`,
		`clanker_reloads_total{result="failure",what="intents"} 1`,
		`clanker_reloads_total{result="failure",what="config"} 0`,
		`clanker_last_reload_success_timestamp_seconds{what="intents"} 1.7000000005e+09`,
		`go_goroutines`, `process_start_time_seconds`,
	} {
		assert.Contains(t, page, "\n"+want)
	}
	assert.Regexp(t, `clanker_build_info\{commit="abc",goversion="go1\.[^"]+",version="1.2.3"\} 1`, page)
}

func scrape(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	assert.Equal(t, http.StatusOK, w.Code)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return string(body)
}

func TestMetricsAreWellNamed(t *testing.T) {
	t.Parallel()
	m := metrics()
	touchAll(m, "other")
	problems, err := testutil.GatherAndLint(m.registry)
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// touchAll puts a value into every label there is.
func touchAll(m *Metrics, value string) {
	m.Call(value, value, 0, 0)
	m.Provider(value, value, 0)
	m.Refused(value)
	m.Reloaded(value, nil)
	m.Reloaded(value, errors.New(value))
}

func TestNobodyMakesSeries(t *testing.T) {
	t.Parallel()
	m := metrics()
	touchAll(m, "other")
	before := testutil.CollectAndCount(m.registry)
	for i := range 10_000 {
		touchAll(m, fmt.Sprintf("hostile-%d\"}\n\xff\x00 ../{", i))
	}
	assert.Equal(t, before, testutil.CollectAndCount(m.registry))
	page := scrape(t, m.Handler())
	assert.NotContains(t, page, "hostile")
	assert.Contains(t, page, `clanker_calls_total{status="other",tool="other"} 10001`)
}

func TestNoMetricsCountNothing(t *testing.T) {
	t.Parallel()
	var m *Metrics
	assert.NotPanics(t, func() {
		touchAll(m, "ok")
		m.Source(adapters.Source{})
		m.Running(1)
		m.Sessions(1)
	})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	assert.Equal(t, http.StatusNotFound, w.Code)
}

func TestManyCountAtOnce(t *testing.T) {
	t.Parallel()
	m := metrics()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 500 {
				m.Running(1)
				m.Call("clanker_version", "ok", time.Millisecond, 10)
				m.Running(-1)
			}
			assert.Contains(t, scrape(t, m.Handler()), "clanker_calls_total")
		})
	}
	wait.Wait()
	page := scrape(t, m.Handler())
	assert.Contains(t, page, `clanker_calls_total{status="ok",tool="clanker_version"} 4000`)
	assert.Contains(t, page, "clanker_calls_running 0")
	assert.Equal(t, strings.Count(page, "\n# TYPE clanker_calls_total"), 1)
}

func BenchmarkCall(b *testing.B) {
	m := metrics()
	b.ReportAllocs()
	for b.Loop() {
		m.Running(1)
		m.Call("clanker_route_question", "ok", 12*time.Millisecond, 2310)
		m.Running(-1)
	}
}

func BenchmarkScrape(b *testing.B) {
	m := metrics()
	touchAll(m, "other")
	handler := m.Handler()
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}
}
