package web

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
	"clanker/server/store"
)

const host = "localhost:39394"

// office is a page before a real gate and a real store; what policies say and commands do is made up.
type office struct {
	*Web
	gate  *approval.Gate
	store *store.Store
	serve http.Handler

	mu      sync.Mutex
	passed  time.Duration
	shown   []string // codes of the first operator
	release chan struct{}
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{release: make(chan struct{})}
	var err error
	o.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "store"), store.Options{Now: o.now})
	require.NoError(t, err)
	logger := slog.New(slog.DiscardHandler)
	verifier := identity.Verifier{Origin: "http://" + host, RPID: "localhost", Development: true}
	o.gate = approval.NewGate(approval.Options{Decider: o, Executor: o, Keeper: o.store, Signatures: func(string) approval.Verifier { return verifier }, Workspace: "ours", Now: o.now, Logger: logger})
	t.Cleanup(func() {
		o.gate.Close(context.WithoutCancel(t.Context()))
		assert.NoError(t, o.store.Close())
	})
	o.Web = New(Options{Gate: o.gate, Judge: o.gate, Trust: o.store, Verifier: verifier, Now: o.now, Logger: logger,
		About: func() About { return About{Version: "1", Fingerprint: "ours"} }, Announce: func(code string) { o.shown = append(o.shown, code) }})
	o.serve = o.Handler(host)
	return o
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).Add(o.passed)
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.passed += d
}

func (o *office) Decide(context.Context, policies.Proposal, time.Time) (policies.Decision, error) {
	return policies.Decision{Effect: policies.RequireApproval, Reasons: []string{"it changes production"}, Revision: "one",
		Require: []policies.Requirement{{Count: 1, Reason: "it changes production", Rule: "a.rego:1"}}}, nil
}

func (o *office) Revision(context.Context) (string, error) { return "one", nil }

// Groups makes everybody a member of the group of everybody.
func (o *office) Groups(string) []string { return []string{""} }

func (o *office) Plan(_ context.Context, c adapters.Command) (adapters.Plan, error) {
	return adapters.Plan{Schema: adapters.PlanSchema, Command: c, Target: adapters.Target{Provider: "kubernetes", Cluster: "pr\u202eod"}}, nil
}

// Run waits until the test lets it go on.
func (o *office) Run(ctx context.Context, _ adapters.Plan, tell func(adapters.Output)) (adapters.Outcome, error) {
	tell(adapters.Output{Stream: "stdout", Text: "scal\x1b[31med\n"})
	select {
	case <-o.release:
	case <-ctx.Done():
	}
	return adapters.Outcome{Stdout: "scal\x1b[31med\n\u202edone", Stderr: "", Verified: "5 \u200breplicas", Started: o.now(), Ended: o.now()}, nil
}

// propose has an agent propose something.
func (o *office) propose(t *testing.T, reason string) approval.Request {
	t.Helper()
	r, err := o.gate.Propose(t.Context(), approval.Ask{Argv: []string{"kubectl", "scale", "deployment/web", "--replicas=5"}, Reason: reason,
		Requester: policies.Principal{ID: "claude", Kind: policies.Agent}})
	require.NoError(t, err)
	return r
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) into(t *testing.T, to any) {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	require.NoError(t, json.Unmarshal(r.body, to), "%s", r.body)
}

// request makes a request as a program of this machine does; change makes it another one.
func (o *office) request(method, path, body string, change func(*http.Request)) reply {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = host
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	o.serve.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.Bytes()}
}

func (o *office) get(path string) reply { return o.request(http.MethodGet, path, "", nil) }

// pass is a token with its cookie.
type entry struct {
	token  string
	cookie *http.Cookie
}

func (o *office) entry(t *testing.T) entry {
	t.Helper()
	answer := o.get("/api/token")
	var ticket struct{ Token string }
	answer.into(t, &ticket)
	cookies := (&http.Response{Header: answer.header}).Cookies()
	require.Len(t, cookies, 1)
	return entry{ticket.Token, cookies[0]}
}

func (e entry) on(r *http.Request) {
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(tokenHeader, e.token)
	r.AddCookie(e.cookie)
}

// post sends something with a new token.
func (o *office) post(t *testing.T, path string, body any) reply {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, json.NewEncoder(&text).Encode(body))
	return o.request(http.MethodPost, path, text.String(), o.entry(t).on)
}

// enrolFirst enrols alice with a passkey by the code that is shown.
func (o *office) enrolFirst(t *testing.T) *identitytest.Authenticator {
	t.Helper()
	o.get("/api/approvers")
	require.NotEmpty(t, o.shown)
	device := identitytest.NewAuthenticator(t, "http://"+host, "localhost")
	var done Enrolled
	o.makePasskey(t, device, "alice", o.shown[len(o.shown)-1]).into(t, &done)
	require.True(t, done.Enrolled)
	return device
}

// makePasskey does what the page does.
func (o *office) makePasskey(t *testing.T, device *identitytest.Authenticator, who, code string) reply {
	t.Helper()
	begun := o.post(t, "/api/passkeys/begin", map[string]string{"approver": who, "name": "laptop", "code": code})
	if begun.status != http.StatusOK {
		return begun
	}
	var made struct {
		Ticket  string
		Options json.RawMessage
	}
	begun.into(t, &made)
	return o.post(t, "/api/passkeys/finish", map[string]any{"ticket": made.Ticket, "credential": device.Register(t, made.Options)})
}

// approvers are who is enrolled.
func (o *office) people(t *testing.T) []Person {
	t.Helper()
	var listed struct{ Approvers []Person }
	o.get("/api/approvers").into(t, &listed)
	return listed.Approvers
}
