//go:build linux

package proxy_test

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// Orders of events that are rare, and were wrong once.

func TestAFINPassesWhileTheOtherWayIsFull(t *testing.T) {
	g := NewWithT(t)
	ended := make(chan error, 1)
	r := wire(t, func(c *net.TCPConn) {
		go pour(c)
		_, err := drain(c, 0)
		ended <- err
	})
	c := dial(t, r) // reads nothing: the server's stream fills every buffer
	<-r.Signed()
	g.Eventually(func() int64 { return r.Trace().Conns[0].Downstream.Out }).WithTimeout(10 * time.Second).Should(BeNumerically(">", 100_000))
	_ = c.CloseWrite()
	g.Eventually(ended).WithTimeout(10 * time.Second).Should(Receive(MatchError(io.EOF)))
}

func TestACutDeliversNToALateReader(t *testing.T) {
	const n = 3_000_000
	for name, fault := range map[string]proxy.Fault{"close": proxy.Close().After(n), "limit_data": proxy.LimitData(n)} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			c := dial(t, wire(t, pour, fault))
			time.Sleep(100 * time.Millisecond) // a reader that is late, not a wait for anything
			_, _ = c.Write([]byte{1})
			got, err := drain(c, 0)
			g.Expect(got).To(Equal(int64(n)))
			g.Expect(err).To(Or(MatchError(io.EOF), MatchError(syscall.ECONNRESET)))
		})
	}
}

func TestACloseTearsNoHoleIntoTheOtherStream(t *testing.T) {
	g := NewWithT(t)
	var holes atomic.Int32
	r := wire(t, func(c *net.TCPConn) {
		_, _ = c.Write(make([]byte, 1000))
		next, buf := byte(0), make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			for _, b := range buf[:n] {
				if b != next {
					holes.Add(1)
					return
				}
				next = (next + 1) % 251
			}
			if err != nil {
				return
			}
		}
	}, proxy.Close().After(500))
	counting := make([]byte, 251*64)
	for i := range counting {
		counting[i] = byte(i % 251)
	}
	atOnce(100, func() {
		c := dial(t, r)
		for {
			if _, err := c.Write(counting); err != nil {
				break
			}
		}
		_ = c.Close()
	})
	g.Expect(r.Close()).To(Succeed())
	g.Expect(holes.Load()).To(BeZero())
}

func TestAVictimThatHasEndedHasNothingLeftToWrite(t *testing.T) {
	g := NewWithT(t)
	c := dial(t, wire(t, echo, proxy.ResetPeer().After(10).OnceSent(1000)))
	must(c.Write(make([]byte, 500)))
	_ = c.CloseWrite()
	n, err := drain(c, 0)
	g.Expect(n).To(Equal(int64(10)))
	g.Expect(err).To(MatchError(syscall.ECONNRESET))
}

func TestABlackholeLetsNoEndOut(t *testing.T) {
	g := NewWithT(t)
	closed := make(chan struct{})
	r := wire(t, func(c *net.TCPConn) {
		_, _ = c.Read(make([]byte, 10))
		_ = c.CloseWrite()
		close(closed)
		_, _ = drain(c, 0)
	}, proxy.Blackhole().On(proxy.Downstream))
	c := dial(t, r)
	must(c.Write([]byte("hello")))
	<-closed
	<-r.Fired()
	_ = c.CloseWrite()
	g.Expect(r.Quiet(t.Context())).To(Succeed(), "both ends are seen")
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	g.Expect(err).To(MatchError(ContainSubstring("timeout")))
}

func TestAConnectionBeingDialledCanBeResetAndAwaited(t *testing.T) {
	g := NewWithT(t)
	r := must(proxy.Listen(proxy.Config{Upstream: wire(t, echo, proxy.ConnectBlackhole()).Addr().String()}))
	defer r.Close()
	c := dial(t, r)
	<-r.Signed()
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	g.Expect(r.Quiet(soon)).To(MatchError(context.DeadlineExceeded))
	r.Reset()
	_, err := drain(c, 0)
	g.Expect(err).To(MatchError(syscall.ECONNRESET))
	g.Expect(r.Trace().Conns[0].Downstream.Passed).To(Equal("rst"))
}
