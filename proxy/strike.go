package proxy

import (
	"slices"
	"time"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// add arms a fault that runs on this flow, from the given offset of its stream on. The caller starts it, and holds pair.ops
// once the connection runs.
func (f *flow) add(fault Fault, origin int64, began time.Time) *armed {
	if fault.Type == "corrupt" { // it ends by its own count
		n := max(1, fault.Attributes["bytes"])
		fault = fault.UntilByte(fault.trigger().Byte + n)
	}
	if fault.Type == "limit_data" {
		fault = fault.After(fault.Attributes["bytes"])
	}
	a := f.arm(fault, origin, began)
	a.opposite = fault.trigger().Opposite + f.back.written.count()
	f.all = append(f.all, a)
	list := &f.edges
	switch kinds[fault.Type].runs {
	case inLink:
		list = &f.toxics
	case onConnect:
		return a
	}
	for { // beside one that strikes, and is taken off
		old := list.Load()
		next := append(slices.Clone(*old), a)
		if list.CompareAndSwap(old, &next) {
			return a
		}
	}
}

// start begins what an edge fault does by itself, whether or not bytes come. What has to wait for the receiver does not keep who adds it
// to a connection under way.
func (f *flow) start(a *armed, underWay bool) {
	waits := a.Type == "reset_peer" || a.Type == "close" || a.Type == "inject"
	switch {
	case !kinds[a.Type].strikes || kinds[a.Type].runs != atEdge:
	case !a.span.starts.IsZero() && !a.span.starts.After(time.Now()) && a.trigger().Opposite == 0 && !(underWay && waits):
		f.act(a) // before the first byte, then, and not beside it
	case !a.span.starts.IsZero():
		f.pair.work.Go(func() {
			if f.pair.sleepUntil(a.span.starts, a.gone.ch) {
				f.strikeNow(a)
			}
		})
	case a.Type == "timeout" && a.Trigger == nil:
		f.act(a) // it drops the very first byte, and its clock runs from the beginning
	}
}

// strikeNow lets a fault strike whose time has come. It waits for its turn, but not for a receiver that takes nothing.
func (f *flow) strikeNow(a *armed) {
	for range 25 {
		if f.turn.TryLock() {
			defer f.turn.Unlock()
			break
		}
		if !f.pair.sleep(time.Millisecond) {
			return
		}
	}
	if !a.gone.raised() && f.awaitOpposite(a) {
		f.act(a)
	}
}

// strikeDue lets the edge faults strike whose byte has been reached. p is what comes next, and coming says that something
// does, be it the end: only then does a fault at the first byte strike. The caller has the turn.
func (f *flow) strikeDue(p []byte, coming bool) {
	edges := *f.edges.Load()
	if len(edges) == 0 {
		return
	}
	at, now := f.moved.count(), time.Now()
	for _, a := range edges {
		if !kinds[a.Type].strikes || !a.span.starts.IsZero() || a.gone.raised() {
			continue
		}
		a.span.look(at, p, now)
		if at < a.span.from || !coming && at == a.origin {
			continue
		}
		if f.pair.aborted.raised() {
			if a.trigger().Opposite == 0 {
				a.struck(at) // the receiver has had what it was to have, and went away at once
			}
			continue
		}
		if f.awaitOpposite(a) && !a.gone.raised() {
			f.act(a)
		}
	}
}

// awaitOpposite waits until the fault's victim has nothing left to write; false if the connection was aborted first.
func (f *flow) awaitOpposite(a *armed) bool {
	if a.trigger().Opposite == 0 {
		return true
	}
	select {
	case <-f.back.written.reached(a.opposite):
	case <-f.back.done.ch: // it has written less and ended: nothing is left
	case <-a.gone.ch:
		return false
	case <-f.pair.aborted.ch:
		return false
	}
	return f.pair.poll(0, func() bool {
		waiting, ok := f.dst.queued()
		return !ok || waiting == 0
	})
}

// act strikes, and takes the fault off the edge: it has done its work, or goes on by itself. What an earlier fault did to the
// stream is respected: an edge that is already deaf stays so.
func (f *flow) act(a *armed) {
	f.takeOff(a)
	at := f.moved.count()
	switch a.Type {
	case "reset_peer":
		if d := a.Attributes["timeout"]; d > 0 && !f.pair.sleepUntil(time.Now().Add(time.Duration(d)*time.Millisecond), a.gone.ch) {
			return
		}
		f.drained()
		a.struck(at)
		if !f.settled() {
			return
		}
		f.pair.reset()
	case "close", "limit_data":
		f.drained()
		a.struck(at)
		f.passed(endFIN)
		f.back.passed(endFIN)
		f.pair.close()
	case "half_close":
		a.struck(at)
		f.passed(endFIN)
		f.dst.closeWrite()
		f.deaf.Store(true)
	case "stall":
		a.struck(at)
		f.paused.Store(a)
		f.expire(a)
	case "blackhole":
		a.struck(at)
		f.pair.hole.Store(a)
	case "timeout":
		f.drop.Store(a)
		if d := a.Attributes["timeout"]; d > 0 {
			f.pair.work.Go(func() { f.timeOut(a, time.Duration(d)*time.Millisecond) })
		}
	case "inject":
		a.struck(at)
		f.deliver(a.Data)
	case "vanish", "packet_loss":
		if f.lose(a) {
			a.struck(at)
			f.expire(a)
		}
	}
}

// takeOff takes the fault off the edge's list. Those that last can still be removed: by their gone flag.
func (f *flow) takeOff(a *armed) {
	for {
		old := f.edges.Load()
		next := slices.DeleteFunc(slices.Clone(*old), func(b *armed) bool { return a == b })
		if f.edges.CompareAndSwap(old, &next) {
			return
		}
	}
}

// expire ends the fault when its time is over.
func (f *flow) expire(a *armed) {
	if d := a.until().For; d > 0 {
		f.pair.work.Go(func() {
			if f.pair.sleepUntil(time.Now().Add(time.Duration(d)*time.Millisecond), a.gone.ch) {
				a.gone.raise()
			}
		})
	}
}

// pauseOver waits while a stall lasts.
func (f *flow) pauseOver() {
	for s := f.paused.Load(); s != nil; s = f.paused.Load() {
		select {
		case <-s.gone.ch:
			f.paused.CompareAndSwap(s, nil)
		case <-f.pair.aborted.ch:
			return
		}
	}
}

// timeOut closes the connection when a timeout fault's time is over.
func (f *flow) timeOut(a *armed, d time.Duration) {
	if !f.pair.sleepUntil(time.Now().Add(d), a.gone.ch) {
		return
	}
	a.struck(f.moved.count()) // without the turn: a receiver that does not read may keep it for ever
	f.passed(endFIN)
	f.back.passed(endFIN)
	f.pair.close()
}

// piece says how many of the bytes at hand go in one write, whether a cut lies behind them (then the receiver must have read
// them before the next go), and what they are XORed with.
func (f *flow) piece(p []byte) (n int64, cut bool, mask byte) {
	n = int64(len(p))
	edges := *f.edges.Load()
	if len(edges) == 0 {
		return n, false, 0
	}
	at, now := f.moved.count(), time.Now()
	for _, a := range edges {
		if kinds[a.Type].strikes {
			if left := a.span.from - at; left > 0 {
				n = min(n, left)
			}
			continue
		}
		left, inside := a.span.next(at, p, now)
		n = min(n, left)
		switch {
		case !inside:
		case a.Type == "corrupt":
			a.struck(at)
			xor, given := a.Attributes["xor"]
			if !given {
				xor = 0xff
			}
			mask ^= byte(xor)
		case a.Type == "slice" && !f.unsliced.Load():
			if left := a.sliceAt(at) - at; left > 0 && left <= n {
				n, cut = left, true
			}
		}
	}
	return n, cut && slices.ContainsFunc(edges, func(a *armed) bool { return a.Type == "slice" && a.sliceAt(at) == at+n }), mask
}

// sliceAt is the offset of a slice's first cut behind the given one.
func (a *armed) sliceAt(after int64) int64 {
	if every := a.Attributes["every"]; every > 0 {
		return a.cut(after, every, a.Attributes["variation"])
	}
	return a.origin + a.Attributes["at"]
}

// settle is how long an RST stays behind the data that the peer has read: libuv reports a reset within 1 ms of data as an
// orderly end.
const settle = 5 * time.Millisecond

// drained waits until the peer's kernel has what was written, however long the peer takes to make room.
func (f *flow) drained() {
	peer := f.pair.peerOf(f.dst)
	f.pair.poll(0, func() bool {
		if n, ok := f.unsent(); !ok || n == 0 || f.dst.dead() {
			return true
		}
		s, ok := peer() // its acknowledgement may be delayed by 40 ms and more
		return ok && f.arrived(s)
	})
}

// settled waits until the peer has also read it, where that can be seen, and a moment longer. It gives up on a peer that does
// not read, for what its kernel has stays readable; it returns false if the connection was aborted first.
func (f *flow) settled() bool {
	peer := f.pair.peerOf(f.dst)
	f.pair.drain(f.pair.confirmLimit(), func() (int, bool) {
		s, ok := peer()
		return int(s.Unread), ok
	})
	return f.pair.sleep(settle)
}

// arrived reports whether the peer's kernel has all that was written.
func (f *flow) arrived(peer sockdiag.Socket) bool {
	if peer.Received == 0 { // unknown: an acknowledgement will do
		n, ok := f.unsent()
		return ok && n == 0
	}
	return peer.Received >= uint64(f.written.count())
}

// flush is drained for ends that merely pass on what the sender did: it gives up on a peer that takes nothing.
func (f *flow) flush() { f.pair.drain(25*time.Millisecond, f.unsent) }

func (f *flow) unsent() (n int, ok bool) { return f.dst.unsent() }
