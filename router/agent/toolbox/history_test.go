package toolbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router/agent/agenttest"
)

// chronicle is a workspace where something was written and changed an hour and a half ago, and ten minutes ago. It notes what it is
// asked.
type chronicle struct {
	foreign
	asked *adapters.Query
}

var then = map[string]time.Time{"early": agenttest.Clock().Add(-90 * time.Minute), "late": agenttest.Clock().Add(-10 * time.Minute)}

func (w chronicle) Changes(_ context.Context, q adapters.Query) (adapters.Snapshot, error) {
	*w.asked = q
	s := adapters.Snapshot{Query: q, At: agenttest.Clock()}
	for _, word := range []string{"late", "early"} {
		s.Changes = append(s.Changes, adapters.Change{Resource: "kubernetes/prod/pod/web", Field: "image", After: word, At: then[word]})
	}
	return s, nil
}

func (w chronicle) Logs(_ context.Context, q adapters.Query) (adapters.Snapshot, error) {
	*w.asked = q
	s := adapters.Snapshot{Query: q, At: agenttest.Clock()}
	for _, word := range []string{"early", "late"} {
		s.Logs = append(s.Logs, adapters.LogLine{Resource: "kubernetes/prod/pod/web", Text: word, At: then[word]})
	}
	return s, nil
}

// A time has a beginning, which the providers are asked from, and an end, behind which nothing is told.
func TestWhatWasWhen(t *testing.T) {
	beginning := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		tool, arguments string
		since           time.Time
		log             adapters.LogFilter
		early, late     bool
	}{
		{"list_changes", `{"name":"web"}`, agenttest.Clock().Add(-24 * time.Hour), adapters.LogFilter{}, true, true},
		{"list_changes", `{"name":"web","time":"between 12:00 and 13:00"}`, beginning, adapters.LogFilter{}, true, false},
		{"get_logs", `{"name":"web"}`, time.Time{}, adapters.LogFilter{Tail: 60}, true, true},
		{"get_logs", `{"name":"web","limit":1}`, time.Time{}, adapters.LogFilter{Tail: 1}, false, true},
		{"get_logs", `{"name":"web","time":"last 2 hours","grep":"x","errors":true,"previous":true,"container":"app"}`, agenttest.Clock().Add(-2 * time.Hour),
			adapters.LogFilter{Tail: 60, Grep: "x", Errors: true, Previous: true, Container: "app"}, true, true},
		{"get_logs", `{"name":"web","time":"between 12:00 and 13:00","limit":1}`, beginning, adapters.LogFilter{Tail: 5000}, true, false},
	} {
		var asked adapters.Query
		b := boxOver(t, chronicle{foreign{Workspace: estate(t)}, &asked})
		result := ask(t, b, c.tool, c.arguments)
		require.True(t, result.OK, result.Text)
		assert.Equal(t, c.since, asked.Since, c.arguments)
		assert.Equal(t, c.log, asked.Log, c.arguments)
		for word, want := range map[string]bool{"early": c.early, "late": c.late} {
			assert.Equal(t, want, strings.Contains(result.Text, word), result.Text)
		}
	}
}
