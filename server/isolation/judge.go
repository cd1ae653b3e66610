package isolation

import (
	"fmt"
	"slices"
	"strings"

	"clanker/policies"
)

// Result is how a check ended.
type Result string

// The results.
const (
	OK      Result = "ok"
	Weak    Result = "weak"
	Untried Result = "unknown"
)

// Check is one thing that was tried.
type Check struct {
	ID     string `json:"check"`
	Result Result `json:"result"`
	What   string `json:"what"`          // was found, a sentence
	Fix    string `json:"fix,omitempty"` // a sentence; empty when nothing is wrong
}

// The checks.
const (
	checkUser        = "user"
	checkLogin       = "login"
	checkCredentials = "credentials"
	checkState       = "state"
	checkRules       = "policies"
	checkFolders     = "terraform"
	checkPrograms    = "programs"
	checkMemory      = "memory"
	checkRoot        = "root"
	checkPrivileges  = "privileges"
	checkDoors       = "listeners"
	checkTerminal    = "terminal"
	checkKeys        = "keys"
	checkApprovers   = "approvers"
	checkWitness     = "witness"
)

// Report is what all that comes to.
type Report struct {
	Tier       Tier     `json:"tier"`
	Title      string   `json:"title"`
	Holds      string   `json:"holdsAgainst"`
	User       User     `json:"user"`                // who looked
	Workspace  *User    `json:"workspace,omitempty"` // none was found
	Checks     []Check  `json:"checks"`
	NotStopped []string `json:"notStopped"`
}

// Judge says which tier the facts prove, check by check.
func Judge(f Facts) Report {
	checks := []Check{f.user(), f.login(), f.credentials(), f.state(), f.rules(), f.folders(), f.programs(), f.memory(), f.root(),
		f.privileges(), f.doors(), f.terminal(), f.keys(), f.approvers(), witness()}
	tier := tierOf(checks)
	return Report{Tier: tier, Title: tier.Title(), Holds: tier.Holds(), User: f.User, Workspace: f.Workspace, Checks: checks, NotStopped: tier.open()}
}

const fixUser = "give the workspace a user of its own: clanker doctor --systemd-unit, and .github/SECURITY.md"

func (f Facts) user() Check {
	switch w := f.Workspace; {
	case f.User.UID == 0:
		return Check{checkUser, Weak, "you are root, whom nothing keeps out", "look as the user of the agents: sudo -u USER clanker doctor --isolation"}
	case w == nil:
		return Check{checkUser, Untried, "nobody was found to listen on " + f.Address, "start the workspace, or name its configuration with --config"}
	case f.Container && w.UID != 0:
		return Check{checkUser, OK, "you are in a container, and the workspace is not", ""}
	case w.UID == 0:
		return Check{checkUser, Weak, "the workspace runs as root, and so does every command", fixUser}
	case w.UID == f.User.UID:
		return Check{checkUser, Weak, fmt.Sprintf("the workspace runs as %s, as you do: what it can do, your programs can do without it", w.Name), fixUser}
	default:
		return Check{checkUser, OK, fmt.Sprintf("the workspace runs as %s, and you are %s", w.Name, f.User.Name), ""}
	}
}

func (f Facts) login() Check {
	if f.Workspace == nil || f.Container {
		return Check{checkLogin, Untried, "the workspace's user is not known", ""}
	}
	name := f.Workspace.Name
	switch f.Workspace.Login {
	case No:
		return Check{checkLogin, OK, fmt.Sprintf("nobody signs in as %s", name), ""}
	case Yes:
		return Check{checkLogin, Weak, fmt.Sprintf("people can sign in as %s, and what they start there goes around the workspace", name), fixUser}
	default:
		return Check{checkLogin, Untried, fmt.Sprintf("whether people can sign in as %s could not be told", name), ""}
	}
}

const fixConfig = "name the configuration that the workspace uses, with --config"

func (f Facts) credentials() Check {
	var open []string
	for _, r := range f.Credentials {
		if r.Read || r.Change != "" {
			open = append(open, r.Path)
		}
	}
	for _, name := range f.Variables {
		open = append(open, "$"+name)
	}
	switch {
	case len(open) > 0:
		return Check{checkCredentials, Weak, "credentials are in your reach: " + strings.Join(open, ", "),
			"leave credentials to the workspace's user alone, with mode 0600, and take them out of your home and environment"}
	case !f.Known:
		return Check{checkCredentials, Untried, "which credentials the workspace uses is not known", fixConfig}
	default:
		return Check{checkCredentials, OK, "no credentials of providers were found in your reach", ""}
	}
}

// reached lists what can be read or changed; what can be for one reason is told together, and a folder stands for what is in it.
func reached(all []Reach, reading bool) []string {
	var found, reasons []string
	for i, r := range all {
		switch {
		case slices.ContainsFunc(all[:i], func(above Reach) bool { return above.Change != "" && strings.HasPrefix(r.Path, above.Path+"/") }):
		case r.Change != "" && !slices.Contains(reasons, r.Change):
			reasons = append(reasons, r.Change)
			found = append(found, r.Change+held(all, r.Change))
		case r.Change == "" && reading && r.Read:
			found = append(found, r.Path+" can be read")
		}
	}
	return found
}

// held names what a folder holds that can be changed because the folder can be.
func held(all []Reach, reason string) string {
	var paths []string
	for _, r := range all {
		if r.Change == reason && !strings.HasPrefix(reason, r.Path+" ") {
			paths = append(paths, r.Path)
		}
	}
	if len(paths) == 0 {
		return ""
	}
	return ", and with it " + strings.Join(paths, ", ")
}

// guarded is the check of files that have to be out of reach.
func (f Facts) guarded(id, what string, all []Reach, reading bool, fix string) Check {
	found := reached(all, reading)
	switch {
	case len(found) > 0:
		return Check{id, Weak, strings.Join(found, "; "), fix}
	case !f.Known:
		return Check{id, Untried, "where the workspace keeps " + what + " is not known", fixConfig}
	default:
		return Check{id, OK, what + " are out of your reach", ""}
	}
}

func (f Facts) state() Check {
	return f.guarded(checkState, "the ledger and the workspace's key", f.State, true, "let them belong to the workspace's user, with mode 0700, in a folder of root")
}

func (f Facts) rules() Check {
	return f.guarded(checkRules, "policies and configuration", f.Rules, false, "let them belong to root, with mode 0755 and 0644, in a folder of root")
}

func (f Facts) folders() Check {
	if f.Known && len(f.Folders) == 0 {
		return Check{checkFolders, OK, "no Terraform folders are configured", ""}
	}
	return f.guarded(checkFolders, "Terraform folders", f.Folders, false,
		"planning runs the providers of these folders before anybody approves: let them belong to root or to the workspace's user")
}

func (f Facts) programs() Check {
	found := reached(f.Programs, false)
	switch {
	case len(found) > 0:
		return Check{checkPrograms, Weak, strings.Join(found, "; "), "install clanker and the tools where root alone can write"}
	case !f.Program:
		return Check{checkPrograms, Untried, "which program the workspace runs could not be told", "start it by its whole path, /usr/local/bin/clanker"}
	default:
		return Check{checkPrograms, OK, "neither clanker nor a tool that it runs can be replaced by you", ""}
	}
}

func (f Facts) memory() Check {
	note := ""
	if f.Ptrace != "" {
		note = " (kernel.yama.ptrace_scope is " + f.Ptrace + ")"
	}
	switch {
	case f.Container && f.Memory == Unknown:
		return Check{checkMemory, OK, "the workspace's process cannot be seen from in here", ""}
	case f.Memory == Yes:
		return Check{checkMemory, Weak, "the memory or the environment of the workspace can be read by you" + note, fixUser}
	case f.Memory == Unknown:
		return Check{checkMemory, Untried, "the process of the workspace was not found", ""}
	case f.same() && f.Ptrace == "0":
		return Check{checkMemory, Weak, "a debugger can attach to the workspace" + note, "sysctl kernel.yama.ptrace_scope=1; better: " + fixUser}
	default:
		return Check{checkMemory, OK, "the memory and the environment of the workspace cannot be read by you" + note, ""}
	}
}

func (f Facts) root() Check {
	if len(f.Root) > 0 {
		return Check{checkRoot, Weak, "you can become root or the workspace's user: " + strings.Join(f.Root, "; "), "take that from the user of the agents"}
	}
	return Check{checkRoot, OK, "no way was found to become root or the workspace's user without a password", ""}
}

func (f Facts) privileges() Check {
	switch f.Privileges {
	case No:
		return Check{checkPrivileges, OK, "what the workspace runs gains no privileges (no_new_privs)", ""}
	case Yes:
		return Check{checkPrivileges, Weak, "what the workspace runs could gain privileges, by sudo for instance", "set NoNewPrivileges, as the unit of clanker doctor --systemd-unit does"}
	default:
		return Check{checkPrivileges, Untried, "whether what the workspace runs could gain privileges was not found", ""}
	}
}

func (f Facts) doors() Check {
	say := func(door string, let Answer) string {
		return door + [...]string{" did not answer", " refuses you", " lets you in"}[let]
	}
	check := Check{checkDoors, OK, say("the agents' listener", f.Agents) + "; " + say("the operator page", f.Operators), ""}
	switch {
	case f.Agents == Unknown || f.Operators == Unknown:
		check.Result, check.Fix = Untried, "start the workspace, or name its configuration with --config"
	case f.Operators == Yes:
		check.What += ", where a signature is what counts"
	}
	return check
}

func (f Facts) terminal() Check {
	switch {
	case f.Terminal == Yes && f.Operators != No:
		return Check{checkTerminal, Weak, "a phrase that is typed counts as an approval, and an agent can type", "take approval.terminal out of the configuration"}
	case f.Terminal == No || f.Operators == No:
		return Check{checkTerminal, OK, "typing something at a terminal approves nothing", ""}
	default:
		return Check{checkTerminal, Untried, "whether a phrase that is typed counts as an approval is not known", fixConfig}
	}
}

func (f Facts) keys() Check {
	var found []string
	for _, k := range f.Keys {
		found = append(found, fmt.Sprintf("%s of %s (%s)", k.Where, k.Approver, k.ID))
	}
	switch {
	case len(found) > 0:
		return Check{checkKeys, Weak, "your programs can sign as an approver: " + strings.Join(found, "; "), "enrol a security key or a passkey instead, and remove this one: clanker approvers remove"}
	case f.Operators == No:
		return Check{checkKeys, OK, "the operator page would take no approval from you", ""}
	case !f.Listed:
		return Check{checkKeys, Untried, "who may approve is not known", "start the workspace, and look as a user that its operator page lets in"}
	default:
		return Check{checkKeys, OK, "no enrolled key was found with which your programs could sign by themselves", ""}
	}
}

func (f Facts) approvers() Check {
	var software []string
	var most []policies.Assurance
	for _, c := range f.Approvers {
		most = append(most, c.Max)
		if c.Max < policies.AssuranceTouch {
			software = append(software, fmt.Sprintf("%s (%s)", c.Approver, c.ID))
		}
	}
	switch {
	case !f.Listed:
		return Check{checkApprovers, Untried, "who may approve is not known", "look as a user that the operator page lets in"}
	case len(most) == 0:
		return Check{checkApprovers, Weak, "nobody is enrolled, so nothing can be approved", "open the operator page and enrol a passkey"}
	case !hardware(most):
		return Check{checkApprovers, Weak, "approvals need nobody's touch with the credentials of " + strings.Join(software, ", "), "enrol security keys or passkeys instead: clanker approvers add"}
	default:
		return Check{checkApprovers, OK, "every enrolled credential asks for a touch, as far as it says of itself", ""}
	}
}

func witness() Check {
	return Check{checkWitness, Untried, "nothing on this machine can prove what another one keeps",
		"there, keep exported logs and heads, and run: clanker audit verify --log FILE --key FINGERPRINT --expect-head NUMBER:HASH"}
}
