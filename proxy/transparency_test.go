//go:build linux

package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// A row is one situation of a connection: what the peer does, then what the surviving side does and is told.
type row struct {
	name string
	peer func(c *net.TCPConn)
	we   string // r read, R read bulk bytes, w write one byte
	bulk int    // bytes that R reads
	// before runs on our side before the peer acts
	before func(c *net.TCPConn)
	// late is what the peer does after that, once the first has arrived
	late func(c *net.TCPConn)
	want string
}

func send(n int) func(*net.TCPConn) {
	return func(c *net.TCPConn) { must(c.Write(make([]byte, n))) }
}

func abort(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

func then(steps ...func(*net.TCPConn)) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		for _, s := range steps {
			s(c)
		}
	}
}

func closeAll(c *net.TCPConn)   { _ = c.Close() }
func closeWrite(c *net.TCPConn) { _ = c.CloseWrite() }

// flushed waits until the peer's kernel has everything, as a sender that resets exactly must.
func flushed(c *net.TCPConn) {
	d := must(sockdiag.Open())
	defer d.Close()
	for {
		s, found, err := d.Get(c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort())
		if err != nil || !found || s.Unsent == 0 {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

var rows = []row{
	{name: "the peer closes", peer: closeAll, we: "rrwwr", want: "EOF EOF wrote EPIPE EOF"},
	{name: "the peer resets while idle, we read", peer: abort, we: "rrw", want: "ECONNRESET EOF EPIPE"},
	{name: "the peer resets while idle, we write", peer: abort, we: "wwr", want: "ECONNRESET EPIPE EOF"},
	{name: "data, then a reset", peer: then(send(500), flushed, abort), we: "rrr", want: "500 ECONNRESET EOF"},
	{name: "data, then a reset, we write first", peer: then(send(500), flushed, abort), we: "wrr", want: "ECONNRESET 500 EOF"},
	{name: "a FIN, then a reset", peer: closeWrite, late: abort, we: "rr", want: "EOF EOF"},
	{name: "data, a FIN, then a reset", peer: then(send(500), closeWrite), late: abort, we: "rrr", want: "500 EOF EOF"},
	{name: "we half-close, then the peer resets", before: closeWrite, peer: abort, we: "r", want: "ECONNRESET"},
	{name: "the peer closes with our bytes unread", before: send(100), peer: then(send(5), closeAll), we: "rr", want: "5 ECONNRESET"},
	{name: "data, then a close, we write", peer: then(send(5), closeAll), we: "wrrw", want: "wrote 5 EOF EPIPE"},
	{name: "we half-close and go on reading", before: closeWrite, peer: send(7), we: "wr", want: "EPIPE 7"},
	{name: "both half-close", before: closeWrite, peer: then(send(3), closeWrite), we: "rr", want: "3 EOF"},
	{name: "the peer half-closes and goes on reading", peer: closeWrite, we: "rww", want: "EOF wrote wrote"},
	{name: "a reset with 60 000 bytes unread", peer: then(send(60_000), flushed, abort), we: "Rr", bulk: 60_000, want: "60000 ECONNRESET"},
	{name: "a megabyte, then a close", peer: func(c *net.TCPConn) { go then(send(1<<20), closeAll)(c) }, we: "Rr", bulk: 1 << 20, want: "1048576 EOF"},
}

// ways are the wires a row is run over, each of which must be as good as none.
var ways = map[string]func() []proxy.Fault{
	"no fault": func() []proxy.Fault { return nil },
	"toxics that do nothing": func() []proxy.Fault {
		var faults []proxy.Fault
		for _, s := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
			faults = append(faults, proxy.Latency(0, 0).On(s), proxy.Bandwidth(100_000_000).On(s),
				proxy.LimitData(math.MaxInt64).On(s), proxy.SlowClose(0).On(s))
		}
		return faults
	},
	"triggers never reached": func() []proxy.Fault {
		var faults []proxy.Fault
		for _, s := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
			faults = append(faults, proxy.ResetPeer().After(1<<40).On(s), proxy.Close().After(1<<40).On(s),
				proxy.Stall().After(1<<40).On(s), proxy.SplitAt(1<<40).On(s))
		}
		return faults
	},
}

func TestTheWireIsTransparent(t *testing.T) {
	for _, row := range rows {
		for _, weAre := range []proxy.Side{proxy.ClientSide, proxy.ServerSide} {
			direct, known := play(t, row, weAre, nil, nil)
			t.Run(fmt.Sprintf("%s/%v/direct", row.name, weAre), func(t *testing.T) {
				NewWithT(t).Expect(direct).To(Equal(row.want))
			})
			for way, faults := range ways {
				t.Run(fmt.Sprintf("%s/%v/%s", row.name, weAre, way), func(t *testing.T) {
					relayed, _ := play(t, row, weAre, faults(), known)
					NewWithT(t).Expect(relayed).To(Equal(row.want))
				})
			}
		}
	}
}

// play runs the row, through a relay if known is given: what our kernel knew of the direct connection after each step, so
// that the relayed one is looked at when the same has arrived, not when some time has passed.
func play(t *testing.T, r row, weAre proxy.Side, faults []proxy.Fault, known []sockdiag.Socket) (string, []sockdiag.Socket) {
	t.Helper()
	we, peer := connect(t, weAre, faults, known != nil)
	diag := must(sockdiag.Open())
	defer diag.Close()
	look := func() sockdiag.Socket {
		s, found, err := diag.Get(we.LocalAddr().(*net.TCPAddr).AddrPort(), we.RemoteAddr().(*net.TCPAddr).AddrPort())
		if err != nil || !found {
			return sockdiag.Socket{State: sockdiag.Closed}
		}
		return s
	}
	var seen []sockdiag.Socket
	settle := func() {
		if known == nil {
			time.Sleep(20 * time.Millisecond) // a direct connection has no event to wait for
			seen = append(seen, look())
			return
		}
		want := known[len(seen)]
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if s := look(); s.State == want.State && s.Unread == want.Unread {
				break
			}
		}
		seen = append(seen, want)
	}
	if r.before != nil {
		r.before(we)
		// our bytes, or our FIN, must have reached the peer's own socket
		far := must(sockdiag.Open())
		defer far.Close()
		NewWithT(t).Eventually(func() bool {
			s, found, _ := far.Get(peer.LocalAddr().(*net.TCPAddr).AddrPort(), peer.RemoteAddr().(*net.TCPAddr).AddrPort())
			return found && s.Unread > 0
		}).WithTimeout(5 * time.Second).Should(BeTrue())
	}
	r.peer(peer)
	settle()
	if r.late != nil {
		r.late(peer)
		settle()
	}
	var told []string
	for _, op := range r.we {
		if strings.ContainsRune("wr", op) && len(told) > 0 && told[len(told)-1] == "wrote" {
			settle() // an RST may answer what we wrote
		}
		told = append(told, operate(we, op, r.bulk))
	}
	return strings.Join(told, " "), seen
}

func operate(c *net.TCPConn, op rune, bulk int) string {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	var n int
	var err error
	buf := make([]byte, 2<<20)
	switch op {
	case 'r':
		n, err = c.Read(buf)
	case 'R':
		n, err = io.ReadFull(c, buf[:bulk])
	case 'w':
		_, err = c.Write([]byte{1})
		if err == nil {
			return "wrote"
		}
	}
	switch {
	case n > 0:
		return fmt.Sprint(n)
	case errors.Is(err, io.EOF):
		return "EOF"
	case errors.Is(err, syscall.ECONNRESET):
		return "ECONNRESET"
	case errors.Is(err, syscall.EPIPE):
		return "EPIPE"
	}
	return fmt.Sprint(err)
}

// connect makes a connection and returns our end and the peer's.
func connect(t *testing.T, weAre proxy.Side, faults []proxy.Fault, relayed bool) (we, peer *net.TCPConn) {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { l.Close() })
	dial := func(context.Context) (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
	if relayed {
		r := must(proxy.Listen(proxy.Config{Upstream: l.Addr().String(), Plan: proxy.Plan{Faults: faults}}))
		t.Cleanup(func() { r.Close() })
		dial = r.Dial // a server that acts before the relay's own connect has returned acts on the connect
	}
	client := must(dial(t.Context())).(*net.TCPConn)
	server := must(l.Accept()).(*net.TCPConn)
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	if weAre == proxy.ClientSide {
		return client, server
	}
	return server, client
}
