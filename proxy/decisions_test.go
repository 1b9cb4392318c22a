//go:build linux

package proxy_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// What a seed decides hangs on the byte, not on the chunk that the byte came in.
func TestDecisionsDependOnTheSeedAndTheOffsetAlone(t *testing.T) {
	times, size := 1000, 64<<10
	if testing.Short() {
		times, size = 100, 16<<10
	}
	up := proxy.Upstream
	plans := map[string][]proxy.Fault{
		"latency": {proxy.Latency(time.Millisecond, time.Millisecond).On(up)},
		"slicer":  {proxy.Slicer(700, 300, 0).On(up)},
		"slice":   {proxy.SliceAbout(1500, 500).On(up)},
		"all of them, each from an offset of its own": {
			proxy.Latency(time.Millisecond, time.Millisecond).On(up).After(1000),
			proxy.Slicer(900, 300, 0).On(up).After(2000),
			proxy.SliceAbout(4000, 1000).On(up).After(3000),
		},
	}
	server := sink(t)
	for name, faults := range plans {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			whole := func() int { return size }
			want := decisions(server, proxy.Plan{Seed: 7, Faults: faults}, size, whole)
			for _, f := range faults {
				g.Expect(want).To(ContainElement(HaveField("Fault", f.ID())))
			}
			g.Expect(decisions(server, proxy.Plan{Seed: 8, Faults: faults}, size, whole)).NotTo(Equal(want))

			var mu sync.Mutex
			n := uint64(0)
			atOnce(times/len(plans), func() {
				mu.Lock()
				n++
				chunking := rand.New(rand.NewPCG(n, 0))
				mu.Unlock()
				most := 1 << (4 + chunking.IntN(12)) // from pieces of a few bytes to a few pieces
				got := decisions(server, proxy.Plan{Seed: 7, Faults: faults}, size, func() int { return 1 + chunking.IntN(most) })
				g.Expect(got).To(Equal(want), "in chunks of 1 to %d bytes", most)
			})
		})
	}
}

// A live change counts from where it came in the stream, so its decisions are laid out from there, but drawn by the same seed.
func TestDecisionsOfAFaultAddedLiveAreTheSame(t *testing.T) {
	g := NewWithT(t)
	const before, size = 10_000, 30_000
	slicer := proxy.Slicer(700, 300, 0).On(proxy.Upstream)
	run := func() []proxy.Decision {
		r := must(proxy.Listen(proxy.Config{Upstream: sink(t), Plan: proxy.Plan{Seed: 7}}))
		defer r.Close()
		c := dial(t, r)
		must(c.Write(make([]byte, before)))
		g.Eventually(func() (passed int64) {
			for _, conn := range r.Trace().Conns { // none before it is accepted
				passed = conn.Upstream.Out
			}
			return passed
		}).WithTimeout(10 * time.Second).Should(Equal(int64(before)))
		g.Expect(r.Add(slicer)).To(Succeed())
		must(c.Write(make([]byte, size-before)))
		_ = c.CloseWrite()
		must(io.ReadAll(c))
		return r.Trace().Conns[0].Decisions
	}
	first := run()
	g.Expect(first).NotTo(BeEmpty())
	g.Expect(first[0].Offset).To(BeNumerically("~", before+700, 150))
	g.Expect(run()).To(Equal(first))
}

// sink is a server that reads to the end and then ends.
func sink(t *testing.T) (address string) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = drain(c, 0)
			}()
		}
	}()
	return l.Addr().String()
}

// decisions sends size bytes upstream, in chunks of the given sizes, over a wire of its own, and returns what was decided.
func decisions(server string, plan proxy.Plan, size int, chunk func() int) []proxy.Decision {
	r := must(proxy.Listen(proxy.Config{Upstream: server, Plan: plan, TimeScale: 20}))
	defer r.Close()
	c := must(net.Dial("tcp", r.Addr().String())).(*net.TCPConn)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	for i, rest := 0, make([]byte, size); len(rest) > 0; i++ {
		n := must(c.Write(rest[:min(chunk(), len(rest))]))
		rest = rest[n:]
		if i%16 == 0 {
			time.Sleep(50 * time.Microsecond) // so that not all of it waits in the socket when the wire reads
		}
	}
	_ = c.CloseWrite()
	if rest := must(io.ReadAll(c)); len(rest) > 0 {
		panic(fmt.Sprintf("a sink said %q", rest))
	}
	return r.Trace().Conns[0].Decisions
}
