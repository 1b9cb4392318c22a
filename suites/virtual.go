package suites

import (
	"fmt"
	"slices"
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
// dials by [targets.Job.DialContext], a server has its listener. It must neither use real sockets nor wait for anything outside
// the bubble, such as a goroutine or a channel that was made before; nor may one of its goroutines hold a mutex that another wants while
// it reads or writes, for time does not pass while somebody waits for a mutex. What virtual time finds real sockets should confirm.
func RunVirtual(t *testing.T, target targets.Target, patterns ...string) {
	t.Helper()
	if why := notVirtual(target); why != "" {
		t.Fatalf("%s cannot be run in virtual time: %s", target.Name, why)
	}
	o := Options{Targets: []targets.Target{target}, Patterns: patterns, Seed: 1, Replay: replayTest(t.Name())}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	pairs := slices.DeleteFunc(slices.Clone(e.Pairs()), func(p Pair) bool { return unfit(p.Case, p.Target) != "" })
	if len(pairs) == 0 {
		t.Fatalf("none of the cases asked for is for a %s that speaks %s in virtual time", target.Role, target.Protocol)
	}
	var control reports.Result
	synctest.Test(t, func(t *testing.T) {
		inVirtualTime(t, o, func(e *Engine) { control = e.Control(t.Context(), target.Name) })
	})
	if control.Verdict != reports.Pass {
		t.Fatalf("%s\n%s", blockedBy(control, len(pairs)), control.Text())
	}
	for _, p := range pairs {
		t.Run(p.Case.ID, func(t *testing.T) {
			t.Helper()
			var result reports.Result
			synctest.Test(t, func(t *testing.T) {
				inVirtualTime(t, o, func(e *Engine) {
					e.trust(target.Name, control)
					result = e.Result(t.Context(), Pair{p.Case, e.benches[target.Name].target})
				})
			})
			tell(t, result)
		})
	}
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
func inVirtualTime(t *testing.T, o Options, with func(*Engine)) {
	t.Helper()
	network := virtual.New()
	e, err := newEngine(o, network)
	if err != nil {
		t.Error(fmt.Errorf("in virtual time: %w", err))
		return
	}
	with(e)
	network.Close()
	e.Close()
	time.Sleep(lastTimers)
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
