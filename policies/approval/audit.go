package approval

import (
	"encoding/json"
	"time"

	"clanker/adapters"
)

// The types of entries in the audit log, each with the type of its body.
const (
	EventStarted    = "workspace.started" // [Opened]; the first of a log, and one for each start
	EventPolicies   = "policies.loaded"   // [Loaded]
	EventTrust      = "trust.changed"     // [Trusted]
	EventProposed   = "proposal.created"  // [Proposed]
	EventMerged     = "proposal.merged"   // [Merged]
	EventRefused    = "proposal.refused"  // [Refused]
	EventWord       = "approval.given"    // [Given]; a rejection too
	EventApproved   = "proposal.approved" // [ApprovedBy]
	EventRunning    = "execution.started" // [Started]; written before it runs
	EventEnded      = "execution.ended"   // [Ended]
	EventUnknown    = "execution.unknown" // [Closed]
	EventClosed     = "proposal.closed"   // [Closed]
	EventCheckpoint = "checkpoint"        // [Checkpoint]
)

// Entry is an entry of the audit log: a link of the chain.
type Entry struct {
	Seq  int64           `json:"seq"` // from 1
	At   time.Time       `json:"at"`
	Prev string          `json:"prev"` // hash of the entry before; empty for the first
	Type string          `json:"type"`
	Body json.RawMessage `json:"body"` // canonical
	Hash string          `json:"hash,omitempty"`
}

// Sum is the hash of the entry: over its canonical bytes without the hash.
func (e Entry) Sum() (string, error) {
	e.Hash = ""
	text, err := adapters.Canonical(e)
	if err != nil {
		return "", err
	}
	return adapters.Digest("clanker.audit.v1", text), nil
}
