package telemetry

import (
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"clanker/adapters"
	"clanker/router"
)

// What labels may say: anything else is counted as "other", so that no caller decides how many series there are.
var (
	statuses = []string{string(router.StatusOK), string(router.StatusPartial), string(router.StatusNoData), string(router.StatusNeedsInput),
		string(router.StatusUnsupported), string(router.StatusError), "denied", "invalid", "cancelled", "panic"}
	outcomes = []string{"ok", string(adapters.NotConfigured), string(adapters.NoCredentials), string(adapters.ExpiredCredentials),
		string(adapters.PermissionDenied), string(adapters.RateLimited), string(adapters.TimedOut), string(adapters.Unreachable),
		string(adapters.FeatureDisabled), string(adapters.Unsupported), string(adapters.Internal)}
	refusals = []string{"host", "origin", "crossSite", "contentType", "size", "json", "version", "rate", "concurrency", "user", "token", "session", "path", "method"}
	editable = []string{"config", "intents", "policies"}
)

const other = "other"

// Subject is what the metrics are about.
type Subject struct {
	Version, Commit  string
	Tools, Providers []string         // closed lists of their names
	Now              func() time.Time // time.Now when nil
}

// Metrics counts what the workspace does. All methods may be called concurrently, and on a nil *Metrics, which counts
// nothing.
type Metrics struct {
	registry                   *prometheus.Registry
	now                        func() time.Time
	tools, providers           []string
	calls, provided            *prometheus.CounterVec
	refused, reloads           *prometheus.CounterVec
	took, bytes, providedAfter *prometheus.HistogramVec
	running, sessions          prometheus.Gauge
	reloaded                   *prometheus.GaugeVec
}

// NewMetrics returns the metrics of one workspace, in a registry of their own.
func NewMetrics(s Subject) *Metrics {
	seconds := []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	if s.Now == nil {
		s.Now = time.Now
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(), now: s.Now, tools: slices.Clone(s.Tools), providers: slices.Clone(s.Providers),
		calls:         counter("clanker_calls_total", "Calls of tools that have ended, by how they ended.", "tool", "status"),
		took:          histogram("clanker_call_duration_seconds", "How long calls of tools took.", seconds, "tool"),
		bytes:         histogram("clanker_call_bytes", "Size of the answers to calls of tools.", prometheus.ExponentialBuckets(256, 4, 8), "tool"),
		running:       gauge("clanker_calls_running", "Calls of tools that are running."),
		provided:      counter("clanker_provider_calls_total", "Reads of providers that have ended, by how they ended.", "provider", "outcome"),
		providedAfter: histogram("clanker_provider_call_duration_seconds", "How long reads of providers took.", seconds, "provider"),
		refused:       counter("clanker_requests_refused_total", "Requests that were refused before any tool saw them, by what was wrong.", "reason"),
		sessions:      gauge("clanker_sessions_open", "MCP sessions that are open."),
		reloads:       counter("clanker_reloads_total", "Attempts to take over what was edited.", "what", "result"),
		reloaded: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "clanker_last_reload_success_timestamp_seconds",
			Help: "When what was edited was last taken over, in Unix time."}, []string{"what"}),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "clanker_build_info", Help: "Which clanker this is; always 1."}, []string{"version", "commit", "goversion"})
	info.WithLabelValues(s.Version, s.Commit, runtime.Version()).Set(1)
	m.registry.MustRegister(info, m.calls, m.took, m.bytes, m.running, m.provided, m.providedAfter, m.refused, m.sessions, m.reloads, m.reloaded,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.begin()
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

func histogram(name, help string, buckets []float64, label string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{label})
}

// begin counts from zero what an alert asks for: a series that begins with its first event has no rate.
func (m *Metrics) begin() {
	for _, tool := range m.tools {
		for _, status := range statuses {
			m.calls.WithLabelValues(tool, status)
		}
	}
	for _, provider := range m.providers {
		for _, outcome := range outcomes {
			m.provided.WithLabelValues(provider, outcome)
		}
	}
	for _, reason := range refusals {
		m.refused.WithLabelValues(reason)
	}
	for _, what := range editable {
		m.reloads.WithLabelValues(what, "success")
		m.reloads.WithLabelValues(what, "failure")
	}
}

func oneOf(list []string, value string) string {
	if slices.Contains(list, value) {
		return value
	}
	return other
}

// Call counts a call of a tool that has ended. The status is the answer's, or "denied", "invalid" (arguments that could
// not be read), "cancelled" or "panic". Bytes are those of the answer as sent.
func (m *Metrics) Call(tool, status string, took time.Duration, bytes int) {
	if m == nil {
		return
	}
	tool = oneOf(m.tools, tool)
	m.calls.WithLabelValues(tool, oneOf(statuses, status)).Inc()
	m.took.WithLabelValues(tool).Observe(took.Seconds())
	m.bytes.WithLabelValues(tool).Observe(float64(bytes))
}

// Running adds to the calls that are running: 1 when one begins, -1 when it ends.
func (m *Metrics) Running(delta int) {
	if m != nil {
		m.running.Add(float64(delta))
	}
}

// Provider counts a read of a provider that has ended. The outcome is "ok" or the [adapters.Reason] why not.
func (m *Metrics) Provider(provider, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	provider = oneOf(m.providers, provider)
	m.provided.WithLabelValues(provider, oneOf(outcomes, outcome)).Inc()
	m.providedAfter.WithLabelValues(provider).Observe(took.Seconds())
}

// Source counts the read of a provider that left this evidence.
func (m *Metrics) Source(s adapters.Source) {
	outcome := "ok"
	if s.Error != nil {
		outcome = string(s.Error.Reason)
	}
	m.Provider(s.Provider, outcome, s.Took)
}

// Refused counts a request that was refused before any tool saw it. The reason is one of those in the manual.
func (m *Metrics) Refused(reason string) {
	if m != nil {
		m.refused.WithLabelValues(oneOf(refusals, reason)).Inc()
	}
}

// Sessions says how many MCP sessions are open.
func (m *Metrics) Sessions(open int) {
	if m != nil {
		m.sessions.Set(float64(open))
	}
}

// Reloaded counts an attempt to take over what was edited: "config", "intents" or "policies". Err says why it failed.
func (m *Metrics) Reloaded(what string, err error) {
	if m == nil {
		return
	}
	what = oneOf(editable, what)
	if err != nil {
		m.reloads.WithLabelValues(what, "failure").Inc()
		return
	}
	m.reloads.WithLabelValues(what, "success").Inc()
	m.reloaded.WithLabelValues(what).Set(float64(m.now().UnixMilli()) / 1000)
}

// Handler serves the metrics to Prometheus. That of a nil *Metrics answers 404.
func (m *Metrics) Handler() http.Handler {
	if m == nil {
		return http.NotFoundHandler()
	}
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}
