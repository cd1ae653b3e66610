package identitytest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/stretchr/testify/require"
)

// Authenticator is a browser with an authenticator in it, both made of software. It holds one passkey.
// Change its fields between calls to make it lie.
type Authenticator struct {
	Origin      string // that the browser says the page is of
	RPID        string // that the authenticator believes in
	CrossOrigin bool
	TopOrigin   string
	Flags       protocol.AuthenticatorFlags // beside that of attested data
	Counter     uint32                      // of the next signature; grows with each, unless zero
	Create, Get string                      // the types that client data say
	UserHandle  string                      // returned with assertions, if any
	ID          []byte

	SelfAttested bool                // the passkey signs its own registration
	Client       func([]byte) []byte // changes the client data before they are signed, if set

	Key crypto.Signer // of the passkey: ES256 unless a test puts an Ed25519 or RSA key here
}

// NewAuthenticator returns one that tells the truth: the passkey stays in it, and the user is verified each time.
func NewAuthenticator(t testing.TB, origin, rpID string) *Authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	id := make([]byte, 32)
	_, _ = rand.Read(id) // never fails
	return &Authenticator{Origin: origin, RPID: rpID, Flags: protocol.FlagUserPresent | protocol.FlagUserVerified, Counter: 1,
		Create: "webauthn.create", Get: "webauthn.get", ID: id, Key: key}
}

// Register answers the options of navigator.credentials.create.
func (a *Authenticator) Register(t testing.TB, options []byte) json.RawMessage {
	return a.RegisterKey(t, options, a.cose(t), "none")
}

// RegisterKey answers with any public key, and claims any kind of attestation.
func (a *Authenticator) RegisterKey(t testing.TB, options, cose []byte, format string) json.RawMessage {
	data := bytes.NewBuffer(a.data(a.Flags | protocol.FlagAttestedCredentialData))
	data.Write(make([]byte, 16)) // AAGUID
	require.NoError(t, binary.Write(data, binary.BigEndian, uint16(len(a.ID))))
	data.Write(a.ID)
	data.Write(cose)
	client, statement := a.client(t, a.Create, options), map[string]any{}
	if a.SelfAttested {
		format, statement = "packed", map[string]any{"alg": a.algorithm(), "sig": a.sign(t, data.Bytes(), client)}
	}
	object, err := webauthncbor.Marshal(map[string]any{"fmt": format, "attStmt": statement, "authData": data.Bytes()})
	require.NoError(t, err)
	return a.credential(t, map[string]any{
		"clientDataJSON": encode(client), "attestationObject": encode(object), "transports": []string{"usb", "x-new"},
		"authenticatorData": encode(data.Bytes()), "publicKey": "", "publicKeyAlgorithm": a.algorithm(),
	})
}

// Assert answers the options of navigator.credentials.get.
func (a *Authenticator) Assert(t testing.TB, options []byte) json.RawMessage {
	client, data := a.client(t, a.Get, options), a.data(a.Flags)
	response := map[string]any{"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(a.sign(t, data, client))}
	if a.UserHandle != "" {
		response["userHandle"] = encode([]byte(a.UserHandle))
	}
	return a.credential(t, response)
}

// sign signs authenticator data and client data.
func (a *Authenticator) sign(t testing.TB, data, client []byte) []byte {
	hash := sha256.Sum256(client)
	signed, hashed := slices.Concat(data, hash[:]), crypto.Hash(0) // which Ed25519 does itself
	if a.algorithm() != webauthncose.AlgEdDSA {
		digest := sha256.Sum256(signed)
		signed, hashed = digest[:], crypto.SHA256
	}
	signature, err := a.Key.Sign(rand.Reader, signed, hashed)
	require.NoError(t, err)
	return signature
}

func (a *Authenticator) credential(t testing.TB, response map[string]any) json.RawMessage {
	raw, err := json.Marshal(map[string]any{"id": encode(a.ID), "rawId": encode(a.ID), "type": "public-key", "response": response,
		"authenticatorAttachment": "cross-platform", "clientExtensionResults": map[string]any{}})
	require.NoError(t, err)
	return raw
}

// client is the client data that a browser writes.
func (a *Authenticator) client(t testing.TB, kind string, options []byte) []byte {
	var asked struct{ Challenge string }
	require.NoError(t, json.Unmarshal(options, &asked))
	client := map[string]any{"type": kind, "challenge": asked.Challenge, "origin": a.Origin, "crossOrigin": a.CrossOrigin,
		"other_keys_can_be_added_here": "do not compare clientDataJSON against a template"}
	if a.TopOrigin != "" {
		client["topOrigin"] = a.TopOrigin
	}
	raw, err := json.Marshal(client)
	require.NoError(t, err)
	if a.Client != nil {
		raw = a.Client(raw)
	}
	return raw
}

// data is the authenticator data without what follows the counter.
func (a *Authenticator) data(flags protocol.AuthenticatorFlags) []byte {
	hash := sha256.Sum256([]byte(a.RPID))
	data := binary.BigEndian.AppendUint32(append(hash[:], byte(flags)), a.Counter)
	if a.Counter != 0 {
		a.Counter++
	}
	return data
}

func (a *Authenticator) algorithm() webauthncose.COSEAlgorithmIdentifier {
	switch a.Key.Public().(type) {
	case ed25519.PublicKey:
		return webauthncose.AlgEdDSA
	case *rsa.PublicKey:
		return webauthncose.AlgRS256
	}
	return webauthncose.AlgES256
}

func (a *Authenticator) cose(t testing.TB) []byte {
	switch key := a.Key.Public().(type) {
	case ed25519.PublicKey:
		return COSE(t, map[int]any{1: webauthncose.OctetKey, 3: webauthncose.AlgEdDSA, -1: webauthncose.Ed25519, -2: []byte(key)})
	case *rsa.PublicKey:
		return COSE(t, map[int]any{1: webauthncose.RSAKey, 3: webauthncose.AlgRS256, -1: key.N.Bytes(), -2: big.NewInt(int64(key.E)).Bytes()})
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		require.NoError(t, err)
		return COSE(t, map[int]any{1: webauthncose.EllipticKey, 3: webauthncose.AlgES256, -1: webauthncose.P256, -2: point[1:33], -3: point[33:]})
	}
	require.FailNow(t, "a passkey with a key of another kind")
	return nil
}

// COSE encodes a public key.
func COSE(t testing.TB, key map[int]any) []byte {
	raw, err := webauthncbor.Marshal(key)
	require.NoError(t, err)
	return raw
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
