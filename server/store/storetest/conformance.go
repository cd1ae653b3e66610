package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/approvaltest"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/verify"
	"clanker/server/store"
)

// Conformance holds a store to what it promises of the ledger, the audit log, what models cost and the processes that share it.
// Place returns an empty one.
func Conformance(t *testing.T, place func(testing.TB) Place) {
	t.Run("keeper", func(t *testing.T) {
		t.Parallel()
		approvaltest.Keeper(t, func(t *testing.T) approval.Keeper { return place(t).Open(t) })
	})
	t.Run("books", func(t *testing.T) {
		t.Parallel()
		Spending(t, func(t testing.TB) (one, other *store.Store) {
			p := place(t)
			return p.Open(t), p.Open(t)
		})
	})
	for _, test := range []struct {
		name string
		run  func(*testing.T, Place)
	}{
		{"spends", spends}, {"story", story}, {"checkpoints", checkpoints}, {"policies", policiesStay}, {"snapshot", snapshot}, {"presence", present}, {"lead", lead},
		{"several at once", several}, {"opened at once", openedAtOnce}, {"nothing hangs", nothingHangs},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, place(t))
		})
	}
}

// Signatures verifies what people signed in a story.
func Signatures(o approval.Opened) approval.Verifier {
	return identity.Verifier{Origin: o.Origin, RPID: "localhost", Development: o.Development}
}

// Verify wants a log that holds, and a ledger that agrees with it.
func (p Place) Verify(t testing.TB) verify.Report {
	t.Helper()
	now, err := p.Read(t).Snapshot(t.Context())
	require.NoError(t, err)
	report, err := verify.Log(t.Context(), now.Entries(t.Context(), 1), verify.Options{Signatures: Signatures})
	require.NoError(t, err)
	require.Nil(t, report.FirstBreak)
	requests, err := now.List(t.Context(), approval.Filter{})
	require.NoError(t, err)
	assert.Nil(t, report.Differs(requests))
	require.NoError(t, now.Close())
	return report
}

func story(t *testing.T, p Place) {
	p.Tell(t)
	report := p.Verify(t)
	assert.Positive(t, report.Executions)
	assert.Equal(t, report.Head.Seq, report.Sealed+1)
}

// A checkpoint comes by itself: after a hundred entries, after a command has ended, and at the end.
func checkpoints(t *testing.T, p Place) {
	s, err := p.TryOpen(t)
	require.NoError(t, err)
	_, err = s.Append(t.Context(), approval.Event{Type: approval.EventStarted, Body: approval.Opened{Key: s.Key()}})
	require.NoError(t, err)
	for i := range approval.Unsealed {
		Create(t, s, fmt.Sprint(i))
	}
	for _, step := range []struct{ from, to approval.State }{{approval.Pending, approval.Approved}, {approval.Approved, approval.Running}} {
		_, err = s.Update(t.Context(), "7", step.from, Move(approvaltest.Closed("7", step.to), step.to))
		require.NoError(t, err)
	}
	_, err = s.Update(t.Context(), "7", approval.Running, Move(approval.Event{Type: approval.EventEnded, Body: approval.Ended{Proposal: "7"}}, approval.Succeeded))
	require.NoError(t, err)
	Create(t, s, "last")
	require.NoError(t, s.Close())
	var at []int64
	for e, err := range p.Read(t).Entries(t.Context(), 1) {
		require.NoError(t, err)
		if e.Type == approval.EventCheckpoint {
			at = append(at, e.Seq)
		}
	}
	assert.Equal(t, []int64{101, 106, 108}, at)
}

func policiesStay(t *testing.T, p Place) {
	s := p.Open(t)
	pinned, err := s.Pinned(t.Context())
	require.NoError(t, err)
	assert.Empty(t, pinned)
	one, two := map[string][]byte{"a.rego": []byte("# \x1b")}, map[string][]byte{"a.rego": []byte("# two")}
	for _, step := range []struct {
		revision string
		files    map[string][]byte
	}{{"1", one}, {"2", two}, {"1", one}} {
		require.NoError(t, s.PutPolicies(t.Context(), step.revision, step.files, "r"))
		pinned, err := s.Pinned(t.Context())
		require.NoError(t, err)
		assert.Equal(t, step.revision, pinned)
		files, err := s.Policies(t.Context(), step.revision)
		require.NoError(t, err)
		assert.Equal(t, step.files, files)
	}
	_, err = s.Policies(t.Context(), "3")
	assert.ErrorIs(t, err, approval.ErrNotFound)
	assert.ErrorContains(t, s.PutPolicies(t.Context(), "3", map[string][]byte{"a": {0xff}}, ""), "not UTF-8")
}

func snapshot(t *testing.T, p Place) {
	s := p.Open(t)
	Create(t, s, "a")
	r := p.Read(t)
	then, err := r.Snapshot(t.Context())
	require.NoError(t, err)
	before, err := then.Head(t.Context())
	require.NoError(t, err)
	Create(t, s, "b")
	still, err := then.Head(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before, still, "a snapshot stands still")
	require.NoError(t, then.Close())
	now, err := r.Head(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2, now.Seq, "a reader goes with the workspace")
	assert.Equal(t, s.Key(), p.Open(t).Key(), "the key stays")
}

// Gone waits until a process is not alive any more for another.
func Gone(t testing.TB, s *store.Store, instance string) {
	t.Helper()
	require.Eventually(t, func() bool {
		alive, err := s.Alive(t.Context(), instance)
		return err == nil && !alive
	}, 20*time.Second, 20*time.Millisecond, "%s is still alive", instance)
}

func present(t *testing.T, p Place) {
	s, other := p.Open(t), p.Open(t)
	third, err := p.TryOpen(t)
	require.NoError(t, err)
	assert.NotEqual(t, s.Instance(), other.Instance())
	for _, one := range []*store.Store{s, other, third} {
		for _, another := range []*store.Store{s, other, third} {
			alive, err := one.Alive(t.Context(), another.Instance())
			require.NoError(t, err)
			assert.True(t, alive)
		}
	}
	require.NoError(t, third.Close())
	Gone(t, s, third.Instance())
	Gone(t, s, "1-AAAAAAAAAAAAAAAAAAAAAAAAAA")
	alive, err := s.Alive(t.Context(), other.Instance())
	require.NoError(t, err)
	assert.True(t, alive)
	_, err = s.Alive(t.Context(), "../clanker")
	assert.ErrorContains(t, err, "no name of one")
}

func lead(t *testing.T, p Place) {
	s, other := p.Open(t), p.Open(t)
	pid, err := s.Holder()
	require.NoError(t, err)
	assert.Zero(t, pid)
	release, ok, err := s.Lead()
	require.NoError(t, err)
	require.True(t, ok)
	for range 3 {
		_, ok, err = other.Lead()
		require.NoError(t, err)
		require.False(t, ok, "one leads")
	}
	require.NoError(t, release())
	release, ok, err = other.Lead()
	require.NoError(t, err)
	require.True(t, ok, "and then another")
	require.NoError(t, release())
}

// several lets many write through stores of their own: each move is made once, and the chain is whole.
func several(t *testing.T, p Place) {
	const stores, requests = 4, 30
	var won atomic.Int64
	var wait sync.WaitGroup
	for range stores {
		s := p.Open(t)
		_, err := s.Append(t.Context(), approval.Event{Type: approval.EventStarted, Body: approval.Opened{Key: s.Key()}})
		require.NoError(t, err)
		wait.Go(func() {
			for i := range requests {
				won.Add(wins(t, s, fmt.Sprint(i)))
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 2*requests, won.Load(), "each is made once and moved once")
	Chain(t, p.Read(t))
}

// wins tries to make a request and to move it, and returns how much of that it was who did.
func wins(t *testing.T, s *store.Store, id string) (n int64) {
	r := approvaltest.Request(id, approvaltest.Noon())
	if err := s.Create(t.Context(), r, approvaltest.Proposed(r)); err == nil {
		n++
	}
	_, err := s.Update(t.Context(), id, approval.Pending, func(r *approval.Request) ([]approval.Event, error) {
		r.State, r.Words = approval.Rejected, []approval.Word{{Nonce: "n" + id, Statement: []byte("{}")}}
		return []approval.Event{approvaltest.Closed(id, approval.Rejected)}, nil
	})
	if !errors.Is(err, approval.ErrMoved) {
		assert.NoError(t, err)
		n++
	}
	return n
}

// Chain wants entries that follow each other, and returns how many there are of each type.
func Chain(t testing.TB, r *store.Reader) map[string]int {
	t.Helper()
	count := map[string]int{}
	var head approval.Head
	for e, err := range r.Entries(t.Context(), 1) {
		require.NoError(t, err)
		sum, err := e.Sum()
		require.NoError(t, err)
		require.Equal(t, approval.Entry{Seq: head.Seq + 1, Prev: head.Hash, Hash: sum, At: e.At, Type: e.Type, Body: e.Body}, e)
		head = e.Head()
		count[e.Type]++
	}
	return count
}

// openedAtOnce opens an empty place by many at once: they agree on one key and one schema.
func openedAtOnce(t *testing.T, p Place) {
	const many = 6
	stores, failures := make([]*store.Store, many), make([]error, many)
	var wait sync.WaitGroup
	for i := range many {
		wait.Go(func() { stores[i], failures[i] = p.TryOpen(t) })
	}
	wait.Wait()
	for i, s := range stores {
		require.NoError(t, failures[i])
		assert.Equal(t, stores[0].Key(), s.Key())
		Create(t, s, fmt.Sprint(i))
		defer func() { assert.NoError(t, s.Close()) }()
	}
	assert.Equal(t, many, Chain(t, stores[0].Reader)[approval.EventProposed])
}

// nothingHangs lets one writer keep its turn: the others are told in time, and go on afterwards.
func nothingHangs(t *testing.T, p Place) {
	s, other := p.Open(t), p.Open(t)
	Create(t, s, "a")
	ctx, cancel := context.WithCancel(t.Context())
	inside, over := make(chan struct{}), make(chan error)
	go func() {
		_, err := s.Update(ctx, "a", approval.Pending, func(*approval.Request) ([]approval.Event, error) {
			close(inside)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		over <- err
	}()
	<-inside
	soon, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	_, err := other.Append(soon, approval.Event{Type: approval.EventMerged, Body: approval.Merged{Proposal: "a"}})
	assert.ErrorIs(t, err, context.DeadlineExceeded, "nobody waits longer than wanted")
	_, err = other.Get(t.Context(), "a")
	assert.NoError(t, err, "readers wait for nobody")
	cancel()
	assert.ErrorIs(t, <-over, context.Canceled)
	_, err = other.Append(t.Context(), approval.Event{Type: approval.EventMerged, Body: approval.Merged{Proposal: "a"}})
	assert.NoError(t, err)
	assert.Equal(t, map[string]int{approval.EventProposed: 1, approval.EventMerged: 1}, Chain(t, p.Read(t)))
}
