package proxy

import "sync"

// A tally counts bytes and lets others wait for a count.
type tally struct {
	mu      sync.Mutex
	n       int64
	waiting []wait
}

type wait struct {
	n       int64
	reached chan struct{}
}

func (t *tally) add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n += n
	kept := t.waiting[:0]
	for _, w := range t.waiting {
		if t.n >= w.n {
			close(w.reached)
		} else {
			kept = append(kept, w)
		}
	}
	t.waiting = kept
}

func (t *tally) count() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}

// reached returns a channel that is closed once the count is n or more.
func (t *tally) reached(n int64) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	ch := make(chan struct{})
	if t.n >= n {
		close(ch)
	} else {
		t.waiting = append(t.waiting, wait{n, ch})
	}
	return ch
}
