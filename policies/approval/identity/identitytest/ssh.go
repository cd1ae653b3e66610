// Package identitytest has software in the place of the devices that approvers sign with: an SSH security key and a WebAuthn
// authenticator. Both say what a test wants them to say, truth or not, and so show what signatures can and cannot prove.
package identitytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"math/big"
	"testing"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"clanker/policies/approval/identity"
)

// Flags of a FIDO2 signature.
const (
	Touched  byte = 0x01
	Verified byte = 0x04
)

// SecurityKey is a FIDO2 SSH key made of software. It is an [ssh.Signer], so that an agent can hold it.
type SecurityKey struct {
	Application string // "ssh:" unless a test says otherwise
	Flags       byte   // of every signature
	Counter     uint32 // of the next signature; grows with each

	ed *ed25519.PrivateKey // one of the two
	ec *ecdsa.PrivateKey
}

var _ ssh.Signer = (*SecurityKey)(nil)

// NewSecurityKey makes a key of kind sk-ssh-ed25519 that is touched and verified.
func NewSecurityKey(t testing.TB) *SecurityKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return &SecurityKey{Application: "ssh:", Flags: Touched | Verified, Counter: 1, ed: &key}
}

// NewSecurityKeyECDSA makes a key of kind sk-ecdsa-sha2-nistp256 that is touched and verified.
func NewSecurityKeyECDSA(t testing.TB) *SecurityKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &SecurityKey{Application: "ssh:", Flags: Touched | Verified, Counter: 1, ec: key}
}

// PublicKey returns the public half.
func (k *SecurityKey) PublicKey() ssh.PublicKey {
	key, err := ssh.ParsePublicKey(k.blob())
	if err != nil {
		panic(err) // made here
	}
	return key
}

func (k *SecurityKey) blob() []byte {
	if k.ed != nil {
		return ssh.Marshal(struct {
			Name        string
			Key         []byte
			Application string
		}{ssh.KeyAlgoSKED25519, k.ed.Public().(ed25519.PublicKey), k.Application})
	}
	point, err := k.ec.PublicKey.Bytes()
	if err != nil {
		panic(err) // made here
	}
	return ssh.Marshal(struct {
		Name, Curve string
		Point       []byte
		Application string
	}{ssh.KeyAlgoSKECDSA256, "nistp256", point, k.Application})
}

// Sign signs as PROTOCOL.u2f of OpenSSH says, with the flags and the counter that the key was told.
func (k *SecurityKey) Sign(random io.Reader, data []byte) (*ssh.Signature, error) {
	tail := ssh.Marshal(struct {
		Flags   byte
		Counter uint32
	}{k.Flags, k.Counter})
	k.Counter++
	application, message := sha256.Sum256([]byte(k.Application)), sha256.Sum256(data)
	signed := bytes.Join([][]byte{application[:], tail, message[:]}, nil)
	if k.ed != nil {
		return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(*k.ed, signed), Rest: tail}, nil
	}
	digest := sha256.Sum256(signed)
	r, s, err := ecdsa.Sign(random, k.ec, digest[:])
	if err != nil {
		return nil, err
	}
	return &ssh.Signature{Format: ssh.KeyAlgoSKECDSA256, Blob: ssh.Marshal(struct{ R, S *big.Int }{r, s}), Rest: tail}, nil
}

// NewSSHKey makes a plain ed25519 key.
func NewSSHKey(t testing.TB) ssh.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	return signer
}

// Line is the line of a public key, as in a .pub file.
func Line(key ssh.PublicKey) string { return string(ssh.MarshalAuthorizedKey(key)) }

// SignSSH signs a statement as "ssh-keygen -Y sign -n approval@clanker" does.
func SignSSH(t testing.TB, key ssh.Signer, statement []byte) string {
	return Armor(t, key, statement, sshsig.HashSHA512, identity.Namespace)
}

// Armor signs with another hash or in another namespace.
func Armor(t testing.TB, key ssh.Signer, statement []byte, hash sshsig.HashAlgorithm, namespace string) string {
	signature, err := sshsig.Sign(bytes.NewReader(statement), key, hash, namespace)
	require.NoError(t, err)
	return string(sshsig.Armor(signature))
}
