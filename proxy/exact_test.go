//go:build linux

package proxy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// wire is a relay before a server that runs serve on each connection.
func wire(t testing.TB, serve func(*net.TCPConn), faults ...proxy.Fault) *proxy.Relay {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	var conns sync.WaitGroup
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer c.Close()
				serve(c.(*net.TCPConn))
			})
		}
	}()
	r := must(proxy.Listen(proxy.Config{Upstream: l.Addr().String(), Plan: proxy.Plan{Faults: faults}, TimeScale: 20}))
	t.Cleanup(func() {
		_ = r.Close()
		_ = l.Close()
		<-accepting
		conns.Wait()
	})
	return r
}

func dial(t testing.TB, r *proxy.Relay) *net.TCPConn {
	t.Helper()
	c := must(net.Dial("tcp", r.Addr().String())).(*net.TCPConn)
	_ = c.SetDeadline(time.Now().Add(60 * time.Second))
	t.Cleanup(func() { c.Close() })
	return c
}

func echo(c *net.TCPConn) { _, _ = io.Copy(c, c) }

// pour sends until the connection ends.
func pour(c *net.TCPConn) {
	buf := make([]byte, 32<<10)
	for {
		if _, err := c.Write(buf); err != nil {
			return
		}
	}
}

// atOnce runs f n times, a few at a time.
func atOnce(n int, f func()) {
	var all sync.WaitGroup
	turns := make(chan struct{}, 16)
	for range n {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			f()
		})
	}
	all.Wait()
}

func TestAResetComesAfterExactlyNBytes(t *testing.T) {
	for _, n := range []int64{1, 1024, 65_536, 3_000_000} {
		for _, pause := range []time.Duration{0, time.Millisecond} {
			t.Run(fmt.Sprintf("%d bytes, pausing %v", n, pause), func(t *testing.T) {
				g := NewWithT(t)
				r := wire(t, pour, proxy.ResetPeer().After(n))
				atOnce(100, func() {
					c := dial(t, r)
					got, err := drain(c, pause)
					g.Expect(got).To(Equal(n))
					g.Expect(err).To(MatchError(syscall.ECONNRESET))
				})
				g.Expect(r.Trace().Fired).To(HaveLen(100))
			})
		}
	}
}

// drain reads to the end, with a pause between reads.
func drain(c net.Conn, pause time.Duration) (n int64, err error) {
	buf := make([]byte, 64<<10)
	for {
		k, err := c.Read(buf)
		n += int64(k)
		if err != nil {
			return n, err
		}
		time.Sleep(pause)
	}
}

func TestAResetWaitsForTheWholeRequest(t *testing.T) {
	g := NewWithT(t)
	const size = 300_000
	r := wire(t, echo, proxy.ResetPeer().After(10).OnceSent(size))
	atOnce(20, func() {
		c := dial(t, r)
		_, err := c.Write(make([]byte, size))
		g.Expect(err).NotTo(HaveOccurred(), "the reset must not strike a writer")
		got, err := drain(c, 0)
		g.Expect(got).To(Equal(int64(10)))
		g.Expect(err).To(MatchError(syscall.ECONNRESET))
	})
}

func TestACloseComesAfterExactlyNBytes(t *testing.T) {
	for name, fault := range map[string]func(int64) proxy.Fault{
		"close":      func(n int64) proxy.Fault { return proxy.Close().After(n) },
		"half_close": func(n int64) proxy.Fault { return proxy.HalfClose().After(n) },
		"limit_data": proxy.LimitData,
	} {
		for _, n := range []int64{0, 1, 1024, 65_536, 1_000_000} {
			t.Run(fmt.Sprintf("%s at %d", name, n), func(t *testing.T) {
				g := NewWithT(t)
				r := wire(t, pour, fault(n))
				atOnce(20, func() {
					got, err := drain(dial(t, r), 0)
					g.Expect(got).To(Equal(n))
					g.Expect(err).To(MatchError(io.EOF))
				})
				g.Expect(r.Trace().Fired).To(HaveLen(20))
			})
		}
	}
}

func TestAHalfCloseKeepsTheOtherDirection(t *testing.T) {
	g := NewWithT(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for _, faults := range [][]proxy.Fault{nil, {proxy.Latency(time.Millisecond, 0), proxy.SlowClose(time.Millisecond).On(proxy.Upstream)}} {
		// A server that answers only after the client's FIN.
		r := wire(t, func(c *net.TCPConn) {
			request, _ := io.ReadAll(c)
			_, _ = c.Write(request)
		}, faults...)
		atOnce(100, func() {
			c := dial(t, r)
			go func() {
				_, _ = c.Write(body)
				_ = c.CloseWrite()
			}()
			got, err := io.ReadAll(c)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(bytes.Equal(got, body)).To(BeTrue())
		})
	}
}

func TestLockStepMergesNoSlices(t *testing.T) {
	g := NewWithT(t)
	const size = 20_000
	r := wire(t, echo, proxy.Slice(1))
	c := dial(t, r)
	body := bytes.Repeat([]byte("faultwire!"), size/10)
	go func() { _, _ = c.Write(body) }()
	var got []byte
	reads := 0
	for buf := make([]byte, 4096); len(got) < size; reads++ {
		n, err := c.Read(buf)
		g.Expect(err).NotTo(HaveOccurred())
		got = append(got, buf[:n]...)
	}
	g.Expect(bytes.Equal(got, body)).To(BeTrue())
	g.Expect(reads).To(Equal(size))
	g.Expect(r.Trace().Unconfirmed).To(BeZero())
}

func TestASplitIsSeen(t *testing.T) {
	g := NewWithT(t)
	for _, at := range []int64{1, 512, 1023} {
		r := wire(t, echo, proxy.SplitAt(at))
		atOnce(50, func() {
			c := dial(t, r)
			must(c.Write(make([]byte, 1024)))
			buf := make([]byte, 4096)
			g.Expect(must(c.Read(buf))).To(Equal(int(at)))
			g.Expect(must(c.Read(buf))).To(Equal(int(1024 - at)))
		})
	}
}

func TestAStallDeliversNAndHoldsTheRest(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo, proxy.StallFor(50*time.Millisecond).After(512))
	c := dial(t, r)
	must(c.Write(make([]byte, 1024)))
	buf := make([]byte, 4096)
	g.Expect(must(c.Read(buf))).To(Equal(512))
	began := time.Now()
	g.Expect(must(c.Read(buf))).To(Equal(512))
	g.Expect(time.Since(began)).To(BeNumerically(">", 40*time.Millisecond))
}

func TestAStallFillsTheWindow(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo, proxy.Stall().On(proxy.Upstream).After(0))
	c := dial(t, r)
	_ = c.SetDeadline(time.Now().Add(300 * time.Millisecond))
	n, err := c.Write(make([]byte, 64<<20))
	g.Expect(err).To(HaveOccurred())
	g.Expect(n).To(BeNumerically("<", 32<<20))
}

func TestABlackholeSwallowsEverything(t *testing.T) {
	g := NewWithT(t)
	ended := make(chan error, 1)
	r := wire(t, func(c *net.TCPConn) {
		_, err := drain(c, 0)
		ended <- err
	}, proxy.Blackhole().On(proxy.Upstream).After(3))
	c := dial(t, r)
	must(c.Write([]byte("abcdef")))
	<-r.Fired()
	must(c.Write(make([]byte, 1<<20)))
	_ = c.CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	g.Expect(err).To(MatchError(ContainSubstring("timeout")), "no FIN, no RST")
	g.Expect(ended).NotTo(Receive(), "the FIN is withheld")
	trace := r.Trace()
	g.Expect(trace.Conns[0].Upstream.Out).To(Equal(int64(3)))
}

func TestATimeoutClosesAndDropsWhatComes(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo, proxy.Timeout(50*time.Millisecond))
	c := dial(t, r)
	must(c.Write([]byte("hello")))
	n, err := drain(c, 0)
	g.Expect(n).To(BeZero())
	g.Expect(err).To(MatchError(io.EOF))
}

func TestASlowCloseHoldsTheFINBack(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, func(c *net.TCPConn) { must(c.Write([]byte("bye"))) }, proxy.SlowClose(80*time.Millisecond))
	c := dial(t, r)
	g.Expect(must(c.Read(make([]byte, 10)))).To(Equal(3))
	began := time.Now()
	_, err := c.Read(make([]byte, 10))
	g.Expect(err).To(MatchError(io.EOF))
	g.Expect(time.Since(began)).To(BeNumerically(">", 60*time.Millisecond))
}

func TestConnectFaults(t *testing.T) {
	t.Run("refuse", func(t *testing.T) {
		_, err := net.Dial("tcp", wire(t, echo, proxy.Refuse()).Addr().String())
		NewWithT(t).Expect(err).To(MatchError(syscall.ECONNREFUSED))
	})
	t.Run("connect_blackhole", func(t *testing.T) {
		g := NewWithT(t)
		r := wire(t, echo, proxy.ConnectBlackhole())
		atOnce(5, func() {
			_, err := net.DialTimeout("tcp", r.Addr().String(), 300*time.Millisecond)
			var timeout net.Error
			g.Expect(errors.As(err, &timeout) && timeout.Timeout()).To(BeTrue(), "got %v", err)
		})
		g.Expect(r.Trace().Fired).To(HaveLen(1))
		g.Expect(r.Trace().FirstSign).NotTo(BeNil())
	})
	t.Run("accept_then_reset", func(t *testing.T) {
		NewWithT(t).Expect(meet(wire(t, echo, proxy.AcceptThenReset()))).To(MatchError(syscall.ECONNRESET))
	})
	t.Run("accept_then_close", func(t *testing.T) {
		_, err := drain(dial(t, wire(t, echo, proxy.AcceptThenClose())), 0)
		NewWithT(t).Expect(err).To(MatchError(io.EOF))
	})
	t.Run("a dead upstream", func(t *testing.T) {
		g := NewWithT(t)
		r := must(proxy.Listen(proxy.Config{Upstream: wire(t, echo, proxy.Refuse()).Addr().String()}))
		defer r.Close()
		g.Expect(meet(r)).To(MatchError(syscall.ECONNRESET))
		g.Expect(r.Trace().Conns[0].DialError).To(ContainSubstring("refused"))
	})
}

// meet connects and reads. An RST right behind the accept can reach the client inside its connect call.
func meet(r *proxy.Relay) error {
	c, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = drain(c, 0)
	return err
}

func TestOnlyTheChosenConnectionIsStruck(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo, proxy.ResetPeer().After(2).OnConnection(2))
	for k := 1; k <= 3; k++ {
		c := dial(t, r)
		must(c.Write([]byte("four")))
		_ = c.CloseWrite()
		n, err := drain(c, 0)
		if k == 2 {
			g.Expect(n).To(Equal(int64(2)))
			g.Expect(err).To(MatchError(syscall.ECONNRESET))
		} else {
			g.Expect(n).To(Equal(int64(4)))
			g.Expect(err).To(MatchError(io.EOF))
		}
	}
}
