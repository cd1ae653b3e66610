package approval_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies"
	"clanker/policies/approval"
)

// house is where several processes share what a world keeps.
type house struct {
	*world
	mu   sync.Mutex
	dead map[string]bool
}

func newHouse(t *testing.T) *house {
	return &house{world: newWorld(t), dead: map[string]bool{}}
}

// member is the presence of one of them.
type member struct {
	*house
	name string
}

func (m member) Instance() string { return m.name }

func (m member) Alive(_ context.Context, instance string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return instance != "" && !m.dead[instance], nil
}

func (h *house) kill(instance string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dead[instance] = true
}

// process is one more, of some workspace.
func (h *house) process(t *testing.T, name, workspace string, edit ...func(*approval.Options)) *approval.Gate {
	g := h.gate(append(edit, func(o *approval.Options) {
		o.Presence, o.Workspace = member{h, name}, workspace
	})...)
	t.Cleanup(func() { g.Close(t.Context()) })
	return g
}

// in lets something be done in a process, as if it were the only one.
func (h *house) in(g *approval.Gate) *world { h.Gate = g; return h.world }

func (h *house) kept(t *testing.T, id string) approval.Request {
	t.Helper()
	r, err := h.memory.Get(t.Context(), id)
	require.NoError(t, err)
	return r
}

// comes waits until a process that is asked to go on has brought a request to a state.
func (h *house) comes(t *testing.T, id string, state approval.State, on func(context.Context) error) approval.Request {
	t.Helper()
	require.Eventually(t, func() bool { return on(t.Context()) == nil && h.kept(t, id).State == state }, time.Minute, time.Millisecond,
		"it does not become %s", state)
	return h.kept(t, id)
}

// What is approved on the page of another process runs in the one that proposed it: others may see another PATH.
func TestWhoProposedRuns(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, other := h.process(t, "one", "ours"), h.process(t, "other", "ours")
	r := h.in(one).propose(t)
	assert.Equal(t, []string{"ours", "one"}, []string{r.Workspace, r.Instance})
	r, err := h.in(other).say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, other.Resume(t.Context()))
	}
	other.Close(t.Context())
	assert.Equal(t, approval.Approved, h.kept(t, r.ID).State)
	assert.Equal(t, "one", h.comes(t, r.ID, approval.Succeeded, one.Resume).Instance)
	assert.EqualValues(t, 1, h.runs.Load())
}

// When that is gone, one of those that are left does, once.
func TestOneOfThoseThatAreLeftRuns(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.in(h.process(t, "gone", "ours")).propose(t)
	closed := h.process(t, "closed", "ours")
	closed.Close(t.Context())
	_, err := h.in(closed).say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	h.kill("gone")
	var left []*approval.Gate
	var wait sync.WaitGroup
	for i := range 8 {
		g := h.process(t, fmt.Sprint("left-", i), "ours")
		left = append(left, g)
		wait.Go(func() { assert.NoError(t, g.Resume(t.Context())) })
	}
	wait.Wait()
	for _, g := range left {
		g.Close(t.Context())
	}
	r = h.kept(t, r.ID)
	assert.Equal(t, approval.Succeeded, r.State)
	assert.Contains(t, r.Instance, "left-")
	assert.EqualValues(t, 1, h.runs.Load())
}

// A workspace of the same database takes what people say, and leaves the running to the one whose command it is.
func TestEachWorkspaceRunsItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ours, theirs := h.process(t, "one", "ours"), h.process(t, "two", "theirs")
	r := h.in(ours).propose(t)
	statement, _, err := theirs.Statement(t.Context(), r.ID, approval.Approve, "alice", "key-alice")
	require.NoError(t, err)
	assert.Equal(t, "ours", statement.Workspace, "the statement names the workspace that runs it")
	_, err = h.in(theirs).say(t, r.ID, "alice", approval.Approve, func(s *approval.Statement) { s.Workspace = "theirs" })
	require.ErrorContains(t, err, "another workspace")
	_, err = h.in(theirs).say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	h.kill("one")
	for range 3 {
		require.NoError(t, theirs.Resume(t.Context()))
		require.NoError(t, theirs.Sweep(t.Context()))
	}
	assert.Equal(t, approval.Approved, h.kept(t, r.ID).State, "nobody else runs it, whoever is dead")
	assert.Equal(t, "next", h.comes(t, r.ID, approval.Succeeded, h.process(t, "next", "ours").Resume).Instance)
	assert.EqualValues(t, 1, h.runs.Load())
}

// What is moved to another workspace in the ledger is not what was signed.
func TestAStolenRequestDoesNotRun(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	closed := h.process(t, "closed", "ours")
	closed.Close(t.Context())
	r := h.in(closed).propose(t)
	_, err := h.in(closed).say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	r = h.kept(t, r.ID)
	r.Workspace, r.Instance = "theirs", "two"
	require.NoError(t, h.memory.save(r))
	h.comes(t, r.ID, approval.Stale, h.process(t, "two", "theirs").Resume)
	assert.Zero(t, h.runs.Load())
}

// Older requests belong to the one workspace that the ledger had.
func TestARequestOfNoWorkspaceIsOurs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.propose(t)
	r.Workspace, r.Instance = "", ""
	require.NoError(t, h.memory.save(r))
	_, err := h.in(h.process(t, "one", "ours")).say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	assert.Equal(t, approval.Succeeded, h.over(t, r.ID).State)
}

// Two processes together take no more than one would.
func TestTheLimitsHoldForAllProcesses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	gates := []*approval.Gate{h.process(t, "one", "ours"), h.process(t, "two", "ours"), h.process(t, "three", "theirs")}
	var wait sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for i := range 300 {
		wait.Go(func() {
			argv := append(scale[:2:2], fmt.Sprintf("deployment/web-%d", i), "--replicas=5", "--namespace=shop")
			_, err := gates[i%3].Propose(t.Context(), approval.Ask{Argv: argv, Reason: "flood", Requester: policies.Principal{ID: fmt.Sprint("agent-", i), Kind: policies.Agent}})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				taken++
				return
			}
			var excess *approval.Excess
			assert.ErrorAs(t, err, &excess)
		})
	}
	wait.Wait()
	assert.Equal(t, approval.DefaultLimits().AllPending, taken)
}

// The same that is proposed in two processes at once is one proposal; in two workspaces it is two.
func TestTheSameInTwoProcessesIsOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	gates := []*approval.Gate{h.process(t, "one", "ours"), h.process(t, "two", "ours")}
	ask := approval.Ask{Argv: scale, Reason: "load", Requester: policies.Principal{ID: "claude", Kind: policies.Agent}}
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			_, err := gates[i%2].Propose(t.Context(), ask)
			assert.NoError(t, err)
		})
	}
	wait.Wait()
	waiting, err := h.List(t.Context(), approval.Filter{})
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	assert.Equal(t, 4, waiting[0].Asked)
	_, err = h.process(t, "three", "theirs").Propose(t.Context(), ask)
	require.NoError(t, err)
	assert.Len(t, h.memory.order, 2)
}

// What one process was told, the others know without being asked again.
func TestAWaitHearsOtherProcesses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, other := h.process(t, "one", "ours"), h.process(t, "other", "ours")
	r := h.in(one).propose(t)
	ended := make(chan approval.Request, 1)
	go func() {
		r, err := one.Wait(t.Context(), r.ID, func(r approval.Request) bool { return r.State.Over() })
		assert.NoError(t, err)
		ended <- r
	}()
	_, err := h.in(other).say(t, r.ID, "alice", approval.Reject)
	require.NoError(t, err)
	select {
	case r := <-ended:
		assert.Equal(t, approval.Rejected, r.State)
	case <-time.After(time.Minute):
		assert.Fail(t, "it was not heard")
	}
	gone, leave := context.WithCancel(t.Context())
	changed := one.Changed(gone)
	leave()
	select {
	case <-changed: // whoever begins to watch looks once more
	case <-time.After(time.Second):
	}
}

// Two processes never change one target at once.
func TestOneTargetOneCommand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	started, let := h.hang()
	defer let()
	one, two := h.process(t, "one", "ours"), h.process(t, "two", "ours")
	first := h.in(one).propose(t)
	_, err := h.say(t, first.ID, "alice", approval.Approve)
	require.NoError(t, err)
	<-started
	second, err := two.Propose(t.Context(), approval.Ask{Argv: append(scale[:2:2], "deployment/api", "--replicas=5", "--namespace=shop"), Reason: "load",
		Requester: policies.Principal{ID: "claude", Kind: policies.Agent}})
	require.NoError(t, err)
	_, err = h.in(two).say(t, second.ID, "alice", approval.Approve)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, two.Resume(t.Context()))
		assert.Equal(t, approval.Approved, h.kept(t, second.ID).State)
	}
	let()
	h.comes(t, second.ID, approval.Succeeded, two.Resume)
	assert.EqualValues(t, 2, h.runs.Load())
}

// A word says on which page it was said, and is verified as one of that page wherever the command runs.
func TestAWordIsVerifiedAsOfItsPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var mu sync.Mutex
	asked := map[string][]string{}
	by := func(name string) func(*approval.Options) {
		return func(o *approval.Options) {
			o.Signatures = func(origin string) approval.Verifier {
				mu.Lock()
				defer mu.Unlock()
				asked[name] = append(asked[name], origin)
				return h.world
			}
		}
	}
	one, other := h.process(t, "one", "ours", by("one")), h.process(t, "other", "ours", by("other"))
	other.Open("http://localhost:2")
	r := h.in(one).propose(t)
	_, err := h.in(other).say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	r = h.comes(t, r.ID, approval.Succeeded, one.Resume)
	assert.Equal(t, "http://localhost:2", r.Words[0].Origin)
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, map[string][]string{"one": {"http://localhost:2"}, "other": {"http://localhost:2"}}, asked)
}

// What an older program wrote is read as it is: a request or a word without the new fields has the same bytes as before.
func TestOlderRequestsKeepTheirBytes(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(struct {
		R approval.Request
		W approval.Word
		O approval.Opened
		S approval.Started
	}{})
	require.NoError(t, err)
	for _, field := range []string{"workspace", "instance", "origin\":\"http"} {
		assert.NotContains(t, string(text), field)
	}
}
