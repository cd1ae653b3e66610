//go:build e2e

package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"clanker/adapters"
	"clanker/policies/approval"
	"clanker/server/web"
)

// editedConfiguration switches the development profile on while the workspace runs.
func editedConfiguration(t *testing.T, e estate) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("log: {level: info}\n"), 0o600))
	a := e.attacked(t, "--config", config)
	require.NoError(t, os.WriteFile(config, []byte("approval: {terminal: true, wait: 1440, last: 60}\n"), 0o600))
	require.NoError(t, a.process.Signal(syscall.SIGHUP))
	eventually(t, patience, func() (bool, string) {
		return strings.Contains(a.log.String(), "approval.terminal (after a restart)"), "it does not say that it saw the change:\n" + a.log.String()
	})
	var about web.About
	require.NoError(t, a.call(http.MethodGet, "/api/about", nil, &about))
	assert.False(t, about.Development)
	assert.ErrorContains(t, a.answer(a.statement(t).text(t), approval.Proof{Terminal: a.proposal.Phrase}), "refused")
	assert.NotZero(t, a.cli(t, []string{"CLANKER_APPROVAL_TERMINAL=true"}, "approve", a.proposal.ProposalID).code)
	a.stopped(t)

	require.NoError(t, a.end(syscall.SIGTERM)) // who can write the file can restart it, too
	a.begin(t)
	require.NoError(t, a.call(http.MethodGet, "/api/about", nil, &about))
	assert.True(t, about.Development)
	assert.ErrorContains(t, a.answer(a.statement(t).text(t), approval.Proof{Terminal: a.proposal.Phrase}), "refused")
	a.stopped(t)
}

// editedPolicies puts rules on the disk that allow everything. They are a proposal, and decide nothing.
func editedPolicies(t *testing.T, e estate) {
	folder := t.TempDir()
	for _, name := range []string{"run_command.rego", "data.yaml"} {
		copyFile(t, filepath.Join("../../policies", name), filepath.Join(folder, name), 0o600)
	}
	const tested = "package clanker.run_command_test\n\ntest_nothing if true\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "own_test.rego"), []byte(tested), 0o600))
	a := e.attacked(t, "--policies", folder)
	replaceIn(t, filepath.Join(folder, "run_command.rego"), `if input.command.class == "read"`, "if true")
	replaceIn(t, filepath.Join(folder, "data.yaml"), "production: 2", "production: 0")
	change := ""
	eventually(t, patience, func() (bool, string) {
		var listed struct{ Proposals []web.Item }
		require.NoError(t, a.call(http.MethodGet, "/api/proposals?state=pending", nil, &listed))
		for _, item := range listed.Proposals {
			if strings.HasPrefix(item.Title, "clanker policies use ") {
				change = item.ID
			}
		}
		return change != "", "no proposal of the policies; the log says:\n" + a.log.String()
	})
	other := a.propose(t, "kubectl annotate deployment/web -n shop z=1")
	assert.Equal(t, 2, int(other.Needs[0].MinAssurance))
	a.stopped(t)

	require.NoError(t, a.end(syscall.SIGTERM))
	a.begin(t)
	assert.Equal(t, 2, int(a.propose(t, "kubectl annotate deployment/web -n shop z=2").Needs[0].MinAssurance), "nor after a restart")
	a.stopped(t)
}

// editedLedger writes into the ledger what only people may say, while nobody looks, and starts the workspace again.
func editedLedger(t *testing.T, e estate) {
	for name, edit := range map[string]string{
		"state":    `'$.state', 'approved'`,
		"decision": `'$.state', 'approved', '$.decision.effect', 'allow'`,
		"needs":    `'$.state', 'approved', '$.decision.require', json('[]')`,
		"count":    `'$.state', 'approved', '$.decision.require[0].count', 0, '$.decision.require[1].count', 0, '$.decision.require[2].count', 0`,
		"policy":   `'$.state', 'approved', '$.decision.effect', 'allow', '$.decision.require', json('[]')`,
		"words": `'$.state', 'approved', '$.words', json('[{"verdict":"approve","approver":"alice","credential":"x","assurance":4,"statement":{},"proof":{},` +
			`"at":"2026-01-01T00:00:00Z","expires":"2099-01-01T00:00:00Z","nonce":"aaaaaaaaaaaaaaaaaaaaaaaaaa"}]')`,
	} {
		t.Run(name, func(t *testing.T) {
			a := e.attacked(t)
			require.NoError(t, a.end(syscall.SIGTERM))
			db, err := sql.Open("sqlite", filepath.Join(a.state, "clanker.db"))
			require.NoError(t, err)
			done, err := db.ExecContext(t.Context(), `UPDATE requests SET state = 'approved', document = json_set(document, `+edit+`, '$.lapses', ?) WHERE id = ?`,
				time.Now().Add(time.Hour).UTC().Format(time.RFC3339), a.proposal.ProposalID)
			require.NoError(t, err)
			changed, err := done.RowsAffected()
			require.NoError(t, err)
			require.EqualValues(t, 1, changed)
			require.NoError(t, db.Close())
			proof := a.cli(t, nil, "audit", "verify")
			assert.NotZero(t, proof.code, "the log proves that the ledger is not what it was")
			assert.Contains(t, proof.stdout, a.proposal.ProposalID)
			t.Log(strings.SplitN(proof.stdout, "\n", 2)[0])
			a.begin(t)
			var got told
			eventually(t, patience, func() (bool, string) {
				got = a.look(t, a.proposal.ProposalID)
				return got.IsError || got.State.Over(), got.Text
			})
			t.Logf("%s: %s", got.State, got.Why)
			assert.NotEqual(t, approval.Succeeded, got.State)
			assert.Equal(t, a.before, a.written(t))
			assert.Equal(t, int32(2), a.replicas(t))
		})
	}
}

// secondWorkspace starts another process on the same folder, in which a typed phrase would count, and kills the first. It is the
// same gate: the proposal is the one that waits, and still only a signature counts.
func secondWorkspace(t *testing.T, e estate) {
	a := e.attacked(t)
	second := a.beside(t, "CLANKER_APPROVAL_TERMINAL=true")
	assert.Equal(t, a.proposal.ProposalID, second.propose(t, wanted).ProposalID)
	a.stopped(t)
	require.Error(t, a.end(syscall.SIGKILL))
	second.leads(t)
	a.gate = second
	assert.ErrorContains(t, a.answer(a.statement(t).text(t), approval.Proof{Terminal: a.proposal.Phrase}), "refused")
	assert.NotZero(t, a.cli(t, nil, "approve", a.proposal.ProposalID, "--as", "terminal").code)
	a.stopped(t)
}

// copiedFolder brings an answer that counted to a copy of the workspace, made before it was given.
func copiedFolder(t *testing.T, e estate) {
	a := e.attacked(t)
	asked, err := a.asks(a.alice, a.proposal.ProposalID, approval.Approve)
	require.NoError(t, err)
	require.NoError(t, a.end(syscall.SIGTERM))
	twin := &gate{estate: a.estate, state: filepath.Join(t.TempDir(), "state")}
	require.NoError(t, os.CopyFS(twin.state, os.DirFS(a.state)))
	require.NoError(t, os.Chmod(twin.state, 0o700))
	files, err := os.ReadDir(twin.state)
	require.NoError(t, err)
	for _, file := range files {
		mode := os.FileMode(0o600)
		if file.IsDir() {
			mode = 0o700
		}
		require.NoError(t, os.Chmod(filepath.Join(twin.state, file.Name()), mode))
	}
	a.begin(t)
	twin.begin(t)
	proof := a.alice.sign(asked.Statement)
	require.NoError(t, a.answer(asked.Statement, proof))
	require.Equal(t, approval.Succeeded, a.over(t, a.proposal.ProposalID).State)
	before := e.written(t)
	err = twin.answer(asked.Statement, proof)
	t.Logf("the copy says: %v", err)
	if err == nil {
		assert.Equal(t, approval.Stale, twin.over(t, a.proposal.ProposalID).State)
	}
	assert.Equal(t, before, e.written(t), "once approved, once run")
}

// squatter is a process of this user that says it is the operator page, and shows something harmless to be signed.
func squatter(t *testing.T, e estate) {
	a := e.attacked(t)
	key, agent := a.alice.file(t)
	asked, err := a.asks(a.alice, a.proposal.ProposalID, approval.Approve)
	require.NoError(t, err)
	harmless := strings.ReplaceAll(mustJSON(t, asked.View), "replicas=9", "replicas=2")
	require.NotEqual(t, mustJSON(t, asked.View), harmless)
	var view approval.View
	require.NoError(t, json.Unmarshal([]byte(harmless), &view))
	shown, err := view.Sum()
	require.NoError(t, err)
	lying := a.statement(t)
	lying.Display = shown
	for name, fake := range map[string]struct {
		statement string
		signs     bool
	}{"the real statement": {asked.Statement, false}, "a statement about what is shown": {lying.text(t), true}} {
		var signed struct {
			Statement string
			Proof     approval.Proof
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /api/token", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"token":"x"}`) })
		mux.HandleFunc("GET /api/approvers", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, mustJSON(t, map[string]any{"approvers": []web.Person{{ID: "alice", Credentials: []web.Key{{ID: a.alice.credential, Kind: approval.SSHKey}}}}}))
		})
		mux.HandleFunc("POST /api/proposals/{id}/statement", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, mustJSON(t, web.Asked{Statement: fake.statement, View: view}))
		})
		mux.HandleFunc("POST /api/answers", func(w http.ResponseWriter, r *http.Request) {
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&signed))
			fmt.Fprint(w, `{}`)
		})
		page := httptest.NewServer(mux)
		defer page.Close()
		state := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(state, "operators.json"), fmt.Appendf(nil, `{"url":%q}`, page.URL), 0o600))
		command := a.command(nil, "approve", a.proposal.ProposalID, "--key", key, "--state", state)
		command.Env = append(command.Env, agent)
		got := finish(t, command)
		if !fake.signs {
			assert.NotZero(t, got.code, name)
			assert.Contains(t, got.stderr, "do not sign it", name)
			assert.Empty(t, signed.Statement, name)
			continue
		}
		require.Zero(t, got.code, got.stderr)
		assert.ErrorContains(t, a.answer(signed.Statement, signed.Proof), "something else was shown", name)
		assert.ErrorContains(t, a.answer(asked.Statement, signed.Proof), "refused", "the signature under the real one")
	}
	a.stopped(t)
}

func mustJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := adapters.Canonical(value)
	require.NoError(t, err)
	return string(text)
}

// guessedIDs reads proposals by ids that nobody gave away.
func guessedIDs(t *testing.T, e estate) {
	a := e.attacked(t)
	id := a.proposal.ProposalID
	following := a.propose(t, "kubectl annotate deployment/web -n shop b=c").ProposalID
	assert.NotEqual(t, id[10:20], following[10:20], "most of the second half is drawn anew each time")
	for _, guess := range []string{
		id[:10] + strings.Repeat("0", 16), id[:25] + "0", id[:25] + "Z", strings.ToLower(id), " " + id, id + " ", id + "\x00", "%", "*", "' OR 1=1 --", "../" + id, "../../clanker.db", "-1", "0", "null",
	} {
		if guess == id { // one of 32 ends so
			continue
		}
		got := a.look(t, guess)
		assert.True(t, got.IsError, "%q: %s", guess, got.Text)
		assert.NotContains(t, got.Text, "replicas")
		assert.NotContains(t, got.Text, "shop")
		var detail any
		assert.Error(t, a.call(http.MethodGet, "/api/proposals/"+strings.NewReplacer("%", "%25", " ", "%20", "\x00", "%00", "/", "%2F").Replace(guess), nil, &detail), guess)
	}
	a.stopped(t)
}
