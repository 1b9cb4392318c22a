package proxy

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
)

// A flow is one direction of a connection: an input edge that reads from the sender, the toxics between, and an output
// edge that writes to the receiver. Without toxics the edges are joined directly.
type flow struct {
	pair   *pair
	stream Stream
	src    *end
	dst    *end
	back   *flow // the other direction
	toxics []Fault
	strike []Fault // edge faults, the earliest first
	slices []Fault // cuts into the stream that lose nothing
	drop   *Fault  // a timeout: no byte passes; nil without

	begun   bool         // the input edge has read something
	written tally        // at the output edge
	ended   flag         // the sender has ended: the output edge may pass it on
	how     string       // how it ended; valid once ended
	deaf    atomic.Bool  // nothing more reaches the receiver: what comes is dropped
	stalled atomic.Bool  // a stall holds it for good
	stuck   atomic.Int64 // when the write in progress began, in ns of the trace's clock; 0 if none is
	done    flag         // the output edge has closed
}

func newFlow(p *pair, s Stream, src, dst *end, faults []Fault) *flow {
	f := &flow{pair: p, stream: s, src: src, dst: dst, ended: newFlag(), done: newFlag()}
	for _, fault := range faults {
		if fault.Stream != s {
			continue
		}
		switch k := kinds[fault.Type]; {
		case k.runs == inLink:
			f.toxics = append(f.toxics, fault)
		case fault.Type == "slice":
			f.slices = append(f.slices, fault)
		case fault.Type == "timeout":
			f.drop = &fault
		case k.runs == atEdge:
			f.strike = append(f.strike, fault)
		}
	}
	slices.SortStableFunc(f.strike, func(a, b Fault) int { return cmp.Compare(a.at(), b.at()) })
	return f
}

// run moves the stream until it ends.
func (f *flow) run() {
	if f.drop != nil {
		f.pair.work.Go(func() { f.expire(*f.drop) })
	}
	in, out := (*inputEdge)(f), (*outputEdge)(f)
	if f.pair.chain == nil || len(f.toxics) == 0 {
		buf := make([]byte, 32<<10)
		for {
			n, err := in.Read(buf)
			if n > 0 {
				_, _ = out.Write(buf[:n])
			}
			if err != nil {
				_ = out.Close()
				return
			}
		}
	}
	direction := stream.Upstream
	if f.stream == Downstream {
		direction = stream.Downstream
	}
	f.pair.chain.Toxics.StartLink(f.pair.relay.toxics, string(f.stream), in, out, direction)
	<-f.done.ch
}

// An inputEdge is what the link reads from: the sender's socket. It never fails: however the sender ends, the link sees an
// end of file, and while the connection is torn down it sees nothing until the toxics have let go.
type inputEdge flow

func (e *inputEdge) Read(p []byte) (int, error) {
	f := (*flow)(e)
	n, how, err := f.src.read(p)
	if n > 0 {
		f.pair.relay.rec.received(f.pair.n, f.stream, n)
		if !f.begun {
			f.begun = true
			for _, t := range f.toxics {
				if t.Type != "slow_close" {
					f.struck(t)
				}
			}
		}
		return n, nil
	}
	if errors.Is(err, errGone) {
		return 0, f.withhold()
	}
	f.how = how
	f.ended.raise()
	f.pair.relay.rec.ended(f.pair.n, f.stream, how)
	for _, t := range f.toxics {
		if t.Type == "slow_close" {
			f.struck(t)
		}
	}
	if how == endFIN {
		f.pair.work.Go(f.watch)
	}
	return 0, io.EOF
}

// withhold waits until the toxics have let go of what they held, then ends the stream.
func (f *flow) withhold() error {
	<-f.pair.unchained.ch
	return io.EOF
}

// watch waits for a reset behind the sender's FIN: what the receiver would learn from its next write, were it connected
// directly.
func (f *flow) watch() {
	if !awaitDead(f.src.raw) || f.src.shut.Load() {
		return
	}
	f.pair.relay.rec.ended(f.pair.n, f.stream, endRST)
	select {
	case <-f.done.ch: // the FIN goes first
	case <-f.pair.aborted.ch:
		return
	}
	if f.pair.swallowing.raised() {
		return // nobody hears of it
	}
	f.dst.reset()
	f.passed(endRST)
	f.pair.aborted.raise()
}

// An outputEdge is what the link writes to: the receiver's socket. It never fails: a link whose writer failed would leave
// its toxics wedged behind it. When the receiver is gone it drops what comes.
type outputEdge flow

func (e *outputEdge) Write(p []byte) (int, error) {
	f := (*flow)(e)
	if f.drop != nil {
		f.struck(*f.drop)
		return len(p), nil
	}
	for rest := p; len(rest) > 0; {
		f.strikeDue(true)
		if f.mute() {
			break
		}
		n, cut := f.next(int64(len(rest)))
		if !f.deliver(rest[:n]) {
			break
		}
		rest = rest[n:]
		if cut {
			f.lockstep()
		}
		f.strikeDue(len(rest) > 0)
	}
	return len(p), nil
}

// Close ends the stream for the receiver the way it ended for the relay. An end that the sender did not cause is a toxic's:
// like Toxiproxy's it closes the connection.
func (e *outputEdge) Close() error {
	f := (*flow)(e)
	defer f.done.raise()
	if f.pair.aborted.raised() {
		return nil
	}
	if !f.ended.raised() {
		f.drained()
		f.passed(endFIN)
		f.pair.close()
		return nil
	}
	f.strikeDue(true)
	switch {
	case f.pair.aborted.raised():
	case f.pair.swallowing.raised():
		<-f.pair.aborted.ch
	case f.how == endRST:
		f.flush()
		f.dst.reset()
		f.passed(endRST)
		f.pair.aborted.raise()
	case !f.deaf.Load():
		f.passed(endFIN)
		f.dst.closeWrite()
	}
	return nil
}

// deliver writes to the receiver. It returns false if the receiver is gone.
func (f *flow) deliver(p []byte) bool {
	f.stuck.Store(int64(f.pair.relay.rec.now()) + 1)
	n, err := f.dst.write(p)
	f.stuck.Store(0)
	if n > 0 {
		f.written.add(int64(n))
		f.pair.relay.rec.delivered(f.pair.n, f.stream, n)
	}
	if err == nil {
		return true
	}
	f.deaf.Store(true)
	if f.back.stalled.Load() {
		<-f.pair.aborted.ch // the news of the receiver's end is stalled, too: the sender's window fills
		return false
	}
	f.pair.work.Go(f.back.lost)
	return false
}

// lost is called when a write found the sender of this flow dead. The flow ends by itself when it reads the reset; but a
// flow that cannot read, because its receiver does not, would keep the news from it for ever.
func (f *flow) lost() {
	const patience = 50 * time.Millisecond
	for {
		since := f.stuck.Load()
		if !f.pair.sleep(patience) {
			return
		}
		if f.done.raised() {
			return
		}
		if since != 0 && f.stuck.Load() == since {
			f.dst.reset()
			f.passed(endRST)
			f.pair.aborted.raise()
			return
		}
	}
}

// mute reports whether what comes is to be dropped.
func (f *flow) mute() bool {
	return f.deaf.Load() || f.pair.swallowing.raised() || f.pair.aborted.raised()
}

func (f *flow) struck(fault Fault) {
	f.pair.relay.rec.struck(fault, f.pair.n, f.stream, f.written.count())
}

func (f *flow) passed(how string) { f.pair.relay.rec.passed(f.pair.n, f.stream, how) }
