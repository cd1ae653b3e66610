package adapters

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// PlanSchema names the form of a plan.
const PlanSchema = "clanker.plan/v1"

// Plan is all that decides what a command will do. It is frozen once to bytes; those are shown, approved and carried out.
// Texts in it are redacted, except the argv, which is exact.
type Plan struct {
	Schema    string     `json:"schema"` // [PlanSchema]
	Command   Command    `json:"command"`
	Binary    Binary     `json:"binary"`
	Env       []Variable `json:"env"`             // the whole environment but for generated paths, sorted by name
	Files     []File     `json:"files,omitempty"` // that the command reads, sorted by path
	Target    Target     `json:"target"`
	Resources []Touched  `json:"resources,omitempty"` // sorted by ID
	Preview   Preview    `json:"preview"`
	Undo      []string   `json:"undo,omitempty"` // the argv that would take it back, where one is known
}

// Binary is the program that would run.
type Binary struct {
	Name    string `json:"name"`
	Path    string `json:"path"`   // resolved, absolute
	SHA256  string `json:"sha256"` // hex
	Version string `json:"version"`
}

// Variable is an environment variable of the command.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// File is a file that the command reads. When it runs it gets a private copy that has this digest.
type File struct {
	Path   string `json:"path"`   // as the argv names it, or in the tool's folder
	SHA256 string `json:"sha256"` // hex
	Size   int64  `json:"size"`   // bytes
}

// Target is what the command would act on, by identities that do not change with a rename.
type Target struct {
	Provider    string `json:"provider"`              // kubernetes
	Identity    string `json:"identity,omitzero"`     // as whom it would act
	Account     string `json:"account,omitzero"`      // cloud account, project, subscription
	Region      string `json:"region,omitzero"`       //
	Cluster     string `json:"cluster,omitzero"`      // name of the context
	ClusterUID  string `json:"clusterUid,omitzero"`   // UID of the namespace kube-system
	Server      string `json:"server,omitzero"`       // address of the API
	Namespace   string `json:"namespace,omitzero"`    //
	Environment string `json:"environment,omitzero"`  // production, staging, development, test; empty when unknown
	Workspace   string `json:"workspace,omitzero"`    // of terraform
	Folder      string `json:"folder,omitzero"`       // of terraform: the configuration
	Lineage     string `json:"stateLineage,omitzero"` // of terraform's state
}

// Action is what happens to a resource.
type Action string

// The actions.
const (
	ActionRead    Action = "read"
	ActionCreate  Action = "create"
	ActionUpdate  Action = "update"
	ActionRestart Action = "restart"
	ActionReplace Action = "replace" // deleted and created again
	ActionDelete  Action = "delete"
	ActionRun     Action = "run" // code in or beside it
)

// Touched is a resource that the command touches, as it is now and as it would be.
type Touched struct {
	ID          string            `json:"id"` // [NewID]
	Kind        string            `json:"kind"`
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitzero"`
	Environment string            `json:"environment,omitzero"`
	Labels      map[string]string `json:"labels,omitempty"`
	Action      Action            `json:"action"`
	Version     string            `json:"version,omitzero"` // changes whenever somebody changes what is wanted of it; empty when it does not exist
	Fields      []Field           `json:"fields,omitempty"` // sorted by name
}

// Field is one value that would change; values are texts as the provider prints them, empty where there is none.
type Field struct {
	Name   string `json:"name"` // replicas, image
	Before string `json:"before"`
	After  string `json:"after"`
}

// The kinds of preview.
const (
	PreviewServerDryRun = "serverDryRun" // the API server ran the request without keeping it
	PreviewDiff         = "diff"         // between what is and what would be
	PreviewPlan         = "terraformPlan"
	PreviewDryRun       = "dryRun" // the tool's or the API's own
	PreviewNone         = "none"   // see Reason
)

// Preview is what the tool or the provider says would happen.
type Preview struct {
	Kind   string `json:"kind"`
	Text   string `json:"text,omitzero"`   // redacted, at most 64 KiB
	Reason string `json:"reason,omitzero"` // why there is none
}

// Frozen is a plan as bytes, and their digest.
type Frozen struct {
	Bytes  []byte
	Digest string // hex of [Digest] in the domain of plans
}

// Freeze writes the plan down. Everything that is shown, approved or run afterwards comes from these bytes.
func (p Plan) Freeze() (Frozen, error) {
	text, err := Canonical(p)
	if err != nil {
		return Frozen{}, fmt.Errorf("freeze the plan: %w", err)
	}
	return Frozen{Bytes: text, Digest: Digest("clanker.plan.v1", text)}, nil
}

// Thaw reads a frozen plan; an error means that it is not one that [Plan.Freeze] wrote.
func Thaw(text []byte) (Plan, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p Plan
	if err := decoder.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("read the plan: %w", err)
	}
	if again, err := Canonical(p); err != nil || !bytes.Equal(again, text) {
		return Plan{}, fmt.Errorf("read the plan: it is not in canonical form")
	}
	return p, nil
}

// Canonical is the one form in which anything is hashed or signed: JSON with the fields in the order of the type, keys of
// maps sorted, no HTML escapes, no space, no newline at the end. Types that are hashed have no floats.
func Canonical(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// Digest is the SHA-256 in hex over the domain, a zero byte and the text: so that the digest of one kind of thing is never
// that of another.
func Digest(domain string, text []byte) string {
	hash := sha256.New()
	hash.Write([]byte(domain))
	hash.Write([]byte{0})
	hash.Write(text)
	return hex.EncodeToString(hash.Sum(nil))
}
