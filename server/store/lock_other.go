//go:build !unix

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// lock makes this process the only one that writes in the folder. Nothing lets go of the lock when the process is killed.
func lock(dir string) (release func() error, err error) {
	path := filepath.Join(dir, lockFile)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		pid, _ := os.ReadFile(path)
		return nil, fmt.Errorf("the ledger in %s belongs to process %.20q: stop it, or remove %s if it died", dir, pid, path)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the ledger: %w", err)
	}
	_, err = fmt.Fprintln(file, os.Getpid())
	return func() error { return os.Remove(path) }, errors.Join(err, file.Close())
}
