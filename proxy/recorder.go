package proxy

import (
	"slices"
	"sync"
	"time"
)

// A recorder writes the trace. Its methods may be called from any goroutine.
type recorder struct {
	start time.Time

	mu    sync.Mutex
	trace Trace
	conns []*ConnTrace
	sign  chan struct{} // closed at the first sign of a client
	fired chan struct{} // closed when the first fault strikes
	news  chan struct{} // closed, and replaced, when a connection is settled

	board *board
}

func newRecorder() *recorder {
	return &recorder{start: time.Now(), sign: make(chan struct{}), fired: make(chan struct{}), news: make(chan struct{}), board: newBoard()}
}

func (r *recorder) now() time.Duration { return time.Since(r.start) }

// snapshot copies the trace.
func (r *recorder) snapshot() Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.trace
	t.Fired = slices.Clone(t.Fired)
	t.Conns = make([]ConnTrace, len(r.conns))
	for i, c := range r.conns {
		if c.Dialled == nil {
			t.Late = max(t.Late, r.now()-c.Accepted)
		}
		t.Conns[i] = *c
		t.Conns[i].Events = slices.Clone(c.Events)
	}
	return t
}

// signed notes the first sign of a client, an accept or a SYN. It came at most blur ago.
func (r *recorder) signed(blur time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trace.FirstSign == nil {
		now := r.now()
		r.trace.FirstSign, r.trace.SignBlur = &now, blur
		close(r.sign)
	}
}

// accepted opens the trace of a new connection and returns its number.
func (r *recorder) accepted(client string) int {
	r.signed(0)
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &ConnTrace{N: len(r.conns) + 1, Client: client, Accepted: r.now()}
	r.conns = append(r.conns, c)
	return c.N
}

// settled notes that it is known whether the connection has an upstream.
func (r *recorder) settled(conn int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.now()
	r.conns[conn-1].Dialled = &at
	r.trace.Late = max(r.trace.Late, at-r.conns[conn-1].Accepted)
	close(r.news)
	r.news = make(chan struct{})
}

// isSettled reports whether the newest connection of the client is settled; if not, changed is closed at the next news.
func (r *recorder) isSettled(client string) (settled bool, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range slices.Backward(r.conns) {
		if c.Client == client {
			return c.Dialled != nil, r.news
		}
	}
	return false, r.news
}

func (r *recorder) dialFailed(conn int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[conn-1].DialError = err.Error()
}

// struck notes that a fault struck. A fault strikes a connection once; being called again changes nothing.
func (r *recorder) struck(f Fault, conn int, stream Stream, offset int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := f.ID()
	if slices.ContainsFunc(r.trace.Fired, func(s Strike) bool { return s.Fault == name && s.Conn == conn }) {
		return
	}
	at := r.now()
	r.trace.Fired = append(r.trace.Fired, Strike{Fault: name, Conn: conn, Stream: stream, Offset: offset, At: at})
	if conn > 0 {
		c := r.conns[conn-1]
		c.Events = append(c.Events, Event{At: at, Stream: stream, What: "fault", Offset: offset, Fault: name})
	}
	if len(r.trace.Fired) == 1 {
		close(r.fired)
	}
}

// received and delivered note data at the input and the output edge.
func (r *recorder) received(conn int, stream Stream, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, f, at := r.at(conn, stream)
	if f.FirstIn == nil {
		f.FirstIn = &at
	}
	c.keep(Event{At: at, Stream: stream, What: "in", Offset: f.In, Bytes: int64(n)})
	f.In += int64(n)
}

func (r *recorder) delivered(conn int, stream Stream, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, f, at := r.at(conn, stream)
	f.LastOut = &at
	c.keep(Event{At: at, Stream: stream, What: "out", Offset: f.Out, Bytes: int64(n)})
	f.Out += int64(n)
}

// ended notes how a sender ended, passed what its receiver was sent as the end.
func (r *recorder) ended(conn int, stream Stream, how string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, f, at := r.at(conn, stream)
	if f.End != endRST {
		f.End, f.EndAt = how, at
	}
	c.Events = append(c.Events, Event{At: at, Stream: stream, What: how, Offset: f.In})
}

func (r *recorder) passed(conn int, stream Stream, how string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, f, at := r.at(conn, stream)
	if f.Passed == how || f.Passed == endRST {
		return
	}
	f.Passed = how
	c.Events = append(c.Events, Event{At: at, Stream: stream, What: "sent_" + how, Offset: f.Out})
}

// late notes that the wire was late in doing something.
func (r *recorder) late(by time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace.Late = max(r.trace.Late, by)
}

func (r *recorder) unconfirmed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace.Unconfirmed++
}

// at finds the flow; the caller holds mu.
func (r *recorder) at(conn int, stream Stream) (*ConnTrace, *FlowTrace, time.Duration) {
	c := r.conns[conn-1]
	if stream == Upstream {
		return c, &c.Upstream, r.now()
	}
	return c, &c.Downstream, r.now()
}

// keep appends a data event within the bound.
func (c *ConnTrace) keep(e Event) {
	if len(c.Events) >= maxEvents {
		c.Dropped++
		return
	}
	c.Events = append(c.Events, e)
}
