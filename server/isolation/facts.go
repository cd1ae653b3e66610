package isolation

import "clanker/policies"

// Answer is what trying something told. The zero Answer is that it could not be tried.
type Answer int8

// The answers.
const (
	Unknown Answer = iota
	No
	Yes
)

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// User is a user of this machine.
type User struct {
	UID   int    `json:"uid"`
	Name  string `json:"name"`
	Login Answer `json:"-"` // has a shell to sign in with
}

// Reach is how far the user that looked gets with a file or folder.
type Reach struct {
	Path   string
	Read   bool   // it was opened
	Change string // why it can be changed or replaced: "/usr/local/bin is writable"; empty when it cannot
}

// Credential is what an approver signs with.
type Credential struct {
	Approver, ID string
	Max          policies.Assurance
}

// Key is a credential that the user that looked can sign with, without anybody touching anything.
type Key struct {
	Credential
	Where string // file, or ssh-agent
}

// Facts are what was found.
type Facts struct {
	User      User   // who looked
	Workspace *User  // who listens; nil when nobody was found
	Address   string // where
	Container bool   // who looked is in one, from which no process of the workspace is seen
	Known     bool   // the configuration that was looked at is the workspace's

	Credentials []Reach  // with which providers are reached
	Variables   []string // of the environment of who looked that hold some
	State       []Reach  // the ledger, and the key of the workspace
	Rules       []Reach  // policies and configuration
	Folders     []Reach  // of Terraform
	Programs    []Reach  // clanker, and the tools that it runs
	Program     bool     // the workspace's own program is among them

	Memory     Answer   // of the workspace can be read
	Ptrace     string   // what kernel.yama.ptrace_scope says; empty when it is not there
	Privileges Answer   // that the workspace can gain: no_new_privs is not set
	Root       []string // ways to become root or the workspace's user without a password: "sudo asks for no password"

	Agents    Answer // the agents' listener lets this user in
	Operators Answer // the operator page does
	Terminal  Answer // a phrase typed at a terminal counts as an approval

	Listed    bool // Approvers are known
	Approvers []Credential
	Keys      []Key
}

// same reports whether who looked is the workspace's user, or might be.
func (f Facts) same() bool {
	return !f.Container && (f.Workspace == nil || f.Workspace.UID == f.User.UID)
}
