package toolbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/toolbox"
)

var now = time.Date(2026, 11, 22, 14, 2, 11, 0, time.UTC)

func clock() time.Time { return now }

// curious is a question that no intent covers.
const curious = "which odd interplay between checkout-api and its cache might explain the grumbling of the customers"

// matcher is that of the built-in catalogue, which is the same for all tests.
var matcher = sync.OnceValues(func() (*router.Matcher, error) {
	catalog, err := intents.Load(intents.Default())
	if err != nil {
		return nil, err
	}
	return router.NewMatcher(catalog)
})

// thief is a fallback that keeps the desk it is given.
type thief struct{ desk *router.Desk }

func (f *thief) Answer(_ context.Context, _ router.Question, desk *router.Desk) (router.Finding, error) {
	f.desk = desk
	return router.Finding{Summary: "nothing"}, nil
}

// deskOver is the desk of a question over a workspace.
func deskOver(t testing.TB, w router.Workspace, q router.Question) *router.Desk {
	t.Helper()
	m, err := matcher()
	require.NoError(t, err)
	f := &thief{}
	r := router.New(m, w, router.Options{Now: clock, Entropy: zeros{}, Fallback: f})
	_, err = r.Route(t.Context(), q)
	require.NoError(t, err)
	require.NotNil(t, f.desk, "the question came to the fallback")
	return f.desk
}

// estate is the demo estate at the time of the tests.
func estate(t testing.TB) *adapters.Workspace {
	t.Helper()
	d, err := demo.New(clock)
	require.NoError(t, err)
	w := adapters.NewWorkspace(d)
	w.Now = clock
	return w
}

func box(t testing.TB) *toolbox.Box {
	t.Helper()
	return toolbox.New(deskOver(t, estate(t), router.Question{Text: curious}))
}

func ask(t testing.TB, b *toolbox.Box, name, arguments string) toolbox.Result {
	t.Helper()
	return b.Call(t.Context(), llms.FunctionCall{Name: name, Arguments: arguments})
}

// zeros is an endless source of zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{0}, len(p))), nil }

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
