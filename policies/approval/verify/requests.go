package verify

import (
	"time"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// slack is how far the clock may have been set back, and how long an entry may wait to be written.
const slack = 10 * time.Second

// timely reports whether an entry may tell of what was done at a time. The machine may have slept in between.
func timely(e approval.Entry, at time.Time) bool {
	return at.Sub(e.At) <= slack && e.At.Sub(at) <= approval.MaxLast
}

// proposed checks a new request: what is frozen is what was decided on.
func (c *checker) proposed(e approval.Entry, r approval.Request) error {
	proposal, err := thaw(r)
	switch {
	case err != nil:
		return err
	case c.requests[r.ID] != nil:
		return broken(WhatRequest, "%s was proposed before", r.ID)
	case c.workspace(c.home(r)) == nil:
		return broken(WhatRequest, "%s was proposed in a workspace that has not joined", r.ID)
	case len(r.Words) > 0 || r.Outcome != nil:
		return broken(WhatRequest, "%s is new and has words or an outcome already", r.ID)
	case !approval.State("").Allows(r.State) || r.State != begins(r.Decision.Effect):
		return broken(WhatRequest, "%s begins as %s, and the decision is %s", r.ID, r.State, r.Decision.Effect)
	}
	if err := c.decided(e, r.Decision, proposal); err != nil {
		return err
	}
	c.requests[r.ID] = &request{Request: r}
	c.report.Proposals++
	return nil
}

func begins(effect policies.Effect) approval.State {
	switch effect {
	case policies.Allow:
		return approval.Approved
	case policies.RequireApproval:
		return approval.Pending
	}
	return approval.Denied
}

// thaw reads what is frozen in a request and wants the rest of the request to be the same.
func thaw(r approval.Request) (policies.Proposal, error) {
	var p policies.Proposal
	frozen, err := approval.Restore(r.Frozen, &p)
	if err != nil {
		return p, broken(WhatRequest, "what is frozen of %s cannot be read: %v", r.ID, err)
	}
	plan, err := p.Plan.Freeze()
	if err != nil {
		return p, err
	}
	copied, err := adapters.Canonical(r.Proposal)
	switch {
	case err != nil:
		return p, err
	case adapters.Digest(approval.ProposalDomain, frozen) != r.Digest:
		return p, broken(WhatRequest, "the digest of %s is not that of what is frozen", r.ID)
	case p.ID != r.ID || plan.Digest != r.Plan || string(copied) != string(frozen):
		return p, broken(WhatRequest, "%s is not what is frozen of it", r.ID)
	}
	return p, nil
}

// decided makes a decision again, with the policies that it names. A denial needs no proof.
func (c *checker) decided(e approval.Entry, d policies.Decision, p policies.Proposal) error {
	if d.Effect == policies.Deny {
		return nil
	}
	engine := c.engines[d.Revision]
	switch {
	case engine == nil:
		return broken(WhatDecision, "it was made by policies that the log does not have: %s", d.Revision)
	case !timely(e, d.At):
		return broken(WhatDecision, "it was made at %s, and written at %s", d.At.Format(time.RFC3339), e.At.Format(time.RFC3339))
	case d.Effect == policies.Allow && p.Plan.Command.Class != adapters.ClassRead:
		return broken(WhatDecision, "it allows what is of class %s without a person", p.Plan.Command.Class)
	}
	again, err := engine.Decide(c.ctx, p, d.At)
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	if err != nil {
		return broken(WhatDecision, "the policies do not decide: %v", err)
	}
	if !same(again, d) {
		return broken(WhatDecision, "the policies decide %s, and not this %s", again.Effect, d.Effect)
	}
	return nil
}

func same(a, b policies.Decision) bool {
	one, err := adapters.Canonical(a)
	other, errOther := adapters.Canonical(b)
	return err == nil && errOther == nil && string(one) == string(other)
}

// move takes a request to its next state.
func (c *checker) move(id string, to approval.State) (*request, error) {
	r := c.requests[id]
	switch {
	case r == nil:
		return nil, broken(WhatRequest, "%s was never proposed", id)
	case !r.State.Allows(to):
		return nil, broken(WhatRequest, "%s is %s, and cannot become %s", id, r.State, to)
	case r.rejected && to != approval.Rejected:
		return nil, broken(WhatRequest, "%s was rejected by a person, and cannot become %s", id, to)
	}
	r.State = to
	return r, nil
}

func (c *checker) merged(b approval.Merged) error {
	r := c.requests[b.Proposal]
	if r == nil || r.State != approval.Pending || b.Asked != r.Asked+1 {
		return broken(WhatRequest, "%s does not wait, or was not asked for %d times", b.Proposal, b.Asked)
	}
	r.Asked = b.Asked
	return nil
}

// approved checks that the words were enough when the last of them was said.
func (c *checker) approved(b approval.ApprovedBy) error {
	r, err := c.move(b.Proposal, approval.Approved)
	if err != nil {
		return err
	}
	if len(r.Words) == 0 {
		return broken(WhatRequest, "%s is approved, and nobody has said a word", b.Proposal)
	}
	words, err := r.standing(b.Nonces, r.Words[len(r.Words)-1].At)
	if err != nil {
		return err
	}
	return c.enough(r, r.Decision, words)
}

// started checks that exactly what was approved runs, once, with enough words that nobody took back.
func (c *checker) started(e approval.Entry, b approval.Started) error {
	if r := c.requests[b.Proposal]; r != nil && r.State != approval.Approved {
		return broken(WhatExecution, "%s is run while it is %s", b.Proposal, r.State)
	}
	r, err := c.move(b.Proposal, approval.Running)
	if err != nil {
		return err
	}
	switch {
	case b.Digest != r.Digest || b.Plan != r.Plan:
		return broken(WhatExecution, "what is run is not what was approved: the digests differ")
	case b.Instance != "" && c.instances[b.Instance] != c.home(r.Request):
		return broken(WhatExecution, "it is run by a process of another workspace than the one that it was proposed in")
	case b.Decision.Effect == policies.Deny:
		return broken(WhatExecution, "it is run, and policy denies it by now")
	case !c.inForce(b.Decision.Revision, e.At):
		return broken(WhatDecision, "it was made again by policies that were not in force: %s", b.Decision.Revision)
	}
	if err := c.decided(e, b.Decision, r.Proposal); err != nil {
		return err
	}
	words, err := r.standing(b.Nonces, e.At.Add(-slack))
	if err != nil {
		return err
	}
	if err := c.enough(r, r.Decision, words); err != nil {
		return err
	}
	r.Instance = b.Instance
	c.report.Executions++
	return c.enough(r, b.Decision, words)
}

// enough checks that the words meet what a decision requires.
func (c *checker) enough(r *request, d policies.Decision, words []approval.Word) error {
	var approvals []policies.Approval
	for _, w := range words {
		approvals = append(approvals, policies.Approval{Approver: w.Approver, Groups: c.engines[d.Revision].Groups(w.Approver), Assurance: w.Assurance})
	}
	permitted, needs := d.Permits(r.Proposal.Person(), approvals)
	if permitted {
		return nil
	}
	for _, need := range needs {
		if need.Missing > 0 {
			return broken(WhatExecution, "%d of the %d approvals are there that are required of the group %q with assurance %d", len(need.By), need.Count, need.Group, need.MinAssurance)
		}
	}
	return broken(WhatExecution, "the decision is %s, and that lets nothing run", d.Effect)
}

// late checks that what became of a command is told after it was given up, and by that only.
func (c *checker) late(b approval.Late) error {
	if r := c.requests[b.Proposal]; r == nil || r.State != approval.Unknown || b.State != approval.Unknown {
		return broken(WhatExecution, "%s ends late, and was not given up", b.Proposal)
	}
	return nil
}

func (c *checker) ended(b approval.Ended) error {
	ok := adapters.Outcome{Exit: b.Exit, Failure: b.Failure}.OK()
	switch r := c.requests[b.Proposal]; {
	case r == nil || r.State != approval.Running:
		return broken(WhatExecution, "%s ends, and was not running", b.Proposal)
	case r.lost:
		return broken(WhatExecution, "%s ends, and the workspace that ran it was gone", b.Proposal)
	case ok != (b.State == approval.Succeeded):
		return broken(WhatExecution, "%s has %s with exit code %d", b.Proposal, b.State, b.Exit)
	}
	_, err := c.move(b.Proposal, b.State)
	return err
}

func (c *checker) closed(e approval.Entry, b approval.Closed) error {
	r := c.requests[b.Proposal]
	switch {
	case (e.Type == approval.EventUnknown) != (b.State == approval.Unknown) || r != nil && (r.State == approval.Running) != (b.State == approval.Unknown):
		return broken(WhatRequest, "%s cannot become %s by %s", b.Proposal, b.State, e.Type)
	case b.State == approval.Rejected && r != nil && !r.rejected:
		return broken(WhatRequest, "%s is rejected, and nobody said so", b.Proposal)
	}
	_, err := c.move(b.Proposal, b.State)
	return err
}
