package identity_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
)

const origin = "http://localhost:39394"

func verifier() identity.Verifier { return identity.Verifier{Origin: origin, RPID: "localhost"} }

func today() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func statement() []byte {
	return []byte(`{"schema":"clanker.approval.v1","proposal":"01J","verdict":"approve","nonce":"0123456789abcdef"}`)
}

// enrolled is an authenticator whose passkey is enrolled for ada.
func enrolled(t testing.TB, change func(*identitytest.Authenticator)) (*identitytest.Authenticator, approval.Credential) {
	t.Helper()
	device := identitytest.NewAuthenticator(t, origin, "localhost")
	if change != nil {
		change(device)
	}
	options, registration, err := verifier().BeginPasskey("ada", nil, today())
	require.NoError(t, err)
	c, err := verifier().FinishPasskey(registration, "key ring", device.Register(t, options), today())
	require.NoError(t, err)
	return device, c
}

// sign is the proof of a statement.
func sign(t testing.TB, device *identitytest.Authenticator, c approval.Credential, statement []byte) approval.Proof {
	t.Helper()
	options, err := verifier().AssertionOptions(statement, []approval.Credential{c})
	require.NoError(t, err)
	return approval.Proof{Passkey: device.Assert(t, options)}
}

func TestPasskey(t *testing.T) {
	t.Parallel()
	device, c := enrolled(t, nil)
	assert.Equal(t, approval.Credential{ID: base64.RawURLEncoding.EncodeToString(device.ID), Kind: approval.Passkey, Name: "key ring",
		Public: c.Public, Max: policies.AssuranceVerified, Counter: 1, Added: today()}, c)
	seen, err := verifier().Verify(c, statement(), sign(t, device, c, statement()))
	require.NoError(t, err)
	assert.Equal(t, approval.Seen{Assurance: policies.AssuranceVerified, Counter: 2}, seen)
}

func TestPasskeyAssurance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*identitytest.Authenticator)
		most   policies.Assurance
		want   policies.Assurance
	}{
		"stays in its device":     {nil, policies.AssuranceElsewhere, policies.AssuranceVerified},
		"may be copied":           {func(a *identitytest.Authenticator) { a.Flags |= protocol.FlagBackupEligible }, policies.AssuranceElsewhere, policies.AssuranceTouch},
		"was copied":              {func(a *identitytest.Authenticator) { a.Flags |= protocol.FlagBackupEligible | protocol.FlagBackupState }, policies.AssuranceElsewhere, policies.AssuranceTouch},
		"lowered":                 {nil, policies.AssuranceSoftware, policies.AssuranceSoftware},
		"a device without counts": {func(a *identitytest.Authenticator) { a.Counter = 0 }, policies.AssuranceVerified, policies.AssuranceVerified},
		"names its user":          {func(a *identitytest.Authenticator) { a.UserHandle = handle(t, "ada") }, policies.AssuranceVerified, policies.AssuranceVerified},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			device, c := enrolled(t, test.change)
			assert.GreaterOrEqual(t, c.Max, test.want, "it is enrolled for what it reaches")
			assert.Equal(t, c.Max == policies.AssuranceTouch, device.Flags.HasBackupEligible())
			c.Max = test.most
			seen, err := verifier().Verify(c, statement(), sign(t, device, c, statement()))
			require.NoError(t, err)
			assert.Equal(t, test.want, seen.Assurance)
		})
	}
}

// TestPasskeyAlgorithms signs with each algorithm that options offer, beside ES256.
func TestPasskeyAlgorithms(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	tpm, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for _, key := range []crypto.Signer{ed, tpm} {
		device, c := enrolled(t, func(a *identitytest.Authenticator) { a.Key, a.SelfAttested = key, true })
		proof := sign(t, device, c, statement())
		_, err := verifier().Verify(c, statement(), proof)
		require.NoError(t, err)
		_, err = verifier().Verify(c, []byte("another"), proof)
		require.Error(t, err)
	}
}

// handle is what the options of a registration call the person.
func handle(t testing.TB, approver string) string {
	options, _, err := verifier().BeginPasskey(approver, nil, today())
	require.NoError(t, err)
	var asked struct {
		User struct{ ID protocol.URLEncodedBase64 }
	}
	require.NoError(t, json.Unmarshal(options, &asked))
	return string(asked.User.ID)
}

// TestPasskeyAttacks changes what a browser, an authenticator or somebody on the way says; the unchanged one is accepted.
func TestPasskeyAttacks(t *testing.T) {
	t.Parallel()
	type device = identitytest.Authenticator
	for name, attack := range map[string]struct {
		change func(*device)
		want   string
	}{
		"other port":                   {func(a *device) { a.Origin = "http://localhost:39393" }, "of the page"},
		"other origin":                 {func(a *device) { a.Origin = "https://evil.example" }, "of the page"},
		"origin in another case":       {func(a *device) { a.Origin = "http://LOCALHOST:39394" }, "of the page"},
		"origin with a path":           {func(a *device) { a.Origin = origin + "/" }, "of the page"},
		"origin with a user":           {func(a *device) { a.Origin = "http://evil@localhost:39394" }, "of the page"},
		"origin by address":            {func(a *device) { a.Origin = "http://127.0.0.1:39394" }, "of the page"},
		"cross-origin":                 {func(a *device) { a.CrossOrigin = true }, "cross origin"},
		"framed by another":            {func(a *device) { a.CrossOrigin, a.TopOrigin = true, "https://evil.example" }, "cross origin"},
		"top origin":                   {func(a *device) { a.TopOrigin = origin }, "topOrigin"},
		"foreign relying party":        {func(a *device) { a.RPID = "evil.example" }, "RP Hash mismatch"},
		"user not verified":            {func(a *device) { a.Flags &^= protocol.FlagUserVerified }, "User verification required"},
		"user not present":             {func(a *device) { a.Flags &^= protocol.FlagUserPresent }, "User presence required"},
		"type of a registration":       {func(a *device) { a.Get = "webauthn.create" }, "ceremony type"},
		"type of a payment":            {func(a *device) { a.Get = "payment.get" }, "ceremony type"},
		"counter of a copy":            {func(a *device) { a.Counter = 1 }, "may have been copied"},
		"counter gone":                 {func(a *device) { a.Counter = 0 }, "may have been copied"},
		"became one that is copied":    {func(a *device) { a.Flags |= protocol.FlagBackupEligible }, "copied to other devices"},
		"copied that cannot be":        {func(a *device) { a.Flags |= protocol.FlagBackupState }, "cannot be"},
		"another credential":           {func(a *device) { a.ID = []byte("another") }, "signed with the passkey"},
		"another person":               {func(a *device) { a.UserHandle = handle(t, "eve") }, "another person"},
		"client data with a key twice": {func(a *device) { a.Client = prepend(`"type":"webauthn.create",`) }, "twice"},
		"... in another case":          {func(a *device) { a.Client = prepend(`"Origin":"https://evil.example",`) }, "twice"},
		"client data that are a list":  {func(a *device) { a.Client = func([]byte) []byte { return []byte("[]") } }, "not a JSON object"},
		"another key":                  {func(a *device) { a.Key = identitytest.NewAuthenticator(t, origin, "localhost").Key }, "validating the assertion signature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			device, c := enrolled(t, nil)
			attack.change(device)
			seen, err := verifier().Verify(c, statement(), sign(t, device, c, statement()))
			require.ErrorContains(t, err, attack.want)
			assert.Zero(t, seen)
		})
	}
}

// prepend puts members before those of client data.
func prepend(members string) func([]byte) []byte {
	return func(raw []byte) []byte { return append([]byte("{"+members), raw[1:]...) }
}

// TestPasskeyBinding shows a good signature for another thing than it was made for.
func TestPasskeyBinding(t *testing.T) {
	t.Parallel()
	device, c := enrolled(t, nil)
	proof := sign(t, device, c, statement())
	_, stranger := enrolled(t, nil)
	ssh, err := identity.EnrolSSH("ssh", identitytest.Line(identitytest.NewSSHKey(t).PublicKey()), false, today())
	require.NoError(t, err)
	tampered := stranger
	tampered.ID = c.ID
	for name, test := range map[string]struct {
		c         approval.Credential
		statement string
		proof     approval.Proof
		want      string
	}{
		"another statement":         {c, string(statement()) + " ", proof, "challenge"},
		"no statement":              {c, "", proof, "1 to 65536 bytes"},
		"a huge statement":          {c, strings.Repeat("x", 65537), proof, "1 to 65536 bytes"},
		"another credential":        {stranger, string(statement()), proof, "signed with the passkey"},
		"another public key":        {tampered, string(statement()), proof, "signature"},
		"a credential of SSH":       {ssh, string(statement()), proof, `of the credential's kind "ssh"`},
		"a passkey for SSH":         {c, string(statement()), approval.Proof{SSH: "x"}, `of the credential's kind "passkey"`},
		"no proof":                  {c, string(statement()), approval.Proof{}, "exactly one"},
		"two proofs":                {c, string(statement()), approval.Proof{Passkey: proof.Passkey, SSH: "x"}, "exactly one"},
		"a typed phrase beside it":  {c, string(statement()), approval.Proof{Passkey: proof.Passkey, Terminal: "x"}, "exactly one"},
		"a typed phrase instead":    {c, string(statement()), approval.Proof{Terminal: "x"}, "exactly one"},
		"a credential that is none": {approval.Credential{}, string(statement()), proof, "exactly one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := verifier().Verify(test.c, []byte(test.statement), test.proof)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// TestPasskeyChallenge signs a challenge that is not the statement's.
func TestPasskeyChallenge(t *testing.T) {
	t.Parallel()
	device, c := enrolled(t, nil)
	for name, challenge := range map[string]string{
		"wrong": "d3Jvbmc", "none": "", "the statement itself": base64.RawURLEncoding.EncodeToString(statement()),
		"padded": base64.URLEncoding.EncodeToString(identity.Challenge(statement())),
	} {
		options, err := json.Marshal(map[string]string{"challenge": challenge})
		require.NoError(t, err)
		_, err = verifier().Verify(c, statement(), approval.Proof{Passkey: device.Assert(t, options)})
		require.ErrorContains(t, err, "challenge", name)
	}
}

// TestPasskeySpelling writes a good signature in ways in which no browser writes it.
func TestPasskeySpelling(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]struct{ old, new, want string }{
		"unknown field":             {`"type":"public-key"`, `"type":"public-key","extra":1`, "unknown"},
		"unknown field inside":      {`"signature":`, `"extra":1,"signature":`, "unknown"},
		"key twice":                 {`"type":"public-key"`, `"type":"public-key","type":"public-key"`, "twice"},
		"key twice, escaped":        {`"type":"public-key"`, `"type":"public-key","\u0074ype":"public-key"`, "twice"},
		"key in another case":       {`"type":`, `"Type":`, "unknown"},
		"another type":              {`"type":"public-key"`, `"type":"password"`, "bad type"},
		"no type":                   {`"type":"public-key"`, `"type":null`, "bad type"},
		"padded base64":             {`","rawId"`, `=","rawId"`, "base64url"},
		"padded signature":          {`","userHandle"`, `=","userHandle"`, "base64url"},
		"end of line in base64":     {`"signature":"`, `"signature":"\n`, "base64url"},
		"signature is a number":     {`"signature":"`, `"signature":1,"userHandle":"`, "unknown"},
		"no signature":              {`"signature":"`, `"userHandle":"`, "unknown"},
		"response is no object":     {`"response":{`, `"response":[],"clientExtensionResults":{`, "unknown"},
		"not UTF-8":                 {`"type":"public-key"`, "\"type\":\"\xff\"", "UTF-8"},
		"something follows":         {`"type":"public-key"}`, `"type":"public-key"}{}`, "follows"},
		"attachment is not checked": {`"cross-platform"`, `"anything"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			device, c := enrolled(t, func(a *identitytest.Authenticator) { a.UserHandle = handle(t, "ada") })
			proof := sign(t, device, c, statement())
			changed := strings.Replace(string(proof.Passkey), attack.old, attack.new, 1)
			require.NotEqual(t, string(proof.Passkey), changed, "the test must change something")
			_, err := verifier().Verify(c, statement(), approval.Proof{Passkey: []byte(changed)})
			if attack.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, attack.want)
		})
	}
	_, c := enrolled(t, nil)
	_, err := verifier().Verify(c, statement(), approval.Proof{Passkey: []byte(strings.Repeat(" ", 65537))})
	require.ErrorContains(t, err, "more than 65536 bytes")
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	c, typed := approval.Credential{Kind: approval.Terminal, Max: policies.AssuranceElsewhere}, approval.Proof{Terminal: "three short words"}
	_, err := verifier().Verify(c, statement(), typed)
	require.ErrorContains(t, err, "development profile only")
	development := verifier()
	development.Development = true
	seen, err := development.Verify(c, statement(), typed)
	require.NoError(t, err)
	assert.Equal(t, approval.Seen{Assurance: policies.AssuranceTerminal}, seen)
}
