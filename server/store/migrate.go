package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// steps are the texts of the migrations in order: the n-th, counted from one, takes the schema to version n.
func steps() ([]string, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}

// version returns the schema's version and the one that this program has. A newer one is an error: what it means is not known here.
func version(ctx context.Context, db queries) (has, want int, err error) {
	all, err := steps()
	if err != nil {
		return 0, 0, err
	}
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&has); err != nil {
		return 0, 0, fmt.Errorf("read the version of the schema: %w", err)
	}
	if has > len(all) {
		return has, len(all), fmt.Errorf("the schema has version %d, and this program knows those up to %d: run the newer clanker that wrote it", has, len(all))
	}
	return has, len(all), nil
}

// migrate takes the schema forward, one transaction for each step. There is no way back.
func migrate(ctx context.Context, db *sql.DB) error {
	has, want, err := version(ctx, db)
	if err != nil {
		return err
	}
	all, err := steps()
	if err != nil {
		return err
	}
	for n := has; n < want; n++ {
		err := transact(ctx, db, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, fmt.Sprintf("%s\nPRAGMA user_version = %d", all[n], n+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("take the schema to version %d: %w", n+1, err)
		}
	}
	return nil
}

// transact does something in one transaction: all of it is on the disk afterwards, or none of it.
func transact(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
