package proxy

import (
	"slices"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// Toxiproxy's own toxics are not exact enough: latency does not hold back the end of a stream, bandwidth bursts, randomness
// is global, and whatever a toxic holds is let go of when another is added. Ours run in the same links, one value a
// connection, under names of their own.
func init() {
	toxics.Register(registered("latency"), new(latencyToxic))
	toxics.Register(registered("bandwidth"), new(bandwidthToxic))
	toxics.Register(registered("slicer"), new(slicerToxic))
	toxics.Register(registered("slow_close"), new(slowCloseToxic))
	toxics.Register(registered("coalesce"), new(coalesceToxic))
}

// registered is the name that the toxic for a type of fault has in Toxiproxy's registry, which is the whole process's.
func registered(kind string) string { return "faultwire_" + kind }

// An attachable toxic learns after it was made which fault it is. Toxiproxy makes toxics from JSON alone.
type attachable interface{ attach(a *armed, offset int64) }

// A shell is what our toxics have in common: the fault, the place in the stream, and what they hold. A toxic is one
// connection's, so this is its state; it outlives the interrupts by which Toxiproxy changes a chain.
type shell struct {
	ready  chan struct{} // closed by attach
	a      *armed
	offset int64 // of the stream, of what comes next

	held []byte    // what is not yet passed on
	came time.Time // when it came
	end  bool      // an end of the stream is held

	queue []*stream.StreamChunk // what came behind that while the chain was being changed
}

// UnmarshalJSON is called once, before the toxic can run. It takes no attributes: they come with attach.
func (s *shell) UnmarshalJSON([]byte) error {
	s.ready = make(chan struct{})
	return nil
}

// MarshalJSON has none to give.
func (s *shell) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }

func (s *shell) attach(a *armed, offset int64) {
	s.a, s.offset = a, offset
	close(s.ready)
}

// Cleanup lets go of what is held when the toxic is removed.
func (s *shell) Cleanup(stub *toxics.ToxicStub) {
	for piece := range slices.Chunk(s.held, maxChunk) { // of a larger one the rest is merged with the next, be it the end
		stub.Output <- &stream.StreamChunk{Data: piece, Timestamp: s.came}
	}
	if s.end {
		stub.Output <- &stream.StreamChunk{Timestamp: s.came}
	}
	for _, c := range s.queue {
		stub.Output <- c
	}
	s.held, s.end, s.queue = nil, false, nil
}

// pipe runs a toxic until it is interrupted or the link ends. emit passes on part of what is held, or waits to; it returns
// false if it was interrupted.
func (s *shell) pipe(stub *toxics.ToxicStub, emit func() bool) {
	select {
	case <-s.ready:
	case <-stub.Interrupt:
		return
	}
	for {
		for len(s.held) > 0 || s.end {
			if !emit() {
				return
			}
		}
		c := s.queued()
		if c == nil {
			select {
			case <-stub.Interrupt:
				return
			case c = <-stub.Input:
			}
		}
		if c == nil {
			stub.Close()
			return
		}
		s.held, s.came, s.end = c.Data, c.Timestamp, len(c.Data) == 0
	}
}

// queued takes the first chunk of the queue; nil if there is none.
func (s *shell) queued() (c *stream.StreamChunk) {
	if len(s.queue) > 0 {
		c, s.queue = s.queue[0], s.queue[1:]
	}
	return c
}

// send passes on the first n bytes of what is held, or the end if nothing is.
func (s *shell) send(stub *toxics.ToxicStub, n int64) bool {
	if !s.await(stub, nil, &stream.StreamChunk{Data: s.held[:n], Timestamp: time.Now()}) {
		return false
	}
	s.held = s.held[n:]
	s.offset += n
	s.end = s.end && n > 0
	return true
}

// wait waits for a moment; false if interrupted.
func (s *shell) wait(stub *toxics.ToxicStub, due time.Time) bool {
	p := s.a.flow.pair
	alarm := p.relay.clock.at(due)
	defer alarm.stop()
	if !s.await(stub, alarm.rings, nil) {
		return false
	}
	p.relay.rec.late(time.Since(due))
	return true
}

// await waits until the alarm rings, or the next toxic takes a chunk; false if interrupted. While the chain is being changed it
// takes what comes: the removal of a toxic before this one waits until what it held is taken, and gives up after 5 s.
func (s *shell) await(stub *toxics.ToxicStub, rings <-chan struct{}, out *stream.StreamChunk) bool {
	var output chan<- *stream.StreamChunk
	if out != nil {
		output = stub.Output
	}
	for {
		var input <-chan *stream.StreamChunk
		changing := s.a.flow.lane.changing()
		select {
		case <-changing:
			input, changing = stub.Input, nil
		default:
		}
		select {
		case <-rings:
			return true
		case output <- out:
			return true
		case c := <-input:
			if c == nil {
				stub.Close()
				return false
			}
			s.queue = append(s.queue, c)
		case <-changing:
		case <-stub.Interrupt:
			return false
		}
	}
}

// next is how many of the bytes held lie before the span's next edge, and whether they are struck.
func (s *shell) next() (n int64, inside bool) {
	n, inside = s.a.span.next(s.offset, s.held, s.came)
	if inside && n > 0 {
		s.a.reached(s.offset)
	}
	return n, inside
}
