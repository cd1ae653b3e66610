package storetest

import (
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
	"clanker/policies/approval/self"
	"clanker/server/store"
)

// Clock is a clock that goes on a little whenever somebody looks at it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is 10 ms later than the last time.
func (c *Clock) Now() time.Time { return c.Skip(10 * time.Millisecond) }

// Skip goes on by d.
func (c *Clock) Skip(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// Story is a workspace in a folder.
type Story struct {
	Place
	Store *store.Store
	Gate  *approval.Gate
	Clock *Clock
	World *World
	// Sign is how each person signs a statement; bob's key was touched, and counts.
	Sign map[string]func(statement []byte) approval.Proof
	keys map[string]string // their credentials

	t testing.TB
}

// rules are the policies of the story, with the data that ship with the program.
const rules = `package clanker.run_command

allow contains {"reason": "reads may run"} if input.command.class == "read"

deny contains {"reason": "nothing is deleted here"} if input.command.class == "destroy"

require contains {"group": "operators", "count": 2, "minAssurance": 1, "reason": "production is for two"} if {
	input.command.class == "write"
	input.target.environment == "production"
}

require contains {"group": "operators", "count": 1, "minAssurance": 1, "reason": "a write needs somebody"} if input.command.class == "write"
`

// Open begins a story in a folder.
func Open(t testing.TB, dir string) *Story { return Place{Dir: dir}.Begin(t) }

// Begin opens a workspace whose clock begins at nine on a Monday.
func (p Place) Begin(t testing.TB) *Story {
	t.Helper()
	s := &Story{Place: p, Clock: &Clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}, World: &World{environment: "staging"}, t: t,
		Sign: map[string]func([]byte) approval.Proof{}, keys: map[string]string{}}
	s.open()
	engine := s.policies(rules)
	var err error
	s.World.book, err = self.OpenBook(t.Context(), s.Store, engine, false)
	require.NoError(t, err)
	s.enrolFirst()
	fingerprint := approval.Fingerprint(s.Store.Key())
	s.World.self = &self.Runner{Trust: s.Store, Policies: s.World.book, Version: "v1.2.3", Workspace: fingerprint, Now: s.Clock.Now}
	s.Gate = approval.NewGate(approval.Options{Decider: s.World.book, Executor: s.World, Keeper: s.Store, Presence: s.Store, Signatures: func(string) approval.Verifier { return identity.Verifier{} }, Workspace: fingerprint,
		Now: s.Clock.Now, Logger: slog.New(slog.DiscardHandler)})
	return s
}

// policies are rules beside the data that ship with the program.
func (s *Story) policies(rules string) *policies.Engine {
	s.t.Helper()
	engine, err := policies.Load(fstest.MapFS{"run_command.rego": {Data: []byte(rules)}})
	require.NoError(s.t, err)
	return engine
}

// open opens the store, and says in the log whose it is.
func (s *Story) open() {
	s.t.Helper()
	var err error
	s.Store, err = store.Open(s.t.Context(), s.Dir, store.Options{Now: s.Clock.Now, Database: s.Database, Patience: Patience})
	require.NoError(s.t, err)
	_, err = s.Store.Append(s.t.Context(), approval.Event{Type: approval.EventStarted,
		Body: approval.Opened{Version: "v1.2.3", Key: s.Store.Key(), Origin: "http://localhost:39394"}})
	require.NoError(s.t, err)
}

func (s *Story) enrolFirst() {
	s.t.Helper()
	people := []approval.Approver{{ID: "alice", Credentials: []approval.Credential{s.Credential("alice")}}, {ID: "bob", Credentials: []approval.Credential{s.securityKey("bob")}}}
	require.NoError(s.t, s.Store.Change(s.t.Context(), func([]approval.Approver) ([]approval.Approver, approval.Event, error) {
		return people, approval.Event{Type: approval.EventTrust, Body: approval.Trusted{}}, nil
	}))
}

// Credential makes a key for a person who is not enrolled by that.
func (s *Story) Credential(name string) approval.Credential {
	s.t.Helper()
	key := identitytest.NewSSHKey(s.t)
	s.Sign[name] = func(statement []byte) approval.Proof {
		return approval.Proof{SSH: identitytest.SignSSH(s.t, key, statement)}
	}
	return s.enrol(name, identitytest.Line(key.PublicKey()))
}

func (s *Story) securityKey(name string) approval.Credential {
	key := identitytest.NewSecurityKey(s.t)
	s.Sign[name] = func(statement []byte) approval.Proof {
		return approval.Proof{SSH: identitytest.SignSSH(s.t, key, statement)}
	}
	return s.enrol(name, identitytest.Line(key.PublicKey()))
}

func (s *Story) enrol(name, line string) approval.Credential {
	c, err := identity.EnrolSSH(name+"'s key", line, false, s.Clock.Now())
	require.NoError(s.t, err)
	s.keys[name] = c.ID
	return c
}

// Propose proposes as an agent.
func (s *Story) Propose(argv ...string) approval.Request {
	s.t.Helper()
	r, err := s.Gate.Propose(s.t.Context(), approval.Ask{Argv: argv, Reason: "because\u202e \x1b[2J of it", Requester: policies.Principal{ID: "claude", Kind: policies.Agent}})
	require.NoError(s.t, err)
	return r
}

// Say lets a person answer, and waits until the command has ended if that starts it.
func (s *Story) Say(verdict approval.Verdict, who, id string) approval.Request {
	s.t.Helper()
	statement, _, err := s.Gate.Statement(s.t.Context(), id, verdict, who, s.keys[who])
	require.NoError(s.t, err)
	text, err := adapters.Canonical(statement)
	require.NoError(s.t, err)
	r, err := s.Gate.Answer(s.t.Context(), text, s.Sign[who](text))
	require.NoError(s.t, err)
	return s.Wait(r.ID)
}

// Wait waits until a request waits for people, or has ended.
func (s *Story) Wait(id string) approval.Request {
	s.t.Helper()
	r, err := s.Gate.Wait(s.t.Context(), id, func(r approval.Request) bool { return r.State == approval.Pending || r.State.Over() })
	require.NoError(s.t, err)
	return r
}

// Close closes the gate and the store.
func (s *Story) Close() {
	s.t.Helper()
	s.Gate.Close(s.t.Context())
	require.NoError(s.t, s.Store.Close())
}

// Execute runs SQL on the file of a store, as somebody would who has a shell.
func Execute(t testing.TB, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "clanker.db"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, errors.Join(err, db.Close()))
}
