package proxy

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// A door is how a relay's address is held: by a listener that accepts, or, where a fault wants it, without anyone accepting.
type door struct {
	relay    *Relay
	fault    string       // the type of the fault that keeps it shut; empty if it accepts
	listener net.Listener // nil if it does not
	release  func()       // gives the address back
	closed   chan struct{}
	once     sync.Once
	work     sync.WaitGroup
}

// network and address are the parts of an address as [Config] has it.
func network(addr string) string {
	if strings.HasPrefix(addr, "unix:") {
		return "unix"
	}
	return "tcp"
}

func address(addr string) string { return strings.TrimPrefix(addr, "unix:") }

// keptShut is the fault that wants nobody to accept.
func (p Plan) keptShut() (f Fault, shut bool) {
	for _, f := range p.Faults {
		if f.Type == "refuse" || f.Type == "connect_blackhole" {
			return f, true
		}
	}
	return Fault{}, false
}

// open holds the address the way the plan wants it.
func (r *Relay) open(at string) error {
	r.mu.Lock()
	plan := r.plan
	r.mu.Unlock()
	d := &door{relay: r, closed: make(chan struct{})}
	if virtual := r.config.Network; virtual != nil {
		return r.openVirtual(d, virtual, at, plan)
	}
	if f, shut := plan.keptShut(); shut {
		addr, release, err := bind(at, f.Type == "connect_blackhole")
		if err != nil {
			return fmt.Errorf("%s on %s: %w", f.Type, at, err)
		}
		r.hold(d, addr)
		d.fault, d.release = f.Type, release
		d.work.Go(func() { r.watchConnects(f, d.closed) })
		return nil
	}
	lc := plainTCP()
	lc.KeepAlive = -1 // the relay adds no traffic of its own
	if plan.holdsBack(Upstream) {
		lc.Control = smallBuffers
	}
	l, err := lc.Listen(context.Background(), network(at), address(at))
	if err != nil {
		return fmt.Errorf("relay: %w; choose another address to listen on", err)
	}
	d.listener, d.release = l, func() { _ = l.Close() }
	r.hold(d, l.Addr())
	for _, f := range plan.Faults {
		if f.Type == "syn_loss" {
			if err := d.loseSYNs(f); err != nil {
				_ = l.Close()
				return err
			}
		}
	}
	d.work.Go(d.accept)
	return nil
}

// plainTCP listens for TCP alone. Go would listen for Multipath TCP, too, where the kernel has it: its listeners take no filter, and a
// client that speaks it would have another wire than one that does not.
func plainTCP() net.ListenConfig {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	return lc
}

// openVirtual is open on a network that is not the kernel's.
func (r *Relay) openVirtual(d *door, n Network, at string, plan Plan) error {
	if f, shut := plan.keptShut(); shut {
		addr, release := n.Shut(f.Type == "connect_blackhole", func() {
			r.rec.signed(0)
			r.rec.struck(f, 0, f.Stream, 0)
		})
		d.fault, d.release = f.Type, release
		r.hold(d, addr)
		return nil
	}
	l, err := n.Listen(at)
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	d.listener, d.release = l, func() { _ = l.Close() }
	r.hold(d, l.Addr())
	d.work.Go(d.accept)
	return nil
}

func (r *Relay) hold(d *door, addr net.Addr) {
	r.door = d
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addr = addr
}

// shut gives the address back and waits until nothing of the door runs.
func (d *door) shut() {
	d.once.Do(func() {
		close(d.closed)
		d.release()
	})
	d.work.Wait()
}

// accept takes connections until the door is shut. Running out of descriptors is no reason to stop: it waits and goes on.
func (d *door) accept() {
	for delay := time.Millisecond; ; {
		c, err := d.listener.Accept()
		if err == nil {
			delay = time.Millisecond
			d.relay.admit(c)
			continue
		}
		select {
		case <-d.closed:
			return
		case <-time.After(delay):
			delay = min(2*delay, 100*time.Millisecond)
		}
	}
}

// loseSYNs drops what comes to the listener: for good, or for a while from the first SYN on.
func (d *door) loseSYNs(f Fault) error {
	s, ok := d.listener.(*net.TCPListener)
	if !ok {
		return fmt.Errorf("syn_loss on %s: a Unix socket has no SYN", d.listener.Addr())
	}
	raw, err := s.SyscallConn()
	if err == nil {
		err = dropPackets(raw, 100)
	}
	if err != nil {
		return fmt.Errorf("syn_loss on %s: %w", d.listener.Addr(), err)
	}
	d.work.Go(func() {
		if !d.relay.watchConnects(f, d.closed) || f.until().For == 0 {
			return
		}
		alarm := d.relay.clock.at(time.Now().Add(time.Duration(f.until().For) * time.Millisecond))
		defer alarm.stop()
		select {
		case <-alarm.rings:
			_ = keepPackets(raw)
		case <-d.closed:
		}
	})
	return nil
}
