package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clanker/adapters"
	"clanker/policies/approval"
)

// Create keeps a new request, in a state that a request may begin with.
func (s *Store) Create(ctx context.Context, r approval.Request, e approval.Event, checks ...approval.Check) error {
	err := s.write(ctx, func(ctx context.Context, tx statements) error {
		if !approval.State("").Allows(r.State) {
			return fmt.Errorf("a request cannot begin as %q", r.State)
		}
		if err := allowed(ctx, tx, checks); err != nil {
			return err
		}
		if err := insert(ctx, tx, r); err != nil {
			return err
		}
		if err := use(ctx, tx, r.ID, r.Words); err != nil {
			return err
		}
		_, err := s.append(ctx, tx, e)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the request %s: %w", r.ID, err)
	}
	return nil
}

// allowed asks the checks, of what is kept in this transaction.
func allowed(ctx context.Context, tx statements, checks []approval.Check) error {
	for _, check := range checks {
		requests, err := listRequests(ctx, tx, check.Among)
		if err != nil {
			return err
		}
		if err := check.Allow(requests); err != nil {
			return err
		}
	}
	return nil
}

func insert(ctx context.Context, tx statements, r approval.Request) error {
	document, outcome, err := write(r)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO requests (id, state, requester, created, digest, document, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.State, r.Proposal.Requester.ID, r.Proposal.Created.UnixMicro(), r.Digest, document, outcome)
	return err
}

// write is a request as its columns have it.
func write(r approval.Request) (document string, outcome sql.NullString, err error) {
	if r.Outcome != nil {
		text, err := adapters.Canonical(r.Outcome)
		if err != nil {
			return "", outcome, err
		}
		outcome = sql.NullString{String: string(text), Valid: true}
	}
	r.Outcome = nil
	text, err := adapters.Canonical(r)
	return string(text), outcome, err
}

// use uses nonces up.
func use(ctx context.Context, tx statements, id string, words []approval.Word) error {
	for _, w := range words {
		result, err := tx.ExecContext(ctx, `INSERT INTO nonces (nonce, request) VALUES (?, ?) ON CONFLICT DO NOTHING`, w.Nonce, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(approval.ErrUsed, err)
		}
	}
	return nil
}

// Update changes a request that is in the state from; see [approval.Ledger]. What was frozen, decided and said stays: an
// edit of it is an error, and so is a move that leaves no entry. The version grows by itself.
func (s *Store) Update(ctx context.Context, id string, from approval.State, edit func(*approval.Request) ([]approval.Event, error), checks ...approval.Check) (approval.Request, error) {
	var after approval.Request
	err := s.write(ctx, func(ctx context.Context, tx statements) error {
		r, err := getRequest(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.State != from {
			return fmt.Errorf("%w: it is %s by now", approval.ErrMoved, r.State)
		}
		if err := allowed(ctx, tx, checks); err != nil {
			return err
		}
		after, err = s.change(ctx, tx, r, edit)
		return err
	})
	if err != nil {
		return approval.Request{}, fmt.Errorf("update the request %s: %w", id, err)
	}
	return after, nil
}

func (s *Store) change(ctx context.Context, tx statements, r approval.Request, edit func(*approval.Request) ([]approval.Event, error)) (approval.Request, error) {
	from, said, version := r.State, len(r.Words), r.Version
	before, err := fixed(r, said)
	if err != nil {
		return r, err
	}
	events, err := edit(&r)
	if err != nil {
		return r, err
	}
	after, err := fixed(r, said)
	switch {
	case err != nil:
		return r, err
	case !bytes.Equal(before, after):
		return r, errors.New("what was proposed, decided or said is never changed")
	case r.State != from && !from.Allows(r.State):
		return r, fmt.Errorf("a request never goes from %s to %s", from, r.State)
	case r.State != from && len(events) == 0:
		return r, fmt.Errorf("the move from %s to %s leaves no entry in the audit log", from, r.State)
	}
	r.Version = version + 1
	if err := save(ctx, tx, r); err != nil {
		return r, err
	}
	if err := use(ctx, tx, r.ID, r.Words[said:]); err != nil {
		return r, err
	}
	_, err = s.append(ctx, tx, events...)
	return r, err
}

// fixed is what no change of a request may touch: what was asked, what was decided, and the words that were said before.
func fixed(r approval.Request, said int) ([]byte, error) {
	words := append([]approval.Word{}, r.Words[:min(said, len(r.Words))]...) // none is never nil, before and after
	return adapters.Canonical([]any{r.ID, r.Workspace, r.Proposal, r.Frozen, r.Digest, r.Plan, r.Decision, words})
}

func save(ctx context.Context, tx statements, r approval.Request) error {
	document, outcome, err := write(r)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE requests SET state = ?, document = ?, outcome = ? WHERE id = ?`, r.State, document, outcome, r.ID)
	return err
}
