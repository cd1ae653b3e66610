package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies/approval"
)

// sign asks for a statement of alice's passkey.
func (o *office) statement(t *testing.T, id string, verdict approval.Verdict) (Asked, reply) {
	t.Helper()
	var asked Asked
	credential := o.people(t)[0].Credentials[0].ID
	answer := o.post(t, "/api/proposals/"+id+"/statement", map[string]any{"verdict": verdict, "approver": "alice", "credential": credential})
	if answer.status == http.StatusOK {
		answer.into(t, &asked)
	}
	return asked, answer
}

// state waits until a proposal is in a state.
func (o *office) state(t *testing.T, id string, want approval.State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := o.gate.Wait(ctx, id, func(r approval.Request) bool { return r.State == want })
	require.NoError(t, err, "wait for %s", want)
}

func TestApproveWithAPasskey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	device := o.enrolFirst(t)
	r := o.propose(t, "more \u202etraffic")
	asked, _ := o.statement(t, r.ID, approval.Approve)
	assert.Equal(t, r.Digest, asked.View.Digest)
	proof := map[string]any{"passkey": device.Assert(t, asked.Options)}

	changed := strings.Replace(asked.Statement, `"approve"`, `"reject"`, 1)
	assert.Equal(t, http.StatusUnprocessableEntity, o.post(t, "/api/answers", map[string]any{"statement": changed, "proof": proof}).status)
	var d Detail
	o.post(t, "/api/answers", map[string]any{"statement": asked.Statement, "proof": proof}).into(t, &d)
	require.Len(t, d.Words, 1)
	assert.Equal(t, "alice", d.Words[0].Approver)
	assert.NotEqual(t, http.StatusOK, o.post(t, "/api/answers", map[string]any{"statement": asked.Statement, "proof": proof}).status, "an answer counts once")

	o.state(t, r.ID, approval.Running)
	o.eventually(t, r.ID, func(d Detail) bool { return len(d.Output) == 1 && !d.Away && d.Workspace == "ours" })
	close(o.release)
	o.state(t, r.ID, approval.Succeeded)
	o.get("/api/proposals/"+r.ID).into(t, &d)
	require.NotNil(t, d.Outcome)
	assert.Equal(t, `"scal\x1b[31med"`+"\n"+`"\u202edone"`, d.Outcome.Stdout)
	assert.Equal(t, `"5 \u200breplicas"`, d.Outcome.Verified)
}

// eventually reads a proposal whenever something has changed, until it is as it should be.
func (o *office) eventually(t *testing.T, id string, done func(Detail) bool) {
	t.Helper()
	for end := time.After(10 * time.Second); ; {
		changed := o.gate.Changed(t.Context())
		var d Detail
		o.get("/api/proposals/"+id).into(t, &d)
		if done(d) {
			return
		}
		select {
		case <-changed:
		case <-end:
			require.Fail(t, "it never came", "%+v", d)
		}
	}
}

func TestRejectAndAnswersThatDoNotCount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	device := o.enrolFirst(t)
	r := o.propose(t, "why")
	for name, change := range map[string]func(){
		"not verified": func() { device.Flags &^= 4 },
		"other origin": func() { device.Origin = "http://localhost:1" },
		"a copied key": func() { device.Counter = 1 },
	} {
		flags, origin, counter := device.Flags, device.Origin, device.Counter
		asked, _ := o.statement(t, r.ID, approval.Approve)
		change()
		answer := o.post(t, "/api/answers", map[string]any{"statement": asked.Statement, "proof": map[string]any{"passkey": device.Assert(t, asked.Options)}})
		assert.Equal(t, http.StatusUnprocessableEntity, answer.status, "%s: %s", name, answer.body)
		device.Flags, device.Origin, device.Counter = flags, origin, max(counter, device.Counter)
	}
	asked, _ := o.statement(t, r.ID, approval.Approve)
	answer := o.post(t, "/api/answers", map[string]any{"statement": asked.Statement, "proof": map[string]string{"terminal": r.Phrase()}})
	assert.Equal(t, http.StatusUnprocessableEntity, answer.status, "a phrase is not a passkey: %s", answer.body)
	asked, _ = o.statement(t, r.ID, approval.Reject)
	var d Detail
	device.Counter += 10
	o.post(t, "/api/answers", map[string]any{"statement": asked.Statement, "proof": map[string]any{"passkey": device.Assert(t, asked.Options)}}).into(t, &d)
	assert.Equal(t, approval.Rejected, d.State)
	_, late := o.statement(t, r.ID, approval.Approve)
	assert.Equal(t, http.StatusUnprocessableEntity, late.status)
}

func TestStatementsAreForThoseWhoAreEnrolled(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.enrolFirst(t)
	r := o.propose(t, "why")
	key := o.people(t)[0].Credentials[0].ID
	for _, body := range []map[string]string{
		{"verdict": "approve", "approver": "bob", "credential": key},
		{"verdict": "approve", "approver": "alice", "credential": "another"},
		{"verdict": "approve", "approver": "", "credential": ""},
		{"verdict": "perhaps", "approver": "alice", "credential": key},
	} {
		assert.Equal(t, http.StatusUnprocessableEntity, o.post(t, "/api/proposals/"+r.ID+"/statement", body).status, "%v", body)
	}
	assert.Equal(t, http.StatusNotFound, o.post(t, "/api/proposals/nothing/statement", map[string]string{"verdict": "approve", "approver": "alice", "credential": key}).status)
	assert.Equal(t, http.StatusNotFound, o.get("/api/proposals/nothing").status)
}

func TestList(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.propose(t, "why")
	var listed struct {
		Now       time.Time
		Proposals []Item
	}
	o.get("/api/proposals?state=pending&limit=99999").into(t, &listed)
	require.Len(t, listed.Proposals, 1)
	item := listed.Proposals[0]
	assert.Equal(t, o.now(), listed.Now)
	assert.Equal(t, "kubectl scale deployment/web --replicas=5", item.Title)
	assert.Equal(t, `"kubernetes / pr\u202eod"`, item.Target)
	assert.Equal(t, r.Phrase(), item.Phrase)
	assert.Len(t, item.Needs, 1)
	o.get("/api/proposals?state=running").into(t, &listed)
	assert.Empty(t, listed.Proposals)
	assert.Contains(t, string(o.get("/api/proposals?state=running").body), `"proposals":[]`)
}

// broken is a gate whose ledger cannot be read.
type broken struct{ Gate }

func (broken) List(context.Context, approval.Filter) ([]approval.Request, error) {
	return nil, errors.New("disk gone, password=hunter2hunter2")
}

func (broken) Get(context.Context, string) (approval.Request, error) {
	return approval.Request{ID: "x", Frozen: []byte(`{}`), Digest: "forged"}, nil
}

func (broken) Output(string) []adapters.Output { return nil }

func TestFaultsAreToldWithoutSecrets(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Web.Gate = broken{}
	answer := o.get("/api/proposals")
	assert.Equal(t, http.StatusInternalServerError, answer.status)
	assert.Contains(t, string(answer.body), "list the proposals: disk gone")
	assert.NotContains(t, string(answer.body), "hunter2")
	assert.Equal(t, http.StatusInternalServerError, o.get("/api/proposals/x").status, "what was changed on the disk is not shown")
}

func TestEvents(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	server := httptest.NewServer(o.Handler(host))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/events", nil)
	require.NoError(t, err)
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewReader(response.Body)
	event := func() string {
		text := ""
		for !strings.HasSuffix(text, "\n\n") {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			text += line
		}
		return text
	}
	const changed = "event: changed\ndata: {}\n\n"
	assert.Equal(t, changed, event(), "at once")
	o.propose(t, "why")
	assert.Equal(t, changed, event(), "after a proposal, and without saying what")
}

func TestServeEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Serve(ctx, l, l.Addr().String()) }()
	response, err := http.Get("http://" + l.Addr().String() + "/api/about")
	require.NoError(t, err)
	var about About
	require.NoError(t, json.NewDecoder(response.Body).Decode(&about))
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "ours", about.Fingerprint)
	stop()
	select {
	case err := <-ended:
		assert.NoError(t, err)
	case <-time.After(10 * time.Second):
		require.Fail(t, "it does not stop")
	}
}
