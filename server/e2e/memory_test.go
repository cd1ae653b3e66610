//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters/kubernetes/kubetest"
	"clanker/router"
)

// TestMemory asks the same before and after what happens in a real cluster, and over restarts.
func TestMemory(t *testing.T) {
	p := build(t)
	cluster, err := kubetest.New(t.Context(), kubetest.Options{Name: "prod-cluster", Nodes: 1, NoMetrics: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, cluster.Close()) })
	admin := as(t, cluster, "admin")
	deploy := func(to, replicas string) {
		require.NoError(t, cluster.Apply(t.Context(), version(t, to, replicas)))
		require.NoError(t, cluster.WaitFor(t.Context(), "checkout-api", cluster.Available("delivery", "checkout-api")))
	}
	deploy("v1.4.1", "2")
	t.Run("killed between two questions", func(t *testing.T) { rememberKilled(t, p, admin, deploy) })
	t.Run("a person's commands share it", func(t *testing.T) { rememberShared(t, p, admin) })
	t.Run("two agents at once", func(t *testing.T) { rememberCrowd(t, p) })
}

const inDelivery = "Are all services in the delivery namespace healthy?"

// rememberKilled kills the workspace without warning between the looks.
func rememberKilled(t *testing.T, p program, admin string, deploy func(string, string)) {
	s := p.serve(t, admin)
	first := s.ask(t, "list all deployments in the delivery namespace")
	assert.Nil(t, first.Answer.Delta, "nobody has looked before")
	s.ask(t, inDelivery)
	assert.Error(t, s.end(syscall.SIGKILL))

	deploy("v1.4.2", "3")
	s = p.serve(t, admin)
	second := s.ask(t, "list all deployments in the delivery namespace")
	require.NotNil(t, second.Answer.Delta, "%s", second.Text)
	assert.Equal(t, first.Answer.AnswerID, second.Answer.Delta.ComparedTo)
	modified := map[string]router.DeltaChange{}
	for _, c := range second.Answer.Delta.Modified {
		assert.Equal(t, "checkout-api", c.Name)
		modified[c.Field] = c
	}
	require.Contains(t, modified, "image", "%s", second.Text)
	assert.Contains(t, modified["image"].After, "v1.4.2")
	assert.Contains(t, second.Text, "since last check")
	assert.NotContains(t, second.Text, "CANARY")

	third := s.ask(t, "list all deployments in the delivery namespace")
	require.NotNil(t, third.Answer.Delta)
	assert.False(t, third.Answer.Delta.Changed, "%s", third.Text)
	assert.True(t, s.ask(t, "list all deployments in the delivery namespace", "since", first.Answer.AnswerID).Answer.Delta.Changed)
	well := s.ask(t, inDelivery)
	assert.Empty(t, well.Answer.Delta.Degraded, "it is as healthy as it was")
	assert.Contains(t, well.Text, "checkout-api image", "and another version")
}

// rememberShared asks from a terminal, beside the workspace that serves.
func rememberShared(t *testing.T, p program, admin string) {
	s := p.serve(t, admin)
	s.ask(t, inDelivery)
	output, err := p.command([]string{admin}, "ask", inDelivery).Output()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), "no change", "%s", output)
	assert.NotContains(t, string(output), "nothing is kept")
}

// rememberCrowd has two agents ask ten thousand times: every look is kept once.
func rememberCrowd(t *testing.T, p program) {
	p, state := p.unlimited(), t.TempDir()
	s := p.start(t, nil, "--demo", "--state", state)
	const each = 5000
	answers := make([]map[string]bool, 2)
	var both sync.WaitGroup
	for i := range answers {
		both.Go(func() { answers[i] = keepLooking(t, s, fmt.Sprint("looker-", i), each) })
	}
	both.Wait()
	s.stopped = true
	require.NoError(t, s.process.Signal(syscall.SIGTERM))
	require.NoError(t, <-s.ended)
	exported, err := p.command(nil, "history", "export", "--demo", "--state", state).Output()
	require.NoError(t, err)
	kept := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(exported))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Look *struct{ AnswerID string } }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line), "%s", lines.Bytes())
		if line.Look != nil {
			kept[line.Look.AnswerID]++
		}
	}
	assert.Len(t, kept, 2*each)
	for i := range answers {
		for id := range answers[i] {
			assert.Equal(t, 1, kept[id], "%s of looker-%d", id, i)
		}
	}
}

// keepLooking asks so many times, and returns the ids of the answers.
func keepLooking(t *testing.T, s *workspace, name string, times int) map[string]bool {
	a := newAgent(s.url, name, revisions[0])
	if !assert.NoError(t, a.open(t.Context())) {
		return nil
	}
	ids := map[string]bool{}
	for n := range times {
		q := demoQuestions[n%len(demoQuestions)]
		got, err := a.ask(t.Context(), fmt.Sprint(name, "-", n), q.text)
		if !assert.NoError(t, err) {
			return ids
		}
		ids[got.Result.StructuredContent.AnswerID] = true
	}
	return ids
}
