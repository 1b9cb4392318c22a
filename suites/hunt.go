package suites

import (
	"context"
	"testing"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/suites/cases"
	"github.com/faultwire/faultwire/targets"
)

// Hunt looks for what no case has thought of: it draws so many schedules of exchanges and faults from the seed, runs each against the
// client or server in virtual time, as [RunVirtual] does with cases, and judges by the five promises. The first that breaks one is made
// as small as it gets and fails the test, with the faults it takes and what was seen. What is sound survives any number of schedules.
// What a standard only recommends, such as to try a GET again by a new connection, is expected, too. Clients also meet servers that
// say too much or go too early, have calls cancelled, and get little room on the way. What cannot be run in virtual time the command's
// hunt tries over real sockets, without these: [Engine.Hunt].
func Hunt(t *testing.T, target targets.Target, schedules int, seed uint64) {
	t.Helper()
	if why := notVirtual(target); why != "" {
		t.Fatalf("%s cannot be hunted in virtual time: %s", target.Name, why)
	}
	if why := NotHunted(&target); why != "" {
		t.Fatalf("%s cannot be hunted: %s", target.Name, why)
	}
	if found := huntVirtually(t, target, schedules, seed); found != nil {
		t.Errorf("%s, found by schedule %d of seed %d:\n%s", target.Name, found.number, seed, found)
	}
}

// NotHunted says why a hunt has no schedules for the target; empty if there are.
func NotHunted(t *targets.Target) string {
	switch {
	case t.Role == targets.PeerRole:
		return "it is a peer; what is hunted is clients and servers"
	case t.IsGateway():
		return "it is a gateway; what goes wrong with one lies between it and the server behind it, where a hunt has no faults"
	case t.Protocol == fixtures.UDPProtocol:
		return "it speaks udp; what goes wrong in a hunt goes wrong with streams"
	}
	return ""
}

// hunt tries the schedules from one number up to another, and returns the first steady find, made small; failing that the first of
// the unsteady ones, which may have been found before.
func (e *Engine) hunt(ctx context.Context, target string, seed uint64, from, to int, unsteady *find) *find {
	bench := e.benches[target]
	e.trust(target, reports.Result{Verdict: reports.Pass})
	if _, err := e.observe(ctx, bench, controlCase, false); err != nil { // which tells what page a server serves
		return unsteady
	}
	deck := newDeck(bench.target, e.options.Scale, seed)
	for n := from; n < to && ctx.Err() == nil; n++ {
		s := deck.drawFor(n)
		o, broken := e.try(ctx, bench, s)
		if broken == nil {
			continue
		}
		f := &find{schedule: s, number: n, outcome: o.Outcome, broken: broken}
		if again := e.steadily(ctx, bench, s, f); again != nil {
			found := shrink(again, func(smaller schedule) *find { return e.steadily(ctx, bench, smaller, f) })
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
	o, err := e.observe(ctx, b, s.toTarget(), true)
	if err != nil || o.Outcome == fixtures.Unsupported || spoilt(o) || wentOn(o) {
		return o, nil
	}
	broken := s.toTarget().Sound().Judge(o)
	if untold(o, broken) {
		broken = nil
	}
	return o, broken
}

// agreement is how many times in a row a schedule must break the same promise by the same outcome to be taken for the bug's.
const agreement = 5

// steadily is the find made by another schedule, if that breaks the same promise by the same outcome each time; else nil.
func (e *Engine) steadily(ctx context.Context, b *bench, s schedule, f *find) *find {
	var last *find
	for range agreement {
		o, broken := e.try(ctx, b, s)
		if broken == nil {
			return nil
		}
		if last = (&find{schedule: s, number: f.number, outcome: o.Outcome, broken: broken}); !f.same(last) {
			return nil
		}
	}
	return last
}
