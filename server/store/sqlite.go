package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

func inFile(path string) *dialect {
	return &dialect{
		name:  "sqlite",
		path:  path,
		spell: same,
		version: func(ctx context.Context, db queries) (has int, err error) {
			err = db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&has)
			return has, err
		},
		take:   func(version int) string { return fmt.Sprintf("PRAGMA user_version = %d", version) },
		busy:   func(err error) bool { return code(err) == sqlite3.SQLITE_BUSY },
		remedy: func(err error) string { return remedy(path, code(err)) },
	}
}

// code is what SQLite says with an error; 0 of other errors.
func code(err error) int {
	var failure *sqlite.Error
	var found *damage
	switch {
	case errors.As(err, &failure):
		return failure.Code() & 0xff
	case errors.As(err, &found):
		return sqlite3.SQLITE_CORRUPT
	}
	return 0
}

func remedy(path string, code int) string {
	switch code {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return path + " is damaged: stop all that have it open, move it and what has its name with -wal and -shm away, and restore a backup or begin anew"
	case sqlite3.SQLITE_FULL:
		return "the disk is full, and nothing of this was kept: make room on that of " + path
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR:
		return "nothing can be kept in " + path + ": look at the disk, and whether this user may write there"
	case sqlite3.SQLITE_BUSY:
		return "another process has been writing all the time"
	}
	return ""
}

// The options of connections: of those that read, and of those that write what must not and what may be lost when the power fails.
const (
	reading = "mode=ro&_query_only=1&_busy_timeout=2000"
	writing = "_txlock=immediate&_journal_mode=WAL&_pragma=fullfsync(1)&_synchronous=FULL&_busy_timeout=1"
	noting  = "_txlock=immediate&_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=1"
)

// openSQLite opens the SQLite file of a workspace.
func openSQLite(path, options string, connections int) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: options + "&_foreign_keys=1&_defensive=1&_dqs=0"}
	connector, err := sqlite.NewConnector(name.String())
	if err != nil {
		return nil, err
	}
	return pool(sql.OpenDB(connector), connections), nil
}

// sounding is how long a file is looked at before it is used: nobody waits for all of a big one.
const sounding = 300 * time.Millisecond

// sound reports damage of the file. What it does not get to is noticed when it is read.
func sound(ctx context.Context, db *sql.DB) error {
	brief, cancel := context.WithTimeout(ctx, sounding)
	defer cancel()
	var verdict string
	err := db.QueryRowContext(brief, `PRAGMA quick_check(1)`).Scan(&verdict)
	switch {
	case brief.Err() != nil:
		return ctx.Err()
	case err == nil && verdict != "ok":
		return &damage{verdict}
	}
	return err
}

// damage is what quick_check found.
type damage struct{ what string }

func (d *damage) Error() string { return d.what }

// pool keeps so many connections open, and no more.
func pool(db *sql.DB, connections int) *sql.DB {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}
