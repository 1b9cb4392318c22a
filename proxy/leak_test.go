//go:build linux

package proxy_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/faultwire/faultwire/proxy"
)

// Toxiproxy's own links leak goroutines when a client aborts (50 aborts leave 75 to 150 behind). Ours must not, whatever
// the toxic holds at that moment.
func TestAbortedConnectionsLeaveNothingBehind(t *testing.T) {
	one := map[string]proxy.Fault{
		"none":         proxy.Latency(0, 0),
		"latency":      proxy.Latency(10*time.Second, 0),
		"bandwidth":    proxy.Bandwidth(1),
		"bandwidth 0":  proxy.Bandwidth(0),
		"slicer":       proxy.Slicer(10, 5, time.Millisecond),
		"timeout":      proxy.Timeout(0),
		"timeout 1 ms": proxy.Timeout(time.Millisecond),
		"slow_close":   proxy.SlowClose(10 * time.Second),
		"limit_data":   proxy.LimitData(1000),
		"limit_data 0": proxy.LimitData(0),
		"reset_peer":   proxy.ResetPeer().After(1000),
		"close":        proxy.Close().After(1000),
		"half_close":   proxy.HalfClose().After(1000),
		"stall":        proxy.Stall().After(1000),
		"blackhole":    proxy.Blackhole().After(1000),
		"slice":        proxy.Slice(100),
	}
	chains := map[string][]proxy.Fault{
		"latency, bandwidth 0": {proxy.Latency(10*time.Millisecond, 0), proxy.Bandwidth(0)},
		"slow_close, latency":  {proxy.SlowClose(10 * time.Second), proxy.Latency(10*time.Second, 0)},
		"bandwidth, latency, slicer, limit_data": {proxy.Bandwidth(1), proxy.Latency(10*time.Second, 0),
			proxy.Slicer(10, 5, time.Millisecond), proxy.LimitData(1000)},
	}
	for name, fault := range one {
		chains[name] = []proxy.Fault{fault}
	}
	for name, chain := range chains {
		for _, s := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
			t.Run(name+" "+string(s), func(t *testing.T) {
				g := NewWithT(t)
				before := gleak.Goroutines()
				var faults []proxy.Fault
				for _, f := range chain {
					faults = append(faults, f.On(s))
				}
				r := wire(t, echo, faults...)
				for i := range 50 {
					c := dial(t, r)
					go func() { _, _ = c.Write(make([]byte, 100_000)) }()
					if i%2 == 0 {
						_ = c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
						_, _ = c.Read(make([]byte, 10))
					}
					if i%3 == 0 { // what is held now has an end behind it
						_ = c.CloseWrite()
					}
					abort(c)
				}
				g.Expect(r.Close()).To(Succeed())
				g.Eventually(gleak.Goroutines).WithTimeout(10 * time.Second).
					ShouldNot(gleak.HaveLeaked(before, gleak.IgnoringInBacktrace("proxy_test.wire")))
			})
		}
	}
}
