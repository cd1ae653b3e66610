package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/identity/identitytest"
)

// enrolSSH enrols the key on this machine.
func enrolSSH(t testing.TB, key ssh.Signer) approval.Credential {
	t.Helper()
	c, err := identity.EnrolSSH("laptop", identitytest.Line(key.PublicKey()), false, today())
	require.NoError(t, err)
	return c
}

func signer(t testing.TB, key any, err error) ssh.Signer {
	t.Helper()
	require.NoError(t, err)
	made, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	return made
}

// plainKeys are of each kind that is no FIDO2 key.
func plainKeys(t testing.TB) map[string]ssh.Signer {
	keys := map[string]ssh.Signer{"ed25519": identitytest.NewSSHKey(t)}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		keys["ecdsa "+curve.Params().Name] = signer(t, key, err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	keys["rsa 3072"] = signer(t, key, err)
	return keys
}

func TestSSH(t *testing.T) {
	t.Parallel()
	for name, key := range plainKeys(t) {
		c := enrolSSH(t, key)
		assert.Equal(t, approval.Credential{ID: ssh.FingerprintSHA256(key.PublicKey()), Kind: approval.SSHKey, Name: "laptop",
			Public: strings.TrimSpace(identitytest.Line(key.PublicKey())), Max: policies.AssuranceSoftware, Added: today()}, c, name)
		seen, err := identity.Verifier{}.Verify(c, statement(), approval.Proof{SSH: identitytest.SignSSH(t, key, statement())})
		require.NoError(t, err, name)
		assert.Equal(t, approval.Seen{Assurance: policies.AssuranceSoftware}, seen, name)
	}
}

func TestSecurityKey(t *testing.T) {
	t.Parallel()
	const both = identitytest.Touched | identitytest.Verified
	for name, test := range map[string]struct {
		flags  byte
		remote bool
		most   policies.Assurance
		want   policies.Assurance
		err    string
	}{
		"touched and verified":            {flags: both, most: 4, want: 3},
		"touched":                         {flags: identitytest.Touched, most: 4, want: 2},
		"touched, with unknown flags":     {flags: identitytest.Touched | 0xf2, most: 4, want: 2},
		"elsewhere":                       {flags: both, remote: true, most: 4, want: 4},
		"elsewhere, touched":              {flags: identitytest.Touched, remote: true, most: 4, want: 2},
		"lowered":                         {flags: both, remote: true, most: 1, want: 1},
		"enrolled as good for nothing":    {flags: both, most: 0, want: 0},
		"not touched":                     {flags: 0, most: 4, err: "was not touched"},
		"verified without being touched":  {flags: identitytest.Verified, most: 4, err: "was not touched"},
		"elsewhere, and nobody was there": {flags: 0, remote: true, most: 4, err: "was not touched"},
	} {
		for kind, key := range map[string]*identitytest.SecurityKey{"ed25519": identitytest.NewSecurityKey(t), "ecdsa": identitytest.NewSecurityKeyECDSA(t)} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				c, err := identity.EnrolSSH("key ring", identitytest.Line(key.PublicKey()), test.remote, today())
				require.NoError(t, err)
				assert.Equal(t, map[bool]policies.Assurance{false: 3, true: 4}[test.remote], c.Max)
				c.Max, key.Flags = test.most, test.flags
				seen, err := identity.Verifier{}.Verify(c, statement(), approval.Proof{SSH: identitytest.SignSSH(t, key, statement())})
				if test.err != "" {
					require.ErrorContains(t, err, test.err)
					assert.Zero(t, seen)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, approval.Seen{Assurance: test.want, Counter: 1}, seen)
			})
		}
	}
}

// TestLibraryChecksTouch pins a version of x/crypto that refuses a signature without a touch: those before 0.52 do not.
func TestLibraryChecksTouch(t *testing.T) {
	t.Parallel()
	for _, key := range []*identitytest.SecurityKey{identitytest.NewSecurityKey(t), identitytest.NewSecurityKeyECDSA(t)} {
		key.Flags = 0
		signature, err := key.Sign(rand.Reader, statement())
		require.NoError(t, err)
		require.ErrorContains(t, key.PublicKey().Verify(statement(), signature), "user presence")
	}
}

func TestSSHAttacks(t *testing.T) {
	t.Parallel()
	key := identitytest.NewSecurityKey(t)
	c, good := enrolSSH(t, key), identitytest.SignSSH(t, key, statement())
	_, err := identity.Verifier{}.Verify(c, statement(), approval.Proof{SSH: good})
	require.NoError(t, err, "the unchanged one is accepted")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 3072)
	weak := signer(t, rsaKey, err)
	fake := identitytest.NewSSHKey(t)
	swapped := c
	swapped.Public = identitytest.Line(fake.PublicKey())
	for name, attack := range map[string]struct {
		c         approval.Credential
		statement string
		armored   string
		want      string
	}{
		"tampered statement":         {c, string(statement()) + " ", good, "did not verify"},
		"replay for another":         {c, `{"proposal":"another"}`, good, "did not verify"},
		"foreign key":                {c, string(statement()), identitytest.SignSSH(t, identitytest.NewSecurityKey(t), statement()), "signed with the key"},
		"certificate of the key":     {enrolSSH(t, fake), string(statement()), identitytest.SignSSH(t, certified(t, fake), statement()), "signed with the key"},
		"software key":               {c, string(statement()), identitytest.SignSSH(t, fake, statement()), "signed with the key"},
		"forged":                     {c, string(statement()), edit(t, good, func(s *sshsig.Signature) { s.Signature.Blob[5] ^= 1 }), "did not verify"},
		"other namespace":            {c, string(statement()), identitytest.Armor(t, key, statement(), sshsig.HashSHA512, "file"), `namespace "file"`},
		"no namespace":               {c, string(statement()), edit(t, good, func(s *sshsig.Signature) { s.Namespace = "" }), `namespace ""`},
		"namespace claimed":          {c, string(statement()), edit(t, identitytest.Armor(t, key, statement(), sshsig.HashSHA512, "git"), func(s *sshsig.Signature) { s.Namespace = identity.Namespace }), "did not verify"},
		"SHA-256":                    {c, string(statement()), identitytest.Armor(t, key, statement(), sshsig.HashSHA256, identity.Namespace), "hashalg=sha512"},
		"SHA-256 claimed SHA-512":    {c, string(statement()), edit(t, identitytest.Armor(t, key, statement(), sshsig.HashSHA256, identity.Namespace), func(s *sshsig.Signature) { s.HashAlgorithm = "sha512" }), "did not verify"},
		"touch claimed":              {c, string(statement()), edit(t, untouched(t, key), func(s *sshsig.Signature) { s.Signature.Rest[0] = 1 }), "did not verify"},
		"verification claimed":       {c, string(statement()), edit(t, touched(t, key), func(s *sshsig.Signature) { s.Signature.Rest[0] = 5 }), "did not verify"},
		"counter claimed":            {c, string(statement()), edit(t, good, func(s *sshsig.Signature) { s.Signature.Rest[4]++ }), "did not verify"},
		"flags cut off":              {c, string(statement()), edit(t, good, func(s *sshsig.Signature) { s.Signature.Rest = nil }), "read the flags"},
		"flags and more":             {c, string(statement()), edit(t, good, func(s *sshsig.Signature) { s.Signature.Rest = append(s.Signature.Rest, 0) }), "read the flags"},
		"kind of a plain key":        {c, string(statement()), edit(t, good, func(s *sshsig.Signature) { s.Signature.Format = ssh.KeyAlgoED25519 }), "signature of kind"},
		"rsa-sha2-256":               {enrolSSH(t, weak), string(statement()), edit(t, identitytest.SignSSH(t, weak, statement()), func(s *sshsig.Signature) { s.Signature.Format = ssh.KeyAlgoRSASHA256 }), "not rsa-sha2-512"},
		"rsa with SHA-1":             {enrolSSH(t, weak), string(statement()), edit(t, identitytest.SignSSH(t, weak, statement()), func(s *sshsig.Signature) { s.Signature.Format = ssh.KeyAlgoRSA }), "read the SSH signature"},
		"more after a plain key's":   {enrolSSH(t, fake), string(statement()), edit(t, identitytest.SignSSH(t, fake, statement()), func(s *sshsig.Signature) { s.Signature.Rest = []byte{1, 0, 0, 0, 1} }), "something follows"},
		"swapped public key":         {swapped, string(statement()), identitytest.SignSSH(t, fake, statement()), "holds another key"},
		"counter of a copy":          {counted(c, 1), string(statement()), good, "may have been copied"},
		"reserved field is used":     {c, string(statement()), reserved(t, good), "more than a signature"},
		"text before":                {c, string(statement()), "x" + good, "ssh-keygen"},
		"text after":                 {c, string(statement()), good + "x", "ssh-keygen"},
		"headers":                    {c, string(statement()), strings.Replace(good, "\n", "\nA: b\n\n", 1), "base64"},
		"another type":               {c, string(statement()), strings.ReplaceAll(good, "SSH SIGNATURE", "PGP SIGNATURE"), "ssh-keygen"},
		"two signatures":             {c, string(statement()), good + good, "base64"},
		"base64 with bits left over": {c, string(statement()), leftover(t, good), "base64"},
		"huge":                       {c, string(statement()), good + strings.Repeat("\n", 65536), "more than 65536 bytes"},
		"nothing in it":              {c, string(statement()), "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----", "read the SSH signature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, good+string(statement())+c.Public, attack.armored+attack.statement+attack.c.Public+strings.Repeat("!", int(attack.c.Counter)))
			seen, err := identity.Verifier{}.Verify(attack.c, []byte(attack.statement), approval.Proof{SSH: attack.armored})
			require.ErrorContains(t, err, attack.want)
			assert.Zero(t, seen)
		})
	}
}

func counted(c approval.Credential, counter uint32) approval.Credential {
	c.Counter = counter
	return c
}

// edit changes a signature after it was made.
func edit(t *testing.T, armored string, change func(*sshsig.Signature)) string {
	t.Helper()
	signature, err := sshsig.Unarmor([]byte(armored))
	require.NoError(t, err)
	change(signature)
	return string(sshsig.Armor(signature))
}

func touched(t *testing.T, key *identitytest.SecurityKey) string {
	lazy := *key
	lazy.Flags = identitytest.Touched
	return identitytest.SignSSH(t, &lazy, statement())
}

func untouched(t *testing.T, key *identitytest.SecurityKey) string {
	lazy := *key
	lazy.Flags = 0
	return identitytest.SignSSH(t, &lazy, statement())
}

// reserved puts something in the field of the signature that nothing covers.
func reserved(t *testing.T, armored string) string {
	block, _ := pem.Decode([]byte(armored))
	var blob struct {
		Magic                               [6]byte
		Version                             uint32
		Key, Namespace, Reserved, Hash, Sig string
	}
	require.NoError(t, ssh.Unmarshal(block.Bytes, &blob))
	blob.Reserved = "x"
	return string(pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: ssh.Marshal(blob)}))
}

// leftover sets bits of the last character that stand for nothing.
func leftover(t *testing.T, armored string) string {
	block, _ := pem.Decode([]byte(armored))
	return "-----BEGIN SSH SIGNATURE-----\n" + loosen(t, base64.StdEncoding.EncodeToString(block.Bytes)) + "\n-----END SSH SIGNATURE-----\n"
}

func loosen(t *testing.T, text string) string {
	at := strings.IndexByte(text, '=')
	require.Positive(t, at, "the length must leave bits over")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := alphabet[strings.IndexByte(alphabet, text[at-1])|1]
	return text[:at-1] + string(last) + text[at:]
}

func TestEnrolSSHAttacks(t *testing.T) {
	t.Parallel()
	good := strings.TrimSpace(identitytest.Line(identitytest.NewSSHKey(t).PublicKey()))
	short, err := rsa.GenerateKey(rand.Reader, 2048)
	weak := signer(t, short, err)
	website := identitytest.NewSecurityKey(t)
	website.Application = "example.com"
	old := identitytest.NewSecurityKeyECDSA(t)
	old.Application = ""
	blob := strings.Fields(good)[1]
	long, err := ssh.NewPublicKey(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 8192), E: 65537})
	require.NoError(t, err)
	for name, attack := range map[string]struct{ name, line, want string }{
		"nothing":                  {"laptop", "", "one line"},
		"no key":                   {"laptop", "ssh-ed25519", "one line"},
		"no base64":                {"laptop", "ssh-ed25519 !!!!", "base64"},
		"options":                  {"laptop", `command="x" ` + good, "options"},
		"options without a space":  {"laptop", "no-touch-required " + good, "options"},
		"two keys":                 {"laptop", good + "\n" + good, "one line"},
		"a comment line before":    {"laptop", "# mine\n" + good, "one line"},
		"says another kind":        {"laptop", "sk-ssh-ed25519@openssh.com " + blob, "is a key of kind"},
		"base64 cut":               {"laptop", "ssh-ed25519 " + blob[:len(blob)-4], "read the public key"},
		"more in base64":           {"laptop", "ssh-ed25519 " + blob + "AAAA", "read the public key"},
		"a private key":            {"laptop", "-----BEGIN OPENSSH PRIVATE KEY-----", "base64"},
		"rsa 2048":                 {"laptop", identitytest.Line(weak.PublicKey()), "2048 bits"},
		"rsa 8193":                 {"laptop", identitytest.Line(long), "8193 bits"},
		"base64 with bits left":    {"laptop", loosen(t, identitytest.Line(identitytest.NewSecurityKeyECDSA(t).PublicKey())), "base64"},
		"certificate":              {"laptop", identitytest.Line(certified(t, identitytest.NewSSHKey(t)).PublicKey()), "cert-v01@openssh.com are not accepted"},
		"security key of a site":   {"laptop", identitytest.Line(website.PublicKey()), `"example.com"`},
		"security key of nothing":  {"laptop", identitytest.Line(old.PublicKey()), `application is ""`},
		"no name":                  {"", good, "1 to 64 characters"},
		"a name that steers":       {"\x1b[2J", good, "cannot be printed"},
		"a name that is not UTF-8": {"\xff", good, "cannot be printed"},
		"huge":                     {"laptop", good + strings.Repeat(" ", 65536), "more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := identity.EnrolSSH(attack.name, attack.line, false, today())
			require.ErrorContains(t, err, attack.want)
			assert.Zero(t, c)
		})
	}
	_, err = identity.Fingerprint("x " + good)
	require.Error(t, err)
	for _, line := range []string{good, good + " a comment with spaces", "  " + good + "\n", strings.ReplaceAll(good, " ", "\t")} {
		c, err := identity.EnrolSSH("laptop", line, false, today())
		require.NoError(t, err, "%q", line)
		assert.Equal(t, good, c.Public)
		id, err := identity.Fingerprint(line)
		require.NoError(t, err)
		assert.Equal(t, c.ID, id)
	}
}

// certified is the key with a certificate of an authority that nobody knows.
func certified(t *testing.T, key ssh.Signer) ssh.Signer {
	t.Helper()
	made := &ssh.Certificate{Key: key.PublicKey(), CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity}
	require.NoError(t, made.SignCert(rand.Reader, identitytest.NewSSHKey(t)))
	signer, err := ssh.NewCertSigner(made, key)
	require.NoError(t, err)
	return signer
}
