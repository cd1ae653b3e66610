package approval_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// hang lets commands run until they are let go.
func (h *house) hang() (started chan struct{}, let func()) {
	started, hanging := make(chan struct{}, 10), make(chan struct{})
	h.set(func() {
		h.run = func(context.Context) (adapters.Outcome, error) {
			started <- struct{}{}
			<-hanging
			return adapters.Outcome{Verified: "5 replicas"}, nil
		}
	})
	return started, sync.OnceFunc(func() { close(hanging) })
}

// Running is unknown when the process is dead that runs it, and only then.
func TestOnlyTheDeadLeaveUnknown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	started, let := h.hang()
	defer let()
	one, other := h.process(t, "one", "ours"), h.process(t, "other", "theirs")
	r := h.in(one).propose(t)
	_, err := h.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	<-started
	for _, g := range []*approval.Gate{other, h.process(t, "another", "ours"), one} {
		require.NoError(t, g.Resume(t.Context()))
		require.NoError(t, g.Sweep(t.Context()))
	}
	assert.Equal(t, approval.Running, h.kept(t, r.ID).State)
	assert.NotNil(t, one.Output(r.ID))
	assert.Nil(t, other.Output(r.ID), "what it writes is known where it runs")

	h.kill("one")
	require.NoError(t, other.Resume(t.Context()))
	assert.Equal(t, approval.Running, h.kept(t, r.ID).State)
	require.NoError(t, other.Sweep(t.Context()))
	assert.Equal(t, approval.Unknown, h.kept(t, r.ID).State)
	assert.EqualValues(t, 1, h.runs.Load())
}

// A process that was only taken for dead tells the log what became of the command.
func TestALateOutcomeIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	started, let := h.hang()
	one, other := h.process(t, "one", "ours"), h.process(t, "other", "ours")
	r := h.in(one).propose(t)
	_, err := h.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	<-started
	h.kill("one")
	require.NoError(t, other.Sweep(t.Context()))
	let()
	one.Close(t.Context())
	assert.Equal(t, approval.Unknown, h.kept(t, r.ID).State, "people have been told so")
	types := h.memory.types(t)
	require.Equal(t, []string{approval.EventRunning, approval.EventUnknown, approval.EventLate}, types[len(types)-3:])
	head, err := h.memory.Head(t.Context())
	require.NoError(t, err)
	entry, err := h.memory.At(t.Context(), head.Seq)
	require.NoError(t, err)
	body, err := entry.Read()
	require.NoError(t, err)
	assert.Equal(t, r.ID, body.(*approval.Late).Proposal)
	assert.Equal(t, "5 replicas", body.(*approval.Late).Verified)
}

// The outcome of a command is kept as soon as the ledger is back.
func TestAnOutcomeWaitsForTheLedger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	started, let := h.hang()
	r := h.in(h.process(t, "one", "ours")).propose(t)
	_, err := h.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	<-started
	lost := errors.New("the database does not answer")
	failed := h.memory.fails(lost)
	let()
	<-failed // it was tried
	assert.Equal(t, approval.Running, h.kept(t, r.ID).State)
	_, err = h.Propose(t.Context(), approval.Ask{Argv: scale, Reason: "more", Requester: policies.Principal{ID: "claude", Kind: policies.Agent}})
	require.ErrorIs(t, err, lost)
	h.memory.fails(nil)
	r = h.over(t, r.ID)
	assert.Equal(t, approval.Succeeded, r.State)
	assert.Equal(t, "5 replicas", r.Outcome.Verified)
}

// deaf keeps what it is told, and fails to say so when it is told that something runs.
type deaf struct{ *memory }

func (d deaf) Update(ctx context.Context, id string, from approval.State, edit func(*approval.Request) ([]approval.Event, error), checks ...approval.Check) (approval.Request, error) {
	r, err := d.memory.Update(ctx, id, from, edit, checks...)
	if err == nil && r.State == approval.Running {
		return approval.Request{}, errors.New("the connection was lost while it was committed")
	}
	return r, err
}

// When nobody knows whether the ledger was told that a command runs, it is not run, and does not run for ever either.
func TestWhatTheLedgerOnlyThinksRunsHasFailed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one := h.process(t, "one", "ours", func(o *approval.Options) { o.Keeper = deaf{h.memory} })
	r := h.in(one).propose(t)
	_, err := h.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	r = h.comes(t, r.ID, approval.Failed, one.Resume)
	assert.Contains(t, r.Why, "it was not started")
	assert.Zero(t, h.runs.Load())
}
