//go:build linux

package proxy_test

import (
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// What is delayed and cut into pieces, in bulk and in both directions at once, arrives as it was sent. Each way carries 10⁹
// bytes with FAULTWIRE_LONG=1, else 2·10⁷.
func TestAThousandMillionBytes(t *testing.T) {
	g := NewWithT(t)
	n := int64(20_000_000)
	if os.Getenv("FAULTWIRE_LONG") != "" {
		n = 1_000_000_000
	}
	var faults []proxy.Fault
	for _, s := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
		faults = append(faults, proxy.Latency(time.Millisecond, time.Millisecond).On(s), proxy.Slicer(20_000, 10_000, 0).On(s))
	}
	type sums struct{ sent, got [sha256.Size]byte }
	served := make(chan sums, 1)
	swap := func(c *net.TCPConn, seed byte) (s sums) {
		_ = c.SetDeadline(time.Now().Add(20 * time.Minute))
		sent := make(chan [sha256.Size]byte)
		go func() {
			h := sha256.New()
			_, _ = io.Copy(io.MultiWriter(c, h), io.LimitReader(rand.NewChaCha8([32]byte{seed}), n))
			_ = c.CloseWrite()
			sent <- [sha256.Size]byte(h.Sum(nil))
		}()
		h := sha256.New()
		_, _ = io.Copy(h, c)
		return sums{<-sent, [sha256.Size]byte(h.Sum(nil))}
	}
	r := wire(t, func(c *net.TCPConn) { served <- swap(c, 1) }, faults...)
	began := time.Now()
	client := swap(dial(t, r), 2)
	server := <-served
	t.Logf("%d bytes each way at once took %v", n, time.Since(began))
	g.Expect(client.got).To(Equal(server.sent))
	g.Expect(server.got).To(Equal(client.sent))
	c := r.Trace().Conns[0]
	g.Expect([]int64{c.Upstream.In, c.Upstream.Out, c.Downstream.In, c.Downstream.Out}).To(HaveEach(n))
	g.Expect(r.Trace().Fired).To(HaveLen(len(faults)))
}
