package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// How a sender ended, as [FlowTrace.End] says it.
const (
	endFIN = "fin"
	endRST = "rst"
)

// errGone is returned for operations on an end that this side has closed.
var errGone = errors.New("closed by the relay")

// A halfCloser is a connection whose directions end by themselves.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// An end is the relay's socket on one side of a connection. It knows what the kernel says only once: a reset that a write
// was told of, which a later read would take for an orderly end.
type end struct {
	conn    halfCloser
	raw     syscall.RawConn // of a socket
	virtual Conn            // of no socket

	writing      sync.Mutex // held across a write and the note of what it was told
	resetByWrite bool       // under writing: a write was told ECONNRESET: there was no FIN before the RST
	shut         atomic.Bool
	gone         atomic.Bool // closed by this side
	silent       atomic.Bool // it vanished: closing it must not show
}

func newEnd(c net.Conn) (*end, error) {
	s, ok := c.(halfCloser)
	if !ok {
		return nil, errors.New("not a stream socket")
	}
	if v, is := c.(Conn); is {
		return &end{conn: s, virtual: v}, nil
	}
	socket, ok := c.(syscall.Conn)
	if !ok {
		return nil, errors.New("not a stream socket")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &end{conn: s, raw: raw}, nil
}

// how tells a read's error: endFIN, endRST, or errGone if this side closed.
func (e *end) how(err error) (ended string, gone error) {
	switch {
	case e.gone.Load() || errors.Is(err, net.ErrClosed):
		return "", errGone
	case errors.Is(err, io.EOF):
		if !e.dead() {
			return endFIN, nil
		}
		// The kernel reports a reset once. If a write got it, this read sees an end that never was. On a dead socket no
		// write blocks, so this lock is soon had.
		e.writing.Lock()
		defer e.writing.Unlock()
		if e.resetByWrite {
			return endRST, nil
		}
		return endFIN, nil
	}
	return endRST, nil
}

// write writes all of p. An error means that the peer is gone; n is what its kernel may have had of it.
func (e *end) write(p []byte) (n int, err error) {
	e.writing.Lock()
	defer e.writing.Unlock()
	n, err = e.conn.Write(p)
	if errors.Is(err, syscall.ECONNRESET) {
		e.resetByWrite = true
	}
	return n, err
}

// closeWrite sends a FIN behind what was written.
func (e *end) closeWrite() {
	if !e.shut.Swap(true) {
		_ = e.conn.CloseWrite()
	}
}

// reset aborts the connection with an RST. What was written and not yet acknowledged is lost: [flow.drained] comes first
// where it must not be. A Unix socket knows no RST: it is closed.
func (e *end) reset() {
	if e.gone.Swap(true) {
		return
	}
	if e.virtual != nil {
		e.virtual.Abort()
		return
	}
	e.linger()
	e.hush()
	_ = e.conn.Close()
}

// linger makes a close an abort.
func (e *end) linger() {
	if tcp, ok := e.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// hush makes the close of a socket that vanished inaudible.
func (e *end) hush() {
	if e.silent.Load() {
		closeSilently(e.raw)
	}
}

// close closes in order: a FIN behind what was written. What the peer has sent is read first, for a close with unread data
// makes the kernel send an RST.
func (e *end) close() {
	if e.gone.Load() {
		return
	}
	e.closeWrite()
	e.discard()
	e.release()
}

// release closes the socket of a connection that is over: both directions have ended, or it has been reset.
func (e *end) release() {
	if !e.gone.Swap(true) {
		e.hush()
		_ = e.conn.Close()
	}
}
