package proxy

import (
	"time"

	"github.com/faultwire/faultwire/proxy/sockdiag"
)

// strikeDue lets the edge faults strike whose byte has been reached. coming says that more of the stream, or its end, is
// there: only then does a fault at byte 0 strike.
func (f *flow) strikeDue(coming bool) {
	for len(f.strike) > 0 && !f.pair.aborted.raised() {
		fault := f.strike[0]
		at := fault.at()
		if f.written.count() < at || at == 0 && !coming {
			return
		}
		f.strike = f.strike[1:]
		if f.awaitOpposite(fault) {
			f.act(fault)
		}
	}
}

// at is how many bytes of its stream an edge fault lets through.
func (f Fault) at() int64 {
	if f.Type == "limit_data" {
		return f.Attributes["bytes"]
	}
	return f.trigger().Byte
}

// awaitOpposite waits until the fault's victim has nothing left to write; false if the connection was aborted first.
func (f *flow) awaitOpposite(fault Fault) bool {
	n := fault.trigger().Opposite
	if n == 0 {
		return true
	}
	select {
	case <-f.back.written.reached(n):
	case <-f.back.done.ch: // it has written less and ended: nothing is left
	case <-f.pair.aborted.ch:
		return false
	}
	return f.pair.poll(0, func() bool {
		waiting, ok := queued(f.dst.raw)
		return !ok || waiting == 0
	})
}

// act strikes. What an earlier fault did to the stream is respected: an edge that is already deaf stays so.
func (f *flow) act(fault Fault) {
	switch fault.Type {
	case "reset_peer":
		if d := fault.Attributes["timeout"]; d > 0 && !f.pair.sleep(time.Duration(d)*time.Millisecond) {
			return
		}
		f.drained()
		f.struck(fault)
		if !f.settled() {
			return
		}
		f.pair.reset()
	case "close", "limit_data":
		f.drained()
		f.struck(fault)
		f.passed(endFIN)
		f.back.passed(endFIN)
		f.pair.close()
	case "half_close":
		f.struck(fault)
		f.passed(endFIN)
		f.dst.closeWrite()
		f.deaf.Store(true)
	case "stall":
		f.struck(fault)
		if d := fault.Attributes["duration"]; d > 0 {
			f.pair.sleep(time.Duration(d) * time.Millisecond)
			return
		}
		f.stalled.Store(true)
		<-f.pair.aborted.ch
	case "blackhole":
		f.struck(fault)
		f.pair.swallowing.raise()
	}
}

// expire closes the connection when a timeout fault's time is over.
func (f *flow) expire(fault Fault) {
	d := fault.Attributes["timeout"]
	if d == 0 || !f.pair.sleep(time.Duration(d)*time.Millisecond) {
		return
	}
	f.struck(fault)
	f.passed(endFIN)
	f.back.passed(endFIN)
	f.pair.close()
}

// next says how many of the n bytes at hand go in one write, and whether a cut lies behind them: then the receiver must have
// read them before the next go.
func (f *flow) next(n int64) (count int64, cut bool) {
	at := f.written.count()
	if len(f.strike) > 0 {
		if left := f.strike[0].at() - at; left > 0 {
			n = min(n, left)
		}
	}
	for _, s := range f.slices {
		left := f.cut(s, at) - at
		if left > 0 && left <= n {
			n, cut = left, true
		}
	}
	return n, cut
}

// cut is the offset of the fault's first cut behind the given one. A cut is a pure function of the plan's seed, the
// connection's number and the cut's own: however the stream comes in, it is cut at the same bytes.
func (f *flow) cut(s Fault, after int64) int64 {
	every, variation := s.Attributes["every"], s.Attributes["variation"]
	if every == 0 {
		return s.Attributes["at"]
	}
	for i := max(1, after/every); ; i++ {
		at := i * every
		if variation > 0 {
			at += int64(f.pair.relay.config.Plan.draw(s, f.pair.n, i)*float64(2*variation+1)) - variation
		}
		if at > after {
			return at
		}
	}
}

// settle is how long an RST stays behind the data that the peer has read: libuv reports a reset within 1 ms of data as an
// orderly end.
const settle = 5 * time.Millisecond

// drained waits until the peer's kernel has what was written, however long the peer takes to make room.
func (f *flow) drained() {
	peer := f.pair.peerOf(f.dst)
	f.pair.poll(0, func() bool {
		if n, ok := f.unsent(); !ok || n == 0 || dead(f.dst.raw) {
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

func (f *flow) unsent() (n int, ok bool) { return unsent(f.dst.raw) }
