package virtual

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// buffer is how many bytes of a direction wait to be read before a write has to.
const buffer = 256 << 10

// A Conn is one end of a connection.
type Conn struct {
	pair  *pair
	local *net.TCPAddr
	in    *half // what the peer has sent
	out   *half // what it is sent
	read  deadline
	write deadline
}

// A pair is what both ends of a connection know.
type pair struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when anything has changed
	a, b    Conn
}

// A half is one direction of a connection, as its receiver sees it.
type half struct {
	segments [][]byte // what was written and is not yet read
	size     int      // of them, in bytes
	total    int64    // bytes ever written
	fin      bool     // nothing more will come
	rst      bool     // the sender has aborted the connection
	told     bool     // of that, once, by a read or a write
	closed   bool     // the receiver has closed: what comes is answered with a reset
	pipe     bool     // a write has been answered so: the next is told EPIPE
}

func newPair(a, b *net.TCPAddr) *pair {
	p := &pair{changed: make(chan struct{})}
	one, other := &half{}, &half{}
	p.a = Conn{pair: p, local: a, in: one, out: other, read: newDeadline(), write: newDeadline()}
	p.b = Conn{pair: p, local: b, in: other, out: one, read: newDeadline(), write: newDeadline()}
	return p
}

// change says that something has changed. The caller holds mu.
func (p *pair) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (c *Conn) fail(op string, err error) error {
	if err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.RemoteAddr(), Err: err}
}

func syscallError(call string, errno syscall.Errno) error { return os.NewSyscallError(call, errno) }

// Read implements [net.Conn]. It returns at most what was written at once.
func (c *Conn) Read(b []byte) (int, error) {
	for {
		c.pair.mu.Lock()
		h := c.in
		switch {
		case h.closed:
			c.pair.mu.Unlock()
			return 0, c.fail("read", net.ErrClosed)
		case c.read.passed():
			c.pair.mu.Unlock()
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(b) == 0:
			c.pair.mu.Unlock()
			return 0, nil
		case len(h.segments) > 0:
			n := copy(b, h.segments[0])
			if h.segments[0] = h.segments[0][n:]; len(h.segments[0]) == 0 {
				h.segments = h.segments[1:]
			}
			h.size -= n
			c.pair.change()
			c.pair.mu.Unlock()
			return n, nil
		case h.rst && !h.fin && !h.told:
			h.told = true
			c.pair.mu.Unlock()
			return 0, c.fail("read", syscallError("read", syscall.ECONNRESET))
		case h.rst, h.fin:
			c.pair.mu.Unlock()
			return 0, io.EOF
		}
		changed := c.pair.changed
		c.pair.mu.Unlock()
		select {
		case <-changed:
		case <-c.read.wait():
		}
	}
}

// Write implements [net.Conn].
func (c *Conn) Write(b []byte) (total int, err error) {
	for {
		c.pair.mu.Lock()
		h, back := c.out, c.in
		switch {
		case back.closed:
			err = net.ErrClosed
		case c.write.passed():
			err = os.ErrDeadlineExceeded
		case h.fin, h.pipe, back.rst && (back.told || back.fin):
			err = syscallError("write", syscall.EPIPE)
		case back.rst:
			back.told = true
			err = syscallError("write", syscall.ECONNRESET)
		case h.closed: // the peer's kernel answers with a reset, which the next write is told of
			h.pipe = true
			total = len(b)
			c.pair.change()
		default:
			n := min(len(b)-total, max(0, buffer-h.size))
			if n > 0 || len(b) == 0 {
				if n > 0 {
					h.segments = append(h.segments, append([]byte(nil), b[total:total+n]...))
				}
				h.size, h.total, total = h.size+n, h.total+int64(n), total+n
				c.pair.change()
			}
		}
		changed := c.pair.changed
		c.pair.mu.Unlock()
		switch {
		case err != nil:
			return total, c.fail("write", err)
		case total == len(b):
			return total, nil
		}
		select {
		case <-changed:
		case <-c.write.wait():
		}
	}
}

// Close implements [net.Conn]: a FIN behind what was written, or a reset where something is left unread.
func (c *Conn) Close() error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.in.closed {
		return c.fail("close", net.ErrClosed)
	}
	if c.in.size > 0 {
		c.out.rst = true
	}
	c.shut()
	return nil
}

// shut closes this end. The caller holds mu.
func (c *Conn) shut() {
	c.in.closed = true
	c.in.segments, c.in.size = nil, 0
	if !c.out.rst {
		c.out.fin = true
	}
	c.pair.change()
}

// CloseWrite sends a FIN behind what was written; reading goes on.
func (c *Conn) CloseWrite() error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.in.closed {
		return c.fail("close", net.ErrClosed)
	}
	c.out.fin = true
	c.pair.change()
	return nil
}

// Abort closes with a reset. What the peer has not read yet stays readable.
func (c *Conn) Abort() {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.in.closed {
		return
	}
	c.out.rst = true
	c.shut()
}

// SetLinger with 0 makes the next Close an abort, as TCP's does: it aborts at once. Other values change nothing.
func (c *Conn) SetLinger(seconds int) error {
	if seconds == 0 {
		c.Abort()
	}
	return nil
}

// SetNoDelay changes nothing: there is no delay.
func (*Conn) SetNoDelay(bool) error { return nil }

// Queued is how many bytes wait to be read here.
func (c *Conn) Queued() int {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	return c.in.size
}

// PeerUnread is how many bytes the peer has yet to read.
func (c *Conn) PeerUnread() int {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	return c.out.size
}

// Discard drops what waits to be read here.
func (c *Conn) Discard() {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	c.in.segments, c.in.size = nil, 0
	c.pair.change()
}

// Aborted reports whether the peer has aborted the connection.
func (c *Conn) Aborted() bool {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	return c.aborted()
}

// aborted reports whether the peer has aborted the connection, or has answered with a reset what it did not want. The caller holds mu.
func (c *Conn) aborted() bool { return c.in.rst || c.out.pipe }

// AwaitAbort waits until the peer aborts the connection, or this end is closed: then it returns false.
func (c *Conn) AwaitAbort() bool {
	for {
		c.pair.mu.Lock()
		aborted, closed, changed := c.aborted(), c.in.closed, c.pair.changed
		c.pair.mu.Unlock()
		if aborted || closed {
			return aborted
		}
		<-changed
	}
}

// LocalAddr implements [net.Conn].
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements [net.Conn].
func (c *Conn) RemoteAddr() net.Addr {
	if c == &c.pair.a {
		return c.pair.b.local
	}
	return c.pair.a.local
}

// SetDeadline implements [net.Conn].
func (c *Conn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return nil
}

// SetReadDeadline implements [net.Conn].
func (c *Conn) SetReadDeadline(t time.Time) error { c.read.set(t); return nil }

// SetWriteDeadline implements [net.Conn].
func (c *Conn) SetWriteDeadline(t time.Time) error { c.write.set(t); return nil }
