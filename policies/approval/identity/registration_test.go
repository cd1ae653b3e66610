package identity_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
)

func TestRegistrationAttacks(t *testing.T) {
	t.Parallel()
	type device = identitytest.Authenticator
	for name, attack := range map[string]struct {
		change func(*device)
		want   string
	}{
		"other port":            {func(a *device) { a.Origin = "http://localhost:8080" }, "of the page"},
		"cross-origin":          {func(a *device) { a.CrossOrigin = true }, "cross origin"},
		"foreign relying party": {func(a *device) { a.RPID = "evil.example" }, "RP Hash mismatch"},
		"user not verified":     {func(a *device) { a.Flags &^= protocol.FlagUserVerified }, "User verification required"},
		"user not present":      {func(a *device) { a.Flags &^= protocol.FlagUserPresent }, "User presence required"},
		"type of an assertion":  {func(a *device) { a.Create = "webauthn.get" }, "ceremony type"},
		"copied that cannot be": {func(a *device) { a.Flags |= protocol.FlagBackupState }, "cannot be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			device := identitytest.NewAuthenticator(t, origin, "localhost")
			attack.change(device)
			options, registration, err := verifier().BeginPasskey("ada", nil, today())
			require.NoError(t, err)
			_, err = verifier().FinishPasskey(registration, "key", device.Register(t, options), today())
			require.ErrorContains(t, err, attack.want)
		})
	}
}

func TestRegistrationKeys(t *testing.T) {
	t.Parallel()
	zero := make([]byte, 32)
	for name, attack := range map[string]struct {
		key    map[int]any
		format string
		want   string
	}{
		"short RSA":           {map[int]any{1: 3, 3: webauthncose.AlgRS256, -1: append([]byte{0x80}, make([]byte, 127)...), -2: []byte{1, 0, 1}}, "none", "1024 bits"},
		"endless RSA":         {map[int]any{1: 3, 3: webauthncose.AlgRS256, -1: append([]byte{0x80}, make([]byte, 1024)...), -2: []byte{1, 0, 1}}, "none", "8200 bits"},
		"SHA-1":               {map[int]any{1: 3, 3: webauthncose.AlgRS1, -1: zero, -2: []byte{1, 0, 1}}, "none", "not supported"},
		"secp256k1":           {map[int]any{1: 2, 3: webauthncose.AlgES256K, -1: 8, -2: zero, -3: zero}, "none", "not supported"},
		"not on the curve":    {map[int]any{1: 2, 3: webauthncose.AlgES256, -1: 1, -2: zero, -3: zero}, "none", "curve"},
		"another curve":       {map[int]any{1: 2, 3: webauthncose.AlgES256, -1: 3, -2: zero, -3: zero}, "none", "curve"},
		"short Ed25519":       {map[int]any{1: 1, 3: webauthncose.AlgEdDSA, -1: 6, -2: zero[:31]}, "none", "length"},
		"foreign attestation": {map[int]any{1: 1, 3: webauthncose.AlgEdDSA, -1: 6, -2: zero}, "tpm", "none was asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			device := identitytest.NewAuthenticator(t, origin, "localhost")
			options, registration, err := verifier().BeginPasskey("ada", nil, today())
			require.NoError(t, err)
			response := device.RegisterKey(t, options, identitytest.COSE(t, attack.key), attack.format)
			_, err = verifier().FinishPasskey(registration, "key", response, today())
			require.ErrorContains(t, err, attack.want)
		})
	}
}

func TestRegistrationSession(t *testing.T) {
	t.Parallel()
	device := identitytest.NewAuthenticator(t, origin, "localhost")
	options, registration, err := verifier().BeginPasskey("ada", nil, today())
	require.NoError(t, err)
	response := device.Register(t, options)
	_, other, err := verifier().BeginPasskey("ada", nil, today())
	require.NoError(t, err)
	for name, test := range map[string]struct {
		registration identity.Registration
		name         string
		now          time.Time
		want         string
	}{
		"too late":           {registration, "key", today().Add(6 * time.Minute), "begin again"},
		"another ceremony":   {other, "key", today(), "challenge"},
		"no ceremony":        {identity.Registration{Expires: today()}, "key", today(), "begin again"},
		"no name":            {registration, "", today(), "1 to 64 characters"},
		"a name that hides":  {registration, "key\u202e", today(), "cannot be printed"},
		"a name for a novel": {registration, strings.Repeat("x", 65), today(), "1 to 64 characters"},
	} {
		_, err := verifier().FinishPasskey(test.registration, test.name, response, test.now)
		require.ErrorContains(t, err, test.want, name)
	}
	_, _, err = verifier().BeginPasskey("", nil, today())
	require.Error(t, err)
}

// TestSelfAttestation enrols a passkey that vouches for itself, which browsers hand on where none was asked to.
func TestSelfAttestation(t *testing.T) {
	t.Parallel()
	device, c := enrolled(t, func(a *identitytest.Authenticator) { a.SelfAttested = true })
	_, err := verifier().Verify(c, statement(), sign(t, device, c, statement()))
	require.NoError(t, err)
}

// TestNoPage has a verifier that knows of no page: nothing is of it, not even what says so.
func TestNoPage(t *testing.T) {
	t.Parallel()
	device := identitytest.NewAuthenticator(t, "", "")
	options, registration, err := verifier().BeginPasskey("ada", nil, today())
	require.NoError(t, err)
	_, err = identity.Verifier{}.FinishPasskey(registration, "key", device.Register(t, options), today())
	require.ErrorContains(t, err, "no page")
	_, c := enrolled(t, nil)
	device.ID, err = base64.RawURLEncoding.DecodeString(c.ID)
	require.NoError(t, err)
	_, err = identity.Verifier{}.Verify(c, statement(), sign(t, device, c, statement()))
	require.ErrorContains(t, err, "no page")
}

func TestOptions(t *testing.T) {
	t.Parallel()
	device, c := enrolled(t, nil)
	options, _, err := verifier().BeginPasskey("ada", []approval.Credential{c, {Kind: approval.SSHKey}}, today())
	require.NoError(t, err)
	var asked protocol.PublicKeyCredentialCreationOptions
	require.NoError(t, json.Unmarshal(options, &asked))
	assert.Equal(t, "localhost", asked.RelyingParty.ID)
	assert.Equal(t, protocol.VerificationRequired, asked.AuthenticatorSelection.UserVerification)
	assert.Equal(t, device.ID, []byte(asked.CredentialExcludeList[0].CredentialID))
	assert.Equal(t, []protocol.AuthenticatorTransport{protocol.USB}, asked.CredentialExcludeList[0].Transport, "what is unknown is left out")
	assert.Len(t, asked.Challenge, 32)

	options, err = verifier().AssertionOptions(statement(), []approval.Credential{{Kind: approval.SSHKey}, c})
	require.NoError(t, err)
	assert.JSONEq(t, `{"challenge":"`+base64.RawURLEncoding.EncodeToString(identity.Challenge(statement()))+`","timeout":300000,"rpId":"localhost",
		"allowCredentials":[{"type":"public-key","id":"`+c.ID+`","transports":["usb"]}],"userVerification":"required"}`, string(options))
	_, err = verifier().AssertionOptions(statement(), []approval.Credential{{Kind: approval.SSHKey}})
	require.ErrorContains(t, err, "no passkey")
}
