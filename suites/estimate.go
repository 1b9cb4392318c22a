package suites

import (
	"runtime"
	"sync"
	"time"

	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// What a pair takes beyond what it waits for on purpose, as measured: time, and work of a processor, in this process or with a process
// that is started for it.
const (
	ownTime, ownWork     = 15 * time.Millisecond, 4 * time.Millisecond
	childTime, childWork = 80 * time.Millisecond, 60 * time.Millisecond
	leastTime            = 100 * time.Millisecond
)

// An Estimate is about how long a run still takes. It adds up what the pairs take, for each lane that they share, and the longest lane
// is the run. It knows nothing of the target: one that hangs takes longer. It is safe for concurrent use.
type Estimate struct {
	mu    sync.Mutex
	costs map[string]cost // of the pairs that have not ended, by name
	lanes map[string]*lane
}

// A cost is how much a pair takes of which lanes.
type cost map[string]time.Duration

// A lane is what is left to do where so many can be at once.
type lane struct {
	left time.Duration
	wide int
}

// Estimate estimates the run of all pairs.
func (e *Engine) Estimate() *Estimate {
	all := &Estimate{costs: map[string]cost{}, lanes: map[string]*lane{
		"pool": {wide: cap(e.pool.slots)}, "quiet": {wide: cap(e.pool.quiet)}, "watched": {wide: cap(e.pool.watched)},
		"work": {wide: runtime.GOMAXPROCS(0)},
	}}
	for _, p := range e.pairs {
		if e.beyond(p) != "" {
			continue
		}
		took, work := e.waiting(p)+ownTime, ownWork
		if p.Target.Command != nil {
			took, work = took+childTime, childWork
		}
		c := cost{"pool": took, "work": work}
		switch {
		case p.Case.Watch != nil:
			c["watched"] = took
		case p.Case.Timed:
			c["quiet"] = took
		}
		if p.Target.Address != "" {
			turn := "target " + p.Target.Name
			if all.lanes[turn] == nil {
				all.lanes[turn] = &lane{wide: 1}
			}
			c[turn] = took
		}
		all.costs[p.Name()] = c
		for name, d := range c {
			all.lanes[name].left += d
		}
	}
	return all
}

// waiting is about how long the pair waits on purpose.
func (e *Engine) waiting(p Pair) time.Duration {
	timing := effective(p.Target.Promises, e.options.Scale)
	wait := injections(p.Case, p.Target, timing)
	switch {
	case p.Target.Role != targets.ClientRole: // what is held before a client ends with the client
		wait = max(wait, holds(p.Case, timing, e.options.Scale))
	case p.Case.Deadline != "" && p.Target.Promises.Of(p.Case.Deadline) == 0 && p.Target.Command != nil:
		wait = patience(e.options.Scale) // most that declare no deadline have none
	}
	for _, call := range p.Case.Exchange.Calls {
		wait += call.Pause.In(timing)
	}
	return wait
}

// Done takes away a pair that has ended.
func (e *Estimate) Done(target, id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	name := (Pair{cases.Case{ID: id}, &targets.Target{Name: target}}).Name()
	for lane, d := range e.costs[name] {
		e.lanes[lane].left -= d
	}
	delete(e.costs, name)
}

// Left is about how long all that has not ended takes.
func (e *Estimate) Left() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.costs) == 0 {
		return 0
	}
	longest := leastTime
	for _, l := range e.lanes {
		longest = max(longest, l.left/time.Duration(l.wide))
	}
	return longest
}

// Running is how many pairs run at the moment.
func (e *Engine) Running() int { return len(e.pool.slots) }
