package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"clanker/policies/approval"
)

// Approvers returns all who are enrolled, sorted by ID, with the counters as they are now.
func (r *Reader) Approvers(ctx context.Context) ([]approval.Approver, error) {
	return ask(ctx, r, approvers)
}

// approvers are those of the newest entry about them: the audit log is where they are kept.
func approvers(ctx context.Context, db queries) ([]approval.Approver, error) {
	var trusted approval.Trusted
	if err := newest(ctx, db, approval.EventTrust, &trusted); err != nil {
		return nil, err
	}
	counters := map[string]uint32{}
	err := each(ctx, db, func(rows *sql.Rows) error {
		var credential string
		var counter uint32
		err := rows.Scan(&credential, &counter)
		counters[credential] = counter
		return err
	}, `SELECT credential, counter FROM counters`)
	if err != nil {
		return nil, fmt.Errorf("read the counters of the credentials: %w", err)
	}
	for _, a := range trusted.Approvers {
		for i, c := range a.Credentials {
			a.Credentials[i].Counter = max(c.Counter, counters[c.ID])
		}
	}
	return trusted.Approvers, nil
}

// Change replaces the approvers. The event's body is a [approval.Trusted]; the approvers in it are filled in here.
func (s *Store) Change(ctx context.Context, edit func([]approval.Approver) ([]approval.Approver, approval.Event, error)) error {
	err := s.write(ctx, func(ctx context.Context, tx statements) error {
		before, err := approvers(ctx, tx)
		if err != nil {
			return err
		}
		after, event, err := edit(before)
		if err != nil {
			return err
		}
		body, ok := event.Body.(approval.Trusted)
		if !ok {
			return errors.New("the approvers change with an entry about them only")
		}
		body.Approvers = slices.SortedFunc(slices.Values(after), func(a, b approval.Approver) int { return cmp.Compare(a.ID, b.ID) })
		if err := unique(body.Approvers); err != nil {
			return err
		}
		_, err = s.append(ctx, tx, approval.Event{Type: event.Type, Body: body})
		return err
	})
	if err != nil {
		return fmt.Errorf("change the approvers: %w", err)
	}
	return nil
}

// unique wants each person once, and each credential with one person.
func unique(all []approval.Approver) error {
	people, credentials := map[string]bool{}, map[string]bool{}
	for _, a := range all {
		if a.ID == "" || people[a.ID] {
			return fmt.Errorf("the approver %q is there twice, or has no ID", a.ID)
		}
		people[a.ID] = true
		for _, c := range a.Credentials {
			if c.ID == "" || credentials[c.ID] {
				return fmt.Errorf("the credential %q of %q is there twice, or has no ID", c.ID, a.ID)
			}
			credentials[c.ID] = true
		}
	}
	return nil
}

// Count keeps the counter of a credential's newest signature. One that has not grown is an error, unless both are zero.
func (s *Store) Count(ctx context.Context, credential string, counter uint32) error {
	err := s.write(ctx, func(ctx context.Context, tx statements) error {
		all, err := approvers(ctx, tx)
		if err != nil {
			return err
		}
		for _, a := range all {
			for _, c := range a.Credentials {
				if c.ID == credential {
					return count(ctx, tx, c, counter)
				}
			}
		}
		return errors.New("nobody is enrolled with it")
	})
	if err != nil {
		return fmt.Errorf("count a signature of the credential %q: %w", credential, err)
	}
	return nil
}

func count(ctx context.Context, tx statements, c approval.Credential, counter uint32) error {
	if counter == 0 && c.Counter == 0 {
		return nil
	}
	if counter <= c.Counter {
		return fmt.Errorf("its counter is %d after %d: the key may have been copied, so remove it", counter, c.Counter)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO counters (credential, counter) VALUES (?1, ?2)
		ON CONFLICT (credential) DO UPDATE SET counter = ?2`, c.ID, counter)
	return err
}

// PutPolicies makes a revision of the policies the one that decides: it is kept, and the audit log says so. The files are
// text; request is the request that is running and changes them, and empty for the first revision.
func (s *Store) PutPolicies(ctx context.Context, revision string, files map[string][]byte, request string) error {
	loaded := approval.Loaded{Revision: revision, Files: map[string]string{}, Request: request}
	for name, text := range files {
		if !utf8.Valid(text) {
			return fmt.Errorf("keep the policies: %s is not UTF-8 text", name)
		}
		loaded.Files[name] = string(text)
	}
	err := s.write(ctx, func(ctx context.Context, tx statements) error {
		h, err := head(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := s.append(ctx, tx, approval.Event{Type: approval.EventPolicies, Body: loaded}); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO policies (revision, entry) VALUES (?, ?) ON CONFLICT DO NOTHING`, revision, h.Seq+1)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the policies: %w", err)
	}
	return nil
}

// Policies returns the files of a revision that decided once, or [approval.ErrNotFound].
func (r *Reader) Policies(ctx context.Context, revision string) (map[string][]byte, error) {
	return ask(ctx, r, func(ctx context.Context, db queries) (map[string][]byte, error) {
		return policyFiles(ctx, db, revision)
	})
}

func policyFiles(ctx context.Context, db queries, revision string) (map[string][]byte, error) {
	var seq int64
	err := db.QueryRowContext(ctx, `SELECT entry FROM policies WHERE revision = ?`, revision).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: no policies of the revision %q", approval.ErrNotFound, revision)
	}
	if err != nil {
		return nil, fmt.Errorf("find the policies %s: %w", revision, err)
	}
	e, err := entry(ctx, db, seq)
	if err != nil {
		return nil, err
	}
	body, err := e.Read()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, text := range body.(*approval.Loaded).Files {
		files[name] = []byte(text)
	}
	return files, nil
}

// Pinned returns the revision that decides; empty before the first.
func (r *Reader) Pinned(ctx context.Context) (string, error) {
	return ask(ctx, r, func(ctx context.Context, db queries) (string, error) {
		var loaded approval.Loaded
		err := newest(ctx, db, approval.EventPolicies, &loaded)
		return loaded.Revision, err
	})
}
