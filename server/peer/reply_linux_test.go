package peer

import (
	"encoding/binary"
	"net/netip"
	"syscall"
)

// reply is what the kernel says about a socket.
func reply(family, state byte, bound, connected netip.AddrPort, uid, inode uint32) []byte {
	b := append([]byte{family, state, 0, 0}, id(bound, connected)...)
	for _, counter := range []uint32{0, 0xcafe, 0xcafe, 0, 0, 0, uid, inode} { // interface, cookie, expires, rqueue, wqueue
		b = binary.NativeEndian.AppendUint32(b, counter)
	}
	return message(sockDiagByFamily, b)
}

// fault is how the kernel says that it will not.
func fault(errno syscall.Errno) []byte {
	return message(syscall.NLMSG_ERROR, binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno))))
}

func message(kind uint16, data []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(syscall.NLMSG_HDRLEN+len(data)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	return append(binary.NativeEndian.AppendUint16(b, 0), append(make([]byte, 8), data...)...)
}
