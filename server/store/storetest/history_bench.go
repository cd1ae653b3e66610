package storetest

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
	"clanker/server/store"
)

// HistoryBench measures what it costs to keep what was observed and answered, and to look it up among a million of each.
func HistoryBench(b *testing.B, place func(testing.TB) Place) {
	for _, size := range []int{100, 1000, 10_000} {
		for _, percent := range []int{0, 1} {
			b.Run(fmt.Sprintf("record/%d/changed=%d%%", size, percent), func(b *testing.B) { benchRecord(b, place(b), size, percent) })
		}
	}
	b.Run("keep", func(b *testing.B) { benchKeep(b, place(b)) })
	b.Run("million", func(b *testing.B) { benchMillion(b, place(b)) })
}

// raw opens the database of a place beside the store.
func (p Place) raw(t testing.TB) *sql.DB {
	t.Helper()
	driver, name := "sqlite", filepath.Join(p.Dir, "clanker.db")
	if p.Database != "" {
		driver, name = "pgx", p.Database
	}
	db, err := sql.Open(driver, name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// bytes is how big the database is.
func (p Place) bytes(t testing.TB) (n int64) {
	t.Helper()
	query := `SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size`
	if p.Database != "" {
		query = `SELECT pg_database_size(current_database())`
	}
	require.NoError(t, p.raw(t).QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

// estate is a cluster with so many pods in ten namespaces, as big in JSON as real ones.
func estate(size int) []adapters.Resource {
	resources := make([]adapters.Resource, size)
	for i := range resources {
		name := fmt.Sprintf("web-%d-6f7d8c9b5f-%05d", i%100, i)
		scope := adapters.Scope{Cluster: "prod", Namespace: fmt.Sprint("team-", i%10), Environment: "production"}
		r := adapters.Resource{ID: adapters.NewID("kubernetes", adapters.KindPod, scope, name), Provider: "kubernetes", Kind: adapters.KindPod, Name: name, Scope: scope,
			Health: adapters.HealthHealthy, Labels: map[string]string{"app": fmt.Sprint("web-", i%100), "team": "web", "pod-template-hash": "6f7d8c9b5f"},
			Attributes: map[string]any{"images": []string{"registry.example.com/shop/web:v1.2.3"}, "containers": []string{"web"}, "phase": "Running",
				"node": fmt.Sprintf("ip-10-0-%d-23.ec2.internal", i%50), "created": "2026-11-23T09:00:00Z", "restarts": 0.0},
			Metrics:   map[string]float64{"cpu.usage": 0.1, "memory.usage": 1e8},
			Relations: []adapters.Relation{{Type: adapters.RelationOwnedBy, Target: fmt.Sprintf("kubernetes/prod/team-%d/deployment/web-%d", i%10, i%100)}}}
		resources[i] = r
	}
	return resources
}

// benchRecord records an estate again and again while a part of it changes each time.
func benchRecord(b *testing.B, p Place, size, percent int) {
	s := p.Open(b)
	resources := estate(size)
	record := func(minutes int) {
		_, err := s.Record(b.Context(), saw(float64(minutes), all, resources...))
		require.NoError(b, err)
	}
	began := time.Now()
	record(0)
	first := time.Since(began)
	before := p.bytes(b)
	n := 0
	for b.Loop() {
		n++
		for i := range size * percent / 100 {
			resources[(n*size*percent/100+i)%size].Attributes["phase"] = fmt.Sprint("phase ", n)
		}
		record(n)
	}
	b.ReportMetric(float64(p.bytes(b)-before)/float64(n), "bytes/op")
	b.ReportMetric(float64(first.Microseconds())/1000, "ms-first")
}

// benchKeep keeps looks of a question whose answer stays the same, in turns with writing as much to the disk at once.
func benchKeep(b *testing.B, p Place) {
	s := p.Open(b)
	l := router.Look{Asker: "claude", Question: "are all services in production healthy?", Key: "health.services production", Read: []router.Glance{{Query: deployments}},
		Subject: router.Subject{Intent: "health.services", Slots: map[string]any{"environment": "production"}}}
	for i := range 20 {
		l.Listed = append(l.Listed, fmt.Sprintf("kubernetes/prod/shop/deployment/web-%d", i))
	}
	file, err := os.Create(filepath.Join(p.Dir, "fsync"))
	require.NoError(b, err)
	b.Cleanup(func() { _ = file.Close() })
	page := make([]byte, 4096)
	before, n := p.bytes(b), 0
	var keeping, syncing time.Duration
	for b.Loop() {
		n++
		l.AnswerID, l.At, l.Read[0].At = fmt.Sprintf("01M83P2B3MQ8F6SJ%010d", n), At(float64(n)), adapters.Position(n/100)
		began := time.Now()
		require.NoError(b, s.Keep(b.Context(), l))
		keeping += time.Since(began)
		began = time.Now()
		_, err := file.WriteAt(page, 0)
		require.NoError(b, err)
		require.NoError(b, file.Sync())
		syncing += time.Since(began)
	}
	b.ReportMetric(float64(keeping.Nanoseconds())/float64(n), "ns-keep")
	b.ReportMetric(float64(syncing.Nanoseconds())/float64(n), "ns-fsync")
	b.ReportMetric(float64(p.bytes(b)-before)/float64(n), "bytes/op")
}

// million fills the store as if each of 10,000 resources had changed a hundred times, a million times in all, and 50 askers
// had asked 1,000 questions a million times: over 90 days.
func million(b *testing.B, p Place, s *store.Store) {
	b.Helper()
	_, err := s.Record(b.Context(), saw(0, all, estate(10_000)...))
	require.NoError(b, err)
	require.NoError(b, s.Keep(b.Context(), router.Look{AnswerID: "first", Asker: "agent-7", Key: "question-7", At: At(0)}))
	db := p.raw(b)
	const series = `WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) `
	first, step := At(1).UnixMicro(), (90 * 24 * time.Hour / 1_000_000).Microseconds()
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO versions (seq, resource, at, earliest, content) `+series+`SELECT 10000 + i, 1 + i %% 10000, %d + %d * i, %d + %d * i, 1 + i %% 10000 FROM n`, first, step, first-60_000_000, step),
		`INSERT INTO changes (seq, field, was, now) ` + series + `SELECT 10000 + i, CASE WHEN i % 7 = 0 THEN 'health' ELSE 'phase' END, '"healthy"', '"degraded"' FROM n`,
		fmt.Sprintf(`INSERT INTO looks (seq, answer, asker, key, at, content, reads) `+series+`SELECT 1 + i, 'answer-' || i, 'agent-' || (i %% 50),
			CASE WHEN i %% 1000 = 7 THEN (SELECT key FROM looks WHERE answer = 'first') ELSE i %% 1000 END, %d + %d * i,
			(SELECT content FROM looks WHERE answer = 'first'), '[]' FROM n`, first, step),
		`UPDATE history SET seq = 1010000`,
		fmt.Sprintf(`UPDATE resources SET since = 1, seq = 1000000 + num, at = %d`, first+1_000_000*step),
		`ANALYZE`,
	} {
		_, err := db.ExecContext(b.Context(), statement)
		require.NoError(b, err)
	}
}

func benchMillion(b *testing.B, p Place) {
	s := p.Open(b)
	million(b, p, s)
	for _, test := range lookups(b, s) {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				n, err := test.do()
				require.NoError(b, err)
				b.ReportMetric(float64(n), "rows")
			}
		})
	}
}

// lookup is one that is measured; it returns how many rows it found.
type lookup struct {
	name string
	do   func() (int, error)
}

func lookups(b *testing.B, s *store.Store) []lookup {
	var ids []string
	for _, r := range estate(20) {
		ids = append(ids, r.ID)
	}
	team, name := adapters.Query{Scope: adapters.Scope{Namespace: "team-3"}}, adapters.Query{Name: "web-7"}
	between := func(q adapters.Query, width adapters.Position) func() (int, error) {
		return func() (int, error) {
			changes, err := s.Between(b.Context(), []adapters.Query{q}, 1_010_000-width, 1_010_000)
			return len(changes), err
		}
	}
	look := func(w router.Which) func() (int, error) {
		return func() (int, error) {
			_, ok, err := s.Look(b.Context(), w)
			require.True(b, ok)
			return 1, err
		}
	}
	return []lookup{
		{"delta/100 changes since/of a team", between(team, 100)},
		{"delta/10,000 changes since/of a team", between(team, 10_000)},
		{"delta/all changes/of a workload", between(name, 1_000_000)},
		{"delta/all changes/of a team", between(team, 1_000_000)},
		{"timeline/a day/of all", func() (int, error) {
			changes, err := s.Changes(b.Context(), adapters.Query{Since: At(1).Add(89 * 24 * time.Hour)})
			return len(changes), err
		}},
		{"timeline/last of each/of a team", func() (int, error) {
			changes, err := s.Changes(b.Context(), team)
			return len(changes), err
		}},
		{"look/by id", look(router.Which{AnswerID: "answer-500000"})}, {"look/of an asker", look(router.Which{Asker: "agent-7"})},
		{"look/of an asker at a question", look(router.Which{Asker: "agent-7", Key: "question-7"})}, {"look/of nobody at a question", look(router.Which{Key: "question-7"})},
		{"position", func() (int, error) {
			_, _, err := s.PositionAt(b.Context(), At(60*24*45))
			return 1, err
		}},
		{"sightings", func() (int, error) {
			found, err := s.Sightings(b.Context(), ids)
			return len(found), err
		}},
		{"stats", func() (int, error) {
			_, err := s.Stats(b.Context())
			return 1, err
		}},
	}
}
