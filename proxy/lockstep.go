package proxy

import (
	"net"
	"net/netip"
	"runtime"
	"time"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// lockstep waits until the receiver has read what was written, so that what follows cannot be merged with it: the peer's
// socket has received it all, and its receive queue is empty. Either alone proves nothing. A receiver that does not read ends
// the slicing: what could not be confirmed proves nothing, and waiting for each further slice would only stretch it.
func (f *flow) lockstep() {
	at := f.moved.count()
	for _, a := range *f.edges.Load() {
		if a.Type == "slice" && a.sliceAt(at-1) == at {
			a.struck(at)
			if a.Attributes["variation"] > 0 {
				a.decided(at, drift(a, at, a.Attributes["every"]))
			}
		}
	}
	peer := f.pair.peerOf(f.dst)
	if !f.pair.poll(f.pair.confirmLimit(), func() bool {
		s, ok := peer()
		return ok && s.Unread == 0 && f.arrived(s)
	}) && !f.pair.aborted.raised() && !f.back.ended.raised() {
		f.pair.relay.rec.unconfirmed()
		f.unsliced.Store(true)
	}
}

// confirmLimit is how long a receiver may take to read a slice before the wire goes on unconfirmed. It is long enough for a
// reader that a busy machine has not given a turn.
func (p *pair) confirmLimit() time.Duration {
	return time.Duration(p.relay.config.TimeScale * float64(250*time.Millisecond))
}

// peerOf returns a question: how does the kernel see the socket at the other end of e? ok is false where it cannot be seen.
func (p *pair) peerOf(e *end) func() (s sockdiag.Socket, ok bool) {
	if e.virtual != nil {
		return func() (sockdiag.Socket, bool) {
			return sockdiag.Socket{Unread: uint32(e.virtual.PeerUnread())}, !e.virtual.Aborted()
		}
	}
	local, isTCP := addrPort(e.conn.LocalAddr())
	remote, _ := addrPort(e.conn.RemoteAddr())
	return func() (sockdiag.Socket, bool) {
		if !isTCP {
			return sockdiag.Socket{}, false
		}
		p.asking.Lock()
		defer p.asking.Unlock()
		if p.diag == nil {
			d, err := sockdiag.Open()
			if err != nil {
				return sockdiag.Socket{}, false
			}
			p.diag = d
		}
		s, found, err := p.diag.Get(remote, local)
		return s, found && err == nil
	}
}

func addrPort(a net.Addr) (ap netip.AddrPort, isTCP bool) {
	tcp, isTCP := a.(*net.TCPAddr)
	if !isTCP {
		return ap, false
	}
	ap = tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
}

// drain waits until a queue is empty or cannot be asked. It gives up when the queue has not moved for idle (0 is never), or
// when the connection is aborted.
func (p *pair) drain(idle time.Duration, queue func() (n int, ok bool)) {
	for last := -1; ; {
		changed := func() bool {
			n, ok := queue()
			moved := !ok || n == 0 || n != last
			last = n
			if !ok {
				last = 0
			}
			return moved
		}
		if !p.poll(idle, changed) || last == 0 {
			return
		}
	}
}

// poll asks until the answer is yes. It returns false after limit (0 is none) or if the connection was aborted. The first
// questions come at once, for most answers are microseconds away; later ones back off to a millisecond.
func (p *pair) poll(limit time.Duration, yes func() bool) bool {
	eager, pause := 128, 20*time.Microsecond
	if p.client.virtual != nil { // nothing happens there before time passes
		eager, pause = 0, 2*time.Microsecond
	}
	began := time.Now()
	for i := 0; !yes(); i++ {
		if p.aborted.raised() || limit > 0 && time.Since(began) > limit {
			return false
		}
		if i < eager {
			runtime.Gosched()
			continue
		}
		time.Sleep(pause)
		pause = min(2*pause, time.Millisecond)
	}
	return true
}
