//go:build linux

package proxy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/faultwire/faultwire/proxy"
)

// say is a server that says one thing and waits for the client's end.
func say(text []byte) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		_, _ = c.Write(text)
		_ = c.CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	}
}

func TestCorruptFlipsExactlyItsBytes(t *testing.T) {
	text := bytes.Repeat([]byte("abcdefgh"), 10_000)
	for name, at := range map[string]int{"the first": 0, "inside": 4096, "the last but one": len(text) - 2} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := wire(t, say(text), proxy.Corrupt(2, 0x20).After(int64(at)))
			want := bytes.Clone(text)
			want[at] ^= 0x20
			want[at+1] ^= 0x20
			got := must(io.ReadAll(dial(t, r)))
			g.Expect(bytes.Equal(got, want)).To(BeTrue())
			g.Expect(r.Trace().Fired).To(HaveLen(1))
			g.Expect(r.Trace().Fired[0].Offset).To(Equal(int64(at)))
		})
	}
}

func TestInjectAddsItsBytesAtTheByte(t *testing.T) {
	for at, want := range map[int64]string{0: "-hello", 2: "he-llo", 5: "hello-"} {
		r := wire(t, say([]byte("hello")), proxy.Inject([]byte("-")).After(at))
		NewWithT(t).Expect(string(must(io.ReadAll(dial(t, r))))).To(Equal(want))
	}
}

func TestAFaultBeginsBehindAMatch(t *testing.T) {
	g := NewWithT(t)
	text := []byte("USER x\r\nPASS y\r\n+OK logged in\r\nanswer")
	login := bytes.Index(text, []byte("+OK")) + 3
	for _, piece := range []int64{1, 2, 100} { // however the stream is cut
		r := wire(t, say(text), proxy.Slice(piece), proxy.ResetPeer().OnMatch("+OK").After(4))
		got, err := drain(dial(t, r), 0)
		g.Expect(got).To(Equal(int64(login + 4)))
		g.Expect(err).To(MatchError(syscall.ECONNRESET))
	}
	r := wire(t, say(text), proxy.Stall().OnMatch("no such thing"))
	g.Expect(must(io.ReadAll(dial(t, r)))).To(Equal(text), "a match that never comes changes nothing")
	g.Expect(r.Trace().Fired).To(BeEmpty())
}

// Only what lies between the trigger and the end is delayed.
func TestToxicsBeginAndEndAtTheirBytes(t *testing.T) {
	const slow = 200 * time.Millisecond
	for name, fault := range map[string]proxy.Fault{
		"latency":       proxy.Latency(slow, 0),
		"bandwidth":     proxy.Bandwidth(1), // 200 bytes take it 200 ms
		"slicer":        proxy.Slicer(100, 0, slow),
		"latency match": proxy.Latency(slow, 0).OnMatch(string(bytes.Repeat([]byte{'.'}, 1000))),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			if fault.Trigger == nil {
				fault = fault.After(1000)
			} else {
				fault = fault.UntilByte(201) // counted as the trigger's, which is 0 behind the match
			}
			if fault.Until == nil {
				fault = fault.UntilByte(1201)
			}
			r := wire(t, say(append(bytes.Repeat([]byte{'.'}, 1000), bytes.Repeat([]byte{'!'}, 1000)...)), fault)
			c := dial(t, r)
			began := time.Now()
			_ = must(io.ReadFull(c, make([]byte, 1000)))
			early := time.Since(began)
			_ = must(io.ReadFull(c, make([]byte, 1000)))
			g.Expect(time.Since(began)).To(BeNumerically(">=", 120*time.Millisecond)) // the first piece of a bandwidth passes at once
			g.Expect(early).To(BeNumerically("<", time.Since(began)))
			g.Expect(r.Trace().Fired).To(HaveLen(1))
			g.Expect(r.Trace().Fired[0].Offset).To(Equal(int64(1000)))
		})
	}
}

func TestLatencyHoldsBackTheEndOfTheStream(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo, proxy.Latency(100*time.Millisecond, 0))
	c := dial(t, r)
	began := time.Now()
	_ = c.CloseWrite()
	_, err := c.Read(make([]byte, 1))
	g.Expect(err).To(MatchError(io.EOF))
	g.Expect(time.Since(began)).To(BeNumerically(">=", 100*time.Millisecond))
}

// What is on its way is delayed once, not once a chunk.
func TestLatencyIsPipelined(t *testing.T) {
	g := NewWithT(t)
	text := make([]byte, 3<<20)
	r := wire(t, say(text), proxy.Latency(300*time.Millisecond, 0))
	began := time.Now()
	g.Expect(must(io.ReadAll(dial(t, r)))).To(HaveLen(len(text)))
	g.Expect(time.Since(began)).To(BeNumerically("~", 300*time.Millisecond, 10*time.Second))
	in := r.Trace().Conns[0].Downstream
	g.Expect(in.EndAt-*in.FirstIn).To(BeNumerically("<", 300*time.Millisecond), "the whole was read before the first of it left")
}

func TestAFaultStrikesAtItsTime(t *testing.T) {
	for name, fault := range map[string]proxy.Fault{
		"reset_peer": proxy.ResetPeer(), "close": proxy.Close(), "half_close": proxy.HalfClose(),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := wire(t, echo, fault.At(50*time.Millisecond))
			began := time.Now()
			_, err := dial(t, r).Read(make([]byte, 1)) // nothing flows
			g.Expect(err).To(HaveOccurred())
			g.Expect(errors.Is(err, syscall.ECONNRESET)).To(Equal(name == "reset_peer"), "%v", err)
			g.Expect(time.Since(began)).To(BeNumerically(">=", 45*time.Millisecond))
		})
	}
}

func TestAFaultStrikesOnAccept(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo, proxy.StallFor(200*time.Millisecond).At(0))
	c := dial(t, r)
	began := time.Now()
	_ = must(c.Write([]byte("x")))
	_ = must(c.Read(make([]byte, 1)))
	g.Expect(time.Since(began)).To(BeNumerically(">=", 150*time.Millisecond))
}

func TestAFaultStrikesTheKthConnection(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo, proxy.AcceptThenReset().OnConnection(2), proxy.Corrupt(1, 1).OnConnection(3))
	for k := 1; k <= 4; k++ {
		c, err := net.Dial("tcp", r.Addr().String())
		if k == 2 && errors.Is(err, syscall.ECONNRESET) {
			continue // so soon after the handshake that its end was not looked at yet
		}
		g.Expect(err).NotTo(HaveOccurred())
		defer c.Close()
		g.Expect(c.SetDeadline(time.Now().Add(60 * time.Second))).To(Succeed())
		_, _ = c.Write([]byte("a"))
		b := make([]byte, 1)
		_, err = c.Read(b)
		g.Expect(err != nil).To(Equal(k == 2), "connection %d: %v", k, err)
		want := map[int]byte{1: 'a', 3: 'a' ^ 1, 4: 'a'}[k] // nothing comes of the second
		g.Expect(b[0]).To(Equal(want), "connection %d: %q", k, b)
	}
}

func TestAcceptDelayConnectsLater(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, say([]byte("x")), proxy.AcceptDelay(100*time.Millisecond))
	began := time.Now()
	_ = must(dial(t, r).Read(make([]byte, 1)))
	g.Expect(time.Since(began)).To(BeNumerically(">=", 100*time.Millisecond))
}

func TestCoalesceMakesOneReadOfManyWrites(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, func(c *net.TCPConn) {
		for range 20 {
			_, _ = c.Write([]byte("0123456789"))
			time.Sleep(2 * time.Millisecond) // else the kernel merges them itself
		}
	}, proxy.Coalesce(200, time.Minute))
	g.Expect(must(dial(t, r).Read(make([]byte, 1000)))).To(Equal(200))
}

// privileged skips where packets cannot be lost.
func privileged(t *testing.T, f proxy.Fault) {
	r, err := proxy.Listen(proxy.Config{Upstream: "127.0.0.1:1", Plan: proxy.Plan{Faults: []proxy.Fault{f}}})
	if errors.Is(err, errors.ErrUnsupported) && !mayAdmin() {
		t.Skip(err)
	}
	_ = must(r, err).Close()
}

// mayAdmin reports whether this process has CAP_NET_ADMIN.
func mayAdmin() bool {
	var has [2]unix.CapUserData
	err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &has[0])
	return err == nil && has[0].Effective&(1<<unix.CAP_NET_ADMIN) != 0
}

func TestPacketLossLosesNoByte(t *testing.T) {
	privileged(t, proxy.PacketLoss(10))
	g := NewWithT(t)
	text := bytes.Repeat([]byte("abcdefgh"), 1<<16)
	r := wire(t, say(text), proxy.PacketLoss(10))
	g.Expect(bytes.Equal(must(io.ReadAll(dial(t, r))), text)).To(BeTrue())
	g.Expect(r.Trace().Fired).To(HaveLen(1))
}

// Nothing is acknowledged, no FIN and no RST comes: TCP_USER_TIMEOUT ends the connection, and nothing else would.
func TestAVanishedPeerIsSilent(t *testing.T) {
	privileged(t, proxy.Vanish())
	g := NewWithT(t)
	r := wire(t, echo, proxy.Vanish().After(5))
	c := dial(t, r)
	raw := must(c.SyscallConn())
	_ = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, 18, 500) }) // TCP_USER_TIMEOUT
	_ = must(c.Write([]byte("hello")))
	_ = must(io.ReadFull(c, make([]byte, 5)))
	<-r.Fired()
	_ = must(c.Write([]byte("is anybody there")))
	_, err := c.Read(make([]byte, 1))
	g.Expect(err).To(MatchError(syscall.ETIMEDOUT))
}

// With an end the network comes back, and TCP repairs what was lost.
func TestAVanishedNetworkHeals(t *testing.T) {
	privileged(t, proxy.Vanish())
	g := NewWithT(t)
	r := wire(t, echo, proxy.Vanish().After(5).For(300*time.Millisecond))
	c := dial(t, r)
	_ = must(c.Write([]byte("hello")))
	_ = must(io.ReadFull(c, make([]byte, 5)))
	<-r.Fired()
	_ = must(c.Write([]byte("again")))
	got := make([]byte, 5)
	_ = must(io.ReadFull(c, got))
	g.Expect(string(got)).To(Equal("again"))
}

func TestALostSYNIsSentAgain(t *testing.T) {
	privileged(t, proxy.SynLoss(0))
	g := NewWithT(t)
	r := wire(t, echo, proxy.SynLoss(300*time.Millisecond))
	began := time.Now()
	dial(t, r)
	g.Expect(time.Since(began)).To(BeNumerically(">=", 900*time.Millisecond), "the SYN's first retransmit comes after 1 s")

	forever := wire(t, echo, proxy.SynLoss(0))
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	var d net.Dialer
	_, err := d.DialContext(ctx, "tcp", forever.Addr().String())
	late, isNet := errors.AsType[net.Error](err)
	g.Expect(isNet && late.Timeout()).To(BeTrue(), "%v", err)
	g.Expect(forever.Trace().Fired).To(HaveLen(1))
}
