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
	at, err := findEnd(ctx, tx)
	for i := 0; i < len(events) && err == nil; i++ {
		err = s.add(ctx, tx, &at, events[i])
	}
	return at.Head, err
}

// end is where the log ends.
type end struct {
	approval.Head
	signed int64 // number of its newest checkpoint
}

func findEnd(ctx context.Context, tx queries) (at end, err error) {
	if at.Head, err = head(ctx, tx); err != nil {
		return at, err
	}
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM entries WHERE type = ?`, approval.EventCheckpoint).Scan(&at.signed)
	return at, err
}

// add adds an entry, and the checkpoint after it if one is due. Before a workspace first signs, it joins.
func (s *Store) add(ctx context.Context, tx statements, at *end, e approval.Event) error {
	e, err := s.fill(ctx, tx, e)
	if err != nil {
		return err
	}
	if approval.Sealed(e.Type, at.Seq+1-at.signed) {
		if err := s.join(ctx, tx, at); err != nil {
			return err
		}
	}
	if at.Head, err = s.link(ctx, tx, at.Head, e); err != nil || !approval.Sealed(e.Type, at.Seq-at.signed) {
		return err
	}
	at.Head, err = s.checkpoint(ctx, tx, at.Head)
	at.signed = at.Seq
	return err
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

// join tells the log of this workspace's key, if it does not know it.
func (s *Store) join(ctx context.Context, tx statements, at *end) error {
	if joined, err := s.joined(ctx, tx); err != nil || joined {
		return err
	}
	return s.add(ctx, tx, at, approval.Event{Type: approval.EventStarted, Body: approval.Opened{Key: s.key}})
}

// joined reports whether the log knows this workspace's key.
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
	at, err := findEnd(ctx, tx)
	if err != nil || at.Seq == at.signed {
		return err
	}
	if joined, err := s.joined(ctx, tx); err != nil || !joined {
		return err
	}
	_, err = s.checkpoint(ctx, tx, at.Head)
	return err
}
