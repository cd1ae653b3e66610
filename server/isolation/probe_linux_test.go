package isolation

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:99E1 00000000:0000 0A 00000000:00000000 00:00000000 00000000   990        0 5852110 2 00000000169df680 100 0 0 10 0
   1: 0100007F:99E2 0100007F:0050 01 00000000:00000000 00:00000000 00000000  1000        0 5852111 2 00000000169df680 100 0 0 10 0
   2: 00000000000000000000000001000000:99E3 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     5        0 1
   3: nonsense:99E4 00000000:0000 0A 00000000:00000000 00:00000000 00000000   990        0 1
   4: 0100007F:99E5 00000000:0000 0A 00000000:00000000 00:00000000 00000000
`

func TestListeners(t *testing.T) {
	t.Parallel()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Log("the table is one of a little-endian machine")
		return
	}
	assert.Equal(t, []socket{{netip.MustParseAddrPort("127.0.0.1:39393"), 990}, {netip.MustParseAddrPort("[::1]:39395"), 5}}, listeners(table))
}

func FuzzListeners(f *testing.F) {
	f.Add(table)
	f.Fuzz(func(t *testing.T, table string) {
		for _, s := range listeners(table) {
			assert.True(t, s.at.IsValid())
		}
	})
}

// Whoever listens is found at the address that is asked for, and nobody at others.
func TestListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	uid, ok := listens("localhost:1", "localhost:"+port)
	assert.True(t, ok)
	assert.Equal(t, os.Geteuid(), uid)
	for _, address := range []string{"localhost:1", "", "localhost:x", "localhost"} {
		_, ok = listens(address)
		assert.False(t, ok, address)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	assert.Equal(t, status{"clanker", 990, No}, statusOf("Name:\tclanker\nUid:\t0\t990\t0\t990\nNoNewPrivs:\t1\n"))
	assert.Equal(t, status{"clanker", 0, Yes}, statusOf("Name:\tclanker\nUid:\t0\t0\t0\t0\nNoNewPrivs:\t0\n"))
	assert.Equal(t, status{"", -1, Unknown}, statusOf("Uid:\tx\nnonsense"))
	assert.True(t, named("isolation.test-", "/tmp/isolation.test-of-this"))
	assert.True(t, named("clanker", "/tmp/other"))
	assert.False(t, named("sshd", "/tmp/clanker"))
}

func TestLogin(t *testing.T) {
	t.Parallel()
	passwd := "root:x:0:0:root:/root:/bin/bash\nclanker:x:990:990::/var/lib/clanker:/usr/sbin/nologin\nold:x:991:991::/:/bin/false\nodd:x:992:992::/:\nbroken:x:993\n"
	for uid, want := range map[int]Answer{0: Yes, 990: No, 991: No, 992: Yes, 993: Unknown, 1: Unknown} {
		assert.Equal(t, want, loginIn(passwd, uid), uid)
	}
}

// Our own memory can be read, and the program is the one that runs.
func TestOwnProcess(t *testing.T) {
	t.Parallel()
	own, err := os.Executable()
	require.NoError(t, err)
	folder := filepath.Join("/proc", strconv.Itoa(os.Getpid()))
	assert.Equal(t, Yes, tryMemory(folder))
	assert.Equal(t, own, programOf(folder))
	assert.Equal(t, No, tryMemory("/proc/nobody"))
	assert.Empty(t, programOf("/proc/nobody"))
}
