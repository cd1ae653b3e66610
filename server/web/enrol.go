package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
)

// Person is an approver as the page lists them.
type Person struct {
	ID          string `json:"id"`
	Credentials []Key  `json:"credentials"`
}

// Key is one of their credentials.
type Key struct {
	ID    string             `json:"id"`
	Kind  string             `json:"kind"`
	Name  string             `json:"name"`
	Max   policies.Assurance `json:"max"`
	Added time.Time          `json:"added"`
}

func (w *Web) approvers(r *http.Request) (any, error) {
	people, err := w.Trust.Approvers(r.Context())
	if err != nil {
		return nil, faulty(http.StatusInternalServerError, "read who may approve: %w", err)
	}
	listed := []Person{}
	for _, p := range people {
		person := Person{ID: p.ID, Credentials: []Key{}}
		for _, c := range p.Credentials {
			person.Credentials = append(person.Credentials, Key{ID: c.ID, Kind: c.Kind, Name: safe(c.Name), Max: c.Max, Added: c.Added})
		}
		listed = append(listed, person)
	}
	if len(listed) == 0 {
		w.first.show(w.Announce)
	}
	return struct {
		Approvers []Person `json:"approvers"`
		First     bool     `json:"first"` // nobody is enrolled: the first needs the code from the workspace's terminal
	}{listed, len(listed) == 0}, nil
}

// names are what approvers may be called: they stand in groups, in logs and in sentences.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// enrolment is what somebody who wants to be enrolled says of themselves.
type enrolment struct {
	Approver string `json:"approver"`
	Name     string `json:"name"` // of the credential
	Code     string `json:"code"` // of the first operator
}

func (e enrolment) check() error {
	if !names.MatchString(e.Approver) {
		return fmt.Errorf("%s cannot be the name of an approver: write lower-case letters, digits and . _ @ -, at most 64", safe(e.Approver))
	}
	return nil
}

// beginPasskey returns what a browser needs to make a passkey.
func (w *Web) beginPasskey(r *http.Request) (any, error) {
	var e enrolment
	if err := read(r, &e); err != nil {
		return nil, err
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	people, err := w.Trust.Approvers(r.Context())
	if err != nil {
		return nil, faulty(http.StatusInternalServerError, "read who may approve: %w", err)
	}
	if len(people) == 0 && !w.first.is(e.Code) { // before a device makes a passkey for nothing
		return nil, w.wrongCode()
	}
	var have []approval.Credential
	for _, person := range people {
		if person.ID == e.Approver {
			have = person.Credentials
		}
	}
	have = slices.DeleteFunc(slices.Clone(have), func(c approval.Credential) bool { return c.Kind != approval.Passkey })
	options, registration, err := w.Verifier.BeginPasskey(e.Approver, have, w.Now())
	if err != nil {
		return nil, err
	}
	return struct {
		Ticket  string          `json:"ticket"`
		Options json.RawMessage `json:"options"`
	}{w.begun.keep(begun{registration, e}), options}, nil
}

// finishPasskey enrols the passkey that a browser made, or proposes to.
func (w *Web) finishPasskey(r *http.Request) (any, error) {
	var made struct {
		Ticket     string          `json:"ticket"`
		Credential json.RawMessage `json:"credential"`
	}
	if err := read(r, &made); err != nil {
		return nil, err
	}
	b, ok := w.begun.take(made.Ticket)
	if !ok {
		return nil, faulty(http.StatusForbidden, "this passkey was not begun here, or too long ago: begin again")
	}
	credential, err := w.Verifier.FinishPasskey(b.registration, b.Name, made.Credential, w.Now().UTC().Truncate(time.Second))
	if err != nil {
		return nil, err
	}
	return w.enrol(r.Context(), b.enrolment, credential)
}

// enrolKey enrols an SSH key, or proposes to.
func (w *Web) enrolKey(r *http.Request) (any, error) {
	var key struct {
		enrolment
		Key    string `json:"key"`    // a line of authorized_keys
		Remote bool   `json:"remote"` // it is kept on another machine
	}
	if err := read(r, &key); err != nil {
		return nil, err
	}
	if err := key.check(); err != nil {
		return nil, err
	}
	credential, err := identity.EnrolSSH(key.Name, key.Key, key.Remote, w.Now().UTC().Truncate(time.Second))
	if err != nil {
		return nil, err
	}
	return w.enrol(r.Context(), key.enrolment, credential)
}

// Enrolled is what became of an enrolment: done, or a proposal.
type Enrolled struct {
	Enrolled bool   `json:"enrolled"`
	Proposal string `json:"proposal,omitempty"`
}

// enrol makes the bringer of the code the first operator; everybody else is a proposal that people have to approve.
func (w *Web) enrol(ctx context.Context, e enrolment, c approval.Credential) (any, error) {
	people, err := w.Trust.Approvers(ctx)
	if err != nil {
		return nil, faulty(http.StatusInternalServerError, "read who may approve: %w", err)
	}
	if len(people) == 0 {
		return w.enrolFirst(ctx, e, c)
	}
	text, err := adapters.Canonical(c)
	if err != nil {
		return nil, faulty(http.StatusInternalServerError, "write the credential: %w", err)
	}
	return w.propose(ctx, "somebody who says they are "+e.Approver, "approvers", "add", e.Approver, string(text))
}

func (w *Web) enrolFirst(ctx context.Context, e enrolment, c approval.Credential) (any, error) {
	if !w.first.take(e.Code) {
		return nil, w.wrongCode()
	}
	err := w.Trust.Change(ctx, func(people []approval.Approver) ([]approval.Approver, approval.Event, error) {
		if len(people) > 0 {
			return nil, approval.Event{}, faulty(http.StatusConflict, "somebody else was enrolled in the meantime")
		}
		people = []approval.Approver{{ID: e.Approver, Credentials: []approval.Credential{c}, Added: c.Added}}
		return people, approval.Event{Type: approval.EventTrust, Body: approval.Trusted{Approvers: people}}, nil
	})
	if err != nil {
		return nil, err
	}
	w.Logger.Warn("the first operator is enrolled", "approver", e.Approver, "credential", c.ID)
	return Enrolled{Enrolled: true}, nil
}

// wrongCode makes sure that there is a code to bring next time.
func (w *Web) wrongCode() error {
	w.first.show(w.Announce)
	return faulty(http.StatusForbidden, "the code is wrong or missing: the first operator needs the newest one that the workspace shows on its terminal")
}

// remove proposes to remove an approver, or one of their credentials.
func (w *Web) remove(r *http.Request) (any, error) {
	var gone struct {
		Approver   string `json:"approver"`
		Credential string `json:"credential"`
	}
	if err := read(r, &gone); err != nil {
		return nil, err
	}
	argv := []string{"approvers", "remove", gone.Approver}
	if gone.Credential != "" {
		argv = append(argv, gone.Credential)
	}
	return w.propose(r.Context(), "somebody at the operator page", argv...)
}

// propose proposes a change of the workspace. Who asks has proved nothing, and so can be nobody who approves.
func (w *Web) propose(ctx context.Context, who string, argv ...string) (any, error) {
	request, err := w.Judge.ProposeChange(ctx, approval.Ask{Argv: append([]string{"clanker"}, argv...), Reason: "asked for on the operator page",
		Requester: policies.Principal{ID: who, Kind: policies.Agent}})
	if err != nil {
		return nil, err
	}
	return Enrolled{Proposal: request.ID}, nil
}

// firstCode is the one-time code of the first operator. It is made when somebody looks, and counts once; after a few wrong
// ones there is another.
type firstCode struct {
	mu    sync.Mutex
	code  string
	wrong int
}

const maxWrong = 5

// show makes a code if there is none, and shows a new one.
func (f *firstCode) show(announce func(string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.code == "" {
		text := strings.ToLower(rand.Text())
		f.code, f.wrong = text[:4]+"-"+text[4:8]+"-"+text[8:12], 0
		announce(f.code)
	}
}

// is reports whether this is the code.
func (f *firstCode) is(code string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.matches(code)
}

// take reports whether this is the code; it counts once.
func (f *firstCode) take(code string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.matches(code) {
		return false
	}
	f.code = ""
	return true
}

// matches counts the wrong ones.
func (f *firstCode) matches(code string) bool {
	if f.code != "" && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(code)), []byte(f.code)) == 1 {
		return true
	}
	if f.wrong++; f.wrong >= maxWrong {
		f.code = ""
	}
	return false
}

// begun is a passkey that is being made.
type begun struct {
	registration identity.Registration
	enrolment
}

// registrations are kept on this side between the two halves of making a passkey, and count once.
type registrations struct {
	now func() time.Time
	mu  *sync.Mutex
	of  map[string]begun
}

const maxBegun = 100

func newRegistrations(now func() time.Time) registrations {
	return registrations{now: now, mu: &sync.Mutex{}, of: map[string]begun{}}
}

func (r registrations) keep(b begun) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, old := range r.of {
		if old.registration.Expires.Before(r.now()) || len(r.of) >= maxBegun {
			delete(r.of, id)
		}
	}
	id := rand.Text()
	r.of[id] = b
	return id
}

func (r registrations) take(id string) (begun, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.of[id]
	delete(r.of, id)
	return b, ok
}
