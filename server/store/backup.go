package store

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Backup copies the file, as it is at one moment, into a new one for this user only, while the workspace goes on. Put it into
// an empty folder as clanker.db, with the workspace.key of the first beside it, to go on with it. It takes as long as that
// takes, and leaves nothing when it fails.
func (r *Reader) Backup(ctx context.Context, path string) error {
	if r.dialect.team {
		return errors.New("back up the ledger: it is in a PostgreSQL database, which pg_dump copies while it is in use")
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("back up the ledger into a new file: %w", err)
	}
	err = errors.Join(r.copy(ctx, path), file.Sync(), file.Close())
	if err != nil {
		return errors.Join(fmt.Errorf("back up the ledger: %w", r.because(ctx, err)), os.Remove(path))
	}
	return nil
}

func (r *Reader) copy(ctx context.Context, path string) error {
	db, err := openSQLite(r.dialect.path, "mode=ro&_busy_timeout=2000", 1) // the others are for queries only
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, path)
	return errors.Join(err, db.Close())
}
