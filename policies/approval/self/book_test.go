package self_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval/self"
)

// shelf is an archive that several processes share.
type shelf struct {
	mu     sync.Mutex
	sets   map[string]map[string][]byte
	pinned string
	broken error
}

func (s *shelf) PutPolicies(_ context.Context, revision string, files map[string][]byte, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets == nil {
		s.sets = map[string]map[string][]byte{}
	}
	s.sets[revision], s.pinned = files, revision
	return nil
}

func (s *shelf) Policies(_ context.Context, revision string) (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sets[revision], nil
}

func (s *shelf) Pinned(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pinned, s.broken
}

func engine(t *testing.T, effect string) *policies.Engine {
	t.Helper()
	rule := fmt.Sprintf("package clanker.run_command\n\n%s contains {\"reason\": \"always\"} if true\n", effect)
	e, err := policies.Load(fstest.MapFS{"run_command.rego": {Data: []byte(rule)}})
	require.NoError(t, err)
	return e
}

// What is approved in one process decides in all of them, from then on.
func TestPoliciesAreTheSameInAllProcesses(t *testing.T) {
	t.Parallel()
	ctx, archive, lax, strict := t.Context(), &shelf{}, engine(t, "allow"), engine(t, "deny")
	one, err := self.OpenBook(ctx, archive, lax, true)
	require.NoError(t, err)
	other, err := self.OpenBook(ctx, archive, strict, true)
	require.NoError(t, err)
	read := policies.Proposal{Plan: adapters.Plan{Command: adapters.Command{Class: adapters.ClassRead, Tool: "kubectl"}}}
	effects := func() (all []policies.Effect) {
		for _, book := range []*self.Book{one, other} {
			d, err := book.Decide(ctx, read, time.Now())
			require.NoError(t, err)
			all = append(all, d.Effect)
			revision, err := book.Revision(ctx)
			require.NoError(t, err)
			assert.Equal(t, archive.pinned, revision)
		}
		return all
	}
	assert.Equal(t, []policies.Effect{policies.Allow, policies.Allow}, effects(), "those on the disk of the other decide nothing")
	require.True(t, other.Offer(strict))
	require.NoError(t, other.Use(ctx, strict.Revision(), "request"))
	before, _, err := one.Preview(ctx, lax.Revision())
	require.Error(t, err, "nobody offers them")
	assert.Empty(t, before)
	assert.Equal(t, []policies.Effect{policies.Deny, policies.Deny}, effects())

	archive.broken = errors.New("the database does not answer")
	_, err = one.Decide(ctx, read, time.Now())
	require.ErrorIs(t, err, archive.broken, "nothing is decided by what may be older")
	_, err = other.Revision(ctx)
	require.ErrorIs(t, err, archive.broken)
}
