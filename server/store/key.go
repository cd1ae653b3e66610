package store

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	keyFile = "workspace.key"
	keyName = "clanker"
)

// loadKey reads the workspace's private key, and makes it if there is none.
func loadKey(dir string) (signer note.Signer, public string, err error) {
	path := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(path)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the workspace's key: %w", err)
	}
	if err := private(path); err != nil {
		return nil, "", err
	}
	secret := strings.TrimSpace(string(text))
	if signer, err = note.NewSigner(secret); err == nil {
		public, err = publicKey(secret)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the workspace's key %s: %w; restore it from a copy", path, err)
	}
	return signer, public, nil
}

// makeKey writes a new key under another name first, so that no crash leaves half of one. Of two processes that do at once,
// the first has made it.
func makeKey(path string) ([]byte, error) {
	secret, _, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), keyFile+".") // has mode 0600
	if err != nil {
		return nil, err
	}
	_, err = file.WriteString(secret + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	err = os.Link(file.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err := errors.Join(err, os.Remove(file.Name())); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// publicKey is what note.NewVerifier reads. The secret is PRIVATE+KEY+name+hash+data, and the data a byte for the algorithm
// before the seed; [note.NewSigner] has seen that it is so.
func publicKey(secret string) (string, error) {
	parts := strings.SplitN(secret, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil {
		return "", err
	}
	return note.NewEd25519VerifierKey(keyName, ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
}
