package approval_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

func TestTheEndOfALongPreviewIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(func() {
		w.preview = adapters.Preview{Kind: adapters.PreviewDiff, Text: strings.Repeat("+ harmless: true\n", 3000) + "+ privileged: true\n"}
	})
	view, err := approval.Show(w.propose(t))
	require.NoError(t, err)
	at := slices.IndexFunc(view.Sections, func(s approval.Section) bool { return s.Name == approval.SectionPreview })
	require.GreaterOrEqual(t, at, 0)
	require.Len(t, view.Sections[at].Lines, 3001)
	assert.Equal(t, "+ privileged: true", view.Sections[at].Lines[3000].Text)
}

func TestARefusalKeepsNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Propose(t.Context(), approval.Ask{Argv: []string{"kubectl", "get", "pods", "--token", "canary-4711"}, Reason: "x",
		Requester: policies.Principal{ID: "claude", Kind: policies.Agent}})
	require.Error(t, err)
	head, err := w.memory.Head(t.Context())
	require.NoError(t, err)
	entry, err := w.memory.At(t.Context(), head.Seq)
	require.NoError(t, err)
	assert.Equal(t, approval.EventRefused, entry.Type)
	assert.NotContains(t, string(entry.Body), "canary")
}
