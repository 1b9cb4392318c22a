package suites

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// A witness does beside a case what the case's wire and target do: it waits for a timer, writes to a socket, and waits for
// another goroutine to answer. How late it is tells whether the machine was too busy to judge anybody's timing.
type witness struct {
	conn net.Conn
	stop chan struct{}
	done chan struct{}

	mu     sync.Mutex
	rounds []round // that were late
}

// A round of the witness that took longer than it should have.
type round struct {
	ended time.Time
	late  time.Duration
}

const (
	witnessTick = 5 * time.Millisecond
	noteworthy  = 10 * time.Millisecond // more than a round takes on a machine that has time
)

// A stand is where witnesses are heard: a server that answers each byte.
type stand struct {
	listener net.Listener
	work     sync.WaitGroup

	calming sync.Mutex
	waited  time.Duration // by calm, in all; under calming
}

func newStand() (*stand, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a port for the witness: %w", err)
	}
	s := &stand{listener: l}
	s.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.work.Go(func() {
				defer c.Close()
				buf := make([]byte, 1)
				for {
					if _, err := io.ReadFull(c, buf); err != nil {
						return
					}
					if _, err := c.Write(buf); err != nil {
						return
					}
				}
			})
		}
	})
	return s, nil
}

// close ends the stand after its witnesses have been dismissed.
func (s *stand) close() {
	_ = s.listener.Close()
	s.work.Wait()
}

// call has a witness attend until it is dismissed.
func (s *stand) call() (*witness, error) {
	w := &witness{stop: make(chan struct{}), done: make(chan struct{})}
	if s == nil { // nothing is late in virtual time
		close(w.done)
		return w, nil
	}
	c, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		return nil, fmt.Errorf("the witness: %w", err)
	}
	w.conn = c
	go w.attend()
	return w, nil
}

func (w *witness) attend() {
	defer close(w.done)
	defer w.conn.Close()
	timer := time.NewTimer(witnessTick)
	defer timer.Stop()
	buf := make([]byte, 1)
	for {
		due := time.Now().Add(witnessTick)
		select {
		case <-timer.C:
		case <-w.stop:
			w.note(due)
			return
		}
		if _, err := w.conn.Write(buf); err != nil {
			return
		}
		if _, err := io.ReadFull(w.conn, buf); err != nil {
			return
		}
		w.note(due)
		timer.Reset(witnessTick)
	}
}

// note takes down a round that ends now, if it is late.
func (w *witness) note(due time.Time) {
	now := time.Now()
	if late := now.Sub(due); late > noteworthy {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.rounds = append(w.rounds, round{now, late})
	}
}

// late is by how much the witness has been late since: at worst, and all in all.
func (w *witness) late(since time.Time) (worst, total time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.rounds {
		late := max(0, min(r.late, r.ended.Sub(since)))
		worst, total = max(worst, late), total+late
	}
	return worst, total
}

// within is by how much the witness has been late since, in the worst window of so long.
func (w *witness) within(since time.Time, window time.Duration) (most time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, last := range w.rounds {
		if !last.ended.After(since) {
			continue
		}
		begin := last.ended.Add(-window)
		if begin.Before(since) {
			begin = since
		}
		sum := time.Duration(0)
		for _, r := range w.rounds[:i+1] {
			sum += max(0, min(r.late, r.ended.Sub(begin)))
		}
		most = max(most, sum)
	}
	return most
}

// dismiss ends the witness and waits for it.
func (w *witness) dismiss() {
	close(w.stop)
	<-w.done
}

// calm waits until the machine has been on time for a while, one caller at a time, so that what a busy machine has voided
// does not come back as a crowd. It waits a few seconds in all: a machine that stays busy is not waited for.
func (s *stand) calm(ctx context.Context) {
	const quiet, patience = 100 * time.Millisecond, 5 * time.Second
	s.calming.Lock()
	defer s.calming.Unlock()
	began := time.Now()
	defer func() { s.waited += time.Since(began) }()
	for s.waited+time.Since(began) < patience {
		w, err := s.call()
		if err != nil {
			return
		}
		on := waits(ctx, nil, quiet)
		w.dismiss()
		if worst, _ := w.late(time.Time{}); !on || worst == 0 {
			return
		}
	}
}
