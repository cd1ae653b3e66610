//go:build e2e

package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/approvaltest"
	"clanker/policies/approval/verify"
	"clanker/server/store"
	"clanker/server/store/pgtest"
	"clanker/server/store/storetest"
)

// shared returns a function that makes places in a server, each with a database and a folder of its own.
func shared(server *pgtest.Server) func(testing.TB) storetest.Place {
	return func(t testing.TB) storetest.Place {
		p := storetest.Folder(t)
		p.Database = server.Database()
		return p
	}
}

// beside is another workspace that shares the database.
func beside(t testing.TB, p storetest.Place) storetest.Place {
	return storetest.Place{Dir: storetest.Folder(t).Dir, Database: p.Database}
}

func TestConformanceOfPostgres(t *testing.T) {
	t.Parallel()
	storetest.Conformance(t, shared(pgtest.New(t)))
}

func BenchmarkAppendToPostgres(b *testing.B) { appends(b, shared(pgtest.New(b))(b)) }

func BenchmarkReserveInPostgres(b *testing.B) { reserves(b, shared(pgtest.New(b))(b)) }

func TestTortureByTeams(t *testing.T) {
	t.Parallel()
	p := shared(pgtest.New(t))(t)
	raceAll(t, p, beside(t, p))
	joined := map[string]bool{}
	for e, err := range p.Read(t).Entries(t.Context(), 1) {
		require.NoError(t, err)
		body, err := e.Read()
		require.NoError(t, err)
		if b, ok := body.(*approval.Opened); ok {
			joined[b.Key] = true
		}
	}
	assert.Len(t, joined, 2)
}

// Two workspaces write one log. Each signs with its own key, and a key that was not expected does not pass.
func TestTeam(t *testing.T) {
	t.Parallel()
	one := shared(pgtest.New(t))(t)
	one.Tell(t)
	second := beside(t, one).Open(t)
	for range approval.Unsealed {
		_, err := second.Append(t.Context(), approval.Event{Type: approval.EventRefused, Body: approval.Refused{Why: "nothing of the kind"}})
		require.NoError(t, err)
	}
	report := one.Verify(t)
	require.Equal(t, approval.Fingerprint(second.Key()), report.Keys[1], "it joined by itself before it first signed")
	r := one.Read(t)
	for _, test := range []struct {
		keys []string
		why  string
	}{{report.Keys, ""}, {report.Keys[:1], "was expected"}, {report.Keys[1:], "was expected"}} {
		report, err := verify.Log(t.Context(), r.Entries(t.Context(), 1), verify.Options{Signatures: storetest.Signatures, Keys: test.keys})
		require.NoError(t, err)
		if test.why == "" {
			require.Nil(t, report.FirstBreak)
		} else {
			require.ErrorContains(t, report.FirstBreak, test.why)
		}
	}
	assert.ErrorContains(t, r.Backup(t.Context(), filepath.Join(t.TempDir(), "copy")), "pg_dump")
}

func TestPostgresRefuses(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	p := shared(server)(t)
	_, err := store.OpenReadOnly(t.Context(), p.Dir, store.Options{Database: p.Database})
	require.ErrorContains(t, err, "start the workspace once")
	s := p.Open(t)
	storetest.Create(t, s, "a")
	_, err = s.Update(t.Context(), "a", approval.Pending, func(r *approval.Request) ([]approval.Event, error) {
		r.Words = []approval.Word{{Nonce: "n", Statement: []byte("{}")}}
		return []approval.Event{approvaltest.Closed("a", approval.Stale)}, nil
	})
	require.NoError(t, err)
	for _, statement := range []string{
		`UPDATE entries SET body = '{}'`, `DELETE FROM entries`, `TRUNCATE entries CASCADE`, `INSERT INTO entries VALUES (9, '', '', '', '', '')`,
		`DELETE FROM requests`, `DELETE FROM nonces`, `UPDATE nonces SET nonce = 'm'`, `TRUNCATE nonces`,
	} {
		assert.Error(t, server.Execute("db1", statement), statement)
	}
	require.NoError(t, server.Execute("db1", `UPDATE schema_version SET version = 99`))
	_, err = p.TryOpen(t)
	assert.ErrorContains(t, err, "run the newer clanker")
	p.Database = strings.Replace(p.Database, "postgres@", "postgres:hunter2@", 1)
	_, err = p.TryOpen(t)
	assert.ErrorContains(t, err, "PGPASSWORD")
	assert.NotContains(t, err.Error(), "hunter2")
}

// A database that does not answer keeps nobody waiting for long.
func TestPostgresHangs(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	p := shared(server)(t)
	storetest.Create(t, p.Open(t), "a")
	s, err := store.Open(t.Context(), p.Dir, store.Options{Database: p.Database, Patience: 2 * time.Second})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	release := server.Hold("db1", `BEGIN; LOCK TABLE entries IN ACCESS EXCLUSIVE MODE`)
	for _, ask := range []func() error{
		func() error { _, err := s.Head(t.Context()); return err },
		func() error {
			_, err := s.Append(t.Context(), approval.Event{Type: approval.EventMerged, Body: approval.Merged{Proposal: "a"}})
			return err
		},
	} {
		assert.ErrorContains(t, ask(), "the database does not answer")
	}
	release()
	storetest.Create(t, s, "b")
	assert.Equal(t, map[string]int{approval.EventProposed: 2}, storetest.Chain(t, s.Reader), "what was given up is not there")
}

// A program of an older schema keeps a newer one from taking it forward.
func TestPostgresUpgradeWaits(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	p := shared(server)(t)
	s := p.Open(t)
	storetest.Create(t, s, "a")
	// Later versions are as good as the first for this: what they made is taken away.
	require.NoError(t, server.Execute("db1", `DROP TABLE history, contents, resources, versions, changes, queries, looks, spend, investigations; UPDATE schema_version SET version = 1`))
	release := server.Hold("db1", `SELECT pg_advisory_lock_shared(1668047214, 101)`)
	_, err := p.TryOpen(t)
	require.ErrorContains(t, err, "an older clanker is running")
	release()
	again := p.Open(t)
	_, err = again.Get(t.Context(), "a")
	assert.NoError(t, err)
}

// Whatever the server does, what was said to be kept is, once, and the processes find each other again.
func TestPostgresStopsAndStarts(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	p := shared(server)(t)
	s, other := p.Open(t), beside(t, p).Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	load := &load{said: map[string]bool{}}
	for i, s := range []*store.Store{s, other, s, other} {
		load.wait.Go(func() { load.run(ctx, t, s, i) })
	}
	for _, stop := range []func(){server.Stop, server.Crash} {
		load.reaches(t, 50)
		stop()
		began := time.Now()
		_, err := s.Head(t.Context())
		assert.ErrorContains(t, err, "the database")
		_, err = s.Append(t.Context(), approval.Event{Type: approval.EventMerged, Body: approval.Merged{Proposal: "x"}})
		assert.Error(t, err)
		assert.Less(t, time.Since(began), 30*time.Second)
		server.Start()
		alive, err := s.Alive(t.Context(), other.Instance())
		assert.True(t, err != nil || alive, "nobody is taken for dead")
	}
	load.reaches(t, 50)
	cancel()
	load.wait.Wait()
	still, err := s.Snapshot(t.Context()) // what was cancelled may be kept yet
	require.NoError(t, err)
	entries := storetest.Chain(t, still)
	requests, err := still.List(t.Context(), approval.Filter{})
	require.NoError(t, errors.Join(err, still.Close()))
	kept := map[string]bool{}
	for _, r := range requests {
		kept[r.ID] = true
	}
	for id := range load.said {
		assert.True(t, kept[id], "%s was said to be kept", id)
	}
	assert.Equal(t, len(requests), entries[approval.EventProposed])
	storetest.Gone(t, s, "2-AAAAAAAAAAAAAAAAAAAAAAAAAA") // by now all who live have come back
	alive, err := s.Alive(t.Context(), other.Instance())
	require.NoError(t, err)
	assert.True(t, alive)
}

// load makes requests, and takes note of those that it was told are kept.
type load struct {
	wait sync.WaitGroup
	mu   sync.Mutex
	said map[string]bool
}

func (l *load) run(ctx context.Context, t *testing.T, s *store.Store, worker int) {
	for i := 0; ctx.Err() == nil; i++ {
		r := approvaltest.Request(fmt.Sprintf("%d-%d", worker, i), now())
		began := time.Now()
		err := s.Create(ctx, r, approvaltest.Proposed(r))
		assert.Less(t, time.Since(began), 30*time.Second)
		l.mu.Lock()
		if err == nil {
			l.said[r.ID] = true
		}
		l.mu.Unlock()
	}
}

// reaches waits until so many more are kept.
func (l *load) reaches(t *testing.T, more int) {
	count := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.said)
	}
	goal := count() + more
	require.Eventually(t, func() bool { return count() >= goal }, storetest.Patience, 10*time.Millisecond)
}
