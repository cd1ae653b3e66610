//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters/kubernetes/kubetest"
	"clanker/policies/approval"
	"clanker/server/config"
)

// TestAttacks attacks the gate in the ways that its design names, on a real cluster. Each attack is a test of its own, whose
// name make attacks prints; it fails where the attack succeeds.
func TestAttacks(t *testing.T) {
	e := newEstate(t)
	for _, attack := range []struct {
		name string
		try  func(*testing.T, estate)
	}{
		{"an agent with a shell tries every subcommand", everySubcommand},
		{"a script types the phrase at a terminal", typedPhrase},
		{"signatures that prove nothing", badSignatures}, {"passkeys that lie", badPasskeys}, {"an answer is replayed", replays},
		{"twenty answers at once", atOnce},
		{"the world changes before it runs", changedWorld}, {"the context leads to another cluster", otherCluster},
		{"a kubectl is planted", plantedTool}, {"variables", hostileVariables}, {"aliases", aliases}, {"a sign-in program", signInProgram},
		{"text that steers a terminal", steeringText}, {"lines in the log", logLines}, {"secrets in what comes out", plantedSecrets},
		{"a thousand proposals", thousand}, {"an elicitation is accepted", elicited},
		{"the configuration is edited", editedConfiguration}, {"policies are edited", editedPolicies},
		{"the ledger is edited", editedLedger}, {"a second workspace", secondWorkspace}, {"the folder is copied", copiedFolder},
		{"another process is the page", squatter}, {"ids are guessed", guessedIDs},
	} {
		t.Run(attack.name, func(t *testing.T) { attack.try(t, e) })
	}
}

// wanted is a command that no attack may get run.
const wanted = "kubectl scale deployment/web --replicas=9 -n shop"

// attacked is a gate with an operator, and a proposal that nobody has approved.
type attacked struct {
	*gate
	alice    person
	proposal told
	before   []kubetest.Write
}

func (e estate) attacked(t testing.TB, flags ...string) attacked {
	t.Helper()
	e.scale(t, 2)
	g := e.gateWith(t, []string{e.cluster.Tools()}, flags...)
	a := attacked{gate: g, alice: g.enrol(t, "alice")[0]}
	a.proposal, a.before = g.propose(t, wanted), e.written(t)
	return a
}

// written is what the workspace's user has really written in the cluster, dry runs left out.
func (e estate) written(t testing.TB) []kubetest.Write {
	t.Helper()
	writes, err := e.cluster.Writes("admin")
	require.NoError(t, err)
	return slices.DeleteFunc(writes, func(w kubetest.Write) bool { return strings.Contains(w.Path, "dryRun=All") })
}

// stopped says that nothing has run, and that the proposal waits as it did.
func (a attacked) stopped(t testing.TB) {
	t.Helper()
	assert.Equal(t, approval.Pending, a.look(t, a.proposal.ProposalID).State)
	assert.Equal(t, a.before, a.written(t), "something was written in the cluster")
	assert.Equal(t, int32(2), a.replicas(t))
	a.verified(t)
}

// everySubcommand is an agent that has found the binary: it runs all that help lists, with all that might skip a signature.
func everySubcommand(t *testing.T, e estate) {
	a := e.attacked(t)
	own := filepath.Join(t.TempDir(), "own")
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", own).CombinedOutput()
	require.NoError(t, err, "%s", out)
	forged := filepath.Join(t.TempDir(), "forged.json")
	require.NoError(t, os.WriteFile(forged, a.forge(t), 0o600))
	commands := a.subcommands(t)
	require.Contains(t, commands, "proposals export", "the list is that of help")
	var lines [][]string
	for _, command := range commands {
		lines = append(lines, a.tries(strings.Fields(command), own, forged)...)
	}
	var wait sync.WaitGroup
	places := make(chan bool, 4)
	for _, line := range lines {
		for _, environment := range [][]string{nil, hostileSettings(a.proposal)} {
			places <- true
			wait.Go(func() { a.try(t, line, environment); <-places })
		}
	}
	wait.Wait()
	t.Logf("%d command lines of %d subcommands", 2*len(lines), len(commands))
	a.stopped(t)
	assert.NotContains(t, a.ok(t, nil, "audit", "export"), approval.EventRunning+`","body":{"proposal":"`+a.proposal.ProposalID)
}

// forge is a signed export whose signature is nobody's.
func (a attacked) forge(t testing.TB) []byte {
	asked, err := a.asks(a.alice, a.proposal.ProposalID, approval.Approve)
	require.NoError(t, err)
	text, err := json.Marshal(map[string]any{"statement": asked.Statement, "view": asked.View, "proof": newPerson(t, "mallory").sign(asked.Statement)})
	require.NoError(t, err)
	return text
}

// subcommands are those that help lists, group by group.
func (a attacked) subcommands(t testing.TB, above ...string) []string {
	t.Helper()
	listed := regexp.MustCompile(`(?m)^  ([a-z][a-z-]*) `)
	_, names, _ := strings.Cut(a.ok(t, nil, append(slices.Clone(above), "--help")...), "Available Commands:\n")
	names, _, _ = strings.Cut(names, "\nFlags:")
	if names == "" {
		return []string{strings.Join(above, " ")}
	}
	var all []string
	for _, name := range listed.FindAllStringSubmatch(names, -1) {
		all = append(all, a.subcommands(t, append(slices.Clone(above), name[1])...)...)
	}
	return all
}

// tries are the lines of one subcommand.
func (a attacked) tries(command []string, own, forged string) [][]string {
	id := a.proposal.ProposalID
	variants := [][]string{{}, {id}, {id, "--yes"}, {id, "--as", "alice", "--key", own}}
	if slices.Contains([]string{"approve", "reject", "sign", "proposals", "approvers", "policies"}, command[0]) {
		variants = append(variants, []string{id, "--force"}, []string{id, "--as", "terminal"}, []string{id, "--key", own + ".pub"}, []string{id, "--demo"},
			[]string{"--signed", forged}, []string{"--signed", own}, []string{id, "--signed", forged}, []string{forged, "--key", own}, []string{"alice", "--key", own + ".pub"},
			[]string{"mallory", "--key", own + ".pub", "--code", "aaaa-bbbb-cccc"}, []string{"alice", "--key", own + ".pub", "--remote"}, []string{"alice"},
			[]string{id, "--log-level", "debug"}, []string{id, "--operators", "127.0.0.1:0"}, []string{"--reject", id, "--key", own}, []string{"-"}, []string{""})
	}
	var lines [][]string
	for _, variant := range variants {
		lines = append(lines, append(slices.Clone(command), variant...))
	}
	return lines
}

// hostileSettings are all variables that are read, and some that somebody might have thought of.
func hostileSettings(p told) []string {
	all := []string{"CLANKER_YES=1", "CLANKER_FORCE=1", "CLANKER_APPROVE=" + p.ProposalID, "CLANKER_SKIP_SIGNATURE=1", "CLANKER_DEVELOPMENT=true", "CLANKER_DEMO=1",
		"CLANKER_PHRASE=" + p.Phrase, "CI=true", "TERM=dumb", "DEBUG=1", "SSH_ASKPASS=/bin/true", "SSH_ASKPASS_REQUIRE=force", "SSH_SK_PROVIDER=internal"}
	for _, key := range config.Keys() {
		value := map[config.Type]string{config.Switch: "true", config.Number: fmt.Sprint(key.Max), config.Address: "127.0.0.1:0", config.Names: "root"}[key.Type]
		if value != "" {
			all = append(all, key.Variable()+"="+value)
		}
	}
	return all
}

// try runs one line. It is killed after a while: some commands serve or wait.
func (a attacked) try(t *testing.T, line, environment []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, a.clanker, append(slices.Clone(line), "--state", a.state)...)
	command.Env = append(a.environment([]string{a.kubeconfig}), environment...)
	command.Stdin = strings.NewReader(strings.Repeat(a.proposal.Phrase+"\nyes\ny\n", 3))
	command.Dir = t.TempDir()
	out, err := command.CombinedOutput()
	if err == nil && slices.Contains([]string{"approve", "reject"}, line[0]) {
		assert.Contains(t, string(out), "Usage:", "%v succeeded", line)
	}
}

// typedPhrase types what a person would, with a terminal that is real, before anybody is enrolled and after.
func typedPhrase(t *testing.T, e estate) {
	a := e.attacked(t)
	key, _ := a.alice.file(t)
	for _, line := range [][]string{{}, {"--as", "alice"}, {"--as", "terminal"}, {"--key", key}} {
		command := a.command(nil, append([]string{"approve", a.proposal.ProposalID, "--state", a.state}, line...)...)
		command.Env = append(command.Env, "CLANKER_APPROVAL_TERMINAL=true", "TERM=xterm")
		screen, err := pty.Start(command)
		require.NoError(t, err)
		for range 3 {
			_, _ = fmt.Fprintf(screen, "%s\nyes\n\n", a.proposal.Phrase) // it may have ended
		}
		assert.Error(t, command.Wait(), "%v", line)
		assert.NoError(t, screen.Close())
	}
	assert.ErrorContains(t, a.answer(a.statement(t).text(t), approval.Proof{Terminal: a.proposal.Phrase}), "refused")
	a.stopped(t)
}
