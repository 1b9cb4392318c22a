package proxy

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unsent is how many bytes were written and not yet acknowledged by the peer's kernel (SIOCOUTQ, tcp(7)). ok is false if the
// socket cannot be asked.
func unsent(raw syscall.RawConn) (n int, ok bool) { return ask(raw, unix.SIOCOUTQ) }

// queued is how many received bytes wait to be read (SIOCINQ, tcp(7)).
func queued(raw syscall.RawConn) (n int, ok bool) { return ask(raw, unix.SIOCINQ) }

func ask(raw syscall.RawConn, request uint) (n int, ok bool) {
	err := raw.Control(func(fd uintptr) {
		var err error
		n, err = unix.IoctlGetInt(int(fd), request)
		ok = err == nil
	})
	return n, ok && err == nil
}

// discardQueued reads and drops what waits to be read.
func discardQueued(raw syscall.RawConn) {
	buf := make([]byte, 32<<10)
	_ = raw.Control(func(fd uintptr) {
		for {
			n, err := unix.Read(int(fd), buf)
			if n <= 0 || err != nil {
				return
			}
		}
	})
}

// awaitDead returns true when the peer has aborted the connection, false when this side has closed it. It does not read,
// so it works behind an end of the stream and while data waits; the poller wakes it.
func awaitDead(raw syscall.RawConn) bool {
	const tcpClose = 7 // TCP_CLOSE, include/net/tcp_states.h
	dead := false
	_ = raw.Read(func(fd uintptr) bool {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		dead = err == nil && info.State == tcpClose
		return dead || err != nil
	})
	return dead
}
