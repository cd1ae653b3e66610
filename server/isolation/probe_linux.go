package isolation

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// listens returns who listens on the first of the addresses on which somebody does. The kernel tells, so nobody can pose as
// somebody else, but for who takes the port of a workspace that does not run.
func listens(addresses ...string) (uid int, ok bool) {
	var table []socket
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(name)
		if err == nil {
			table = append(table, listeners(string(text))...)
		}
	}
	for _, address := range addresses {
		for _, ip := range [...]string{"127.0.0.1", "::1"} {
			_, port, err := net.SplitHostPort(address)
			at, bad := netip.ParseAddrPort(net.JoinHostPort(ip, port))
			if err != nil || bad != nil {
				continue
			}
			i := slices.IndexFunc(table, func(s socket) bool { return s.at == at })
			if i >= 0 {
				return table[i].uid, true
			}
		}
	}
	return 0, false
}

// socket is one that listens.
type socket struct {
	at  netip.AddrPort
	uid int
}

// listeners reads a table as in /proc/net/tcp: "0: 0100007F:99E1 00000000:0000 0A ... uid ...". What it does not understand it
// passes over.
func listeners(table string) []socket {
	var found []socket
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[3] != "0A" {
			continue
		}
		at, err := address(fields[1])
		uid, bad := strconv.Atoi(fields[7])
		if err == nil && bad == nil {
			found = append(found, socket{at, uid})
		}
	}
	return found
}

// address reads "0100007F:99E1": words of the machine's byte order, then the port.
func address(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for word := range slices.Chunk(raw, 4) {
		if len(word) == 4 {
			binary.BigEndian.PutUint32(word, binary.NativeEndian.Uint32(word))
		}
	}
	ip, ok := netip.AddrFromSlice(raw)
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil || !ok {
		return netip.AddrPort{}, fmt.Errorf("%q is no address", text)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
}

// process is one of the workspace's.
type process struct {
	program              string // absolute; empty when it cannot be told
	readable, privileges Answer
}

// processes are those of the user that listens which run this program, or are told to serve.
func (f *Facts) processes() []process {
	if f.Workspace == nil {
		return nil
	}
	own, _ := os.Executable() // none is no process's
	folders, _ := filepath.Glob("/proc/[0-9]*")
	var found []process
	for _, folder := range folders {
		status, err := os.ReadFile(filepath.Join(folder, "status"))
		if err != nil || folder == "/proc/"+strconv.Itoa(os.Getpid()) {
			continue
		}
		state := statusOf(string(status))
		if state.uid != f.Workspace.UID || !named(state.name, own) && !slices.Contains(arguments(folder), "mcp") {
			continue
		}
		found = append(found, process{programOf(folder), tryMemory(folder), state.privileges})
	}
	return found
}

// named reports whether a process is called as a program is, of which the kernel keeps 15 bytes.
func named(process, program string) bool {
	base := filepath.Base(program)
	return process == "clanker" || process == base[:min(len(base), 15)]
}

type status struct {
	name       string
	uid        int
	privileges Answer
}

// statusOf reads /proc/PID/status.
func statusOf(text string) status {
	s := status{uid: -1}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "Name":
			s.name = value
		case "Uid": // real, effective, saved, of the file system
			if fields := strings.Fields(value); len(fields) == 4 {
				if uid, err := strconv.Atoi(fields[1]); err == nil {
					s.uid = uid
				}
			}
		case "NoNewPrivs":
			s.privileges = answer(value == "0")
		}
	}
	return s
}

// programOf is what a process runs: as the kernel says, else as it was called, if that is a whole path.
func programOf(folder string) string {
	if path, err := os.Readlink(filepath.Join(folder, "exe")); err == nil {
		return strings.TrimSuffix(path, " (deleted)")
	}
	if program := arguments(folder)[0]; filepath.IsAbs(program) {
		return program
	}
	return ""
}

// arguments are how a process was called, at least one of them; an empty one when that cannot be told.
func arguments(folder string) []string {
	line, _ := os.ReadFile(filepath.Join(folder, "cmdline")) // it may have ended
	return strings.Split(string(line), "\x00")
}

// tryMemory opens what a debugger reads.
func tryMemory(folder string) Answer {
	readable := No
	for _, name := range [...]string{"mem", "environ"} {
		if file, err := os.Open(filepath.Join(folder, name)); err == nil {
			readable = Yes
			_ = file.Close()
		}
	}
	return readable
}

func ptraceScope() string {
	text, _ := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope") // kernels without Yama have none
	return strings.TrimSpace(string(text))
}

// contained reports whether this process says it is in a container.
func contained() bool { return exists("/run/.containerenv") || exists("/.dockerenv") }

// login reports whether a user has a shell to sign in with, as /etc/passwd says; of users from elsewhere it cannot be told.
func login(uid int) Answer {
	text, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return Unknown
	}
	return loginIn(string(text), uid)
}

func loginIn(passwd string, uid int) Answer {
	for line := range strings.Lines(passwd) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) == 7 && fields[2] == strconv.Itoa(uid) {
			shell := filepath.Base(fields[6])
			return answer(shell != "nologin" && shell != "false")
		}
	}
	return Unknown
}

// engines are sockets over which whoever may write to them becomes root.
var engines = [...]string{"/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock", "/run/incus/unix.socket", "/var/lib/incus/unix.socket", "/var/lib/lxd/unix.socket",
	"/var/snap/lxd/common/lxd/unix.socket", "/run/libvirt/libvirt-sock", "/run/crio/crio.sock"}

// groups are those whose members become root, or read all disks.
var groups = [...]string{"docker", "lxd", "incus-admin", "disk", "kmem", "shadow"}

// rootWays tries to become root, or the workspace's user, without a password.
func rootWays(ctx context.Context, workspace *User) []string {
	var ways []string
	if os.Geteuid() == 0 {
		return nil // and said elsewhere
	}
	if sudo(ctx, "root") {
		ways = append(ways, "sudo asks for no password")
	}
	if workspace != nil && workspace.UID != os.Geteuid() && sudo(ctx, "#"+strconv.Itoa(workspace.UID)) {
		ways = append(ways, "sudo -u "+workspace.Name+" asks for no password")
	}
	for _, path := range engines {
		if unix.Access(path, unix.W_OK) == nil {
			ways = append(ways, path+" is writable")
		}
	}
	return append(ways, memberships()...)
}

func sudo(ctx context.Context, who string) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return exec.CommandContext(ctx, "sudo", "-n", "-u", who, "true").Run() == nil //nolint:gosec // who is a number
}

func memberships() []string {
	gids, _ := os.Getgroups() // it fails where there are none
	var found []string
	for _, gid := range append(gids, os.Getegid()) {
		g, err := user.LookupGroupId(strconv.Itoa(gid))
		if err == nil && slices.Contains(groups[:], g.Name) {
			found = append(found, "you are in the group "+g.Name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
