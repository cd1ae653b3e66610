package isolation

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval/identity"
)

// The listener that answers, the one that hangs up, and the one that is not there.
func TestKnock(t *testing.T) {
	t.Parallel()
	open := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(open.Close)
	rude, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = rude.Close() })
	go func() {
		for conn, err := rude.Accept(); err == nil; conn, err = rude.Accept() {
			_ = conn.Close()
		}
	}()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	for address, want := range map[string]Answer{
		strings.TrimPrefix(open.URL, "http://"): Yes, rude.Addr().String(): No, gone.Addr().String(): Unknown, "": Unknown, "a b": Unknown,
	} {
		assert.Equal(t, want, knock(t.Context(), address), address)
	}
}

// An enrolled key that lies open in ~/.ssh is found, whatever its name; others, and what is no key, are not.
func TestKeysInReach(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(home, ".ssh"), 0o700))
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	id, err := identity.Unlocked(text)
	require.NoError(t, err)
	for name, content := range map[string]string{"work": string(text), "config": "Host *\n", "id_huge": strings.Repeat("x", maxKey+1)} {
		require.NoError(t, os.WriteFile(filepath.Join(home, ".ssh", name), []byte(content), 0o600))
	}
	ann := Credential{Approver: "ann", ID: id, Max: 1}
	where := Where{Approvers: []Credential{{Approver: "bob", ID: "SHA256:other"}, ann}, Getenv: func(string) string { return filepath.Join(home, "no-agent") }}
	assert.Equal(t, []Key{{ann, filepath.Join(home, ".ssh", "work")}}, keysInReach(t.Context(), where, home))
	where.Approvers = where.Approvers[:1]
	assert.Empty(t, keysInReach(t.Context(), where, home))
	assert.Empty(t, keysInReach(t.Context(), where, filepath.Join(home, "nowhere")))
}

// An ssh-agent that says nothing does not keep the doctor.
func TestSilentAgent(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "agent") // the name of a socket may not be long
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(folder, "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = conn.Read(make([]byte, 1))
			cancel()
		}
	}()
	assert.Empty(t, heldByAgent(ctx, path))
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	kubeconfig := filepath.Join(home, ".kube", "config")
	require.NoError(t, os.Mkdir(filepath.Dir(kubeconfig), 0o700))
	require.NoError(t, os.WriteFile(kubeconfig, nil, 0o600))
	environment := map[string]string{"GH_TOKEN": "secret", "KUBECONFIG": kubeconfig}
	f := Facts{User: CurrentUser()}
	f.tryCredentials(Where{Kubeconfigs: []string{kubeconfig, filepath.Join(home, "missing")}, Getenv: func(name string) string { return environment[name] }}, []string{home})
	require.Len(t, f.Credentials, 1, "what is not there is no credential, and each counts once")
	assert.Equal(t, Reach{Path: kubeconfig, Read: true, Change: kubeconfig + " is yours"}, f.Credentials[0])
	assert.Equal(t, []string{"GH_TOKEN"}, f.Variables)
	assert.NotContains(t, text(Judge(f)), "secret")
}

// Tools behind a link to a folder that is searched anyway are told once.
func TestToolsIn(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	root, err := filepath.EvalSymlinks(root)
	require.NoError(t, err)
	real, link := filepath.Join(root, "usr-bin"), filepath.Join(root, "bin")
	require.NoError(t, os.Mkdir(real, 0o700))
	require.NoError(t, os.Symlink(real, link))
	for _, name := range []string{"kubectl", "ls"} {
		require.NoError(t, os.WriteFile(filepath.Join(real, name), nil, 0o700))
	}
	assert.Equal(t, []string{filepath.Join(real, "kubectl")}, toolsIn([]string{link, real, "relative", filepath.Join(root, "missing")}))
	assert.Equal(t, []string{filepath.Join(link, "kubectl")}, toolsIn([]string{link}))
}

// Looking does not need anything to be there.
func TestProbeOfNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := Probe(ctx, Where{Agents: "127.0.0.1:1", Operators: "127.0.0.1:1", Getenv: func(string) string { return "" }})
	assert.Nil(t, f.Workspace)
	assert.Equal(t, CurrentUser(), f.User)
	r := Judge(f)
	assert.Equal(t, T0, r.Tier)
	assert.NotEmpty(t, r.NotStopped)
}

// The unit names a program that is not installed here; with one that is, systemd has nothing to say against it.
func TestUnit(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"User=clanker", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "StateDirectory=clanker",
		"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK", "UMask=0077", "CapabilityBoundingSet="} {
		assert.Contains(t, Unit, "\n"+line+"\n")
	}
	section, seen := "", map[string]bool{}
	for line := range strings.Lines(Unit) {
		line = strings.TrimSpace(line)
		key, _, assigned := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = line
		default:
			assert.True(t, assigned && section != "", line)
			assert.False(t, key != "Environment" && seen[section+key], "%s stands twice", line)
			seen[section+key] = true
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("without systemd-analyze the unit is only read")
		return
	}
	own, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "clanker.service")
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(Unit, "/usr/local/bin/clanker", own, 1)), 0o600))
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	assert.NoError(t, err)
	assert.Empty(t, string(out))
}
