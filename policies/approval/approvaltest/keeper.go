// Package approvaltest is the conformance suite of what keeps requests, the audit log and the approvers.
package approvaltest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// Noon is when everything in the suite happens.
func Noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// Keeper holds a keeper to what [approval.Keeper] promises. Open returns an empty one.
func Keeper(t *testing.T, open func(*testing.T) approval.Keeper) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, approval.Keeper)
	}{
		{"create and get", createAndGet}, {"create refuses", createRefuses}, {"list", list}, {"update", update}, {"update refuses", updateRefuses}, {"outcome", outcome},
		{"moves", moves}, {"nonces", nonces}, {"one of many wins", oneWins}, {"checks", checks}, {"log", log}, {"approvers", approvers}, {"counters", counters},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}

// Request is one that waits for people.
func Request(id string, created time.Time) approval.Request {
	return approval.Request{ID: id, State: approval.Pending, Frozen: []byte(`{"id":"` + id + `"}`), Digest: "digest of " + id, Asked: 1, Version: 1,
		Proposal: policies.Proposal{ID: id, Requester: policies.Principal{ID: "claude", Kind: policies.Agent}, Reason: "why <not> \u2028 é", Created: created}}
}

// Proposed is the event of a new request.
func Proposed(r approval.Request) approval.Event {
	return approval.Event{Type: approval.EventProposed, Body: approval.Proposed{Request: r}}
}

// Closed is the event of a move.
func Closed(id string, to approval.State) approval.Event {
	return approval.Event{Type: approval.EventClosed, Body: approval.Closed{Proposal: id, State: to}}
}

func create(t *testing.T, k approval.Keeper, r approval.Request) approval.Request {
	t.Helper()
	require.NoError(t, k.Create(t.Context(), r, Proposed(r)))
	return r
}

// to moves a request on.
func to(state approval.State) func(*approval.Request) ([]approval.Event, error) {
	return func(r *approval.Request) ([]approval.Event, error) {
		r.State = state
		return []approval.Event{Closed(r.ID, state)}, nil
	}
}

func size(t *testing.T, k approval.Keeper) int64 {
	t.Helper()
	head, err := k.Head(t.Context())
	require.NoError(t, err)
	return head.Seq
}

func createAndGet(t *testing.T, k approval.Keeper) {
	r := create(t, k, Request("a", Noon()))
	got, err := k.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, r, got)
	_, err = k.Get(t.Context(), "b")
	assert.ErrorIs(t, err, approval.ErrNotFound)
}

func createRefuses(t *testing.T, k approval.Keeper) {
	r := create(t, k, Request("a", Noon()))
	assert.Error(t, k.Create(t.Context(), r, Proposed(r)), "the same again")
	running := Request("b", Noon())
	running.State = approval.Running
	assert.Error(t, k.Create(t.Context(), running, Proposed(running)), "nothing begins as running")
	assert.Error(t, k.Create(t.Context(), Request("c", Noon()), approval.Event{Type: approval.EventWord, Body: approval.Merged{}}), "another body")
	_, err := k.Get(t.Context(), "c")
	assert.ErrorIs(t, err, approval.ErrNotFound, "with its entry or not at all")
	assert.EqualValues(t, 1, size(t, k))
}

func list(t *testing.T, k approval.Keeper) {
	for i, id := range []string{"a", "b", "c", "d"} {
		r := Request(id, Noon().Add(time.Duration(i)*time.Minute))
		if id == "b" {
			r.Proposal.Requester.ID = "cursor"
		}
		create(t, k, r)
	}
	_, err := k.Update(t.Context(), "c", approval.Pending, to(approval.Rejected))
	require.NoError(t, err)
	for _, test := range []struct {
		filter approval.Filter
		want   string
	}{
		{approval.Filter{}, "[d c b a]"},
		{approval.Filter{Limit: 2}, "[d c]"},
		{approval.Filter{States: []approval.State{approval.Rejected}}, "[c]"},
		{approval.Filter{States: []approval.State{approval.Pending, approval.Rejected}}, "[d c b a]"},
		{approval.Filter{States: []approval.State{approval.Running}}, "[]"},
		{approval.Filter{Requester: "cursor"}, "[b]"},
		{approval.Filter{Since: Noon().Add(2 * time.Minute)}, "[d c]"},
		{approval.Filter{Since: Noon().Add(2*time.Minute + time.Microsecond)}, "[d]"},
		{approval.Filter{States: []approval.State{approval.Pending}, Requester: "claude", Limit: 1}, "[d]"},
	} {
		all, err := k.List(t.Context(), test.filter)
		require.NoError(t, err)
		ids := []string{}
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		assert.Equal(t, test.want, fmt.Sprint(ids), "%+v", test.filter)
	}
}

func update(t *testing.T, k approval.Keeper) {
	create(t, k, Request("a", Noon()))
	got, err := k.Update(t.Context(), "a", approval.Pending, func(r *approval.Request) ([]approval.Event, error) {
		r.Asked++
		return []approval.Event{{Type: approval.EventMerged, Body: approval.Merged{Proposal: "a", Asked: 2}}}, nil
	})
	require.NoError(t, err)
	assert.Equal(t, 2, got.Asked)
	assert.Equal(t, 2, got.Version)
	kept, err := k.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, got, kept)
	entry, err := k.At(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, approval.EventMerged, entry.Type)
}

func outcome(t *testing.T, k approval.Keeper) {
	create(t, k, Request("a", Noon()))
	want, err := k.Update(t.Context(), "a", approval.Pending, func(r *approval.Request) ([]approval.Event, error) {
		r.Outcome = &adapters.Outcome{Stdout: "all of it", Started: Noon(), Ended: Noon()}
		return nil, nil
	})
	require.NoError(t, err)
	require.NotNil(t, want.Outcome)
	got, err := k.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, want, got)
	whole, err := k.List(t.Context(), approval.Filter{})
	require.NoError(t, err)
	assert.Equal(t, []approval.Request{want}, whole)
	brief, err := k.List(t.Context(), approval.Filter{Brief: true})
	require.NoError(t, err)
	want.Outcome = nil
	assert.Equal(t, []approval.Request{want}, brief)
}

func updateRefuses(t *testing.T, k approval.Keeper) {
	create(t, k, Request("a", Noon()))
	failed := errors.New("no")
	for name, edit := range map[string]func(*approval.Request) ([]approval.Event, error){
		"another ID":       func(r *approval.Request) ([]approval.Event, error) { r.ID = "b"; return nil, nil },
		"another digest":   func(r *approval.Request) ([]approval.Event, error) { r.Digest = "b"; return nil, nil },
		"other bytes":      func(r *approval.Request) ([]approval.Event, error) { r.Frozen[2] = 'x'; return nil, nil },
		"another home":     func(r *approval.Request) ([]approval.Event, error) { r.Workspace = "b"; return nil, nil },
		"another plan":     func(r *approval.Request) ([]approval.Event, error) { r.Plan = "b"; return nil, nil },
		"another proposal": func(r *approval.Request) ([]approval.Event, error) { r.Proposal.Reason = "b"; return nil, nil },
		"another decision": func(r *approval.Request) ([]approval.Event, error) { r.Decision.Effect = "allow"; return nil, nil },
		"no entry":         func(r *approval.Request) ([]approval.Event, error) { r.State = approval.Rejected; return nil, nil },
		"no such move":     to(approval.Succeeded),
		"its error":        func(r *approval.Request) ([]approval.Event, error) { r.Asked = 9; return nil, failed },
	} {
		_, err := k.Update(t.Context(), "a", approval.Pending, edit)
		assert.Error(t, err, name)
		assert.Equal(t, name == "its error", errors.Is(err, failed), name)
	}
	_, err := k.Update(t.Context(), "a", approval.Approved, to(approval.Running))
	assert.ErrorIs(t, err, approval.ErrMoved)
	_, err = k.Update(t.Context(), "b", approval.Approved, to(approval.Running))
	assert.ErrorIs(t, err, approval.ErrNotFound)
	kept, err := k.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, Request("a", Noon()), kept)
	assert.EqualValues(t, 1, size(t, k), "what is refused leaves nothing behind")
}

// moves tries every move from every state.
func moves(t *testing.T, k approval.Keeper) {
	ways := map[approval.State][]approval.State{
		approval.Pending: {}, approval.Approved: {approval.Approved}, approval.Rejected: {approval.Rejected}, approval.Expired: {approval.Expired},
		approval.Stale: {approval.Stale}, approval.Running: {approval.Approved, approval.Running}, approval.Failed: {approval.Approved, approval.Failed},
		approval.Succeeded: {approval.Approved, approval.Running, approval.Succeeded}, approval.Unknown: {approval.Approved, approval.Running, approval.Unknown},
	}
	for from, way := range ways {
		for next := range ways {
			id := string(from + "-" + next)
			r := create(t, k, Request(id, Noon()))
			for _, step := range way {
				var err error
				r, err = k.Update(t.Context(), id, r.State, to(step))
				require.NoError(t, err)
			}
			_, err := k.Update(t.Context(), id, from, to(next))
			assert.Equal(t, from == next || from.Allows(next), err == nil, id)
		}
	}
}

func say(nonce string) func(*approval.Request) ([]approval.Event, error) {
	return func(r *approval.Request) ([]approval.Event, error) {
		w := approval.Word{Verdict: approval.Approve, Nonce: nonce, Statement: []byte("{}")}
		r.Words = append(r.Words, w)
		return []approval.Event{{Type: approval.EventWord, Body: approval.Given{Proposal: r.ID, Word: w}}}, nil
	}
}

func nonces(t *testing.T, k approval.Keeper) {
	create(t, k, Request("a", Noon()))
	create(t, k, Request("b", Noon()))
	for _, nonce := range []string{"1", "2"} {
		_, err := k.Update(t.Context(), "a", approval.Pending, say(nonce))
		require.NoError(t, err)
	}
	for _, id := range []string{"a", "b"} {
		_, err := k.Update(t.Context(), id, approval.Pending, say("1"))
		assert.ErrorIs(t, err, approval.ErrUsed, id)
	}
	_, err := k.Update(t.Context(), "a", approval.Pending, func(r *approval.Request) ([]approval.Event, error) {
		r.Words = r.Words[1:]
		return nil, nil
	})
	assert.Error(t, err, "what was said is never taken away")
	assert.EqualValues(t, 4, size(t, k))
}

// oneWins lets many make the same move at once.
func oneWins(t *testing.T, k approval.Keeper) {
	create(t, k, Request("a", Noon()))
	_, err := k.Update(t.Context(), "a", approval.Pending, to(approval.Approved))
	require.NoError(t, err)
	failures := make([]error, 16)
	var wait sync.WaitGroup
	for i := range failures {
		wait.Go(func() { _, failures[i] = k.Update(t.Context(), "a", approval.Approved, to(approval.Running)) })
	}
	wait.Wait()
	won := 0
	for _, err := range failures {
		if err == nil {
			won++
		} else {
			assert.ErrorIs(t, err, approval.ErrMoved)
		}
	}
	assert.Equal(t, 1, won)
	assert.EqualValues(t, 3, size(t, k))
}

// checks lets many propose, start and end at once: each sees what the others have done, or goes before them.
func checks(t *testing.T, k approval.Keeper) {
	full := errors.New("full")
	most := func(n int, states ...approval.State) approval.Check {
		return approval.Check{Among: approval.Filter{States: states, Brief: true}, Allow: func(there []approval.Request) error {
			if len(there) >= n {
				return fmt.Errorf("%d are there: %w", len(there), full)
			}
			return nil
		}}
	}
	taken := func(try func(i int) error) (n int) {
		failures := make([]error, 16)
		var wait sync.WaitGroup
		for i := range failures {
			wait.Go(func() { failures[i] = try(i) })
		}
		wait.Wait()
		for _, err := range failures {
			if err == nil {
				n++
			} else {
				assert.ErrorIs(t, err, full)
			}
		}
		return n
	}
	assert.Equal(t, 5, taken(func(i int) error {
		r := Request(fmt.Sprint(i), Noon())
		return k.Create(t.Context(), r, Proposed(r), most(5, approval.Pending))
	}))
	waiting, err := k.List(t.Context(), approval.Filter{})
	require.NoError(t, err)
	require.Len(t, waiting, 5)
	assert.Equal(t, 2, taken(func(i int) error {
		_, err := k.Update(t.Context(), waiting[i%5].ID, approval.Pending, to(approval.Rejected), most(2, approval.Rejected))
		if errors.Is(err, approval.ErrMoved) {
			return full // it was rejected already
		}
		return err
	}))
	assert.EqualValues(t, 7, size(t, k), "what is refused leaves nothing behind")
}

func log(t *testing.T, k approval.Keeper) {
	head, err := k.Head(t.Context())
	require.NoError(t, err)
	assert.Zero(t, head)
	_, err = k.At(t.Context(), 1)
	assert.ErrorIs(t, err, approval.ErrNotFound)
	for i := range int64(3) {
		next, err := k.Append(t.Context(), approval.Event{Type: approval.EventRefused, Body: approval.Refused{Why: "a \x1b[2J \u202e \u009b \u2028 \U000e0041 é"}})
		require.NoError(t, err)
		entry, err := k.At(t.Context(), i+1)
		require.NoError(t, err)
		sum, err := entry.Sum()
		require.NoError(t, err)
		assert.Equal(t, approval.Head{Seq: i + 1, Hash: sum}, next)
		assert.Equal(t, head.Hash, entry.Prev)
		assert.Contains(t, string(entry.Body), `a \u001b[2J \u202e \u009b \u2028 \udb40\udc41 é`, "what does not show is escaped")
		head = next
	}
	_, err = k.Append(t.Context(), approval.Event{Type: approval.EventCheckpoint, Body: approval.Checkpoint{Note: "mine"}})
	assert.Error(t, err, "the log signs by itself")
	_, err = k.Append(t.Context(), approval.Event{Type: "own", Body: 1})
	assert.Error(t, err)
	kept, err := k.Head(t.Context())
	require.NoError(t, err)
	assert.Equal(t, head, kept)
}

func enrol(people ...approval.Approver) func([]approval.Approver) ([]approval.Approver, approval.Event, error) {
	return func([]approval.Approver) ([]approval.Approver, approval.Event, error) {
		return people, approval.Event{Type: approval.EventTrust, Body: approval.Trusted{Request: "r"}}, nil
	}
}

func person(id string, credentials ...string) approval.Approver {
	a := approval.Approver{ID: id, Added: Noon()}
	for _, c := range credentials {
		a.Credentials = append(a.Credentials, approval.Credential{ID: c, Kind: approval.SSHKey, Added: Noon()})
	}
	return a
}

func approvers(t *testing.T, k approval.Keeper) {
	none, err := k.Approvers(t.Context())
	require.NoError(t, err)
	assert.Empty(t, none)
	require.NoError(t, k.Change(t.Context(), enrol(person("bob", "2"), person("alice", "1"))))
	all, err := k.Approvers(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []approval.Approver{person("alice", "1"), person("bob", "2")}, all, "sorted")
	entry, err := k.At(t.Context(), 1)
	require.NoError(t, err)
	body, err := entry.Read()
	require.NoError(t, err)
	assert.Equal(t, &approval.Trusted{Approvers: all, Request: "r"}, body, "the log has them all")
	for name, people := range map[string][]approval.Approver{
		"a person twice": {person("alice", "1"), person("alice", "2")}, "a credential twice": {person("alice", "1"), person("bob", "1")},
		"nobody's name": {person("", "1")}, "no credential's name": {person("alice", "")},
	} {
		assert.Error(t, k.Change(t.Context(), enrol(people...)), name)
	}
	assert.Error(t, k.Change(t.Context(), func([]approval.Approver) ([]approval.Approver, approval.Event, error) {
		return nil, Closed("a", approval.Stale), nil
	}), "another entry")
	assert.EqualValues(t, 1, size(t, k))
}

func counters(t *testing.T, k approval.Keeper) {
	require.NoError(t, k.Change(t.Context(), enrol(person("alice", "1", "2"))))
	for _, step := range []struct {
		credential string
		counter    uint32
		ok         bool
	}{{"1", 0, true}, {"1", 0, true}, {"1", 5, true}, {"1", 5, false}, {"1", 4, false}, {"1", 0, false}, {"1", 6, true}, {"2", 1, true}, {"3", 1, false}} {
		err := k.Count(t.Context(), step.credential, step.counter)
		assert.Equal(t, step.ok, err == nil, "%+v: %v", step, err)
	}
	all, err := k.Approvers(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 6, all[0].Credentials[0].Counter)
	require.NoError(t, k.Change(t.Context(), enrol(person("alice", "1"))))
	assert.Error(t, k.Count(t.Context(), "1", 6), "a counter outlives a change of the approvers")
	assert.EqualValues(t, 2, size(t, k))
}
