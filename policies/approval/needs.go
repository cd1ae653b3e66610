package approval

import (
	"slices"
	"time"

	"clanker/policies"
)

// Needs are the requirements that are not met yet.
func (g *Gate) Needs(r Request) []policies.Need {
	_, needs := g.permits(r, r.Decision, g.now())
	return slices.DeleteFunc(needs, func(n policies.Need) bool { return n.Missing == 0 })
}

// permits counts the approvals that stand at a time against what a decision requires, with the groups as they are now.
func (g *Gate) permits(r Request, d policies.Decision, now time.Time) (bool, []policies.Need) {
	var approvals []policies.Approval
	for _, w := range r.standing(now) {
		approvals = append(approvals, policies.Approval{Approver: w.Approver, Groups: g.Decider.Groups(w.Approver), Assurance: w.Assurance})
	}
	return d.Permits(r.Proposal.Person(), approvals)
}

// Phrase is three words that the agent, the page and the terminal show alike.
func (r Request) Phrase() string { return phrase(r.Digest) }
