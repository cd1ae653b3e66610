package agent

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
	"clanker/router"
)

func TestHalves(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"":                           {"", ""},
		"It is slow.":                {"It is slow.", ""},
		"It is slow.\n\nSince noon.": {"It is slow.", "Since noon."},
		"# Summary\n\n**It is slow**, since noon.\n- a\n- b":    {"It is slow, since noon.", "- a\n- b"},
		"## Incident\n### Overview:\n---\nIt is slow.":          {"It is slow.", ""},
		"**Summary:**\nIt is slow.":                             {"It is slow.", ""},
		"```text\nIt is slow.\n```":                             {"It is slow.", "```"},
		"# It has been slow since noon\nThe cache is degraded.": {"It has been slow since noon", "The cache is degraded."},
		"**It is slow.**\nSince noon.":                          {"It is slow.", "Since noon."},
		"# Summary":                                             {"Summary", ""},
		"| a | b |\n|---|---|":                                  {"| a | b |", "|---|---|"},
		"# All\n| a | b |\n|---|---|\n| 1 | 2 |\n\nIt is slow.": {"It is slow.", "# All\n| a | b |\n|---|---|\n| 1 | 2 |\n\nIt is slow."},
	} {
		summary, explanation := halves(text)
		assert.Equal(t, want, [2]string{summary, explanation}, "%q", text)
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	i := &inquiry{ids: []string{"aws/prod/us-east-1/production/cache/session-cache", "kubernetes/c/n/deployment/web", "kubernetes/c/n/deployment/a"}}
	assert.Equal(t, i.ids[:2], i.named("Session-cache makes a web slow."), "a sentence may begin with a name, and a is a word")
	assert.Equal(t, i.ids[1:2], i.named("deployment/web. It needs my-session-cache"))
	assert.Empty(t, i.named("web.local is another"))
}

// broken is a workspace with a bug.
type broken struct{ *adapters.Workspace }

func (broken) Query(context.Context, adapters.Query) (adapters.Snapshot, error) { panic("nil map") }

// Who asks hears of a bug, not the model alone.
func TestAToolThatFailsIsToldOfOnce(t *testing.T) {
	r := newRig(t, nil, calls("get_resource", cacheCall, "list_changes", cacheCall, "get_resource", `{"name":"checkout-api"}`), says("done"))
	r.over(t, broken{adapters.NewWorkspace()})
	assert.Equal(t, []string{"the tool get_resource failed: nil map; report this as a bug"}, r.ask(t, router.Question{}).Warnings)
}
