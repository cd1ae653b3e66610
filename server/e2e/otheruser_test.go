//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// otherUser connects as somebody else on this machine: the workspace hangs up and says so in its log, and goes on serving
// its own user.
func otherUser(t *testing.T, p program) {
	counted := newProvider(t)
	s := p.serve(t, counted.kubeconfig)
	bare := newUnguarded(t, nil)
	assert.Contains(t, strangerSends(t, bare.url, healthCall), "HTTP/1.1 200", "mcp-go alone answers, or this test proves nothing")
	assert.EqualValues(t, 1, bare.ran.Load())

	assert.Empty(t, strangerSends(t, s.url, healthCall), "nothing is said to another user")
	assert.Zero(t, counted.asked.Load(), "the call ran")
	eventually(t, patience, func() (bool, string) {
		return strings.Contains(s.log.String(), "uid 65534, another user"), s.log.String()
	})
	s.ask(t, everything)
	assert.Positive(t, counted.asked.Load())
}

// strangerSends posts a message as uid 65534 and returns what comes back.
func strangerSends(t *testing.T, url, message string) string {
	t.Helper()
	script := fmt.Sprintf(`exec 3<>/dev/tcp/127.0.0.1/%s && printf %%s "$1" >&3 && cat <&3`, port(t, url))
	arguments := []string{"-c", script, "bash", request(address(t, url), message, "Connection: close")}
	command := exec.CommandContext(t.Context(), "bash", arguments...)
	if os.Geteuid() == 0 {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	} else {
		out, err := exec.Command("sudo", "-n", "-u", "#65534", "true").CombinedOutput()
		require.NoError(t, err, "this test needs a second user: run it as root, or as somebody who may sudo without a password: %s", out)
		command = exec.CommandContext(t.Context(), "sudo", append([]string{"-n", "-u", "#65534", "bash"}, arguments...)...)
	}
	command.Dir, command.WaitDelay = "/", time.Second
	said, _ := command.Output() // being hung up on is an error to bash
	return string(said)
}
