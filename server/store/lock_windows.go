package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// beyond is where the byte is that is locked: nobody could read what stands in a part that is.
const beyond = 1 << 30

// lock locks the file for whoever has opened it, and returns errHeld when somebody else has.
func lock(file *os.File) error {
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{Offset: beyond})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errHeld
	}
	return err
}

func unlock(file *os.File) error {
	return windows.UnlockFileEx(windows.Handle(file.Fd()), 0, 1, 0, &windows.Overlapped{Offset: beyond})
}
