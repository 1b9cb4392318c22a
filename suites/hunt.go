package suites

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// Hunt looks for what no case has thought of: it draws so many schedules of exchanges and faults from the seed, runs each against the
// client in virtual time, as [RunVirtual] does with cases, and judges by the five promises. The first that breaks one is made as small
// as it gets and fails the test, with the faults it takes and what was seen. A sound client survives any number of schedules. What a
// standard only recommends, such as to try a GET again by a new connection, is expected, too.
func Hunt(t *testing.T, target targets.Target, schedules int, seed uint64) {
	t.Helper()
	if why := notVirtual(target); why != "" {
		t.Fatalf("%s cannot be hunted in virtual time: %s", target.Name, why)
	}
	if target.Role != targets.ClientRole {
		t.Fatalf("%s cannot be hunted: it is a %s; what is hunted is clients", target.Name, target.Role)
	}
	if found := huntVirtually(t, target, schedules, seed); found != nil {
		t.Errorf("%s, found by schedule %d of seed %d:\n%s", target.Name, found.number, seed, found)
	}
}

// A find is a schedule that broke a promise.
type find struct {
	schedule schedule
	number   int
	outcome  fixtures.Outcome
	broken   *cases.Broken
	unsteady bool   // it did not break the same promise by the same outcome each time, and is not shrunk
	differs  string // in what two runs of the schedule first differed; empty if in nothing
}

// String is what broke, and what it takes.
func (f *find) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "promise   %s\nexpected  %s\nseen      %s\n", f.broken.Promise, f.broken.Expected, f.broken.Seen)
	for i, m := range f.schedule.Messages {
		fmt.Fprintf(&b, "message   %d of %d bytes\n", i+1, m.Size)
	}
	for _, told := range f.schedule.told() {
		fmt.Fprintf(&b, "%s\n", told)
	}
	if f.unsteady {
		fmt.Fprintf(&b, "unsteady  not %d times out of %d: in one instant the client does two things at once, and their order decides\n", agreement, agreement)
	}
	if f.differs != "" {
		fmt.Fprintf(&b, "differs   %s\n", f.differs)
	}
	if len(f.schedule.Plan.Faults) == 0 {
		b.WriteString("no fault at all\n")
	}
	for _, fault := range f.schedule.Plan.Faults {
		fmt.Fprintf(&b, "fault     %s\n", fault)
	}
	return b.String()
}

// hunt tries the schedules from one number up to another, and returns the first steady find, made small; failing that the first of
// the unsteady ones, which may have been found before.
func (e *Engine) hunt(ctx context.Context, target string, seed uint64, from, to int, unsteady *find) *find {
	bench := e.benches[target]
	e.trust(target, reports.Result{Verdict: reports.Pass})
	deck := newDeck(bench.target, e.options.Scale, seed)
	for n := from; n < to && ctx.Err() == nil; n++ {
		s := deck.draw(n)
		o, broken := e.try(ctx, bench, s)
		if broken == nil {
			continue
		}
		f := &find{schedule: s, number: n, outcome: o.Outcome, broken: broken}
		if again := e.steadily(ctx, bench, s, f); again != nil {
			found := e.shrink(ctx, bench, again)
			found.differs = e.differs(ctx, bench, found.schedule)
			return found
		}
		if unsteady == nil {
			f.unsteady, f.differs = true, e.differs(ctx, bench, s)
			unsteady = f
		}
	}
	return unsteady
}

// try observes the schedule and says which promise it broke; nil if none.
func (e *Engine) try(ctx context.Context, b *bench, s schedule) (cases.Observation, *cases.Broken) {
	e.begin(s.Room)
	o, err := e.observe(ctx, b, s.asCase(), true)
	if err != nil || o.Outcome == fixtures.Unsupported || s.spoilt(o) {
		return o, nil
	}
	return o, s.asCase().Sound().Judge(o)
}

// agreement is how many times in a row a smaller schedule must break the same promise by the same outcome to be taken for the bug's.
const agreement = 5

// steadily is the find made by another schedule, if that breaks the same promise by the same outcome each time; else nil.
func (e *Engine) steadily(ctx context.Context, b *bench, s schedule, f *find) *find {
	var broken *cases.Broken
	for range agreement {
		var o cases.Observation
		o, broken = e.try(ctx, b, s)
		if broken == nil || broken.Promise != f.broken.Promise || o.Outcome != f.outcome {
			return nil
		}
	}
	return &find{schedule: s, number: f.number, outcome: f.outcome, broken: broken}
}

// shrink makes the schedule as small as it gets without another promise being broken, or by another outcome: faults go first, and
// then messages, their sizes and what else makes them special.
func (e *Engine) shrink(ctx context.Context, b *bench, f *find) *find {
	same := func(smaller schedule) bool {
		again := e.steadily(ctx, b, smaller, f)
		if again != nil {
			f = again
		}
		return again != nil
	}
	for i := 0; i < len(f.schedule.Plan.Faults); {
		smaller := f.schedule
		smaller.Plan.Faults = slices.Delete(slices.Clone(smaller.Plan.Faults), i, i+1)
		if same(smaller) {
			i = 0
		} else {
			i++
		}
	}
	for len(f.schedule.Messages) > 1 && f.schedule.Calls == nil {
		smaller := f.schedule
		smaller.Messages = smaller.Messages[:len(smaller.Messages)-1]
		smaller.Session = len(smaller.Messages) > 1
		if !same(smaller) {
			break
		}
	}
	f = e.plainer(ctx, b, f)
	for i, m := range f.schedule.Messages {
		for _, size := range []int{100, 1000, m.Size} {
			smaller := f.schedule
			smaller.Messages = slices.Clone(smaller.Messages)
			smaller.Messages[i] = fixtures.Message{Size: size, Of: m.Of, Kind: m.Kind, HTTP: fixtures.HTTP{Framing: m.HTTP.Framing}}
			if size <= m.Size && same(smaller) {
				break
			}
		}
	}
	return f
}
