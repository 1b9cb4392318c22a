package proxy

import (
	"container/heap"
	"sync"
	"time"
)

// An agenda is what is to happen later. Its owner's state is under its lock, which is held while something happens.
type agenda struct {
	clock *clock
	gone  *flag // nothing happens any more
	wake  chan struct{}

	mu      sync.Mutex
	entries entries
	added   int
	empty   chan struct{} // closed while there is nothing on it
}

// An entry happens once, at its time; of several at one time those that were noted first.
type entry struct {
	due     time.Time
	order   int
	happens func(now time.Time)
}

func newAgenda(c *clock, gone *flag) *agenda {
	a := &agenda{clock: c, gone: gone, wake: make(chan struct{}, 1), empty: make(chan struct{})}
	close(a.empty)
	return a
}

// at notes what is to happen then. The caller holds the lock.
func (a *agenda) at(due time.Time, happens func(now time.Time)) {
	select {
	case <-a.empty:
		a.empty = make(chan struct{})
	default:
	}
	a.added++
	heap.Push(&a.entries, entry{due, a.added, happens})
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// idle is closed when there is nothing on the agenda.
func (a *agenda) idle() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.empty
}

// run lets things happen until the owner is gone.
func (a *agenda) run() {
	for {
		var rings <-chan struct{}
		stop := func() {}
		if due, any := a.next(); any {
			alarm := a.clock.at(due)
			rings, stop = alarm.rings, alarm.stop
		}
		select {
		case <-rings:
		case <-a.wake:
		case <-a.gone.ch:
			stop()
			return
		}
		stop()
		a.happen()
	}
}

func (a *agenda) next() (due time.Time, any bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.entries) == 0 {
		return time.Time{}, false
	}
	return a.entries[0].due, true
}

// happen lets happen what is due.
func (a *agenda) happen() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.entries) > 0 && !a.gone.raised() {
		now := time.Now()
		if a.entries[0].due.After(now) {
			return
		}
		heap.Pop(&a.entries).(entry).happens(now)
		if len(a.entries) == 0 {
			close(a.empty)
		}
	}
}

// entries is a heap, the earliest first.
type entries []entry

func (q entries) Len() int { return len(q) }
func (q entries) Less(i, j int) bool {
	if q[i].due.Equal(q[j].due) {
		return q[i].order < q[j].order
	}
	return q[i].due.Before(q[j].due)
}
func (q entries) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *entries) Push(x any) { *q = append(*q, x.(entry)) }

func (q *entries) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = entry{}
	*q = old[:len(old)-1]
	return last
}
