//go:build linux

package proxy_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// A fault on accept strikes before the first byte, however soon that comes: not one passes.
func TestOnAcceptIsBeforeTheFirstByte(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, say([]byte("at once")), proxy.Stall().At(0))
	for range 300 {
		c := dial(t, r)
		g.Expect(c.SetReadDeadline(time.Now().Add(3 * time.Millisecond))).To(Succeed())
		n, err := c.Read(make([]byte, 16))
		g.Expect(n).To(BeZero())
		g.Expect(err).To(HaveOccurred())
		g.Expect(c.Close()).To(Succeed())
	}
}
