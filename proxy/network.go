package proxy

import (
	"context"
	"net"
)

// A Network is where a relay listens and dials instead of the kernel's sockets. Package virtual has one in memory: what it makes are
// [Conn]s, and time may be that of a testing/synctest bubble.
type Network interface {
	Listen(address string) (net.Listener, error)
	Dial(ctx context.Context, address string) (net.Conn, error)
	// Shut holds an address where nobody accepts: connects are refused or, if it is to be silent, get no answer. tried is called
	// for each.
	Shut(silent bool, tried func()) (addr net.Addr, release func())
}

// A Conn is a connection of a [Network]: what an edge asks the kernel of its sockets, it answers itself.
type Conn interface {
	net.Conn
	CloseWrite() error
	Abort()           // close with a reset
	Queued() int      // bytes that wait to be read here
	PeerUnread() int  // bytes that the peer has yet to read
	Discard()         // drop what waits to be read here
	Aborted() bool    // the peer has aborted
	AwaitAbort() bool // wait until it does; false when this end is closed
}

// unsent is how many bytes were written and have not reached the peer.
func (e *end) unsent() (n int, ok bool) {
	if e.virtual != nil {
		return 0, true // what is written is there
	}
	return unsent(e.raw)
}

// queued is how many bytes wait to be read.
func (e *end) queued() (n int, ok bool) {
	if e.virtual != nil {
		return e.virtual.Queued(), true
	}
	return queued(e.raw)
}

// dead reports whether the peer has aborted the connection.
func (e *end) dead() bool {
	if e.virtual != nil {
		return e.virtual.Aborted()
	}
	return dead(e.raw)
}

// awaitDead waits until it does; false when this side has closed.
func (e *end) awaitDead() bool {
	if e.virtual != nil {
		return e.virtual.AwaitAbort()
	}
	return awaitDead(e.raw)
}

// discard drops what waits to be read.
func (e *end) discard() {
	if e.virtual != nil {
		e.virtual.Discard()
		return
	}
	discardQueued(e.raw)
}

// read reads at most limit bytes into a buffer of the pool's; without bytes there is none.
func (e *end) read(pool *buffers, limit int) (buf *[maxChunk]byte, n int, err error) {
	if e.virtual == nil {
		return readReady(e, pool, limit)
	}
	buf = pool.get()
	if n, err = e.virtual.Read(buf[:limit]); n > 0 {
		return buf, n, nil
	}
	pool.put(buf)
	return nil, 0, err
}
