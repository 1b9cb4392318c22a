package suites

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/faultwire/faultwire/reports"
)

// A Hunting is what bounds a hunt over real sockets, and who is told of it.
type Hunting struct {
	Schedules int           // how many are drawn for each target; 0 is no bound
	For       time.Duration // how long new ones are begun; 0 is no bound
	Shrink    time.Duration // how long what is found is made smaller; 0 is a minute
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

// shrinkLimit bounds how long a hunt makes its find smaller, if nothing else is said; [Engine.Shrink] may go on.
const shrinkLimit = time.Minute

// Hunt tries the schedules that follow from the engine's seed with each of its targets, over real sockets, many at once, and judges by
// the five promises. It draws what a [Repro] can hold: messages and faults. What broke one is tried again, alone on the wire, five
// times: if it shows each time it is made small and returned. What shows again, but not each time, is returned if nothing steady was
// found. nil is nothing found. The error is a [Blocked], wraps [ErrNotHunted], or says what the machine failed at.
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
				h.bounds.Broke(fmt.Sprintf("schedule %d of %s: %s: %s; again %d of %d (%s)", f.number, f.schedule.target.Name, f.broken.Promise, reports.OneLine(f.broken.Seen),
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
	f, shown, err := h.engine.shrunk(ctx, f, agreement, agreement, cmp.Or(h.bounds.Shrink, shrinkLimit), func(tried int) {
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
	return deck.drawWritten(n), n, true
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
