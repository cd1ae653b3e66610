package policies

import (
	"fmt"
	"time"

	"clanker/adapters"
)

// Proposal is what somebody wants to run, and why they say so.
type Proposal struct {
	ID        string        `json:"id"`
	Plan      adapters.Plan `json:"plan"`
	Requester Principal     `json:"requester"`
	Reason    string        `json:"reason"` // the requester's claim
	Created   time.Time     `json:"created"`
	Expires   time.Time     `json:"expires"`
}

// Person is who asks, if it is a person; empty for an agent, whose name is a claim: it must not silence the person of that name.
func (p Proposal) Person() string {
	if p.Requester.Kind == Operator {
		return p.Requester.ID
	}
	return ""
}

// Effect is what a decision says.
type Effect string

// The effects.
const (
	Allow           Effect = "allow" // run now; only [adapters.ClassRead]
	RequireApproval Effect = "require_approval"
	Deny            Effect = "deny"
)

// Assurance is how hard it is to forge an approval.
type Assurance int

// The levels. What a credential reached is seen at each signature, never claimed.
const (
	AssuranceTerminal  Assurance = 0 // somebody typed it; counts in the development profile only
	AssuranceSoftware  Assurance = 1 // a software key
	AssuranceTouch     Assurance = 2 // a hardware key that was touched
	AssuranceVerified  Assurance = 3 // a hardware key that was touched, with a PIN or a finger
	AssuranceElsewhere Assurance = 4 // the same, on another machine
)

// String says what people approve with at this level.
func (a Assurance) String() string {
	words := [...]string{"a typed phrase", "any key", "hardware key, touched", "passkey, PIN or finger", "hardware key, on another machine"}
	if a < 0 || int(a) >= len(words) {
		return fmt.Sprintf("assurance %d", int(a))
	}
	return words[a]
}

// Requirement is people who must approve: Count of Group, each with at least MinAssurance. An empty group is everybody who
// is enrolled.
type Requirement struct {
	Group        string    `json:"group"`
	Count        int       `json:"count"`
	MinAssurance Assurance `json:"minAssurance"`
	Reason       string    `json:"reason"` // the rule's words
	Rule         string    `json:"rule"`   // file:line of the rule
}

// Decision is what the policies say of a proposal at one time. It can be made again from what it holds.
type Decision struct {
	Effect   Effect        `json:"effect"`
	Require  []Requirement `json:"require,omitempty"` // all of them; sorted
	Reasons  []string      `json:"reasons"`           // why, in sentences; sorted
	Rules    []string      `json:"rules,omitempty"`   // file:line of those that held, sorted
	Revision string        `json:"revision"`          // digest of the policies and their data
	Input    string        `json:"input"`             // the canonical JSON that was decided on, with the time in it
	At       time.Time     `json:"at"`
}
