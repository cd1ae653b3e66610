//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/server"
	"clanker/server/web"
)

// TestProcesses lets several processes of one folder be one gate.
func TestProcesses(t *testing.T) {
	e := newEstate(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, estate)
	}{
		{"one gate", oneGate}, {"one count", oneCount}, {"beside a desktop's", besideDesktop}, {"the leader is killed", leaderKilled},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(t, e) })
	}
}

// beside starts another process on the same folder.
func (g *gate) beside(t testing.TB, environment ...string) *gate {
	t.Helper()
	other := &gate{estate: g.estate, state: g.state, flags: g.flags, base: g.base, leader: g.leader}
	other.more = append(slices.Clip(other.more), environment...)
	other.workspace = other.program.start(t, []string{g.kubeconfig}, append([]string{"--operators", "127.0.0.1:0", "--state", g.state}, g.flags...)...)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	other.http = &http.Client{Jar: jar, Timeout: patience}
	return other
}

// leads waits until this process serves the operator page, which another one did.
func (g *gate) leads(t testing.TB) {
	t.Helper()
	var at whereabouts
	eventually(t, patience, func() (bool, string) {
		text, err := os.ReadFile(filepath.Join(g.state, "operators.json"))
		return err == nil && json.Unmarshal(text, &at) == nil && at.PID == g.process.Pid, "it does not lead; the log says:\n" + g.log.String()
	})
	g.base, g.leader = at.URL, at.PID
}

// freeAddress is one that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// ran counts how often the tool was run with a word.
func (r tool) ran(t testing.TB, word string) int {
	t.Helper()
	return strings.Count(strings.Join(r.told(t, "runs"), "\n"), word)
}

// oneGate proposes in one process and approves on the page of the other. Both see what becomes of it, and it runs once.
func oneGate(t *testing.T, e estate) {
	e.scale(t, 2)
	counting := e.tool(t)
	g := e.gateWith(t, []string{counting.dir})
	alice := g.enrol(t, "alice")[0]
	other := g.beside(t)
	const line = "kubectl scale deployment/web --replicas=4 -n shop"
	proposed := other.propose(t, line)
	assert.Equal(t, g.base+"/proposals/"+proposed.ProposalID, proposed.ApproveURL, "the page is that of the process that leads")
	assert.Equal(t, proposed.ProposalID, g.propose(t, line).ProposalID, "the same is one proposal")
	require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve))
	for _, process := range []*gate{other, g} {
		got := process.over(t, proposed.ProposalID)
		assert.Equal(t, approval.Succeeded, got.State, got.Text)
		assert.Contains(t, got.Outcome.Verified, "replicas")
	}
	assert.Equal(t, int32(4), e.replicas(t))
	assert.Equal(t, 1, counting.ran(t, "--replicas=4"))
	assert.Contains(t, g.ok(t, nil, "proposals", "show", proposed.ProposalID), "SUCCEEDED")
	assert.Contains(t, g.ok(t, nil, "approvers", "list"), "alice")
	require.NoError(t, other.end(syscall.SIGTERM))
	assert.Contains(t, g.ok(t, nil, "proposals", "list"), proposed.ProposalID, "who does not lead takes no record away")
	g.verified(t)
}

// oneCount holds the limits for two processes together.
func oneCount(t *testing.T, e estate) {
	g := e.gate(t)
	alice := g.enrol(t, "alice")[0]
	both := []*gate{g, g.beside(t)}
	ask := func(i int) told {
		line := fmt.Sprintf("kubectl annotate deployment/web -n shop count=%d", i)
		return both[i%2].tool(t, map[string]any{"argv": strings.Fields(line), "reason": "to count"})
	}
	var ids []string
	for i := range approval.DefaultLimits().Pending {
		got := ask(i)
		require.Equal(t, approval.Pending, got.State, got.Text)
		ids = append(ids, got.ProposalID)
	}
	for i := range 2 {
		assert.Contains(t, ask(10+i).Text, "too many proposals: 5 of yours wait for people")
	}
	require.NoError(t, g.says(alice, ids[0], approval.Reject))
	for i := range 2 {
		again := both[i].tool(t, map[string]any{"argv": strings.Fields("kubectl annotate deployment/web -n shop count=0"), "reason": "please"})
		assert.Contains(t, again.Text, "a person rejected this command")
	}
	g.verified(t)
}

// besideDesktop has a process that a desktop client launched before the one over HTTP: its page is the page, and when the
// client closes it the other one serves it.
func besideDesktop(t *testing.T, e estate) {
	e.scale(t, 2)
	g := e.gate(t)
	alice := g.enrol(t, "alice")[0]
	require.NoError(t, g.end(syscall.SIGTERM))
	desktop, err := client.NewStdioMCPClient(g.clanker, g.environment([]string{g.kubeconfig}), "mcp", "--transport", "stdio", "--operators", "127.0.0.1:0", "--state", g.state)
	require.NoError(t, err)
	defer desktop.Close()
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion, hello.Params.ClientInfo = mcp.LATEST_PROTOCOL_VERSION, mcp.Implementation{Name: "e2e", Version: "1"}
	_, err = desktop.Initialize(t.Context(), hello)
	require.NoError(t, err)
	g.begin(t) // it finds the page of the other
	run := func(arguments map[string]any) server.Command {
		result, err := desktop.CallTool(t.Context(), mcp.CallToolRequest{Params: mcp.CallToolParams{Name: "clanker_run_command", Arguments: arguments}})
		require.NoError(t, err)
		text, err := json.Marshal(result.StructuredContent)
		require.NoError(t, err)
		var command server.Command
		require.NoError(t, json.Unmarshal(text, &command), "%s", text)
		return command
	}
	for _, propose := range []func() server.Command{
		func() server.Command {
			return run(map[string]any{"argv": strings.Fields("kubectl scale deployment/web --replicas=3 -n shop"), "reason": "because of the test"})
		},
		func() server.Command {
			return g.propose(t, "kubectl annotate deployment/web -n shop desktop=1").Command
		},
	} {
		proposed := propose()
		assert.Equal(t, g.base+"/proposals/"+proposed.ProposalID, proposed.ApproveURL)
		require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve))
		got := g.over(t, proposed.ProposalID)
		assert.Equal(t, approval.Succeeded, got.State, got.Text)
		assert.Equal(t, approval.Succeeded, run(map[string]any{"proposalId": proposed.ProposalID}).State)
	}
	require.NoError(t, desktop.Close())
	g.leads(t)
	last := g.propose(t, "kubectl annotate deployment/web -n shop closed=1")
	require.NoError(t, g.says(alice, last.ProposalID, approval.Approve))
	assert.Equal(t, approval.Succeeded, g.over(t, last.ProposalID).State)
	g.verified(t)
}

// leaderKilled kills the process that leads while it runs a command. The other serves the page at the same address, says that
// nobody knows what the command did, runs what else was approved, and goes on.
func leaderKilled(t *testing.T, e estate) {
	e.scale(t, 2)
	counting := e.tool(t)
	g := e.gateWith(t, []string{counting.dir}, "--operators", freeAddress(t))
	alice := g.enrol(t, "alice")[0]
	other := g.beside(t)
	require.NoError(t, syscall.Mkfifo(filepath.Join(counting.dir, "hold"), 0o600))
	hangs := g.propose(t, "kubectl scale deployment/web --replicas=6 -n shop")
	waits := other.propose(t, "kubectl annotate deployment/web -n shop waits=1")
	require.NoError(t, g.says(alice, hangs.ProposalID, approval.Approve))
	eventually(t, patience, func() (bool, string) { return counting.ran(t, "--replicas=6") == 1, "it does not run" })
	require.NoError(t, g.says(alice, waits.ProposalID, approval.Approve))
	var detail web.Detail
	require.NoError(t, g.call(http.MethodGet, "/api/proposals/"+waits.ProposalID, nil, &detail))
	assert.Equal(t, approval.Approved, detail.State, "one target changes by one command at a time")

	before := g.base
	require.Error(t, g.end(syscall.SIGKILL))
	require.NoError(t, os.Remove(filepath.Join(counting.dir, "hold")))
	other.leads(t)
	assert.Equal(t, before, other.base)
	assert.Equal(t, approval.Unknown, other.over(t, hangs.ProposalID).State)
	assert.Equal(t, approval.Succeeded, other.over(t, waits.ProposalID).State)
	assert.Equal(t, 1, counting.ran(t, "--replicas=6"))
	assert.Equal(t, 1, counting.ran(t, "waits=1"))
	next := other.propose(t, "kubectl scale deployment/web --replicas=3 -n shop")
	require.NoError(t, other.says(alice, next.ProposalID, approval.Approve))
	assert.Equal(t, approval.Succeeded, other.over(t, next.ProposalID).State)
	other.verified(t)
}
