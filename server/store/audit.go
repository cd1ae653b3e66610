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
	h, signed, err := end(ctx, tx)
	if err != nil {
		return h, err
	}
	for _, e := range events {
		if e, err = s.fill(ctx, tx, e); err != nil {
			return h, err
		}
		due := approval.Sealed(e.Type, h.Seq+1-signed)
		if due {
			if h, err = s.join(ctx, tx, h); err != nil {
				return h, err
			}
		}
		if h, err = s.link(ctx, tx, h, e); err != nil {
			return h, err
		}
		if !due {
			continue
		}
		if h, err = s.checkpoint(ctx, tx, h); err != nil {
			return h, err
		}
		signed = h.Seq
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

// fill adds to an entry about a process what the store knows of it, and makes the log know its key.
func (s *Store) fill(ctx context.Context, tx statements, e approval.Event) (approval.Event, error) {
	switch body := e.Body.(type) {
	case approval.Opened:
		if body.Key != s.key {
			return e, fmt.Errorf("the workspace's key is %s, and not %s", approval.Fingerprint(s.key), approval.Fingerprint(body.Key))
		}
		body.Instance, body.Team = s.instance, s.dialect.team
		e.Body = body
		return e, enter(ctx, tx, s.key)
	case approval.Checkpoint:
		return e, errors.New("the log writes its checkpoints by itself")
	}
	return e, nil
}

// enter makes a key one of those that sign the log.
func enter(ctx context.Context, tx statements, key string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO workspace (key) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM workspace WHERE key = ?1)`, key)
	return err
}

// join tells the log whose key signs it, before that first does.
func (s *Store) join(ctx context.Context, tx statements, h approval.Head) (approval.Head, error) {
	if joined, err := s.joined(ctx, tx); err != nil || joined {
		return h, err
	}
	e, err := s.fill(ctx, tx, approval.Event{Type: approval.EventStarted, Body: approval.Opened{Key: s.key}})
	if err != nil {
		return h, err
	}
	return s.link(ctx, tx, h, e)
}

func (s *Store) joined(ctx context.Context, tx queries) (joined bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM workspace WHERE key = ?)`, s.key).Scan(&joined)
	return joined, err
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

// seal signs the head, unless the newest entry does, or this workspace has nothing to do with the log.
func (s *Store) seal(ctx context.Context, tx statements) error {
	h, signed, err := end(ctx, tx)
	if err != nil || h.Seq == signed {
		return err
	}
	if joined, err := s.joined(ctx, tx); err != nil || !joined {
		return err
	}
	_, err = s.checkpoint(ctx, tx, h)
	return err
}
