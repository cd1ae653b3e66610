//go:build e2e && linux

package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/approvaltest"
	"clanker/server/store/storetest"
)

// disk mounts a small disk until the test ends.
func disk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"), "run this as root")
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// On a full disk nothing is half kept, all of before can be read, and with room again it goes on.
func TestFullDisk(t *testing.T) {
	dir := disk(t)
	p := storetest.Place{Dir: filepath.Join(dir, "state")}
	s, err := p.TryOpen(t)
	require.NoError(t, err)
	room := filepath.Join(dir, "room")
	require.NoError(t, os.WriteFile(room, make([]byte, 256<<10), 0o600))
	var failure error
	kept := 0
	for ; failure == nil; kept++ {
		r := approvaltest.Request(fmt.Sprint(kept), now())
		failure = s.Create(t.Context(), r, approvaltest.Proposed(r))
	}
	kept--
	assert.ErrorContains(t, failure, "the disk is full, and nothing of this was kept: make room")
	whole := func(want int) {
		requests, err := s.List(t.Context(), approval.Filter{})
		require.NoError(t, err)
		assert.Len(t, requests, want)
		assert.Equal(t, want, storetest.Chain(t, s.Reader)[approval.EventProposed])
	}
	whole(kept)
	require.NoError(t, os.Remove(room))
	storetest.Create(t, s, "again")
	whole(kept + 1)
	require.NoError(t, s.Close())
}

// What cannot be written on is told.
func TestReadOnlyDisk(t *testing.T) {
	dir := disk(t)
	p := storetest.Place{Dir: filepath.Join(dir, "state")}
	s, err := p.TryOpen(t)
	require.NoError(t, err)
	storetest.Create(t, s, "a")
	require.NoError(t, s.Close())
	require.NoError(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	_, err = p.TryOpen(t)
	assert.True(t, errors.Is(err, syscall.EROFS), "%v", err)
}
