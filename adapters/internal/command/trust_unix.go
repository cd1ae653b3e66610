//go:build unix

package command

import (
	"fmt"
	"os"
	"syscall"
)

// owned reports why others than root and we could change a file or a folder. A folder above, such as /tmp, may be one where
// everybody can write as long as nobody can touch what belongs to others.
func owned(path string, info os.FileInfo, above bool) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user", path)
	}
	if info.Mode().Perm()&0o022 != 0 && (!above || info.Mode()&os.ModeSticky == 0) {
		return fmt.Errorf("others may write to %s: chmod go-w it, or install the tool elsewhere", path)
	}
	return nil
}
