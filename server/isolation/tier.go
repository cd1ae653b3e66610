package isolation

import (
	"fmt"
	"slices"

	"clanker/policies"
)

// Tier is how far the gate holds.
type Tier int

// The tiers, see the package comment.
const (
	T0 Tier = iota
	T1
	T2
	T3
	T4
)

// String is the short name: T3.
func (t Tier) String() string { return fmt.Sprintf("T%d", int(t)) }

// MarshalText writes the short name.
func (t Tier) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Title says in words what the installation is.
func (t Tier) Title() string {
	return [...]string{"no isolation", "sandboxed agent", "same user, hardware approvers", "separate user", "off-host witness"}[t]
}

// Meets reports whether the tier promises all that another one does. T1 and T2 promise different things: an agent of T2 can
// still go around the workspace, and one of T1 is kept from that but not by what the approvers hold in their hands.
func (t Tier) Meets(required Tier) bool {
	return t == required || required == T0 || t >= T3 && t >= required
}

// Holds says what the gate holds against.
func (t Tier) Holds() string {
	return [...]string{
		"agents that have no shell and no file tools, web pages, and other users of this machine",
		"commands that agents of this user run, web pages, and other users of this machine",
		"forging an approval: each one needs somebody's touch",
		"whatever programs of this user try, short of becoming root",
		"the same, and root cannot change the log unseen",
	}[t]
}

// open is what the gate does not stop, in plain words.
func (t Tier) open() []string {
	const (
		wrong = "A person who approves the wrong thing: compare the phrase that the agent was given with the one on the page."
		root  = "Root, who can read, replace and rewrite everything here."
	)
	return [...][]string{
		{"An agent with a shell does not need the workspace: it can read the credentials, or replace what the workspace runs, and run the tools itself.",
			"Such an agent may also sign with keys in its reach, or change the ledger, the policies and the configuration.",
			"If your agents have MCP tools only, no shell and no file tools, the gate holds against them; nothing here can prove that they have none.",
			wrong, root},
		{"Other programs of the user that the workspace runs as: an agent that is started there goes around it.", wrong, root},
		{"An agent with a shell does not need the workspace: it can read the credentials and run the tools itself.",
			"It can replace the program or the page that a person looks at, so that they touch their key for something else.",
			"It can write another ledger, with other approvers in it: only heads of the log that are kept elsewhere show that.", wrong, root},
		{wrong, root, "A complete rewrite of the log by root, which only somebody notices who keeps its heads on another machine.",
			"Approvers who agree to deceive."},
		{wrong, "Approvers who agree to deceive."},
	}[t]
}

// needs says which checks have to hold for a tier.
func (t Tier) needs() []string {
	apart := []string{checkUser, checkCredentials, checkState, checkRules, checkFolders, checkPrograms, checkMemory, checkRoot, checkTerminal, checkKeys}
	switch t {
	case T1:
		return apart
	case T2:
		return []string{checkApprovers, checkTerminal, checkKeys}
	case T3:
		return append(apart, checkLogin)
	case T4:
		return append(apart, checkLogin, checkWitness)
	default:
		return nil
	}
}

// tierOf is the highest tier whose checks all hold.
func tierOf(checks []Check) Tier {
	holds := func(id string) bool {
		return slices.ContainsFunc(checks, func(c Check) bool { return c.ID == id && c.Result == OK })
	}
	for _, t := range []Tier{T4, T3, T1, T2} {
		if !slices.ContainsFunc(t.needs(), func(id string) bool { return !holds(id) }) {
			return t
		}
	}
	return T0
}

// Setup is what a workspace knows of its own isolation without trying anything.
type Setup struct {
	User              User
	Agents, Operators []string // users that may connect; none: the workspace's own
	Terminal          bool     // a phrase typed at a terminal counts
	Approvers         []policies.Assurance
}

// Claim says in a few words which tier a workspace is meant to be. It is recorded when it starts; "clanker doctor" proves it.
func (s Setup) Claim() string {
	t := T0
	switch {
	case s.Terminal || s.User.UID == 0:
	case s.User.Login == No && s.apart(s.Agents) && s.apart(s.Operators):
		t = T3
	case s.apart(s.Agents):
		t = T1
	case hardware(s.Approvers):
		t = T2
	}
	return fmt.Sprintf("%s %s (as configured)", t, t.Title())
}

func (s Setup) apart(users []string) bool {
	return len(users) > 0 && !slices.Contains(users, s.User.Name)
}

// hardware reports whether every approver has to touch something.
func hardware(most []policies.Assurance) bool {
	return len(most) > 0 && slices.Min(most) >= policies.AssuranceTouch
}
