package suites

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/proxy/virtual"
	"github.com/faultwire/faultwire/reports"
	"github.com/faultwire/faultwire/targets"
)

// RunVirtual is [RunT] in virtual time: each case in a bubble of testing/synctest, on a network in memory, so that the deadlines of the
// whole catalogue pass in well under a second. The target must be in this process, and do its networking by what it is given: a client
// dials by [targets.Job.DialContext], a server has its listener, a gateway what it dials the server behind it by. It must neither use real sockets nor wait for anything outside
// the bubble, such as a goroutine or a channel that was made before; nor may one of its goroutines hold a mutex that another wants while
// it reads or writes, for time does not pass while somebody waits for a mutex. What virtual time finds real sockets should confirm.
func RunVirtual(t *testing.T, target targets.Target, patterns ...string) {
	t.Helper()
	v, err := NewVirtual(target, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	v.options.Replay = replayTest(t.Name())
	if control := v.Control(t); control.Verdict != reports.Pass {
		t.Fatalf("%s\n%s", blockedBy(control, len(v.pairs)), control.Text())
	}
	for _, p := range v.pairs {
		t.Run(p.Case.ID, func(t *testing.T) {
			t.Helper()
			tell(t, v.Result(t, p))
		})
	}
}

// A Virtual is a target whose cases run in virtual time, each in a bubble. Most want [RunVirtual], or specs.VirtualIt.
type Virtual struct {
	options Options
	pairs   []Pair
	once    sync.Once
	control reports.Result
}

// NewVirtual selects the target's cases, by patterns if there are any. The error says why the target cannot be run in virtual time, that
// no case is left, or is one of [New]'s.
func NewVirtual(target targets.Target, patterns ...string) (*Virtual, error) {
	if why := notVirtual(target); why != "" {
		return nil, fmt.Errorf("%s cannot be run in virtual time: %s", target.Name, why)
	}
	v := &Virtual{options: Options{Targets: []targets.Target{target}, Patterns: patterns, Seed: 1}}
	e, err := New(v.options)
	if err != nil {
		return nil, err
	}
	e.Close()
	v.pairs = slices.DeleteFunc(slices.Clone(e.Pairs()), func(p Pair) bool {
		return unfit(p.Case, p.Target) != "" || p.Case.Beside != nil // the network in memory has no names
	})
	if len(v.pairs) == 0 {
		return nil, fmt.Errorf("none of the cases asked for is for a %s that speaks %s in virtual time", target.Role, target.Protocol)
	}
	return v, nil
}

// Pairs are the selected pairs, in the catalogue's order.
func (v *Virtual) Pairs() []Pair { return v.pairs }

// Control is the verdict on a plain exchange. It is made once. t may be that of a whole suite; nothing is told to it.
func (v *Virtual) Control(t *testing.T) reports.Result {
	v.once.Do(func() {
		v.control = v.bubble(t, func(ctx context.Context, e *Engine) reports.Result { return e.Control(ctx, v.options.Targets[0].Name) })
	})
	return v.control
}

// Result is the verdict on the pair, in a bubble of its own; see [Virtual.Control].
func (v *Virtual) Result(t *testing.T, p Pair) reports.Result {
	control := v.Control(t)
	if control.Verdict != reports.Pass {
		return reports.Result{Target: p.Target.Name, Verdict: reports.Skip, Reason: "blocked: the control exchange failed"}
	}
	return v.bubble(t, func(ctx context.Context, e *Engine) reports.Result {
		e.trust(p.Target.Name, control)
		return e.Result(ctx, Pair{p.Case, e.benches[p.Target.Name].target})
	})
}

func (v *Virtual) bubble(t *testing.T, with func(context.Context, *Engine) reports.Result) (r reports.Result) {
	synctest.Test(t, func(t *testing.T) {
		if err := inVirtualTime(v.options, func(e *Engine) { r = with(t.Context(), e) }); err != nil {
			r = reports.Result{Verdict: reports.Error, Reason: err.Error()}
		}
	})
	return r
}

// notVirtual says why the target cannot be run in virtual time; empty if it can.
func notVirtual(t targets.Target) string {
	switch {
	case t.Command != nil:
		return "it is a process of its own, whose time is the machine's"
	case t.Address != "":
		return "it is at an address, where time is the machine's"
	case t.Protocol == fixtures.UDPProtocol:
		return "the network in memory carries streams, no datagrams"
	}
	return ""
}

// lastTimers is when, in virtual time, every timer that a case leaves behind has gone off.
const lastTimers = time.Hour

// inVirtualTime runs with an engine on a network of its own. When it returns nothing of either is left.
func inVirtualTime(o Options, with func(*Engine)) error {
	network := virtual.New()
	e, err := newEngine(o, network)
	if err != nil {
		return fmt.Errorf("in virtual time: %w", err)
	}
	with(e)
	network.Close()
	e.Close()
	time.Sleep(lastTimers)
	return nil
}

// settled is when, in virtual time, what happens in one instant has been told everywhere. Nobody waits for so odd a time.
const settled = 73_421 * time.Nanosecond

// settle waits, in virtual time, until the wire has told on what is the last that it is told; how it is ended then cannot matter.
func (e *Engine) settle() {
	if e.network != nil {
		time.Sleep(settled)
	}
}

// begin prepares the network, if it is one in memory, for a schedule; see [virtual.Network.Begin].
func (e *Engine) begin(room int) {
	if n, is := e.network.(*virtual.Network); is {
		n.Begin(room)
	}
}

// trust takes the control's verdict for known.
func (e *Engine) trust(target string, control reports.Result) {
	b := e.benches[target]
	b.once.Do(func() { b.control, b.speaks = control, true })
}
