package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/mod/sumdb/note"

	"clanker/policies/approval"
)

const (
	dataFile = "clanker.db"
	lockFile = "clanker.lock"
	readers  = 4 // connections that read at once
)

// Options of a [Store].
type Options struct {
	Database string           // postgres:// address of one that a team shares; empty: the file in the folder. See [CheckDatabase]
	Now      func() time.Time // of the entries of the audit log; time.Now when nil
}

// Store keeps what a workspace must not forget. It is safe for concurrent use.
type Store struct {
	*Reader
	writer  *sql.DB
	notes   *sql.DB       // where the history is written
	turn    chan struct{} // has one place: who writes is in it
	signer  note.Signer
	now     func() time.Time
	release func() error
}

var (
	_ approval.Ledger = (*Store)(nil)
	_ approval.Log    = (*Store)(nil)
	_ approval.Trust  = (*Store)(nil)
)

// Open opens the folder of a workspace for this process alone, and makes it when it is not there. What others may read or
// write is refused, and so are a newer schema, another process's folder, and a log without its key.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	if err := prepare(dir); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	release, err := lock(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{Reader: &Reader{}, turn: make(chan struct{}, 1), now: o.Now, release: release}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.open(ctx, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open the ledger in %s: %w", dir, err), s.shut())
	}
	return s, nil
}

// prepare makes the folder and the file, for this user only. SQLite gives the files beside it the same mode.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := private(dir); err != nil {
		return err
	}
	path := filepath.Join(dir, dataFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(private(path), file.Close())
}

func (s *Store) open(ctx context.Context, dir string) error {
	path := filepath.Join(dir, dataFile)
	d := inFile()
	db, err := openFile(path, writing, 1)
	if err != nil {
		return err
	}
	s.writer = db
	if err := d.migrate(ctx, s.writer); err != nil {
		return err
	}
	if err := s.loadKey(ctx, dir); err != nil {
		return err
	}
	if s.notes, err = openFile(path, noting, 1); err != nil {
		return err
	}
	if db, err = openFile(path, reading, readers); err != nil {
		return err
	}
	s.Reader = newReader(d, db)
	return s.check(ctx)
}

// loadKey takes the key of the folder, which must be the one that the log has always had.
func (s *Store) loadKey(ctx context.Context, dir string) error {
	var known string
	err := s.writer.QueryRowContext(ctx, `SELECT key FROM workspace`).Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if known != "" {
		if _, err := os.Stat(filepath.Join(dir, keyFile)); err != nil {
			return fmt.Errorf("the workspace's key is gone: %w; restore it from a copy, or begin with an empty folder", err)
		}
	}
	signer, public, err := loadKey(dir)
	if err != nil {
		return err
	}
	if known != "" && known != public {
		return fmt.Errorf("%s is not the key %s of this log: restore that one from a copy", keyFile, approval.Fingerprint(known))
	}
	s.signer = signer
	_, err = s.writer.ExecContext(ctx, `INSERT INTO workspace (only, key) VALUES (1, ?) ON CONFLICT DO NOTHING`, public)
	return err
}

// Close signs the head of the log and closes the files. Call it once.
func (s *Store) Close() error {
	ctx := context.Background()
	err := s.write(ctx, s.seal)
	return errors.Join(err, s.shut())
}

// shut closes what is open, and lets the next process in last.
func (s *Store) shut() error {
	var err error
	if s.close != nil {
		err = s.close()
	}
	if s.notes != nil {
		err = errors.Join(err, s.notes.Close())
	}
	if s.writer != nil {
		err = errors.Join(err, s.writer.Close())
	}
	return errors.Join(err, s.release())
}

// private reports a file or folder that other users of the machine can get at.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" { // where the bits mean nothing
		return fmt.Errorf("%s has mode %04o, which lets others in: run chmod go= %s", path, mode, path)
	}
	return nil
}
