package proxy

import (
	"container/heap"
	"sync"
	"time"
)

// A clock rings alarms to a fraction of a millisecond. Go's timers wait in whole milliseconds where a program is otherwise idle,
// so the alarms of a relay hang on one ticker of the kernel's.
type clock struct {
	ticker ticker
	late   time.Duration // added to each alarm: in a bubble timers of the same instant fire in any order, and the wire's are to be last
	mu     sync.Mutex
	queue  alarms
	done   chan struct{}
}

// A ticker waits for one moment at a time.
type ticker interface {
	set(d time.Duration) // the next wait returns d from now, also one under way
	wait() bool          // false once it is closed
	close()
}

// An alarm rings once.
type alarm struct {
	clock *clock
	due   time.Time
	rings chan struct{}
	index int // in the queue; -1 once it is out of it
}

// newClock is a clock by the kernel's ticker, or by Go's timers where time may be a bubble's.
func newClock(virtual bool) *clock {
	c := &clock{done: make(chan struct{})}
	if virtual {
		c.ticker, c.late = newPlainTicker(), time.Microsecond
	} else {
		c.ticker = newTicker()
	}
	go c.run()
	return c
}

// at returns an alarm for the moment.
func (c *clock) at(due time.Time) *alarm {
	due = due.Add(c.late)
	a := &alarm{clock: c, due: due, rings: make(chan struct{}), index: -1}
	wait := time.Until(due)
	if wait <= 0 {
		close(a.rings)
		return a
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	heap.Push(&c.queue, a)
	if a.index == 0 {
		c.ticker.set(wait)
	}
	return a
}

// stop gives the alarm up.
func (a *alarm) stop() {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	if a.index >= 0 {
		heap.Remove(&a.clock.queue, a.index)
	}
}

func (c *clock) run() {
	defer close(c.done)
	for c.ticker.wait() {
		c.ring()
	}
}

// ring rings what is due, and sets the ticker to the next.
func (c *clock) ring() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 {
		wait := time.Until(c.queue[0].due)
		if wait > 0 {
			c.ticker.set(wait)
			return
		}
		close(heap.Pop(&c.queue).(*alarm).rings)
	}
}

// close ends the clock. Nobody may wait for it any more.
func (c *clock) close() {
	c.ticker.close()
	<-c.done
}

// alarms is a heap, the earliest first.
type alarms []*alarm

func (q alarms) Len() int           { return len(q) }
func (q alarms) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q alarms) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *alarms) Push(x any) {
	a := x.(*alarm)
	a.index = len(*q)
	*q = append(*q, a)
}

func (q *alarms) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	last.index = -1
	return last
}
