//go:build unix

package bridge

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecordsThatOthersMayHaveLeftAreNotRead(t *testing.T) {
	w := start(t, "one", "")
	place := placeOf(t, w)
	refused := func(what string) {
		_, err := place.Find(t.Context(), server0())
		assert.ErrorContains(t, err, "only this user can write", what)
	}
	require.NoError(t, os.Chmod(place.path, 0o620))
	refused("others may write to it")
	if os.Geteuid() == 0 { // who can give files away
		publish(t, place, w)
		require.NoError(t, os.Chown(place.path, 65534, 65534))
		refused("it is somebody else's")
	}
	require.NoError(t, os.Remove(place.path))
	require.NoError(t, syscall.Mkfifo(place.path, 0o600))
	refused("nobody writes to this pipe, and nobody waits for it")
}
