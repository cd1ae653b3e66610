// Package agenttest sets up what the tests of the fallback share: the built-in intents over the demo estate, at one time of a day.
package agenttest

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router"
)

// Curious is a question that no intent covers.
const Curious = "which odd interplay between checkout-api and its cache might explain the grumbling of the customers"

// Clock is the time of these tests.
func Clock() time.Time { return time.Date(2026, 11, 22, 14, 2, 11, 0, time.UTC) }

// Estate returns a workspace over the demo estate, and more. Its caller names that, for tests alone may: Estate(t, demo.New).
func Estate[A adapters.Adapter](t testing.TB, demo func(now func() time.Time) (A, error), more ...adapters.Adapter) *adapters.Workspace {
	t.Helper()
	estate, err := demo(Clock)
	require.NoError(t, err)
	w := adapters.NewWorkspace(append(more, estate)...)
	w.Now = Clock
	return w
}

// Router returns a router of the built-in intents over a workspace.
func Router(t testing.TB, w router.Workspace, f router.Fallback) *router.Router {
	t.Helper()
	return routed(t, w, router.Options{Now: Clock, Fallback: f})
}

// Desk returns the desk of a question over a workspace. Without a text the question is Curious. Its answer's ID is always the same.
func Desk(t testing.TB, w router.Workspace, q router.Question) *router.Desk {
	t.Helper()
	if q.Text == "" {
		q.Text = Curious
	}
	f := &thief{}
	_, err := routed(t, w, router.Options{Now: Clock, Entropy: zeros{}, Fallback: f}).Route(t.Context(), q)
	require.NoError(t, err)
	require.NotNil(t, f.desk, "the question came to the fallback")
	return f.desk
}

// shipped is the matcher of the built-in intents, which takes a while to make and is the same for all.
var shipped = sync.OnceValues(func() (*router.Matcher, error) {
	catalog, err := intents.Load(intents.Default())
	if err != nil {
		return nil, err
	}
	return router.NewMatcher(catalog)
})

func routed(t testing.TB, w router.Workspace, o router.Options) *router.Router {
	t.Helper()
	matcher, err := shipped()
	require.NoError(t, err)
	return router.New(matcher, w, o)
}

// thief is a fallback that keeps the desk it is given.
type thief struct{ desk *router.Desk }

var _ router.Fallback = (*thief)(nil)

func (f *thief) Answer(_ context.Context, _ router.Question, desk *router.Desk) (router.Finding, error) {
	f.desk = desk
	return router.Finding{Summary: "nothing"}, nil
}

// zeros is an endless source of zeros.
type zeros struct{}

var _ io.Reader = zeros{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{0}, len(p))), nil }
