//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/server/web"
)

// How often the workspace is killed in all, and by how many tests at a time.
const (
	kills   = 200
	killers = 4
)

// TestKill kills the workspace with kill -9, 200 times, while commands are proposed, approved and run, and starts it again
// each time. Whatever somebody was told of is there, nothing runs twice, and the log holds.
func TestKill(t *testing.T) {
	e := newEstate(t)
	for seed := range killers {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			survive(t, e, uint64(seed))
		})
	}
}

// survivor is a gate that is killed again and again.
type survivor struct {
	*gate
	alice person
	tool  tool
	dice  *rand.Rand
	kills int
	known []string // ids that somebody was told of
	ends  map[approval.State]int
}

func survive(t *testing.T, e estate, seed uint64) {
	intents := t.TempDir() // the built-in ones take a second to learn
	copyFile(t, "../../intents/latency.yaml", filepath.Join(intents, "few.yaml"), 0o600)
	counting := e.tool(t)
	require.NoError(t, os.Remove(filepath.Join(counting.dir, "real")))
	e.more = append(e.more, "CLANKER_APPROVAL_PENDING=100", "CLANKER_APPROVAL_HOURLY=1000")
	g := e.gateWith(t, []string{counting.dir}, "--builtin-intents=false", "--intents", intents)
	s := &survivor{gate: g, alice: g.enrol(t, "alice")[0], tool: counting, dice: rand.New(rand.NewPCG(seed, 7)), ends: map[approval.State]int{}}
	for n := 0; s.kills < kills/killers; n++ {
		s.story(t, fmt.Sprint("kill-", n))
	}
	for _, id := range s.known {
		assert.True(t, s.state(t, id).Over(), id)
	}
	s.verified(t)
	t.Logf("%d kills, %d proposals ended so: %v", s.kills, len(s.known), s.ends)
}

// killed does something, kills the workspace at some moment within a time of its beginning, and starts it again.
func (s *survivor) killed(t *testing.T, within time.Duration, do func()) {
	t.Helper()
	process := s.process
	time.AfterFunc(time.Duration(s.dice.Int64N(int64(within))), func() { _ = process.Kill() })
	do()
	s.stopped = true
	<-s.ended
	s.kills++
	s.begin(t)
}

// story takes one proposal from its beginning to its end, and lets the workspace die at each step.
func (s *survivor) story(t *testing.T, name string) {
	line := "kubectl get secret " + name + " -n shop -o yaml"
	id, slow := "", s.dice.IntN(2) == 0
	s.killed(t, 150*time.Millisecond, func() { id = s.ask(t, line) })
	listed := s.find(t, name)
	if id != "" {
		require.Equal(t, id, listed, "the agent was told of it")
	} else if id = listed; id == "" {
		id = s.propose(t, line).ProposalID
	}
	s.known = append(s.known, id)

	if slow {
		require.NoError(t, syscall.Mkfifo(filepath.Join(s.tool.dir, "hold"), 0o600))
	}
	s.killed(t, 60*time.Millisecond, func() { _ = s.says(s.alice, id, approval.Approve) })
	if s.state(t, id) == approval.Pending {
		s.killed(t, 250*time.Millisecond, func() { _ = s.says(s.alice, id, approval.Approve) })
	}
	if s.state(t, id) == approval.Pending {
		require.NoError(t, s.says(s.alice, id, approval.Approve))
	}
	if slow {
		s.dieRunning(t, id, name)
		require.NoError(t, os.Remove(filepath.Join(s.tool.dir, "hold")))
	}
	s.conclude(t, id, name)
}

// ask proposes as an agent that may be left without an answer; what it was told of is not lost.
func (s *survivor) ask(t *testing.T, line string) string {
	response, err := newAgent(s.url, "agent", "").send(t.Context(), 1, "tools/call", map[string]any{"name": "clanker_run_command",
		"arguments": map[string]any{"argv": strings.Fields(line), "reason": "to look"}})
	if err != nil {
		return ""
	}
	var got struct {
		Result struct {
			StructuredContent struct{ ProposalID string }
		}
	}
	if decodeReply(response, &got) != nil {
		return ""
	}
	return got.Result.StructuredContent.ProposalID
}

// find looks for the proposal of a name; all that somebody was told of must be listed.
func (s *survivor) find(t *testing.T, name string) string {
	t.Helper()
	var listed struct{ Proposals []web.Item }
	require.NoError(t, s.call(http.MethodGet, "/api/proposals?limit=500", nil, &listed))
	found, ids := "", []string{}
	for _, item := range listed.Proposals {
		ids = append(ids, item.ID)
		if slices.Contains(strings.Fields(item.Title), name) {
			found = item.ID
		}
	}
	for _, id := range s.known {
		require.Contains(t, ids, id, "a proposal is lost")
	}
	return found
}

// dieRunning kills the workspace while the command runs: nobody knows what it did, and it is not run again.
func (s *survivor) dieRunning(t *testing.T, id, name string) {
	t.Helper()
	state := approval.Pending
	eventually(t, patience, func() (bool, string) {
		state = s.state(t, id)
		return state.Over() || s.runs(t, name) == 1, fmt.Sprintf("%s is %s and does not run", id, state)
	})
	if !state.Over() {
		s.killed(t, time.Millisecond, func() {})
		assert.Equal(t, approval.Unknown, s.state(t, id))
	}
}

// state is what the page says; to the agent a command that runs is told of once it has ended.
func (s *survivor) state(t *testing.T, id string) approval.State {
	t.Helper()
	var detail web.Detail
	require.NoError(t, s.call(http.MethodGet, "/api/proposals/"+id, nil, &detail))
	return detail.State
}

func (s *survivor) runs(t *testing.T, name string) int {
	t.Helper()
	count := 0
	for _, line := range s.tool.told(t, "runs") {
		if slices.Contains(strings.Fields(line), name) {
			count++
		}
	}
	return count
}

// conclude waits for the end of a proposal, which says how often it may have run.
func (s *survivor) conclude(t *testing.T, id, name string) {
	t.Helper()
	state, runs := s.over(t, id).State, s.runs(t, name)
	s.ends[state]++
	switch state {
	case approval.Succeeded:
		assert.Equal(t, 1, runs, "%s succeeded", id)
	case approval.Unknown:
		assert.LessOrEqual(t, runs, 1, "%s ran twice", id)
	default:
		assert.Fail(t, "no such end", "%s: %s after %d runs", id, state, runs)
	}
}
