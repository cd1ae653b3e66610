package approval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode"
	"unicode/utf16"

	"clanker/adapters"
)

// The types of entries in the audit log, each with the type of its body.
const (
	EventStarted    = "workspace.started" // [Opened]; the first of a log, and one for each process that starts
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
	EventLate       = "execution.late"    // [Late]
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

// Next is the entry that tells of an event after the one that h is the head of.
func (h Head) Next(at time.Time, event Event) (Entry, error) {
	if err := event.Check(); err != nil {
		return Entry{}, err
	}
	body, err := adapters.Canonical(event.Body)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Seq: h.Seq + 1, At: at.UTC(), Prev: h.Hash, Type: event.Type, Body: visible(body)}
	e.Hash, err = e.Sum()
	return e, err
}

// Head is the head of a log that ends with the entry.
func (e Entry) Head() Head { return Head{Seq: e.Seq, Hash: e.Hash} }

// visible escapes in JSON what does not show as itself on a terminal: the log can be looked at without harm. Such a
// character can only be in a string, where the escape means the same.
func visible(text []byte) json.RawMessage {
	var safe bytes.Buffer
	for _, r := range string(text) {
		if r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			safe.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&safe, `\u%04x`, unit)
		}
	}
	return safe.Bytes()
}

// Restore reads from the body of an entry a document that was signed or hashed by itself. It returns the canonical bytes
// that were: in the body, what does not show is escaped. What is not in the one form of its type is an error.
func Restore(text json.RawMessage, to any) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return nil, err
	}
	canonical, err := adapters.Canonical(to)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(visible(canonical), text) {
		return nil, fmt.Errorf("it is not in canonical form")
	}
	return canonical, nil
}
