package identitytest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Agent serves keys as ssh-agent does, until the test ends, and returns its socket, for SSH_AUTH_SOCK. So the real ssh-keygen
// signs with a [SecurityKey].
func Agent(t testing.TB, keys ...ssh.Signer) string {
	folder, err := os.MkdirTemp("", "agent") // the test's own folder can be too long for a socket
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	listener, err := net.Listen("unix", filepath.Join(folder, "s"))
	require.NoError(t, err)
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			_ = agent.ServeAgent(held{keys: keys}, conn) // until the client has gone
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

// held is an agent that signs and does nothing else.
type held struct {
	agent.Agent
	keys []ssh.Signer
}

func (h held) List() ([]*agent.Key, error) {
	var list []*agent.Key
	for _, key := range h.keys {
		list = append(list, &agent.Key{Format: key.PublicKey().Type(), Blob: key.PublicKey().Marshal()})
	}
	return list, nil
}

func (h held) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	for _, k := range h.keys {
		if bytes.Equal(k.PublicKey().Marshal(), key.Marshal()) {
			return k.Sign(rand.Reader, data)
		}
	}
	return nil, errors.New("no such key")
}
