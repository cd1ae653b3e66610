package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
)

func TestSignSSH(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput()
	require.NoError(t, err, string(out))
	assertSigns(t, key, key+".pub", policies.AssuranceSoftware)
}

// TestSignSSHAgent signs with a security key that an agent holds. Not parallel: the agent is found by the environment.
func TestSignSSHAgent(t *testing.T) {
	device := identitytest.NewSecurityKey(t)
	t.Setenv("SSH_AUTH_SOCK", identitytest.Agent(t, device))
	public := filepath.Join(t.TempDir(), "key.pub")
	require.NoError(t, os.WriteFile(public, []byte(identitytest.Line(device.PublicKey())), 0o600))
	assertSigns(t, public, public, policies.AssuranceVerified)
}

func assertSigns(t *testing.T, key, public string, want policies.Assurance) {
	t.Helper()
	statement, said := []byte(`{"schema":"clanker.approval.v1"}`), &bytes.Buffer{}
	a := &app{stdin: strings.NewReader(""), stderr: said}
	armored, err := a.signSSH(t.Context(), statement, key)
	require.NoError(t, err, said)
	line, err := os.ReadFile(public)
	require.NoError(t, err)
	c, err := identity.EnrolSSH("laptop", string(line), false, time.Time{})
	require.NoError(t, err)
	seen, err := identity.Verifier{}.Verify(c, statement, approval.Proof{SSH: armored})
	require.NoError(t, err)
	assert.Equal(t, want, seen.Assurance)
}

func TestSignSSHFails(t *testing.T) {
	t.Parallel()
	said := &bytes.Buffer{}
	a := &app{stdin: strings.NewReader(""), stderr: said}
	_, err := a.signSSH(t.Context(), []byte("x"), filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "sign with ssh-keygen")
	assert.NotEmpty(t, said.String(), "ssh-keygen says why")
}
