//go:build e2e

package peer

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain also makes this binary the program that another user runs: "as-other connect TO FROM" says hello and prints
// what it is told, "as-other listen" prints where it listens and what the first caller says.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "as-other" {
		if err := asOther(os.Args[2:]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func asOther(args []string) error {
	if args[0] == "listen" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println(l.Addr())
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		_, err = io.Copy(os.Stdout, conn)
		return err
	}
	from, err := netip.ParseAddrPort(args[2])
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(from)}).Dial("tcp", args[1])
	if err != nil {
		return err
	}
	_, _ = io.WriteString(conn, "hello") // may be too late: then the read says so
	_, err = io.Copy(os.Stdout, conn)
	return err
}

// other returns a command of this binary that runs as another user than the test, uid 65534.
func other(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "clanker-peer-") // of t.TempDir the other user could not read anything
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	program := filepath.Join(dir, "other")
	require.NoError(t, os.WriteFile(program, self, 0o755))
	args = append([]string{"as-other"}, args...)
	if os.Geteuid() == 0 {
		cmd := exec.Command(program, args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return cmd
	}
	sudo := []string{"-n", "-u", "#65534", "--"}
	if out, err := exec.Command("sudo", append(sudo, "true")...).CombinedOutput(); err != nil {
		t.Fatalf("NOT TESTED: this needs a second user: run it as root, or as somebody who may sudo without a password (sudo -n: %v %s)", err, out)
	}
	return exec.Command("sudo", append(append(sudo, program), args...)...)
}

// Another user of this machine is closed out, whatever address and port it comes from, while our own are served.
func TestAnotherUserIsRefused(t *testing.T) {
	for _, family := range []struct{ listen, plain, odd string }{
		{"127.0.0.1:0", "127.0.0.1:0", "127.0.0.2"},
		{"[::1]:0", "[::1]:0", ""},
	} {
		inner, err := net.Listen("tcp", family.listen)
		require.NoError(t, err)
		refusals := make(chan error, 10)
		l := Listen(inner, SameUser, func(_ net.Addr, reason error) { refusals <- reason })
		defer func() { _ = l.Close() }()
		own := dial(t, l)
		served, err := l.Accept()
		require.NoError(t, err)
		froms := []string{family.plain}
		if family.odd != "" { // the port of a connection that is let in, on another address
			_, port, err := net.SplitHostPort(own.LocalAddr().String())
			require.NoError(t, err)
			froms = append(froms, net.JoinHostPort(family.odd, port))
		}
		for _, from := range froms {
			said, _ := other(t, "connect", l.Addr().String(), from).Output() // closed, or reset: both end it
			assert.NotContains(t, string(said), "served")
			assert.ErrorContains(t, <-refusals, "uid 65534, another user", from)
		}
		_, err = io.WriteString(served, "served")
		require.NoError(t, err, "our own connection is still there")
		require.NoError(t, served.Close())
	}
}

// The lookup itself tells the uid, and not that of whoever has the same port on another address.
func TestTheOwnerIsTheOtherUser(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	own := dial(t, l)
	served, err := l.Accept()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(own.LocalAddr().String())
	require.NoError(t, err)
	stranger := other(t, "connect", l.Addr().String(), "127.0.0.2:"+port)
	require.NoError(t, stranger.Start())
	theirs, err := l.Accept()
	require.NoError(t, err)
	for conn, want := range map[net.Conn]int{served: os.Geteuid(), theirs: 65534} {
		uid, err := Owner(conn)
		require.NoError(t, err)
		assert.Equal(t, want, uid)
		require.NoError(t, conn.Close())
	}
	_ = stranger.Wait() // how it takes being closed is its own affair
}

// Who took the port of a workspace that is gone is not told anything.
func TestDialRefusesAnotherUsersListener(t *testing.T) {
	squatter := other(t, "listen")
	stdout, err := squatter.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, squatter.Start())
	heard := bufio.NewReader(stdout)
	addr, err := heard.ReadString('\n')
	require.NoError(t, err)
	_, err = Dial(t.Context(), "tcp", strings.TrimSpace(addr))
	require.ErrorContains(t, err, "uid 65534, another user")
	told, err := io.ReadAll(heard)
	require.NoError(t, err)
	assert.Empty(t, string(told))
	require.NoError(t, squatter.Wait())
}
