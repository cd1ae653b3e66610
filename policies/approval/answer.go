package approval

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/policies"
)

// Statement makes the statement that a person is asked to sign, from what is kept now. It counts for a while only: see
// Options.Lasts. Nothing is kept of it.
func (g *Gate) Statement(ctx context.Context, id string, verdict Verdict, approver, credential string) (Statement, View, error) {
	r, err := g.Get(ctx, id)
	if err != nil {
		return Statement{}, View{}, err
	}
	if !answerable(r.State, verdict) {
		return Statement{}, View{}, fmt.Errorf("%s %s: too late, it is %s already", verdict, id, r.State)
	}
	view, err := Show(r)
	if err != nil {
		return Statement{}, View{}, err
	}
	display, err := view.Sum()
	if err != nil {
		return Statement{}, View{}, err
	}
	head, err := g.Keeper.Head(ctx)
	if err != nil {
		return Statement{}, View{}, fmt.Errorf("read the head of the audit log: %w", err)
	}
	revision, err := g.Decider.Revision(ctx)
	if err != nil {
		return Statement{}, View{}, err
	}
	now := g.now()
	return Statement{Schema: StatementSchema, Proposal: r.ID, Digest: r.Digest, Verdict: verdict, Approver: approver, Credential: credential,
		Policy: revision, Display: display, Workspace: g.home(r), Issued: now, Expires: now.Add(g.Lasts), Nonce: rand.Text(), Head: head}, view, nil
}

// answerable reports whether a person can still say this: approve what waits, reject that and what was approved.
func answerable(s State, v Verdict) bool { return s == Pending || v == Reject && s == Approved }

// Answer takes what a person signed. An approval that makes enough of them starts the command; a rejection ends the request.
// Every field of the statement must be what the workspace would put there now, and the signature must prove the person.
func (g *Gate) Answer(ctx context.Context, statement []byte, proof Proof) (Request, error) {
	var s Statement
	if err := exactly(statement, &s); err != nil {
		return Request{}, fmt.Errorf("read the statement: %w", err)
	}
	r, err := g.Get(ctx, s.Proposal)
	if err != nil {
		return Request{}, err
	}
	if err := g.current(ctx, s, r); err != nil {
		return r, g.mistrust(ctx, s, err)
	}
	seen, err := g.prove(ctx, s, statement, proof, r)
	if err != nil {
		return r, g.mistrust(ctx, s, err)
	}
	now := g.now()
	return g.hear(ctx, r, Word{Verdict: s.Verdict, Approver: s.Approver, Credential: s.Credential, Assurance: seen.Assurance, Statement: statement,
		Proof: proof, Origin: g.origin(), At: now, Expires: s.Expires, Nonce: s.Nonce})
}

// current checks the statement against what the workspace knows.
func (g *Gate) current(ctx context.Context, s Statement, r Request) error {
	revision, err := g.Decider.Revision(ctx)
	if err != nil {
		return err
	}
	now := g.now()
	view, err := Show(r)
	if err != nil {
		return err
	}
	display, err := view.Sum()
	if err != nil {
		return err
	}
	for _, check := range []struct {
		ok  bool
		why string
	}{
		{s.Schema == StatementSchema, "it is not a statement of this version"},
		{s.Verdict == Approve || s.Verdict == Reject, "it says neither approve nor reject"},
		{answerable(r.State, s.Verdict), "the proposal is " + string(r.State)},
		{s.Digest == r.Digest, "it is about another proposal"},
		{s.Policy == revision, "the policies have changed since it was made: look again and sign again"},
		{s.Display == display, "something else was shown"},
		{s.Workspace == g.home(r), "it was made for another workspace"},
		{!s.Issued.After(now.Add(time.Minute)), "it was made in the future"},
		{s.Expires.After(now) && s.Expires.Sub(s.Issued) <= g.Lasts, "it has expired"},
		{len(s.Nonce) >= minNonce, "it has no nonce"},
	} {
		if !check.ok {
			return errors.New(check.why)
		}
	}
	return g.witnessed(ctx, s.Head)
}

const minNonce = 16

// witnessed checks that the head of the audit log in a statement is one that this log has had.
func (g *Gate) witnessed(ctx context.Context, h Head) error {
	entry, err := g.Keeper.At(ctx, h.Seq)
	if err != nil {
		return fmt.Errorf("find the audit log's entry %d that it names: %w", h.Seq, err)
	}
	if entry.Hash != h.Hash {
		return fmt.Errorf("the audit log's entry %d is not the one that it names: the log is not the one the person saw", h.Seq)
	}
	return nil
}

// prove checks that the person is enrolled, did not ask for it themselves, and signed exactly these bytes.
func (g *Gate) prove(ctx context.Context, s Statement, statement []byte, proof Proof, r Request) (Seen, error) {
	if s.Approver == r.Proposal.Requester.ID && r.Proposal.Requester.Kind == policies.Operator {
		return Seen{}, errors.New("who asks for something never approves it")
	}
	credential, err := g.credential(ctx, s.Approver, s.Credential)
	if err != nil {
		return Seen{}, err
	}
	if proof.Terminal != "" && proof.Terminal != phrase(r.Digest) {
		return Seen{}, errors.New("what was typed is not the phrase of the proposal")
	}
	seen, err := g.Signatures(g.origin()).Verify(credential, statement, proof)
	if err != nil {
		return Seen{}, fmt.Errorf("verify the signature: %w", err)
	}
	if seen.Counter != 0 || credential.Counter != 0 {
		if err := g.Keeper.Count(ctx, credential.ID, seen.Counter); err != nil {
			return Seen{}, fmt.Errorf("the signature counter of %s did not grow, as with a copy of the key: %w", credential.Name, err)
		}
	}
	return seen, nil
}

func (g *Gate) credential(ctx context.Context, approver, id string) (Credential, error) {
	people, err := g.Keeper.Approvers(ctx)
	if err != nil {
		return Credential{}, fmt.Errorf("read who may approve: %w", err)
	}
	for _, person := range people {
		if at := slices.IndexFunc(person.Credentials, func(c Credential) bool { return c.ID == id }); at >= 0 && person.ID == approver {
			return person.Credentials[at], nil
		}
	}
	return Credential{}, fmt.Errorf("%q is not enrolled with this credential", approver)
}

// reprove checks the signatures of the approvals that stand once more: who has been removed by now no longer counts, and what
// somebody wrote into the ledger never did.
func (g *Gate) reprove(ctx context.Context, r Request) error {
	for _, w := range r.standing(g.now()) {
		var s Statement
		if err := json.Unmarshal(w.Statement, &s); err != nil {
			return fmt.Errorf("read the statement: %w", err)
		}
		said := Word{Verdict: s.Verdict, Approver: s.Approver, Credential: s.Credential, Expires: s.Expires, Nonce: s.Nonce}
		kept := Word{Verdict: w.Verdict, Approver: w.Approver, Credential: w.Credential, Expires: w.Expires, Nonce: w.Nonce}
		if s.Proposal != r.ID || s.Digest != r.Digest || s.Workspace != g.home(r) || !reflect.DeepEqual(said, kept) {
			return fmt.Errorf("the statement of %s says something else than is kept of it", w.Approver)
		}
		text, err := adapters.Canonical(s)
		if err != nil {
			return err
		}
		credential, err := g.credential(ctx, w.Approver, w.Credential)
		if err != nil {
			return err
		}
		credential.Counter = 0 // it was counted when it was said
		if seen, err := g.Signatures(w.Origin).Verify(credential, text, w.Proof); err != nil || seen.Assurance < w.Assurance {
			return fmt.Errorf("the signature of %s does not verify: %w", w.Approver, cmp.Or(err, errors.New("it counts for less by now")))
		}
	}
	return nil
}

// hear adds a word to the request, and takes the request where the words lead.
func (g *Gate) hear(ctx context.Context, r Request, w Word) (Request, error) {
	r, err := g.Keeper.Update(ctx, r.ID, r.State, func(r *Request) ([]Event, error) {
		r.Words = append(r.Words, w)
		events := []Event{{EventWord, Given{Proposal: r.ID, Word: w}}}
		switch {
		case w.Verdict == Reject:
			g.move(r, Rejected, "by "+w.Approver)
			events = append(events, Event{EventClosed, Closed{Proposal: r.ID, State: Rejected, Why: r.Why}})
		case g.enough(*r):
			r.Lapses = r.lapses(g.now())
			g.move(r, Approved, "by "+sentence(r.approvers(g.now())))
			events = append(events, Event{EventApproved, ApprovedBy{Proposal: r.ID, Nonces: r.nonces(g.now())}})
		}
		return events, nil
	})
	if err != nil {
		return r, err
	}
	g.pulse.beat()
	if r.State == Approved {
		if err := g.take(ctx, r); err != nil {
			g.Logger.Warn("what was approved starts a little later", "proposal", r.ID, "because", err)
		}
	}
	return r, nil
}

// enough reports whether enough people have approved by now.
func (g *Gate) enough(r Request) bool {
	enough, _ := g.permits(r, r.Decision, g.now())
	return enough && r.State == Pending
}

func (g *Gate) move(r *Request, to State, why string) {
	r.State, r.Why, r.Updated = to, why, g.now()
}

// mistrust tells the audit log of a statement that proves nothing.
func (g *Gate) mistrust(ctx context.Context, s Statement, why error) error {
	why = fmt.Errorf("%s of %s by %.60q is refused: %w", s.Verdict, s.Proposal, s.Approver, why)
	if g.turns.note(g.now()) {
		if _, err := g.Keeper.Append(ctx, Event{EventRefused, Refused{Proposal: s.Proposal, Why: adapters.RedactText(why.Error())}}); err != nil {
			return errors.Join(why, err)
		}
	}
	return why
}

// standing are the approvals that count at a time: the newest word of each person, not lapsed.
func (r Request) standing(now time.Time) []Word {
	newest := map[string]Word{}
	for _, w := range r.Words {
		newest[w.Approver] = w
	}
	var words []Word
	for _, w := range r.Words {
		if newest[w.Approver].Nonce == w.Nonce && w.Verdict == Approve && w.Expires.After(now) {
			words = append(words, w)
		}
	}
	return words
}

func (r Request) nonces(now time.Time) []string {
	var all []string
	for _, w := range r.standing(now) {
		all = append(all, w.Nonce)
	}
	return all
}

func (r Request) approvers(now time.Time) []string {
	var all []string
	for _, w := range r.standing(now) {
		all = append(all, w.Approver)
	}
	slices.Sort(all)
	return all
}

// lapses is when the first of the approvals lapses.
func (r Request) lapses(now time.Time) time.Time {
	var first time.Time
	for _, w := range r.standing(now) {
		if first.IsZero() || w.Expires.Before(first) {
			first = w.Expires
		}
	}
	return first
}
