package proxy

import (
	"sync"
	"time"
)

// A plainTicker is one of Go's timers.
type plainTicker struct {
	timer  *time.Timer
	once   sync.Once
	closed chan struct{}
}

func newPlainTicker() *plainTicker {
	t := &plainTicker{timer: time.NewTimer(time.Hour), closed: make(chan struct{})}
	t.timer.Stop()
	return t
}

func (t *plainTicker) set(d time.Duration) { t.timer.Reset(d) }

func (t *plainTicker) wait() bool {
	select {
	case <-t.timer.C:
		return true
	case <-t.closed:
		return false
	}
}

func (t *plainTicker) close() { t.once.Do(func() { close(t.closed); t.timer.Stop() }) }
