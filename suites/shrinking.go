package suites

import (
	"context"
	"fmt"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/targets"
)

// A CannotShrink is why a repro is as small as it gets, or nobody knows how to make it smaller.
type CannotShrink struct{ Why string }

func (e *CannotShrink) Error() string { return e.Why }

// A Shrinking is how a repro is made smaller.
type Shrinking struct {
	Shown int           // a smaller schedule is taken if it shows so often
	Of    int           // of so many times
	For   time.Duration // how long smaller ones are begun
	Told  func(Hunted)  // as each has been tried, one at a time
}

// Shrink makes the repro's schedule smaller with the engine's one target; a case's of the catalogue is made a schedule first, which is
// judged by the five promises. The error is a [CannotShrink], a [Blocked], or says what the machine failed at. A find that showed less
// often than is asked of it comes back as it was.
func (e *Engine) Shrink(ctx context.Context, r *Repro, how Shrinking) (*Find, error) {
	t := &e.options.Targets[0]
	if why := NotHunted(t); why != "" {
		return nil, &CannotShrink{why}
	}
	s, err := e.scheduleOf(r, t)
	if err != nil {
		return nil, err
	}
	if b := e.benches[t.Name]; b.blocked(ctx, e) != "" {
		return nil, &Blocked{b.control}
	}
	f, void, seen := (*find)(nil), 0, 0
	for seen < how.Of && void < mostVoid && ctx.Err() == nil && f == nil {
		again, what, err := e.attempt(ctx, s, 0, true)
		if err != nil {
			return nil, err
		}
		switch {
		case what == provesNothing:
			void++
		case again != nil && (r.Promise == "" || string(again.broken.Promise) == r.Promise && string(again.outcome) == r.Outcome):
			f = again
		default:
			seen++
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case f == nil && r.Exchange == nil:
		why := "what %s found is not found by the five promises alone, tried %d times: it is about just these faults"
		return nil, &CannotShrink{fmt.Sprintf(why, r.Case, seen)}
	case f == nil:
		return nil, nil
	}
	shown, last, err := e.recur(ctx, f, how.Of)
	if err != nil || shown < how.Shown {
		return e.findOf(last, shown, how.Of), err
	}
	last, shown, err = e.shrunk(ctx, last, how.Shown, how.Of, how.For, func(n int) {
		if how.Told != nil {
			how.Told(Hunted{Shrinking: n})
		}
	})
	return e.findOf(last, shown, how.Of), err
}

// scheduleOf is the schedule that the repro holds, or that its case comes down to.
func (e *Engine) scheduleOf(r *Repro, t *targets.Target) (schedule, error) {
	if r.Exchange != nil {
		return r.schedule(t), nil
	}
	p, err := e.Replaying(r)
	if err != nil {
		return schedule{}, err
	}
	x := p.Case.Exchange
	if len(x.Conns) > 0 || p.Case.Watch != nil || p.Case.Cancel != (fixtures.Span{}) || p.Case.Nudged {
		return schedule{}, &CannotShrink{r.Case + " has a script of its own, not only faults: what it takes cannot be drawn smaller"}
	}
	return schedule{
		Messages: x.Messages, Session: len(x.Calls) > 0, Shown: p.Case.Shown, target: t,
		Plan: proxy.Plan{Seed: r.Seed, Faults: named(relative(r.Plan.Faults, r.Role))},
	}, nil
}

// named are the faults with names of their own.
func named(faults []proxy.Fault) []proxy.Fault {
	for i := range faults {
		faults[i].Name = fmt.Sprintf("f%d", i+1)
	}
	return faults
}

// shrunk makes the find smaller, as long as that takes or may take; each step shows k of n times, and the smallest that does so once more is
// returned, with how often it did: where two things race inside the target, a step can have had luck.
func (e *Engine) shrunk(ctx context.Context, f *find, k, n int, limit time.Duration, tried func(int)) (*find, int, error) {
	enough, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var failed error
	count, steps := 0, []*find{f}
	shrink(f, func(s schedule) *find {
		if enough.Err() != nil || failed != nil {
			return nil
		}
		count++
		tried(count)
		found, err := e.shows(enough, s, f, k, n)
		if err != nil && enough.Err() == nil {
			failed = err
		}
		if found != nil {
			steps = append(steps, found)
		}
		return found
	})
	for last := len(steps) - 1; ; last-- {
		if failed != nil || ctx.Err() != nil {
			return steps[last], 0, failed
		}
		shown, again, err := e.recur(ctx, steps[last], n)
		if err != nil || shown >= k || last == 0 {
			return again, shown, err
		}
	}
}

// shows is the find that a smaller schedule makes, if it shows k of n times; nil if not. One is tried first; the others then run at once.
func (e *Engine) shows(ctx context.Context, smaller schedule, f *find, k, n int) (found *find, err error) {
	candidate := *f
	candidate.schedule = smaller
	for tried, shown, at := 0, 0, 1; tried < n; at = n - tried {
		if tried-shown > n-k || ctx.Err() != nil {
			return nil, nil
		}
		for _, a := range e.attempts(ctx, &candidate, at) {
			if a.err != nil {
				return nil, a.err
			}
			if f.same(a.find) {
				shown++
				found = a.find
			}
		}
		if tried += at; tried >= n && shown < k {
			return nil, nil
		}
	}
	return found, nil
}
