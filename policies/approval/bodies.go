package approval

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"reflect"
	"time"

	"clanker/adapters"
	"clanker/policies"
)

// The bodies of the entries. Together they hold all that is needed to verify the log without anything else: the frozen
// proposals, the policies as text, the credentials, and every word with its signature. Proposal is the ID of a request.
type (
	// Opened says that a process writes the log from here on, and once more when it begins to serve the operator page.
	Opened struct {
		Version     string `json:"version"`
		Key         string `json:"key"`                  // the workspace's public key, as note.NewVerifier reads it
		Instance    string `json:"instance,omitzero"`    // the process; older ones were alone
		Team        bool   `json:"team,omitzero"`        // in the first of a log: other workspaces may write it, too, with keys of their own
		Isolation   string `json:"isolation"`            // the tier of this installation
		Origin      string `json:"origin"`               // of the operator page that it serves, what passkeys sign for; empty when another process does
		Development bool   `json:"development,omitzero"` // words typed at a terminal count
	}

	// Loaded says what policies decide from here on. Only the first needs no request.
	Loaded struct {
		Revision string            `json:"revision"`
		Files    map[string]string `json:"files"`            // path to text: all that the revision is the digest of
		Request  string            `json:"request,omitzero"` // that is running and changes them, see [FieldPolicies]
	}

	// Trusted says who may approve from here on: all of them, sorted by ID. Only the first needs no request.
	Trusted struct {
		Approvers []Approver `json:"approvers"`
		Request   string     `json:"request,omitzero"` // that is running and changes them, see [FieldTrust]
	}

	// Proposed is a new request: pending; approved when policy allows the read; denied.
	Proposed struct {
		Request Request `json:"request"`
	}

	// Merged says that the same was proposed again while it waited.
	Merged struct {
		Proposal string `json:"proposal"`
		Asked    int    `json:"asked"` // how often by now
	}

	// Refused is what never became a request (no command, or over a limit), or a statement that proves nothing. Its texts
	// are redacted.
	Refused struct {
		Argv      []string           `json:"argv,omitempty"`
		Proposal  string             `json:"proposal,omitzero"`
		Requester policies.Principal `json:"requester,omitzero"`
		Why       string             `json:"why"`
	}

	// Given is what a person said.
	Given struct {
		Proposal string `json:"proposal"`
		Word     Word   `json:"word"`
	}

	// ApprovedBy says which words were enough.
	ApprovedBy struct {
		Proposal string   `json:"proposal"`
		Nonces   []string `json:"nonces"` // of the words, in the order they were given
	}

	// Started says what is about to run, and the words that are used up by it.
	Started struct {
		Proposal string            `json:"proposal"`
		Instance string            `json:"instance,omitzero"` // that runs it
		Digest   string            `json:"digest"`            // of the proposal that runs
		Plan     string            `json:"plan"`              // digest of the plan as it was made again just now
		Nonces   []string          `json:"nonces,omitempty"`  // of the words; none for a read that policy allows
		Decision policies.Decision `json:"decision"`          // made again just now
	}

	// Ended is what became of it, see [adapters.Outcome]: succeeded with exit code 0 and no failure, else failed.
	Ended struct {
		Proposal string `json:"proposal"`
		State    State  `json:"state"`
		Exit     int    `json:"exit"`
		Failure  string `json:"failure,omitzero"`
		Stdout   string `json:"stdoutSha256"` // hex, of the redacted text that was kept
		Stderr   string `json:"stderrSha256"`
		Verified string `json:"verified,omitzero"`
	}

	// Late is what became of a command that had been given up as unknown: its process had only lost the ledger. The request
	// stays unknown, and this is what people can look at.
	Late Ended

	// Closed says that it will not run (rejected, expired, stale, or failed before it started), or that the process died that
	// ran it (unknown).
	Closed struct {
		Proposal string `json:"proposal"`
		State    State  `json:"state"`
		Why      string `json:"why"`
	}

	// Checkpoint is the head before this entry, signed by the workspace. The log writes it by itself.
	Checkpoint struct {
		Note string `json:"note"` // of golang.org/x/mod/sumdb/note over [Head.Text]
	}
)

// The plan of a request with the tool "clanker" says what it changes in a [adapters.Field] of one of its resources: After
// is what the entry that is written while it runs must come to.
const (
	FieldTrust    = "trust"    // [TrustSum] of the approvers
	FieldPolicies = "policies" // revision of the policies
)

// TrustSum is the digest of who may approve with what: of the approvers sorted by ID, without what changes by itself,
// the counters and the times.
func TrustSum(approvers []Approver) (string, error) {
	fixed := make([]Approver, len(approvers))
	for i, a := range approvers {
		fixed[i] = Approver{ID: a.ID}
		for _, c := range a.Credentials {
			c.Counter, c.Added = 0, time.Time{}
			fixed[i].Credentials = append(fixed[i].Credentials, c)
		}
	}
	text, err := adapters.Canonical(fixed)
	if err != nil {
		return "", err
	}
	return adapters.Digest("clanker.trust.v1", text), nil
}

// Fingerprint is the short form of a workspace's public key, for people and for statements.
func Fingerprint(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// Text is what a checkpoint signs.
func (h Head) Text() string { return fmt.Sprintf("clanker audit\n%d\n%s\n", h.Seq, h.Hash) }

// Unsealed is after how many entries without a checkpoint the log writes one.
const Unsealed = 100

// Sealed reports whether a checkpoint follows at once: after a command has ended, and after so many entries without one.
func Sealed(kind string, since int64) bool {
	return kind == EventEnded || kind == EventUnknown || kind != EventCheckpoint && since >= Unsealed
}

// Check reports a body that is not of the type that belongs to the event.
func (e Event) Check() error {
	if want := bodyOf(e.Type); want == nil || reflect.TypeOf(e.Body) != reflect.TypeOf(want).Elem() {
		return fmt.Errorf("an entry of type %q cannot have a body of type %T", e.Type, e.Body)
	}
	return nil
}

// Read returns the body: a pointer to the type that belongs to the type of the entry. What is not in the one form of that
// type is an error.
func (e Entry) Read() (any, error) {
	body := bodyOf(e.Type)
	if body == nil {
		return nil, fmt.Errorf("there is no type %q", e.Type)
	}
	if _, err := Restore(e.Body, body); err != nil {
		return nil, fmt.Errorf("read the body of %s: %w", e.Type, err)
	}
	return body, nil
}

func bodyOf(kind string) any {
	switch kind {
	case EventStarted:
		return &Opened{}
	case EventPolicies:
		return &Loaded{}
	case EventTrust:
		return &Trusted{}
	case EventProposed:
		return &Proposed{}
	case EventMerged:
		return &Merged{}
	case EventRefused:
		return &Refused{}
	case EventWord:
		return &Given{}
	case EventApproved:
		return &ApprovedBy{}
	case EventRunning:
		return &Started{}
	case EventEnded:
		return &Ended{}
	case EventLate:
		return &Late{}
	case EventUnknown, EventClosed:
		return &Closed{}
	case EventCheckpoint:
		return &Checkpoint{}
	}
	return nil
}
