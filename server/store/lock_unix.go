//go:build unix

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lock makes this process the only one that writes in the folder. The system lets go of the lock when the process ends,
// however it ends.
func lock(dir string) (release func() error, err error) {
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the ledger: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer func() { _ = file.Close() }() // nothing was written
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the ledger: %w", err)
		}
		return nil, fmt.Errorf("the ledger in %s belongs to process %s, and only one workspace can write it: stop that one, or give this one another folder", dir, holder(file))
	}
	if err := errors.Join(file.Truncate(0), overwrite(file, fmt.Sprintf("%d\n", os.Getpid()))); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the ledger: %w", err), file.Close())
	}
	return func() error { return errors.Join(unlock(file), file.Close()) }, nil
}

// unlock lets go at once: a program that is just being started has the file open, too, until it runs.
func unlock(file *os.File) error { return syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }

func overwrite(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func holder(file *os.File) string {
	text, err := io.ReadAll(io.LimitReader(file, 20))
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return pid
	}
	return "that is just starting"
}
