package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/self"
)

// World is what the commands of a story are about. It plans whatever it is told, and runs nothing.
type World struct {
	environment string
	version     string // of all that is touched
	fails       bool
	begun       chan struct{} // when it is there, a command says so on it and runs until it is killed
	self        *self.Runner
	book        *self.Book
}

var _ approval.Executor = (*World)(nil)

// Plan implements [approval.Executor].
func (w *World) Plan(ctx context.Context, c adapters.Command) (adapters.Plan, error) {
	if c.Tool == self.Tool {
		return w.self.Plan(ctx, c)
	}
	return adapters.Plan{
		Schema: adapters.PlanSchema, Command: c, Env: []adapters.Variable{}, Binary: adapters.Binary{Name: c.Tool, Path: "/usr/bin/" + c.Tool, SHA256: "00", Version: "v1"},
		Target:    adapters.Target{Provider: "kubernetes", Environment: w.environment, Namespace: "shop"},
		Resources: []adapters.Touched{{ID: "deployment/web", Kind: "service", Name: "web", Action: adapters.ActionUpdate, Version: w.version}},
		Preview:   adapters.Preview{Kind: adapters.PreviewNone, Reason: "nothing runs here"},
	}, nil
}

// Run implements [approval.Executor].
func (w *World) Run(ctx context.Context, p adapters.Plan, tell func(adapters.Output)) (adapters.Outcome, error) {
	if p.Command.Tool == self.Tool {
		return w.self.Run(ctx, p, tell)
	}
	if w.begun != nil {
		close(w.begun)
		<-ctx.Done()
		return adapters.Outcome{Exit: -1, Failure: "killed"}, nil
	}
	if w.fails {
		return adapters.Outcome{Exit: 1, Stderr: "it broke"}, nil
	}
	return adapters.Outcome{Stdout: "done", Verified: "3 -> 5 replicas"}, nil
}

// The commands of the story.
func scale(to string) []string {
	return []string{"kubectl", "scale", "deployment/web", "--replicas=" + to, "-n", "shop"}
}

// Tell lives a workspace's life in a folder, and closes it: everything that can become of a request becomes of one.
func Tell(t testing.TB, dir string) *Story { return Place{Dir: dir}.Tell(t) }

// Tell is a whole story.
func (p Place) Tell(t testing.TB) *Story {
	t.Helper()
	s := p.Begin(t)
	s.reads()
	s.writes()
	s.changes()
	s.endings()
	return s
}

func (s *Story) reads() {
	s.is(approval.Succeeded, s.Wait(s.Propose("kubectl", "get", "pods", "-n", "shop").ID))
	s.is(approval.Denied, s.Propose("kubectl", "delete", "deployment/web", "-n", "shop"))
	_, err := s.Gate.Propose(s.t.Context(), approval.Ask{Argv: []string{"rm", "-rf", "/\x1b[2J"}, Requester: policies.Principal{ID: "claude", Kind: policies.Agent}})
	assert.Error(s.t, err)
}

func (s *Story) writes() {
	s.is(approval.Succeeded, s.Say(approval.Approve, "alice", s.Propose(scale("5")...).ID))
	s.World.environment = "production"
	two := s.Propose(scale("6")...)
	s.is(approval.Pending, s.Say(approval.Approve, "bob", two.ID))
	s.Propose(scale("6")...) // the same
	s.is(approval.Succeeded, s.Say(approval.Approve, "alice", two.ID))
	s.World.environment, s.World.fails = "staging", true
	s.is(approval.Failed, s.Say(approval.Approve, "bob", s.Propose(scale("7")...).ID))
	s.World.fails = false
}

// changes lets alice propose that carol is enrolled and that the policies change, and bob approve it.
func (s *Story) changes() {
	text, err := adapters.Canonical(s.Credential("carol"))
	require.NoError(s.t, err)
	s.is(approval.Succeeded, s.change("approvers", "add", "carol", string(text)))
	engine := s.policies(rules + "\n# by request\n")
	require.True(s.t, s.World.book.Offer(engine))
	s.is(approval.Succeeded, s.change("policies", "use", engine.Revision()))
}

func (s *Story) change(words ...string) approval.Request {
	s.t.Helper()
	r, err := s.Gate.ProposeChange(s.t.Context(), approval.Ask{Argv: append([]string{self.Tool}, words...), Reason: "we need it", Requester: policies.Principal{ID: "alice", Kind: policies.Operator}})
	require.NoError(s.t, err)
	return s.Say(approval.Approve, "bob", r.ID)
}

func (s *Story) endings() {
	old := s.Propose(scale("9")...)
	s.is(approval.Rejected, s.Say(approval.Reject, "carol", s.Propose(scale("8")...).ID)) // for a while no other may be proposed
	s.Clock.Skip(2 * time.Hour)
	require.NoError(s.t, s.Gate.Sweep(s.t.Context()))
	s.is(approval.Expired, s.Wait(old.ID))
	moved := s.Propose(scale("10")...)
	s.World.version = "2"
	s.is(approval.Stale, s.Say(approval.Approve, "carol", moved.ID))
	s.dies()
}

// dies stops the workspace while a command runs, and starts it anew: nobody knows what became of the command.
func (s *Story) dies() {
	s.World.begun = make(chan struct{})
	r := s.Propose(scale("11")...)
	statement, _, err := s.Gate.Statement(s.t.Context(), r.ID, approval.Approve, "alice", s.keys["alice"])
	require.NoError(s.t, err)
	text, err := adapters.Canonical(statement)
	require.NoError(s.t, err)
	_, err = s.Gate.Answer(s.t.Context(), text, s.Sign["alice"](text))
	require.NoError(s.t, err)
	<-s.World.begun
	now, cancel := context.WithCancel(s.t.Context())
	cancel()
	s.Gate.Close(now)
	require.NoError(s.t, s.Store.Close())
	s.open()
	r, err = s.Store.Get(s.t.Context(), r.ID)
	require.NoError(s.t, err)
	s.is(approval.Unknown, r)
	require.NoError(s.t, s.Store.Close())
}

func (s *Story) is(want approval.State, r approval.Request) {
	s.t.Helper()
	require.Equal(s.t, want, r.State, "%s: %s", r.Proposal.Plan.Command.Argv, r.Why)
}
