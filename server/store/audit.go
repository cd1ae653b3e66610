package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"clanker/policies/approval"
)

// Append adds an entry that belongs to no change of a request, and returns the head after it.
func (s *Store) Append(ctx context.Context, e approval.Event) (approval.Head, error) {
	var h approval.Head
	err := s.write(ctx, func(ctx context.Context, tx statements) (err error) {
		h, err = s.append(ctx, tx, e)
		return err
	})
	if err != nil {
		return approval.Head{}, fmt.Errorf("write the audit log: %w", err)
	}
	return h, nil
}

// append adds entries, each followed by a checkpoint where one is due.
func (s *Store) append(ctx context.Context, tx statements, events ...approval.Event) (approval.Head, error) {
	h, signed, err := end(ctx, tx)
	if err != nil {
		return h, err
	}
	if events, err = s.join(ctx, tx, events); err != nil {
		return h, err
	}
	for _, e := range events {
		if e, err = s.fill(e); err != nil {
			return h, err
		}
		if h, err = s.link(ctx, tx, h, e); err != nil {
			return h, err
		}
		if approval.Sealed(e.Type, h.Seq-signed) {
			if h, err = s.checkpoint(ctx, tx, h); err != nil {
				return h, err
			}
			signed = h.Seq
		}
	}
	return h, nil
}

// end returns the head of the log and the number of its newest checkpoint.
func end(ctx context.Context, tx queries) (h approval.Head, signed int64, err error) {
	if h, err = head(ctx, tx); err != nil {
		return h, 0, err
	}
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM entries WHERE type = ?`, approval.EventCheckpoint).Scan(&signed)
	return h, signed, err
}

// join makes the log of a team take this workspace's key, with an entry, before anything else that it writes.
func (s *Store) join(ctx context.Context, tx statements, events []approval.Event) ([]approval.Event, error) {
	if !s.dialect.team || len(events) == 0 {
		return events, nil
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO workspace (key) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM workspace WHERE key = ?1)`, s.key)
	if err != nil {
		return nil, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 || events[0].Type == approval.EventStarted {
		return events, err
	}
	return slices.Insert(slices.Clone(events), 0, approval.Event{Type: approval.EventStarted, Body: approval.Opened{Key: s.key}}), nil
}

// fill adds to an entry about a process what the store knows of it.
func (s *Store) fill(e approval.Event) (approval.Event, error) {
	switch body := e.Body.(type) {
	case approval.Opened:
		if body.Key != s.key {
			return e, fmt.Errorf("the workspace's key is %s, and not %s", approval.Fingerprint(s.key), approval.Fingerprint(body.Key))
		}
		body.Instance, body.Team = s.instance, s.dialect.team
		e.Body = body
	case approval.Checkpoint:
		return e, errors.New("the log writes its checkpoints by itself")
	}
	return e, nil
}

// link adds one entry after the head.
func (s *Store) link(ctx context.Context, tx statements, h approval.Head, event approval.Event) (approval.Head, error) {
	e, err := h.Next(s.now(), event)
	if err != nil {
		return h, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO entries (seq, at, prev, type, body, hash) VALUES (?, ?, ?, ?, ?, ?)`,
		e.Seq, e.At.Format(time.RFC3339Nano), e.Prev, e.Type, string(e.Body), e.Hash)
	return e.Head(), err
}

// checkpoint adds an entry that signs the head.
func (s *Store) checkpoint(ctx context.Context, tx statements, h approval.Head) (approval.Head, error) {
	signed, err := note.Sign(&note.Note{Text: h.Text()}, s.signer)
	if err != nil {
		return h, fmt.Errorf("sign the head of the audit log: %w", err)
	}
	return s.link(ctx, tx, h, approval.Event{Type: approval.EventCheckpoint, Body: approval.Checkpoint{Note: string(signed)}})
}

// seal signs the head, unless the newest entry does.
func (s *Store) seal(ctx context.Context, tx statements) error {
	h, err := head(ctx, tx)
	if err != nil || h.Seq == 0 {
		return err
	}
	var kind string
	if err := tx.QueryRowContext(ctx, `SELECT type FROM entries WHERE seq = ?`, h.Seq).Scan(&kind); err != nil || kind == approval.EventCheckpoint {
		return err
	}
	_, err = s.checkpoint(ctx, tx, h)
	return err
}
