package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// ceremonyTime is how long a person has for making or using a passkey.
const ceremonyTime = 5 * time.Minute

// Registration is what has to be kept between [Verifier.BeginPasskey] and [Verifier.FinishPasskey], on the server and
// for one use: whoever holds it decides for whom a passkey is made.
type Registration struct {
	Approver  string    `json:"approver"`
	Challenge string    `json:"challenge"`
	Expires   time.Time `json:"expires"`
}

// registered is what a passkey's credential keeps in Public.
type registered struct {
	Key        []byte                            `json:"key"`                  // COSE
	User       string                            `json:"user"`                 // the handle, see handle
	Transports []protocol.AuthenticatorTransport `json:"transports,omitempty"` // how a browser reaches it
	Copied     bool                              `json:"copied,omitzero"`      // backup eligible: it may be on other devices too
}

// Challenge is what a passkey signs for a statement: SHA-256 over "clanker.approval.v1", a zero byte and the statement.
func Challenge(statement []byte) []byte {
	sum := sha256.Sum256(slices.Concat([]byte(approval.StatementSchema), []byte{0}, statement))
	return sum[:]
}

// handle is what passkeys call the person. It is the same for each passkey of a person and tells nothing of them.
func handle(approver string) string { return adapters.Digest("clanker.approver.v1", []byte(approver)) }

// algorithms that passkeys may sign with: ES256 and Ed25519 of everything there is, RS256 of older TPMs.
func algorithms() []protocol.CredentialParameter {
	var list []protocol.CredentialParameter
	for _, algorithm := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		list = append(list, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: algorithm})
	}
	return list
}

// BeginPasskey begins to make a passkey for an approver, other than those that they have. The options are what a page gives to
// PublicKeyCredential.parseCreationOptionsFromJSON, whose result is "publicKey" of navigator.credentials.create.
//
// Keys need not be discoverable: where that is left open, platforms make keys that are copied to other devices.
func (v Verifier) BeginPasskey(approver string, have []approval.Credential, now time.Time) (json.RawMessage, Registration, error) {
	if err := checkName(approver); err != nil {
		return nil, Registration{}, err
	}
	challenge, err := protocol.CreateChallenge()
	if err != nil {
		return nil, Registration{}, fmt.Errorf("make a challenge: %w", err)
	}
	exclude, err := descriptors(have)
	if err != nil {
		return nil, Registration{}, err
	}
	options, err := adapters.Canonical(protocol.PublicKeyCredentialCreationOptions{
		RelyingParty: protocol.RelyingPartyEntity{ID: v.RPID, CredentialEntity: protocol.CredentialEntity{Name: "clanker"}},
		User: protocol.UserEntity{ID: protocol.URLEncodedBase64(handle(approver)), DisplayName: approver,
			CredentialEntity: protocol.CredentialEntity{Name: approver}},
		Challenge: challenge, Parameters: algorithms(), Timeout: int(ceremonyTime.Milliseconds()), CredentialExcludeList: exclude,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationRequired},
		Attestation: protocol.PreferNoAttestation,
	})
	return options, Registration{Approver: approver, Challenge: challenge.String(), Expires: now.Add(ceremonyTime)}, err
}

// FinishPasskey makes a credential of what the browser returned, as toJSON() of it writes it. Attestation is not asked for.
// The caller may lower Max afterwards.
func (v Verifier) FinishPasskey(r Registration, name string, response []byte, now time.Time) (approval.Credential, error) {
	if err := checkName(name); err != nil {
		return approval.Credential{}, err
	}
	if r.Challenge == "" || now.After(r.Expires) {
		return approval.Credential{}, errors.New("the time to make a passkey is over: begin again")
	}
	made, err := parseRegistration(response)
	if err != nil {
		return approval.Credential{}, fmt.Errorf("read the passkey: %w", err)
	}
	if err := v.checkRegistration(r, made); err != nil {
		return approval.Credential{}, fmt.Errorf("check the passkey: %w", plain(err))
	}
	data := made.Response.AttestationObject.AuthData
	copied, most := data.Flags.HasBackupEligible(), policies.AssuranceVerified
	if copied {
		most = policies.AssuranceTouch
	}
	public, err := adapters.Canonical(registered{Key: data.AttData.CredentialPublicKey, User: handle(r.Approver),
		Transports: made.Response.Transports, Copied: copied})
	return approval.Credential{ID: encode(data.AttData.CredentialID), Kind: approval.Passkey, Name: name,
		Public: string(public), Max: most, Counter: data.Counter, Added: now}, err
}

func (v Verifier) checkRegistration(r Registration, made *protocol.ParsedCredentialCreationData) error {
	if err := v.checkPage(made.Response.CollectedClientData); err != nil {
		return err
	}
	object := made.Response.AttestationObject
	if format := protocol.AttestationFormat(object.Format); format != protocol.AttestationFormatNone && format != protocol.AttestationFormatPacked {
		return fmt.Errorf("it has an attestation of kind %.20q, and none was asked for", format)
	}
	if err := checkBackup(object.AuthData.Flags); err != nil {
		return err
	}
	if _, err := made.Verify(r.Challenge, v.RPID, []string{v.Origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false, true, true,
		nil, algorithms(), protocol.AttestationPolicy{}, protocol.SignaturePolicy{}); err != nil {
		return err
	}
	return checkKey(object.AuthData.AttData.CredentialPublicKey)
}

// checkKey checks that the library can verify with the key, which without an attestation nothing else did.
func checkKey(cose []byte) error {
	key, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return err
	}
	const least = 2048 / 8 // of TPMs
	if key, ok := key.(webauthncose.RSAPublicKeyData); ok && (len(key.Modulus) < least || len(key.Modulus) > maxRSA/8) {
		return fmt.Errorf("its RSA key has %d bits", 8*len(key.Modulus))
	}
	return nil
}

// AssertionOptions asks for a signature of the statement by one of the credentials; those that are no passkeys are left
// out. The options are what a page gives to PublicKeyCredential.parseRequestOptionsFromJSON, whose result is "publicKey" of
// navigator.credentials.get.
func (v Verifier) AssertionOptions(statement []byte, credentials []approval.Credential) (json.RawMessage, error) {
	allowed, err := descriptors(credentials)
	if err != nil {
		return nil, err
	}
	if len(allowed) == 0 {
		return nil, errors.New("there is no passkey to sign with: enrol one")
	}
	return adapters.Canonical(protocol.PublicKeyCredentialRequestOptions{Challenge: Challenge(statement), Timeout: int(ceremonyTime.Milliseconds()),
		RelyingPartyID: v.RPID, AllowedCredentials: allowed, UserVerification: protocol.VerificationRequired})
}

// descriptors name the passkeys among the credentials to a browser.
func descriptors(credentials []approval.Credential) ([]protocol.CredentialDescriptor, error) {
	var list []protocol.CredentialDescriptor
	for _, c := range credentials {
		if c.Kind != approval.Passkey {
			continue
		}
		id, err := base64.RawURLEncoding.Strict().DecodeString(c.ID)
		if err != nil {
			return nil, fmt.Errorf("read the id of credential %s: %w", c.ID, err)
		}
		var public registered
		if err := json.Unmarshal([]byte(c.Public), &public); err != nil {
			return nil, fmt.Errorf("read the public key of credential %s: %w", c.ID, err)
		}
		list = append(list, protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: id, Transport: public.Transports})
	}
	return list, nil
}

// plain is a library's error with its reason, which it leaves out of the text.
func plain(err error) error {
	var detailed *protocol.Error
	if !errors.As(err, &detailed) || detailed.DevInfo == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(strings.Fields(detailed.DevInfo), " "))
}
