package proxy

import (
	"hash/fnv"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// An armed fault is one that strikes a given direction of a given connection.
type armed struct {
	Fault
	flow   *flow
	span   span
	origin int64       // where its counting of bytes begins
	began  time.Time   // where its time begins
	gone   flag        // it was removed, or has done its work
	hit    atomic.Bool // it has struck
	seed   uint64      // of the plan that it is from

	opposite int64 // how many bytes the other direction has to have passed on, if it waits for that
}

// arm makes the fault strike the flow, from the given offset of its stream on.
func (f *flow) arm(fault Fault, origin int64, began time.Time) *armed {
	return &armed{Fault: fault, flow: f, origin: origin, began: began, seed: f.pair.seed, span: newSpan(fault, origin, began), gone: newFlag()}
}

// struck notes once that the fault struck, before the byte at the given offset.
func (a *armed) struck(offset int64) {
	if !a.hit.Swap(true) {
		a.flow.pair.relay.rec.struck(a.Fault, a.flow.pair.n, a.flow.stream, offset)
	}
}

// draw is a number in [0, 1), a pure function of the plan's seed, the fault's name, the connection's number and the place of
// the draw: 0 for toxicity, from 1 on along the stream. However the stream comes in, the same places are drawn for.
func draw(seed uint64, name string, conn int, place int64) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed^h.Sum64(), uint64(conn)<<48^uint64(place))).Float64()
}

// draw is a number in [0, 1) for a place along the stream, and goes into the decision log.
func (a *armed) draw(place int64) float64 {
	return draw(a.seed, a.ID(), a.flow.pair.n, place+1)
}

// reached is struck, for a toxic: what reaches one while the connection is torn down was let go of by those before it.
func (a *armed) reached(offset int64) {
	if !a.flow.pair.aborted.raised() {
		a.struck(offset)
	}
}

// decided logs what was drawn for the stream at an offset, unless the connection is being torn down: see reached.
func (a *armed) decided(offset, value int64) {
	if a.flow.pair.aborted.raised() {
		return
	}
	a.flow.pair.log.decided(Decision{Fault: a.ID(), Stream: a.flow.stream, Offset: offset, Value: value})
}

// cut is the offset of the first cut behind the given one, where cuts lie every so many bytes, give or take wobble. A cut is
// drawn by its number, so it lies at the same byte however the stream comes in.
func (a *armed) cut(after, every, wobble int64) int64 {
	for i := max(1, (after-a.origin)/every); ; i++ {
		at := a.origin + i*every
		if wobble > 0 {
			at += int64(a.draw(i)*float64(2*wobble+1)) - wobble
		}
		if at > after {
			return at
		}
	}
}
