//go:build unix

package bridge

import (
	"os"
	"syscall"
)

// private reports whether nobody but this user can have written a file.
func private(info os.FileInfo) bool {
	of, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(of.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}
