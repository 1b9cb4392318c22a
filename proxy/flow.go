package proxy

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A flow is one direction of a connection. Without toxics it reads from the sender and passes to the receiver itself; where
// toxics are to strike, they take over: an input edge reads, Toxiproxy's link runs them, an output edge queues what comes
// out, and the flow passes that on.
type flow struct {
	pair   *pair
	stream Stream
	src    *end
	dst    *end
	back   *flow // the other direction

	toxics  atomic.Pointer[[]*armed] // in the order of the chain; replaced, never changed
	edges   atomic.Pointer[[]*armed] // faults at the output edge; replaced, never changed
	all     []*armed                 // under pair.ops: those and the rest, struck or not
	running bool                     // under pair.ops
	chained bool                     // under pair.ops: a link runs
	rest    []byte                   // what was read before the link took over
	lane    *lane                    // what came out of the link

	read    atomic.Int64 // bytes taken from the sender
	turn    sync.Mutex   // held by whoever passes bytes on, or strikes
	left    atomic.Int64 // bytes that came out of the link, or came before there was one
	moved   tally        // bytes of the sender's that came to the output edge, passed on or not; added to under turn
	written tally        // bytes written to the receiver
	ended   flag         // the sender has ended
	how     string       // how it ended; valid once ended

	deaf     atomic.Bool           // nothing more reaches the receiver: what comes is dropped
	drop     atomic.Pointer[armed] // a timeout that has struck: no byte passes
	paused   atomic.Pointer[armed] // a stall that has struck
	unsliced atomic.Bool           // the receiver does not read: cuts would prove nothing
	slicing  time.Duration         // under turn: what cutting has taken so far
	stuck    atomic.Int64          // when the write in progress began, in ns of the trace's clock; 0 if none is
	done     flag                  // the receiver has been told of the end
}

func newFlow(p *pair, s Stream, src, dst *end) *flow {
	f := &flow{pair: p, stream: s, src: src, dst: dst, ended: newFlag(), done: newFlag(), lane: newLane(&p.relay.buffers)}
	none := []*armed{}
	f.toxics.Store(&none)
	f.edges.Store(&none)
	return f
}

// run moves the stream until it ends.
func (f *flow) run() {
	defer f.done.raise()
	f.startAll()
	rest, over := f.plain()
	if !over {
		f.chain(rest)
	}
}

func (f *flow) startAll() {
	f.pair.ops.Lock()
	defer f.pair.ops.Unlock()
	f.running = true
	for _, a := range f.all {
		f.start(a, false)
	}
}

// plain moves the stream without toxics, until it ends or the toxics must take over: then rest is what was read for them.
func (f *flow) plain() (rest []byte, over bool) {
	pool := &f.pair.relay.buffers
	for {
		limit := f.spare()
		if limit == 0 {
			return nil, false
		}
		buf, n, err := f.take(limit)
		if n > 0 {
			rest = f.hand(buf[:n])
			pool.put(buf)
		}
		switch {
		case errors.Is(err, errGone):
			return nil, true
		case len(rest) > 0:
			return rest, false
		case err != nil && (f.slowCloses() || f.spare() == 0): // a toxic has come meanwhile, and the end is in its way, too
			return nil, false
		case err != nil:
			f.finish()
			return nil, true
		}
	}
}

// hand passes on what may pass without a toxic, and returns the rest: one may have been added while the read waited.
func (f *flow) hand(p []byte) (rest []byte) {
	n := min(int64(len(p)), f.spare())
	f.read.Add(int64(len(p)))
	f.pass(p[:n])
	return slices.Clone(p[n:])
}

// take reads at most limit bytes into a pooled buffer, which is taken only when there is something to read. An end of the
// stream is noted; the error is then errEnd, and errGone while the connection is being torn down.
func (f *flow) take(limit int64) (buf *[maxChunk]byte, n int, err error) {
	buf, n, err = f.src.read(&f.pair.relay.buffers, int(min(limit, chunkSize)))
	if n > 0 {
		f.pair.log.received(f.stream, int64(n), buf[:n])
		return buf, n, nil
	}
	return buf, 0, f.noteEnd(err)
}

// errEnd is the end of a stream, however it came.
var errEnd = errors.New("the sender has ended")

// noteEnd notes how the sender ended.
func (f *flow) noteEnd(err error) error {
	how, err := f.src.how(err)
	if err != nil {
		return err
	}
	f.how = how
	f.pair.log.ended(f.stream, how) // before it is announced: who waited for it looks at the trace next
	f.ended.raise()
	if how == endFIN {
		f.pair.work.Go(f.watch)
	}
	return errEnd
}

// spare is how many bytes may pass before a toxic must have its turn.
func (f *flow) spare() int64 {
	limit := int64(never)
	for _, a := range *f.toxics.Load() {
		switch s := &a.span; {
		case a.Type == "slow_close":
		case s.match != nil:
			return 0
		case !s.starts.IsZero():
			if !time.Now().Before(s.starts) {
				return 0
			}
		default:
			limit = min(limit, max(0, s.from-f.moved.count()))
		}
	}
	return limit
}

func (f *flow) slowCloses() bool {
	return slices.ContainsFunc(*f.toxics.Load(), func(a *armed) bool { return a.Type == "slow_close" })
}

// watch waits for a reset behind the sender's FIN: what the receiver would learn from its next write, were it connected
// directly.
func (f *flow) watch() {
	if !f.src.awaitDead() || f.src.shut.Load() {
		return
	}
	f.pair.log.ended(f.stream, endRST)
	select {
	case <-f.done.ch: // the FIN goes first
	case <-f.pair.aborted.ch:
		return
	}
	if f.pair.swallowing() {
		f.pair.swallow() // nobody hears of it
		return
	}
	f.dst.reset()
	f.passed(endRST)
	f.pair.aborted.raise()
}

// finish ends the stream for the receiver the way the sender ended it.
func (f *flow) finish() {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.strikeDue(nil, true)
	f.pauseOver()
	for h := f.pair.hole.Load(); h != nil && !h.gone.raised(); h = f.pair.hole.Load() {
		select {
		case <-f.pair.aborted.ch:
			return
		case <-h.gone.ch:
		}
	}
	switch {
	case f.pair.aborted.raised():
	case f.how == endRST:
		f.flush()
		f.dst.reset()
		f.passed(endRST)
		f.pair.aborted.raise()
	case !f.deaf.Load():
		f.passed(endFIN)
		f.dst.closeWrite()
	}
}

// pass passes what came to the output edge on to the receiver, through the faults there.
func (f *flow) pass(p []byte) {
	f.turn.Lock()
	defer f.turn.Unlock()
	for len(p) > 0 {
		f.strikeDue(p, true)
		f.pauseOver()
		if d := f.drop.Load(); d != nil {
			d.struck(f.moved.count())
			f.moved.add(int64(len(p)))
			return
		}
		if f.mute() {
			if f.pair.swallowing() {
				f.pair.swallow()
			}
			f.moved.add(int64(len(p)))
			return
		}
		began := time.Now()
		n, cut, mask := f.piece(p)
		out := p[:n]
		if mask != 0 {
			out = slices.Clone(out)
			for i := range out {
				out[i] ^= mask
			}
		}
		ok := f.deliver(out)
		f.moved.add(n)
		p = p[n:]
		if !ok {
			f.moved.add(int64(len(p)))
			return
		}
		if cut {
			f.lockstep()
			f.slicing += time.Since(began)
			f.pair.relay.rec.stretched(f.slicing)
		}
		f.strikeDue(p, len(p) > 0)
	}
}

// deliver writes to the receiver. It returns false if the receiver is gone.
func (f *flow) deliver(p []byte) bool {
	f.stuck.Store(int64(f.pair.relay.rec.now()) + 1)
	n, err := f.dst.write(p)
	f.stuck.Store(0)
	f.wrote(int64(n), p[:n])
	if err == nil {
		return true
	}
	f.unheard()
	return false
}

// wrote notes what was written; p is nil if only its length is known.
func (f *flow) wrote(n int64, p []byte) {
	if n > 0 {
		f.written.add(n)
		f.pair.log.delivered(f.stream, n, p)
	}
}

// unheard is called when a write failed: the receiver is gone.
func (f *flow) unheard() {
	f.deaf.Store(true)
	if s := f.back.paused.Load(); s != nil && s.until().For == 0 {
		select { // the news of the receiver's end is stalled, too: the sender's window fills
		case <-s.gone.ch:
		case <-f.pair.aborted.ch:
			return
		}
	}
	f.pair.work.Go(f.back.lost)
}

// lost is called when a write found the sender of this flow dead. The flow ends by itself when it reads the reset; but a
// flow that cannot read, because its receiver does not, would keep the news from it for ever.
func (f *flow) lost() {
	const patience = 50 * time.Millisecond
	for {
		since := f.stuck.Load()
		if !f.pair.sleep(patience) || f.done.raised() {
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
	return f.deaf.Load() || f.pair.swallowing() || f.pair.aborted.raised()
}

func (f *flow) passed(how string) { f.pair.log.passed(f.stream, how) }
