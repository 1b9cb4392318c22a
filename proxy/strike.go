package proxy

import (
	"time"
)

// strikeDue lets the edge faults strike whose byte has been reached. coming says that more of the stream, or its end, is
// there: only then does a fault at byte 0 strike.
func (f *flow) strikeDue(coming bool) {
	for len(f.strike) > 0 && !f.pair.aborted.raised() {
		fault := f.strike[0]
		at := fault.trigger().Byte
		if f.written.count() < at || at == 0 && !coming {
			return
		}
		f.strike = f.strike[1:]
		if f.awaitOpposite(fault) {
			f.act(fault)
		}
	}
}

// awaitOpposite waits until the fault's victim has nothing left to write; false if the connection was aborted first.
func (f *flow) awaitOpposite(fault Fault) bool {
	n := fault.trigger().Opposite
	if n == 0 {
		return true
	}
	select {
	case <-f.back.written.reached(n):
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
		if !f.flush(true) {
			return
		}
		f.struck(fault)
		f.passed(endRST)
		f.back.passed(endRST)
		f.pair.reset()
	case "close":
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

// next says how many of the n bytes at hand go in one write, and whether the receiver must have read them before the next.
func (f *flow) next(n int64) (count int64, confirm bool) {
	at := f.written.count()
	if len(f.strike) > 0 {
		if left := f.strike[0].trigger().Byte - at; left > 0 {
			n = min(n, left)
		}
	}
	for _, s := range f.slices {
		left := s.Attributes["at"] - at
		if every := s.Attributes["every"]; every > 0 {
			left = every - at%every
		}
		if left > 0 && left <= n {
			n, confirm = left, true
		}
	}
	return n, confirm
}

// settle is how long an RST stays behind the data that the peer has read: libuv reports a reset within 1 ms of data as an
// orderly end.
const settle = 5 * time.Millisecond

// flush waits until the peer has what was written: until its kernel has acknowledged it, and, if it must be exact, until it
// has been read. It returns false if the connection was aborted first. An inexact flush gives up on a peer that takes
// nothing; an exact one gives up only on a peer that has everything in its own queue and does not read it.
func (f *flow) flush(exact bool) bool {
	const idle = 25 * time.Millisecond
	ours := func() (int, bool) { return unsent(f.dst.raw) }
	if !exact {
		f.pair.drain(idle, ours)
		return !f.pair.aborted.raised()
	}
	f.pair.drain(0, ours)
	f.pair.drain(f.pair.confirmLimit(), f.pair.peerQueue(f.dst))
	return f.pair.sleep(settle)
}
