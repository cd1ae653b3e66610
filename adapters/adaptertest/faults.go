package adaptertest

import (
	"context"
	"errors"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// faultChecks are about a provider that fails: the reader learns why, and exactly what to do about it.
func faultChecks() []check {
	return []check{
		{"denied", Denied, checkDenied},
		{"expired", Expired, checkExpired},
		{"throttled", Throttled, checkThrottled},
		{"partial", Partial, checkPartial},
		{"slow", Slow, checkSlow},
		{"deadline", Slow, checkDeadline},
	}
}

// checkProblem holds for every failure, whatever its reason.
func checkProblem(t tb, problem *adapters.SourceError) {
	t.Helper()
	assert.NotEmpty(t, problem.Reason, "%+v", problem)
	switch problem.Reason {
	case adapters.PermissionDenied:
		assert.NotEmpty(t, problem.Permission, "which permission is missing? %+v", problem)
		assert.NotEmpty(t, problem.Fix, "%+v", problem)
	case adapters.RateLimited:
		assert.Positive(t, problem.RetryAfter, "how long is there to wait? %+v", problem)
	case adapters.NotConfigured, adapters.NoCredentials, adapters.ExpiredCredentials, adapters.FeatureDisabled:
		assert.NotEmpty(t, problem.Fix, "%+v", problem)
	default: // nothing but the reason is known to help
	}
}

// failures reads from a driver whose provider refuses everything, and returns why: from the error, or from the sources.
func failures(t tb, d adapters.Adapter) []*adapters.SourceError {
	t.Helper()
	resources, sources, err := d.List(t.Context(), adapters.Query{})
	assert.Empty(t, resources, "where from, if every call is refused?")
	var problems []*adapters.SourceError
	if err != nil {
		var known *adapters.SourceError
		require.True(t, errors.As(err, &known), "the error is not a SourceError: %v", err)
		problems = append(problems, known)
	}
	for _, s := range sources {
		assert.NotNil(t, s.Error, "%s: succeeded, though every call is refused", s.Call)
		if s.Error != nil {
			problems = append(problems, s.Error)
		}
	}
	require.NotEmpty(t, problems, "every call is refused, and nothing says so")
	return problems
}

func checkDenied(t tb, d adapters.Adapter, _ Harness) {
	for _, problem := range failures(t, d) {
		assert.Equal(t, adapters.PermissionDenied, problem.Reason)
		checkProblem(t, problem)
	}
}

func checkExpired(t tb, d adapters.Adapter, _ Harness) {
	for _, problem := range failures(t, d) {
		assert.Equal(t, adapters.ExpiredCredentials, problem.Reason)
		checkProblem(t, problem)
	}
}

// checkThrottled also sees to it that the driver says so and does not sit it out: whoever asks decides whether to wait.
func checkThrottled(t tb, d adapters.Adapter, _ Harness) {
	start := time.Now()
	for _, problem := range failures(t, d) {
		assert.Equal(t, adapters.RateLimited, problem.Reason)
		assert.Equal(t, RetryAfter, problem.RetryAfter)
	}
	assert.Less(t, time.Since(start), RetryAfter, "the driver waited instead of saying how long to wait")
}

func checkPartial(t tb, d adapters.Adapter, _ Harness) {
	resources, sources := list(t, d, adapters.Query{})
	assert.NotEmpty(t, resources, "what could be read is missing")
	failed := 0
	for _, s := range sources {
		if s.Error != nil {
			failed++
			assert.NotEmpty(t, s.Error.What, "%s: what could not be read?", s.Call)
			checkProblem(t, s.Error)
		}
	}
	assert.Positive(t, failed, "a call was refused, and no source says so")
	assert.Less(t, failed, len(sources), "the calls that answered have no source")
}

func checkSlow(t tb, d adapters.Adapter, _ Harness) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, sources, err := d.List(ctx, adapters.Query{})
	assert.Less(t, time.Since(start), prompt, "List goes on after its deadline")
	failed := 0
	for _, s := range sources {
		if s.Error != nil {
			failed++
			assert.Equal(t, adapters.TimedOut, s.Error.Reason, "%s", s.Call)
		}
	}
	assert.True(t, err != nil || failed > 0, "a read that was cut short must not look like a whole one")
}

// checkDeadline asks a workspace, of which the driver is one of two: the other one's data comes through, in time.
func checkDeadline(t tb, d adapters.Adapter, _ Harness) {
	w := adapters.NewWorkspace(d, bystander{})
	w.Deadline = 100 * time.Millisecond
	start := time.Now()
	snapshot, err := w.Query(t.Context(), adapters.Query{})
	require.NoError(t, err)
	assert.Less(t, time.Since(start), prompt, "the slow driver holds up the workspace")
	assert.Contains(t, ids(snapshot.Resources, adapters.Query{}), bystander{}.resource().ID, "the slow driver hides the other one")
	timedOut := 0
	for _, s := range snapshot.Sources {
		if s.Error != nil && s.Error.Reason == adapters.TimedOut {
			timedOut++
		}
	}
	assert.Positive(t, timedOut, "nothing says that the slow driver did not answer")
}

// bystander is another driver beside the one that is checked: it always has one namespace.
type bystander struct{}

var _ adapters.Adapter = bystander{}

func (bystander) Name() string           { return "bystander" }
func (bystander) Kinds() []adapters.Kind { return []adapters.Kind{adapters.KindNamespace} }

func (bystander) resource() adapters.Resource {
	return adapters.Resource{ID: adapters.NewID("bystander", adapters.KindNamespace, adapters.Scope{}, "quiet"),
		Provider: "bystander", Kind: adapters.KindNamespace, Name: "quiet"}
}

func (b bystander) List(context.Context, adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
	return []adapters.Resource{b.resource()}, []adapters.Source{{Provider: "bystander", Call: "list namespaces", Count: 1}}, nil
}

func (bystander) Connections(context.Context) []adapters.Connection {
	return []adapters.Connection{{Provider: "bystander", Identity: "nobody"}}
}
