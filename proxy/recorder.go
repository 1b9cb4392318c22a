package proxy

import (
	"cmp"
	"net"
	"slices"
	"sync"
	"time"
)

// What a relay that runs for long keeps: the traces of its latest connections, with their events for fewer of them.
const (
	maxTraces    = 16_384
	maxEventful  = 1024
	maxEvents    = 2048 // data events of a connection; ends and faults are always kept, being few
	maxDecisions = 1024 // of a fault on a connection
	maxFired     = 65_536
)

// A recorder writes the trace. Its methods may be called from any goroutine.
type recorder struct {
	start   time.Time
	board   *Board
	heads   int
	headsAt Side

	mu    sync.Mutex
	trace Trace
	count int           // connections so far
	conns map[int]*log  // by number
	over  []int         // those that have ended and have their events still
	bare  []int         // those that have ended and lost their events
	sign  chan struct{} // closed at the first sign of a client
	fired chan struct{} // closed when the first fault strikes
	news  chan struct{} // closed, and replaced, when a connection is settled
}

// A log is the trace of one connection.
type log struct {
	rec *recorder

	mu        sync.Mutex
	c         ConnTrace
	decisions map[string]*decisionLog // by fault and stream
}

type decisionLog struct {
	kept    []Decision
	dropped int
}

func newRecorder(c Config) *recorder {
	now := time.Now()
	return &recorder{start: now, board: c.Board, heads: c.Heads, headsAt: c.HeadsAt, trace: Trace{Began: now.Round(0)}, conns: map[int]*log{},
		sign: make(chan struct{}), fired: make(chan struct{}), news: make(chan struct{})}
}

func (r *recorder) now() time.Duration { return time.Since(r.start) }

func (r *recorder) post(n Notice) {
	n.At = r.now()
	r.board.post(n)
}

// snapshot copies the trace.
func (r *recorder) snapshot() Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.trace
	t.Fired = slices.Clone(t.Fired)
	t.Conns = make([]ConnTrace, 0, len(r.conns))
	for _, l := range r.conns {
		c := l.snapshot()
		if c.Dialled == nil {
			t.Late = max(t.Late, r.now()-c.Accepted)
		}
		t.Conns = append(t.Conns, c)
	}
	slices.SortFunc(t.Conns, func(a, b ConnTrace) int { return a.N - b.N })
	return t
}

func (l *log) snapshot() ConnTrace {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.c
	for _, f := range []*FlowTrace{&c.Upstream, &c.Downstream} {
		f.LastIn, f.LastOut = frozen(f.LastIn), frozen(f.LastOut)
		f.Head = slices.Clip(f.Head) // its bytes do not change, but more may come
	}
	c.Events = slices.Clone(c.Events)
	for _, d := range l.decisions {
		c.Decisions = append(c.Decisions, d.kept...)
		c.DecisionsDropped += d.dropped
	}
	slices.SortFunc(c.Decisions, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Value, b.Value))
	})
	return c
}

// signed notes the first sign of a client, an accept or a SYN. It came at most blur ago.
func (r *recorder) signed(blur time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signedLocked(blur)
}

func (r *recorder) signedLocked(blur time.Duration) {
	if r.trace.FirstSign == nil {
		now := r.now()
		r.trace.FirstSign, r.trace.SignBlur = &now, blur
		close(r.sign)
	}
}

// accepted opens the trace of a new connection.
func (r *recorder) accepted(client, door net.Addr) *log {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signedLocked(0)
	r.count++
	l := &log{rec: r, c: ConnTrace{N: r.count, Client: client.String(), Door: door.String(), Accepted: r.now()}, decisions: map[string]*decisionLog{}}
	r.conns[r.count] = l
	r.post(Notice{What: "connected", Conn: r.count})
	return l
}

// connected notes the addresses behind the relay, of which the relay's own is nil if there is no connection.
func (l *log) connected(source net.Addr, server string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.c.Server = server; source != nil {
		l.c.Source = source.String()
	}
}

// settled notes that it is known whether the connection has an upstream, which a fault may have planned so much later.
func (l *log) settled(err error, planned time.Duration) {
	at := l.rec.now()
	l.mu.Lock()
	l.c.Dialled = &at
	if err != nil {
		l.c.DialError = err.Error()
	}
	n, took := l.c.N, at-l.c.Accepted
	l.mu.Unlock()
	if err != nil {
		l.rec.post(Notice{What: "dial_failed", Conn: n, Error: err.Error()})
	}
	l.rec.late(took - planned)
	l.rec.mu.Lock()
	defer l.rec.mu.Unlock()
	close(l.rec.news)
	l.rec.news = make(chan struct{})
}

// closed notes that nothing of the connection is left, and forgets what is oldest.
func (l *log) closed() {
	r := l.rec
	r.mu.Lock()
	defer r.mu.Unlock()
	r.post(Notice{What: "closed", Conn: l.c.N})
	r.over = append(r.over, l.c.N)
	if len(r.over) > maxEventful {
		oldest := r.conns[r.over[0]]
		oldest.mu.Lock()
		oldest.c.Dropped += len(oldest.c.Events)
		oldest.c.Events, oldest.decisions = nil, nil
		oldest.mu.Unlock()
		r.bare = append(r.bare, r.over[0])
		r.over = r.over[1:]
	}
	if len(r.bare) > maxTraces {
		delete(r.conns, r.bare[0])
		r.bare = r.bare[1:]
		r.trace.Forgotten++
	}
}

// isSettled reports whether the newest connection of the client is settled; if not, changed is closed at the next news.
func (r *recorder) isSettled(client string) (settled bool, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := r.count; n > 0; n-- {
		l := r.conns[n]
		if l == nil {
			break
		}
		l.mu.Lock()
		found, settled := l.c.Client == client, l.c.Dialled != nil
		l.mu.Unlock()
		if found {
			return settled, r.news
		}
	}
	return false, r.news
}

// struck notes that a fault struck.
func (r *recorder) struck(f Fault, conn int, stream Stream, offset int64) {
	r.strike(Strike{Fault: f.ID(), Conn: conn, Stream: stream, Offset: offset})
}

func (r *recorder) strike(s Strike) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.At = r.now()
	if len(r.trace.Fired) == maxFired {
		r.trace.Fired = slices.Delete(r.trace.Fired, 0, maxFired/2)
	}
	r.trace.Fired = append(r.trace.Fired, s)
	if l := r.conns[s.Conn]; l != nil {
		l.mu.Lock()
		l.c.Events = append(l.c.Events, Event{At: s.At, Stream: s.Stream, What: "fault", Offset: s.Offset, Fault: s.Fault, Datagram: s.Datagram})
		l.mu.Unlock()
	}
	r.post(Notice{What: "fired", Conn: s.Conn, Fault: s.Fault, Stream: s.Stream, Offset: s.Offset})
	select {
	case <-r.fired:
	default:
		close(r.fired)
	}
}

// received and delivered note data at the input and the output edge; p is nil if nobody saw the bytes.
func (l *log) received(stream Stream, n int64, p []byte) {
	at := l.rec.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flow(stream)
	extend(&f.FirstIn, &f.LastIn, at)
	l.keep(Event{At: at, Stream: stream, What: "in", Offset: f.In, Bytes: n})
	f.In += n
	l.head(stream, Upstream, p)
}

func (l *log) delivered(stream Stream, n int64, p []byte) {
	at := l.rec.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flow(stream)
	extend(&f.FirstOut, &f.LastOut, at)
	l.keep(Event{At: at, Stream: stream, What: "out", Offset: f.Out, Bytes: n})
	f.Out += n
	l.head(stream, Downstream, p)
}

// head keeps the first bytes of the stream, if they passed the edge at which heads are kept. On the client's side that is where
// what flows upstream comes in, and what flows downstream goes out. The caller holds mu.
func (l *log) head(stream, onClientSide Stream, p []byte) {
	f := l.flow(stream)
	if room := l.rec.heads - len(f.Head); room > 0 && (stream == onClientSide) == (l.rec.headsAt == ClientSide) {
		f.Head = append(f.Head, p[:min(len(p), room)]...)
	}
}

// frozen is the moment, no longer the one that moves on.
func frozen(m Moment) Moment {
	if m == nil {
		return nil
	}
	at := *m
	return &at
}

// extend makes at the last moment, and the first if there was none.
func extend(first, last *Moment, at time.Duration) {
	if *first == nil {
		*first, *last = new(time.Duration), new(time.Duration)
		**first = at
	}
	**last = at
}

// ended notes how a sender ended, passed what its receiver was sent as the end.
func (l *log) ended(stream Stream, how string) {
	at := l.rec.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flow(stream)
	if f.End != endRST {
		f.End, f.EndAt = how, at
	}
	l.c.Events = append(l.c.Events, Event{At: at, Stream: stream, What: how, Offset: f.In})
}

func (l *log) passed(stream Stream, how string) {
	at := l.rec.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flow(stream)
	if f.Passed == how || f.Passed == endRST {
		return
	}
	f.Passed = how
	l.c.Events = append(l.c.Events, Event{At: at, Stream: stream, What: "sent_" + how, Offset: f.Out})
}

func (l *log) decided(d Decision) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.decisions == nil {
		return // the connection is over and forgotten
	}
	key := string(d.Stream) + " " + d.Fault
	k := l.decisions[key]
	if k == nil {
		k = new(decisionLog)
		l.decisions[key] = k
	}
	if len(k.kept) == maxDecisions {
		k.dropped++
		return
	}
	k.kept = append(k.kept, d)
}

// late notes that the wire was late in doing something.
func (r *recorder) late(by time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace.Late = max(r.trace.Late, by)
}

// stretched notes for how long slices have held up a direction so far.
func (r *recorder) stretched(by time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace.Stretched = max(r.trace.Stretched, by)
}

func (r *recorder) unconfirmed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace.Unconfirmed++
}

// flow finds the direction; the caller holds mu.
func (l *log) flow(stream Stream) *FlowTrace {
	if stream == Upstream {
		return &l.c.Upstream
	}
	return &l.c.Downstream
}

// keep appends a data event within the bound; the caller holds mu.
func (l *log) keep(e Event) {
	if len(l.c.Events) >= maxEvents {
		l.c.Dropped++
		return
	}
	l.c.Events = append(l.c.Events, e)
}
