//go:build unix

package command

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// confine forbids core dumps from now on, of this process and of what it starts: there are credentials in the memory of both.
// A program that was started before its own limit was set would have had time to start another.
func confine() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) } // less is always allowed

// occupy marks a folder as used by this process; it fails where another process uses it. The mark goes with the process,
// however that ends.
func occupy(path string) (*os.File, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = folder.Close()
		return nil, err
	}
	return folder, nil
}

// terminate asks a process group to end.
func terminate(group int) { _ = syscall.Kill(-group, syscall.SIGTERM) }

// kill ends a process group.
func kill(group int) { _ = syscall.Kill(-group, syscall.SIGKILL) }
