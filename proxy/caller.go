package proxy

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
)

// A caller is what the relay has for one client's address: a socket towards the upstream, and a course each way.
type caller struct {
	relay *DatagramRelay
	addr  netip.AddrPort
	log   *log
	conn  *net.UDPConn
	up    *course
	down  *course
	heard atomic.Int64 // when it last sent something, in ns of the trace's clock
	holes holes
	gone  flag
}

// admit opens a new client's socket. The caller holds mu.
func (r *DatagramRelay) admit(addr netip.AddrPort) *caller {
	l := r.rec.accepted(net.UDPAddrFromAddrPort(addr), r.addr)
	c := &caller{relay: r, addr: addr, log: l, gone: newFlag()}
	own := net.UDPAddr{}
	if r.server.Addr().IsLoopback() {
		own.IP = loopback(r.server.Addr()) // nobody from outside can answer there
	}
	var err error
	c.conn, err = listenHearing(&own)
	if err == nil {
		l.connected(c.conn.LocalAddr(), r.server.String())
	}
	l.settled(err, 0)
	if err != nil {
		l.closed()
		return nil
	}
	_ = c.conn.SetReadBuffer(roomInKern)
	c.up = newCourse(c, Upstream, c.forward)
	c.down = newCourse(c, Downstream, c.back)
	for _, f := range r.config.Plan.of(l.c.N) {
		switch course := c.course(f.Stream); f.Type {
		case "refuse":
		case "blackhole":
			c.holes.all = append(c.holes.all, newHole(f))
		default:
			course.stages = append(course.stages, newStage(f))
		}
	}
	r.work.Go(c.listen)
	for _, course := range []*course{c.up, c.down} {
		if course.delays() {
			r.work.Go(course.agenda.run)
		}
	}
	return c
}

func (c *caller) course(s Stream) *course {
	if s == Upstream {
		return c.up
	}
	return c.down
}

// end closes the client's socket. What is under way for it is lost.
func (c *caller) end() {
	c.gone.raise()
	_ = c.conn.Close()
	c.log.closed()
}

// listen takes what comes back for the client until it is gone.
func (c *caller) listen() {
	buf := make([]byte, ipBuffer)
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			c.log.fate(Upstream, 0, "unreachable", "")
			continue
		}
		p := parcel{data: buf[:n]}
		if from = plain(from); from != c.relay.server {
			p.other = from
		}
		c.down.arrive(p)
	}
}

// forward sends a datagram of the client's on. A refusal is the news of an earlier one, and comes in this one's stead.
func (c *caller) forward(p parcel) bool {
	to := c.relay.server
	if p.other.IsValid() {
		to = p.other
	}
	_, err := c.conn.WriteToUDPAddrPort(p.data, to)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		c.log.fate(Upstream, 0, "unreachable", "")
		_, err = c.conn.WriteToUDPAddrPort(p.data, to)
	}
	return err == nil
}

// back sends a datagram to the client, from the relay's own address or from the one that stands for its sender.
func (c *caller) back(p parcel) bool {
	conn := c.relay.from(p.other)
	if conn == nil {
		return false
	}
	_, err := conn.WriteToUDPAddrPort(p.data, c.addr)
	return err == nil
}

// instead is the address that stands for the one that a datagram came from in the upstream's stead; empty if it did not.
func (c *caller) instead(s Stream, p parcel) string {
	if s != Downstream || !p.other.IsValid() {
		return ""
	}
	conn := c.relay.from(p.other)
	if conn == nil {
		return ""
	}
	return conn.LocalAddr().String()
}
