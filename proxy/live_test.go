//go:build linux

package proxy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

// aLongHold is longer than any test waits: what was held so long and comes in a test was let go of.
const aLongHold = time.Hour

// inTime ends the test, with the stacks of all goroutines, if an operation hangs.
func inTime(what string, op func() error) error {
	done := make(chan error, 1)
	go func() { done <- op() }()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		debug.SetTraceback("all")
		go panic(what + " hangs") // not here: the test's clean-up would hang, too
		select {}
	}
}

func add(g *WithT, r *proxy.Relay, f proxy.Fault) {
	g.THelper()
	g.Expect(inTime("adding "+f.String(), func() error { return r.Add(f) })).To(Succeed())
}

func remove(g *WithT, r *proxy.Relay, f proxy.Fault) {
	g.THelper()
	g.Expect(inTime("removing "+f.String(), func() error { return r.Remove(f.ID()) })).To(Succeed())
}

// random is n bytes that no two places share.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// exchange sends the text and its end over a connection of its own, to a server that echoes, and says what came back.
func exchange(r *proxy.Relay, text []byte) error {
	c, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	go func() {
		_, _ = c.Write(text)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	h := sha256.New()
	n, err := io.Copy(h, c)
	if want := sha256.Sum256(text); err == nil && !bytes.Equal(h.Sum(nil), want[:]) {
		err = fmt.Errorf("%d of %d bytes came back, or others", n, len(text))
	}
	return err
}

// join connects and returns when the wire has connected through.
func join(t *testing.T, r *proxy.Relay) *net.TCPConn {
	t.Helper()
	c := must(r.Dial(t.Context())).(*net.TCPConn)
	_ = c.SetDeadline(time.Now().Add(60 * time.Second))
	t.Cleanup(func() { c.Close() })
	return c
}

// downstream is what the wire saw of the first connection's answer so far.
func downstream(r *proxy.Relay) proxy.FlowTrace { return r.Trace().Conns[0].Downstream }

// Whatever a fault holds when it is added, updated or removed, and however often, arrives, in order, with the end behind it.
func TestLiveChangesLoseNothing(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 20
	}
	latency, zero := proxy.Latency(10*time.Second, 0), proxy.Bandwidth(0)
	slicer, gather := proxy.Slicer(1000, 500, 100*time.Microsecond), proxy.Coalesce(60_000, 10*time.Second)
	slowClose := proxy.SlowClose(10 * time.Second)
	for name, faults := range map[string][]proxy.Fault{
		"latency":           {latency},
		"jitter":            {proxy.Latency(2*time.Millisecond, 2*time.Millisecond)},
		"bandwidth 0":       {zero},
		"bandwidth 1":       {proxy.Bandwidth(1)},
		"slicer":            {slicer},
		"slow_close":        {slowClose},
		"coalesce":          {gather},
		"stall":             {proxy.Stall()},
		"slice":             {proxy.Slice(10_000)},
		"latency, 0":        {latency, zero},
		"0, latency":        {zero, latency},
		"slicer, latency":   {proxy.Slicer(100, 50, 0), latency},
		"coalesce, slicer":  {gather, slicer, slowClose},
		"one of everything": {slicer, gather, latency, proxy.Bandwidth(1), slowClose, proxy.Stall(), proxy.Slice(10_000)},
	} {
		for _, s := range []proxy.Stream{proxy.Upstream, proxy.Downstream} {
			t.Run(name+" "+string(s), func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				r := wire(t, echo)
				text := random(1 << 20)
				over, cancel := context.WithCancel(t.Context())
				var clients sync.WaitGroup
				for range 3 {
					clients.Go(func() {
						for once := true; once || over.Err() == nil; once = false {
							g.Expect(exchange(r, text)).To(Succeed())
						}
					})
				}
				pause := func() { time.Sleep(rand.N(time.Millisecond)) }
				for range max(1, rounds/len(faults)) {
					for _, f := range faults {
						add(g, r, f.On(s))
						pause()
					}
					for _, i := range rand.Perm(len(faults)) { // the same fault, as another: what it holds is let go of
						f := faults[i].On(s)
						f.Toxicity = 0.999
						g.Expect(inTime("updating "+f.String(), func() error { return r.Update(f) })).To(Succeed())
						pause()
					}
					for _, i := range rand.Perm(len(faults)) {
						remove(g, r, faults[i].On(s))
						pause()
					}
				}
				cancel()
				clients.Wait()
			})
		}
	}
}

// The whole plan may change at once.
func TestArmingAnotherPlanLosesNothing(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo)
	text := random(1 << 20)
	over, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() {
			for once := true; once || over.Err() == nil; once = false {
				g.Expect(exchange(r, text)).To(Succeed())
			}
		})
	}
	up := proxy.Upstream
	plans := [][]proxy.Fault{
		{proxy.Latency(10*time.Second, 0), proxy.Slicer(1000, 500, 0).On(up), proxy.Stall().On(up)},
		{proxy.Slicer(1000, 500, 0).On(up), proxy.Bandwidth(0), proxy.Latency(10*time.Second, 0)},
		{proxy.Coalesce(60_000, 10*time.Second), proxy.Bandwidth(0), proxy.SlowClose(10 * time.Second).On(up)},
		nil,
	}
	for i := range 200 {
		plan := proxy.Plan{Seed: uint64(i), Faults: plans[i%len(plans)]}
		g.Expect(inTime("arming", func() error { return r.Arm(plan) })).To(Succeed())
		time.Sleep(rand.N(time.Millisecond))
	}
	cancel()
	clients.Wait()
}

// A fault that is removed lets go of the bytes and of the end that it holds, at once.
func TestRemovingAFaultLetsGoOfWhatItHolds(t *testing.T) {
	for name, faults := range map[string][]proxy.Fault{
		"latency":                    {proxy.Latency(aLongHold, 0)},
		"bandwidth 0":                {proxy.Bandwidth(0)},
		"bandwidth 1":                {proxy.Bandwidth(1)},
		"slicer":                     {proxy.Slicer(10, 0, aLongHold)},
		"slow_close":                 {proxy.SlowClose(aLongHold)},
		"coalesce":                   {proxy.Coalesce(64<<10, aLongHold), proxy.SlowClose(aLongHold)},
		"stall":                      {proxy.Stall()},
		"blackhole behind the bytes": {proxy.Blackhole().After(60_000)},
		"latency before bandwidth 0": {proxy.Latency(aLongHold, 0), proxy.Bandwidth(0)},
		"slicer before latency":      {proxy.Slicer(1, 0, 0), proxy.Latency(aLongHold, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			text := random(60_000)
			r := wire(t, say(text), faults...)
			c := join(t, r)
			g.Eventually(r.Fired()).WithTimeout(10 * time.Second).Should(BeClosed())
			for _, f := range faults {
				remove(g, r, f)
			}
			g.Expect(bytes.Equal(must(io.ReadAll(c)), text)).To(BeTrue())
		})
	}
}

// Coalesce can hold more than a write's worth. What is let go of is not merged with the end behind it.
func TestRemovingACoalesceLetsGoOfMoreThanAWrite(t *testing.T) {
	g := NewWithT(t)
	text := random(64<<10 + 60_000 + 32<<10)
	parts := [][]byte{text[:64<<10], text[64<<10:][:60_000], text[64<<10+60_000:]} // taken by the next toxic; gathered; too much
	faults := []proxy.Fault{proxy.Latency(0, 0), proxy.Coalesce(64<<10, aLongHold), proxy.Bandwidth(0)}
	for range 20 {
		next := make(chan struct{})
		r := wire(t, func(c *net.TCPConn) {
			for _, part := range parts {
				<-next
				_, _ = c.Write(part)
			}
			_ = c.CloseWrite()
			_, _ = io.Copy(io.Discard, c)
		}, faults...)
		c := join(t, r)
		sent := 0
		for _, part := range parts {
			next <- struct{}{}
			sent += len(part)
			g.Eventually(func() int64 { return downstream(r).In }).WithTimeout(10 * time.Second).Should(Equal(int64(sent)))
		}
		g.Eventually(func() string { return downstream(r).End }).WithTimeout(10 * time.Second).Should(Equal("fin"))
		remove(g, r, faults[1])
		remove(g, r, faults[2])
		g.Expect(bytes.Equal(must(io.ReadAll(c)), text)).To(BeTrue())
	}
}

// What stands before a toxic that takes nothing can be removed all the same, and what it held waits there.
func TestAToxicBeforeOneThatIsFullCanBeRemoved(t *testing.T) {
	for name, faults := range map[string][]proxy.Fault{
		"latency before bandwidth 0": {proxy.Latency(time.Millisecond, 0), proxy.Bandwidth(0)},
		"slicer before latency":      {proxy.Slicer(1, 0, 0), proxy.Latency(aLongHold, 0)},
		"slicer, coalesce, latency":  {proxy.Slicer(1, 0, 0), proxy.Coalesce(2, aLongHold), proxy.Latency(aLongHold, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			text := random(200_000)
			r := wire(t, say(text), faults...)
			c := join(t, r)
			g.Eventually(func() int64 { return downstream(r).In }).WithTimeout(10 * time.Second).Should(BeNumerically(">", 60_000))
			for _, f := range faults[:len(faults)-1] {
				remove(g, r, f)
			}
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			n, _ := c.Read(make([]byte, 1<<20))
			g.Expect(n).To(BeZero(), "the last one still holds everything")
			_ = c.SetReadDeadline(time.Now().Add(time.Minute))
			remove(g, r, faults[len(faults)-1])
			g.Expect(bytes.Equal(must(io.ReadAll(c)), text)).To(BeTrue())
		})
	}
}

// A receiver that does not read is no reason for a change to hang, or to lose what waits for it: Toxiproxy gives up on a byte
// after 5 s.
func TestAReceiverThatDoesNotReadLosesNothing(t *testing.T) {
	g := NewWithT(t)
	text := random(32 << 20)
	faults := []proxy.Fault{proxy.Slicer(1000, 500, 0), proxy.Latency(time.Millisecond, 0), proxy.Coalesce(60_000, aLongHold),
		proxy.Bandwidth(1000), proxy.SlowClose(time.Millisecond)}
	r := wire(t, say(text), proxy.Latency(0, 0))
	c := join(t, r)
	full(g, r)
	remove(g, r, proxy.Latency(0, 0)) // there is a link now, without a toxic, and it is full
	for began := time.Now(); time.Since(began) < 6*time.Second; {
		for _, f := range faults {
			add(g, r, f)
			time.Sleep(20 * time.Millisecond)
		}
		for _, i := range rand.Perm(len(faults)) {
			remove(g, r, faults[i])
		}
		time.Sleep(20 * time.Millisecond)
	}
	g.Expect(downstream(r).In).To(BeNumerically("<", len(text)), "something waited all the time")
	g.Expect(bytes.Equal(must(io.ReadAll(c)), text)).To(BeTrue())
}

// What comes in small chunks while nothing goes out fills a link that has no toxic any more.
func TestAToxicCanBeAddedToALinkThatIsFull(t *testing.T) {
	g := NewWithT(t)
	const size = 50
	r := wire(t, func(c *net.TCPConn) {
		for range size {
			_, _ = c.Write([]byte("."))
			time.Sleep(time.Millisecond) // else the wire reads them at once
		}
	}, proxy.Latency(0, 0), proxy.Stall())
	c := join(t, r)
	g.Eventually(r.Fired()).WithTimeout(10 * time.Second).Should(BeClosed())
	remove(g, r, proxy.Latency(0, 0))
	g.Eventually(func() int64 { // the link takes no more, or has all
		before := downstream(r).In
		time.Sleep(50 * time.Millisecond)
		return downstream(r).In - before
	}).WithTimeout(10 * time.Second).Should(BeZero())
	add(g, r, proxy.Slicer(1, 0, 0))
	remove(g, r, proxy.Stall())
	g.Expect(must(io.ReadAll(c))).To(HaveLen(size))
}

func TestATimeoutAddedLiveClosesAConnectionWhoseReceiverDoesNotRead(t *testing.T) {
	g := NewWithT(t)
	ended := make(chan error, 1)
	r := wire(t, func(c *net.TCPConn) {
		pour(c)
		ended <- nil
	})
	c := join(t, r)
	full(g, r)
	add(g, r, proxy.Timeout(10*time.Millisecond))
	g.Eventually(ended).WithTimeout(10 * time.Second).Should(Receive())
	_, _ = drain(c, 0)
}

// full waits until every buffer towards a client that does not read is full.
func full(g *WithT, r *proxy.Relay) {
	g.THelper()
	g.Eventually(func() bool {
		before := downstream(r).Out
		time.Sleep(50 * time.Millisecond)
		return before > 0 && before == downstream(r).Out
	}).WithTimeout(20 * time.Second).Should(BeTrue())
}

func TestRefusingLiveKeepsThePort(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo)
	at := r.Addr().String()
	open := join(t, r)
	must(open.Write([]byte("a")))
	_ = must(open.Read(make([]byte, 1)))
	for range 20 {
		add(g, r, proxy.Refuse())
		_, err := net.Dial("tcp", at)
		g.Expect(err).To(MatchError(syscall.ECONNREFUSED))
		remove(g, r, proxy.Refuse())
		g.Expect(r.Addr().String()).To(Equal(at))
		g.Expect(exchange(r, []byte("hello"))).To(Succeed())
	}
	must(open.Write([]byte("b")))
	g.Expect(must(open.Read(make([]byte, 1)))).To(Equal(1), "open connections go on")
}

// hello makes a connection that has echoed something.
func hello(t *testing.T, r *proxy.Relay) *net.TCPConn {
	t.Helper()
	c := join(t, r)
	must(c.Write([]byte("hello")))
	must(io.ReadFull(c, make([]byte, 5)))
	return c
}

// A chunk that is held stays held, whatever else changes before or behind its fault.
func TestAnotherFaultsChangeLetsGoOfNothing(t *testing.T) {
	const hold = 300 * time.Millisecond
	before, behind := proxy.Slicer(100, 0, 0), proxy.Coalesce(1000, time.Millisecond)
	for name, change := range map[string]func(*WithT, *proxy.Relay){
		"adding behind":    func(g *WithT, r *proxy.Relay) { add(g, r, proxy.Bandwidth(100_000)) },
		"removing before":  func(g *WithT, r *proxy.Relay) { remove(g, r, before) },
		"removing behind":  func(g *WithT, r *proxy.Relay) { remove(g, r, behind) },
		"the other way":    func(g *WithT, r *proxy.Relay) { add(g, r, proxy.Latency(0, 0).On(proxy.Upstream)) },
		"an edge fault":    func(g *WithT, r *proxy.Relay) { add(g, r, proxy.Slice(10)) },
		"arming all anew":  func(g *WithT, r *proxy.Relay) { g.Expect(r.Arm(r.Plan())).To(Succeed()) },
		"refusing clients": func(g *WithT, r *proxy.Relay) { add(g, r, proxy.Refuse()) },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := wire(t, echo, before, proxy.Latency(hold, 0), behind)
			c := join(t, r)
			began := time.Now()
			must(c.Write(make([]byte, 1000)))
			_ = c.CloseWrite()
			g.Eventually(func() string { return downstream(r).End }).WithTimeout(10 * time.Second).Should(Equal("fin"))
			change(g, r)
			must(c.Read(make([]byte, 1)))
			g.Expect(time.Since(began)).To(BeNumerically(">=", hold))
			g.Expect(must(io.ReadAll(c))).To(HaveLen(999))
		})
	}
}

func TestAResetAddedLiveComesAtTheNextByte(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo)
	c := hello(t, r)
	add(g, r, proxy.ResetPeer())
	g.Expect(r.Trace().Fired).To(BeEmpty(), "nothing has come since")
	must(c.Write([]byte("x")))
	n, err := drain(c, 0)
	g.Expect(n).To(BeZero())
	g.Expect(err).To(MatchError(syscall.ECONNRESET))
}

func TestATriggerCountsFromTheChange(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo)
	c := hello(t, r)
	add(g, r, proxy.ResetPeer().After(3))
	must(c.Write([]byte("hello")))
	n, err := drain(c, 0)
	g.Expect(n).To(Equal(int64(3)))
	g.Expect(err).To(MatchError(syscall.ECONNRESET))
}

func TestAFaultAddedLiveAtTimeZeroStrikesAnIdleConnection(t *testing.T) {
	for name, fault := range map[string]proxy.Fault{
		"reset_peer": proxy.ResetPeer(), "close": proxy.Close(), "half_close": proxy.HalfClose(),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := wire(t, echo)
			c := hello(t, r)
			add(g, r, fault.At(0))
			_, err := drain(c, 0)
			if name == "reset_peer" {
				g.Expect(err).To(MatchError(syscall.ECONNRESET))
			} else {
				g.Expect(err).To(MatchError(io.EOF))
			}
		})
	}
}

// What a black hole has swallowed is lost: no byte may pass behind the gap, and no end that looks like a good one.
func TestRemovingABlackhole(t *testing.T) {
	for text, want := range map[string]error{"": io.EOF, "swallowed": syscall.ECONNRESET} {
		g := NewWithT(t)
		hole := proxy.Blackhole().At(0)
		r := wire(t, echo)
		c := hello(t, r)
		add(g, r, hole)
		g.Eventually(r.Fired()).WithTimeout(10 * time.Second).Should(BeClosed())
		must(c.Write([]byte(text)))
		_ = c.CloseWrite()
		g.Eventually(func() string { return r.Trace().Conns[0].Upstream.End }).WithTimeout(10 * time.Second).Should(Equal("fin"))
		g.Expect(r.Trace().Conns[0].Upstream.Passed).To(BeEmpty())
		remove(g, r, hole)
		n, err := drain(c, 0)
		g.Expect(n).To(BeZero())
		g.Expect(err).To(MatchError(want), "after %q", text)
	}
}

func TestAPlanThatCannotBeHeldChangesNothing(t *testing.T) {
	g := NewWithT(t)
	r := must(proxy.Listen(proxy.Config{Listen: "unix:" + t.TempDir() + "/wire", Upstream: "127.0.0.1:1"}))
	t.Cleanup(func() { r.Close() })
	var bad *proxy.InvalidFault
	g.Expect(errors.As(r.Add(proxy.Refuse()), &bad)).To(BeTrue(), "a Unix socket cannot be bound and refuse")
	g.Expect(bad.Error()).To(ContainSubstring("needs TCP"))
	g.Expect(r.Plan().Faults).To(BeEmpty())
	c := must(net.Dial("unix", r.Addr().String()))
	g.Expect(c.Close()).To(Succeed())
}

func TestRemovingATimeoutCloses(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo)
	c := hello(t, r)
	add(g, r, proxy.Timeout(0))
	must(c.Write([]byte("dropped")))
	g.Eventually(r.Fired()).WithTimeout(10 * time.Second).Should(BeClosed())
	remove(g, r, proxy.Timeout(0))
	n, err := drain(c, 0)
	g.Expect(n).To(BeZero())
	g.Expect(err).To(MatchError(io.EOF))
	hello(t, r)
}

// A stall that struck in the middle heals, and does not strike again.
func TestRemovingAStallHeals(t *testing.T) {
	g := NewWithT(t)
	text := random(1 << 20)
	r := wire(t, say(text), proxy.Stall().After(1000))
	c := join(t, r)
	must(io.ReadFull(c, make([]byte, 1000)))
	g.Eventually(r.Fired()).WithTimeout(10 * time.Second).Should(BeClosed())
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	g.Expect(err).To(MatchError(os.ErrDeadlineExceeded))
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	remove(g, r, proxy.Stall())
	g.Expect(bytes.Equal(must(io.ReadAll(c)), text[1000:])).To(BeTrue())
}

// A wire that is closed while it is changed closes.
func TestClosingDuringAChange(t *testing.T) {
	g := NewWithT(t)
	for range 50 {
		r := wire(t, pour)
		full := join(t, r) // does not read
		var changes sync.WaitGroup
		changes.Go(func() {
			for r.Add(proxy.Slicer(10, 5, 0)) == nil && r.Add(proxy.Latency(aLongHold, 0)) == nil {
				_ = r.Remove("slicer_downstream")
				_ = r.Remove("latency_downstream")
			}
		})
		must(full.Read(make([]byte, 1)))
		g.Expect(inTime("closing", r.Close)).To(Succeed())
		changes.Wait()
	}
}

// A receiver that takes nothing keeps neither who changes the plan nor who closes the wire.
func TestAFaultThatWaitsForTheReceiverKeepsNobody(t *testing.T) {
	for _, fault := range []proxy.Fault{proxy.ResetPeer().At(0), proxy.Close().At(0), proxy.Inject(random(8 << 20)).At(0)} {
		t.Run(fault.Type, func(t *testing.T) {
			g := NewWithT(t)
			r := wire(t, pour)
			dial(t, r) // and does not read
			written := func() int64 {
				var n int64
				for _, c := range r.Trace().Conns {
					n += c.Downstream.Out
				}
				return n
			}
			var before int64 = -1
			g.Eventually(func() bool { // it has stopped, for everything is full
				now := written()
				stopped := now > 0 && now == before
				before = now
				return stopped
			}).WithTimeout(20 * time.Second).WithPolling(200 * time.Millisecond).Should(BeTrue())
			add(g, r, fault)
			g.Expect(inTime("closing", r.Close)).To(Succeed())
		})
	}
}

// The end comes behind the bytes, and waits as they would, though the latency came when nothing was under way.
func TestALatencyAddedLiveHoldsTheEnd(t *testing.T) {
	g := NewWithT(t)
	ended := make(chan struct{})
	r := wire(t, func(c *net.TCPConn) {
		_, _ = io.CopyN(c, c, 5)
		_, _ = io.Copy(io.Discard, c)
		close(ended)
	})
	c := hello(t, r)
	late := proxy.Latency(aLongHold, 0).On(proxy.Upstream)
	late.Name = "late"
	add(g, r, late)
	g.Expect(c.CloseWrite()).To(Succeed())
	g.Consistently(ended).WithTimeout(100 * time.Millisecond).ShouldNot(BeClosed())
	remove(g, r, late)
	g.Eventually(ended).WithTimeout(20 * time.Second).Should(BeClosed())
}

// What has been passed on before the change does not count for opposite, either.
func TestOppositeCountsFromTheChange(t *testing.T) {
	g := NewWithT(t)
	r := wire(t, echo)
	c := hello(t, r)
	add(g, r, proxy.ResetPeer().At(0).OnceSent(3))
	must(c.Write([]byte("ab")))
	g.Consistently(r.Fired()).WithTimeout(100 * time.Millisecond).ShouldNot(BeClosed())
	must(c.Write([]byte("c")))
	g.Eventually(r.Fired()).WithTimeout(20 * time.Second).Should(BeClosed())
}

// A name is whatever a plan says.
func TestAnyNameOfAFault(t *testing.T) {
	g := NewWithT(t)
	odd := proxy.Latency(time.Millisecond, 0)
	odd.Name = "bell \a, tag \U000e0001, \"quoted\""
	r := wire(t, echo, odd)
	hello(t, r)
	g.Expect(r.Trace().Fired).To(HaveLen(1))
}
