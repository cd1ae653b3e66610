package approval

import (
	"encoding/json"
	"errors"
	"time"

	"clanker/adapters"
	"clanker/policies"
)

// Request is a proposal and what became of it.
type Request struct {
	ID        string            `json:"id"`
	State     State             `json:"state"`
	Why       string            `json:"why,omitzero"`       // why it is in that state: what changed, who rejected it
	Workspace string            `json:"workspace,omitzero"` // fingerprint of the workspace that it was proposed in, and that runs it: never written again; older ones have none
	Instance  string            `json:"instance,omitzero"`  // process that it was proposed in; from when it runs on, the one that runs it
	Proposal  policies.Proposal `json:"proposal"`           // what Frozen holds
	Frozen    json.RawMessage   `json:"frozen"`             // the canonical bytes that were approved: never written again
	Digest    string            `json:"digest"`             // of Frozen, in the domain "clanker.proposal.v1"
	Plan      string            `json:"plan"`               // digest of the plan in it, see [adapters.Frozen]
	Decision  policies.Decision `json:"decision"`
	Words     []Word            `json:"words,omitempty"` // all that people said, in order; the newest of each counts
	Outcome   *adapters.Outcome `json:"outcome,omitempty"`
	Asked     int               `json:"asked"`           // how often the same was proposed while it waited
	Lapses    time.Time         `json:"lapses,omitzero"` // when what was approved lapses
	Updated   time.Time         `json:"updated"`
	Version   int               `json:"version"` // grows with every change of the request
}

// Verdict is what a person says.
type Verdict string

// The verdicts. To withdraw an approval is to reject.
const (
	Approve Verdict = "approve"
	Reject  Verdict = "reject"
)

// Word is what a person said about a request, with the proof.
type Word struct {
	Verdict    Verdict            `json:"verdict"`
	Approver   string             `json:"approver"`
	Credential string             `json:"credential"`
	Assurance  policies.Assurance `json:"assurance"` // as seen at the signature
	Statement  json.RawMessage    `json:"statement"` // canonical bytes of the [Statement]
	Proof      Proof              `json:"proof"`
	Origin     string             `json:"origin,omitzero"` // of the operator page that it was said on; older ones have none
	At         time.Time          `json:"at"`
	Expires    time.Time          `json:"expires"`
	Nonce      string             `json:"nonce"`
}

// StatementSchema names the form of a statement, and is the domain that a passkey's challenge is hashed in.
const StatementSchema = "clanker.approval.v1"

// Statement is what a person signs. Its canonical bytes are signed by an SSH key in the namespace "approval@clanker", or
// are hashed into the challenge of a passkey: SHA-256 of "clanker.approval.v1", a zero byte and the bytes.
type Statement struct {
	Schema     string    `json:"schema"` // [StatementSchema]
	Proposal   string    `json:"proposal"`
	Digest     string    `json:"proposalDigest"`
	Verdict    Verdict   `json:"verdict"`
	Approver   string    `json:"approver"`
	Credential string    `json:"credential"`
	Policy     string    `json:"policyDigest"`  // revision of the policies when it was shown
	Display    string    `json:"displayDigest"` // of what was shown: [View.Sum]
	Workspace  string    `json:"workspace"`     // fingerprint of the workspace's key
	Issued     time.Time `json:"issuedAt"`
	Expires    time.Time `json:"expiresAt"`
	Nonce      string    `json:"nonce"`
	Head       Head      `json:"auditHead"`
}

// Head is the newest entry of the audit log at some time.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Proof is the signature under a statement; one of the fields is set.
type Proof struct {
	SSH      string          `json:"ssh,omitempty"`      // armored, as ssh-keygen -Y sign writes it
	Passkey  json.RawMessage `json:"passkey,omitempty"`  // the assertion as the browser returns it: PublicKeyCredential.toJSON()
	Terminal string          `json:"terminal,omitempty"` // the phrase that was typed; counts in the development profile only
}

// Approver is a person who is enrolled.
type Approver struct {
	ID          string       `json:"id"` // as in the groups of data.yaml
	Credentials []Credential `json:"credentials"`
	Added       time.Time    `json:"added"`
}

// The kinds of credential.
const (
	Passkey  = "passkey"
	SSHKey   = "ssh"
	Terminal = "terminal" // signs nothing: a phrase is typed, see [Proof]
)

// Credential is what a person signs with.
type Credential struct {
	ID      string             `json:"id"` // passkey: the credential id in base64url; ssh: the fingerprint SHA256:...
	Kind    string             `json:"kind"`
	Name    string             `json:"name"`            // what the person calls it
	Public  string             `json:"public"`          // ssh: the authorized_keys line; passkey: JSON of what was registered
	Max     policies.Assurance `json:"max"`             // the most that its signatures can count for
	Counter uint32             `json:"counter"`         // of the newest signature; a smaller one is the sign of a clone
	Remote  bool               `json:"remote,omitzero"` // enrolled as being kept on another machine
	Added   time.Time          `json:"added"`
}

// Seen is what a signature proves.
type Seen struct {
	Assurance policies.Assurance
	Counter   uint32
}

// Event is an entry for the audit log.
type Event struct {
	Type string // see the list in audit.go
	Body any    // is written as canonical JSON
}

// Errors of a [Ledger].
var (
	ErrNotFound = errors.New("there is no such request")
	ErrMoved    = errors.New("the request has moved on")
	ErrUsed     = errors.New("this statement was used before")
)

// Filter is which requests to list, the newest first. The zero value lists all.
type Filter struct {
	States    []State
	Requester string
	Since     time.Time // created at or after
	Limit     int       // 0 is no limit
	Brief     bool      // leave the outcomes out: what commands wrote can be much
}
