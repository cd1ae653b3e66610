package verify

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"clanker/policies"
	"clanker/policies/approval"
)

// What does not hold, see the package comment.
const (
	WhatLog        = "log"
	WhatKey        = "key"
	WhatCheckpoint = "checkpoint"
	WhatWitness    = "witness"
	WhatRequest    = "request"
	WhatDecision   = "decision"
	WhatApproval   = "approval"
	WhatExecution  = "execution"
	WhatTrust      = "trust"
	WhatPolicies   = "policies"
)

// Options of [Log].
type Options struct {
	// Signatures makes what verifies the words of people, from what the log says of the workspace.
	Signatures func(approval.Opened) approval.Verifier
	Keys       []string       // fingerprints that the keys of the workspaces must be among; none is any
	Witness    *approval.Head // a head that somebody saw and kept
}

// Report is what a log proves.
type Report struct {
	Entries     int64         `json:"entries"`
	Proposals   int           `json:"proposals"`
	Executions  int           `json:"executions"`
	Approvals   int           `json:"approvals"`  // words that approve, each with a valid signature
	Rejections  int           `json:"rejections"` // words that reject
	Terminal    int           `json:"terminal"`   // words that were only typed: they prove nothing
	Checkpoints int           `json:"checkpoints"`
	Keys        []string      `json:"keys"` // fingerprints of the workspaces, in the order in which they joined
	Head        approval.Head `json:"head"`
	Sealed      int64         `json:"sealed"` // the last entry under a signature; what is after it could be cut off unseen
	FirstBreak  *Break        `json:"firstBreak,omitempty"`

	States map[string]approval.State `json:"-"` // of the requests, at the end
}

// Differs says where a ledger has another state of a request than the log, nil where nowhere. What the ledger has is what
// the workspace goes by.
func (r Report) Differs(ledger []approval.Request) *Break {
	for _, request := range ledger {
		if state := r.States[request.ID]; state != request.State {
			return &Break{Seq: r.Head.Seq, What: WhatRequest, Why: fmt.Sprintf("the ledger says that %s is %s, and the log says %q", request.ID, request.State, state)}
		}
	}
	if len(ledger) != len(r.States) {
		return &Break{Seq: r.Head.Seq, What: WhatRequest, Why: fmt.Sprintf("the ledger has %d requests, and the log %d", len(ledger), len(r.States))}
	}
	return nil
}

// Break is the first entry that does not hold. Nothing after it is believed.
type Break struct {
	Seq  int64  `json:"seq"`
	What string `json:"what"` // see the package comment
	Why  string `json:"why"`
}

func (b *Break) Error() string { return fmt.Sprintf("entry %d: %s: %s", b.Seq, b.What, b.Why) }

func broken(what, format string, args ...any) error {
	return &Break{What: what, Why: fmt.Sprintf(format, args...)}
}

// Log verifies a log from its first entry to its last. The error is about reading it; what does not hold is in the report.
func Log(ctx context.Context, entries iter.Seq2[approval.Entry, error], o Options) (Report, error) {
	c := &checker{Options: o, ctx: ctx, hashes: []string{""}, engines: map[string]*policies.Engine{}, requests: map[string]*request{},
		instances: map[string]string{}, nonces: map[string]bool{}, counters: map[string]uint32{}}
	for entry, err := range entries {
		if err == nil {
			err = c.entry(entry)
		}
		if err == nil {
			continue
		}
		if b := (*Break)(nil); errors.As(err, &b) {
			b.Seq = c.head.Seq + 1
			c.report.FirstBreak = b
			return c.conclude(), nil
		}
		return c.conclude(), err
	}
	switch w := o.Witness; {
	case w != nil && w.Seq > c.head.Seq:
		c.report.FirstBreak = &Break{Seq: c.head.Seq + 1, What: WhatWitness, Why: fmt.Sprintf("the log ends here, and somebody saw entry %d: its end was cut off", w.Seq)}
	case len(o.Keys) > 0 && len(c.workspaces) == 0:
		c.report.FirstBreak = &Break{Seq: c.head.Seq + 1, What: WhatKey, Why: "the log ends here, and does not say whose it is"}
	}
	return c.conclude(), ctx.Err()
}

// checker is what is known of a log up to its head.
type checker struct {
	Options
	ctx    context.Context // of the one call that this is for
	report Report

	head   approval.Head
	hashes []string // of all entries, by number
	signed int64    // the newest checkpoint
	due    bool     // a checkpoint comes next

	workspaces []*workspace      // in the order in which they joined
	team       bool              // others may join
	instances  map[string]string // fingerprint of the workspace that a process is of
	page       approval.Verifier // of the newest process: the older words do not say on which page they were said

	engines  map[string]*policies.Engine // by revision
	engine   *policies.Engine            // in force
	before   *policies.Engine            // in force before it was
	replaced time.Time                   // when that ended
	trusted  *approval.Trusted
	requests map[string]*request
	nonces   map[string]bool
	counters map[string]uint32 // of the newest signatures, by credential
}

// request is one, with the words that were said so far.
type request struct {
	approval.Request
	rejected bool
	changed  bool // it has changed the approvers or the policies
	lost     bool // it ran when the one process that there was then started anew
}

func (c *checker) conclude() Report {
	c.report.Entries, c.report.Head, c.report.States = c.head.Seq, c.head, map[string]approval.State{}
	for id, r := range c.requests {
		c.report.States[id] = r.State
	}
	return c.report
}

// entry checks one entry after the head.
func (c *checker) entry(e approval.Entry) error {
	if err := c.link(e); err != nil {
		return err
	}
	body, err := e.Read()
	if err != nil {
		return broken(WhatLog, "%v", err)
	}
	if len(c.workspaces) == 0 && !slices.Contains([]string{approval.EventStarted, approval.EventPolicies, approval.EventTrust}, e.Type) {
		return broken(WhatKey, "it is there before %s says whose log this is", approval.EventStarted)
	}
	if c.due && e.Type != approval.EventCheckpoint {
		return broken(WhatCheckpoint, "the checkpoint that has to be here is missing")
	}
	if err := c.body(e, body); err != nil {
		return err
	}
	c.head = e.Head()
	c.hashes = append(c.hashes, e.Hash)
	c.due = approval.Sealed(e.Type, e.Seq-c.signed)
	return nil
}

// link checks that the entry is the next of the chain.
func (c *checker) link(e approval.Entry) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	sum, err := e.Sum()
	switch {
	case err != nil:
		return err
	case e.Seq != c.head.Seq+1:
		return broken(WhatLog, "entry %d comes after entry %d", e.Seq, c.head.Seq)
	case e.Prev != c.head.Hash:
		return broken(WhatLog, "it does not follow the entry before it, or that one was changed")
	case e.Hash != sum:
		return broken(WhatLog, "its hash is not that of what it says: it was changed")
	case c.Witness != nil && c.Witness.Seq == e.Seq && c.Witness.Hash != e.Hash:
		return broken(WhatWitness, "somebody saw another entry of this number: the log was written anew")
	}
	return nil
}

func (c *checker) body(e approval.Entry, body any) error {
	switch b := body.(type) {
	case *approval.Opened:
		return c.open(*b)
	case *approval.Checkpoint:
		return c.checkpoint(e, *b)
	case *approval.Loaded:
		return c.loaded(e, *b)
	case *approval.Trusted:
		return c.changeTrust(*b)
	case *approval.Proposed:
		return c.proposed(e, b.Request)
	case *approval.Merged:
		return c.merged(*b)
	case *approval.Given:
		return c.given(e, *b)
	case *approval.ApprovedBy:
		return c.approved(*b)
	case *approval.Started:
		return c.started(e, *b)
	case *approval.Ended:
		return c.ended(*b)
	case *approval.Late:
		return c.late(*b)
	case *approval.Closed:
		return c.closed(e, *b)
	}
	return nil // what was refused changed nothing
}
