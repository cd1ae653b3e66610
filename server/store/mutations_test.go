package store_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/verify"
	"clanker/server/store/storetest"
)

// forger has a log, and as much power over it as its fields give.
type forger struct {
	t      testing.TB
	story  *storetest.Story
	events []event
	signer note.Signer // the workspace's, or another; none: checkpoints stay as they are
	people bool        // people sign whatever is in their words; else words stay as they are
}

// event is an entry without its place in the chain. Its body is a pointer.
type event struct {
	at   time.Time
	kind string
	body any
}

// log writes the chain anew.
func (f *forger) log() []approval.Entry {
	var head approval.Head
	var entries []approval.Entry
	for _, e := range f.events {
		f.sign(head, e.body)
		entry, err := head.Next(e.at, approval.Event{Type: e.kind, Body: reflect.ValueOf(e.body).Elem().Interface()})
		require.NoError(f.t, err)
		entries, head = append(entries, entry), entry.Head()
	}
	return entries
}

func (f *forger) sign(head approval.Head, body any) {
	switch b := body.(type) {
	case *approval.Checkpoint:
		if f.signer != nil {
			signed, err := note.Sign(&note.Note{Text: head.Text()}, f.signer)
			require.NoError(f.t, err)
			b.Note = string(signed)
		}
	case *approval.Given:
		if f.people {
			f.signWord(head, &b.Word)
		}
	}
}

func (f *forger) signWord(head approval.Head, w *approval.Word) {
	var s approval.Statement
	require.NoError(f.t, json.Unmarshal(w.Statement, &s))
	if s.Head.Hash != "lie" {
		s.Head = head
	}
	text, err := adapters.Canonical(s)
	require.NoError(f.t, err)
	w.Statement, w.Proof = text, f.story.Sign[s.Approver](text)
}

// find returns the place of the n-th entry of a type, counted from zero.
func (f *forger) find(kind string, n int) int {
	for i, e := range f.events {
		if e.kind == kind {
			if n--; n < 0 {
				return i
			}
		}
	}
	f.t.Fatalf("the log has no such %s", kind)
	return 0
}

// body is the body of the n-th entry of a type.
func body[T any](f *forger, kind string, n int) *T { return f.events[f.find(kind, n)].body.(*T) }

func (f *forger) remove(kind string, n int) {
	at := f.find(kind, n)
	f.events = slices.Delete(f.events, at, at+1)
}

func (f *forger) insert(at int, kind string, body any) {
	f.events = slices.Insert(f.events, at, event{f.events[at-1].at, kind, body})
}

// restate changes what a person states.
func restate(w *approval.Word, edit func(*approval.Statement)) {
	var s approval.Statement
	_ = json.Unmarshal(w.Statement, &s) // the gate wrote it
	edit(&s)
	w.Statement, _ = adapters.Canonical(s)
}

// refreeze changes a proposal and all digests of it.
func refreeze(r *approval.Request, edit func(*policies.Proposal)) {
	edit(&r.Proposal)
	r.Frozen, _ = adapters.Canonical(r.Proposal)
	r.Digest = adapters.Digest(approval.ProposalDomain, r.Frozen)
	frozen, _ := r.Proposal.Plan.Freeze()
	r.Plan = frozen.Digest
}

// The words of the story by number.
const (
	firstWord = iota // alice approves a write of staging
	bobOfTwo         // bob and alice approve one of production
	aliceOfTwo
	_
	carolJoins // bob approves what alice asked for
	_
	carolRejects
)

// mutations are what could be done to a log by somebody who has the workspace's key, and for whom people sign whatever is
// put before them. Where it says so, the forger has less power.
func mutations() []mutation {
	return []mutation{
		{"whole chain rewritten, without the key", verify.WhatCheckpoint, "signed another entry", func(f *forger) {
			f.signer, f.people = nil, false
			body[approval.Ended](f, approval.EventEnded, 0).Stdout = "another"
		}},
		{"whole chain rewritten, with the key", verify.WhatWitness, "the log was written anew", func(f *forger) {
			f.people = false
			body[approval.Ended](f, approval.EventEnded, 0).Stdout = "another"
		}},
		{"whole chain rewritten, with another key", verify.WhatApproval, "another workspace", func(f *forger) {
			f.people = false
			secret, public, err := note.GenerateKey(rand.Reader, "clanker")
			require.NoError(f.t, err)
			f.signer, err = note.NewSigner(secret)
			require.NoError(f.t, err)
			body[approval.Opened](f, approval.EventStarted, 0).Key = public
			body[approval.Opened](f, approval.EventStarted, 1).Key = public
			for _, e := range f.events {
				if b, ok := e.body.(*approval.Proposed); ok {
					b.Request.Workspace = approval.Fingerprint(public)
				}
			}
		}},
		{"proposed in a workspace that nobody knows", verify.WhatRequest, "has not joined", func(f *forger) {
			body[approval.Proposed](f, approval.EventProposed, 0).Request.Workspace = "SHA256:x"
		}},
		{"run by another workspace", verify.WhatExecution, "another workspace", func(f *forger) {
			body[approval.Started](f, approval.EventRunning, 0).Instance = "1-AAAAAAAAAAAAAAAAAAAAAAAAAA"
		}},
		{"said on a page that nobody knows", verify.WhatApproval, "does not know the page", func(f *forger) {
			body[approval.Given](f, approval.EventWord, firstWord).Word.Origin = "http://localhost:1"
		}},
		{"an outcome of what was not given up", verify.WhatExecution, "was not given up", func(f *forger) {
			ended := *body[approval.Ended](f, approval.EventEnded, 0)
			f.insert(f.find(approval.EventEnded, 0), approval.EventLate, new(approval.Late(ended)))
		}},
		{"key changed on the way", verify.WhatKey, "has changed", func(f *forger) {
			_, public, err := note.GenerateKey(rand.Reader, "clanker")
			require.NoError(f.t, err)
			body[approval.Opened](f, approval.EventStarted, 1).Key = public
		}},
		{"checkpoint forged", verify.WhatCheckpoint, "did not sign", func(f *forger) {
			secret, _, err := note.GenerateKey(rand.Reader, "clanker")
			require.NoError(f.t, err)
			f.signer, err = note.NewSigner(secret)
			require.NoError(f.t, err)
		}},
		{"checkpoint removed", verify.WhatCheckpoint, "missing", func(f *forger) { f.remove(approval.EventCheckpoint, 2) }},
		{"word of another approver", verify.WhatApproval, "another person's", func(f *forger) {
			body[approval.Given](f, approval.EventWord, firstWord).Word.Approver = "bob"
		}},
		{"word by somebody who is not enrolled", verify.WhatApproval, "not enrolled", func(f *forger) {
			w := &body[approval.Given](f, approval.EventWord, firstWord).Word
			w.Approver, w.Credential = "dave", f.story.Credential("dave").ID
			restate(w, func(s *approval.Statement) { s.Approver, s.Credential = w.Approver, w.Credential })
		}},
		{"digest of the statement changed", verify.WhatApproval, "another proposal", func(f *forger) {
			restate(&body[approval.Given](f, approval.EventWord, firstWord).Word, func(s *approval.Statement) { s.Digest = strings.Repeat("0", 64) })
		}},
		{"statement changed after it was signed", verify.WhatApproval, "proves nothing", func(f *forger) {
			f.people = false
			restate(&body[approval.Given](f, approval.EventWord, firstWord).Word, func(s *approval.Statement) { s.Display = "another" })
		}},
		{"head in a statement is another", verify.WhatWitness, "written anew", func(f *forger) {
			restate(&body[approval.Given](f, approval.EventWord, firstWord).Word, func(s *approval.Statement) { s.Head.Hash = "lie" })
		}},
		{"assurance claimed", verify.WhatApproval, "has assurance 1", func(f *forger) {
			body[approval.Given](f, approval.EventWord, firstWord).Word.Assurance = policies.AssuranceElsewhere
		}},
		{"phrase typed outside development", verify.WhatApproval, "proves nothing", func(f *forger) {
			f.people = false
			body[approval.Given](f, approval.EventWord, firstWord).Word.Proof = approval.Proof{Terminal: "abc"}
		}},
		{"approval had expired when it was given", verify.WhatApproval, "had expired", func(f *forger) {
			w := &body[approval.Given](f, approval.EventWord, firstWord).Word
			w.Expires = w.At.Add(-time.Second)
			restate(w, func(s *approval.Statement) { s.Expires = w.Expires })
		}},
		{"approval had expired when it was used", verify.WhatExecution, "had expired", func(f *forger) {
			w := &body[approval.Given](f, approval.EventWord, bobOfTwo).Word
			w.Expires = w.At.Add(time.Minute)
			restate(w, func(s *approval.Statement) { s.Expires = w.Expires })
			for i := f.find(approval.EventRunning, 2); i < len(f.events); i++ {
				f.events[i].at = f.events[i].at.Add(2 * time.Minute)
			}
		}},
		{"approval written down much later", verify.WhatApproval, "at another time", func(f *forger) {
			at := &body[approval.Given](f, approval.EventWord, firstWord).Word.At
			*at = at.Add(-2 * time.Hour)
		}},
		{"nonce used twice", verify.WhatApproval, "replayed", func(f *forger) {
			w := &body[approval.Given](f, approval.EventWord, aliceOfTwo).Word
			w.Nonce = body[approval.Given](f, approval.EventWord, firstWord).Word.Nonce
			restate(w, func(s *approval.Statement) { s.Nonce = w.Nonce })
		}},
		{"approval by the requester", verify.WhatApproval, "requester approves", func(f *forger) {
			w := &body[approval.Given](f, approval.EventWord, carolJoins).Word
			alice := body[approval.Given](f, approval.EventWord, firstWord).Word
			w.Approver, w.Credential, w.Assurance = alice.Approver, alice.Credential, alice.Assurance
			restate(w, func(s *approval.Statement) { s.Approver, s.Credential = w.Approver, w.Credential })
		}},
		{"execution without approval", verify.WhatExecution, "run while it is pending", func(f *forger) {
			f.remove(approval.EventApproved, 0)
			f.remove(approval.EventWord, firstWord)
		}},
		{"approved by nobody", verify.WhatRequest, "nobody has said a word", func(f *forger) { f.remove(approval.EventWord, firstWord) }},
		{"one approval where two are wanted", verify.WhatExecution, "1 of the 2", func(f *forger) {
			f.remove(approval.EventWord, bobOfTwo)
			by := body[approval.ApprovedBy](f, approval.EventApproved, 1)
			by.Nonces = by.Nonces[1:]
		}},
		{"approval counted twice", verify.WhatExecution, "twice", func(f *forger) {
			f.remove(approval.EventWord, bobOfTwo)
			by := body[approval.ApprovedBy](f, approval.EventApproved, 1)
			by.Nonces = []string{by.Nonces[1], by.Nonces[1]}
		}},
		{"approval of another request used", verify.WhatExecution, "nobody gave", func(f *forger) {
			body[approval.Started](f, approval.EventRunning, 2).Nonces[0] = body[approval.Given](f, approval.EventWord, firstWord).Word.Nonce
		}},
		{"executed twice", verify.WhatExecution, "run while it is succeeded", func(f *forger) {
			again := body[approval.Started](f, approval.EventRunning, 1)
			f.insert(f.find(approval.EventEnded, 1)+2, approval.EventRunning, again)
		}},
		{"another plan executed", verify.WhatExecution, "not what was approved", func(f *forger) {
			body[approval.Started](f, approval.EventRunning, 1).Plan = strings.Repeat("0", 64)
		}},
		{"rejection passed over", verify.WhatRequest, "was rejected by a person", func(f *forger) {
			at := f.find(approval.EventWord, carolRejects)
			given := f.events[at].body.(*approval.Given)
			f.events[at+1] = event{f.events[at+1].at, approval.EventApproved, &approval.ApprovedBy{Proposal: given.Proposal, Nonces: []string{given.Word.Nonce}}}
		}},
		{"failure told as success", verify.WhatExecution, "succeeded with exit code 1", func(f *forger) {
			body[approval.Ended](f, approval.EventEnded, 3).State = approval.Succeeded
		}},
		{"decision changed from deny", verify.WhatDecision, "without a person", func(f *forger) {
			r := &body[approval.Proposed](f, approval.EventProposed, 1).Request
			r.State, r.Decision.Effect = approval.Approved, policies.Allow
		}},
		{"decision requires less", verify.WhatDecision, "the policies decide", func(f *forger) {
			r := &body[approval.Proposed](f, approval.EventProposed, 3).Request
			r.Decision.Require = r.Decision.Require[:1]
		}},
		{"decision made at another time", verify.WhatDecision, "written at", func(f *forger) {
			at := &body[approval.Proposed](f, approval.EventProposed, 3).Request.Decision.At
			*at = at.Add(-2 * time.Hour)
		}},
		{"policies swapped", verify.WhatPolicies, "have the revision", func(f *forger) {
			files := body[approval.Loaded](f, approval.EventPolicies, 0).Files
			files["run_command.rego"] = strings.Replace(files["run_command.rego"], `"count": 2`, `"count": 1`, 1)
		}},
		{"policies swapped, with their revision", verify.WhatDecision, "policies that the log does not have", func(f *forger) {
			b := body[approval.Loaded](f, approval.EventPolicies, 0)
			b.Files["run_command.rego"] = strings.Replace(b.Files["run_command.rego"], `"count": 2`, `"count": 1`, 1)
			engine, err := policies.LoadFiles(map[string][]byte{"run_command.rego": []byte(b.Files["run_command.rego"]), policies.DataFile: []byte(b.Files[policies.DataFile])})
			require.NoError(f.t, err)
			b.Revision = engine.Revision()
		}},
		{"policies changed without a request", verify.WhatPolicies, "no request says so", func(f *forger) {
			body[approval.Loaded](f, approval.EventPolicies, 1).Request = ""
		}},
		{"approvers changed without a request", verify.WhatTrust, "no request says so", func(f *forger) {
			trusted := *body[approval.Trusted](f, approval.EventTrust, 1)
			trusted.Request = ""
			f.insert(f.find(approval.EventProposed, 2), approval.EventTrust, &trusted)
		}},
		{"approvers changed by a request for something else", verify.WhatTrust, "may do that", func(f *forger) {
			trusted := *body[approval.Trusted](f, approval.EventTrust, 1)
			trusted.Request = body[approval.Started](f, approval.EventRunning, 1).Proposal
			f.insert(f.find(approval.EventRunning, 1)+1, approval.EventTrust, &trusted)
		}},
		{"other approvers than were approved", verify.WhatTrust, "something else than", func(f *forger) {
			people := body[approval.Trusted](f, approval.EventTrust, 1).Approvers
			people[2].ID = "mallory"
		}},
		{"proposal changed", verify.WhatRequest, "the digest", func(f *forger) {
			r := &body[approval.Proposed](f, approval.EventProposed, 2).Request
			digest := r.Digest
			refreeze(r, func(p *policies.Proposal) { p.Reason = "another" })
			r.Digest = digest
		}},
		{"proposal changed, with its digests", verify.WhatDecision, "the policies decide", func(f *forger) {
			refreeze(&body[approval.Proposed](f, approval.EventProposed, 2).Request, func(p *policies.Proposal) { p.Reason = "another" })
		}},
		{"proposal shown is not the one frozen", verify.WhatRequest, "is not what is frozen", func(f *forger) {
			body[approval.Proposed](f, approval.EventProposed, 2).Request.Proposal.Reason = "another"
		}},
		{"proposed twice", verify.WhatRequest, "proposed before", func(f *forger) {
			f.insert(f.find(approval.EventProposed, 2)+1, approval.EventProposed, body[approval.Proposed](f, approval.EventProposed, 2))
		}},
	}
}

type mutation struct {
	name, what, why string
	do              func(*forger)
}

// newForger has the log of a story, and every key.
func newForger(t *testing.T, story *storetest.Story) *forger {
	t.Helper()
	f := &forger{t: t, story: story, people: true}
	f.signer = signer(t, f.story.Dir)
	for e, err := range f.story.Read(t).Entries(t.Context(), 1) {
		require.NoError(t, err)
		body, err := e.Read()
		require.NoError(t, err)
		f.events = append(f.events, event{e.At, e.Type, body})
	}
	return f
}

// signer is the key of a workspace.
func signer(t testing.TB, dir string) note.Signer {
	t.Helper()
	secret, err := os.ReadFile(filepath.Join(dir, "workspace.key"))
	require.NoError(t, err)
	key, err := note.NewSigner(strings.TrimSpace(string(secret)))
	require.NoError(t, err)
	return key
}

func TestMutations(t *testing.T) {
	t.Parallel()
	story := storetest.Tell(t, folder(t))
	for _, m := range append(mutations(), mutation{name: "none", do: func(*forger) {}}) {
		t.Run(m.name, func(t *testing.T) {
			f := newForger(t, story)
			m.do(f)
			breaks(t, lines(t, f.log()), verify.Options{}, m.what, m.why)
		})
	}
}

// breaks verifies an export and wants its first break, or none without what; it returns which entry that is.
func breaks(t *testing.T, text []byte, o verify.Options, what, why string) int64 {
	t.Helper()
	o.Signatures = storetest.Signatures
	report, err := verify.Log(t.Context(), verify.Lines(bytes.NewReader(text)), o)
	require.NoError(t, err)
	if what == "" {
		require.Nil(t, report.FirstBreak)
		return 0
	}
	require.NotNil(t, report.FirstBreak)
	assert.Equal(t, what, report.FirstBreak.What, report.FirstBreak.Why)
	assert.Contains(t, report.FirstBreak.Why, why)
	return report.FirstBreak.Seq
}

// What can be done to an export by whoever holds the file. Entries are counted from one.
func TestChangedExport(t *testing.T) {
	t.Parallel()
	dir := storetest.Tell(t, folder(t)).Dir
	var entries []approval.Entry
	for e, err := range (storetest.Place{Dir: dir}).Read(t).Entries(t.Context(), 1) {
		require.NoError(t, err)
		entries = append(entries, e)
	}
	whole := bytes.SplitAfter(lines(t, entries), []byte("\n"))
	last := entries[len(entries)-1].Head()
	for _, test := range []struct {
		name      string
		o         verify.Options
		change    func(lines [][]byte) [][]byte
		what, why string
		seq       int64
	}{
		{"nothing", verify.Options{Witness: &last, Keys: []string{approval.Fingerprint(open(t, dir).Key())}}, func(l [][]byte) [][]byte { return l }, "", "", 0},
		{"a byte of a body", verify.Options{}, func(l [][]byte) [][]byte {
			l[9] = bytes.Replace(l[9], []byte("because"), []byte("becausf"), 1)
			return l
		}, verify.WhatLog, "was changed", 10},
		{"a byte of a hash", verify.Options{}, func(l [][]byte) [][]byte {
			l[9] = append(l[9][:len(l[9])-4], "x\"}\n"...)
			return l
		}, verify.WhatLog, "was changed", 10},
		{"an entry removed", verify.Options{}, func(l [][]byte) [][]byte { return slices.Delete(l, 9, 10) }, verify.WhatLog, "entry 11 comes after entry 9", 10},
		{"the first entry removed", verify.Options{}, func(l [][]byte) [][]byte { return l[1:] }, verify.WhatLog, "entry 2 comes after entry 0", 1},
		{"two entries swapped", verify.Options{}, func(l [][]byte) [][]byte {
			l[9], l[10] = l[10], l[9]
			return l
		}, verify.WhatLog, "entry 11 comes after entry 9", 10},
		{"an entry inserted", verify.Options{}, func(l [][]byte) [][]byte { return slices.Insert(l, 9, l[8]) }, verify.WhatLog, "entry 9 comes after entry 9", 10},
		{"an entry with a key twice", verify.Options{}, func(l [][]byte) [][]byte {
			l[9] = bytes.Replace(l[9], []byte(`{"seq":10`), []byte(`{"seq":10,"seq":10`), 1)
			return l
		}, verify.WhatLog, "not in the form", 10},
		{"no JSON", verify.Options{}, func(l [][]byte) [][]byte { return slices.Insert(l, 9, []byte("\x1b[2J\n")) }, verify.WhatLog, "not an entry", 10},
		{"the end cut off, and its head known", verify.Options{Witness: &last}, func(l [][]byte) [][]byte { return l[:20] }, verify.WhatWitness, "cut off", 21},
		{"the end cut off, and nobody knows", verify.Options{}, func(l [][]byte) [][]byte { return l[:20] }, "", "", 0},
		{"another log, and a head known", verify.Options{Witness: &approval.Head{Seq: 12, Hash: last.Hash}}, func(l [][]byte) [][]byte { return l }, verify.WhatWitness, "another entry", 12},
		{"another log, and the key known", verify.Options{Keys: []string{"SHA256:another"}}, func(l [][]byte) [][]byte { return l }, verify.WhatKey, "was expected", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			changed := make([][]byte, len(whole))
			for i, line := range whole {
				changed[i] = bytes.Clone(line)
			}
			assert.Equal(t, test.seq, breaks(t, bytes.Join(test.change(changed), nil), test.o, test.what, test.why))
		})
	}
}

// FuzzVerify puts anything in the place of a body, in a chain that is whole.
func FuzzVerify(f *testing.F) {
	var honest []approval.Entry
	seen := map[string]bool{}
	for e, err := range storetest.Tell(f, folder(f)).Read(f).Entries(f.Context(), 1) {
		require.NoError(f, err)
		if honest = append(honest, e); !seen[e.Type] {
			f.Add(len(honest)-1, []byte(e.Body))
		}
		seen[e.Type] = true
	}
	f.Fuzz(func(t *testing.T, at int, body []byte) {
		if at < 0 || at >= len(honest) || !json.Valid(body) {
			return
		}
		entries := slices.Clone(honest)
		entries[at].Body = body
		for i := at; i < len(entries); i++ {
			if i > 0 {
				entries[i].Prev = entries[i-1].Hash
			}
			sum, err := entries[i].Sum()
			require.NoError(t, err)
			entries[i].Hash = sum
		}
		report, err := verify.Log(t.Context(), verify.Lines(bytes.NewReader(lines(t, entries))), verify.Options{Signatures: storetest.Signatures})
		require.NoError(t, err)
		same := bytes.Equal(lines(t, entries[at:at+1]), lines(t, honest[at:at+1]))
		assert.Equal(t, same, report.FirstBreak == nil)
	})
}

func lines(t testing.TB, entries []approval.Entry) []byte {
	t.Helper()
	var text bytes.Buffer
	for _, e := range entries {
		line, err := adapters.Canonical(e)
		require.NoError(t, err)
		text.Write(append(line, '\n'))
	}
	return text.Bytes()
}
