package identity

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Unlocked is the id that [EnrolSSH] gives the private key in a file, if whoever reads the file can sign with it: with no
// passphrase, and with nothing to touch. Else the error says what it is.
func Unlocked(file []byte) (id string, err error) {
	key, err := ssh.ParsePrivateKey(file)
	if err != nil {
		return "", fmt.Errorf("read the private key: %w", err)
	}
	return ssh.FingerprintSHA256(key.PublicKey()), nil
}

// Held are the ids of the keys with which the ssh-agent at the other end signs without a touch.
func Held(agentConn io.ReadWriter) (ids []string, err error) {
	keys, err := agent.NewClient(agentConn).List()
	if err != nil {
		return nil, fmt.Errorf("ask ssh-agent for its keys: %w", err)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key.Format, "sk-") {
			ids = append(ids, ssh.FingerprintSHA256(key))
		}
	}
	return ids, nil
}
