package reference_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

const (
	echo   = fixtures.EchoProtocol
	framed = fixtures.FramedProtocol
	short  = 400 * time.Millisecond // a deadline that shall pass; long enough for a loaded machine to answer within it
)

// held is when the peer keeps the connection open and silent until the client has gone.
func held(conn *net.TCPConn) { io.Copy(io.Discard, conn) }

func TestClientSaysWhatHappened(t *testing.T) {
	hello := []byte("hello, world!")
	long := payload(1000)
	tests := []struct {
		name     string
		protocol fixtures.Protocol
		promises fixtures.Deadlines
		body     []byte
		peer     func(*net.TCPConn)
		want     fixtures.Outcome
		received int // bytes intact
	}{
		{"the whole reply, held open", echo, fixtures.Deadlines{}, hello, func(c *net.TCPConn) {
			c.Write(take(c, 13))
			held(c)
		}, fixtures.OK, 13},
		{"the reply byte by byte", framed, fixtures.Deadlines{Read: safety}, hello, func(c *net.TCPConn) {
			for _, b := range take(c, 17) {
				c.Write([]byte{b})
			}
			held(c)
		}, fixtures.OK, 13},
		{"an empty message", framed, fixtures.Deadlines{}, nil, func(c *net.TCPConn) {
			c.Write(take(c, 4))
			held(c)
		}, fixtures.OK, 0},
		{"a FIN before the reply", echo, fixtures.Deadlines{}, hello, func(c *net.TCPConn) { take(c, 13) }, fixtures.Closed, 0},
		{"a FIN inside the reply", echo, fixtures.Deadlines{}, long, func(c *net.TCPConn) {
			c.Write(take(c, 1000)[:999])
		}, fixtures.Closed, 999},
		{"a half-close inside the reply", echo, fixtures.Deadlines{}, long, func(c *net.TCPConn) {
			c.Write(take(c, 1000)[:1])
			c.CloseWrite()
			held(c)
		}, fixtures.Closed, 1},
		{"a FIN inside the prefix", framed, fixtures.Deadlines{}, hello, func(c *net.TCPConn) {
			c.Write(take(c, 17)[:2])
		}, fixtures.Closed, 0},
		{"a FIN inside a framed reply", framed, fixtures.Deadlines{}, hello, func(c *net.TCPConn) {
			c.Write(take(c, 17)[:10])
		}, fixtures.Closed, 6},
		{"a reset before the reply", echo, fixtures.Deadlines{}, hello, func(c *net.TCPConn) {
			take(c, 13)
			reset(c)
		}, fixtures.Reset, 0},
		{"silence before the reply", echo, fixtures.Deadlines{Read: short}, hello, held, fixtures.Timeout, 0},
		{"silence inside the reply", framed, fixtures.Deadlines{Read: short}, long, func(c *net.TCPConn) {
			c.Write(take(c, 1004)[:504])
			held(c)
		}, fixtures.Timeout, 500},
		{"silence inside the prefix", framed, fixtures.Deadlines{Read: short}, hello, func(c *net.TCPConn) {
			c.Write(take(c, 17)[:3])
			held(c)
		}, fixtures.Timeout, 0},
		{"another byte", echo, fixtures.Deadlines{}, []byte("hello"), func(c *net.TCPConn) {
			take(c, 5)
			c.Write([]byte("heLlo"))
			held(c)
		}, fixtures.Corrupt, 2},
		{"another length", framed, fixtures.Deadlines{}, hello, func(c *net.TCPConn) {
			c.Write(prefixed(12, ""))
			held(c)
		}, fixtures.Corrupt, 0},
		{"a hostile length", framed, fixtures.Deadlines{}, hello, func(c *net.TCPConn) {
			c.Write(prefixed(0xFFFFFFFF, ""))
			held(c)
		}, fixtures.Malformed, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			said := exchange(t, test.protocol, peer(t, test.peer), test.promises, test.body)
			g := NewWithT(t)
			g.Expect(said.Outcome).To(Equal(test.want), said.Detail)
			g.Expect(bytes.Equal(said.Received, test.body[:test.received])).To(BeTrue(), "%d bytes received", len(said.Received))
		})
	}
}

// A peer that never reads is not waited for beyond the write deadline, although no read deadline exists.
func TestClientWriteDeadline(t *testing.T) {
	done := make(chan struct{})
	addr := peer(t, func(*net.TCPConn) { <-done })
	said := exchange(t, echo, addr, fixtures.Deadlines{Write: short}, payload(32<<20))
	close(done)
	NewWithT(t).Expect(said.Outcome).To(Equal(fixtures.Timeout), said.Detail)
}

// A drip renews the read deadline with every byte, so only the total deadline ends it.
func TestClientTotalDeadline(t *testing.T) {
	addr := peer(t, func(c *net.TCPConn) {
		for _, b := range take(c, 1000) {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(short / 100)
		}
	})
	said := exchange(t, echo, addr, fixtures.Deadlines{Read: safety, Total: short}, payload(1000))
	NewWithT(t).Expect(said.Outcome).To(Equal(fixtures.Timeout), said.Detail)
}

// Whether the kernel gives the reset to the read or to the write is a race; the client says the same either way.
func TestClientResetWhileWriting(t *testing.T) {
	for range 20 {
		addr := peer(t, func(c *net.TCPConn) {
			c.Write(take(c, 1000))
			reset(c)
		})
		said := exchange(t, echo, addr, fixtures.Deadlines{}, payload(8<<20))
		NewWithT(t).Expect(said.Outcome).To(Equal(fixtures.Reset), said.Detail)
	}
}

// The message is larger than every buffer on the way: a client that wrote it all before reading would wait for ever.
func TestClientReadsWhileWriting(t *testing.T) {
	for _, protocol := range []fixtures.Protocol{echo, framed} {
		addr := serve(t, reference.Server{Protocol: protocol}, listen(t))
		body := payload(fixtures.MaxFrame)
		said := exchange(t, protocol, addr, fixtures.Deadlines{Read: safety, Write: safety, Total: safety}, body)
		g := NewWithT(t)
		g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
		g.Expect(bytes.Equal(said.Received, body)).To(BeTrue())
	}
}

func TestClientSendsMessagesInTurn(t *testing.T) {
	addr := serve(t, reference.Server{Protocol: framed}, listen(t))
	said := exchange(t, framed, addr, fixtures.Deadlines{}, []byte("one"), nil, []byte("three"))
	g := NewWithT(t)
	g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
	g.Expect(string(said.Received)).To(Equal("onethree"))
}

func TestClientRefused(t *testing.T) {
	l := listen(t)
	l.Close()
	said := exchange(t, echo, l.Addr().String(), fixtures.Deadlines{Connect: safety}, []byte("hello"))
	NewWithT(t).Expect(said.Outcome).To(Equal(fixtures.Refused), said.Detail)
}

func TestClientUnsupported(t *testing.T) {
	g := NewWithT(t)
	g.Expect(exchange(t, "morse", "", fixtures.Deadlines{}).Outcome).To(Equal(fixtures.Unsupported))
	g.Expect(exchange(t, framed, "", fixtures.Deadlines{}, make([]byte, fixtures.MaxFrame+1)).Outcome).To(Equal(fixtures.Unsupported))
}

func TestClientEndsWithItsContext(t *testing.T) {
	noLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	addr := peer(t, func(c *net.TCPConn) {
		take(c, 5)
		cancel()
		held(c) // until the client has closed its connection
		close(gone)
	})
	said := reference.Client{Protocol: echo}.Exchange(ctx, addr, targets.Job{Messages: [][]byte{[]byte("hello")}})
	g := NewWithT(t)
	g.Expect(said.Outcome).To(Equal(fixtures.Other))
	g.Expect(said.Detail).To(ContainSubstring(context.Canceled.Error()))
	g.Eventually(gone).WithTimeout(safety).Should(BeClosed())
}
