//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/identity/identitytest"
	"clanker/server/store/pgtest"
	"clanker/server/web"
)

// TestTeam lets workspaces share a PostgreSQL server.
func TestTeam(t *testing.T) {
	e := newEstate(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, estate)
	}{
		{"two workspaces", twoWorkspaces}, {"the database goes away", databaseAway}, {"the database comes late", databaseLate},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(t, e) })
	}
}

// member starts a workspace that keeps everything in a database, with a kubectl of its own that counts.
func (e estate) member(t testing.TB, database string) (*gate, tool) {
	t.Helper()
	counting := e.tool(t)
	e.more = append(slices.Clip(e.more), "CLANKER_DATABASE="+database)
	return e.gateWith(t, []string{counting.dir}), counting
}

// hold lets the commands of a tool wait until they are let go.
func (r tool) hold(t testing.TB) (let func()) {
	t.Helper()
	path := filepath.Join(r.dir, "hold")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return func() {
		t.Helper()
		pipe, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		require.NoError(t, os.Remove(path))
		require.NoError(t, pipe.Close())
	}
}

// shown is the state of a proposal on the page of a process.
func (g *gate) shown(t testing.TB, id string) web.Detail {
	t.Helper()
	var detail web.Detail
	require.NoError(t, g.call(http.MethodGet, "/api/proposals/"+id, nil, &detail))
	return detail
}

// twoWorkspaces has each run its own commands, whoever's page they are approved on. One is killed while it runs a command: the
// other says that nobody knows what that did, and does not run it.
func twoWorkspaces(t *testing.T, e estate) {
	e.scale(t, 2)
	database := pgtest.New(t).Database()
	one, ones := e.member(t, database)
	other, others := e.member(t, database)
	key := identitytest.NewAuthenticator(t, one.base, "localhost")
	alice := one.passkey(t, "alice", key)
	assert.Contains(t, other.ok(t, nil, "approvers", "list"), "alice")

	proposed := one.propose(t, "kubectl scale deployment/web --replicas=5 -n shop")
	assert.True(t, strings.HasPrefix(proposed.ApproveURL, one.base))
	key.Origin = other.base
	asked, err := other.asks(alice, proposed.ProposalID, approval.Approve)
	require.NoError(t, err)
	assert.Contains(t, asked.Statement, `"workspace":"`+one.shown(t, proposed.ProposalID).Workspace+`"`, "what is signed names the workspace that runs it")
	require.NoError(t, other.answer(asked.Statement, alice.proof(asked)))
	for _, workspace := range []*gate{one, other} {
		got := workspace.over(t, proposed.ProposalID)
		assert.Equal(t, approval.Succeeded, got.State, got.Text)
	}
	assert.Equal(t, []int{1, 0}, []int{ones.ran(t, "--replicas=5"), others.ran(t, "--replicas=5")})
	assert.Equal(t, int32(5), e.replicas(t))

	_ = ones.hold(t)
	hangs := one.propose(t, "kubectl scale deployment/web --replicas=6 -n shop")
	waits := one.propose(t, "kubectl annotate deployment/web -n shop team=1")
	require.NoError(t, other.says(alice, hangs.ProposalID, approval.Approve))
	eventually(t, patience, func() (bool, string) { return ones.ran(t, "--replicas=6") == 1, "it does not run" })
	running := other.shown(t, hangs.ProposalID)
	assert.Equal(t, approval.Running, running.State)
	assert.True(t, running.Away, "the page says that its output is not known here")
	assert.False(t, one.shown(t, hangs.ProposalID).Away)
	require.Error(t, one.end(syscall.SIGKILL))
	require.NoError(t, other.says(alice, waits.ProposalID, approval.Approve))
	assert.Equal(t, approval.Unknown, other.over(t, hangs.ProposalID).State)
	assert.Equal(t, approval.Approved, other.shown(t, waits.ProposalID).State, "it is another workspace's")
	require.NoError(t, os.Remove(filepath.Join(ones.dir, "hold")))
	one.begin(t)
	assert.Equal(t, approval.Succeeded, one.over(t, waits.ProposalID).State)
	assert.Equal(t, approval.Unknown, one.shown(t, hangs.ProposalID).State)
	assert.Equal(t, []int{1, 1}, []int{ones.ran(t, "--replicas=6"), ones.ran(t, "team=1")})
	assert.Empty(t, others.told(t, "runs"))
	one.verified(t)
	other.verified(t)
}

// databaseAway stops the database, also while a command runs, and starts it again: nothing is restarted, and nothing is lost.
func databaseAway(t *testing.T, e estate) {
	e.scale(t, 2)
	server := pgtest.New(t)
	g, counting := e.member(t, server.Database())
	alice := g.enrol(t, "alice")[0]
	const line = "kubectl scale deployment/web --replicas=4 -n shop"
	server.Stop()
	got := g.tool(t, map[string]any{"argv": strings.Fields(line), "reason": "because of the test"})
	assert.True(t, got.IsError)
	assert.Contains(t, got.Text, "nothing was run: ")
	assert.Contains(t, got.Text, "database")
	answer := g.ask(t, "Are all services in the shop namespace healthy?")
	assert.False(t, answer.IsError, "questions are answered: %s", answer.Text)
	server.Start()
	proposed := g.propose(t, line)

	let := counting.hold(t)
	require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve))
	eventually(t, patience, func() (bool, string) { return counting.ran(t, "--replicas=4") == 1, "it does not run" })
	server.Crash()
	let()
	eventually(t, patience, func() (bool, string) {
		return strings.Contains(g.log.String(), "the outcome of a command is not kept yet"), "it does not try to keep the outcome; the log says:\n" + g.log.String()
	})
	assert.Contains(t, g.look(t, proposed.ProposalID).Text, "database")
	server.Start()
	var last told
	eventually(t, patience, func() (bool, string) {
		last = g.look(t, proposed.ProposalID)
		return last.State.Over(), last.Text
	})
	assert.Equal(t, approval.Succeeded, last.State, last.Text)
	assert.Equal(t, int32(4), e.replicas(t))
	assert.Equal(t, 1, counting.ran(t, "--replicas=4"))
	g.verified(t)
}

// databaseLate starts a workspace before its database: it answers, and opens its gate once the database is there.
func databaseLate(t *testing.T, e estate) {
	e.scale(t, 2)
	server := pgtest.New(t)
	e.more = append(slices.Clip(e.more), "CLANKER_DATABASE="+server.Database(), "PATH="+e.tool(t).dir+":"+os.Getenv("PATH"))
	server.Stop()
	g := &gate{estate: e, state: filepath.Join(t.TempDir(), "state")}
	g.home = t.TempDir()
	g.workspace = g.program.start(t, []string{g.kubeconfig}, "--operators", "127.0.0.1:0", "--state", g.state)
	const question = "Are all services in the shop namespace healthy?"
	answer := g.ask(t, question)
	assert.False(t, answer.IsError, answer.Text)
	assert.Contains(t, answer.Text, "nothing is kept of what was read")
	proposal := map[string]any{"argv": strings.Fields("kubectl scale deployment/web --replicas=3 -n shop"), "reason": "because of the test"}
	assert.Contains(t, g.tool(t, proposal).Text, "this workspace runs no commands")

	server.Start()
	eventually(t, patience, func() (bool, string) {
		got := g.tool(t, proposal)
		return !got.IsError && got.State == approval.Pending, got.Text
	})
	assert.NotContains(t, g.ask(t, question).Text, "nothing is kept")
	assert.Contains(t, g.ask(t, question).Text, "since last check")
}
