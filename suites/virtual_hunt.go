package suites

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/faultwire/faultwire/targets"
)

// inOneBubble is how many schedules share a bubble and its network: starting them takes longer than most of the schedules.
const inOneBubble = 100

// huntVirtually returns the first steady find. An unsteady one is no less a broken promise: it is returned if there is no other. Several
// bubbles are at work at once, each with a part of the schedules that is its own; which find is the first their numbers say.
func huntVirtually(t *testing.T, target targets.Target, schedules int, seed uint64) *find {
	t.Helper()
	o := Options{Targets: []targets.Target{target}, Seed: seed}
	h := bubbles{schedules: schedules}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for from, more := h.next(); more; from, more = h.next() {
				synctest.Test(t, func(t *testing.T) {
					if err := inVirtualTime(o, func(e *Engine) {
						h.add(e.hunt(t.Context(), target.Name, seed, from, min(schedules, from+inOneBubble), nil))
					}); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
	workers.Wait()
	if h.steady != nil {
		return h.steady
	}
	return h.unsteady
}

// Bubbles are what has been given to bubbles, and what they have found.
type bubbles struct {
	schedules int

	mu       sync.Mutex
	given    int
	steady   *find // the first so far
	unsteady *find
}

// next is the first number of the next bubble's schedules; there are no more once something steady was found.
func (h *bubbles) next() (from int, more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.steady != nil || h.given >= h.schedules {
		return 0, false
	}
	from, h.given = h.given, h.given+inOneBubble
	return from, true
}

func (h *bubbles) add(f *find) {
	if f == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	first := &h.steady
	if f.unsteady {
		first = &h.unsteady
	}
	if *first == nil || f.number < (*first).number {
		*first = f
	}
}
