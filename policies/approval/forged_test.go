package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// Whoever can write the ledger can write that a command is a read, which needs no signature. Its words say what it is.
func TestACommandIsWhatItsWordsMean(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(*adapters.Command){
		"a lower class": func(c *adapters.Command) { c.Class = adapters.ClassRead },
		"another verb":  func(c *adapters.Command) { c.Class, c.Path = adapters.ClassRead, []string{"get"} },
		"words that no agent can propose": func(c *adapters.Command) {
			c.Class, c.Argv = adapters.ClassRead, []string{"kubectl", "get", "pods", "--token=x"}
		},
		"the own tool": func(c *adapters.Command) { c.Class, c.Tool = adapters.ClassRead, approval.OwnTool },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.propose(t)
			w.set(func() { w.rule = policies.Decision{Effect: policies.Allow} })
			r = forged(t, r, forge)
			require.NoError(t, w.memory.save(r))
			require.NoError(t, w.Resume(t.Context()))
			assert.Equal(t, approval.Stale, w.over(t, r.ID).State)
			assert.Zero(t, w.runs.Load())
		})
	}
}

// forged is a request as somebody writes it who wants it to run without anybody.
func forged(t *testing.T, r approval.Request, forge func(*adapters.Command)) approval.Request {
	t.Helper()
	forge(&r.Proposal.Plan.Command)
	plan, err := r.Proposal.Plan.Freeze()
	require.NoError(t, err)
	r.Frozen, err = adapters.Canonical(r.Proposal)
	require.NoError(t, err)
	r.Plan, r.Digest = plan.Digest, adapters.Digest(approval.ProposalDomain, r.Frozen)
	r.State, r.Decision, r.Lapses = approval.Approved, policies.Decision{Effect: policies.Allow}, start.Add(time.Hour)
	return r
}
