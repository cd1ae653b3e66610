package approval

import (
	"encoding/json"
	"time"

	"clanker/adapters"
)

// The types of entries in the audit log.
const (
	EventStarted    = "workspace.started" // who runs it: version, key, isolation
	EventPolicies   = "policies.loaded"   // revision, and the request that changed them
	EventTrust      = "trust.changed"     // approvers and their credentials as they are now, and the request that changed them
	EventProposed   = "proposal.created"  // the request with its decision
	EventMerged     = "proposal.merged"   //
	EventRefused    = "proposal.refused"  // not a command, over a limit: never became a request
	EventWord       = "approval.given"    // [Word]; a rejection too
	EventApproved   = "proposal.approved" // which words were enough
	EventRunning    = "execution.started" // the words that are used up; written before it runs
	EventEnded      = "execution.ended"   // exit code and digests of the output
	EventUnknown    = "execution.unknown" //
	EventClosed     = "proposal.closed"   // rejected, expired, stale or failed before it ran
	EventCheckpoint = "checkpoint"        // signed head
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
