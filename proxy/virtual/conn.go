package virtual

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A Conn is one end of a connection.
type Conn struct {
	pair    *pair
	local   *net.TCPAddr
	in      *half // what the peer has sent
	out     *half // what it is sent
	readBy  time.Time
	writeBy time.Time
}

// A pair is what both ends of a connection know.
type pair struct {
	room int // bytes of a direction that wait to be read before a write has to
	mu   sync.Mutex
	a, b Conn
}

// A half is one direction of a connection. What is said of its end holds from the time on at which the news arrives; zero is never.
type half struct {
	hop      time.Duration // how long everything is under way in this direction
	latest   time.Time     // when what was sent last arrives
	segments []segment     // what was written and is not yet read
	size     int           // of them, in bytes
	taken    []window      // what has been read, of which the sender is yet to be told
	held     int           // bytes that take up room, as far as the sender knows
	fin      time.Time     // nothing more will come
	rst      time.Time     // the sender has aborted the connection
	told     bool          // of that, once, by a read or a write
	closed   bool          // the receiver has closed: what comes is answered with a reset
	pipe     time.Time     // a write has been answered so: the next is told EPIPE

	changed chan struct{} // made by who waits; closed when anything of this has changed
}

// A segment is what one write has sent, and when it arrives.
type segment struct {
	data []byte
	at   time.Time
}

// A window is the news, for a sender, that so many bytes have been read.
type window struct {
	bytes int
	at    time.Time
}

// free tells the sender that bytes have been read. What is read in one instant it is told of at once. The caller holds mu.
func (h *half) free(n int, now time.Time) {
	h.tell(now) // who does not write does not ask
	h.size -= n
	at := now.Add(h.hop)
	if last := len(h.taken) - 1; last >= 0 && h.taken[last].at.Equal(at) {
		h.taken[last].bytes += n
		return
	}
	h.taken = append(h.taken, window{n, at})
	h.change()
}

// tell is when the sender is told next that there is room; what it has been told by now counts as room. The caller holds mu.
func (h *half) tell(now time.Time) (next time.Time) {
	for len(h.taken) > 0 && is(h.taken[0].at, now) {
		h.held -= h.taken[0].bytes
		h.taken = h.taken[1:]
	}
	if len(h.taken) > 0 {
		return h.taken[0].at
	}
	return time.Time{}
}

func newPair(room, number int, a, b *net.TCPAddr) *pair {
	p := &pair{room: room}
	one, other := &half{hop: hopOf(2 * number)}, &half{hop: hopOf(2*number + 1)}
	p.a = Conn{pair: p, local: a, in: one, out: other}
	p.b = Conn{pair: p, local: b, in: other, out: one}
	return p
}

// hop is about how long everything is under way. It is so short that nobody takes notice, but in each direction of each connection it
// is another: what happens in one instant at several places is not told in one instant, so that there is one order in which news comes,
// and it does not depend on which goroutine had a turn first.
const hop = time.Microsecond

// hopOf spreads the hops over another microsecond.
func hopOf(n int) time.Duration { return hop + 53 + time.Duration(n*619%997) }

// arrival is when what is sent now arrives, behind what was sent before. The caller holds mu.
func (h *half) arrival() time.Time {
	at := time.Now().Add(h.hop)
	if !at.After(h.latest) {
		at = h.latest.Add(1)
	}
	h.latest = at
	return at
}

// change wakes who waits for the half. The caller holds mu.
func (h *half) change() {
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// wait waits until the half has changed, or until it is the time, if there is one. The caller holds mu, but not meanwhile.
func (p *pair) wait(h *half, due time.Time) {
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	changed := h.changed
	p.mu.Unlock()
	defer p.mu.Lock()
	if due.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

// is reports whether it is the time.
func is(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// first is the earliest of the times that are still to come.
func first(now time.Time, times ...time.Time) (due time.Time) {
	for _, at := range times {
		if at.After(now) && (due.IsZero() || at.Before(due)) {
			due = at
		}
	}
	return due
}

// next is when something arrives that is still under way.
func (h *half) next(now time.Time) time.Time {
	if len(h.segments) > 0 {
		return first(now, h.segments[0].at)
	}
	return first(now, h.rst, h.fin)
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
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	for {
		h, now := c.in, time.Now()
		switch {
		case h.closed:
			return 0, c.fail("read", net.ErrClosed)
		case is(c.readBy, now):
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(b) == 0:
			return 0, nil
		case len(h.segments) > 0 && is(h.segments[0].at, now):
			s := &h.segments[0]
			n := copy(b, s.data)
			if s.data = s.data[n:]; len(s.data) == 0 {
				h.segments[0] = segment{}
				h.segments = h.segments[1:]
			}
			h.free(n, now)
			return n, nil
		case is(h.rst, now) && h.fin.IsZero() && !h.told:
			h.told = true
			return 0, c.fail("read", syscallError("read", syscall.ECONNRESET))
		case is(h.rst, now), is(h.fin, now):
			return 0, io.EOF
		}
		c.pair.wait(h, first(now, c.readBy, h.next(now)))
	}
}

// Write implements [net.Conn].
func (c *Conn) Write(b []byte) (total int, err error) {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	for {
		h, back, now := c.out, c.in, time.Now()
		aborted := is(back.rst, now)
		more := h.tell(now)
		switch {
		case back.closed:
			err = net.ErrClosed
		case is(c.writeBy, now):
			err = os.ErrDeadlineExceeded
		case !h.fin.IsZero(), is(h.pipe, now), aborted && (back.told || !back.fin.IsZero()):
			err = syscallError("write", syscall.EPIPE)
		case aborted:
			back.told = true
			err = syscallError("write", syscall.ECONNRESET)
		case h.closed: // the peer's kernel answers with a reset, which a later write is told of
			c.pair.answer(h)
			total = len(b)
		default:
			n := min(len(b)-total, max(0, c.pair.roomFor(b)-h.held))
			if n > 0 {
				h.segments = append(h.segments, segment{append([]byte(nil), b[total:total+n]...), h.arrival()})
				h.size, h.held, total = h.size+n, h.held+n, total+n
				h.change()
			}
		}
		switch {
		case err != nil:
			return total, c.fail("write", err)
		case total == len(b):
			return total, nil
		}
		c.pair.wait(h, first(now, c.writeBy, more, back.rst, h.pipe))
	}
}

// roomFor is how many bytes may wait with those of the write. What is small finds room a little longer, such as the goodbye of TLS: who
// sends that holds locks, and in a bubble nobody must wait for a lock.
func (p *pair) roomFor(b []byte) int {
	if len(b) <= small {
		return p.room + spare
	}
	return p.room
}

const (
	small = 128
	spare = 4096
)

// answer is the reset that answers what comes where the receiver has closed. The caller holds mu.
func (p *pair) answer(h *half) {
	if h.pipe.IsZero() {
		h.pipe = h.opposite(p).arrival()
		p.changeBoth()
	}
}

// opposite is the other direction.
func (h *half) opposite(p *pair) *half {
	if h == p.a.in {
		return p.a.out
	}
	return p.a.in
}

func (p *pair) changeBoth() {
	p.a.in.change()
	p.a.out.change()
}

// Close implements [net.Conn]: a FIN behind what was written, or a reset where something is left unread.
func (c *Conn) Close() error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.in.closed {
		return c.fail("close", net.ErrClosed)
	}
	if len(c.in.segments) > 0 && is(c.in.segments[0].at, time.Now()) {
		c.out.rst = c.out.arrival()
	}
	c.shut()
	return nil
}

// shut closes this end. The caller holds mu.
func (c *Conn) shut() {
	under := c.in.size > 0
	c.in.closed = true
	c.in.segments, c.in.size = nil, 0
	if c.out.rst.IsZero() {
		c.finish()
		if under { // way: it will find nobody
			c.pair.answer(c.in)
		}
	}
	c.pair.changeBoth()
}

// finish sends a FIN. The caller holds mu.
func (c *Conn) finish() {
	if c.out.fin.IsZero() {
		c.out.fin = c.out.arrival()
	}
}

// CloseWrite sends a FIN behind what was written; reading goes on.
func (c *Conn) CloseWrite() error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.in.closed {
		return c.fail("close", net.ErrClosed)
	}
	c.finish()
	c.pair.changeBoth()
	return nil
}

// Abort closes with a reset. What the peer has not read yet stays readable.
func (c *Conn) Abort() {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.in.closed {
		return
	}
	c.out.rst = c.out.arrival()
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
func (c *Conn) Queued() (n int) {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	now := time.Now()
	for _, s := range c.in.segments {
		if is(s.at, now) {
			n += len(s.data)
		}
	}
	return n
}

// PeerUnread is how many bytes the peer has yet to read, those under way to it too.
func (c *Conn) PeerUnread() int {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	return c.out.size
}

// Discard drops what waits to be read here.
func (c *Conn) Discard() {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	now := time.Now()
	for len(c.in.segments) > 0 && is(c.in.segments[0].at, now) {
		c.in.free(len(c.in.segments[0].data), now)
		c.in.segments = c.in.segments[1:]
	}
	c.in.change()
}

// Aborted reports whether the peer has aborted the connection.
func (c *Conn) Aborted() bool {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	return c.aborted(time.Now())
}

// aborted reports whether the peer has aborted the connection, or has answered with a reset what it did not want. The caller holds mu.
func (c *Conn) aborted(now time.Time) bool { return is(c.in.rst, now) || is(c.out.pipe, now) }

// AwaitAbort waits until the peer aborts the connection, or this end is closed: then it returns false.
func (c *Conn) AwaitAbort() bool {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	for {
		now := time.Now()
		if aborted := c.aborted(now); aborted || c.in.closed {
			return aborted
		}
		c.pair.wait(c.in, first(now, c.in.rst, c.out.pipe))
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
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements [net.Conn].
func (c *Conn) SetReadDeadline(t time.Time) error { return c.set(&c.readBy, t, c.in) }

// SetWriteDeadline implements [net.Conn].
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.set(&c.writeBy, t, c.out) }

func (c *Conn) set(deadline *time.Time, t time.Time, h *half) error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	*deadline = t
	h.change()
	return nil
}
