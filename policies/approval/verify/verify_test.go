package verify_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"clanker/adapters"
	"clanker/policies/approval"
	"clanker/policies/approval/verify"
)

// The whole of what can be forged is tried on the log of a real workspace: see TestMutations of server/store. Here is what
// needs no people and no policies.

// writer writes a log as a workspace does.
type writer struct {
	t       *testing.T
	signer  note.Signer
	entries []approval.Entry
}

func newWriter(t *testing.T) *writer {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, "clanker")
	require.NoError(t, err)
	w := &writer{t: t}
	w.signer, err = note.NewSigner(secret)
	require.NoError(t, err)
	w.write(approval.EventStarted, approval.Opened{Key: public})
	return w
}

func (w *writer) write(kind string, body any) {
	w.t.Helper()
	entry, err := w.head().Next(time.Unix(0, 0), approval.Event{Type: kind, Body: body})
	require.NoError(w.t, err)
	w.entries = append(w.entries, entry)
}

func (w *writer) head() approval.Head {
	if len(w.entries) == 0 {
		return approval.Head{}
	}
	return w.entries[len(w.entries)-1].Head()
}

func (w *writer) checkpoint() {
	signed, err := note.Sign(&note.Note{Text: w.head().Text()}, w.signer)
	require.NoError(w.t, err)
	w.write(approval.EventCheckpoint, approval.Checkpoint{Note: string(signed)})
}

func (w *writer) refuse(times int) {
	for range times {
		w.write(approval.EventRefused, approval.Refused{Why: "too many"})
	}
}

func (w *writer) verify() verify.Report {
	report, err := verify.Log(w.t.Context(), func(yield func(approval.Entry, error) bool) {
		for _, e := range w.entries {
			if !yield(e, nil) {
				return
			}
		}
	}, verify.Options{Signatures: func(approval.Opened) approval.Verifier { return nil }})
	require.NoError(w.t, err)
	return report
}

func TestChain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		do   func(*writer)
		want string // the first break; empty is none
	}{
		{"signed in time", func(w *writer) { w.refuse(98); w.checkpoint(); w.refuse(99) }, ""},
		{"due, and the end", func(w *writer) { w.refuse(99) }, ""},
		{"due, and not there", func(w *writer) { w.refuse(100) }, "entry 101: checkpoint: the checkpoint that has to be here is missing"},
		{"due again", func(w *writer) { w.refuse(98); w.checkpoint(); w.refuse(101) }, "entry 201: checkpoint: the checkpoint that has to be here is missing"},
		{"nobody's", func(w *writer) { w.entries = nil; w.refuse(1) }, "entry 1: key: it is there before workspace.started says whose log this is"},
		{"no such type", func(w *writer) { w.refuse(1); w.entries[1].Type = "own"; w.rehash() }, `entry 2: log: there is no type "own"`},
		{"no such field", func(w *writer) { w.refuse(1); w.entries[1].Body = []byte(`{"what":"","why":""}`); w.rehash() },
			`entry 2: log: read the body of proposal.refused: json: unknown field "what"`},
		{"fields in another order", func(w *writer) { w.refuse(1); w.entries[1].Body = []byte(`{"why":"","argv":["a"]}`); w.rehash() },
			"entry 2: log: read the body of proposal.refused: it is not in canonical form"},
		{"out of nothing", func(w *writer) {
			w.write(approval.EventEnded, approval.Ended{Proposal: "p", State: approval.Succeeded})
		},
			"entry 2: execution: p ends, and was not running"},
		{"unreadable key", func(w *writer) { w.write(approval.EventStarted, approval.Opened{Key: "key"}) }, "entry 2: key: the workspace's key has changed to "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWriter(t)
			test.do(w)
			report := w.verify()
			if test.want == "" {
				require.Nil(t, report.FirstBreak)
				return
			}
			require.NotNil(t, report.FirstBreak)
			assert.Contains(t, report.FirstBreak.Error(), test.want)
			assert.Equal(t, report.Entries+1, report.FirstBreak.Seq, "what is before it holds")
		})
	}
}

// rehash makes the chain whole again.
func (w *writer) rehash() {
	for i := range w.entries {
		if i > 0 {
			w.entries[i].Prev = w.entries[i-1].Hash
		}
		sum, err := w.entries[i].Sum()
		require.NoError(w.t, err)
		w.entries[i].Hash = sum
	}
}

func TestSealed(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	w.refuse(3)
	assert.Zero(t, w.verify().Sealed)
	w.checkpoint()
	w.refuse(2)
	assert.EqualValues(t, 4, w.verify().Sealed)
}

// An error of reading is no break: nobody has forged anything.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	failed := errors.New("the disk is gone")
	report, err := verify.Log(t.Context(), func(yield func(approval.Entry, error) bool) { yield(approval.Entry{}, failed) }, verify.Options{})
	assert.ErrorIs(t, err, failed)
	assert.Nil(t, report.FirstBreak)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = verify.Log(stopped, func(func(approval.Entry, error) bool) {}, verify.Options{})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestLines(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	text, err := adapters.Canonical(w.entries[0])
	require.NoError(t, err)
	whole := string(text)
	for name, test := range map[string]struct {
		line string
		ok   bool
	}{
		"whole": {whole, true}, "empty": {"", false}, "a space": {" " + whole, false}, "another key": {`{"more":1,` + whole[1:], false},
		"a key twice": {`{"seq":1,` + whole[1:], false}, "a key in capitals": {strings.Replace(whole, "seq", "SEQ", 1), false},
		"an array": {"[" + whole + "]", false}, "cut": {whole[:len(whole)-1], false}, "too long": {strings.Repeat(" ", 17<<20), false},
	} {
		var got []error
		for _, err := range verify.Lines(strings.NewReader(test.line + "\n" + whole + "\n")) {
			got = append(got, err)
		}
		assert.Equal(t, test.ok, !slices.ContainsFunc(got, func(err error) bool { return err != nil }), name)
	}
}
