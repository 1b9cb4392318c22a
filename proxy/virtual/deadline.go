package virtual

import (
	"sync"
	"time"
)

// A deadline is a moment that can be moved, also while somebody waits for it.
type deadline struct{ state *deadlineState }

type deadlineState struct {
	mu    sync.Mutex
	timer *time.Timer
	over  chan struct{} // closed when it has passed, and when it was moved: who waits looks again
	due   bool
}

func newDeadline() deadline { return deadline{&deadlineState{over: make(chan struct{})}} }

func (d deadline) set(t time.Time) {
	s := d.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	close(s.over)
	s.over = make(chan struct{})
	s.due = false
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		s.due = true
		return
	}
	over := s.over
	s.timer = time.AfterFunc(left, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.over == over {
			s.due = true
			close(s.over)
			s.over = make(chan struct{})
		}
	})
}

// passed reports whether it has passed.
func (d deadline) passed() bool {
	d.state.mu.Lock()
	defer d.state.mu.Unlock()
	return d.state.due
}

// wait is closed when it passes or is moved.
func (d deadline) wait() <-chan struct{} {
	d.state.mu.Lock()
	defer d.state.mu.Unlock()
	if d.state.due {
		passed := make(chan struct{})
		close(passed)
		return passed
	}
	return d.state.over
}
