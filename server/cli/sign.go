package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"clanker/policies/approval/identity"
)

// signSSH signs a statement with ssh-keygen, which knows agents, passphrases, PINs and touches, and returns what it wrote. The
// terminal is the person's meanwhile. key is the file of a private key, or of a public one whose private half an agent
// or a security key holds.
func (a *app) signSSH(ctx context.Context, statement []byte, key string) (string, error) {
	folder, err := os.MkdirTemp("", "clanker-sign-")
	if err != nil {
		return "", fmt.Errorf("make a folder to sign in: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	// A file, since ssh-keygen asks for a PIN only where its standard input is the terminal.
	file := filepath.Join(folder, "statement.json")
	if err := os.WriteFile(file, statement, 0o600); err != nil {
		return "", fmt.Errorf("write the statement to sign: %w", err)
	}
	sign := exec.CommandContext(ctx, "ssh-keygen", "-Y", "sign", "-f", key, "-n", identity.Namespace, file)
	sign.Stdin, sign.Stdout, sign.Stderr = a.stdin, a.stderr, a.stderr
	sign.WaitDelay = time.Second // for a standard input that is no file and has not ended
	if err := sign.Run(); err != nil {
		return "", hinted(fmt.Errorf("sign with ssh-keygen and the key %s: %w", key, err),
			"it needs OpenSSH 8.2 or newer and the file of a private key, or of a public key that ssh-agent holds")
	}
	armored, err := os.ReadFile(file + ".sig")
	if err != nil {
		return "", fmt.Errorf("read what ssh-keygen signed: %w", err)
	}
	return string(armored), nil
}
