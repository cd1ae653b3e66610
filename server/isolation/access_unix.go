//go:build unix

package isolation

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// change says why a user, who is this process's, can change or replace what a path names; empty when they cannot. A link is
// followed: both the way to it and the way to what it names count.
func change(path string, uid int) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	if why := along(path, uid); why != "" {
		return why
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || real == path {
		return ""
	}
	return along(real, uid)
}

// along looks at a file and at each folder above it.
func along(path string, uid int) string {
	below := -1 // whose entry in the folder it is about; -1: there is none
	for at := path; ; at = filepath.Dir(at) {
		if info, err := os.Lstat(at); err == nil {
			owner := int(info.Sys().(*syscall.Stat_t).Uid)
			switch {
			case owner == uid:
				return at + " is yours"
			case info.Mode()&os.ModeSymlink == 0 && writes(at, info, at == path, below != uid && below >= 0):
				return at + " is writable"
			}
			below = owner
		} else if !errors.Is(err, os.ErrNotExist) {
			below = 0 // it may be there: we cannot look into its folder
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// writes reports whether we may write to a file, or change an entry of a folder above it: in one like /tmp not what belongs to
// others.
func writes(at string, info os.FileInfo, itself, others bool) bool {
	if !itself && others && info.Mode()&os.ModeSticky != 0 {
		return false
	}
	return unix.Access(at, unix.W_OK) == nil
}
