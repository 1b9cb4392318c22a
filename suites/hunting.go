package suites

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// A Hunting is what bounds a hunt over real sockets, and who is told of it.
type Hunting struct {
	Schedules int           // how many are drawn for each target; 0 is no bound
	For       time.Duration // how long new ones are begun; 0 is no bound
	Promise   string        // the only one that is hunted; empty is all five
	Told      func(Hunted)  // told how far the hunt is, as each schedule ends, one at a time; may be nil
	Broke     func(string)  // told of each schedule that broke a promise, and how often it did again; may be nil
}

// Hunted is how far a hunt has come.
type Hunted struct {
	Schedules int // that were judged
	Void      int // that prove nothing: a cut was not seen to be seen, or the machine was too busy to judge anybody
	Waited    int // in which a target that declares no deadline waited for longer than anybody would
	Once      int // that broke a promise once and never again: the machine's doing, or too rare to be shown
	Shrinking int // schedules tried to make the find smaller; 0 while there is none
}

// A Find is a schedule that broke a promise over real sockets, as small as it got.
type Find struct {
	Number int            // of the schedule it was made of, from 0
	Result reports.Result // what was seen of it last
	Repro  *Repro
	Shown  int // how often it broke the same promise by the same outcome, when it was tried again
	Of     int // so many times
	Lines  []string
}

// Steady reports whether it showed each time.
func (f *Find) Steady() bool { return f.Of > 0 && f.Shown == f.Of }

// ErrNotHunted wraps why a hunt found no target to try anything with.
var ErrNotHunted = errors.New("nothing to hunt")

// A Blocked is a control exchange that a target failed: nothing that it does under a fault would mean anything.
type Blocked struct{ Control reports.Result }

func (b *Blocked) Error() string {
	return b.Control.Target + " fails the plain exchange, without any fault: " + b.Control.Reason
}

// shrinkLimit bounds how long a hunt makes its find smaller; [Engine.Shrink] may go on.
const shrinkLimit = time.Minute

// Hunt tries the schedules that follow from the engine's seed with each of its clients, over real sockets, many at once, and judges by the
// five promises. What broke one is tried again, alone on the wire, [agreement] times: if it shows each time it is made small and returned.
// What shows again, but not each time, is returned if nothing steady was found. nil is nothing found. The error is a [Blocked], wraps
// [ErrNotHunted], or says what the machine failed at.
func (e *Engine) Hunt(ctx context.Context, bounds Hunting) (*Find, Hunted, error) {
	h := &hunt{engine: e, bounds: bounds}
	for i := range e.options.Targets {
		b := e.benches[e.options.Targets[i].Name]
		if NotHunted(b.target) == "" {
			h.decks = append(h.decks, newDeck(b.target, e.options.Scale, e.options.Seed))
		}
	}
	if len(h.decks) == 0 {
		return nil, h.told, fmt.Errorf("%w: %s", ErrNotHunted, NotHunted(&e.options.Targets[0]))
	}
	for _, d := range h.decks {
		if b := e.benches[d.target.Name]; b.blocked(ctx, e) != "" {
			return nil, h.told, &Blocked{b.control}
		}
	}
	if bounds.For > 0 {
		h.until = time.Now().Add(bounds.For)
	}
	found, err := h.run(ctx)
	return found, h.told, err
}

// A hunt is one over real sockets.
type hunt struct {
	engine *Engine
	bounds Hunting
	decks  []deck
	until  time.Time

	next     int // the number of the schedule that is begun next, of all decks in turn
	told     Hunted
	unsteady *Find
}

// run hunts until something steady is found. A round of schedules runs at once, until one of them breaks something; then the others are
// waited for, so that what has broken is tried again on a machine that does nothing else.
func (h *hunt) run(ctx context.Context) (*Find, error) {
	for {
		suspects, err := h.round(ctx)
		if err != nil || len(suspects) == 0 {
			return h.unsteady, err
		}
		slices.SortFunc(suspects, func(a, b *find) int { return a.number - b.number })
		for _, f := range suspects {
			shown, last, err := h.engine.recur(ctx, f, agreement)
			if h.bounds.Broke != nil {
				h.bounds.Broke(fmt.Sprintf("schedule %d of %s: %s: %s; again %d of %d (%s)", f.number, f.schedule.target.Name, f.broken.Promise, f.broken.Seen,
					shown, agreement, strings.Join(f.schedule.lines(), "; ")))
			}
			switch {
			case ctx.Err() != nil || err != nil:
				return h.unsteady, err
			case shown == agreement:
				return h.shrunk(ctx, last)
			case shown == 0:
				h.told.Once++
			case h.unsteady == nil:
				h.unsteady = h.engine.findOf(last, shown, agreement)
			}
		}
	}
}

// shrunk is the find made small.
func (h *hunt) shrunk(ctx context.Context, f *find) (*Find, error) {
	f, shown, err := h.engine.shrunk(ctx, f, agreement, agreement, shrinkLimit, func(tried int) {
		h.told.Shrinking = tried
		h.tell()
	})
	return h.engine.findOf(f, shown, agreement), err
}

func (h *hunt) tell() {
	if h.bounds.Told != nil {
		h.bounds.Told(h.told)
	}
}

// draw is the next schedule, and its number; false if there is none any more.
func (h *hunt) draw() (schedule, int, bool) {
	deck, n := h.decks[h.next%len(h.decks)], h.next/len(h.decks)
	if h.bounds.Schedules > 0 && n >= h.bounds.Schedules || !h.until.IsZero() && time.Now().After(h.until) {
		return schedule{}, 0, false
	}
	h.next++
	return deck.draw(n), n, true
}

// round tries schedules until one breaks something, or there are none any more.
func (h *hunt) round(ctx context.Context) (suspects []*find, failed error) {
	var (
		mu      sync.Mutex
		over    bool
		workers sync.WaitGroup
	)
	for range cap(h.engine.pool.slots) {
		workers.Go(func() {
			for {
				mu.Lock()
				s, n, more := schedule{}, 0, false
				if !over && ctx.Err() == nil {
					s, n, more = h.draw()
				}
				mu.Unlock()
				if !more {
					return
				}
				f, what, err := h.engine.attempt(ctx, s, n, false)
				mu.Lock()
				switch {
				case ctx.Err() != nil:
				case err != nil:
					over, failed = true, err
				case f != nil && (h.bounds.Promise == "" || h.bounds.Promise == string(f.broken.Promise)):
					over, suspects = true, append(suspects, f)
					h.told.Schedules++
				default:
					h.count(what)
				}
				if ctx.Err() == nil {
					h.tell()
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return suspects, failed
}

// What an attempt came to that broke no promise.
type unbroken int

const (
	keptAll       unbroken = iota // it kept the five
	provesNothing                 // it proves nothing
	waited                        // for longer than it never promised
)

func (h *hunt) count(what unbroken) {
	switch what {
	case provesNothing:
		h.told.Void++
		return
	case waited:
		h.told.Waited++
	}
	h.told.Schedules++
}

// attempt tries the schedule once. Alone it has the lane of those that are timed, whose witness is stricter. The error is that of a machine
// that cannot run it at all.
func (e *Engine) attempt(ctx context.Context, s schedule, number int, alone bool) (*find, unbroken, error) {
	c := s.asCase()
	c.Timed = alone
	if slices.ContainsFunc(s.Messages, func(m fixtures.Message) bool { return !s.target.Speech().Carries(m, false) }) {
		return nil, provesNothing, nil
	}
	p := Pair{c, s.target}
	began := time.Now()
	b := e.benches[s.target.Name]
	o, _, instead := e.attested(ctx, c, func() (cases.Observation, string, error) { return e.inTurn(ctx, b, c) })
	switch {
	case instead != nil && instead.Verdict == reports.Error && instead.Retaken == 0:
		return nil, provesNothing, errors.New(instead.Reason)
	case instead != nil:
		return nil, provesNothing, nil
	}
	r := e.judge(p, o)
	switch {
	case r.Verdict == reports.Error:
		return nil, provesNothing, errors.New(r.Reason)
	case r.Verdict == reports.Skip && strings.HasPrefix(r.Reason, "void: "):
		return nil, provesNothing, nil
	case r.Verdict == reports.Warn:
		return nil, waited, nil
	case r.Verdict != reports.Fail:
		return nil, keptAll, nil
	}
	broken := &cases.Broken{Promise: cases.Promise(r.Finding.Promise), Expected: r.Finding.Expected, Seen: r.Finding.Seen, Advice: r.Finding.Advice}
	return &find{schedule: s, number: number, outcome: o.Outcome, broken: broken, result: e.complete(r, p, began)}, keptAll, nil
}

// mostVoid is how many attempts may prove nothing before more are given up: each was taken again and again before.
const mostVoid = 3

// recur tries a find's schedule again, n times, one after another, and says how often it showed, and what was seen then, or at first.
func (e *Engine) recur(ctx context.Context, f *find, n int) (shown int, last *find, err error) {
	last = f
	for tried, void := 0, 0; tried < n && void < mostVoid && ctx.Err() == nil; {
		again, what, err := e.attempt(ctx, f.schedule, f.number, true)
		switch {
		case err != nil:
			return shown, last, err
		case what == provesNothing:
			void++
			continue
		case f.same(again):
			shown++
			last = again
		}
		tried++
	}
	return shown, last, nil
}

// shrunk makes the find smaller, as long as that takes or may take; each step shows k of n times. It returns how often the smallest showed
// of n times in the end.
func (e *Engine) shrunk(ctx context.Context, f *find, k, n int, limit time.Duration, tried func(int)) (*find, int, error) {
	enough, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var failed error
	count := 0
	small := shrink(f, func(s schedule) *find {
		if enough.Err() != nil || failed != nil {
			return nil
		}
		count++
		tried(count)
		found, err := e.shows(enough, s, f, k, n)
		if err != nil && enough.Err() == nil {
			failed = err
		}
		return found
	})
	if failed != nil || ctx.Err() != nil {
		return small, 0, failed
	}
	shown, last, err := e.recur(ctx, small, n)
	return last, shown, err
}

// shows is the find that a smaller schedule makes, if it shows k of n times; nil if not. One is tried first; the others then run at once.
func (e *Engine) shows(ctx context.Context, s schedule, f *find, k, n int) (*find, error) {
	var (
		mu     sync.Mutex
		shown  int
		last   *find
		failed error
	)
	once := func() {
		again, _, err := e.attempt(ctx, s, f.number, true)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failed = err
		}
		if f.same(again) {
			shown++
			last = again
		}
	}
	for from := 0; from < n; {
		if missed := from - shown; missed > n-k || failed != nil || ctx.Err() != nil {
			return nil, failed
		}
		at := 1
		if shown > 0 {
			at = n - from
		}
		var all sync.WaitGroup
		for range at {
			all.Go(once)
		}
		all.Wait()
		from += at
	}
	if shown < k {
		return nil, failed
	}
	return last, failed
}

// findOf is the find as who asked for it gets it.
func (e *Engine) findOf(f *find, shown, of int) *Find {
	r := f.result
	if like := kin(f.schedule); like != nil {
		r.Case.Why, r.Case.Fix = like.Why, fmt.Sprintf("%s\nMore: faultwire explain %s", like.Fix, like.ID)
	}
	repro := f.schedule.repro(e.options.Seed, e.options.Scale)
	repro.Promise, repro.Outcome = string(f.broken.Promise), string(f.outcome)
	return &Find{Number: f.number, Result: r, Repro: repro, Shown: shown, Of: of, Lines: f.schedule.lines()}
}

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
		return nil, &CannotShrink{fmt.Sprintf("what %s found is not found by the five promises alone, tried %d times: it is about just these faults", r.Case, seen)}
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
