package sockdiag

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// The layout of struct nlmsghdr, inet_diag_req_v2 and inet_diag_msg (linux/netlink.h, linux/inet_diag.h). Lengths,
// counts and the header are in the machine's byte order, ports and addresses in the network's.
const (
	headerLen = 16
	queryLen  = headerLen + 8 + endsLen
	endsLen   = 48 // struct inet_diag_sockid
	socketLen = 4 + endsLen + 20

	diagInfo      = 2 // INET_DIAG_INFO
	infoExtension = 1 << (diagInfo - 1)
	bytesReceived = 128 // the offset of tcpi_bytes_received in struct tcp_info (linux/tcp.h)
)

var native = binary.NativeEndian

func encodeQuery(b *[queryLen]byte, seq uint32, flags uint16, family, extensions uint8, states uint32, local, remote netip.AddrPort) {
	clear(b[:])
	native.PutUint32(b[0:], queryLen)
	native.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	native.PutUint16(b[6:], flags)
	native.PutUint32(b[8:], seq)
	b[16], b[17], b[18] = family, unix.IPPROTO_TCP, extensions
	native.PutUint32(b[20:], states)
	ends := b[24:]
	binary.BigEndian.PutUint16(ends[0:], local.Port())
	binary.BigEndian.PutUint16(ends[2:], remote.Port())
	putAddr(ends[4:20], local.Addr())
	putAddr(ends[20:36], remote.Addr())
	for i := 40; i < endsLen; i++ {
		ends[i] = 0xff // INET_DIAG_NOCOOKIE
	}
}

func putAddr(b []byte, a netip.Addr) {
	switch {
	case a.Is4():
		four := a.As4()
		copy(b, four[:])
	case a.Is6():
		sixteen := a.As16()
		copy(b, sixteen[:])
	}
}

// A message is one netlink message of an answer.
type message struct {
	kind uint16
	seq  uint32
	body []byte
}

// messages walks the netlink messages in one datagram.
func messages(b []byte) func(yield func(message) bool) {
	return func(yield func(message) bool) {
		for len(b) >= headerLen {
			n := int(native.Uint32(b))
			if n < headerLen || n > len(b) {
				return
			}
			if !yield(message{native.Uint16(b[4:]), native.Uint32(b[8:]), b[headerLen:n]}) {
				return
			}
			b = b[min((n+3)&^3, len(b)):]
		}
	}
}

// err is the error the message carries, if any: of NLMSG_ERROR, or of NLMSG_DONE for a dump that failed.
func (m message) err() error {
	switch m.kind {
	case unix.SOCK_DIAG_BY_FAMILY:
		if len(m.body) < socketLen {
			return fmt.Errorf("an answer of %d bytes, expected %d", len(m.body), socketLen)
		}
		return nil
	case unix.NLMSG_ERROR, unix.NLMSG_DONE:
		if len(m.body) < 4 {
			return nil
		}
		if code := int32(native.Uint32(m.body)); code < 0 {
			return unix.Errno(-code)
		}
		return nil
	}
	return fmt.Errorf("an answer of netlink type %d, expected %d", m.kind, unix.SOCK_DIAG_BY_FAMILY)
}

// received reads struct tcp_info's count of bytes from the attributes behind the message.
func (m message) received() uint64 {
	for b := m.body[socketLen:]; len(b) >= unix.SizeofRtAttr; {
		n := int(native.Uint16(b))
		if n < unix.SizeofRtAttr || n > len(b) {
			return 0
		}
		if native.Uint16(b[2:]) == diagInfo && n >= unix.SizeofRtAttr+bytesReceived+8 {
			return native.Uint64(b[unix.SizeofRtAttr+bytesReceived:])
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return 0
}

// socket reads struct inet_diag_msg.
func (m message) socket() Socket {
	b := m.body
	addr := func(b []byte) netip.Addr {
		if m.body[0] == unix.AF_INET {
			return netip.AddrFrom4([4]byte(b))
		}
		return netip.AddrFrom16([16]byte(b)).Unmap()
	}
	ends, counts := b[4:4+endsLen], b[4+endsLen:]
	return Socket{
		State:  State(b[1]),
		Local:  netip.AddrPortFrom(addr(ends[4:20]), binary.BigEndian.Uint16(ends[0:])),
		Remote: netip.AddrPortFrom(addr(ends[20:36]), binary.BigEndian.Uint16(ends[2:])),
		Unread: native.Uint32(counts[4:]),
		Unsent: native.Uint32(counts[8:]),
		Inode:  native.Uint32(counts[16:]),

		Received: m.received(),
	}
}
