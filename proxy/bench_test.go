//go:build linux

package proxy_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// paths are the ways to a server: none between, a bare splice proxy (io.Copy between sockets, which is what a proxy can
// cost at the least), the relay, and the relay with a toxic in each direction.
var paths = []struct {
	name string
	via  func(b *testing.B, upstream string) (addr string)
}{
	{"direct", func(_ *testing.B, upstream string) string { return upstream }},
	{"splice", spliceProxy},
	{"relay", func(b *testing.B, upstream string) string { return relayTo(b, upstream) }},
	{"relay+toxics", func(b *testing.B, upstream string) string {
		return relayTo(b, upstream, proxy.Latency(0, 0), proxy.Latency(0, 0).On(proxy.Upstream))
	}},
}

func relayTo(b *testing.B, upstream string, faults ...proxy.Fault) string {
	r := must(proxy.Listen(proxy.Config{Upstream: upstream, Plan: proxy.Plan{Faults: faults}}))
	b.Cleanup(func() { _ = r.Close() })
	return r.Addr().String()
}

func spliceProxy(b *testing.B, upstream string) string {
	return listen(b, func(c *net.TCPConn) {
		up := must(net.Dial("tcp", upstream)).(*net.TCPConn)
		defer up.Close()
		var back sync.WaitGroup
		back.Go(func() {
			_, _ = io.Copy(c, up)
			_ = c.CloseWrite()
		})
		_, _ = io.Copy(up, c)
		_ = up.CloseWrite()
		back.Wait()
	})
}

// listen serves connections until the benchmark ends.
func listen(b *testing.B, serve func(*net.TCPConn)) string {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				serve(c.(*net.TCPConn))
			})
		}
	})
	b.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

func BenchmarkEcho64(b *testing.B) {
	for _, p := range paths {
		b.Run(p.name, func(b *testing.B) {
			c := must(net.Dial("tcp", p.via(b, listen(b, echo))))
			defer c.Close()
			buf := make([]byte, 64)
			for b.Loop() {
				must(c.Write(buf))
				must(io.ReadFull(c, buf))
			}
		})
	}
}

func BenchmarkBulk(b *testing.B) {
	for _, p := range paths {
		b.Run(p.name, func(b *testing.B) {
			c := must(net.Dial("tcp", p.via(b, listen(b, pour))))
			defer c.Close()
			buf := make([]byte, 1<<20)
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				must(io.ReadFull(c, buf))
			}
		})
	}
}

func BenchmarkConnect(b *testing.B) {
	for _, p := range paths {
		b.Run(p.name, func(b *testing.B) {
			addr := p.via(b, listen(b, echo))
			buf := make([]byte, 1)
			for b.Loop() {
				c := must(net.Dial("tcp", addr))
				must(c.Write(buf))
				must(io.ReadFull(c, buf))
				abort(c.(*net.TCPConn)) // no port is left in TIME-WAIT
			}
		})
	}
}

func BenchmarkLockStepSlice(b *testing.B) {
	r := must(proxy.Listen(proxy.Config{Upstream: listen(b, echo), Plan: proxy.Plan{Faults: []proxy.Fault{proxy.Slice(1)}}}))
	defer r.Close()
	c := must(net.Dial("tcp", r.Addr().String()))
	defer c.Close()
	buf := make([]byte, 1)
	go func() { _, _ = io.Copy(c, endless{}) }()
	began, n := time.Now(), 0
	for b.Loop() {
		must(c.Read(buf))
		n++
	}
	b.ReportMetric(float64(time.Since(began).Microseconds())/float64(n), "µs/slice")
	if u := r.Trace().Unconfirmed; u > 0 {
		b.Fatalf("%d slices unconfirmed", u)
	}
}

// endless is as many bytes as anyone asks for.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return min(len(p), 4096), nil }
