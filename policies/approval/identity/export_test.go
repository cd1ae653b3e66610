package identity

import (
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// The parsers, for the fuzz tests.

func ParseAssertion(raw []byte) (*protocol.ParsedCredentialAssertionData, error) {
	return parseAssertion(raw)
}

func ParseRegistration(raw []byte) (*protocol.ParsedCredentialCreationData, error) {
	return parseRegistration(raw)
}

func ParseSSH(armored string) (*sshsig.Signature, error) { return parseSSH(armored) }

func ParseKey(line string) (ssh.PublicKey, error) {
	key, err := parseKey(line)
	return key.PublicKey, err
}
