package identity

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"clanker/policies"
	"clanker/policies/approval"
)

// Namespace is what "ssh-keygen -Y sign" is given with -n, so that a signature made for anything else is none of ours.
const Namespace = "approval@clanker"

const (
	minRSA = 3072 // bits
	maxRSA = 8192 // bits: more takes long to verify

	// The flags of a FIDO2 signature, see PROTOCOL.u2f of OpenSSH.
	flagTouched  = 0x01
	flagVerified = 0x04
)

// EnrolSSH makes a credential of a public key: one line as in ~/.ssh/id_ed25519.pub, without options. Remote says that the
// private key is kept on another machine than the workspace. The caller may lower Max afterwards.
func EnrolSSH(name, authorizedKey string, remote bool, now time.Time) (approval.Credential, error) {
	if err := checkName(name); err != nil {
		return approval.Credential{}, err
	}
	key, err := parseKey(authorizedKey)
	if err != nil {
		return approval.Credential{}, fmt.Errorf("read the public key: %w", err)
	}
	most := policies.AssuranceSoftware
	switch {
	case key.fido && remote:
		most = policies.AssuranceElsewhere
	case key.fido:
		most = policies.AssuranceVerified
	}
	return approval.Credential{ID: ssh.FingerprintSHA256(key), Kind: approval.SSHKey, Name: name,
		Public: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), Max: most, Remote: remote, Added: now}, nil
}

// Fingerprint is the id that [EnrolSSH] gives a public key.
func Fingerprint(authorizedKey string) (string, error) {
	key, err := parseKey(authorizedKey)
	if err != nil {
		return "", fmt.Errorf("read the public key: %w", err)
	}
	return ssh.FingerprintSHA256(key), nil
}

// publicKey is a key of an allowed kind.
type publicKey struct {
	ssh.PublicKey
	algorithm string // that its signatures must have
	fido      bool
}

// parseKey reads a line of an authorized_keys file. [ssh.ParseAuthorizedKey] would skip what it does not understand and go on
// with the next line.
func parseKey(line string) (publicKey, error) {
	if len(line) > maxInput {
		return publicKey{}, fmt.Errorf("it has more than %d bytes", maxInput)
	}
	fields := strings.Fields(line)
	if len(fields) < 2 || strings.ContainsAny(strings.TrimSpace(line), "\r\n\x00") {
		return publicKey{}, errors.New("it is not one line of the form: ssh-ed25519 AAAA... comment")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(fields[1])
	if err != nil {
		return publicKey{}, fmt.Errorf("the second word is not a key in base64; options before the key are not supported: %w", err)
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return publicKey{}, err
	}
	if key.Type() != fields[0] {
		return publicKey{}, fmt.Errorf("it says %q and is a key of kind %s", fields[0], key.Type())
	}
	return allow(key)
}

// allow refuses keys that are too weak or of a kind that we do not understand whole.
func allow(key ssh.PublicKey) (publicKey, error) {
	allowed := publicKey{PublicKey: key, algorithm: key.Type()}
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521:
		return allowed, nil
	case ssh.KeyAlgoRSA:
		allowed.algorithm = ssh.KeyAlgoRSASHA512
		return allowed, checkRSA(key)
	case ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		allowed.fido = true
		return allowed, checkApplication(key)
	}
	return publicKey{}, fmt.Errorf("keys of kind %s are not accepted: use ed25519, ecdsa, rsa from %d bits, ed25519-sk or ecdsa-sk", key.Type(), minRSA)
}

func checkRSA(key ssh.PublicKey) error {
	holder, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return errors.New("it is no RSA key")
	}
	public, ok := holder.CryptoPublicKey().(*rsa.PublicKey)
	if !ok {
		return errors.New("it is no RSA key")
	}
	if bits := public.N.BitLen(); bits < minRSA || bits > maxRSA {
		return fmt.Errorf("it has %d bits: an RSA key needs %d to %d", bits, minRSA, maxRSA)
	}
	return nil
}

// checkApplication checks that a FIDO2 key was made for SSH. One of a website (its application is a domain) must not count:
// its signatures are asked for by browsers.
func checkApplication(key ssh.PublicKey) error {
	application := lastString(key.Marshal())
	if !strings.HasPrefix(application, "ssh:") {
		return fmt.Errorf("its application is %q: a FIDO2 key for SSH begins its application with \"ssh:\"", application)
	}
	return nil
}

// lastString returns the last of the strings that a key is marshalled as. x/crypto parses the application and does not show it.
func lastString(blob []byte) string {
	var last string
	for len(blob) > 0 {
		var next struct {
			Text string
			Rest []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(blob, &next); err != nil {
			return ""
		}
		last, blob = next.Text, next.Rest
	}
	return last
}

func verifySSH(c approval.Credential, statement []byte, armored string) (approval.Seen, error) {
	key, err := parseKey(c.Public)
	if err != nil {
		return approval.Seen{}, fmt.Errorf("read the public key of credential %s: %w", c.ID, err)
	}
	signature, err := parseSSH(armored)
	if err != nil {
		return approval.Seen{}, fmt.Errorf("read the SSH signature: %w", err)
	}
	switch signed := signature.PublicKey; {
	case ssh.FingerprintSHA256(key) != c.ID:
		return approval.Seen{}, fmt.Errorf("the credential %s holds another key", c.ID)
	case !bytes.Equal(signed.Marshal(), key.Marshal()):
		return approval.Seen{}, fmt.Errorf("it was signed with the key %s, not with %s", ssh.FingerprintSHA256(signed), c.ID)
	case signature.Namespace != Namespace:
		return approval.Seen{}, fmt.Errorf("it was signed in the namespace %q: sign with ssh-keygen -Y sign -n %s", signature.Namespace, Namespace)
	case signature.HashAlgorithm != sshsig.HashSHA512:
		return approval.Seen{}, fmt.Errorf("it was signed over a hash of kind %q: sign with -O hashalg=sha512", signature.HashAlgorithm)
	case signature.Signature.Format != key.algorithm:
		return approval.Seen{}, fmt.Errorf("it is a signature of kind %q, not %s", signature.Signature.Format, key.algorithm)
	}
	seen, err := key.seen(signature.Signature.Rest, c.Remote)
	if err != nil {
		return approval.Seen{}, err
	}
	if err := sshsig.Verify(bytes.NewReader(statement), signature, key, sshsig.HashSHA512, Namespace); err != nil {
		return approval.Seen{}, fmt.Errorf("check the SSH signature: %w", err)
	}
	return seen, nil
}

// parseSSH reads an armored signature, and refuses any that could be written in another way.
func parseSSH(armored string) (*sshsig.Signature, error) {
	if len(armored) > maxInput {
		return nil, fmt.Errorf("it has more than %d bytes", maxInput)
	}
	body, begins := strings.CutPrefix(strings.TrimSpace(armored), "-----BEGIN "+sshsig.PEMType+"-----")
	body, ends := strings.CutSuffix(body, "-----END "+sshsig.PEMType+"-----")
	if !begins || !ends {
		return nil, errors.New("it is not what ssh-keygen -Y sign writes")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(body) // skips ends of lines
	if err != nil {
		return nil, err
	}
	signature, err := sshsig.ParseSignature(blob)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(signature.Marshal(), blob) {
		return nil, errors.New("it holds more than a signature")
	}
	return signature, nil
}

// seen reads what follows a signature: flags and counter of a FIDO2 key, nothing of others. They are part of what is signed,
// so they say nothing until the signature is verified.
func (k publicKey) seen(rest []byte, remote bool) (approval.Seen, error) {
	if !k.fido {
		if len(rest) > 0 {
			return approval.Seen{}, errors.New("something follows the SSH signature")
		}
		return approval.Seen{Assurance: policies.AssuranceSoftware}, nil
	}
	var tail struct {
		Flags   byte
		Counter uint32
	}
	if err := ssh.Unmarshal(rest, &tail); err != nil {
		return approval.Seen{}, fmt.Errorf("read the flags of the SSH signature: %w", err)
	}
	seen := approval.Seen{Assurance: policies.AssuranceTouch, Counter: tail.Counter}
	switch {
	case tail.Flags&flagTouched == 0:
		return approval.Seen{}, errors.New("the security key was not touched: touch it, or make a key without -O no-touch-required")
	case tail.Flags&flagVerified == 0:
	case remote:
		seen.Assurance = policies.AssuranceElsewhere
	default:
		seen.Assurance = policies.AssuranceVerified
	}
	return seen, nil
}
