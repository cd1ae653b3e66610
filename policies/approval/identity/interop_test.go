package identity_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
)

// keygen runs the ssh-keygen of the machine.
func keygen(t *testing.T, stdin []byte, env []string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "ssh-keygen", args...)
	command.Stdin, command.Env = bytes.NewReader(stdin), append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// write writes a file of the test's own.
func write(t *testing.T, name string, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}

// TestChromium reads what Chromium 156 wrote, with its virtual authenticator, for the options that we make.
func TestChromium(t *testing.T) {
	t.Parallel()
	made, err := os.ReadFile("testdata/chromium/registration.json")
	require.NoError(t, err)
	signed, err := os.ReadFile("testdata/chromium/assertion.json")
	require.NoError(t, err)
	v := identity.Verifier{Origin: "http://localhost:35435", RPID: "localhost"}
	registration := identity.Registration{Approver: "ada", Challenge: "NqMrfq2EHkMBlFb3hvF8CyQk2VTjERnVIg0tIDZH6Co", Expires: today()}
	c, err := v.FinishPasskey(registration, "key ring", made, today())
	require.NoError(t, err)
	seen, err := v.Verify(c, statement(), approval.Proof{Passkey: signed})
	require.NoError(t, err)
	assert.Equal(t, approval.Seen{Assurance: policies.AssuranceVerified, Counter: 2}, seen)
}

func TestKeygenSigns(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string][]string{
		"ed25519": {"-t", "ed25519"}, "ecdsa 256": {"-t", "ecdsa", "-b", "256"}, "ecdsa 521": {"-t", "ecdsa", "-b", "521"},
		"rsa 3072": {"-t", "rsa", "-b", "3072"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := write(t, "statement", statement())
			key := file + ".key"
			out, err := keygen(t, nil, nil, append(kind, "-q", "-N", "", "-C", "ada@laptop", "-f", key)...)
			require.NoError(t, err, out)
			out, err = keygen(t, nil, nil, "-Y", "sign", "-f", key, "-n", identity.Namespace, file)
			require.NoError(t, err, out)
			assertKeygen(t, key+".pub", file+".sig", policies.AssuranceSoftware)
		})
	}
}

// assertKeygen verifies what ssh-keygen has signed with the key of a public key's file.
func assertKeygen(t *testing.T, public, signature string, want policies.Assurance) {
	t.Helper()
	line, err := os.ReadFile(public)
	require.NoError(t, err)
	armored, err := os.ReadFile(signature)
	require.NoError(t, err)
	c, err := identity.EnrolSSH("laptop", string(line), false, today())
	require.NoError(t, err)
	seen, err := identity.Verifier{}.Verify(c, statement(), approval.Proof{SSH: string(armored)})
	require.NoError(t, err)
	assert.Equal(t, want, seen.Assurance)
}

// TestKeygenSignsByAgent has ssh-keygen sign with security keys, which an agent of ours holds.
func TestKeygenSignsByAgent(t *testing.T) {
	t.Parallel()
	ed, ec, plain := identitytest.NewSecurityKey(t), identitytest.NewSecurityKeyECDSA(t), identitytest.NewSSHKey(t)
	ec.Flags = identitytest.Touched
	socket := identitytest.Agent(t, ed, ec, plain)
	for _, test := range []struct {
		key  ssh.Signer
		want policies.Assurance
	}{{ed, policies.AssuranceVerified}, {ec, policies.AssuranceTouch}, {plain, policies.AssuranceSoftware}} {
		file := write(t, "statement", statement())
		public := write(t, "key.pub", []byte(identitytest.Line(test.key.PublicKey())))
		out, err := keygen(t, nil, []string{"SSH_AUTH_SOCK=" + socket}, "-Y", "sign", "-f", public, "-n", identity.Namespace, file)
		require.NoError(t, err, out)
		assertKeygen(t, public, file+".sig", test.want)
	}
}

func TestKeygenVerifies(t *testing.T) {
	t.Parallel()
	keys := plainKeys(t)
	keys["sk-ssh-ed25519"], keys["sk-ecdsa"] = identitytest.NewSecurityKey(t), identitytest.NewSecurityKeyECDSA(t)
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signers := write(t, "signers", []byte(`ada namespaces="`+identity.Namespace+`" `+identitytest.Line(key.PublicKey())))
			signature := write(t, "signature", []byte(identitytest.SignSSH(t, key, statement())))
			verify := []string{"-Y", "verify", "-f", signers, "-I", "ada", "-n", identity.Namespace, "-s", signature}
			out, err := keygen(t, statement(), nil, verify...)
			require.NoError(t, err, out)
			out, err = keygen(t, []byte("another statement"), nil, verify...)
			require.Error(t, err, out)
		})
	}
}
