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
	Now      func() time.Time // of the entries of the audit log; time.Now when nil
	Database string           // postgres:// address of one that a team shares, see [CheckDatabase]; empty: the file in the folder
	Patience time.Duration    // how long the database has for one call; 3 s when zero
}

// Store keeps what a workspace must not forget. It is safe for concurrent use.
type Store struct {
	*Reader
	writer   *sql.DB
	notes    *sql.DB       // where the history is written
	turn     chan struct{} // has one place: who writes is in it
	dir      string
	instance string
	presence presence
	signer   note.Signer
	key      string // public
	now      func() time.Time
}

var (
	_ approval.Ledger   = (*Store)(nil)
	_ approval.Log      = (*Store)(nil)
	_ approval.Trust    = (*Store)(nil)
	_ approval.Presence = (*Store)(nil)
)

// opening is how long opening may take: it may wait for another process that takes the schema forward.
const opening = 30 * time.Second

// Open opens the folder of a workspace, and makes it when it is not there; other processes may have it open, too. What other
// users may read or write is refused, and so are a newer schema, a damaged file, and a log without its key.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	s := &Store{Reader: &Reader{}, turn: make(chan struct{}, 1), dir: dir, now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	ctx, cancel := context.WithTimeoutCause(ctx, opening, errPatience)
	defer cancel()
	err := prepare(dir)
	if err == nil {
		err = s.open(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the ledger in %s: %w", dir, s.because(ctx, err)), s.shut())
	}
	return s, nil
}

// prepare makes the folder, for this user only.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return private(dir)
}

func (s *Store) open(ctx context.Context, o Options) error {
	connect := s.openFile
	if o.Database != "" {
		connect = s.openTeam
	}
	if err := connect(ctx, o); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.loadKey(ctx)
}

// openFile opens the file in the folder, and makes it for this user only. SQLite gives the files beside it the same mode.
func (s *Store) openFile(ctx context.Context, o Options) error {
	path := filepath.Join(s.dir, dataFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(private(path), file.Close()); err != nil {
		return err
	}
	d := inFile(path)
	db, err := openSQLite(path, reading, readers)
	if err != nil {
		return err
	}
	s.Reader = newReader(d, db, o)
	if err := sound(ctx, db); err != nil {
		return err
	}
	if s.writer, err = openSQLite(path, writing, 1); err != nil {
		return err
	}
	if s.notes, err = openSQLite(path, noting, 1); err != nil {
		return err
	}
	if s.instance, err = d.newName(); err != nil {
		return err
	}
	s.presence, err = appear(s.dir, s.instance)
	return err
}

// openTeam connects to a database that a team shares.
func (s *Store) openTeam(ctx context.Context, o Options) error {
	config, err := postgresConfig(o.Database)
	if err != nil {
		return err
	}
	d := inPostgres()
	s.Reader = newReader(d, openPostgres(config, readers), o)
	writing := config.Copy()
	writing.RuntimeParams["idle_in_transaction_session_timeout"] = "10s" // a machine that falls asleep in its turn keeps nobody waiting
	s.writer, s.notes = openPostgres(writing, 1), openPostgres(writing, 1)
	if s.instance, err = d.newName(); err != nil {
		return err
	}
	presence, err := attend(ctx, config, s.db, s.instance)
	if err == nil {
		s.presence = presence // which a nil one would not be
	}
	return err
}

// loadKey takes the key of the folder. For the file it must be the one that its log has always had; a log that a team shares
// takes it with the entry that says so.
func (s *Store) loadKey(ctx context.Context) (err error) {
	if s.dialect.team {
		s.signer, s.key, err = loadKey(s.dir)
		return err
	}
	return s.dialect.transact(ctx, s.writer, ledger, func(tx statements) error {
		var known string
		if err := tx.QueryRowContext(ctx, `SELECT key FROM workspace`).Scan(&known); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := os.Stat(filepath.Join(s.dir, keyFile)); err != nil && known != "" {
			return fmt.Errorf("the workspace's key is gone: %w; restore it from a copy, or begin with an empty folder", err)
		}
		if s.signer, s.key, err = loadKey(s.dir); err != nil {
			return err
		}
		if known != "" && known != s.key {
			return fmt.Errorf("%s is not the key %s of this log: restore that one from a copy", keyFile, approval.Fingerprint(known))
		}
		return enter(ctx, tx, s.key)
	})
}

// Key is the workspace's public key, as note.NewVerifier reads it; its short form is [approval.Fingerprint].
func (s *Store) Key() string { return s.key }

// Close signs the head of the log and closes the files. Call it once.
func (s *Store) Close() error {
	return errors.Join(s.write(context.Background(), s.seal), s.shut())
}

// shut closes what is open. The others learn last that this process has gone.
func (s *Store) shut() error {
	var failures []error
	for _, db := range []*sql.DB{s.pool, s.notes, s.writer} {
		if db != nil {
			failures = append(failures, db.Close())
		}
	}
	if s.presence != nil {
		failures = append(failures, s.presence.close())
	}
	return errors.Join(failures...)
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
