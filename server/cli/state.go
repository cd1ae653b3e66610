package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clanker/server/store"
)

// kept is what a workspace must not forget, and where that is.
type kept struct {
	store    *store.Store
	dir      string
	fleeting bool // the folder goes with the process: that of the demo estate
}

// keep opens what this user's workspaces must not forget.
func (a *app) keep(ctx context.Context) (*kept, error) {
	dir, fleeting, err := a.stateFolder()
	if err != nil {
		return nil, err
	}
	k := &kept{dir: dir, fleeting: fleeting}
	if k.store, err = store.Open(ctx, dir, store.Options{Now: a.now, Database: a.database()}); err != nil {
		return nil, errors.Join(err, k.close())
	}
	return k, nil
}

// close closes it; nil is closed already.
func (k *kept) close() error {
	if k == nil {
		return nil
	}
	var failures []error
	if k.store != nil {
		failures = append(failures, k.store.Close())
	}
	if k.fleeting {
		failures = append(failures, os.RemoveAll(k.dir))
	}
	return errors.Join(failures...)
}

// stateFolder is where the ledger is. That of the demo estate is a new one each time, and what happens there is forgotten,
// unless a folder is named: then it is beneath that, for it never mixes with what is real.
func (a *app) stateFolder() (dir string, fleeting bool, err error) {
	if a.demo && a.config.State != "" {
		return filepath.Join(a.config.State, "demo"), false, nil
	}
	if a.demo {
		dir, err = os.MkdirTemp("", "clanker-demo-")
		return dir, true, err
	}
	dir, err = a.stateHome()
	return dir, false, err
}

// database is the one that a team shares, if any. The demo estate is never in it.
func (a *app) database() string {
	if a.demo {
		return ""
	}
	return a.config.Database
}

// stateHome is the folder that the configuration names, or the usual one.
func (a *app) stateHome() (string, error) {
	if a.config.State != "" {
		return a.config.State, nil
	}
	if base := a.getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "clanker"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the folder that keeps proposals: %w: name one with the key state or --state", err)
	}
	return filepath.Join(home, ".local", "state", "clanker"), nil
}
