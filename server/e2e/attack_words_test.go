//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
)

// statement is a statement that can be changed before it is signed.
type statement struct{ approval.Statement }

// statement is what alice is asked to sign.
func (a attacked) statement(t testing.TB) *statement {
	t.Helper()
	asked, err := a.asks(a.alice, a.proposal.ProposalID, approval.Approve)
	require.NoError(t, err)
	var s statement
	require.NoError(t, json.Unmarshal([]byte(asked.Statement), &s.Statement))
	return &s
}

func (s *statement) text(t testing.TB) string {
	t.Helper()
	text, err := adapters.Canonical(s.Statement)
	require.NoError(t, err)
	return string(text)
}

// badSignatures brings statements that a good key signed and that say the wrong thing, and right ones with a wrong signature.
func badSignatures(t *testing.T, e estate) {
	a := e.attacked(t)
	t.Run("said", func(t *testing.T) { a.wrongWords(t) })
	t.Run("signed", func(t *testing.T) { a.wrongKeys(t) })
	a.stopped(t)
	require.NoError(t, a.says(a.alice, a.proposal.ProposalID, approval.Approve), "the right one counts")
	assert.Equal(t, approval.Succeeded, a.over(t, a.proposal.ProposalID).State)
}

func (a attacked) wrongWords(t *testing.T) {
	other := a.propose(t, "kubectl annotate deployment/web -n shop a=b")
	for name, change := range map[string]func(*statement){
		"expired": func(s *statement) {
			s.Issued, s.Expires = s.Issued.Add(-20*time.Minute), s.Expires.Add(-20*time.Minute)
		},
		"for a day":        func(s *statement) { s.Expires = s.Expires.Add(24 * time.Hour) },
		"from the future":  func(s *statement) { s.Issued, s.Expires = s.Issued.Add(time.Hour), s.Expires.Add(time.Hour) },
		"another digest":   func(s *statement) { s.Digest = strings.Repeat("0", 64) },
		"another proposal": func(s *statement) { s.Proposal = other.ProposalID },
		"another view":     func(s *statement) { s.Display = strings.Repeat("0", 64) },
		"another policy":   func(s *statement) { s.Policy = strings.Repeat("0", 64) },
		"workspace":        func(s *statement) { s.Workspace = approval.Fingerprint("another key") },
		"another log":      func(s *statement) { s.Head.Hash = strings.Repeat("0", 64) },
		"a log to come":    func(s *statement) { s.Head.Seq += 1000 },
		"nonce":            func(s *statement) { s.Nonce = "x" },
		"verdict":          func(s *statement) { s.Verdict = "APPROVE" },
		"no verdict":       func(s *statement) { s.Verdict = "" },
		"schema":           func(s *statement) { s.Schema = "clanker.approval.v0" },
		"somebody else":    func(s *statement) { s.Approver = "bob" },
	} {
		s := a.statement(t)
		change(s)
		assert.ErrorContains(t, a.answer(s.text(t), a.alice.sign(s.text(t))), "refused", name)
	}
	plain := a.statement(t).text(t)
	for name, text := range map[string]string{
		"spaces": plain + " ", "twice": strings.Replace(plain, `{`, `{"verdict":"reject",`, 1), "more": strings.Replace(plain, `{`, `{"x":1,`, 1), "nothing": "", "null": "null",
	} {
		assert.Error(t, a.answer(text, a.alice.sign(text)), name)
	}
}

func (a attacked) wrongKeys(t *testing.T) {
	mallory := newPerson(t, "mallory")
	right := a.statement(t)
	text := right.text(t)
	own := *right
	own.Credential, own.Approver = identityOf(t, mallory), "mallory"
	for name, said := range map[string]struct {
		text  string
		proof approval.Proof
	}{
		"forged":         {text, mallory.sign(text)},
		"foreign":        {own.text(t), mallory.sign(own.text(t))},
		"nothing":        {text, approval.Proof{}},
		"typed":          {text, approval.Proof{Terminal: a.proposal.Phrase}},
		"other bytes":    {text, a.alice.sign(text + " ")},
		"for files":      {text, approval.Proof{SSH: identitytest.Armor(t, a.alice.key, []byte(text), sshsig.HashSHA512, "file")}},
		"SHA-256":        {text, approval.Proof{SSH: identitytest.Armor(t, a.alice.key, []byte(text), sshsig.HashSHA256, identity.Namespace)}},
		"cut":            {text, approval.Proof{SSH: a.alice.sign(text).SSH[:200]}},
		"passkey of ssh": {text, approval.Proof{Passkey: json.RawMessage(`{}`)}},
		"two proofs":     {text, approval.Proof{SSH: mallory.sign(text).SSH, Terminal: a.proposal.Phrase}},
	} {
		assert.ErrorContains(t, a.answer(said.text, said.proof), "refused", name)
	}
	a.alice.key.Flags = 0 // as a key that nobody touched
	err := a.says(a.alice, a.proposal.ProposalID, approval.Approve)
	a.alice.key.Flags = identitytest.Touched | identitytest.Verified
	t.Logf("downgraded: %v", err)
	assert.Equal(t, approval.Pending, a.look(t, a.proposal.ProposalID).State, "downgraded")
	refusal := a.propose(t, "kubectl annotate deployment/web -n shop c=d")
	require.NoError(t, a.says(a.alice, refusal.ProposalID, approval.Reject), "from here on her key has counted")
	counter := a.alice.key.Counter
	a.alice.key.Counter = 1 // as a copy of the key
	assert.ErrorContains(t, a.says(a.alice, a.proposal.ProposalID, approval.Approve), "counter")
	a.alice.key.Counter = counter
}

func identityOf(t testing.TB, p person) string {
	t.Helper()
	id, err := identity.Fingerprint(strings.TrimSpace(identitytest.Line(p.key.PublicKey())))
	require.NoError(t, err)
	return id
}

// badPasskeys lets the browser and the authenticator lie, one thing at a time.
func badPasskeys(t *testing.T, e estate) {
	e.scale(t, 2)
	g := e.gate(t)
	truth := identitytest.NewAuthenticator(t, g.base, "localhost")
	a := attacked{gate: g, alice: g.passkey(t, "alice", truth)}
	a.proposal, a.before = g.propose(t, wanted), e.written(t)
	stranger := identitytest.NewAuthenticator(t, g.base, "localhost")
	for name, lie := range map[string]func(*identitytest.Authenticator){
		"another port":    func(b *identitytest.Authenticator) { b.Origin = "http://localhost:1" },
		"another origin":  func(b *identitytest.Authenticator) { b.Origin = "https://evil.example" },
		"in a frame":      func(b *identitytest.Authenticator) { b.CrossOrigin = true },
		"relying party":   func(b *identitytest.Authenticator) { b.RPID = "evil.example" },
		"not verified":    func(b *identitytest.Authenticator) { b.Flags = protocol.FlagUserPresent },
		"nobody there":    func(b *identitytest.Authenticator) { b.Flags = 0 },
		"a registration":  func(b *identitytest.Authenticator) { b.Get = "webauthn.create" },
		"another key":     func(b *identitytest.Authenticator) { b.Key = stranger.Key },
		"another passkey": func(b *identitytest.Authenticator) { b.ID, b.Key = stranger.ID, stranger.Key },
		"another challenge": func(b *identitytest.Authenticator) {
			b.Client = func([]byte) []byte {
				return []byte(`{"type":"webauthn.get","challenge":"AAAA","origin":"` + g.base + `"}`)
			}
		},
		"a copy": func(b *identitytest.Authenticator) { b.Counter = 0 },
	} {
		liar := *truth
		liar.Counter += 10
		lie(&liar)
		assert.ErrorContains(t, g.says(a.alice.with(t, &liar), a.proposal.ProposalID, approval.Approve), "refused", name)
	}
	a.stopped(t)
	require.NoError(t, g.says(a.alice, a.proposal.ProposalID, approval.Approve), "the right one counts")
	assert.Equal(t, approval.Succeeded, g.over(t, a.proposal.ProposalID).State)
}

// replays brings an answer that counted once more: to the same proposal while it waits and when it is over, and to another.
func replays(t *testing.T, e estate) {
	g := e.gate(t)
	people := g.enrol(t, "alice", "bob")
	const line = "kubectl annotate pvc/orders -n shop again=yes --overwrite"
	proposed := g.propose(t, line)
	asked, err := g.asks(people[0], proposed.ProposalID, approval.Approve)
	require.NoError(t, err)
	proof := people[0].sign(asked.Statement)
	require.NoError(t, g.answer(asked.Statement, proof))
	assert.Error(t, g.answer(asked.Statement, proof), "while it waits")
	assert.Error(t, g.answer(asked.Statement, people[0].sign(asked.Statement)), "signed anew, with the nonce of before")
	require.Equal(t, approval.Pending, g.look(t, proposed.ProposalID).State)
	require.NoError(t, g.says(people[1], proposed.ProposalID, approval.Approve))
	require.Equal(t, approval.Succeeded, g.over(t, proposed.ProposalID).State)
	before := e.written(t)
	assert.ErrorContains(t, g.answer(asked.Statement, proof), "the proposal is succeeded")
	second := g.propose(t, strings.Replace(line, "yes", "no", 1))
	moved := strings.Replace(asked.Statement, proposed.ProposalID, second.ProposalID, 1)
	assert.ErrorContains(t, g.answer(moved, proof), "refused", "to another proposal")
	assert.Equal(t, approval.Pending, g.look(t, second.ProposalID).State)
	assert.Equal(t, before, e.written(t))
	g.verified(t)
}

// tool is a folder with a kubectl that counts, see testdata/recorder.
type tool struct{ dir string }

func (e estate) tool(t testing.TB) tool {
	t.Helper()
	r := tool{t.TempDir()}
	require.NoError(t, os.Symlink(filepath.Join(e.cluster.Tools(), "kubectl"), filepath.Join(r.dir, "real")))
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", filepath.Join(r.dir, "kubectl"), "./testdata/recorder")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return r
}

// told are the lines that were added to a file.
func (r tool) told(t testing.TB, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// atOnce brings twenty good answers to one proposal at the same time, some of them twice. It runs once.
func atOnce(t *testing.T, e estate) {
	e.scale(t, 2)
	counting := e.tool(t)
	g := e.gateWith(t, []string{counting.dir})
	a := identitytest.NewAuthenticator(t, g.base, "localhost")
	a.Counter = 0 // it does not count, so no answer is refused as a copy's
	alice := g.passkey(t, "alice", a)
	for range 5 {
		e.scale(t, 2)
		proposed := g.propose(t, wanted)
		type answer struct {
			text  string
			proof approval.Proof
		}
		var answers []answer
		for range 10 {
			asked, err := g.asks(alice, proposed.ProposalID, approval.Approve)
			require.NoError(t, err)
			said := answer{asked.Statement, alice.proof(asked)}
			answers = append(answers, said, said)
		}
		before := len(counting.told(t, "runs"))
		var wait sync.WaitGroup
		var taken atomic.Int32
		for _, said := range answers {
			wait.Go(func() {
				if g.answer(said.text, said.proof) == nil {
					taken.Add(1)
				}
			})
		}
		wait.Wait()
		assert.Equal(t, approval.Succeeded, g.over(t, proposed.ProposalID).State)
		assert.Len(t, counting.told(t, "runs"), before+1, "one approval, one run")
		assert.Equal(t, int32(1), taken.Load())
	}
	g.verified(t)
}
