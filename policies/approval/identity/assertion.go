package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"

	"clanker/policies"
	"clanker/policies/approval"
)

func (v Verifier) verifyPasskey(c approval.Credential, statement, assertion []byte) (approval.Seen, error) {
	var public registered
	if err := json.Unmarshal([]byte(c.Public), &public); err != nil {
		return approval.Seen{}, fmt.Errorf("read the public key of credential %s: %w", c.ID, err)
	}
	signed, err := parseAssertion(assertion)
	if err != nil {
		return approval.Seen{}, fmt.Errorf("read the passkey's signature: %w", err)
	}
	if err := v.checkAssertion(c, public, statement, signed); err != nil {
		return approval.Seen{}, fmt.Errorf("check the passkey's signature: %w", plain(err))
	}
	seen := approval.Seen{Assurance: policies.AssuranceVerified, Counter: signed.Response.AuthenticatorData.Counter}
	if public.Copied {
		seen.Assurance = policies.AssuranceTouch
	}
	return seen, nil
}

func (v Verifier) checkAssertion(c approval.Credential, public registered, statement []byte, signed *protocol.ParsedCredentialAssertionData) error {
	data := signed.Response.AuthenticatorData
	switch user := string(signed.Response.UserHandle); {
	case signed.ID != c.ID:
		return fmt.Errorf("it was signed with the passkey %.80q, not with %s", signed.ID, c.ID)
	case user != "" && user != public.User:
		return errors.New("it was signed for another person")
	case data.Flags.HasBackupEligible() != public.Copied:
		return errors.New("it says of being copied to other devices what it did not say when it was enrolled")
	}
	if err := v.checkPage(signed.Response.CollectedClientData); err != nil {
		return err
	}
	if err := checkBackup(data.Flags); err != nil {
		return err
	}
	return signed.Verify(encode(Challenge(statement)), v.RPID, "", []string{v.Origin}, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, public.Key, protocol.SignaturePolicy{})
}

// checkPage checks the origin to the letter; the library takes other spellings of it.
func (v Verifier) checkPage(client protocol.CollectedClientData) error {
	if v.Origin == "" || v.RPID == "" {
		return errors.New("there is no page for passkeys here")
	}
	if client.Origin != v.Origin {
		return fmt.Errorf("it is of the page %.200q, not of %q", client.Origin, v.Origin)
	}
	return nil
}

func checkBackup(flags protocol.AuthenticatorFlags) error {
	if flags.HasBackupState() && !flags.HasBackupEligible() {
		return errors.New("it says that it was copied to other devices and that it cannot be")
	}
	return nil
}

// parseAssertion reads PublicKeyCredential.toJSON() of an assertion.
func parseAssertion(raw []byte) (*protocol.ParsedCredentialAssertionData, error) {
	var in reader
	credential, response := in.credential(raw, "clientDataJSON", "authenticatorData", "signature", "userHandle")
	assertion := protocol.CredentialAssertionResponse{PublicKeyCredential: credential, AssertionResponse: protocol.AuthenticatorAssertionResponse{
		AuthenticatorResponse: in.client(response),
		AuthenticatorData:     in.bytes(response, "authenticatorData"),
		Signature:             in.bytes(response, "signature"),
		UserHandle:            in.bytes(response, "userHandle"),
	}}
	if in.err != nil {
		return nil, in.err
	}
	parsed, err := assertion.Parse()
	return parsed, plain(err)
}

// parseRegistration reads PublicKeyCredential.toJSON() of a new passkey. What a browser repeats of the attestation object
// for convenience is left out.
func parseRegistration(raw []byte) (*protocol.ParsedCredentialCreationData, error) {
	var in reader
	credential, response := in.credential(raw, "clientDataJSON", "attestationObject", "transports",
		"authenticatorData", "publicKey", "publicKeyAlgorithm")
	registration := protocol.CredentialCreationResponse{PublicKeyCredential: credential, AttestationResponse: protocol.AuthenticatorAttestationResponse{
		AuthenticatorResponse: in.client(response),
		AttestationObject:     in.bytes(response, "attestationObject"),
		Transports:            in.transports(response),
	}}
	if in.err != nil {
		return nil, in.err
	}
	parsed, err := registration.Parse()
	return parsed, plain(err)
}

// credential reads what both have, and returns the response's members, of which only the known are allowed. Outputs of
// extensions are left out: none were asked for, and browsers add some.
func (r *reader) credential(raw []byte, known ...string) (protocol.PublicKeyCredential, map[string]json.RawMessage) {
	if len(raw) > maxInput {
		r.fail(fmt.Errorf("it has more than %d bytes", maxInput))
		return protocol.PublicKeyCredential{}, nil
	}
	outer := r.object(raw, "id", "rawId", "type", "authenticatorAttachment", "clientExtensionResults", "response")
	if r.err != nil {
		return protocol.PublicKeyCredential{}, nil
	}
	credential := protocol.PublicKeyCredential{RawID: r.bytes(outer, "rawId"),
		Credential: protocol.Credential{ID: encode(r.bytes(outer, "id")), Type: r.text(outer, "type")}}
	return credential, r.object(outer["response"], known...)
}

// client reads the client data. Browsers may add to it, but nothing may stand twice.
func (r *reader) client(response map[string]json.RawMessage) protocol.AuthenticatorResponse {
	raw := r.bytes(response, "clientDataJSON")
	if r.err == nil {
		r.object(raw)
	}
	return protocol.AuthenticatorResponse{ClientDataJSON: raw}
}

// transports reads how the browser says that the passkey is reached; words that we do not know are left out.
func (r *reader) transports(response map[string]json.RawMessage) []string {
	var list []string
	r.value(response, "transports", &list)
	known := []string{string(protocol.USB), string(protocol.NFC), string(protocol.BLE), string(protocol.SmartCard), string(protocol.Hybrid), string(protocol.Internal)}
	slices.Sort(list)
	return slices.Compact(slices.DeleteFunc(list, func(t string) bool { return !slices.Contains(known, t) }))
}
