//go:build unix

package telemetry

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// piece is what a pipe that is ready takes without making the writer wait: the least that PIPE_BUF is on any system.
const piece = 512

// writable reports whether the file takes a piece now, or will within the time. What cannot be asked is taken to be ready.
func writable(f *os.File, within time.Duration) bool {
	ask := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLOUT}} //nolint:gosec // a descriptor is a small number
	for {
		n, err := unix.Poll(ask, int(within.Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return n != 0 || err != nil
		}
	}
}

// write writes without [os.File.Write], which ends the process when it is standard error that nobody can read any more.
func write(f *os.File, text []byte) (int, error) {
	for {
		n, err := unix.Write(int(f.Fd()), text) //nolint:gosec // a descriptor is a small number
		if !errors.Is(err, unix.EINTR) {
			return max(n, 0), err
		}
	}
}
