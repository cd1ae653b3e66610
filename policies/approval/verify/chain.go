package verify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"iter"

	"golang.org/x/mod/sumdb/note"

	"clanker/adapters"
	"clanker/policies/approval"
)

// longest is how long a line of an export may be, in bytes.
const longest = 16 << 20

// Lines reads the export of a log: an entry on each line, in the one form that an entry has.
func Lines(r io.Reader) iter.Seq2[approval.Entry, error] {
	return func(yield func(approval.Entry, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, longest)
		for lines.Scan() {
			if entry, err := line(lines.Bytes()); !yield(entry, err) || err != nil {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(approval.Entry{}, err)
		}
	}
}

func line(text []byte) (approval.Entry, error) {
	var e approval.Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return e, broken(WhatLog, "the line is not an entry: %v", err)
	}
	if again, err := adapters.Canonical(e); err != nil || !bytes.Equal(again, text) {
		return e, broken(WhatLog, "the line is not in the form that an entry has")
	}
	return e, nil
}

// open takes note of who writes the log from here on.
func (c *checker) open(b approval.Opened) error {
	fingerprint := approval.Fingerprint(b.Key)
	switch {
	case c.Key != "" && fingerprint != c.Key:
		return broken(WhatKey, "the log is of the key %s, and %s was expected", fingerprint, c.Key)
	case c.opened != nil && b.Key != c.opened.Key:
		return broken(WhatKey, "the workspace's key has changed to %s", fingerprint)
	}
	key, err := note.NewVerifier(b.Key)
	if err != nil {
		return broken(WhatKey, "the workspace's key cannot be read: %v", err)
	}
	for _, r := range c.requests {
		r.lost = r.lost || r.State == approval.Running
	}
	c.opened, c.key, c.signatures, c.report.Key = &b, key, c.Signatures(b), fingerprint
	return nil
}

// checkpoint verifies the workspace's signature over the head before the entry.
func (c *checker) checkpoint(e approval.Entry, b approval.Checkpoint) error {
	opened, err := note.Open([]byte(b.Note), note.VerifierList(c.key))
	switch {
	case err != nil:
		return broken(WhatCheckpoint, "the workspace did not sign it: %v", err)
	case opened.Text != c.head.Text():
		return broken(WhatCheckpoint, "the workspace signed another entry before it")
	}
	c.signed = e.Seq
	c.report.Checkpoints++
	c.seal(c.head.Seq)
	return nil
}

// witness checks a head that a person signed.
func (c *checker) witness(h approval.Head) error {
	if h.Seq < 0 || h.Seq > c.head.Seq {
		return broken(WhatWitness, "the person signed that entry %d was there already", h.Seq)
	}
	if c.hashes[h.Seq] != h.Hash {
		return broken(WhatWitness, "the person signed that entry %d was another: the log was written anew", h.Seq)
	}
	c.seal(h.Seq)
	return nil
}

func (c *checker) seal(seq int64) { c.report.Sealed = max(c.report.Sealed, seq) }
