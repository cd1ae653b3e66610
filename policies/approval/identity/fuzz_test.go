package identity_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
)

// What we read strictly, the libraries' own readers must read in the same way.

func FuzzAssertion(f *testing.F) {
	device, c := enrolled(f, func(a *identitytest.Authenticator) { a.UserHandle = "ada" })
	good := sign(f, device, c, statement()).Passkey
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(string(good), `"type"`, `"Type"`, 1)))
	f.Add([]byte(`{"response":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		seen, err := verifier().Verify(c, statement(), approval.Proof{Passkey: raw})
		assert.True(t, err == nil || seen == approval.Seen{}, "an error proves nothing")
		ours, err := identity.ParseAssertion(raw)
		if err != nil {
			return
		}
		if theirs, err := protocol.ParseCredentialRequestResponseBytes(raw); err == nil {
			assert.Equal(t, theirs.RawID, ours.RawID)
			assert.Equal(t, theirs.Response, ours.Response)
		}
	})
}

func FuzzRegistration(f *testing.F) {
	options, registration, err := verifier().BeginPasskey("ada", nil, today())
	require.NoError(f, err)
	device := identitytest.NewAuthenticator(f, origin, "localhost")
	for _, device.SelfAttested = range []bool{false, true} {
		made, err := identity.ParseRegistration(device.Register(f, options))
		require.NoError(f, err)
		f.Add([]byte(made.Raw.AttestationResponse.ClientDataJSON), []byte(made.Raw.AttestationResponse.AttestationObject))
	}
	f.Fuzz(func(t *testing.T, client, object []byte) {
		raw, err := json.Marshal(map[string]any{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": map[string]any{
			"clientDataJSON": protocol.URLEncodedBase64(client), "attestationObject": protocol.URLEncodedBase64(object)}})
		require.NoError(t, err)
		c, err := verifier().FinishPasskey(registration, "key", raw, today())
		assert.True(t, err == nil || c == approval.Credential{}, "an error enrols nothing")
		ours, err := identity.ParseRegistration(raw)
		if err != nil {
			return
		}
		theirs, err := protocol.ParseCredentialCreationResponseBytes(raw)
		require.NoError(t, err)
		assert.Equal(t, theirs.Response, ours.Response)
	})
}

func FuzzSSH(f *testing.F) {
	key := identitytest.NewSecurityKey(f)
	c := enrolSSH(f, key)
	for _, signer := range []ssh.Signer{key, identitytest.NewSecurityKeyECDSA(f), identitytest.NewSSHKey(f)} {
		f.Add(identitytest.SignSSH(f, signer, statement()))
	}
	f.Fuzz(func(t *testing.T, armored string) {
		seen, err := identity.Verifier{}.Verify(c, statement(), approval.Proof{SSH: armored})
		assert.True(t, err == nil || seen == approval.Seen{}, "an error proves nothing")
		ours, err := identity.ParseSSH(armored)
		if err != nil {
			return
		}
		theirs, err := sshsig.Unarmor(sshsig.Armor(ours))
		require.NoError(t, err)
		assert.Equal(t, theirs, ours)
	})
}

func FuzzEnrolSSH(f *testing.F) {
	for _, key := range []ssh.Signer{identitytest.NewSecurityKey(f), identitytest.NewSecurityKeyECDSA(f), identitytest.NewSSHKey(f)} {
		f.Add("laptop", identitytest.Line(key.PublicKey()))
	}
	f.Add("laptop", `command="x" ssh-ed25519 AAAA`)
	f.Fuzz(func(t *testing.T, name, line string) {
		c, err := identity.EnrolSSH(name, line, false, today())
		if err != nil {
			assert.Equal(t, approval.Credential{}, c, "an error enrols nothing")
			return
		}
		ours, err := identity.ParseKey(line)
		require.NoError(t, err)
		theirs, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
		require.NoError(t, err)
		assert.Empty(t, options)
		assert.Empty(t, rest)
		assert.Equal(t, theirs.Marshal(), ours.Marshal())
		again, err := identity.EnrolSSH(name, c.Public, false, today())
		require.NoError(t, err)
		assert.Equal(t, c, again, "what is kept reads as what was given")
	})
}

func BenchmarkVerify(b *testing.B) {
	device, c := enrolled(b, nil)
	passkey := sign(b, device, c, statement())
	b.Run("passkey", func(b *testing.B) { verifies(b, c, passkey) })
	plain, fido := identitytest.NewSSHKey(b), identitytest.NewSecurityKey(b)
	b.Run("ssh", func(b *testing.B) {
		verifies(b, enrolSSH(b, plain), approval.Proof{SSH: identitytest.SignSSH(b, plain, statement())})
	})
	b.Run("ssh-sk", func(b *testing.B) {
		verifies(b, enrolSSH(b, fido), approval.Proof{SSH: identitytest.SignSSH(b, fido, statement())})
	})
}

func verifies(b *testing.B, c approval.Credential, p approval.Proof) {
	for b.Loop() {
		if _, err := verifier().Verify(c, statement(), p); err != nil {
			b.Fatal(err)
		}
	}
}
