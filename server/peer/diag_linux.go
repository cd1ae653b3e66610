package peer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
)

// asks says that this system is asked who holds the other end.
const asks = true

// What linux/sock_diag.h, linux/inet_diag.h and net/tcp_states.h call NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, TCP_ESTABLISHED
// and so on; package syscall does not have them.
const (
	sockDiag         = 4
	sockDiagByFamily = 20

	established, finWait1, finWait2 = 1, 4, 5 // the states in which the other end can still be spoken to

	idSize      = 2 + 2 + 16 + 16 + 4 + 8               // inet_diag_sockid: ports, addresses, interface, cookie
	requestSize = syscall.NLMSG_HDRLEN + 4 + 4 + idSize // inet_diag_req_v2
	replySize   = 4 + idSize + 5*4                      // inet_diag_msg: family and state, id, expires, rqueue, wqueue, uid, inode
)

// owner returns who holds the socket that is bound to one address and connected to the other.
func owner(bound, connected netip.AddrPort) (uid int, err error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, sockDiag)
	if err != nil {
		return 0, fmt.Errorf("ask the kernel: %w", os.NewSyscallError("socket", err))
	}
	defer func() { err = errors.Join(err, syscall.Close(fd)) }()
	// The answer is there when the question has been sent; a kernel for which that does not hold must not keep us.
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: 1}); err != nil {
		return 0, fmt.Errorf("ask the kernel: %w", os.NewSyscallError("setsockopt", err))
	}
	if err := syscall.Sendto(fd, question(bound, connected), 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return 0, fmt.Errorf("ask the kernel: %w", os.NewSyscallError("sendto", err))
	}
	buffer := make([]byte, 1024)
	n, from, err := syscall.Recvfrom(fd, buffer, 0)
	if err != nil {
		return 0, fmt.Errorf("ask the kernel: %w", os.NewSyscallError("recvfrom", err))
	}
	if kernel, ok := from.(*syscall.SockaddrNetlink); !ok || kernel.Pid != 0 {
		return 0, errors.New("ask the kernel: somebody else answered")
	}
	return answer(buffer[:n], bound, connected)
}

// question is the message that asks for exactly one socket.
func question(bound, connected netip.AddrPort) []byte {
	family := byte(syscall.AF_INET6)
	if bound.Addr().Is4() {
		family = syscall.AF_INET
	}
	native := binary.NativeEndian
	b := native.AppendUint32(make([]byte, 0, requestSize), requestSize)
	b = native.AppendUint16(b, sockDiagByFamily)
	b = native.AppendUint16(b, syscall.NLM_F_REQUEST)
	b = native.AppendUint64(b, 0)                    // sequence number, port id: one question for each socket
	b = append(b, family, syscall.IPPROTO_TCP, 0, 0) // no extensions, padding
	b = native.AppendUint32(b, 1<<32-1)              // any state: looked at in the answer
	b = append(b, id(bound, connected)...)           // the socket
	b = native.AppendUint32(b, 0)                    // on any interface
	return native.AppendUint64(b, 1<<64-1)           // with any cookie
}

// id spells two addresses as the kernel does: in network order, IPv4 in the first four of sixteen bytes.
func id(bound, connected netip.AddrPort) []byte {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, idSize), bound.Port())
	b = binary.BigEndian.AppendUint16(b, connected.Port())
	for _, addr := range []netip.Addr{bound.Addr(), connected.Addr()} {
		var padded [16]byte
		copy(padded[:], addr.AsSlice())
		b = append(b, padded[:]...)
	}
	return b
}

// answer reads what the kernel says about the socket.
func answer(raw []byte, bound, connected netip.AddrPort) (uid int, err error) {
	messages, err := syscall.ParseNetlinkMessage(raw)
	if err != nil || len(messages) == 0 {
		return 0, fmt.Errorf("ask the kernel: %d bytes that are no answer", len(raw))
	}
	kind, data := messages[0].Header.Type, messages[0].Data
	native := binary.NativeEndian
	switch {
	case kind == syscall.NLMSG_ERROR && len(data) >= 4:
		if errno := syscall.Errno(-int32(native.Uint32(data))); errno != syscall.ENOENT {
			return 0, fmt.Errorf("ask the kernel: %w", errno)
		}
		return 0, ErrNoOwner
	case kind != sockDiagByFamily || len(data) < replySize:
		return 0, fmt.Errorf("ask the kernel: an answer of type %d and %d bytes, which is no socket", kind, len(data))
	}
	state, counters := data[1], data[4+idSize:]
	inode := native.Uint32(counters[16:])
	alive := state == established || state == finWait1 || state == finWait2
	if !alive || inode == 0 || !names(data, bound, connected) {
		return 0, ErrNoOwner
	}
	return int(native.Uint32(counters[12:])), nil
}

// names reports whether the answer is about this socket. An IPv6 socket that speaks IPv4 has mapped addresses.
func names(data []byte, bound, connected netip.AddrPort) bool {
	family, at := data[0], data[4:]
	read := func(port, addr []byte) netip.AddrPort {
		size := 16
		if family == syscall.AF_INET {
			size = 4
		}
		a, _ := netip.AddrFromSlice(addr[:size])
		return netip.AddrPortFrom(a.Unmap(), binary.BigEndian.Uint16(port))
	}
	return read(at[0:], at[4:]) == bound && read(at[2:], at[20:]) == connected
}
