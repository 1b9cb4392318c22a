package main

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// A tryPlan is what goes wrong in one run of a hunted command.
type tryPlan struct {
	name   string
	gentle bool                     // nothing is lost, and little time
	faults map[string][]proxy.Fault // by upstream
}

// upstreams are those that have faults.
func (p tryPlan) upstreams() []string { return slices.Sorted(maps.Keys(p.faults)) }

// count is how many faults there are.
func (p tryPlan) count() (n int) {
	for _, faults := range p.faults {
		n += len(faults)
	}
	return n
}

// without is the plan without one fault of an upstream.
func (p tryPlan) without(name string, i int) tryPlan {
	p.faults = maps.Clone(p.faults)
	if p.faults[name] = slices.Delete(slices.Clone(p.faults[name]), i, i+1); len(p.faults[name]) == 0 {
		delete(p.faults, name)
	}
	return p
}

// standardPlans are what happens to connections, for each upstream that the command used in a run without a fault; at says how far into
// so many bytes.
// A gentle one takes a quarter of the limit at most, which a run is given.
func standardPlans(plain *tryReport, limit time.Duration, at func(int64) int64) (all []tryPlan) {
	for _, u := range plain.Upstreams {
		all = append(all, plansFor(u, plain.Took, limit/4, at)...)
	}
	return all
}

func plansFor(u upstreamReport, took, gently time.Duration, at func(int64) int64) (all []tryPlan) {
	var k int // the connection that brings most
	var down, up, total int64
	for _, c := range u.Trace.Conns {
		total += c.Downstream.Out
		if k == 0 || c.Downstream.Out > down {
			k, down, up = c.N, c.Downstream.Out, c.Upstream.Out
		}
	}
	if k == 0 {
		return nil
	}
	add := func(name string, gentle bool, faults ...proxy.Fault) {
		for i := range faults {
			faults[i].Name = "f" + strconv.Itoa(i+1)
		}
		all = append(all, tryPlan{u.Name + ": " + name, gentle, map[string][]proxy.Fault{u.Name: faults}})
	}
	const little, second = 200 * time.Millisecond, time.Second
	middle := at(down)
	whenIdle := took / 2
	if late := min(little/4, gently/time.Duration(turns(u))); late >= time.Millisecond {
		add("every answer a little late", true, proxy.Latency(late, late/5))
	}
	size := max(1, down/500)
	add("in small pieces", true, proxy.Slicer(size, 0, min(200*time.Microsecond, gently/time.Duration(total/size+1))))
	add("slow", true, proxy.Bandwidth(max(down/500, total/max(1, gently.Milliseconds()))+1))
	add("a pause in the middle of an answer", true, proxy.StallFor(min(little, gently/time.Duration(max(1, u.Connections)))).After(middle))
	add("silent while idle, and well again after a second", false, proxy.StallFor(second).At(whenIdle), proxy.StallFor(second).At(whenIdle).On(proxy.Upstream))
	add("reset in the middle of an answer", false, proxy.ResetPeer().After(middle).OnConnection(k))
	add("closed in the middle of an answer", false, proxy.Close().After(middle).OnConnection(k))
	add("closed before the last byte", false, proxy.Close().After(max(0, down-1)).OnConnection(k))
	add("reset in the middle of a request", false, proxy.ResetPeer().On(proxy.Upstream).After(at(up)).OnConnection(k))
	add("hung up on twice, then served", false, proxy.AcceptThenReset().OnConnection(1), proxy.AcceptThenReset().OnConnection(2))
	add("flapping: reset in the middle of an answer, three times over", false, proxy.ResetPeer().After(middle).OnConnection(k),
		proxy.ResetPeer().After(middle).OnConnection(k+1), proxy.ResetPeer().After(middle).OnConnection(k+2))
	add("closed in the middle of every answer", false, proxy.Close().After(middle))
	add("a black hole from the middle of an answer on", false, proxy.Blackhole().After(middle))
	add("never answers", false, proxy.Stall().After(0))
	add("refused", false, proxy.Refuse())
	add("the connect is never answered", false, proxy.ConnectBlackhole())
	return all
}

// turns is how often an answer came to something that was asked, and 1 at least.
func turns(u upstreamReport) int {
	n := 1 + u.Trace.Forgotten
	for _, c := range u.Trace.Conns {
		n += c.Dropped
		asked := true // by the connection itself
		for _, ev := range c.Events {
			switch {
			case ev.What != "in":
			case ev.Stream == proxy.Upstream:
				asked = true
			case asked:
				n, asked = n+1, false
			}
		}
	}
	return n
}

// drawnPlan is one or two of the standard plans' kinds, at any byte.
func drawnPlan(rng *rand.Rand, plain *tryReport, limit time.Duration) tryPlan {
	one := func() tryPlan {
		all := standardPlans(plain, limit, func(total int64) int64 { return rng.Int64N(total + 1) })
		return all[rng.IntN(len(all))]
	}
	p := one()
	if other := one(); rng.IntN(2) == 0 && p.joins(other) {
		p = p.with(other)
	}
	return p
}

// joins reports whether the two can be in force together.
func (p tryPlan) joins(other tryPlan) bool {
	for _, u := range other.upstreams() {
		if (proxy.Plan{Faults: p.with(other).faults[u]}).Validate() != nil {
			return false
		}
	}
	return true
}

// with is both in one.
func (p tryPlan) with(other tryPlan) tryPlan {
	both := tryPlan{p.name + "; " + other.name, p.gentle && other.gentle, maps.Clone(p.faults)}
	for u, faults := range other.faults {
		for _, f := range faults {
			f.Name = "f" + strconv.Itoa(len(both.faults[u])+1)
			both.faults[u] = append(slices.Clone(both.faults[u]), f)
		}
	}
	return both
}
