package peer

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// connected returns both ends of a new connection.
func connected(t testing.TB, addr string) (client, served *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	s, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = c.Close(), s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

func TestBothEndsOfAConnectionAreOurs(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "127.3.2.1:0", "[::1]:0"} {
		client, served := connected(t, addr)
		for _, end := range []net.Conn{client, served} {
			uid, err := Owner(end)
			require.NoError(t, err, addr)
			assert.Equal(t, os.Geteuid(), uid)
			assert.True(t, SameUser(uid))
		}
	}
	assert.NoError(t, Supported())
}

// A program may speak IPv4 through an IPv6 socket, and listen on both through one.
func TestIPv4InIPv6(t *testing.T) {
	both, err := net.Listen("tcp", "[::]:0")
	require.NoError(t, err)
	defer func() { _ = both.Close() }()
	fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	defer func() { _ = syscall.Close(fd) }()
	mapped := netip.MustParseAddr("::ffff:127.0.0.1").As16()
	require.NoError(t, syscall.Connect(fd, &syscall.SockaddrInet6{Addr: mapped, Port: both.Addr().(*net.TCPAddr).Port}))
	served, err := both.Accept()
	require.NoError(t, err)
	defer func() { _ = served.Close() }()
	uid, err := Owner(served)
	require.NoError(t, err)
	assert.Equal(t, os.Geteuid(), uid)
}

func TestNobodyIsTheSameUserAsNobody(t *testing.T) {
	assert.False(t, SameUser(overflowUID))
	assert.False(t, SameUser(os.Geteuid()+1))
}

func TestWhoHasHungUpHasNoOwner(t *testing.T) {
	client, served := connected(t, "127.0.0.1:0")
	require.NoError(t, client.CloseWrite())
	_, err := Owner(served)
	require.NoError(t, err, "it has said all it wants to, and listens")
	require.NoError(t, client.Close())
	_, err = Owner(served)
	assert.ErrorIs(t, err, ErrNoOwner)
}

// The kernel's lookup falls back to whoever listens on the port of a connection that is gone.
func TestThePortOfWhoHasHungUpIsSomebodyElses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 9, 8, 7)}} // no outgoing connection gets its ports
	client, err := from.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	served, err := l.Accept()
	require.NoError(t, err)
	defer func() { _ = served.Close() }()
	require.NoError(t, client.(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
	next, err := net.Listen("tcp", client.LocalAddr().String())
	require.NoError(t, err)
	defer func() { _ = next.Close() }()
	_, err = Owner(served)
	assert.ErrorIs(t, err, ErrNoOwner)
}

func TestWhatIsNotAcceptedHasNoOwner(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	client, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	_, err = Owner(client)
	require.ErrorIs(t, err, ErrNoOwner)
	served, err := l.Accept()
	require.NoError(t, err)
	defer func() { _ = served.Close() }()
	_, err = Owner(client)
	assert.NoError(t, err)
}

func TestOtherConnectionsHaveNoOwner(t *testing.T) {
	one, other := net.Pipe()
	defer func() { _, _ = one.Close(), other.Close() }()
	_, err := Owner(one)
	assert.ErrorContains(t, err, "only TCP connections")
}

func TestAnswersOfTheKernel(t *testing.T) {
	bound, to := netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:39393")
	good := reply(syscall.AF_INET, established, bound, to, 1000, 7)
	uid, err := answer(good, bound, to)
	require.NoError(t, err)
	assert.Equal(t, 1000, uid)
	mapped := func(a netip.AddrPort) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())
	}
	uid, err = answer(reply(syscall.AF_INET6, finWait2, mapped(bound), mapped(to), 1000, 7), bound, to)
	require.NoError(t, err)
	assert.Equal(t, 1000, uid)
	other := netip.MustParseAddrPort("127.0.0.2:40000")
	for says, raw := range map[string][]byte{
		"no process: listens":        reply(syscall.AF_INET, 10, bound, to, 1000, 7),
		"no process: time wait":      reply(syscall.AF_INET, 6, bound, to, 0, 0),
		"no process: connecting":     reply(syscall.AF_INET, 2, bound, to, 1000, 7),
		"no process: no inode":       reply(syscall.AF_INET, established, bound, to, 0, 0),
		"no process: other address":  reply(syscall.AF_INET, established, other, to, 1000, 7),
		"no process: other way":      reply(syscall.AF_INET, established, to, bound, 1000, 7),
		"no process: ENOENT":         fault(syscall.ENOENT),
		"operation not permitted":    fault(syscall.EPERM),
		"0 bytes that are no answer": nil,
		"8 bytes that are no answer": good[:8],
		"type 20 and 4 bytes":        message(sockDiagByFamily, good[16:20]),
		"type 3 and":                 message(syscall.NLMSG_DONE, good[16:]),
	} {
		_, err := answer(raw, bound, to)
		if says[:2] == "no" {
			assert.ErrorIs(t, err, ErrNoOwner, says)
		} else {
			assert.ErrorContains(t, err, says)
			assert.NotErrorIs(t, err, ErrNoOwner)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	bound, to := netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:39393")
	f.Add(reply(syscall.AF_INET, established, bound, to, 1000, 7))
	f.Add(reply(syscall.AF_INET6, established, bound, to, 1000, 7))
	f.Add(fault(syscall.ENOENT))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := answer(raw, bound, to); err == nil {
			assert.Contains(t, string(raw), string(id(bound, to)[:4]), "only an answer that names the ports counts")
		}
	})
}

func BenchmarkOwner(b *testing.B) {
	for name, others := range map[string]int{"alone": 0, "among5000": 5000} {
		b.Run(name, func(b *testing.B) {
			_, served := connected(b, "127.0.0.1:0")
			for range others / 2 { // each connection is two sockets
				connected(b, "127.0.0.1:0")
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Owner(served); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
