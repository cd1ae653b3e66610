package toolbox_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/router"
	"clanker/router/agent/agenttest"
	"clanker/router/agent/toolbox"
)

// estate is the demo estate at the time of the tests.
func estate(t testing.TB) *adapters.Workspace {
	t.Helper()
	return agenttest.Estate(t, demo.New)
}

// boxOver are the tools for a question over a workspace.
func boxOver(t testing.TB, w router.Workspace) *toolbox.Box {
	t.Helper()
	return toolbox.New(agenttest.Desk(t, w, router.Question{}))
}

func box(t testing.TB) *toolbox.Box {
	t.Helper()
	return boxOver(t, estate(t))
}

func ask(t testing.TB, b *toolbox.Box, name, arguments string) toolbox.Result {
	t.Helper()
	return b.Call(t.Context(), llms.FunctionCall{Name: name, Arguments: arguments})
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
