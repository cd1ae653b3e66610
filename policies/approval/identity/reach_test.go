package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// What somebody can sign with has the id under which it was enrolled, and a key behind a passphrase is not in their reach.
func TestKeysInReach(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	public, err := ssh.NewPublicKey(private.Public())
	require.NoError(t, err)
	enrolled, err := Fingerprint(string(ssh.MarshalAuthorizedKey(public)))
	require.NoError(t, err)

	open, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	id, err := Unlocked(pem.EncodeToMemory(open))
	require.NoError(t, err)
	assert.Equal(t, enrolled, id)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	require.NoError(t, err)
	_, err = Unlocked(pem.EncodeToMemory(locked))
	assert.ErrorContains(t, err, "passphrase")
	_, err = Unlocked([]byte("no key"))
	assert.Error(t, err)

	keys := agent.NewKeyring()
	require.NoError(t, keys.Add(agent.AddedKey{PrivateKey: private}))
	here, there := net.Pipe()
	go func() { _ = agent.ServeAgent(keys, there) }()
	ids, err := Held(here)
	require.NoError(t, err)
	assert.Equal(t, []string{enrolled}, ids)
	require.NoError(t, here.Close())
	_, err = Held(here)
	assert.ErrorContains(t, err, "ask ssh-agent")
}
