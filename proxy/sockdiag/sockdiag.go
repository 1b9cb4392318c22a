// Package sockdiag asks the kernel about the TCP sockets of this machine, those of other processes included: what is
// established, what listens, and how much has arrived and not been read.
//
// It speaks Linux's NETLINK_SOCK_DIAG (sock_diag(7)) over a netlink socket that is kept open, since opening one for each
// question costs two hundred times as much as the question. It sees the network namespace it was opened in, and needs no
// privilege. Elsewhere [Open] returns [ErrUnsupported].
package sockdiag

import (
	"errors"
	"fmt"
	"net/netip"
)

// ErrUnsupported is returned by [Open] where the system cannot answer: not Linux, or a kernel without inet_diag.
// errors.Is(err, errors.ErrUnsupported) holds too.
var ErrUnsupported = fmt.Errorf("sockdiag: no TCP socket diagnosis on this system: %w", errors.ErrUnsupported)

// A Socket is one TCP socket as the kernel saw it at one moment.
type Socket struct {
	State  State
	Local  netip.AddrPort // a v4-mapped address is given as IPv4
	Remote netip.AddrPort // port 0 if there is none

	// Unread is the number of bytes that arrived and were not read; a FIN counts as one until it has been read. Of a
	// listening socket it is the number of connections waiting to be accepted.
	Unread uint32

	// Unsent is the number of bytes written and not yet acknowledged by the peer's kernel; a FIN counts as one. Of a
	// listening socket it is the limit of its accept queue.
	Unsent uint32

	// Received is the number of payload bytes that arrived in order, read or not; a FIN counts as one. Only [Conn.Get] asks
	// for it; 0 if the kernel does not say (before Linux 4.1).
	Received uint64

	Inode uint32 // as in /proc/<pid>/fd ("socket:[inode]"); 0 if no process holds the socket any longer
}

// A Filter says which sockets [Conn.List] returns. Its zero value means all.
type Filter struct {
	States     []State // none means every state
	LocalPort  uint16  // 0 means any
	RemotePort uint16  // 0 means any
}

// A State is a TCP state by the kernel's number (include/net/tcp_states.h).
type State uint8

// The states of RFC 9293 §3.3.2, and the kernel's NewSynRecv for a connection that no socket stands for yet.
const (
	Established State = 1 + iota
	SynSent
	SynRecv
	FinWait1
	FinWait2
	TimeWait
	Closed
	CloseWait
	LastAck
	Listen
	Closing
	NewSynRecv
)

var stateNames = [...]string{
	Established: "ESTABLISHED", SynSent: "SYN-SENT", SynRecv: "SYN-RECEIVED", FinWait1: "FIN-WAIT-1",
	FinWait2: "FIN-WAIT-2", TimeWait: "TIME-WAIT", Closed: "CLOSED", CloseWait: "CLOSE-WAIT", LastAck: "LAST-ACK",
	Listen: "LISTEN", Closing: "CLOSING", NewSynRecv: "NEW-SYN-RECEIVED",
}

// String is the state's name in RFC 9293.
func (s State) String() string {
	if int(s) < len(stateNames) && stateNames[s] != "" {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}
