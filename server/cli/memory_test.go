package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clanker/router"
	"clanker/server/store"
)

// An answer asks its memory several times, and waits once for one that does not answer.
func TestAMemoryThatHangsIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state"), store.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	m := remembered(&kept{store: s}, nil)
	_, _, err = m.Look(t.Context(), router.Which{})
	require.NoError(t, err)
	require.Error(t, m.heard(errors.New("the disk is full")))
	_, err = m.store()
	require.NoError(t, err, "who answers is asked")
	require.Error(t, m.heard(fmt.Errorf("read: %w", context.DeadlineExceeded)))
	_, _, err = m.Look(t.Context(), router.Which{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// Without a store each call says why.
func TestAMemoryThatIsNotThereSaysWhy(t *testing.T) {
	t.Parallel()
	m := remembered(nil, errors.New("no disk"))
	_, _, err := m.Look(t.Context(), router.Which{})
	require.EqualError(t, err, "no disk")
}
