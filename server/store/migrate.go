package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

// steps are the texts of the migrations in order: the n-th, counted from one, takes the schema to version n.
func (d *dialect) steps() ([]string, error) {
	files, err := fs.Glob(migrations, "migrations/"+d.name+"/*.sql")
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

// versions returns the schema's version and the one that this program has. A newer one is an error: what it means is not known here.
func (d *dialect) versions(ctx context.Context, db queries) (has, want int, err error) {
	all, err := d.steps()
	if err != nil {
		return 0, 0, err
	}
	if has, err = d.version(ctx, db); err != nil {
		return 0, 0, fmt.Errorf("read the version of the schema: %w", err)
	}
	if has > len(all) {
		return has, len(all), fmt.Errorf("the schema has version %d, and this program knows those up to %d: run the newer clanker that wrote it", has, len(all))
	}
	return has, len(all), nil
}

// migrate takes the schema forward, one transaction for each step. There is no way back.
func (d *dialect) migrate(ctx context.Context, db *sql.DB) error {
	has, want, err := d.versions(ctx, d.on(db))
	if err != nil {
		return err
	}
	all, err := d.steps()
	if err != nil {
		return err
	}
	for n := has; n < want; n++ {
		err := d.transact(ctx, db, func(tx statements) error {
			_, err := tx.ExecContext(ctx, fmt.Sprintf("%s;\n%s", all[n], d.take(n+1)))
			return err
		})
		if err != nil {
			return fmt.Errorf("take the schema to version %d: %w", n+1, err)
		}
	}
	return nil
}
