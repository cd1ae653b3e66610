package web

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/identity/identitytest"
)

func TestFirstCode(t *testing.T) {
	t.Parallel()
	var shown []string
	show := func(code string) { shown = append(shown, code) }
	var f firstCode
	assert.False(t, f.take(""), "no code is no code")
	f.show(show)
	f.show(show)
	require.Len(t, shown, 1, "it is shown once")
	assert.Regexp(t, `^[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}$`, shown[0])
	assert.True(t, f.is(shown[0]), "looking at it does not use it up")
	assert.True(t, f.take(" "+shown[0]+"\n"))
	assert.False(t, f.take(shown[0]), "it counts once")

	f.show(show)
	for range maxWrong {
		assert.False(t, f.take("aaaa-bbbb-cccc"))
	}
	assert.False(t, f.take(shown[1]), "after so many wrong ones there is another")
	f.show(show)
	require.Len(t, shown, 3)
	assert.NotEqual(t, shown[1], shown[2])
	assert.True(t, f.take(shown[2]))
}

func TestFirstOperatorNeedsTheCode(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	assert.Empty(t, o.people(t))
	device := identitytest.NewAuthenticator(t, "http://"+host, "localhost")
	for range maxWrong + 1 {
		assert.Equal(t, http.StatusForbidden, o.makePasskey(t, device, "alice", "aaaa-bbbb-cccc").status)
	}
	assert.Equal(t, http.StatusForbidden, o.makePasskey(t, device, "alice", o.shown[0]).status, "that code has gone")
	key := map[string]any{"approver": "mallory", "name": "key", "key": identitytest.Line(identitytest.NewSSHKey(t).PublicKey())}
	assert.Equal(t, http.StatusForbidden, o.post(t, "/api/keys", key).status)
	assert.Empty(t, o.people(t))

	o.enrolFirst(t)
	people := o.people(t)
	require.Len(t, people, 1)
	assert.Equal(t, "alice", people[0].ID)
	assert.Equal(t, "passkey", people[0].Credentials[0].Kind)
	key["code"] = o.shown[len(o.shown)-1]
	var later Enrolled
	o.post(t, "/api/keys", key).into(t, &later)
	assert.False(t, later.Enrolled, "the code has been used; this is a proposal")
	assert.Len(t, o.people(t), 1)
}

func TestLaterChangesAreProposals(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.enrolFirst(t)
	for name, answer := range map[string]reply{
		"a passkey": o.makePasskey(t, identitytest.NewAuthenticator(t, "http://"+host, "localhost"), "bob", ""),
		"a key":     o.post(t, "/api/keys", map[string]any{"approver": "carol", "name": "key", "key": identitytest.Line(identitytest.NewSSHKey(t).PublicKey()), "remote": true}),
		"a removal": o.post(t, "/api/approvers/remove", map[string]string{"approver": "alice", "credential": ""}),
	} {
		var done Enrolled
		answer.into(t, &done)
		assert.False(t, done.Enrolled, name)
		r, err := o.gate.Get(t.Context(), done.Proposal)
		require.NoError(t, err, name)
		assert.Equal(t, approval.Pending, r.State, name)
		assert.Equal(t, "clanker", r.Proposal.Plan.Command.Argv[0], name)
	}
	assert.Len(t, o.people(t), 1)
}

func TestPasskeysAreFinishedOnceAndInTime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	device := identitytest.NewAuthenticator(t, "http://"+host, "localhost")
	begin := func() (ticket string, credential any) {
		o.get("/api/approvers")
		var made struct {
			Ticket  string
			Options jsonText
		}
		o.post(t, "/api/passkeys/begin", map[string]string{"approver": "alice", "name": "laptop", "code": o.shown[len(o.shown)-1]}).into(t, &made)
		return made.Ticket, device.Register(t, made.Options)
	}
	finish := func(ticket string, credential any) int {
		return o.post(t, "/api/passkeys/finish", map[string]any{"ticket": ticket, "credential": credential}).status
	}
	_, credential := begin()
	assert.Equal(t, http.StatusForbidden, finish("made-up", credential))
	ticket, _ := begin()
	assert.Equal(t, http.StatusUnprocessableEntity, finish(ticket, credential), "of another challenge")
	assert.Equal(t, http.StatusForbidden, finish(ticket, credential), "a ticket counts once")
	ticket, credential = begin()
	o.pass(time.Hour)
	assert.NotEqual(t, http.StatusOK, finish(ticket, credential), "too late")
	device.Flags &^= 4 // the user was not verified
	assert.Equal(t, http.StatusUnprocessableEntity, finish(begin()))
	device.Flags |= 4
	device.Origin = "http://localhost:1"
	assert.Equal(t, http.StatusUnprocessableEntity, finish(begin()))
	assert.Empty(t, o.people(t))
	device.Origin = "http://" + host
	assert.Equal(t, http.StatusOK, finish(begin()))
}

func TestNames(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.get("/api/approvers")
	for _, name := range []string{"", "Alice", "al ice", "-alice", "alice\n", "\u0430lice", "a/b", "alice;rm"} {
		for _, path := range []string{"/api/passkeys/begin", "/api/keys"} {
			answer := o.post(t, path, map[string]string{"approver": name, "name": "key", "code": o.shown[0]})
			assert.Equal(t, http.StatusUnprocessableEntity, answer.status, "%s %q", path, name)
		}
	}
}

type jsonText []byte

func (j *jsonText) UnmarshalJSON(text []byte) error {
	*j = append((*j)[:0], text...)
	return nil
}
