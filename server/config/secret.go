package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"clanker/intents/strict"
)

const (
	longestSecret = 4096             // bytes
	commandTime   = 10 * time.Second // that a command may take
)

// Secret says where a secret is found: in exactly one of these places.
type Secret struct {
	File    string   `json:"file,omitempty"`    // path; only its owner may read it
	Env     string   `json:"env,omitempty"`     // name of an environment variable
	Command []string `json:"command,omitempty"` // run without a shell, at most 10 seconds; its output counts
}

// IsZero reports whether no secret is configured.
func (s Secret) IsZero() bool { return len(s.sources()) == 0 }

// String says where the secret is found: "file /home/me/token".
func (s Secret) String() string { return strings.Join(s.sources(), ", ") }

func (s Secret) sources() (sources []string) {
	if s.File != "" {
		sources = append(sources, "file "+s.File)
	}
	if s.Env != "" {
		sources = append(sources, "env "+s.Env)
	}
	if len(s.Command) > 0 {
		sources = append(sources, "command "+strings.Join(s.Command, " "))
	}
	return sources
}

// Resolve fetches the secret, without the white space around it. It is an error if there is none, if it is empty, longer
// than 4 KiB or not made of visible ASCII characters. The error never holds what was found.
func (s Secret) Resolve(ctx context.Context) (string, error) {
	if len(s.sources()) != 1 {
		return "", errors.New("find the secret: exactly one of file, env and command must be configured")
	}
	found, err := s.fetch(ctx)
	if err != nil {
		return "", fmt.Errorf("find the secret (%s): %w", s, err)
	}
	secret := strings.TrimSpace(string(found))
	switch {
	case secret == "":
		return "", fmt.Errorf("find the secret (%s): it is empty", s)
	case len(secret) > longestSecret:
		return "", fmt.Errorf("find the secret (%s): it is longer than %d bytes", s, longestSecret)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", fmt.Errorf("find the secret (%s): it must be one word of visible ASCII characters", s)
	}
	return secret, nil
}

func (s Secret) fetch(ctx context.Context) ([]byte, error) {
	switch {
	case s.File != "":
		return readPrivate(s.File)
	case s.Env != "":
		return []byte(os.Getenv(s.Env)), nil
	default:
		return output(ctx, s.Command)
	}
}

func readPrivate(path string) ([]byte, error) {
	secret, err := strict.ReadFile(path, 0o077, 2*longestSecret)
	if errors.Is(err, strict.ErrShared) {
		return nil, fmt.Errorf("%s: run: chmod go= %s", reason(err), quoted(path))
	}
	if err != nil {
		return nil, errors.New(reason(err)) // the path is said already
	}
	return secret, nil
}

// output runs a command. What it writes to stderr is left out of the error: it may be about the secret.
func output(ctx context.Context, argv []string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, commandTime, fmt.Errorf("it took longer than %v", commandTime))
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout = &capped{&out}
	cmd.WaitDelay = time.Second // an agent that it started may keep its output open
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("%w: run it by hand to see why", err)
	}
	return out.Bytes(), nil
}

// capped keeps as much as a secret can be long, and a little more to tell that it is too long.
type capped struct{ to *bytes.Buffer }

var _ io.Writer = (*capped)(nil)

func (c *capped) Write(p []byte) (int, error) {
	c.to.Write(p[:min(len(p), max(0, 2*longestSecret-c.to.Len()))])
	return len(p), nil
}
