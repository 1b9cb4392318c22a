package suites

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/faultwire/faultwire/suites/cases"
)

// A pool bounds what runs at once. Cases mostly wait, so many run together; but a burst of starts distorts timing, so
// starts are staggered, few processes are starting at once, and cases that measure time share a lane of their own.
type pool struct {
	slots    chan struct{}
	quiet    chan struct{}
	watched  chan struct{}
	starting chan struct{} // processes between exec and their first sign
	calm     sync.RWMutex  // read-held by each process that starts, write-held by a timed one
	stagger  sync.Mutex

	mu      sync.Mutex
	changed sync.Cond // what follows; its lock is mu
	coming  int       // cases that have a place, or wait for one
	alone   bool      // a case has all to itself
}

// Cases mostly wait, but not those that move much: 64 at once on two processors, measured, made each other later than the
// deadlines they are about, and took as long.
const (
	poolSize  = 64
	perCPU    = 8
	quietLane = 4
	watchLane = 1
	startGap  = 500 * time.Microsecond
)

func newPool() *pool {
	size := min(poolSize, perCPU*runtime.NumCPU(), max(1, descriptorLimit()/16))
	p := &pool{
		slots:    make(chan struct{}, size),
		quiet:    make(chan struct{}, quietLane),
		watched:  make(chan struct{}, watchLane),
		starting: make(chan struct{}, runtime.NumCPU()),
	}
	p.changed.L = &p.mu
	return p
}

// enter takes a place in the pool, and in the lane of its own that the case may need. leave gives it back.
func (p *pool) enter(ctx context.Context, c cases.Case) (leave func(), err error) {
	lanes := []chan struct{}{p.slots}
	switch {
	case c.Watch != nil:
		lanes = []chan struct{}{p.watched, p.slots}
	case c.Timed:
		lanes = []chan struct{}{p.quiet, p.slots}
	}
	p.come()
	taken := 0
	leave = func() {
		for _, lane := range lanes[:taken] {
			<-lane
		}
		p.set(func() { p.coming-- })
	}
	for _, lane := range lanes {
		select {
		case lane <- struct{}{}:
			taken++
		case <-ctx.Done():
			leave()
			return nil, ctx.Err()
		}
	}
	p.stagger.Lock()
	defer p.stagger.Unlock()
	time.Sleep(startGap)
	return leave, nil
}

// come waits until no case has all to itself.
func (p *pool) come() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.alone {
		p.changed.Wait()
	}
	p.coming++
}

// enterAlone waits until nobody has a place in the pool or waits for one, so that it holds up nobody, and then keeps everybody out until
// leave is called.
func (p *pool) enterAlone() (leave func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.alone || p.coming > 0 {
		p.changed.Wait()
	}
	p.alone = true
	return func() { p.set(func() { p.alone = false }) }
}

func (p *pool) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed.Broadcast()
}

// start waits for the turn to start a process. A timed one starts when no other is starting. The returned function says
// that the process has started; it may be called again.
func (p *pool) start(timed bool) (started func()) {
	p.starting <- struct{}{}
	unlock := p.calm.RUnlock
	if timed {
		p.calm.Lock()
		unlock = p.calm.Unlock
	} else {
		p.calm.RLock()
	}
	return sync.OnceFunc(func() {
		unlock()
		<-p.starting
	})
}
