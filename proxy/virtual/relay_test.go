package virtual_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/virtual"
)

// through has use talk, in a bubble, to a server through a wire with the faults.
func through(t *testing.T, serve func(net.Conn), use func(g *WithT, dial func() net.Conn, r *proxy.Relay), faults ...proxy.Fault) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		n := virtual.New()
		l, err := n.Listen("")
		g.Expect(err).NotTo(HaveOccurred())
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					serve(c)
				}()
			}
		}()
		r, err := proxy.Listen(proxy.Config{Upstream: l.Addr().String(), Plan: proxy.Plan{Seed: 1, Faults: faults}, Network: n})
		g.Expect(err).NotTo(HaveOccurred())
		use(g, func() net.Conn {
			c, err := n.Dial(context.Background(), r.Addr().String())
			g.Expect(err).NotTo(HaveOccurred())
			return c
		}, r)
		n.Close()
		g.Expect(r.Close()).To(Succeed())
		l.Close()
	})
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

// Thirty seconds of latency take no time, and are thirty seconds.
func TestLatencyTakesNoTime(t *testing.T) {
	began := time.Now()
	through(t, echo, func(g *WithT, dial func() net.Conn, _ *proxy.Relay) {
		c := dial()
		began := time.Now()
		_, _ = c.Write([]byte("hello"))
		buf := make([]byte, 5)
		_, err := io.ReadFull(c, buf)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(time.Since(began)).To(BeNumerically("~", 30*time.Second, time.Millisecond))
		c.Close()
	}, proxy.Latency(30*time.Second, 0))
	t.Logf("%v", time.Since(began))
}

// Every fault of a stream does in memory what it does between sockets.
func TestFaults(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789"), 100)
	for name, x := range map[string]struct {
		fault proxy.Fault
		got   int
		ends  string
	}{
		"reset":     {proxy.ResetPeer().After(400), 400, "ECONNRESET"},
		"close":     {proxy.Close().After(400), 400, "EOF"},
		"half":      {proxy.HalfClose().After(400), 400, "EOF"},
		"limit":     {proxy.LimitData(400), 400, "EOF"},
		"stall":     {proxy.Stall().After(400), 400, "timeout"},
		"hole":      {proxy.Blackhole().After(400), 400, "timeout"},
		"slices":    {proxy.Slice(7), 1000, "timeout"},
		"bandwidth": {proxy.Bandwidth(1), 1000, "timeout"},
		"slicer":    {proxy.Slicer(10, 3, time.Millisecond), 1000, "timeout"},
		"pause":     {proxy.StallFor(time.Second).After(400), 1000, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			through(t, func(c net.Conn) {
				_, _ = c.Write(text)
				_, _ = io.Copy(io.Discard, c)
			}, func(g *WithT, dial func() net.Conn, r *proxy.Relay) {
				c := dial()
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				got, err := io.ReadAll(c)
				if err == nil {
					err = io.EOF
				}
				g.Expect(got).To(HaveLen(x.got))
				g.Expect(bytes.HasPrefix(text, got)).To(BeTrue())
				g.Expect(outcome(0, err)).To(Equal(x.ends))
				g.Expect(r.Trace().Fired).NotTo(BeEmpty())
				c.Close()
			}, x.fault)
		})
	}
}

func TestConnectsThroughAWire(t *testing.T) {
	for _, x := range []struct {
		fault proxy.Fault
		ends  string
	}{{proxy.Refuse(), "connection refused"}, {proxy.ConnectBlackhole(), "deadline exceeded"}} {
		synctest.Test(t, func(t *testing.T) {
			g := NewWithT(t)
			n := virtual.New()
			r, err := proxy.Listen(proxy.Config{Upstream: "127.0.0.1:1", Plan: proxy.Plan{Faults: []proxy.Fault{x.fault}}, Network: n})
			g.Expect(err).NotTo(HaveOccurred())
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = n.Dial(ctx, r.Addr().String())
			g.Expect(err).To(MatchError(ContainSubstring(x.ends)))
			g.Expect(r.Trace().Fired).To(HaveLen(1))
			g.Expect(r.Trace().FirstSign).NotTo(BeNil())
			g.Expect(r.Close()).To(Succeed())
		})
	}
}
