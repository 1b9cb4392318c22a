package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// A DatagramRelay is the wire for datagrams (UDP): what comes from a client's address goes on to the upstream from a socket of
// its own, and what comes back there goes to that client, each datagram whole. What answers from another address than the
// upstream's reaches the client from another address than the relay's, and what the client sends there goes back to it.
//
// Without faults a client and a server see what they would see without the relay, but for this: that nobody listens upstream
// the client is not told (only the closed port itself does that; refuse is a fault), and there is one more socket whose
// buffer can overflow.
//
// The trace has a [ConnTrace] for each client's address; its number is that of the client's first datagram among the clients'.
// Datagrams are counted from 1 in each direction of each client, in the order in which the relay got them, and what the seed
// decides hangs on that number, the client's and the fault's name. A [Decision] has it as its offset; its value is a delay in
// ns (jitter), the offset at which bytes are flipped (corrupt; -1 is nowhere), or 1 for a datagram that was struck, 0 for one
// that was spared. Beside "in" and "out" an event may be "lost", "copied", "held" (to be overtaken), "flipped" or "cut", each by
// the fault that it names; "dropped", where too much was under way; and "unreachable": the upstream's port is closed.
//
// Unlike a stream a datagram has no end: a fault that strikes some strikes, in the trace's [Trace.Fired], once a client.
type DatagramRelay struct {
	config Config
	rec    *recorder
	clock  *clock
	server netip.AddrPort // the upstream

	ctx    context.Context // done when the relay closes
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	addr    *net.UDPAddr
	door    *net.UDPConn
	callers map[netip.AddrPort]*caller // by the client's address
	aliases map[netip.AddrPort]*alias  // by the address that each stands for
	deaf    bool                       // Reset has run: no client is known any more
	shut    bool                       // Close has run
}

const (
	maxCallers = 1024    // clients at a time: the one that has been silent for longest makes room
	maxAliases = 64      // addresses that answer in the upstream's stead
	ipBuffer   = 1 << 16 // bytes: no datagram is longer
	roomInKern = 4 << 20 // bytes that a socket of the relay's may hold unread, if the system allows as many
)

// ListenDatagrams starts a relay for datagrams. The error is an [InvalidFault] (or several, joined) for a plan that cannot be
// injected, as one for streams.
func ListenDatagrams(config Config) (*DatagramRelay, error) {
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	if config.Board == nil {
		config.Board = NewBoard()
	}
	if err := config.Plan.validateOver(datagrams); err != nil {
		return nil, err
	}
	for _, addr := range []string{config.Listen, config.Upstream} {
		if strings.HasPrefix(addr, "unix:") {
			return nil, fmt.Errorf("datagram relay: %s is a Unix socket; give a host and a port", addr)
		}
	}
	upstream, err := net.ResolveUDPAddr("udp", config.Upstream)
	if err != nil {
		return nil, fmt.Errorf("datagram relay: the upstream %q: %w", config.Upstream, err)
	}
	at, err := net.ResolveUDPAddr("udp", config.Listen)
	if err != nil {
		return nil, fmt.Errorf("datagram relay: %q: %w", config.Listen, err)
	}
	r := &DatagramRelay{
		config: config, rec: newRecorder(config), clock: newClock(false), server: reachable(upstream),
		callers: map[netip.AddrPort]*caller{}, aliases: map[netip.AddrPort]*alias{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if err := r.open(at); err != nil {
		r.cancel()
		r.clock.close()
		return nil, fmt.Errorf("datagram relay: %w; choose another address to listen on", err)
	}
	return r, nil
}

// plain is the address without the mapping that a socket of both families gives to IPv4.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// reachable is the upstream's address as its datagrams will bear it: no address at all stands for this machine.
func reachable(upstream *net.UDPAddr) netip.AddrPort {
	a := plain(upstream.AddrPort())
	if !a.Addr().IsValid() || a.Addr().IsUnspecified() {
		loop, _ := netip.AddrFromSlice(loopback(a.Addr()))
		return netip.AddrPortFrom(loop, a.Port())
	}
	return a
}

// loopback is this machine's own address in the family of a.
func loopback(a netip.Addr) net.IP {
	if a.Is6() {
		return net.IPv6loopback
	}
	return net.IP{127, 0, 0, 1}
}

// open holds the relay's address, in the way that the plan wants.
func (r *DatagramRelay) open(at *net.UDPAddr) (err error) {
	f, shut := r.config.Plan.keptShut()
	if shut {
		if r.door, err = closedPort(at); err == nil {
			r.rec.struck(f, 0, f.Stream, 0) // who is refused is seen by nobody
		}
	} else {
		r.door, err = net.ListenUDP("udp", at)
	}
	if err != nil {
		return err
	}
	r.addr = r.door.LocalAddr().(*net.UDPAddr)
	if door := r.door; !shut {
		_ = door.SetReadBuffer(roomInKern)
		r.work.Go(func() { r.answer(door, netip.AddrPort{}) })
	}
	return nil
}

// discard is the port of RFC 863: nobody sends from it.
const discard = 9

// closedPort holds the address so that the kernel answers as if nobody held it, with an ICMP port unreachable: a socket that is
// connected hears its peer alone.
func closedPort(at *net.UDPAddr) (*net.UDPConn, error) {
	return net.DialUDP("udp", at, &net.UDPAddr{IP: at.IP, Port: discard, Zone: at.Zone})
}

// Addr is the address that clients send to.
func (r *DatagramRelay) Addr() net.Addr { return r.addr }

// Trace is what the wire has seen so far.
func (r *DatagramRelay) Trace() Trace { return r.rec.snapshot() }

// Signed is closed at the first sign of a client: its first datagram.
func (r *DatagramRelay) Signed() <-chan struct{} { return r.rec.sign }

// Fired is closed when the first fault strikes; if it delivers something itself, when that has been delivered.
func (r *DatagramRelay) Fired() <-chan struct{} { return r.rec.fired }

// Closed is closed when the relay is.
func (r *DatagramRelay) Closed() <-chan struct{} { return r.ctx.Done() }

// Elapsed is the time on the trace's clock: since the relay's start.
func (r *DatagramRelay) Elapsed() time.Duration { return r.rec.now() }

// Notices are [Relay.Notices].
func (r *DatagramRelay) Notices(seq int) (notices []Notice, more <-chan struct{}) {
	return r.rec.board.Since(seq)
}

// Dial is a socket that is connected to the relay. Nothing is sent: the relay learns of it by its first datagram.
func (r *DatagramRelay) Dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "udp", r.addr.String())
}

// ClientsEnded is there for the likeness of [Relay.ClientsEnded] and waits for nothing: a client of datagrams has no end that
// could be seen.
func (r *DatagramRelay) ClientsEnded(context.Context) error { return nil }

// Quiet waits until nothing that a fault delays is under way, or until ctx is done.
func (r *DatagramRelay) Quiet(ctx context.Context) error {
	r.mu.Lock()
	var open []*course
	for _, c := range r.callers {
		open = append(open, c.up, c.down)
	}
	r.mu.Unlock()
	for _, c := range open {
		select {
		case <-c.agenda.idle():
		case <-c.caller.gone.ch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Reset forgets every client and closes the port: what is under way is lost, and who still sends is told that nobody listens.
func (r *DatagramRelay) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return
	}
	r.deaf = true
	r.forgetAll()
	_ = r.door.Close()
	if closed, err := closedPort(r.addr); err == nil { // else somebody else has the port: all the same to its clients
		r.door = closed
	}
}

// forgetAll ends every client's part of the relay. The caller holds mu.
func (r *DatagramRelay) forgetAll() {
	for _, c := range r.callers {
		c.end()
	}
	for _, a := range r.aliases {
		_ = a.conn.Close()
	}
	clear(r.callers)
	clear(r.aliases)
}

// Close gives the address back and waits until nothing of the relay runs. What is under way is lost.
func (r *DatagramRelay) Close() error {
	r.cancel()
	r.mu.Lock()
	if r.shut {
		r.mu.Unlock()
		return nil
	}
	r.shut = true
	r.forgetAll()
	_ = r.door.Close()
	r.mu.Unlock()
	r.work.Wait()
	r.clock.close()
	return nil
}

// answer takes what clients send to the socket until it is closed. It is for the upstream, or for the address instead.
func (r *DatagramRelay) answer(conn *net.UDPConn, instead netip.AddrPort) {
	buf := make([]byte, ipBuffer)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			continue // of a datagram that was sent before: Windows says so here
		}
		if c := r.caller(plain(from)); c != nil {
			c.up.arrive(parcel{data: buf[:n], other: instead})
		}
	}
}

// caller is the client of that address, a new one if need be; nil if there is no socket for it, or the relay is closed.
func (r *DatagramRelay) caller(addr netip.AddrPort) *caller {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut || r.deaf {
		return nil
	}
	c := r.callers[addr]
	if c == nil {
		if len(r.callers) == maxCallers {
			r.forgetOldest()
		}
		if c = r.admit(addr); c == nil {
			return nil
		}
		r.callers[addr] = c
	}
	c.heard.Store(int64(r.rec.now()))
	return c
}

// forgetOldest makes room for a client. The caller holds mu.
func (r *DatagramRelay) forgetOldest() {
	var oldest *caller
	for _, c := range r.callers {
		if oldest == nil || c.heard.Load() < oldest.heard.Load() {
			oldest = c
		}
	}
	delete(r.callers, oldest.addr)
	oldest.end()
}
