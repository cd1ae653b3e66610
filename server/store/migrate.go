package store

import (
	"context"
	"embed"
	"errors"
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

// newName is a name for a process that knows all of the versions.
func (d *dialect) newName() (string, error) {
	all, err := d.steps()
	return name(len(all)), err
}

// migrate takes the schema forward, in one transaction. There is no way back. It is refused while a process of an older
// program has the ledger open: one that opens it later finds the new version.
func (s *Store) migrate(ctx context.Context) error {
	all, err := s.dialect.steps()
	if err != nil {
		return err
	}
	return s.dialect.transact(ctx, s.writer, ledger, func(tx statements) error {
		has, want, err := s.dialect.versions(ctx, tx)
		if err != nil || has == want {
			return err
		}
		alone := func() error { return nil }
		if has > 0 {
			if alone, err = s.presence.outlast(ctx, tx, has, want); err != nil {
				return fmt.Errorf("take the schema from version %d to %d: %w", has, want, err)
			}
		}
		for n := has; n < want && err == nil; n++ {
			if _, err = tx.ExecContext(ctx, fmt.Sprintf("%s;\n%s", all[n], s.dialect.take(n+1))); err != nil {
				err = fmt.Errorf("take the schema to version %d: %w", n+1, err)
			}
		}
		return errors.Join(err, alone())
	})
}
