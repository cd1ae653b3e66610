//go:build e2e && linux

package isolation_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server/isolation"
)

// Users that every Debian has; as none of them anybody signs in.
const (
	workspaceUser = 1 // daemon
	agentUser     = 5 // games
	operatorUser  = 8 // mail
	diskGroup     = 6
)

// installation is a workspace that runs as a user of its own, installed as SECURITY.md says but below another folder.
type installation struct {
	root, clanker, config, state, kubeconfig, policies string
	port, page                                         string
}

func install(t *testing.T) installation {
	t.Helper()
	require.Zero(t, os.Geteuid(), "NOT TESTED: this needs three users: run it as root")
	root, err := os.MkdirTemp("", "clanker-isolation-") // into that of t.TempDir other users could not look
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	in := func(name string) string { return filepath.Join(root, name) }
	i := installation{root: root, clanker: in("bin/clanker"), config: in("etc/config.yaml"), state: in("state"), kubeconfig: in("own/kubeconfig"),
		policies: in("etc/policies")}
	for _, folder := range []string{root, in("bin"), in("etc"), i.policies} {
		require.NoError(t, os.MkdirAll(folder, 0o755))
		require.NoError(t, os.Chmod(folder, 0o755))
	}
	for _, folder := range []string{in("own"), i.state} {
		require.NoError(t, os.Mkdir(folder, 0o700))
		require.NoError(t, os.Chown(folder, workspaceUser, workspaceUser))
	}
	write(t, i.kubeconfig, "apiVersion: v1\nkind: Config\n", 0o600)
	require.NoError(t, os.Chown(i.kubeconfig, workspaceUser, workspaceUser))
	text, err := os.ReadFile("../../policies/data.yaml")
	require.NoError(t, err)
	write(t, filepath.Join(i.policies, "data.yaml"), string(text), 0o644)
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "grpcnotrace", "-o", i.clanker, "clanker/server/clanker")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "build clanker: %s", out)
	require.NoError(t, os.Chmod(i.clanker, 0o755))
	i.port, i.page = freePorts(t) // not before the build: until the workspace starts they are everybody's
	write(t, i.config, fmt.Sprintf("listen: 127.0.0.1:%s\noperators: {listen: 'localhost:%s', users: [mail]}\nagents: {users: [games]}\nstate: %s\npolicies: {dir: %s}\nkubernetes: {kubeconfig: %s}\n",
		i.port, i.page, i.state, i.policies, i.kubeconfig), 0o644)
	return i
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	require.NoError(t, os.Chmod(path, mode))
}

func freePorts(t *testing.T) (one, other string) {
	t.Helper()
	for _, port := range []*string{&one, &other} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = l.Close() }()
		_, *port, err = net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
	}
	return one, other
}

// as is clanker, run by a user.
func (i installation) as(uid uint32, arguments ...string) *exec.Cmd {
	home := filepath.Join(i.root, "own")
	if uid != workspaceUser {
		home = "/nonexistent"
	}
	cmd := exec.Command(i.clanker, arguments...)
	cmd.Env, cmd.Dir = []string{"HOME=" + home, "PATH=/usr/local/bin:/usr/bin:/bin", "CLANKER_CONFIG=" + i.config}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return cmd
}

func (i installation) serve(t *testing.T) {
	t.Helper()
	cmd := i.as(workspaceUser, "mcp")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stderr)
	var said []string
	for lines.Scan() && !strings.Contains(lines.Text(), "register:") {
		said = append(said, lines.Text())
	}
	require.Contains(t, strings.Join(said, "\n"), "listening on http://127.0.0.1:"+i.port)
	ended := make(chan error, 1)
	go func() {
		for lines.Scan() { // read on, or it would wait for us
			t.Log(lines.Text())
		}
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, <-ended)
	})
}

// report is what "clanker doctor --isolation" says to a user.
type report struct {
	Isolation struct {
		Tier      string
		Workspace isolation.User
		Checks    []isolation.Check
	}
}

func (r report) check(t *testing.T, id string) isolation.Check {
	t.Helper()
	i := slices.IndexFunc(r.Isolation.Checks, func(c isolation.Check) bool { return c.ID == id })
	require.GreaterOrEqual(t, i, 0, id)
	return r.Isolation.Checks[i]
}

func (i installation) doctor(t *testing.T, uid uint32, more ...string) report {
	t.Helper()
	out, err := i.as(uid, append([]string{"doctor", "--isolation", "--output", "json"}, more...)...).Output()
	require.NoError(t, err, "%s", out)
	var r report
	require.NoError(t, json.Unmarshal(out, &r))
	return r
}

// A workspace with a user of its own is T3 for agents and operators; each thing that is loosened takes that, and is named.
func TestSeparateUser(t *testing.T) {
	i := install(t)
	i.serve(t)
	r := i.doctor(t, agentUser, "--require", "T3")
	assert.Equal(t, "T3", r.Isolation.Tier)
	assert.Equal(t, "daemon", r.Isolation.Workspace.Name)
	assert.Equal(t, "the agents' listener lets you in; the operator page refuses you", r.check(t, "listeners").What)
	operator := i.doctor(t, operatorUser)
	assert.Equal(t, "T3", operator.Isolation.Tier)
	assert.Equal(t, "the agents' listener refuses you; the operator page lets you in, where a signature is what counts", operator.check(t, "listeners").What)
	own := i.doctor(t, workspaceUser)
	assert.Equal(t, "T0", own.Isolation.Tier)
	assert.Contains(t, own.check(t, "user").What, "as you do")
	assert.Equal(t, isolation.Weak, own.check(t, "memory").Result)

	for _, loose := range []struct {
		path        string
		mode        os.FileMode
		check, says string
	}{
		{filepath.Dir(i.kubeconfig), 0o755, "", ""}, // alone it opens nothing: the file has mode 0600
		{i.state, 0o755, "state", i.state + " can be read"},
		{i.policies, 0o777, "policies", i.policies + " is writable"},
		{i.config, 0o646, "", ""}, // refused when it is read, see below
		{filepath.Dir(i.clanker), 0o777, "programs", filepath.Dir(i.clanker) + " is writable, and with it " + i.clanker},
		{i.root, 0o777, "state", i.root + " is writable, and with it " + i.state},
	} {
		was, err := os.Stat(loose.path)
		require.NoError(t, err)
		require.NoError(t, os.Chmod(loose.path, loose.mode))
		switch {
		case loose.path == i.config:
			out, err := i.as(agentUser, "doctor", "--isolation").CombinedOutput()
			require.Error(t, err)
			assert.Contains(t, string(out), "others than its owner may write it")
		case loose.check == "":
			assert.Equal(t, "T3", i.doctor(t, agentUser).Isolation.Tier, loose.path)
		default:
			r := i.doctor(t, agentUser)
			assert.Equal(t, "T0", r.Isolation.Tier, loose.path)
			assert.Equal(t, isolation.Weak, r.check(t, loose.check).Result, loose.path)
			assert.Contains(t, r.check(t, loose.check).What, loose.says)
			out, err := i.as(agentUser, "doctor", "--isolation", "--require", "T3").CombinedOutput()
			assert.Error(t, err, "%s", out)
		}
		require.NoError(t, os.Chmod(loose.path, was.Mode().Perm()))
	}
	// A sudo that asks nothing, and a group that reads the disks.
	fake := filepath.Join(i.root, "bin", "sudo")
	write(t, fake, "#!/bin/sh\nexit 0\n", 0o755)
	powerful := i.as(agentUser, "doctor", "--isolation")
	powerful.Env = append(powerful.Env, "PATH="+filepath.Dir(fake)+":/bin")
	powerful.SysProcAttr.Credential.Groups = []uint32{diskGroup}
	out, err := powerful.CombinedOutput()
	require.NoError(t, err)
	assert.Contains(t, string(out), "sudo asks for no password; sudo -u daemon asks for no password; you are in the group disk")
	assert.True(t, strings.HasPrefix(string(out), "T0 "), "%s", out)

	require.NoError(t, os.Chmod(filepath.Dir(i.kubeconfig), 0o755))
	require.NoError(t, os.Chmod(i.kubeconfig, 0o644))
	r = i.doctor(t, agentUser)
	assert.Equal(t, "T0", r.Isolation.Tier)
	assert.Equal(t, "credentials are in your reach: "+i.kubeconfig, r.check(t, "credentials").What)
}
