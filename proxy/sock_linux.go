package proxy

import (
	"cmp"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/faultwire/faultwire/proxy/sockdiag"
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
func awaitDead(raw syscall.RawConn) (isDead bool) {
	_ = raw.Read(func(fd uintptr) bool {
		state, err := tcpState(fd)
		isDead = err == nil && state == sockdiag.Closed
		return isDead || err != nil
	})
	return isDead
}

// dead reports whether the connection is over for good: the peer has aborted it.
func dead(raw syscall.RawConn) (isDead bool) {
	_ = raw.Control(func(fd uintptr) {
		state, err := tcpState(fd)
		isDead = err == nil && state == sockdiag.Closed
	})
	return isDead
}

func tcpState(fd uintptr) (sockdiag.State, error) {
	info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0, err
	}
	return sockdiag.State(info.State), nil
}

// smallBuffers limits a socket's segments, for what it will send and what its peer will, and its receive buffer to 16 KiB, which ends the
// kernel's own tuning of it. A sender is given room by the segment: for some ten of them, but for twice as many as are known to have
// come in disorder on earlier connections between the same addresses (tcp_metrics(8)), 300 at most. Measured, it is rid of 350 KB
// before it has to wait, and of 1.1 MB at most; with an Ethernet's segments and 64 KiB of 840 KB and 2.2 MB. What the relay itself
// has under way to that peer is bounded as well: or the peer's receive buffer grows by it to as much as the kernel allows.
func smallBuffers(_, _ string, c syscall.RawConn) error {
	var err error
	control := c.Control(func(fd uintptr) {
		err = cmp.Or(
			os.NewSyscallError("setsockopt TCP_MAXSEG", unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 440)),
			os.NewSyscallError("setsockopt SO_RCVBUF", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 16<<10)),
			os.NewSyscallError("setsockopt SO_SNDBUF", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 64<<10)))
	})
	return cmp.Or(control, err)
}

// readReady reads at most limit bytes into a buffer that is taken from the pool only when there is something to read. Without
// bytes there is no buffer.
func readReady(e *end, pool *buffers, limit int) (buf *[maxChunk]byte, n int, err error) {
	wait := e.raw.Read(func(fd uintptr) bool {
		buf = pool.get()
		for {
			n, err = unix.Read(int(fd), buf[:limit])
			if err != unix.EINTR {
				break
			}
		}
		if n <= 0 {
			pool.put(buf)
			buf = nil
		}
		return err != unix.EAGAIN
	})
	switch {
	case wait != nil:
		return nil, 0, wait
	case n > 0:
		return buf, n, nil
	case err == nil:
		return nil, 0, io.EOF
	}
	return nil, 0, err
}
