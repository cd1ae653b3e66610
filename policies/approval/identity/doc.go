// Package identity says who an approver is, by signature. It verifies and enrols; it keeps nothing, asks nobody and reads
// no clock, so that the audit log can be verified with it years later and offline.
//
// # What a signature is over
//
// Always the bytes of an [approval.Statement], which name the proposal, the approver, the credential, a nonce and an expiry.
// This package proves that a credential signed exactly these bytes. That they say the right things, and that their nonce is
// new, is the gate's to check.
//
// # SSH keys
//
// A signature is what this prints, in the namespace [Namespace] and with SHA-512:
//
//	ssh-keygen -Y sign -f ~/.ssh/id_ed25519_sk -n approval@clanker statement.json
//
// Keys may be ed25519, ecdsa, rsa from 3072 bits, and the two FIDO2 kinds, sk-ssh-ed25519 and sk-ecdsa-sha2-nistp256, whose
// application begins with "ssh:". Certificates are refused: who signed them is nobody's that the workspace knows.
//
// # Passkeys
//
// The challenge of an assertion is [Challenge] of the statement. The page's origin has to be exactly [Verifier.Origin], and
// user verification is required when a passkey is made and each time it signs. Pages on other ports of localhost can use the
// same passkeys, for browsers know no port in a relying party's id; what they get signed names their origin and is refused.
//
// # Assurance
//
//	0  terminal   a phrase was typed; only if Verifier.Development
//	1  software   any SSH key that is no FIDO2 key: whoever can read the file or reach the agent can sign
//	2  touch      a FIDO2 SSH key that was touched; a passkey that may be copied to other devices (backup eligible), which is as
//	              hard to get as the account that it is copied through
//	3  verified   a FIDO2 SSH key that was touched and asked for PIN or finger; a passkey that stays in its device
//	4  elsewhere  3, by an SSH key that was enrolled as being kept on another machine
//
// A signature reaches what it shows, and never more than [approval.Credential.Max]. Passkeys end at 3: they sign on the page
// of the machine that the workspace runs on.
//
// # What it does not prove
//
// No attestation is checked. A program can make an SSH key of a FIDO2 kind, or a passkey, and set every flag as it likes; its
// signatures then look as if somebody had touched something. So enrolment is where trust comes from: it goes through
// people who are enrolled already, and they should see the device, or lower Max. That a key is kept elsewhere is believed
// in the same way. Nor does a signature prove that the person read what they signed.
//
// Signatures of FIDO2 keys and passkeys hold a counter. One that did not grow since the last ([approval.Credential.Counter])
// is refused, as the sign of a copied key; devices that do not count say 0 always. For verifying old signatures
// this means: in order, each with the counter of the one before.
package identity
