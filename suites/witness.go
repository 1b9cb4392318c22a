package suites

import (
	"context"
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

// since is by how much the witness was late since the given time: at worst, and all in all.
func (w *witness) since(t time.Time) (worst, total time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.late) - 1; i >= 0 && w.late[i].at.After(t); i-- {
		worst = max(worst, w.late[i].by)
		total += w.late[i].by
	}
	return worst, total
}

// calm waits until the machine has been on time for a while, but not for ever.
func (w *witness) calm(ctx context.Context) {
	const quiet, patience = 100 * time.Millisecond, 3 * time.Second
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if !waits(ctx, nil, quiet) {
			return
		}
		if worst, _ := w.since(time.Now().Add(-quiet)); worst < 2*noteworthy {
			return
		}
	}
}

func (w *witness) close() {
	close(w.stop)
	w.ended.Wait()
}
