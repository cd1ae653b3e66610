package verify

import (
	"fmt"
	"slices"
	"time"

	"clanker/policies"
	"clanker/policies/approval"
)

// given checks what a person said: it is about this proposal, it is new, and the signature proves who.
func (c *checker) given(e approval.Entry, b approval.Given) error {
	r, w := c.requests[b.Proposal], b.Word
	switch {
	case r == nil:
		return broken(WhatApproval, "it is about %s, which was never proposed", b.Proposal)
	case r.State != approval.Pending && (r.State != approval.Approved || w.Verdict != approval.Reject):
		return broken(WhatApproval, "%s is %s, and nobody can %s it", b.Proposal, r.State, w.Verdict)
	case c.nonces[w.Nonce]:
		return broken(WhatApproval, "its nonce was used before: the statement is replayed")
	}
	statement, err := c.stated(e, r, w)
	if err != nil {
		return err
	}
	if err := c.proven(w, statement, r); err != nil {
		return err
	}
	c.nonces[w.Nonce] = true
	r.Words = append(r.Words, w)
	if w.Verdict == approval.Reject {
		r.rejected = true
		c.report.Rejections++
	} else {
		c.report.Approvals++
	}
	return nil
}

// stated checks that the statement says what the word says, of this request, in this log, at this time. It returns the
// bytes that were signed.
func (c *checker) stated(e approval.Entry, r *request, w approval.Word) ([]byte, error) {
	var s approval.Statement
	text, err := approval.Restore(w.Statement, &s)
	if err != nil {
		return nil, broken(WhatApproval, "the statement cannot be read: %v", err)
	}
	for _, check := range []struct {
		holds bool
		why   string
	}{
		{s.Schema == approval.StatementSchema, "the statement is not of this version"},
		{s.Verdict == w.Verdict && (w.Verdict == approval.Approve || w.Verdict == approval.Reject), "the statement has another verdict"},
		{s.Proposal == r.ID && s.Digest == r.Digest, "the statement is about another proposal: its digest is not this one's"},
		{s.Approver == w.Approver && s.Credential == w.Credential, "the statement is another person's"},
		{s.Nonce == w.Nonce && s.Nonce != "", "the statement has another nonce"},
		{s.Expires.Equal(w.Expires), "the statement expires at another time"},
		{w.At.Before(s.Expires), "it was said when the statement had expired"},
		{timely(e, w.At), "it was said at another time than it was written"},
		{!s.Issued.After(w.At.Add(time.Minute)) && s.Expires.Sub(s.Issued) <= approval.MaxLast, "the statement is made for too long, or in the future"},
		{s.Workspace == c.home(r.Request), "the statement was made for another workspace"},
		{c.engines[s.Policy] != nil, "the statement names policies that the log does not have"},
		{r.Proposal.Requester.Kind != policies.Operator || r.Proposal.Requester.ID != w.Approver || w.Verdict == approval.Reject,
			"the requester approves what they asked for"},
	} {
		if !check.holds {
			return nil, broken(WhatApproval, "%s", check.why)
		}
	}
	return text, c.witness(s.Head)
}

// proven checks the signature with the credential as it was enrolled, and counts it.
func (c *checker) proven(w approval.Word, statement []byte, r *request) error {
	credential, ok := c.credential(w)
	if !ok {
		return broken(WhatApproval, "%q was not enrolled with the credential %s", w.Approver, w.Credential)
	}
	seen, err := c.verify(credential, statement, w)
	switch {
	case err != nil:
		return broken(WhatApproval, "the signature of %q proves nothing: %v", w.Approver, err)
	case w.Assurance > seen.Assurance:
		return broken(WhatApproval, "the signature of %q has assurance %d, and not %d", w.Approver, seen.Assurance, w.Assurance)
	case w.Proof.Terminal != "" && w.Proof.Terminal != r.Phrase():
		return broken(WhatApproval, "what %q typed is not the phrase of the proposal", w.Approver)
	}
	if w.Proof.Terminal != "" {
		c.report.Terminal++
	}
	c.counters[credential.ID] = max(c.counters[credential.ID], seen.Counter)
	return nil
}

// verify checks the signature as the page did on which the word was said. Workspaces on several machines may each have a
// page of that origin.
func (c *checker) verify(credential approval.Credential, statement []byte, w approval.Word) (seen approval.Seen, err error) {
	if w.Origin == "" {
		return c.page.Verify(credential, statement, w.Proof)
	}
	err = fmt.Errorf("the log does not know the page %q", w.Origin)
	for _, workspace := range c.workspaces {
		page := workspace.pages[w.Origin]
		if page == nil {
			continue
		}
		if seen, err = page.Verify(credential, statement, w.Proof); err == nil {
			break
		}
	}
	return seen, err
}

// credential returns what the person signs with, with the counter of the newest signature.
func (c *checker) credential(w approval.Word) (approval.Credential, bool) {
	if c.trusted == nil {
		return approval.Credential{}, false
	}
	for _, a := range c.trusted.Approvers {
		at := slices.IndexFunc(a.Credentials, func(k approval.Credential) bool { return k.ID == w.Credential })
		if at >= 0 && a.ID == w.Approver {
			k := a.Credentials[at]
			k.Counter = c.counters[k.ID]
			return k, true
		}
	}
	return approval.Credential{}, false
}

// standing are the approvals that count at a time: the newest word of each person, not lapsed. They must be those with
// the nonces.
func (r *request) standing(nonces []string, at time.Time) ([]approval.Word, error) {
	newest := map[string]string{}
	for _, w := range r.Words {
		newest[w.Approver] = w.Nonce
	}
	var words []approval.Word
	for _, nonce := range nonces {
		i := slices.IndexFunc(r.Words, func(w approval.Word) bool { return w.Nonce == nonce })
		switch {
		case i < 0:
			return nil, broken(WhatExecution, "it uses an approval of %s that nobody gave", r.ID)
		case r.Words[i].Verdict != approval.Approve || newest[r.Words[i].Approver] != nonce:
			return nil, broken(WhatExecution, "it uses an approval that %q took back, or gave again", r.Words[i].Approver)
		case !r.Words[i].Expires.After(at):
			return nil, broken(WhatExecution, "it uses an approval of %q that had expired", r.Words[i].Approver)
		case slices.ContainsFunc(words, func(w approval.Word) bool { return w.Nonce == nonce }):
			return nil, broken(WhatExecution, "it uses the approval of %q twice", r.Words[i].Approver)
		}
		words = append(words, r.Words[i])
	}
	return words, nil
}
