package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// presence tells the other processes that this one is alive, until it ends, and which of them are.
type presence interface {
	alive(ctx context.Context, instance string) (bool, error)
	// outlast makes sure that no process has the ledger open that knows one of the versions from has on, but not want. None
	// begins to before it is let go of, or the transaction has ended.
	outlast(ctx context.Context, tx statements, has, want int) (release func() error, err error)
	close() error
}

// Instance is a new name for each store that is opened: the version of the schema that it knows, and what is random.
func (s *Store) Instance() string { return s.instance }

// Alive reports whether the process of that name is. While that cannot be known, as just after the database was away, it is.
func (s *Store) Alive(ctx context.Context, instance string) (bool, error) {
	ctx, cancel := s.patiently(ctx)
	defer cancel()
	switch {
	case instance == s.instance:
		return true, nil
	case instance == "": // of the time when one process had the ledger for itself
		return false, nil
	case !names.MatchString(instance):
		return false, fmt.Errorf("find out whether the process %q is alive: that is no name of one", instance)
	}
	alive, err := s.presence.alive(ctx, instance)
	if err != nil {
		return false, fmt.Errorf("find out whether the process %s is alive: %w", instance, s.because(ctx, err))
	}
	return alive, nil
}

func name(version int) string { return fmt.Sprintf("%d-%s", version, rand.Text()) }

var names = regexp.MustCompile(`^[0-9]+-[A-Z2-7]{26}$`)

// knows is the version of the schema that the process of that name knows.
func knows(instance string) int {
	version, _, _ := strings.Cut(instance, "-")
	n, _ := strconv.Atoi(version)
	return n
}

// lockFiles are the presence of the processes that share a folder: each holds the lock of a file that has its name.
type lockFiles struct {
	dir  string
	mine *os.File
}

const suffix = ".lock"

// appear makes this process known, and removes the files of those that have died.
func appear(dir, instance string) (*lockFiles, error) {
	p := &lockFiles{dir: filepath.Join(dir, "instances")}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, err
	}
	if err := private(p.dir); err != nil {
		return nil, err
	}
	var err error
	for p.mine, err = hold(p.path(instance)); errors.Is(err, errHeld); { // for a moment, by who looks whether it is alive
		p.mine, err = hold(p.path(instance))
	}
	if err != nil {
		return nil, err
	}
	if _, err := p.others(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *lockFiles) path(instance string) string { return filepath.Join(p.dir, instance+suffix) }

// alive removes the file of a process that is not.
func (p *lockFiles) alive(_ context.Context, instance string) (bool, error) {
	path := p.path(instance)
	for {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		switch err := lock(file); {
		case errors.Is(err, errHeld):
			return true, file.Close()
		case err != nil:
			return false, errors.Join(err, file.Close())
		case named(file, path):
			return false, errors.Join(os.Remove(path), drop(file))
		}
		_ = drop(file) // somebody else has just removed it
	}
}

// others are the processes that are alive, with this one.
func (p *lockFiles) others() (living []string, err error) {
	files, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		instance, ok := strings.CutSuffix(file.Name(), suffix)
		if !ok || !names.MatchString(instance) {
			continue
		}
		alive, err := p.alive(context.Background(), instance)
		if err != nil {
			return nil, err
		}
		if alive {
			living = append(living, instance)
		}
	}
	return living, nil
}

func (p *lockFiles) outlast(_ context.Context, _ statements, _, want int) (func() error, error) {
	living, err := p.others()
	if err != nil {
		return nil, err
	}
	for _, instance := range living {
		if knows(instance) < want {
			return nil, errOlder
		}
	}
	file, err := hold(filepath.Join(filepath.Dir(p.dir), lockFile)) // which is all that the oldest have
	if errors.Is(err, errHeld) {
		return nil, errOlder
	}
	if err != nil {
		return nil, err
	}
	return func() error { return drop(file) }, nil
}

var errOlder = errors.New("an older clanker is running that has it open: stop that one first")

func (p *lockFiles) close() error { return errors.Join(os.Remove(p.mine.Name()), drop(p.mine)) }
