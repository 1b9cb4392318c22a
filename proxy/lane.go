package proxy

import "sync"

// A lane is the queue between a link and the flow that passes on what comes out of it. It is short, so that a receiver that
// does not read holds the sender back; but while the link's toxics are being changed it takes everything, for a link that
// cannot write then loses bytes.
type lane struct {
	pool    *buffers
	mu      sync.Mutex
	changed *sync.Cond
	queue   []chunk
	changes int           // changes of the link's toxics under way
	opened  chan struct{} // closed while there are some
	closed  bool
}

// A chunk is what came out of a link at once; none is the end of the stream.
type chunk struct {
	buf *[maxChunk]byte
	n   int
}

// laneLength is how many chunks wait for a receiver that does not read.
const laneLength = 2

func newLane(pool *buffers) *lane {
	l := &lane{pool: pool, opened: make(chan struct{})}
	l.changed = sync.NewCond(&l.mu)
	return l
}

// put appends a chunk, which it then owns.
func (l *lane) put(c chunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) >= laneLength && l.changes == 0 && !l.closed {
		l.changed.Wait()
	}
	if !l.closed {
		l.queue = append(l.queue, c)
		l.changed.Broadcast()
	}
}

// get takes the next chunk; ok is false once the lane was shut.
func (l *lane) get() (c chunk, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == 0 && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		return chunk{}, false
	}
	c = l.queue[0]
	l.queue = l.queue[1:]
	l.changed.Broadcast()
	return c, true
}

// open lets everything in until close is called.
func (l *lane) open() (close func()) {
	l.add(1)
	return func() { l.add(-1) }
}

func (l *lane) add(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes += n
	switch {
	case n > 0 && l.changes == n:
		close(l.opened)
	case n < 0 && l.changes == 0:
		l.opened = make(chan struct{})
	}
	l.changed.Broadcast()
}

// changing is closed while changes are under way.
func (l *lane) changing() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened
}

// shut ends the lane: what waits, and what still comes, is dropped.
func (l *lane) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.queue = nil
	l.changed.Broadcast()
}
