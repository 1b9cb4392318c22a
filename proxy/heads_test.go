//go:build linux

package proxy_test

import (
	"bytes"
	"io"
	"net"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// The heads of the streams are those that the side beside which they are kept has sent and got, wherever a fault strikes and however
// much comes behind them.
func TestHeadsAreWhatOneSideSaw(t *testing.T) {
	const limit = 40_000
	sent := bytes.Repeat([]byte("0123456789"), 300_000)
	flipped := bytes.Clone(sent)
	flipped[5] ^= 0x20
	for name, at := range map[string]proxy.Side{"beside the client": proxy.ClientSide, "beside the server": proxy.ServerSide} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			l := must(net.Listen("tcp4", "127.0.0.1:0"))
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				_, _ = io.Copy(io.Discard, c)
				_, _ = c.Write(sent)
			}()
			r := must(proxy.Listen(proxy.Config{Upstream: l.Addr().String(), Heads: limit, HeadsAt: at, Plan: proxy.Plan{Faults: []proxy.Fault{proxy.Corrupt(1, 0x20).After(5)}}}))
			defer r.Close()
			c := dial(t, r)
			must(c.Write(sent))
			g.Expect(c.CloseWrite()).To(Succeed())
			g.Expect(bytes.Equal(must(io.ReadAll(c)), flipped)).To(BeTrue())
			g.Expect(r.Close()).To(Succeed())

			trace := r.Trace()
			g.Expect(trace.Began.IsZero()).To(BeFalse())
			seen := trace.Conns[0]
			g.Expect(seen.Client).To(Equal(c.LocalAddr().String()))
			g.Expect(seen.Door).To(Equal(r.Addr().String()))
			g.Expect(seen.Server).To(Equal(l.Addr().String()))
			g.Expect(seen.Source).To(HavePrefix("127.0.0.1:"))
			g.Expect(bytes.Equal(seen.Upstream.Head, sent[:limit])).To(BeTrue())
			got := flipped // by the client
			if at == proxy.ServerSide {
				got = sent
			}
			g.Expect(bytes.Equal(seen.Downstream.Head, got[:limit])).To(BeTrue())
		})
	}
}

func TestNoHeadsUnlessAskedFor(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo)
	c := dial(t, r)
	must(c.Write([]byte("hello")))
	must(io.ReadFull(c, make([]byte, 5)))
	g.Expect(r.Trace().Conns[0].Upstream).To(And(HaveField("In", int64(5)), HaveField("Head", BeEmpty())))
}

// Of a server that cannot be reached the trace has the address.
func TestTheAddressOfWhoIsNotThere(t *testing.T) {
	g := NewWithT(t)
	l := must(net.Listen("tcp4", "127.0.0.1:0"))
	l.Close()
	r := must(proxy.Listen(proxy.Config{Upstream: l.Addr().String()}))
	defer r.Close()
	if c, err := net.Dial("tcp", r.Addr().String()); err == nil { // the reset may be there before the connect returns
		_, _ = io.ReadAll(c)
		c.Close()
	}
	g.Eventually(func() []proxy.ConnTrace { return r.Trace().Conns }).WithTimeout(guard).Should(ContainElement(HaveField("DialError", Not(BeEmpty()))))
	g.Expect(r.Trace().Conns[0]).To(And(HaveField("Server", l.Addr().String()), HaveField("Source", "")))
}

// The head of datagrams is their payloads, one behind the other.
func TestTheHeadOfDatagrams(t *testing.T) {
	g := NewWithT(t)
	server := packets(t, "127.0.0.1:0")
	r := must(proxy.ListenDatagrams(proxy.Config{Upstream: server.addr().String(), Heads: 5, HeadsAt: proxy.ServerSide, Plan: plan(proxy.Duplicate().On(proxy.Upstream).UntilDatagram(2))}))
	defer r.Close()
	client := packets(t, "127.0.0.1:0")
	client.say(wireAddr(r), "abc", "def")
	g.Expect(server.have(3)).To(Equal([]string{"abc", "abc", "def"}))
	g.Eventually(func() int64 { return only(r).Upstream.DatagramsOut }).WithTimeout(guard).Should(Equal(int64(3)))
	seen := only(r)
	g.Expect(string(seen.Upstream.Head)).To(Equal("abcab"))
	g.Expect(seen.Door).To(Equal(r.Addr().String()))
	g.Expect(seen.Server).To(Equal(server.addr().String()))
}
