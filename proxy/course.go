package proxy

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// A course is one direction of one client's datagrams: they pass its stages one after another, and what none of them swallows
// leaves, at once or later.
type course struct {
	caller *caller
	stream Stream
	send   func(parcel) bool
	stages []*stage
	agenda *agenda // what is to happen later; its lock is the course's

	count int64 // datagrams that have come
	bytes int64 // their bytes
	held  int64 // bytes that wait in it; each datagram counts as costOfHeld more
}

// What a course keeps under way is bounded, as a router's queue is: what does not fit is dropped.
const (
	maxHeld    = 4 << 20
	costOfHeld = 256
)

// A parcel is a datagram on its course.
type parcel struct {
	data   []byte
	other  netip.AddrPort // the address that it comes from, or goes to, in the upstream's stead
	number int64          // among those of its course, from 1
	offset int64          // bytes that came before it
	came   time.Time
	due    time.Time // not to leave before; never before came
	kept   bool      // data is a copy of its own
	copy   int64     // the first that a fault made of it is 1
}

// keep makes data a copy that outlives the buffer that it was read into.
func (p *parcel) keep() {
	if !p.kept {
		p.data, p.kept = slices.Clone(p.data), true
	}
}

func (p *parcel) cost() int64 { return int64(len(p.data)) + costOfHeld }

// A stage is a fault that strikes a course.
type stage struct {
	Fault
	from, until int64     // numbers of datagrams
	starts      time.Time // zero: it is no matter of time
	lasts       time.Duration
	ends        time.Time   // zero: not begun, or without end
	hit         atomic.Bool // it has struck

	last    int64      // reorder: the number of the datagram last held
	waiting []*waiting // reorder
	clear   time.Time  // bandwidth: when what was passed is through
	latest  time.Time  // latency: when the last that it struck leaves
	chance  float64    // of striking a datagram
}

// A waiting datagram is held back until others have passed, or for so long.
type waiting struct {
	parcel
	behind int64
	gone   bool
}

func newCourse(c *caller, s Stream, send func(parcel) bool) *course {
	return &course{caller: c, stream: s, send: send, agenda: newAgenda(c.relay.clock, &c.gone)}
}

// newStage makes the fault ready to strike.
func newStage(f Fault) *stage {
	t, u := f.trigger(), f.until()
	s := &stage{Fault: f, from: max(1, t.Datagram), until: never, lasts: time.Duration(u.For) * time.Millisecond, chance: 1}
	if u.Datagram > 0 {
		s.until = u.Datagram
	}
	if t.Time != nil {
		s.starts = time.Now().Add(time.Duration(*t.Time) * time.Millisecond)
	}
	if percent, given := f.Attributes["percent"]; given {
		s.chance = float64(percent) / 100
	}
	return s
}

// delays reports whether something may have to leave later.
func (c *course) delays() bool {
	return slices.ContainsFunc(c.stages, func(s *stage) bool {
		return s.Type == "latency" || s.Type == "bandwidth" || s.Type == "reorder"
	})
}

// arrive takes a datagram; its data is the caller's again afterwards.
func (c *course) arrive(p parcel) {
	c.agenda.mu.Lock()
	defer c.agenda.mu.Unlock()
	c.count++
	p.number, p.offset, p.came = c.count, c.bytes, time.Now()
	p.due = p.came
	c.bytes += int64(len(p.data))
	c.caller.log.came(c.stream, p)
	if h := c.caller.swallowed(c.stream, p); h != nil {
		c.struck(h, p)
		c.fate(p, "lost", h)
		return
	}
	c.through(0, p)
}

// through lets a datagram pass the stages from i on. The caller holds the lock.
func (c *course) through(i int, p parcel) {
	for ; i < len(c.stages); i++ {
		s := c.stages[i]
		if s.Type == "reorder" {
			if c.hold(s, i, p) {
				return
			}
			passed := s.pass()
			c.through(i+1, p)
			for _, w := range passed {
				c.release(i, w, p.due)
			}
			return
		}
		if !c.strikes(s, p) {
			continue
		}
		switch s.Type {
		case "loss":
			c.struck(s, p)
			c.fate(p, "lost", s)
			return
		case "duplicate":
			p.keep()
			c.through(i+1, p)
			for p.copy = range max(1, s.Attributes["copies"]) {
				p.copy++
				c.fate(p, "copied", s)
				c.through(i+1, p)
			}
			c.struck(s, p) // who waits for that finds the copies delivered
			return
		case "truncate":
			if n := s.Attributes["bytes"]; int64(len(p.data)) > n {
				c.struck(s, p)
				p.data = p.data[:n]
				c.fate(p, "cut", s)
			}
		case "corrupt":
			c.flip(s, &p)
		case "latency":
			c.struck(s, p)
			c.delay(s, &p)
		case "bandwidth":
			c.struck(s, p)
			if s.clear.After(p.came) && c.held+p.cost() > maxHeld { // it would have to wait, and keeps nobody behind it
				c.caller.log.fate(c.stream, p.number, "dropped", "")
				return
			}
			if !s.queue(&p) {
				c.fate(p, "lost", s)
				return
			}
		}
	}
	c.leave(p)
}

// strikes reports whether the fault is on for the datagram and, where that is left to chance, whether it is drawn.
func (c *course) strikes(s *stage, p parcel) bool {
	if !s.inside(p.number, p.came) {
		return false
	}
	if s.chance == 1 || s.Type == "corrupt" {
		return true
	}
	drawn := c.draw(s, p, 0) < s.chance
	value := int64(0)
	if drawn {
		value = 1
	}
	c.decided(s, p, value)
	return drawn
}

// inside reports whether the fault is on for the nth datagram, which came at a time.
func (s *stage) inside(n int64, came time.Time) bool {
	if n < s.from || n >= s.until || came.Before(s.starts) {
		return false
	}
	if s.lasts > 0 && s.ends.IsZero() {
		s.ends = came.Add(s.lasts)
		if !s.starts.IsZero() {
			s.ends = s.starts.Add(s.lasts)
		}
	}
	return s.ends.IsZero() || came.Before(s.ends)
}

// draw is a number in [0, 1) for the datagram; a fault may draw two, told apart by which. Each copy is drawn for by itself.
func (c *course) draw(s *stage, p parcel, which int64) float64 {
	return draw(c.caller.relay.config.Plan.Seed, s.ID(), c.caller.log.c.N, p.copy<<40|2*p.number+which)
}

func (c *course) decided(s *stage, p parcel, value int64) {
	c.caller.log.decided(Decision{Fault: s.ID(), Stream: c.stream, Offset: p.number, Value: value})
}

// struck notes once that the fault struck, with that datagram.
func (c *course) struck(s *stage, p parcel) {
	if !s.hit.Swap(true) {
		c.caller.relay.rec.strike(Strike{Fault: s.ID(), Conn: c.caller.log.c.N, Stream: c.stream, Offset: p.offset, Datagram: p.number})
	}
}

func (c *course) fate(p parcel, what string, s *stage) {
	c.caller.log.fate(c.stream, p.number, what, s.ID())
}

// flip XORs bytes of the datagram: from the given offset on, or from one that is drawn.
func (c *course) flip(s *stage, p *parcel) {
	size, n := int64(len(p.data)), max(1, s.Attributes["bytes"])
	at, given := s.Attributes["at"]
	if !given {
		at = int64(c.draw(s, *p, 1) * float64(max(1, size-n+1)))
	}
	if s.chance < 1 && c.draw(s, *p, 0) >= s.chance {
		at = -1
	}
	if s.chance < 1 || !given {
		c.decided(s, *p, at)
	}
	if at < 0 || at >= size {
		return
	}
	xor, given := s.Attributes["xor"]
	if !given {
		xor = 0xff
	}
	c.struck(s, *p)
	c.fate(*p, "flipped", s)
	p.data, p.kept = slices.Clone(p.data), true // of a copy, where a duplicate shares it
	for i := at; i < min(size, at+n); i++ {
		p.data[i] ^= byte(xor)
	}
}

// delay makes the datagram leave later. What this fault strikes it keeps in order, as it does on a stream; what it spares
// overtakes.
func (c *course) delay(s *stage, p *parcel) {
	d := time.Duration(s.Attributes["latency"]) * time.Millisecond
	if jitter := time.Duration(s.Attributes["jitter"]) * time.Millisecond; jitter > 0 {
		drift := time.Duration((2*c.draw(s, *p, 1) - 1) * float64(jitter))
		c.decided(s, *p, int64(drift))
		d = max(0, d+drift)
	}
	p.due = latest(p.due.Add(d), s.latest)
	s.latest = p.due
}

// queue makes the datagram leave when those before it are through; false if none ever will be. The first leaves at once.
func (s *stage) queue(p *parcel) bool {
	rate := s.Attributes["rate"] * 1000 // bytes a second
	if rate == 0 {
		return false
	}
	p.due = latest(p.due, s.clear)
	s.clear = p.due.Add(time.Duration(float64(len(p.data)) / float64(rate) * float64(time.Second)))
	return true
}

// overtakenIn is how long a datagram waits to be overtaken, unless the fault says otherwise.
const overtakenIn = 100 * time.Millisecond

// hold keeps the datagram back if the fault strikes it, and reports whether it did. One that is to overtake another is spared.
func (c *course) hold(s *stage, i int, p parcel) bool {
	behind := max(1, s.Attributes["behind"])
	if !c.strikes(s, p) || s.last > 0 && p.number <= s.last+behind {
		return false
	}
	if !c.room(p) {
		return true
	}
	p.keep()
	s.last = p.number
	w := &waiting{parcel: p, behind: behind}
	s.waiting = append(s.waiting, w)
	c.fate(p, "held", s)
	c.struck(s, p)
	limit := overtakenIn
	if ms, given := s.Attributes["timeout"]; given {
		limit = time.Duration(ms) * time.Millisecond
	}
	due := p.came.Add(limit)
	c.agenda.at(due, func(now time.Time) {
		if w.gone {
			return
		}
		s.waiting = slices.DeleteFunc(s.waiting, func(v *waiting) bool { return v == w })
		c.caller.relay.rec.late(now.Sub(due))
		c.release(i, w, now)
	})
	return true
}

// pass lets one more datagram overtake those that wait, and returns those that have been overtaken by enough.
func (s *stage) pass() (passed []*waiting) {
	for _, w := range s.waiting {
		if w.behind--; w.behind == 0 {
			passed = append(passed, w)
		}
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(w *waiting) bool { return w.behind == 0 })
	return passed
}

// release lets a datagram that was held at stage i go on, not before the given time.
func (c *course) release(i int, w *waiting, due time.Time) {
	w.gone = true
	c.held -= w.cost()
	p := w.parcel
	w.parcel = parcel{} // its entry in the agenda may stay for long
	p.due = latest(p.due, due)
	c.through(i+1, p)
}

// room takes room for a datagram that is to wait. If there is none it is dropped.
func (c *course) room(p parcel) bool {
	if c.held+p.cost() > maxHeld {
		c.caller.log.fate(c.stream, p.number, "dropped", "")
		return false
	}
	c.held += p.cost()
	return true
}

// leave sends the datagram when it is due.
func (c *course) leave(p parcel) {
	if now := time.Now(); !p.due.After(now) {
		c.deliver(p)
		return
	}
	if !c.room(p) {
		return
	}
	p.keep()
	c.agenda.at(p.due, func(now time.Time) {
		c.held -= p.cost()
		c.caller.relay.rec.late(now.Sub(p.due))
		c.deliver(p)
	})
}

func (c *course) deliver(p parcel) {
	if c.send(p) {
		c.caller.log.left(c.stream, p, c.caller.instead(c.stream, p))
	} else {
		c.caller.log.fate(c.stream, p.number, "dropped", "")
	}
}
