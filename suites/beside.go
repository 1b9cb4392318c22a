package suites

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"github.com/faultwire/faultwire/proxy"
)

// TwoAddresses says why the name localhost does not stand for both ::1 and 127.0.0.1 on this machine; nil if it does.
func TwoAddresses(ctx context.Context) error {
	known, err := net.DefaultResolver.LookupNetIP(ctx, "ip", "localhost")
	if err != nil {
		return err
	}
	for i := range known {
		known[i] = known[i].Unmap()
	}
	for _, wanted := range []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})} {
		if !slices.Contains(known, wanted) {
			return fmt.Errorf("the name localhost stands for %v, and not for %v", known, wanted)
		}
	}
	l, err := net.Listen("tcp6", "[::1]:0") // the hosts file may name what the system does not have
	if err != nil {
		return err
	}
	return l.Close()
}

// portsTried is how many ports of 127.0.0.1 are tried until one is free at ::1, too.
const portsTried = 20

// openBeside opens the client's wire, at a port that is free at ::1, too, and there what waits for a client that is given their name.
func (w *wire) openBeside(config proxy.Config, faults []proxy.Fault, work func(func())) error {
	for tried := 1; ; tried++ {
		first, err := proxy.Listen(config)
		if err != nil {
			return err
		}
		other := proxy.Config{Upstream: config.Upstream, TimeScale: config.TimeScale, Plan: proxy.Plan{Seed: config.Plan.Seed, Faults: faults},
			Listen: fmt.Sprintf("[::1]:%d", first.Addr().(*net.TCPAddr).Port)}
		second, err := proxy.Listen(other)
		if err == nil {
			w.relay, w.beside, w.signed = first, second, make(chan struct{})
			work(w.awaitSign)
			return nil
		}
		_ = first.Close()
		if !errors.Is(err, syscall.EADDRINUSE) || tried == portsTried {
			return fmt.Errorf("a port that is free at 127.0.0.1 and ::1: %w", err)
		}
	}
}

func (w *wire) awaitSign() {
	select {
	case <-w.relay.Signed():
	case <-w.beside.Signed():
	case <-w.Closed():
		return
	}
	close(w.signed)
}

// given is the address that a client is given.
func (w *wire) given() string {
	if w.beside == nil {
		return w.Addr().String()
	}
	return fmt.Sprintf("localhost:%d", w.Addr().(*net.TCPAddr).Port)
}

// Signed is closed at the first sign of a client.
func (w *wire) Signed() <-chan struct{} {
	if w.beside == nil {
		return w.relay.Signed()
	}
	return w.signed
}

// Trace is what was seen on the wire. The client's first sign may have been at the other address, and what struck there has struck.
func (w *wire) Trace() proxy.Trace {
	t := w.relay.Trace()
	if w.beside == nil {
		return t
	}
	there := w.beside.Trace()
	t.Fired = append(t.Fired, there.Fired...)
	if there.FirstSign == nil {
		return t
	}
	if at := there.Began.Add(*there.FirstSign).Sub(t.Began); t.FirstSign == nil || at < *t.FirstSign {
		t.FirstSign, t.SignBlur = &at, there.SignBlur
	}
	return t
}
