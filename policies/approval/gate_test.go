package approval_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// world is a gate with everything around it under the test's thumb.
type world struct {
	*approval.Gate
	memory *memory

	mu       sync.Mutex
	now      time.Time
	replicas int               // of the deployment that commands touch: a plan depends on it
	rule     policies.Decision // what the policies say
	ruleErr  error
	planErr  error
	preview  adapters.Preview
	run      func(ctx context.Context) (adapters.Outcome, error)
	runs     atomic.Int32
}

var start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// one wants a single person of everybody.
func one() policies.Decision {
	return policies.Decision{Effect: policies.RequireApproval, Require: []policies.Requirement{{Count: 1, MinAssurance: 1, Reason: "somebody"}}}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{memory: newMemory(), now: start, replicas: 3, rule: one()}
	for _, name := range []string{"alice", "bob"} {
		w.memory.people = append(w.memory.people, approval.Approver{ID: name, Credentials: []approval.Credential{{ID: "key-" + name, Kind: approval.SSHKey, Max: 1}}})
	}
	w.run = func(context.Context) (adapters.Outcome, error) { return adapters.Outcome{Verified: "5 replicas"}, nil }
	w.Gate = w.gate()
	t.Cleanup(func() { w.Close(t.Context()) })
	return w
}

// gate is a gate over what is kept: another one is the next process, and takes every other one for dead.
func (w *world) gate(edit ...func(*approval.Options)) *approval.Gate {
	o := approval.Options{Decider: w, Executor: w, Keeper: w.memory, Signatures: func(string) approval.Verifier { return w }, Workspace: "ours", Now: w.clock,
		Logger: slog.New(slog.DiscardHandler)}
	for _, change := range edit {
		change(&o)
	}
	return approval.NewGate(o)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// set changes something of the world.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) Decide(context.Context, policies.Proposal, time.Time) (policies.Decision, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rule, w.ruleErr
}

func (w *world) Revision(context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return "revision " + w.rule.Revision, nil
}

// Groups makes everybody a member of one group.
func (w *world) Groups(string) []string { return []string{"operators"} }

func (w *world) Plan(_ context.Context, c adapters.Command) (adapters.Plan, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return adapters.Plan{Schema: adapters.PlanSchema, Command: c, Preview: w.preview, Target: adapters.Target{Provider: "kubernetes", Cluster: "prod"},
		Resources: []adapters.Touched{{ID: "kubernetes/prod/web", Kind: "deployment", Name: "web", Action: adapters.ActionUpdate,
			Fields: []adapters.Field{{Name: "replicas", Before: fmt.Sprint(w.replicas), After: "5"}}}}}, w.planErr
}

func (w *world) Run(ctx context.Context, _ adapters.Plan, tell func(adapters.Output)) (adapters.Outcome, error) {
	w.runs.Add(1)
	tell(adapters.Output{Stream: "stdout", Text: "scaled"})
	w.mu.Lock()
	run := w.run
	w.mu.Unlock()
	return run(ctx)
}

// Verify believes every signature that says "signed by" its credential.
func (w *world) Verify(c approval.Credential, statement []byte, p approval.Proof) (approval.Seen, error) {
	if p.SSH != "signed by "+c.ID+" "+adapters.Digest("test", statement) {
		return approval.Seen{}, errors.New("the signature is not of this key and this statement")
	}
	return approval.Seen{Assurance: 1}, nil
}

var scale = []string{"kubectl", "scale", "deployment/web", "--replicas=5", "--namespace=shop"}

func (w *world) propose(t *testing.T) approval.Request {
	t.Helper()
	r, err := w.Propose(t.Context(), approval.Ask{Argv: scale, Reason: "load", Requester: policies.Principal{ID: "claude", Kind: policies.Agent}})
	require.NoError(t, err)
	return r
}

// say signs and brings a verdict; edit may tamper with the statement before it is signed.
func (w *world) say(t *testing.T, id, who string, verdict approval.Verdict, edit ...func(*approval.Statement)) (approval.Request, error) {
	t.Helper()
	statement, _, err := w.Statement(t.Context(), id, verdict, who, "key-"+who)
	require.NoError(t, err)
	for _, change := range edit {
		change(&statement)
	}
	text, err := adapters.Canonical(statement)
	require.NoError(t, err)
	return w.Answer(t.Context(), text, signature(statement.Credential, text))
}

func signature(credential string, statement []byte) approval.Proof {
	return approval.Proof{SSH: "signed by " + credential + " " + adapters.Digest("test", statement)}
}

func (w *world) over(t *testing.T, id string) approval.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := w.Wait(ctx, id, func(r approval.Request) bool { return r.State.Over() })
	require.NoError(t, err)
	require.True(t, r.State.Over(), "still %s", r.State)
	return r
}

func TestAWriteRunsOnceAPersonHasApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.propose(t)
	assert.Equal(t, approval.Pending, r.State)
	assert.Len(t, strings.Split(r.Phrase(), "-"), 3)
	assert.Zero(t, w.runs.Load())

	r, err := w.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	assert.Equal(t, approval.Approved, r.State)
	r = w.over(t, r.ID)
	assert.Equal(t, approval.Succeeded, r.State)
	assert.Equal(t, "5 replicas", r.Outcome.Verified)
	assert.EqualValues(t, 1, w.runs.Load())
	assert.Equal(t, []string{approval.EventProposed, approval.EventWord, approval.EventApproved, approval.EventRunning, approval.EventEnded}, w.memory.types(t))
}

func TestAReadThatPolicyAllowsRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule = policies.Decision{Effect: policies.Allow}
	r, err := w.Propose(t.Context(), approval.Ask{Argv: []string{"kubectl", "get", "pods"}, Reason: "look"})
	require.NoError(t, err)
	assert.Equal(t, approval.Succeeded, w.over(t, r.ID).State)
}

// What no policy can do, and what happens when something is missing.
func TestFailsClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*world)
		state  approval.State
		why    string
	}{
		"a policy allows a write": {func(w *world) { w.rule = policies.Decision{Effect: policies.Allow} }, approval.Denied, "only people may"},
		"a policy denies":         {func(w *world) { w.rule = policies.Decision{Effect: policies.Deny, Reasons: []string{"freeze"}} }, approval.Denied, "freeze"},
		"a decision of no effect": {func(w *world) { w.rule = policies.Decision{} }, approval.Denied, ""},
		"the policies fail":       {func(w *world) { w.ruleErr = errors.New("boom") }, approval.Denied, "boom"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w)
			r := w.propose(t)
			assert.Equal(t, c.state, r.State)
			assert.Contains(t, r.Why, c.why)
			_, _, err := w.Statement(t.Context(), r.ID, approval.Approve, "alice", "key-alice")
			require.Error(t, err)
			assert.Zero(t, w.runs.Load())
		})
	}
	t.Run("no plan", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.planErr = errors.New("the cluster does not answer")
		_, err := w.Propose(t.Context(), approval.Ask{Argv: scale, Reason: "load"})
		require.ErrorContains(t, err, "does not answer")
		assert.Equal(t, []string{approval.EventRefused}, w.memory.types(t))
	})
	t.Run("no disk", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.memory.broken = errors.New("disk full")
		_, err := w.Propose(t.Context(), approval.Ask{Argv: scale, Reason: "load"})
		require.ErrorContains(t, err, "nothing was done")
	})
	t.Run("the tool of the workspace itself", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := w.Propose(t.Context(), approval.Ask{Argv: []string{"clanker", "approvers", "add", "mallory", "{}"}, Reason: "please"})
		var refusal *adapters.Refusal
		require.ErrorAs(t, err, &refusal)
	})
}

// Each statement is right but for one thing.
func TestStatementsThatProveNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*approval.Statement)
		want string
	}{
		"another version":        {func(s *approval.Statement) { s.Schema = "clanker.approval.v0" }, "version"},
		"another proposal":       {func(s *approval.Statement) { s.Digest = strings.Repeat("0", 64) }, "another proposal"},
		"a proposal that is not": {func(s *approval.Statement) { s.Proposal = "01NONE" }, "no such request"},
		"no verdict":             {func(s *approval.Statement) { s.Verdict = "maybe" }, "neither"},
		"older policies":         {func(s *approval.Statement) { s.Policy = "revision 0" }, "policies have changed"},
		"another display":        {func(s *approval.Statement) { s.Display = "" }, "something else was shown"},
		"another workspace":      {func(s *approval.Statement) { s.Workspace = "theirs" }, "another workspace"},
		"from the future":        {func(s *approval.Statement) { s.Issued, s.Expires = s.Issued.Add(time.Hour), s.Expires.Add(time.Hour) }, "in the future"},
		"expired":                {func(s *approval.Statement) { s.Issued, s.Expires = s.Issued.Add(-time.Hour), s.Expires.Add(-time.Hour) }, "expired"},
		"made to last":           {func(s *approval.Statement) { s.Expires = s.Expires.Add(time.Hour) }, "expired"},
		"without a nonce":        {func(s *approval.Statement) { s.Nonce = "" }, "nonce"},
		"of a log that is not":   {func(s *approval.Statement) { s.Head.Hash = strings.Repeat("0", 64) }, "not the one that it names"},
		"of a log to come":       {func(s *approval.Statement) { s.Head.Seq = 99 }, "audit log"},
		"by nobody":              {func(s *approval.Statement) { s.Approver = "mallory" }, "not enrolled"},
		"with another's key":     {func(s *approval.Statement) { s.Credential = "key-bob" }, "not enrolled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.propose(t)
			_, err := w.say(t, r.ID, "alice", approval.Approve, c.edit)
			require.ErrorContains(t, err, c.want)
			now, err := w.Get(t.Context(), r.ID)
			require.NoError(t, err)
			assert.Equal(t, approval.Pending, now.State)
			assert.Zero(t, w.runs.Load())
		})
	}
}

func TestSignaturesThatProveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.propose(t)
	statement, _, err := w.Statement(t.Context(), r.ID, approval.Approve, "alice", "key-alice")
	require.NoError(t, err)
	text, err := adapters.Canonical(statement)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		text  []byte
		proof approval.Proof
	}{
		"none":              {text, approval.Proof{}},
		"of another key":    {text, signature("key-bob", text)},
		"of other bytes":    {text, signature("key-alice", append([]byte(" "), text...))},
		"a space more":      {append(text, ' '), signature("key-alice", append(text, ' '))},
		"a field more":      {[]byte(strings.Replace(string(text), "{", `{"more":1,`, 1)), signature("key-alice", text)},
		"a typed phrase":    {text, approval.Proof{Terminal: "wrong-wrong-wrong"}},
		"the phrase itself": {text, approval.Proof{Terminal: r.Phrase()}},
	} {
		_, err := w.Answer(t.Context(), c.text, c.proof)
		require.Error(t, err, name)
	}
	assert.Zero(t, w.runs.Load())
}

func TestAStatementCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule.Require[0].Count = 2
	r := w.propose(t)
	var brought []byte
	_, err := w.say(t, r.ID, "alice", approval.Approve, func(s *approval.Statement) { brought, _ = adapters.Canonical(*s) })
	require.NoError(t, err)
	_, err = w.Answer(t.Context(), brought, signature("key-alice", brought))
	require.ErrorIs(t, err, approval.ErrUsed)
}

func TestTwoPeopleAreTwoPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule.Require[0].Count = 2
	r := w.propose(t)
	for range 2 {
		r, err := w.say(t, r.ID, "alice", approval.Approve)
		require.NoError(t, err)
		assert.Equal(t, approval.Pending, r.State)
		assert.Len(t, w.Needs(r), 1)
	}
	_, err := w.say(t, r.ID, "bob", approval.Approve)
	require.NoError(t, err)
	assert.Equal(t, approval.Succeeded, w.over(t, r.ID).State)
}

func TestAnApprovalLapses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule.Require[0].Count = 2
	r := w.propose(t)
	_, err := w.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	w.pass(approval.DefaultLast)
	r, err = w.say(t, r.ID, "bob", approval.Approve)
	require.NoError(t, err)
	assert.Equal(t, approval.Pending, r.State, "alice's approval no longer counts")
	_, err = w.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	assert.Equal(t, approval.Succeeded, w.over(t, r.ID).State)
}

func TestOneRejectionStopsAndCools(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.propose(t)
	r, err := w.say(t, r.ID, "bob", approval.Reject)
	require.NoError(t, err)
	assert.Equal(t, approval.Rejected, r.State)
	var excess *approval.Excess
	_, err = w.Propose(t.Context(), approval.Ask{Argv: scale, Reason: "again", Requester: policies.Principal{ID: "another name", Kind: policies.Agent}})
	require.ErrorAs(t, err, &excess)
	require.ErrorContains(t, err, r.ID+"), and it is not taken again for 15m0s")
	for _, spelling := range [][]string{
		{"kubectl", "--namespace", "shop", "scale", "--replicas", "5", "deployment/web"},
		{"kubectl", "scale", "deployment", "web", "--replicas=5", "-n", "shop"},
	} {
		_, err = w.Propose(t.Context(), approval.Ask{Argv: spelling, Reason: "again", Requester: policies.Principal{ID: "claude", Kind: policies.Agent}})
		require.ErrorAs(t, err, &excess, "%s", spelling)
	}
	w.pass(approval.DefaultLimits().Cool)
	assert.Equal(t, approval.Pending, w.propose(t).State)
}

func TestWhoAsksNeverApproves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.Propose(t.Context(), approval.Ask{Argv: scale, Reason: "me", Requester: policies.Principal{ID: "alice", Kind: policies.Operator}})
	require.NoError(t, err)
	_, err = w.say(t, r.ID, "alice", approval.Approve)
	require.ErrorContains(t, err, "never approves")
}

func TestWhatWaitsExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.propose(t)
	w.pass(approval.DefaultWait)
	require.NoError(t, w.Sweep(t.Context()))
	r, err := w.Get(t.Context(), r.ID)
	require.NoError(t, err)
	assert.Equal(t, approval.Expired, r.State)
}

// What was approved is what runs, or nothing does.
func TestStale(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*world)
		why    string
	}{
		"the plan changed":         {func(w *world) { w.replicas = 4 }, "the resources"},
		"a policy denies by now":   {func(w *world) { w.rule = policies.Decision{Effect: policies.Deny, Reasons: []string{"freeze"}} }, "freeze"},
		"the policies fail by now": {func(w *world) { w.ruleErr = errors.New("boom") }, "boom"},
		"policy wants more by now": {func(w *world) {
			w.rule.Require = []policies.Requirement{{Count: 1, MinAssurance: 1}, {Group: "database", Count: 1, MinAssurance: 1}}
		}, "stricter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.rule.Require[0].Count = 2
			r := w.propose(t)
			_, err := w.say(t, r.ID, "alice", approval.Approve)
			require.NoError(t, err)
			statement, _, err := w.Statement(t.Context(), r.ID, approval.Approve, "bob", "key-bob")
			require.NoError(t, err)
			text, err := adapters.Canonical(statement)
			require.NoError(t, err)
			w.set(func() { c.change(w) })
			_, err = w.Answer(t.Context(), text, signature("key-bob", text))
			require.NoError(t, err)
			r = w.over(t, r.ID)
			assert.Equal(t, approval.Stale, r.State)
			assert.Contains(t, r.Why, c.why)
			assert.Zero(t, w.runs.Load())
		})
	}
}

// The clock stands still, and ids tell the order all the same.
func TestProposalsOfOneMillisecondAreInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []string
	for i := range approval.DefaultLimits().Pending {
		r, err := w.Propose(t.Context(), approval.Ask{Argv: []string{"kubectl", "scale", "deployment/web", fmt.Sprintf("--replicas=%d", i)}})
		require.NoError(t, err)
		ids = append(ids, r.ID)
	}
	assert.IsIncreasing(t, ids)
}

func TestTheSameProposalIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.propose(t)
	for range 5 {
		assert.Equal(t, first.ID, w.propose(t).ID)
	}
	r, err := w.Get(t.Context(), first.ID)
	require.NoError(t, err)
	assert.Equal(t, 6, r.Asked)

	w.set(func() { w.replicas = 4 })
	next := w.propose(t)
	assert.NotEqual(t, first.ID, next.ID)
	old, err := w.Get(t.Context(), first.ID)
	require.NoError(t, err)
	assert.Equal(t, approval.Stale, old.State, "the world has moved: people look at the new plan")
}

func TestAFloodMakesFewPrompts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken := 0
	for i := range 1000 {
		argv := append(scale[:2:2], fmt.Sprintf("deployment/web-%d", i), "--replicas=5", "--namespace=shop")
		_, err := w.Propose(t.Context(), approval.Ask{Argv: argv, Reason: "flood", Requester: policies.Principal{ID: fmt.Sprintf("agent-%d", i%50), Kind: policies.Agent}})
		if err == nil {
			taken++
			continue
		}
		var excess *approval.Excess
		require.ErrorAs(t, err, &excess)
		assert.Positive(t, excess.Retry)
	}
	assert.Equal(t, approval.DefaultLimits().AllPending, taken)
	w.rule = policies.Decision{Effect: policies.Allow}
	_, err := w.Propose(t.Context(), approval.Ask{Argv: []string{"kubectl", "get", "pods"}, Reason: "look", Requester: policies.Principal{ID: "agent-1", Kind: policies.Agent}})
	require.NoError(t, err, "what bothers nobody runs all the same")
	assert.Less(t, len(w.memory.types(t)), 100, "nor does it fill the log")
}

// A process that dies while a command runs leaves behind that nobody knows; the next one does not try again.
func TestWhatRanWhenTheProcessDiedIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started, hang := make(chan struct{}), make(chan struct{})
	w.run = func(context.Context) (adapters.Outcome, error) {
		close(started)
		<-hang
		return adapters.Outcome{}, nil
	}
	defer close(hang)
	r := w.propose(t)
	_, err := w.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	<-started
	assert.Equal(t, "scaled", w.Output(r.ID)[0].Text)

	next := w.gate()
	defer next.Close(t.Context())
	require.NoError(t, next.Sweep(t.Context()))
	r, err = next.Get(t.Context(), r.ID)
	require.NoError(t, err)
	assert.Equal(t, approval.Unknown, r.State)
	assert.EqualValues(t, 1, w.runs.Load())
}

func TestWhatWasApprovedWhenTheProcessDiedRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Close(t.Context()) // it takes words, and runs nothing any more
	r := w.propose(t)
	_, err := w.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	w.Gate = w.gate()
	require.NoError(t, w.Resume(t.Context()))
	assert.Equal(t, approval.Succeeded, w.over(t, r.ID).State)
	assert.EqualValues(t, 1, w.runs.Load())
}

// Somebody who can write the ledger, but cannot sign: an approved request is looked at again before it runs.
func TestWhatIsWrittenIntoTheLedgerApprovesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, r *approval.Request){
		"another proof":    func(_ *world, r *approval.Request) { r.Words[0].Proof = approval.Proof{SSH: "forged"} },
		"another approver": func(_ *world, r *approval.Request) { r.Words[0].Approver = "bob" },
		"more assurance":   func(_ *world, r *approval.Request) { r.Words[0].Assurance = 3 },
		"a longer life":    func(_ *world, r *approval.Request) { r.Words[0].Expires = r.Words[0].Expires.Add(time.Hour) },
		"another plan": func(_ *world, r *approval.Request) {
			r.Frozen, r.Digest = []byte(`{}`), adapters.Digest("clanker.proposal.v1", []byte(`{}`))
		},
		"who was removed": func(w *world, _ *approval.Request) { w.memory.people = w.memory.people[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Close(t.Context())
			r := w.propose(t)
			_, err := w.say(t, r.ID, "alice", approval.Approve)
			require.NoError(t, err)
			r, err = w.memory.Get(t.Context(), r.ID)
			require.NoError(t, err)
			change(w, &r)
			require.NoError(t, w.memory.save(r))
			w.Gate = w.gate()
			require.NoError(t, w.Resume(t.Context()))
			assert.Equal(t, approval.Stale, w.over(t, r.ID).State)
			assert.Zero(t, w.runs.Load())
		})
	}
}

// However many try to run an approved request, it runs once.
func TestManyExecutesOneRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Close(t.Context())
	r := w.propose(t)
	_, err := w.say(t, r.ID, "alice", approval.Approve)
	require.NoError(t, err)
	var gates []*approval.Gate
	var wait sync.WaitGroup
	for range 8 {
		g := w.gate()
		gates = append(gates, g)
		wait.Go(func() { assert.NoError(t, g.Resume(t.Context())) })
	}
	w.Gate = gates[0]
	wait.Wait()
	for _, g := range gates {
		g.Close(t.Context())
	}
	r, err = w.memory.Get(t.Context(), r.ID)
	require.NoError(t, err)
	assert.Equal(t, approval.Succeeded, r.State)
	assert.EqualValues(t, 1, w.runs.Load())
}

func TestHowACommandEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome adapters.Outcome
		err     error
		state   approval.State
		why     string
	}{
		"it fails":         {adapters.Outcome{Exit: 1}, nil, approval.Failed, "exit code 1"},
		"it is cut off":    {adapters.Outcome{Exit: -1, Failure: "no end in 10m0s"}, nil, approval.Failed, "no end in"},
		"it never started": {adapters.Outcome{}, errors.New("the binary has changed"), approval.Failed, "not started: the binary has changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run = func(context.Context) (adapters.Outcome, error) { return c.outcome, c.err }
			r := w.propose(t)
			_, err := w.say(t, r.ID, "alice", approval.Approve)
			require.NoError(t, err)
			r = w.over(t, r.ID)
			assert.Equal(t, c.state, r.State)
			assert.Contains(t, r.Why, c.why)
		})
	}
}

func TestMovesAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	for _, s := range []approval.State{approval.Succeeded, approval.Failed, approval.Unknown, approval.Denied, approval.Rejected, approval.Expired, approval.Stale} {
		assert.True(t, s.Over(), s)
		assert.False(t, s.Allows(approval.Running), s)
	}
	assert.False(t, approval.Pending.Allows(approval.Running), "nothing runs without having been approved")
	assert.False(t, approval.Running.Allows(approval.Running))
}
