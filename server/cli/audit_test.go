package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/verify"
	"clanker/server/store/storetest"
)

// clanker runs one command, far from this machine's configuration.
func clanker(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, nil, 0o600))
	var out, errs bytes.Buffer
	code = Main(append(args, "--config", config), strings.NewReader(stdin), &out, &errs, NewBuild("v1.2.3", "0123456789abcdef"))
	return code, out.String(), errs.String()
}

// The log of a workspace is exported, and verified on another machine; what was done to it is told by its first entry.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	dir := storetest.Tell(t, filepath.Join(t.TempDir(), "state")).Dir
	code, text, stderr := clanker(t, "", "audit", "export", "--state", dir)
	require.Zero(t, code, stderr)
	for _, r := range text {
		require.True(t, r == '\n' || printable(string(r)) == string(r), "%+q steers a terminal", r)
	}
	code, stdout, stderr := clanker(t, "", "audit", "verify", "--state", dir, "-o", "json")
	require.Zero(t, code, stdout+stderr)
	var report verify.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.EqualValues(t, strings.Count(text, "\n"), report.Entries)
	assert.Positive(t, report.Executions)
	head := strings.TrimSpace(strings.SplitAfter(text, "\n")[19])
	var twenty approval.Entry
	require.NoError(t, json.Unmarshal([]byte(head), &twenty))
	for _, test := range []struct {
		name, log string
		args      []string
		code      int
		want      string
	}{
		{"whole", text, nil, exitOK, "The log holds: "},
		{"the key is its own claim", text, nil, exitOK, "give --key to be sure"},
		{"its key", text, []string{"--key", report.Keys[0]}, exitOK, report.Keys[0] + "\n"},
		{"another key", text, []string{"--key", "SHA256:x"}, exitError, "BROKEN at entry 1 (key): the log is of the key " + report.Keys[0]},
		{"changed", strings.Replace(text, "because", "becausf", 1), nil, exitError, "BROKEN at entry 4 (log): "},
		{"cut off, and nobody knows", cut(text, 20), nil, exitOK, "The log holds: 20 entries"},
		{"a head that was seen", text, []string{"--expect-head", "20:" + twenty.Hash}, exitOK, "The log holds: "},
		{"cut off", cut(text, 19), []string{"--expect-head", "20:" + twenty.Hash}, exitError, "BROKEN at entry 20 (witness): the log ends here"},
		{"written anew", text, []string{"--expect-head", "19:" + twenty.Hash}, exitError, "BROKEN at entry 19 (witness): "},
		{"no head", text, []string{"--expect-head", "19"}, exitUsage, "is not NUMBER:HASH"},
		{"no log", "\x1b[2J", nil, exitError, "BROKEN at entry 1 (log): the line is not an entry"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := clanker(t, test.log, append([]string{"audit", "verify", "--log", "-"}, test.args...)...)
			assert.Equal(t, test.code, code, stderr)
			assert.Contains(t, stdout+stderr, test.want)
		})
	}
}

func cut(text string, lines int) string {
	return strings.Join(strings.SplitAfter(text, "\n")[:lines], "")
}

// The ledger beside the log is what the workspace goes by, so it is checked, too.
func TestAuditVerifyLedger(t *testing.T) {
	t.Parallel()
	story := storetest.Open(t, filepath.Join(t.TempDir(), "state"))
	r := story.Propose("kubectl", "scale", "deployment/web", "--replicas=5", "-n", "shop")
	code, stdout, _ := clanker(t, "", "audit", "verify", "--state", story.Dir)
	assert.Zero(t, code, stdout)
	story.Close()
	storetest.Execute(t, story.Dir, `UPDATE requests SET document = replace(document, '"state":"pending"', '"state":"approved"'), state = 'approved'`)
	code, stdout, _ = clanker(t, "", "audit", "verify", "--state", story.Dir)
	assert.Equal(t, exitError, code)
	assert.Contains(t, stdout, "the ledger says that "+r.ID+` is approved, and the log says "pending"`)
}

func TestAuditLog(t *testing.T) {
	t.Parallel()
	dir := storetest.Tell(t, filepath.Join(t.TempDir(), "state")).Dir
	code, stdout, stderr := clanker(t, "", "audit", "log", "--state", dir)
	require.Zero(t, code, stderr)
	for _, want := range []string{
		"approvers: alice, bob, carol\n", "approve, by alice with assurance 1\n", "pending, by claude: kubectl scale deployment/web --replicas=5 -n shop\n",
		`rm -rf /\x1b[2J`, "succeeded, exit code 0, 3 -> 5 replicas\n", "rejected: by carol\n",
	} {
		assert.Contains(t, stdout, want)
	}
	code, later, _ := clanker(t, "", "audit", "log", "--state", dir, "--since", "2026-11-23T10:00:00Z")
	assert.Zero(t, code)
	assert.Less(t, strings.Count(later, "\n"), strings.Count(stdout, "\n"))
	code, _, stderr = clanker(t, "", "audit", "log", "--state", dir, "--since", "yesterday")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, stderr, "neither a duration nor a time")
	code, _, stderr = clanker(t, "", "audit", "log", "--state", filepath.Join(dir, "none"))
	assert.Equal(t, exitError, code)
	assert.Contains(t, stderr, "name the folder of a workspace")
}
