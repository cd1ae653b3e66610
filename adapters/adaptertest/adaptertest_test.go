package adaptertest

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func TestAGoodDriverPasses(t *testing.T) {
	h := harness()
	h.Open = func(_ *testing.T, f Fault) adapters.Adapter { return open(f) }
	Run(t, h)
}

// recorder is a tb that remembers.
type recorder struct {
	ctx      context.Context
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) FailNow()                 { runtime.Goexit() }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// record runs a check to its end, which FailNow may bring about.
func record(t *testing.T, c check, d adapters.Adapter) []string {
	r := &recorder{ctx: t.Context()}
	var wait sync.WaitGroup
	wait.Go(func() { c.run(r, d, harness()) })
	wait.Wait()
	return r.failures
}

// listing replaces what List does.
func listing(list func(m *memory, ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error)) func(*memory) {
	return func(m *memory) {
		m.list = func(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			return list(m, ctx, q)
		}
	}
}

// sourced edits the sources of every read.
func sourced(edit func(*adapters.Source)) func(*memory) {
	return func(m *memory) {
		list := m.list
		m.list = func(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			found, sources, err := list(ctx, q)
			for i := range sources {
				edit(&sources[i])
			}
			return found, sources, err
		}
	}
}

// ofQuery changes the query before the driver sees it, so that it reads something else than was asked for.
func ofQuery(edit func(*adapters.Query)) func(*memory) {
	return listing(func(m *memory, ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
		edit(&q)
		return m.filtered(ctx, q)
	})
}

func problem(p adapters.SourceError) func(*memory) { return func(m *memory) { m.failing(p) } }

func TestBrokenDriversAreCaught(t *testing.T) {
	var calls int
	tests := []struct {
		broken string
		check  string // by which it has to be caught
		breaks func(*memory)
	}{
		{"a name in capitals", "name", func(m *memory) { m.name = "Memory" }},
		{"unsorted kinds", "kinds", func(m *memory) { slices.Reverse(m.kinds) }},
		{"an undeclared kind", "kinds", func(m *memory) { m.kinds = m.kinds[:1] }},
		{"no connection", "connections", func(m *memory) { m.connections = nil }},
		{"a connection without a fix", "connections", func(m *memory) { m.connections[1].Problem.Fix = "" }},
		{"a connection as nobody", "connections", func(m *memory) { m.connections[0].Identity = "" }},
		{"an ID of its own", "identity", edited(func(r *adapters.Resource) { r.ID = "memory-" + r.Name })},
		{"no name", "identity", edited(func(r *adapters.Resource) { r.Name = "" })},
		{"another provider", "identity", edited(func(r *adapters.Resource) { r.Provider = "aws" })},
		{"an unknown environment", "identity", edited(func(r *adapters.Resource) { r.Scope.Environment = "prod" })},
		{"not observed", "observed", edited(func(r *adapters.Resource) { r.Observed = time.Time{} })},
		{"observed before the call", "observed", edited(func(r *adapters.Resource) { r.Observed = r.Observed.Add(-time.Minute) })},
		{"an invented health", "health", edited(func(r *adapters.Resource) { r.Health = "fine" })},
		{"unhealthy for no reason", "health", edited(func(r *adapters.Resource) { r.Reason = "" })},
		{"degraded since tomorrow", "health", edited(func(r *adapters.Resource) { r.Since = r.Observed.Add(time.Hour) })},
		{"an attribute of another type", "attributes", edited(func(r *adapters.Resource) { r.Attributes["replicas"] = 3 })},
		{"an attribute in camel case", "attributes", edited(func(r *adapters.Resource) { r.Attributes["instanceType"] = "x" })},
		{"an unknown metric", "metrics", edited(func(r *adapters.Resource) { r.Metrics["cpu"] = 1 })},
		{"a metric that is no number", "metrics", edited(func(r *adapters.Resource) { r.Metrics[adapters.MetricRestarts] = math.NaN() })},
		{"a percentage for a ratio", "metrics", edited(func(r *adapters.Resource) { r.Metrics[adapters.MetricCPUUtilization] = 62 })},
		{"a relation to a name", "relations", edited(func(r *adapters.Resource) {
			r.Relations = []adapters.Relation{{Type: adapters.RelationUses, Target: "web"}}
		})},
		{"an unknown relation", "relations", edited(func(r *adapters.Resource) {
			r.Relations = []adapters.Relation{{Type: "likes", Target: r.ID}}
		})},
		{"a link that is none", "link", edited(func(r *adapters.Resource) { r.Link = "console" })},
		{"a resource missing", "wanted", func(m *memory) { m.resources = func() []adapters.Resource { return pods(2) } }},
		{"a resource twice", "unique", func(m *memory) {
			m.resources = func() []adapters.Resource { return append(deploymentAndPod(), deploymentAndPod()...) }
		}},
		{"an ID that changes", "stable", edited(func(r *adapters.Resource) { calls++; r.ID += fmt.Sprint(calls) })},
		{"a clock among what is compared", "unchanged", edited(func(r *adapters.Resource) { r.Attributes["clock"] = time.Now().String() })},
		{"names compared by case", "filters", listing(func(m *memory, ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			found, sources, err := m.filtered(ctx, q)
			return slices.DeleteFunc(found, func(r adapters.Resource) bool { return q.Name != "" && r.Name != q.Name }), sources, err
		})},
		{"too little for a namespace", "filters", listing(func(m *memory, ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			found, sources, err := m.filtered(ctx, q)
			if q.Scope.Namespace != "" {
				found = found[1:]
			}
			return found, sources, err
		})},
		{"kinds that exclude each other's", "filters", ofQuery(func(q *adapters.Query) {
			if len(q.Kinds) > 0 {
				q.Kinds = []adapters.Kind{adapters.KindDeployment}
			}
		})},
		{"nothing is an error", "nothing", listing(func(m *memory, ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			found, sources, err := m.filtered(ctx, q)
			if len(found) == 0 {
				err = &adapters.SourceError{Reason: adapters.Internal, Detail: "not found"}
			}
			return found, sources, err
		})},
		{"fewer names than resources", "names only", ofQuery(func(q *adapters.Query) {
			if q.NamesOnly {
				q.Kinds = []adapters.Kind{adapters.KindPod}
			}
		})},
		{"no evidence", "sources", listing(func(m *memory, ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			found, _, err := m.filtered(ctx, q)
			return found, nil, err
		})},
		{"a source without a call", "sources", sourced(func(s *adapters.Source) { s.Call = "" })},
		{"a source of nobody", "sources", sourced(func(s *adapters.Source) { s.Identity = "" })},
		{"a source at no time", "sources", sourced(func(s *adapters.Source) { s.At = time.Time{} })},
		{"a source that took no time", "sources", sourced(func(s *adapters.Source) { s.Took = 0 })},
		{"a source that does not count", "sources", sourced(func(s *adapters.Source) { s.Count = 0 })},
		{"invented data unmarked", "workspace", func(m *memory) { m.connections[0].Demo = true }},
		{"deaf to cancellation", "cancelled", listing(func(m *memory, ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			return m.filtered(context.WithoutCancel(ctx), q)
		})},
		{"lost under load", "concurrent", failsAfter(1)},
		{"state handed out and written again", "kept", func(m *memory) {
			held, reads := deploymentAndPod(), 0
			m.resources = func() []adapters.Resource {
				reads++
				held[0].Attributes["image"] = fmt.Sprintf("web:%d", reads)
				return slices.Clone(held)
			}
		}},
		{"the first page only", "paging", func(m *memory) { m.resources = func() []adapters.Resource { return pods(2) } }},
		{"a page twice", "paging", func(m *memory) {
			m.resources = func() []adapters.Resource { return append(pods(3), pods(2)...) }
		}},
		{"a change without a field", "changes", func(m *memory) { m.changes[0].Field = "" }},
		{"a change of a text", "changes", func(m *memory) { m.changes[0].Field = "Image of web" }},
		{"the oldest first", "changes sorted", func(m *memory) { slices.Reverse(m.changes) }},
		{"the value of a variable", "values", func(m *memory) { m.changes[0].Field, m.changes[0].After = "env.MODE", marker }},
		{"a change that is none", "changes", func(m *memory) { m.changes[0].Before = m.changes[0].After }},
		{"a change to come", "changes", func(m *memory) { m.changes[0].At = time.Now().Add(time.Hour) }},
		{"changes since ever", "changes since", func(m *memory) { m.since = false }},
		{"two lines in one", "logs", func(m *memory) {
			m.logs = func(q adapters.Query) []adapters.LogLine { return logLines("a/b/c", time.Now(), q, "one\ntwo") }
		}},
		{"a log that ignores its filter", "logs filtered", func(m *memory) {
			m.logs = func(adapters.Query) []adapters.LogLine {
				return logLines("a/b/c", time.Now().Add(-time.Minute), adapters.Query{}, "one", "two")
			}
		}},
		{"denied without the permission", "denied", problem(adapters.SourceError{Reason: adapters.PermissionDenied, Fix: "grant it"})},
		{"denied as unreachable", "denied", problem(adapters.SourceError{Reason: adapters.Unreachable})},
		{"denied as empty", "denied", listing(func(m *memory, _ context.Context, _ adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			return nil, []adapters.Source{m.source(0, nil)}, nil
		})},
		{"expired without a fix", "expired", problem(adapters.SourceError{Reason: adapters.ExpiredCredentials})},
		{"expired as a plain error", "expired", listing(func(*memory, context.Context, adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			return nil, nil, fmt.Errorf("401")
		})},
		{"throttled for how long", "throttled", problem(adapters.SourceError{Reason: adapters.RateLimited, RetryAfter: time.Second})},
		{"all lost for one", "partial", listing(func(m *memory, _ context.Context, _ adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
			return nil, nil, &adapters.SourceError{Reason: adapters.Unreachable}
		})},
		{"half without a word", "partial", func(m *memory) { m.list = m.filtered }},
		{"late, and whole", "slow", func(m *memory) { m.list = m.filtered }},
		{"deaf to its deadline", "slow", func(m *memory) {
			m.list = func(ctx context.Context, _ adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
				<-time.After(prompt)
				return nil, nil, ctx.Err()
			}
		}},
		{"slow without a word", "deadline", func(m *memory) { m.list = m.filtered }},
		{"a secret in a name", "canaries", edited(func(r *adapters.Resource) { r.Scope.Account = marker })},
	}
	caught := map[string]bool{}
	for _, test := range tests {
		t.Run(test.broken, func(t *testing.T) {
			i := slices.IndexFunc(checks(), func(c check) bool { return c.name == test.check })
			require.GreaterOrEqual(t, i, 0, "no check %q", test.check)
			c := checks()[i]
			caught[c.name] = true
			require.Empty(t, record(t, c, open(c.fault)), "the driver fails before it is broken")
			driver := open(c.fault)
			test.breaks(driver)
			assert.NotEmpty(t, record(t, c, driver), "not caught")
		})
	}
	for _, c := range checks() {
		assert.True(t, caught[c.name], "no broken driver shows that the check %q can fail", c.name)
	}
}

// failsAfter lets a few reads through.
func failsAfter(n int) func(*memory) {
	var mu sync.Mutex
	return listing(func(m *memory, ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
		mu.Lock()
		defer mu.Unlock()
		if n--; n < 0 {
			return nil, nil, fmt.Errorf("too many readers")
		}
		return m.filtered(ctx, q)
	})
}

func TestRunNamesWhatItLeavesOut(t *testing.T) {
	opened := map[Fault]bool{}
	h := harness()
	h.Faults = []Fault{Denied}
	h.Open = func(_ *testing.T, f Fault) adapters.Adapter { opened[f] = true; return open(f) }
	Run(t, h)
	assert.Equal(t, map[Fault]bool{None: true, Denied: true}, opened)
}

func TestSecretsFitLabels(t *testing.T) {
	for _, s := range Secrets() {
		assert.Contains(t, strings.ToLower(s.Value), marker)
		assert.Equal(t, len(s.Value) <= 63 && !strings.ContainsAny(s.Value, " :/=@\n"), s.Label, s.Key)
	}
}
