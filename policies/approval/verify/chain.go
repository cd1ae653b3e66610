package verify

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"strings"

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

// workspace is one of those that write the log.
type workspace struct {
	key   string // fingerprint
	signs note.Verifier
	pages map[string]approval.Verifier // of what people signed, by the origin of the page
}

// open takes note of a process that writes the log from here on.
func (c *checker) open(b approval.Opened) error {
	w, err := c.enter(b)
	if err != nil {
		return err
	}
	for _, r := range c.requests {
		r.lost = r.lost || r.State == approval.Running && r.Instance == ""
	}
	c.page = c.Signatures(b)
	w.pages[b.Origin] = c.page
	c.instances[b.Instance] = w.key
	return nil
}

// enter returns the workspace of the process, which joins if it may.
func (c *checker) enter(b approval.Opened) (*workspace, error) {
	w := &workspace{key: approval.Fingerprint(b.Key), pages: map[string]approval.Verifier{}}
	if known := c.workspace(w.key); known != nil {
		return known, nil
	}
	first := len(c.workspaces) == 0
	switch {
	case len(c.Keys) > 0 && !slices.Contains(c.Keys, w.key):
		return nil, broken(WhatKey, "the log is of the key %s, and %s was expected", w.key, strings.Join(c.Keys, " or "))
	case !first && !c.team:
		return nil, broken(WhatKey, "the workspace's key has changed to %s", w.key)
	}
	var err error
	if w.signs, err = note.NewVerifier(b.Key); err != nil {
		return nil, broken(WhatKey, "the workspace's key cannot be read: %v", err)
	}
	if first {
		c.team = b.Team
	}
	c.workspaces, c.report.Keys = append(c.workspaces, w), append(c.report.Keys, w.key)
	return w, nil
}

// workspace returns the one with that key, nil when it has not joined.
func (c *checker) workspace(key string) *workspace {
	for _, w := range c.workspaces {
		if w.key == key {
			return w
		}
	}
	return nil
}

// home is the workspace of a request. The older ones are of the time when a log had one.
func (c *checker) home(r approval.Request) string { return cmp.Or(r.Workspace, c.workspaces[0].key) }

// checkpoint verifies a workspace's signature over the head before the entry.
func (c *checker) checkpoint(e approval.Entry, b approval.Checkpoint) error {
	var keys []note.Verifier
	for _, w := range c.workspaces {
		keys = append(keys, w.signs)
	}
	opened, err := note.Open([]byte(b.Note), note.VerifierList(keys...))
	switch {
	case err != nil:
		return broken(WhatCheckpoint, "the workspace did not sign it, nor did one that has joined: %v", err)
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
