package store

import (
	"context"
	"errors"
	"fmt"
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
	h, err := head(ctx, tx)
	if err != nil {
		return h, err
	}
	var signed int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM entries WHERE type = ?`, approval.EventCheckpoint).Scan(&signed); err != nil {
		return h, err
	}
	for _, e := range events {
		if e.Type == approval.EventCheckpoint {
			return h, errors.New("the log writes its checkpoints by itself")
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
