package suites

import (
	"sync"
	"time"
)

// A witness sleeps beside the cases and notes how late it is woken. Where the machine is too busy to wake a timer in time,
// it is too busy to judge a target's timers.
type witness struct {
	stop  chan struct{}
	ended sync.WaitGroup

	mu   sync.Mutex
	late []lateness // the last ones worth noting, in order
}

type lateness struct {
	at time.Time
	by time.Duration
}

const (
	witnessTick = 5 * time.Millisecond
	noteworthy  = 5 * time.Millisecond
	remembered  = 4096
)

func newWitness() *witness {
	w := &witness{stop: make(chan struct{})}
	w.ended.Go(w.watch)
	return w
}

func (w *witness) watch() {
	t := time.NewTimer(witnessTick)
	defer t.Stop()
	for {
		due := time.Now().Add(witnessTick)
		select {
		case <-t.C:
		case <-w.stop:
			return
		}
		now := time.Now()
		if by := now.Sub(due); by > noteworthy {
			w.mu.Lock()
			w.late = append(w.late, lateness{now, by})
			w.late = w.late[max(0, len(w.late)-remembered):]
			w.mu.Unlock()
		}
		t.Reset(witnessTick)
	}
}

// worst is the latest the witness was woken since the given time.
func (w *witness) worst(since time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var worst time.Duration
	for i := len(w.late) - 1; i >= 0 && w.late[i].at.After(since); i-- {
		worst = max(worst, w.late[i].by)
	}
	return worst
}

func (w *witness) close() {
	close(w.stop)
	w.ended.Wait()
}
