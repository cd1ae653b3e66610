package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// errHeld says that another process, or another store of this one, has a lock.
var errHeld = errors.New("another process has it")

// hold makes a file and locks it, until it is let go of or the process ends, however it ends. It never waits.
func hold(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := lock(file); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if named(file, path) {
			return file, nil
		}
		_ = drop(file) // who took it for that of a dead process has removed it
	}
}

// named reports whether the file is still the one of that name.
func named(file *os.File, path string) bool {
	one, err := file.Stat()
	if err != nil {
		return false
	}
	other, err := os.Stat(path)
	return err == nil && os.SameFile(one, other)
}

// drop lets go at once: a program that is just being started has the file open, too, until it runs.
func drop(file *os.File) error { return errors.Join(unlock(file), file.Close()) }

// Lead makes this process the one of the folder that leads, if none does, until it releases that or ends: it serves the
// operator page, and sweeps.
func (s *Store) Lead() (release func() error, ok bool, err error) {
	file, err := hold(filepath.Join(s.dir, lockFile))
	if errors.Is(err, errHeld) {
		return nil, false, nil
	}
	if err == nil {
		err = errors.Join(file.Truncate(0), write0(file, strconv.Itoa(os.Getpid())+"\n"))
	}
	if err != nil {
		return nil, false, fmt.Errorf("lead the processes of %s: %w", s.dir, err)
	}
	return func() error { return drop(file) }, true, nil
}

func write0(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

// Holder is the process ID of the process that leads the folder, or did last; 0 when none ever has.
func (s *Store) Holder() (pid int, err error) { return holder(s.dir) }

func holder(dir string) (pid int, err error) {
	text, err := os.ReadFile(filepath.Join(dir, lockFile))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return 0, nil
	}
	if err == nil {
		pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if err != nil {
		return 0, fmt.Errorf("read who leads the processes of %s: %w", dir, err)
	}
	return pid, nil
}
